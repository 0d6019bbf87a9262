/*
 * The coder that learns from the samples it has coded. Internal.
 */
#ifndef PX_ADAPTIVE_ADAPTIVE_KERNELS_H
#define PX_ADAPTIVE_ADAPTIVE_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "simd/simd.h"

struct px_adaptive_model;

typedef struct px_adaptive_kernels {
    /* Codes row `y` of the positions, after the rows before it. */
    void (*code_row)(struct px_adaptive_model *model, size_t y);

    /*
     * Rows first..first + count - 1 of the Cholesky factor of a matrix of correlations, after the
     * rows before them: 30 fractional bits, from correlations[count][stride] with 60. `first` and
     * `stride` are multiples of 4 and 16. Rows get zeros beyond the diagonal; there is memory for
     * three more of them.
     */
    void (*cholesky_rows)(int32_t *factor, size_t stride, const int64_t *correlations, int first,
                          int count);
} px_adaptive_kernels;

PX_KERNEL_TABLES(px_adaptive_kernels)

#endif
