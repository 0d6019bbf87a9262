/*
 * Blocks of a group of planes at work: what encoding and decoding do plane by plane. A bench serves
 * all blocks of one size, one at a time or, for decoding, PX_BLOCK_LANES side by side. Internal.
 */
#ifndef PX_BLOCKS_BENCH_H
#define PX_BLOCKS_BENCH_H

#include "coders/ans/blocks/block_kernels.h"
#include "coders/ans/blocks/cell.h"
#include "coders/ans/blocks/grid.h"
#include "coders/ans/lsq/group.h"

typedef struct px_block_bench {
    const px_lsq_model *model; /* of the group of planes */
    px_pool pool;
    px_cell *cell;        /* for decoding blocks of 4 x 4 one at a time: instead of what follows */
    size_t lanes;         /* blocks that lie side by side: an element of a plane is one of each */
    size_t planes;        /* of the group, the first ones, that it has room for */
    px_geometry geometry; /* of a block */
    px_geometry flat;     /* of all lanes, without pads: what planes after are predicted from */
    px_view view;
    size_t states; /* of rANS */
    int32_t *edge; /* of px_wave */
    px_tiles samples, innovations;
    px_mixer sample_mixer, innovation_mixer;
    px_wave *waves, *innovation_waves; /* of each plane */
    int coded;                         /* planes so far that are not constant */

    int32_t *means, *symbols; /* of encoding: a padded plane, and one for each plane */
    int16_t *around, *blur;   /* of a row */
    size_t span;              /* elements from the symbols of one plane to those of the next */
    size_t *words_from;       /* [count + 1] of a block that was encoded: of planes from that on */
    uint16_t *words;          /* of encoding, of the whole block */
    size_t word_count;
} px_block_bench;

/* Of blocks: those at edges are smaller than their side. */
typedef struct px_block_size {
    size_t side, height, width;
} px_block_size;

/* For `lanes` blocks side by side and the first `planes` of a group. */
typedef struct px_bench_size {
    px_block_size block;
    size_t lanes, planes;
    size_t words; /* that encoding may take; 0: it is for decoding */
} px_bench_size;

/* px_block_bench_free also after a failure. */
prism_status px_block_bench_make(px_block_bench *bench, const px_lsq_model *model,
                                 const px_shapes *shapes, const px_bench_size *size,
                                 prism_error *error);
void px_block_bench_free(px_block_bench *bench);

/* Bytes of it for decoding all planes of a group. */
uint64_t px_block_bench_memory(const px_bench_size *size, bool mixes);

/* Where the parts of some blocks are in planes from `first` on. */
typedef struct px_block_places {
    const px_planes *planes;
    size_t first, count;
    const px_rectangle *blocks; /* [count] of equal size */
} px_block_places;

/* The words of the block at the first place, states included, or a stream that has failed, since
 * they have no room. They are the bench's, as is how many of them planes have. */
px_rans_stream px_block_encode(px_block_bench *bench, const px_block_places *from);

/* The reverse: from streams whose next words are the states to the first `planes` planes of the
 * group. Streams of lanes without a block are those of the last one. */
prism_status px_block_decode(px_block_bench *bench, px_block_streams *streams, size_t planes,
                             const px_block_places *to, prism_error *error);

#endif
