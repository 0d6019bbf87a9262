/* Along which axes the planes of an array may lie, for components. Internal. */
#ifndef PX_LOSSY_COMPONENT_AXIS_H
#define PX_LOSSY_COMPONENT_AXIS_H

#include "lossy/numbers.h"

typedef struct px_axis_list {
    int axes[PRISM_MAX_RANK + 1]; /* PRISM_AXIS_AUTO: a single plane */
    int count;
} px_axis_list;

/* The axis that promises the least bytes where `energy` is the sum of squares of errors, and those
 * that promise up to `within` times as many, the best one first. */
prism_status px_component_axes(px_axis_list *list, const px_numbers *values, double energy,
                               double within, prism_error *error);

#endif
