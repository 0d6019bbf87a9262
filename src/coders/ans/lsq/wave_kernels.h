/*
 * A plane at work: whole rows where all samples are known, and the wavefront, by which samples are
 * coded. Planes are as in px_wave. Internal.
 */
#ifndef PX_LSQ_WAVE_KERNELS_H
#define PX_LSQ_WAVE_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "coders/ans/lsq/wave.h"
#include "simd/simd.h"

/* A row of numbers for fits: what a tap sees at each position of a row of the plane. */
typedef struct px_tap_rows {
    float *rows; /* row i begins at rows + i * length */
    size_t length;
    int squares;   /* 0, 1 for the taps on P, 2 for those on E, too */
    int own_count; /* of the own taps in their order */
} px_tap_rows;

enum { PX_SCALE_MOMENTS = 14 };
typedef struct px_wave_kernels {
    /* innovations = samples - prediction, with the fractional bits of P; the taps on P are the low
     * halves of wave->taps_mixed, the first four own taps count. */
    void (*innovations)(int16_t *innovations, const px_wave *wave);

    /* means[y * stride + x] in sixteenths, without the bias; returns the sum of what samples are
     * more. */
    int64_t (*means)(int32_t *means, const px_wave *wave);

    /* Errors (sixteenths, saturated) and logs of them; returns the sum of the logs. */
    int64_t (*errors)(const px_wave *wave, const int32_t *means);

    /* Row y: logs of the errors around, and the 3 x 3 sums of `running`. */
    void (*contexts)(int16_t *around, int16_t *blur, const px_wave *wave, size_t y);

    /* Adds the moments of (1, around, running, blur; log) over `count` samples: 1, the lower
     * triangle row by row. */
    void (*scale_moments)(int64_t moments[PX_SCALE_MOMENTS], const int16_t *around,
                          const int16_t *running, const int16_t *blur, const int16_t *logs,
                          size_t count);

    /* Row y as symbols: class << 25 | fraction << 21 | digit; returns the largest class. */
    int32_t (*symbols)(int32_t *symbols, const px_wave *wave, const int32_t *means,
                       const int16_t *around, const int16_t *blur, size_t y);

    /* running += (16 logs - mean - running) * rate / 2^15, rounded, over `count` samples. */
    void (*run)(int16_t *running, const int16_t *logs, size_t count, int32_t mean, int32_t rate);

    /* The rows of a fit for `count` samples from column x of row y, times weights: nine taps on P,
     * if asked for nine on E, own taps, and the sample itself. Returns the number of rows. */
    int (*tap_rows)(const px_tap_rows *to, const px_wave *wave, const float *weights, size_t y,
                    size_t x, size_t count);

    /* Decodes wave->samples and wave->logs; returns the sum of the logs. */
    int64_t (*decode)(const px_wave *wave, px_rans_stream *stream);

    /* Encodes symbols (laid out as planes), backwards; `low_bits`: there are classes beyond the
     * tables. */
    void (*encode)(const px_wave *wave, const int32_t *symbols, bool low_bits,
                   px_rans_stream *stream);
} px_wave_kernels;

PX_KERNEL_TABLES(px_wave_kernels)

#endif
