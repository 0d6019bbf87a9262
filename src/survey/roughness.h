/*
 * How rough an array is along each of its axes, which says where its pictures may lie. The order
 * from the roughest axis to the smoothest is that of the data, not of the axes: permutations of an
 * array are the same to whatever goes by it. Internal.
 */
#ifndef PX_SURVEY_ROUGHNESS_H
#define PX_SURVEY_ROUGHNESS_H

#include <stdbool.h>

#include "planes/holes.h"

typedef struct px_roughness {
    int axes[PRISM_MAX_RANK]; /* of the array, the roughest first */
    double
        bits[PRISM_MAX_RANK]; /* of each of these: what differences along it take at some places */
    double variance[PRISM_MAX_RANK]; /* of these sums */
    double moved[PRISM_MAX_RANK];    /* share of places that differ along it, where something is */
} px_roughness;

/* Integers of 8 or 16 bits. mask: where they have no data, of the array; or NULL. */
px_roughness px_roughness_of(const prism_array *array, const void *elements, const px_gaps *mask);

/* Whether places show clearly that axis `a` is smoother than `b`; both by their place in the order.
 */
bool px_is_smoother(const px_roughness *roughness, unsigned a, unsigned b);

#endif
