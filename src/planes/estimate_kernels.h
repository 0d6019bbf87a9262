/* Residuals of the median edge detector as symbols (estimate.h). Internal. */
#ifndef PX_PLANES_ESTIMATE_KERNELS_H
#define PX_PLANES_ESTIMATE_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "simd/simd.h"

/* Beside the symbol of a sample whose neighbours are all the same. */
enum { PX_FLAT_SYMBOL = 0x80 };

typedef struct px_estimate_kernels {
    /* Symbols of row[0 .. n), whose neighbours are row[-1], above[0] and above[-1], and so on.
     * Samples have `depth` bits. */
    void (*edge_symbols)(uint8_t *symbols, const int16_t *row, const int16_t *above, size_t n,
                         unsigned depth);
} px_estimate_kernels;

PX_KERNEL_TABLES(px_estimate_kernels)

#endif
