#include "coders/ans/blocks/chunk.h"

#include "base/sizes.h"
#include "base/status.h"

px_grid_of_blocks px_blocks_grid(const px_planes *planes, const px_blocks_form *form) {
    const size_t whole = planes->height > planes->width ? planes->height : planes->width;
    return px_grid_of_blocks_make(planes->height, planes->width, form->side ? form->side : whole);
}

static prism_status make_group(px_blocks_group *group, const px_planes *planes, size_t first,
                               bool mixes, bool stored, prism_error *error) {
    group->first = first;
    group->count = planes->count - first < PX_GROUP ? planes->count - first : PX_GROUP;
    const prism_status status = px_model_alloc(&group->model, planes, group->count, false,
                                               mixes && group->count > 1, error);
    group->model.blocks = true;
    group->model.stored = stored;
    return status;
}

prism_status px_blocks_make(px_blocks_chunk *chunk, const px_planes *planes,
                            const px_blocks_form *form, bool mixes, size_t workers,
                            prism_error *error) {
    const size_t groups = (planes->count - 1) / PX_GROUP + 1;
    *chunk = (px_blocks_chunk){.form = *form,
                               .grid = px_blocks_grid(planes, form),
                               .planes = planes->count,
                               .group_count = groups,
                               .workers = workers};
    px_pool *pool = &chunk->pool;
    chunk->groups = px_pool_take_zeroed(pool, px_product(groups, sizeof *chunk->groups));
    chunk->benches = px_pool_take_zeroed(pool, px_product(workers, groups, sizeof *chunk->benches));
    chunk->ends = px_pool_take(pool, px_product(form->layers, sizeof *chunk->ends));
    chunk->entries = px_pool_take_zeroed(
        pool, px_product(form->layers, px_blocks_count(&chunk->grid), sizeof *chunk->entries));
    prism_status status = px_pool_status(pool, error);
    for (size_t g = 0; g < groups && status == PRISM_OK; g++)
        status = make_group(&chunk->groups[g], planes, g * PX_GROUP, mixes, form->stored, error);
    return status;
}

void px_blocks_free(px_blocks_chunk *chunk) {
    for (size_t i = 0; chunk->benches && i < chunk->workers * chunk->group_count; i++) {
        px_block_bench_free(&chunk->benches[i].single);
        px_block_bench_free(&chunk->benches[i].lanes);
    }
    for (size_t g = 0; chunk->groups && g < chunk->group_count; g++) {
        px_model_free(&chunk->groups[g].model);
        px_pool_free(&chunk->groups[g].pool);
    }
    px_pool_free(&chunk->pool);
}

static bool is_constant(const px_blocks_chunk *chunk) {
    for (size_t g = 0; g < chunk->group_count; g++)
        for (size_t k = 0; k < chunk->groups[g].count; k++)
            if (chunk->groups[g].model.planes[k].kind != PX_PLANE_CONSTANT)
                return false;
    return true;
}

bool px_blocks_is_empty(const px_blocks_chunk *chunk, size_t block) {
    for (size_t l = 0; l < chunk->form.layers; l++)
        if (px_blocks_entry(chunk, l, block)->size)
            return false;
    return !is_constant(chunk);
}

size_t px_blocks_layers(const px_blocks_chunk *chunk, size_t planes) {
    size_t layers = 1;
    while (chunk->ends[layers - 1] < planes)
        layers++;
    return layers;
}

static bool serves(const px_block_bench *bench, const px_bench_request *request) {
    return bench->geometry.height == request->size->height &&
           bench->geometry.width == request->size->width && bench->planes >= request->planes;
}

prism_status px_blocks_bench(px_block_bench **bench, px_blocks_chunk *chunk,
                             const px_bench_request *request, prism_error *error) {
    const px_blocks_group *group = &chunk->groups[request->group];
    px_block_benches *benches =
        &chunk->benches[request->worker * chunk->group_count + request->group];
    px_block_bench *kept = request->in_lanes ? &benches->lanes : &benches->single;
    *bench = kept;
    if (serves(kept, request))
        return PRISM_OK;
    const px_bench_size size = {
        .block = {chunk->grid.side, request->size->height, request->size->width},
        .lanes = request->in_lanes ? PX_BLOCK_LANES : 1,
        .planes = request->planes,
        .words = request->words};
    px_block_bench_free(kept);
    const prism_status status =
        px_block_bench_make(kept, &group->model, group->shapes, &size, error);
    if (status != PRISM_OK)
        px_block_bench_free(kept); /* what is half made serves nobody */
    return status;
}

/* Layers of blocks that have changed places are found out, too. */
uint16_t px_block_check(const px_blocks_chunk *chunk, size_t layer, size_t block, const void *bytes,
                        size_t size) {
    const size_t number = layer * px_blocks_count(&chunk->grid) + block;
    return (uint16_t)px_crc32_after((uint32_t)number, bytes, size);
}
