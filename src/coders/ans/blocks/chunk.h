/*
 * A chunk in blocks, opened: models and tables of its groups of planes, and where its blocks are.
 * Once opened, blocks are read in any order. Internal.
 */
#ifndef PX_BLOCKS_CHUNK_H
#define PX_BLOCKS_CHUNK_H

#include "coders/ans/blocks/bench.h"
#include "coders/ans/blocks/grid.h"
#include "planes/stages.h"

/* Up to PX_GROUP planes with a model of their own. */
typedef struct px_blocks_group {
    size_t first, count;
    px_lsq_model model;
    px_pool pool;
    const px_shapes *shapes; /* the pool's */
} px_blocks_group;

/* On which the blocks of a group were coded last: for one block, and for as many as there are
 * lanes. Without a geometry: there is none. */
typedef struct px_block_benches {
    px_block_bench single, lanes;
} px_block_benches;

/* Where a layer of a block is in the payload, and the lower half of the CRC-32 of its bytes, which
 * goes unsaid where it has none. */
typedef struct px_block_entry {
    size_t offset, size;
    uint16_t check;
} px_block_entry;

enum { PX_BLOCKS_STORED = 128 }; /* a bit beside the side: layers are said, too */

/* What a chunk's first parameters say of its blocks. Each of them is cut into layers: after layer l
 * the first ends[l] planes are known. */
typedef struct px_blocks_form {
    size_t side;   /* 0: the whole picture is a block */
    size_t layers; /* at least 1 */
    bool stored;   /* there may be more than one, and planes come as they are */
} px_blocks_form;

typedef struct px_blocks_chunk {
    px_pool pool;
    px_blocks_form form;
    px_grid_of_blocks grid;
    size_t planes, group_count, workers;
    px_blocks_group *groups;
    size_t *ends;              /* [layers]; the last one is all planes */
    px_block_entry *entries;   /* [layers][blocks] */
    px_block_benches *benches; /* [workers][groups] */
} px_blocks_chunk;

px_grid_of_blocks px_blocks_grid(const px_planes *planes, const px_blocks_form *form);

/* Groups without models, and room for ends and entries. `workers`: threads that may work on it at
 * the same time. px_blocks_free also after a failure. */
prism_status px_blocks_make(px_blocks_chunk *chunk, const px_planes *planes,
                            const px_blocks_form *form, bool mixes, size_t workers,
                            prism_error *error);
void px_blocks_free(px_blocks_chunk *chunk);

static inline px_block_entry *px_blocks_entry(const px_blocks_chunk *chunk, size_t layer,
                                              size_t block) {
    return &chunk->entries[layer * px_blocks_count(&chunk->grid) + block];
}

/* Whether a block is empty: it has no words, though its planes are not constant. Nothing in it is
 * data. */
bool px_blocks_is_empty(const px_blocks_chunk *chunk, size_t block);

/* How many layers have the first `planes` planes. */
size_t px_blocks_layers(const px_blocks_chunk *chunk, size_t planes);

/* Which bench is wanted: for blocks of that size, of a group's first `planes` planes; one, or in
 * lanes; `words` as in px_bench_size. */
typedef struct px_bench_request {
    size_t worker, group, planes;
    const px_rectangle *size;
    bool in_lanes;
    size_t words;
} px_bench_request;

prism_status px_blocks_bench(px_block_bench **bench, px_blocks_chunk *chunk,
                             const px_bench_request *request, prism_error *error);

/* The check of a layer of a block, whose bytes these are. */
uint16_t px_block_check(const px_blocks_chunk *chunk, size_t layer, size_t block, const void *bytes,
                        size_t size);

#endif
