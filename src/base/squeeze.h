/*
 * Arrays without their dimensions of 1. Encoding and mappings work on these, so that such
 * dimensions change nothing of a chunk but its header. docs/FORMAT.md, "Elements and planes".
 * Internal.
 */
#ifndef PX_BASE_SQUEEZE_H
#define PX_BASE_SQUEEZE_H

#include "prism.h"

/* In place of an axis in options: the array is to be a single plane. */
enum { PX_AXIS_NONE = -2 };

typedef struct px_squeezed {
    prism_array array;        /* of rank 1 if all dimensions are 1 */
    int axes[PRISM_MAX_RANK]; /* of the whole array, for each one of `array` */
} px_squeezed;

px_squeezed px_squeeze(const prism_array *array);

/* An axis of the whole array, less than its rank, or PRISM_AXIS_AUTO, in options for the squeezed
 * one. Along a dimension of 1 lies a single plane. */
int px_squeezed_axis(const px_squeezed *squeezed, int axis);

/* An axis of the squeezed array, or PRISM_AXIS_AUTO, as one of the whole. */
int px_unsqueezed_axis(const px_squeezed *squeezed, int axis);

#endif
