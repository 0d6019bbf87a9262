/*
 * The wavefront with blended means; wave->blend, wave->edge and its edge are needed. Internal.
 */
#ifndef PX_FRAMES_BLEND_KERNELS_H
#define PX_FRAMES_BLEND_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "coders/ans/lsq/wave.h"
#include "simd/simd.h"

typedef struct px_blend_kernels {
    /* Decodes wave->samples and wave->logs. */
    void (*decode)(const px_wave *wave, px_rans_stream *stream);

    /* Means of samples that are known, and what the blend says of their scales: the spread in the
     * low half, the energy in the high one (planes). Sets wave->logs. `dump` may be NULL. */
    void (*analyse)(const px_wave *wave, int32_t *means, int32_t *near, px_blend_dump *dump);

    /* How the blend moves with the gates of its experts (rows 0..15) and with the power, and what
     * samples are more than it, all weighted: at 16 positions for each of `steps` of a dump. Rows
     * of experts that there are not stay as they are. */
    void (*slopes)(float *rows, size_t length, const int32_t *dump, size_t steps,
                   const px_blend_scores *scores);
} px_blend_kernels;

PX_KERNEL_TABLES(px_blend_kernels)

#endif
