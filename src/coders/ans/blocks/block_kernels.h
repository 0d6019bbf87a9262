/*
 * A plane of one block, sample by sample (docs/FORMAT.md, "Method 8, blocks"): row y is two columns
 * behind the row above it, so that samples of a step do not wait for each other. Planes are as in
 * px_wave. Internal.
 */
#ifndef PX_BLOCKS_BLOCK_KERNELS_H
#define PX_BLOCKS_BLOCK_KERNELS_H

#include "coders/ans/lsq/wave.h"
#include "simd/simd.h"

enum {
    PX_BLOCK_STATES = 2, /* of rANS; each more costs three bytes a block */
    PX_BLOCK_SIDE = 64,  /* at most */
    PX_LARGEST_BLOCK = PX_BLOCK_SIDE * PX_BLOCK_SIDE
};

typedef struct px_block_kernels {
    /* Samples with their causal pads, errors and logs. stream->failed where there are too few
     * words. */
    void (*decode)(const px_wave *wave, px_rans_stream *stream);

    /* Symbols (laid out as the plane, px_wave_kernels.symbols), backwards. stream->failed where
     * there is no room. */
    void (*encode)(const px_wave *wave, const int32_t *symbols, px_rans_stream *stream);
} px_block_kernels;

PX_KERNEL_TABLES(px_block_kernels)

#endif
