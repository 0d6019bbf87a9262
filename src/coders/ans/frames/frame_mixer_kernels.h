/*
 * Mixed frames. Internal.
 */
#ifndef PX_FRAMES_FRAME_MIXER_KERNELS_H
#define PX_FRAMES_FRAME_MIXER_KERNELS_H

#include <stddef.h>

#include "simd/simd.h"

struct px_frame_mixer;

typedef struct px_frame_mixer_kernels {
    /* Codes row `y` of the frame, after the rows before it. */
    void (*code_row)(struct px_frame_mixer *mixer, size_t y);
} px_frame_mixer_kernels;

PX_KERNEL_TABLES(px_frame_mixer_kernels)

#endif
