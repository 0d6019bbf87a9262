/* Models are fitted to all blocks side by side, as one picture that is as high as a block: so fits
 * know what stands at the edges of blocks, but for their left and right ones. */
#include "coders/ans/blocks/blocks.h"

#include <string.h>

#include "base/sizes.h"
#include "base/status.h"
#include "coders/ans/blocks/chunk.h"
#include "coders/ans/lsq/encoder.h"

/* Smaller blocks at the edges are taken with the positions before them. */
static px_rectangle whole_block(const px_grid_of_blocks *grid, size_t index) {
    px_rectangle block = px_block_at(grid, index);
    const size_t height = grid->side < grid->height ? grid->side : grid->height;
    const size_t width = grid->side < grid->width ? grid->side : grid->width;
    return (px_rectangle){.y = block.y + block.height - height,
                          .x = block.x + block.width - width,
                          .height = height,
                          .width = width};
}

static void copy_block(px_planes *row, size_t place, const px_planes *planes, size_t first,
                       const px_rectangle *block) {
    for (size_t k = 0; k < row->count; k++) {
        const int16_t *from = px_plane(planes, first + k) + block->y * planes->width + block->x;
        int16_t *to = px_plane(row, k) + place * block->width;
        for (size_t y = 0; y < block->height; y++, from += planes->width, to += row->width)
            memcpy(to, from, block->width * sizeof *to);
    }
}

/* Planes of a group as a row of blocks. */
static prism_status make_row(px_planes *row, const px_planes *planes, const px_grid_of_blocks *grid,
                             const px_blocks_group *group, prism_error *error) {
    const px_rectangle block = whole_block(grid, 0);
    *row = (px_planes){.count = group->count,
                       .height = block.height,
                       .width = px_product(px_blocks_count(grid), block.width),
                       .depth = planes->depth};
    row->stride = px_plane_stride(px_plane_size(row));
    const prism_status status = px_planes_take(row, error);
    for (size_t i = 0; status == PRISM_OK && i < px_blocks_count(grid); i++) {
        const px_rectangle from = whole_block(grid, i);
        copy_block(row, i, planes, group->first, &from);
    }
    return status;
}

static prism_status fit(px_blocks_group *group, const px_planes *planes,
                        const px_grid_of_blocks *grid, const px_task *task, prism_error *error) {
    px_planes row;
    px_lsq_encoder encoder;
    const px_group_task fitted = {.count = group->count,
                                  .mixes = group->model.mixes,
                                  .blocks = true,
                                  .effort = task->effort,
                                  .limit = task->limit};
    prism_status status = make_row(&row, planes, grid, group, error);
    if (status != PRISM_OK)
        return status;
    status = px_lsq_encoder_make(&encoder, &row, &fitted, error);
    if (status == PRISM_OK)
        status = px_lsq_fit(&encoder, error);
    if (status == PRISM_OK) {
        px_model_free(&group->model);
        group->model = encoder.model;
        encoder.model = (px_lsq_model){.count = 0};
    }
    px_lsq_encoder_free(&encoder);
    px_planes_free(&row);
    return status;
}

static prism_status write_block(px_blocks_chunk *chunk, size_t index, const px_planes *planes,
                                px_buffer *payload, prism_error *error) {
    const px_rectangle block = px_block_at(&chunk->grid, index);
    const size_t begin = payload->size;
    prism_status status = PRISM_OK;
    for (size_t g = 0; g < chunk->group_count && status == PRISM_OK; g++) {
        const px_block_places from = {planes, chunk->groups[g].first, 1, &block};
        px_block_bench *bench;
        status = px_blocks_bench(&bench, chunk, g, &block, false, error);
        if (status != PRISM_OK)
            return status;
        px_rans_stream stream = px_block_encode(bench, &from);
        if (stream.failed)
            return px_fail(error, PRISM_E_INTERNAL, "a block has more words than samples can take");
        px_rans_put(payload, &stream);
        status = px_buffer_status(payload, error);
    }
    if (status == PRISM_OK)
        chunk->entries[index] = (px_block_entry){
            .size = payload->size - begin,
            .check = px_block_check(index, payload->data + begin, payload->size - begin)};
    return status;
}

static void write_index(const px_blocks_chunk *chunk, px_buffer *out) {
    for (size_t i = 0; i < px_blocks_count(&chunk->grid); i++) {
        px_put_varint(out, chunk->entries[i].size / 2);
        px_put_u8(out, (uint8_t)chunk->entries[i].check);
        px_put_u8(out, (uint8_t)(chunk->entries[i].check >> 8));
    }
}

bool px_blocks_suit(const px_planes *planes, int side) {
    return side && (planes->height > (size_t)side || planes->width > (size_t)side) &&
           px_plane_size(planes) > PX_GROUP;
}

prism_status px_blocks_encode(const px_planes *planes, const px_task *task, px_coded *out,
                              prism_error *error) {
    px_sections *to = &out->sections;
    px_blocks_chunk chunk;
    const bool mixes = task->pipeline.transform == PRISM_TRANSFORM_CHANNELS;
    prism_status status =
        px_blocks_make(&chunk, planes, (size_t)task->pipeline.block, mixes, false, error);
    if (planes->count == 1)
        out->pipeline.transform = PRISM_TRANSFORM_NONE;
    px_put_u8(&to->parameters, (uint8_t)task->pipeline.block);
    for (size_t g = 0; g < chunk.group_count && status == PRISM_OK; g++) {
        px_blocks_group *group = &chunk.groups[g];
        status = fit(group, planes, &chunk.grid, task, error);
        if (status != PRISM_OK)
            break;
        px_model_write(&group->model, &to->parameters);
        group->shapes = px_shapes_make(&chunk.pool, group->model.shapes, NULL);
        status = px_pool_status(&chunk.pool, error);
    }
    for (size_t i = 0; i < px_blocks_count(&chunk.grid) && status == PRISM_OK; i++)
        if (to->payload.size <= task->limit)
            status = write_block(&chunk, i, planes, &to->payload, error);
    if (status == PRISM_OK)
        write_index(&chunk, &to->parameters);
    px_blocks_free(&chunk);
    return status;
}
