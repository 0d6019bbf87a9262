/* How far decoded elements are from their originals. Internal. */
#ifndef PX_LOSSY_ERROR_H
#define PX_LOSSY_ERROR_H

#include "lossy/bound.h"
#include "lossy/numbers.h"

/* The error of the elements in `decoded`, in the unit of the bound; HUGE_VAL where one that must be
 * exact is not. `axis`: that of the planes whose means count, or PRISM_AXIS_AUTO. */
double px_error_reached(const px_bound *bound, const px_numbers *values, int axis,
                        const void *decoded);

/* The sum of squares that a relative RMSE is a share of: about the mean of each plane along `axis`
 * where it is of the deviation. */
double px_error_reference(prism_bound_of of, const px_numbers *values, int axis);

/* The sum of squares of errors; HUGE_VAL where one that must be exact is not, unless it `may` be.
 */
double px_error_squares(const px_numbers *values, const void *decoded, bool may);

#endif
