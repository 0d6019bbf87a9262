/* Along which axes the planes of an array may lie, for components. Internal. */
#ifndef PX_LOSSY_COMPONENT_AXIS_H
#define PX_LOSSY_COMPONENT_AXIS_H

#include "lossy/numbers.h"

typedef struct px_axis_list {
    int axes[PRISM_MAX_RANK + 1]; /* PRISM_AXIS_AUTO: a single plane */
    int count, near;              /* all; those that promise nearly as little as the best one */
} px_axis_list;

/* How much is tried: sizes of large chunks are estimated well, and those of small ones hardly. */
typedef enum px_axis_trust { PX_AXES_ALL, PX_AXES_LIKELY, PX_AXES_CLOSE } px_axis_trust;

/* What axes are compared by. */
typedef struct px_axis_request {
    double energy;       /* the sum of squares of errors */
    px_axis_trust trust; /* which axes are near the best one: all that may be, or fewer */
    bool comparable;     /* none is but the best one, unless they all keep the same bound */
    double coefficients; /* more scores than that are not coded as wavelets */
} px_axis_request;

/* Axes by the bytes that they promise, the best one first. */
prism_status px_component_axes(px_axis_list *list, const px_numbers *values,
                               const px_axis_request *request, prism_error *error);

#endif
