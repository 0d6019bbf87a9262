/* Along which axis the planes of an array should lie, for components. Internal. */
#ifndef PX_LOSSY_COMPONENT_AXIS_H
#define PX_LOSSY_COMPONENT_AXIS_H

#include "lossy/numbers.h"

/* The axis that promises the least bytes where `energy` is the sum of squares of errors, or
 * PRISM_AXIS_AUTO for a single plane. */
prism_status px_component_axis(int *axis, const px_numbers *values, double energy, int effort,
                               prism_error *error);

#endif
