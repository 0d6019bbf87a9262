/*
 * A plane of a block (docs/FORMAT.md, "Method 8, blocks"). Planes are as in px_wave. Those of
 * several blocks lie side by side in lanes: the elements of a position are PX_BLOCK_LANES, strides
 * count elements. Internal.
 */
#ifndef PX_BLOCKS_BLOCK_KERNELS_H
#define PX_BLOCKS_BLOCK_KERNELS_H

#include "coders/ans/lsq/wave.h"
#include "simd/simd.h"

enum {
    PX_SMALL_BLOCK = 8, /* side up to which samples come one by one, with */
    PX_SMALL_STATES =
        2, /* so many states of rANS; those of larger ones come as those of method lsq */
    PX_BLOCK_SIDE = 64, /* at most */
    PX_LARGEST_BLOCK = PX_BLOCK_SIDE * PX_BLOCK_SIDE,
    PX_BLOCK_LANES = 16
};

/* The streams of the blocks in lanes, which lie in the same words. */
typedef struct px_block_streams {
    const uint16_t *words; /* PX_RANS_GUARD words lie behind the last end */
    int32_t next[PX_BLOCK_LANES], end[PX_BLOCK_LANES]; /* in `words`; next is end + 1 if too many
                                                          were read */
    size_t count; /* of states: PX_SMALL_STATES or PX_RANS_LANES */
    uint32_t states[PX_RANS_LANES][PX_BLOCK_LANES];
} px_block_streams;

typedef struct px_block_kernels {
    /* Of a small block: samples with their causal pads, errors and logs. stream->failed where
     * there are too few words. */
    void (*decode)(const px_wave *wave, px_rans_stream *stream);

    /* The same in lanes, of small blocks and large ones, by the number of states. */
    void (*decode_lanes)(const px_wave *wave, px_block_streams *streams);

    /* px_wave_kernels.innovations in lanes. */
    void (*innovate_lanes)(int16_t *innovations, const px_wave *wave);

    /* Of a small block: symbols (laid out as the plane, px_wave_kernels.symbols), backwards.
     * stream->failed where there is no room. */
    void (*encode)(const px_wave *wave, const int32_t *symbols, px_rans_stream *stream);
} px_block_kernels;

PX_KERNEL_TABLES(px_block_kernels)

#endif
