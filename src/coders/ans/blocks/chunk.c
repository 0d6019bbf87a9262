#include "coders/ans/blocks/chunk.h"

#include "base/sizes.h"
#include "base/status.h"

prism_status px_blocks_make(px_blocks_chunk *chunk, const px_planes *planes, size_t side,
                            bool mixes, bool decoding, prism_error *error) {
    *chunk = (px_blocks_chunk){.grid = px_grid_of_blocks_make(planes->height, planes->width, side),
                               .decoding = decoding,
                               .group_count = (planes->count - 1) / PX_GROUP + 1};
    chunk->groups =
        px_pool_take_zeroed(&chunk->pool, px_product(chunk->group_count, sizeof *chunk->groups));
    chunk->entries = px_pool_take(
        &chunk->pool, px_product(px_blocks_count(&chunk->grid), sizeof *chunk->entries));
    prism_status status = px_pool_status(&chunk->pool, error);
    for (size_t g = 0; g < chunk->group_count && status == PRISM_OK; g++) {
        px_blocks_group *group = &chunk->groups[g];
        group->first = g * PX_GROUP;
        group->count =
            planes->count - group->first < PX_GROUP ? planes->count - group->first : PX_GROUP;
        status = px_model_alloc(&group->model, planes, group->count, false,
                                mixes && group->count > 1, error);
        group->model.blocks = true;
    }
    return status;
}

void px_blocks_free(px_blocks_chunk *chunk) {
    for (size_t g = 0; chunk->groups && g < chunk->group_count; g++) {
        px_block_bench_free(&chunk->groups[g].single);
        px_block_bench_free(&chunk->groups[g].lanes);
        px_model_free(&chunk->groups[g].model);
    }
    px_pool_free(&chunk->pool);
}

prism_status px_blocks_bench(px_block_bench **bench, px_blocks_chunk *chunk, size_t group,
                             const px_rectangle *size, bool in_lanes, prism_error *error) {
    px_blocks_group *g = &chunk->groups[group];
    px_block_bench *kept = in_lanes ? &g->lanes : &g->single;
    *bench = kept;
    if (kept->geometry.height == size->height && kept->geometry.width == size->width)
        return PRISM_OK;
    const px_block_size made = {chunk->grid.side, size->height, size->width};
    px_block_bench_free(kept);
    return px_block_bench_make(kept, &g->model, g->shapes, &made, in_lanes ? PX_BLOCK_LANES : 1,
                               chunk->decoding, error);
}

/* Blocks that have changed places are found out, too. */
uint16_t px_block_check(size_t index, const void *bytes, size_t size) {
    return (uint16_t)px_crc32_after((uint32_t)index, bytes, size);
}
