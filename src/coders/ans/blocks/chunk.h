/*
 * A chunk in blocks, opened: models and tables of its groups of planes, and where its blocks are.
 * Once opened, blocks are read in any order. One thread at a time. Internal.
 */
#ifndef PX_BLOCKS_CHUNK_H
#define PX_BLOCKS_CHUNK_H

#include "coders/ans/blocks/bench.h"
#include "coders/ans/blocks/grid.h"
#include "planes/stages.h"

/* Up to PX_GROUP planes with a model of their own, and the benches on which their blocks were coded
 * last: for one block, and for as many as there are lanes. */
typedef struct px_blocks_group {
    size_t first, count;
    px_lsq_model model;
    const px_shapes *shapes;
    px_block_bench single, lanes; /* without a geometry: there is none */
} px_blocks_group;

/* Where a block is in the payload, and the lower half of the CRC-32 of its bytes. */
typedef struct px_block_entry {
    size_t offset, size;
    uint16_t check;
} px_block_entry;

typedef struct px_blocks_chunk {
    px_pool pool;
    px_grid_of_blocks grid;
    size_t group_count;
    px_blocks_group *groups;
    px_block_entry *entries; /* of all blocks */
    bool decoding;
} px_blocks_chunk;

/* Groups without models, and room for entries. px_blocks_free also after a failure. */
prism_status px_blocks_make(px_blocks_chunk *chunk, const px_planes *planes, size_t side,
                            bool mixes, bool decoding, prism_error *error);
void px_blocks_free(px_blocks_chunk *chunk);

/* The bench for blocks of that size, one or in lanes. */
prism_status px_blocks_bench(px_block_bench **bench, px_blocks_chunk *chunk, size_t group,
                             const px_rectangle *size, bool in_lanes, prism_error *error);

/* The check of block `index`, whose bytes these are. */
uint16_t px_block_check(size_t index, const void *bytes, size_t size);

#endif
