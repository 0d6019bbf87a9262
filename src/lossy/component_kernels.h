/*
 * Sums of components, and the steps of the wavelet. Integers are held in doubles, which add and
 * multiply them exactly below 2^53, so that every instruction set computes the same. Internal.
 */
#ifndef PX_LOSSY_COMPONENT_KERNELS_H
#define PX_LOSSY_COMPONENT_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "simd/simd.h"

enum {
    PX_SUM_TILE = 64,  /* positions that are summed together */
    PX_SUM_PLANES = 4, /* and planes */
    PX_FILTER_TAPS = 13
};

/* Rows and columns of the taps, in their order; each one but the first also on the other side. */
static const int px_filter_rows[PX_FILTER_TAPS] = {0, 0, 0, 1, 2, 1, 1, 1, 1, 2, 2, 2, 2};
static const int px_filter_columns[PX_FILTER_TAPS] = {0, 1, 2, 0, 0, 1, -1, 2, -2, 1, -1, 2, -2};

typedef struct px_component_kernels {
    /* sums[p][PX_SUM_TILE] += the sum over k of weights[p][k] * scores[k][PX_SUM_TILE], for
     * PX_SUM_PLANES rows; rows of weights are `count` apart. */
    void (*sum)(double *sums, const double *scores, const double *weights, size_t count);
    /* The same in floats, for fits. */
    void (*sum_floats)(float *sums, const float *scores, const float *weights, size_t count);
    /* to[i] -= the nearest integer to (a[i] + b[i]) * factor, ties to even. */
    void (*lift)(double *to, const double *a, const double *b, double factor, size_t count);
    /* to[i] = the nearest integer to from[i] * factor. */
    void (*scale)(double *to, const double *from, double factor, size_t count);
    /* to[i] += (a[i] + b[i]) * factor, not rounded, for the encoder. */
    void (*lift_free)(double *to, const double *a, const double *b, double factor, size_t count);
    /* A row of a filter, PX_FILTER_TAPS weights: 5 x 5 around each place, point-symmetric. Rows are
     * `span` apart, with two more places on every side. Sums, modulo 2^32, are shifted and rounded.
     */
    void (*filter)(int32_t *to, const int32_t *places, size_t span, const int32_t *weights,
                   int shift, size_t count);
    /* sums[i][j] += a[i] * b[j], j <= i < count, rows `stride` apart. */
    void (*moments)(int64_t *sums, size_t stride, const int32_t *a, const int32_t *b, size_t count);
} px_component_kernels;

PX_KERNEL_TABLES(px_component_kernels)

#endif
