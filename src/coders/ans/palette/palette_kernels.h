/*
 * Planes of few values, as indices. Internal.
 */
#ifndef PX_PALETTE_PALETTE_KERNELS_H
#define PX_PALETTE_PALETTE_KERNELS_H

#include <stddef.h>

#include "simd/simd.h"

struct px_palette_model;

typedef struct px_palette_kernels {
    /* Codes row `y` of plane `k`, after the rows before it; when encoding, that of model->row. */
    void (*code_row)(struct px_palette_model *model, size_t k, size_t y);
} px_palette_kernels;

PX_KERNEL_TABLES(px_palette_kernels)

#endif
