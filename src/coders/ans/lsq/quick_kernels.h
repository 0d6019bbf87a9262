/*
 * Rows of method quick; planes are as in px_wave. Internal.
 */
#ifndef PX_LSQ_QUICK_KERNELS_H
#define PX_LSQ_QUICK_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "coders/ans/lsq/wave.h"
#include "simd/simd.h"

typedef struct px_quick_kernels {
    /* Means as integers, errors and logs; returns the sum of the logs. */
    int64_t (*means)(int32_t *means, const px_wave *wave);

    /* Logs of the errors above row y. */
    void (*contexts)(int16_t *around, const px_wave *wave, size_t y);

    /* Class << 24 | digit; returns the largest class. */
    int32_t (*symbols)(int32_t *symbols, const px_wave *wave, const int32_t *means);

    /* As those of px_wave_kernels. */
    int64_t (*decode)(const px_wave *wave, px_rans_stream *stream);
    void (*encode)(const px_wave *wave, const int32_t *symbols, px_rans_stream *stream);
} px_quick_kernels;

PX_KERNEL_TABLES(px_quick_kernels)

#endif
