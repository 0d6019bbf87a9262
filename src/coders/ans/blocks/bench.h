/*
 * One block of a group of planes at work: what encoding and decoding do plane by plane but for the
 * samples themselves. A bench serves all blocks of one size. Internal.
 */
#ifndef PX_BLOCKS_BENCH_H
#define PX_BLOCKS_BENCH_H

#include "coders/ans/blocks/block_kernels.h"
#include "coders/ans/blocks/grid.h"
#include "coders/ans/lsq/group.h"

typedef struct px_block_bench {
    px_lsq_model model; /* of the group of planes, with the block's height and width; its arrays are
                           the group's */
    px_lsq_group group;
    px_pool pool;
    int32_t *means, *symbols; /* of encoding: a padded plane, and one for each plane */
    int16_t *around, *blur;   /* of a row */
    size_t span;              /* elements from the symbols of one plane to those of the next */
    uint16_t *words;          /* of encoding, of the whole block */
    size_t word_count;
} px_block_bench;

/* For blocks of `height` x `width`; px_block_bench_free also after a failure. */
prism_status px_block_bench_make(px_block_bench *bench, const px_lsq_model *model, size_t height,
                                 size_t width, bool decoding, prism_error *error);
void px_block_bench_free(px_block_bench *bench);

/* Bytes of it for decoding. */
uint64_t px_block_bench_memory(size_t height, size_t width, size_t count, bool mixes);

/* Symbols of the block, from planes first.. of `planes`. */
void px_block_prepare(px_block_bench *bench, const px_planes *planes, size_t first,
                      const px_rectangle *block);

/* The words of a block whose symbols are there, states included; they are the bench's. */
px_rans_stream px_block_write(px_block_bench *bench, const px_planes *planes, size_t first,
                              const px_rectangle *block, const px_shapes *shapes);

/* The reverse: from a stream whose words begin with the states to the block's place in planes. */
prism_status px_block_read(px_block_bench *bench, const px_shapes *shapes, px_rans_stream *stream,
                           px_planes *planes, size_t first, const px_rectangle *block,
                           prism_error *error);

#endif
