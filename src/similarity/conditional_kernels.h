/*
 * What frames tell of each other; rows have `n` values, a multiple of PX_CONDITIONAL_STEP.
 * Internal.
 */
#ifndef PX_SIMILARITY_CONDITIONAL_KERNELS_H
#define PX_SIMILARITY_CONDITIONAL_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "simd/simd.h"

typedef struct px_conditional_kernels {
    /* Products of rows of magnitudes below 2^12: sums[count][count], on and below the diagonal. */
    void (*products)(double *sums, const int16_t *const *rows, size_t count, size_t n);

    /* Symbols (estimate.h) of what the target is more than the weighted rows. */
    void (*linear_symbols)(uint8_t *symbols, const int16_t *const *rows, const float *weights,
                           size_t count, const int16_t *target, size_t n);

    /* Symbols of the median edge detector's residuals below `row`, `width` after it, or of its
     * difference from `other`, if that is not NULL. Reads and writes up to PX_CONDITIONAL_STEP
     * more. */
    void (*edge_symbols)(uint8_t *symbols, const int16_t *row, const int16_t *other, size_t width,
                         size_t n);
} px_conditional_kernels;

PX_KERNEL_TABLES(px_conditional_kernels)

#endif
