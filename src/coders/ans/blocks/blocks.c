/*
 * Method 8, blocks: as method lsq (lsq/lsq.c), but that pictures fall into blocks, each coded as a
 * picture of its own by one model for all. An index says where the blocks are, so that any of them
 * can be decoded without the others.
 *
 *   grid.c             how pictures fall into blocks
 *   chunk.c            models, index and benches
 *   bench.c            a block, plane by plane; block_kernels.c codes the samples of a plane
 *   encode.c           fits the models; this file decodes
 */
#include "coders/ans/blocks/blocks.h"

#include <string.h>

#include "base/status.h"
#include "coders/ans/blocks/chunk.h"

static bool is_side(size_t side) {
    return side >= 4 && side <= PX_BLOCK_SIDE && (side & (side - 1)) == 0;
}

static prism_status read_index(px_blocks_chunk *chunk, px_reader *in, size_t payload_size,
                               prism_error *error) {
    size_t offset = 0;
    for (size_t i = 0; i < px_blocks_count(&chunk->grid); i++) {
        const size_t words = px_get_size(in);
        if (in->failed || words > (payload_size - offset) / 2)
            return px_fail(error, PRISM_E_CORRUPT, "block %zu is beyond the end of the payload", i);
        px_block_entry *entry = &chunk->entries[i];
        *entry = (px_block_entry){.offset = offset, .size = 2 * words};
        entry->check = px_get_u8(in);
        entry->check = (uint16_t)(entry->check | px_get_u8(in) << 8);
        offset += 2 * words;
    }
    return in->failed || offset != payload_size
               ? px_fail(error, PRISM_E_CORRUPT, "the blocks are not the payload")
               : PRISM_OK;
}

static bool taps_fit(const px_lsq_model *model) {
    const px_view none = {.mixed_stride = 0};
    px_wave wave;
    for (size_t k = 0; k < model->count; k++)
        if (model->planes[k].kind != PX_PLANE_CONSTANT &&
            (!px_sample_wave(&wave, &none, model, k) ||
             (model->mixes && !px_innovation_wave(&wave, &none, model, k))))
            return false;
    return true;
}

static prism_status read_group(px_blocks_chunk *chunk, size_t g, px_reader *parameters,
                               prism_error *error) {
    px_blocks_group *group = &chunk->groups[g];
    prism_status status = px_model_read(&group->model, parameters, error);
    if (status != PRISM_OK)
        return status;
    if (group->model.wide || !taps_fit(&group->model))
        return px_fail(error, PRISM_E_CORRUPT, "the model of blocks is out of range");
    group->shapes = px_shapes_make(&chunk->pool, group->model.shapes, NULL);
    return px_pool_status(&chunk->pool, error);
}

prism_status px_blocks_open(px_blocks_chunk *chunk, const px_planes *planes,
                            const px_pipeline *pipeline, px_reader *parameters, size_t payload_size,
                            prism_error *error) {
    const size_t side = px_get_u8(parameters);
    *chunk = (px_blocks_chunk){.group_count = 0};
    if (!is_side(side))
        return px_fail(error, PRISM_E_CORRUPT, "blocks of %zu positions", side);
    prism_status status = px_blocks_make(
        chunk, planes, side, pipeline->transform == PRISM_TRANSFORM_CHANNELS, true, error);
    for (size_t g = 0; g < chunk->group_count && status == PRISM_OK; g++)
        status = read_group(chunk, g, parameters, error);
    return status == PRISM_OK ? read_index(chunk, parameters, payload_size, error) : status;
}

/* The words of a block, with zeros behind them that nothing but damage makes the decoder read. */
static prism_status block_words(px_rans_stream *stream, px_pool *pool, const px_blocks_chunk *chunk,
                                size_t index, const uint8_t *payload, prism_error *error) {
    const px_block_entry *entry = &chunk->entries[index];
    const uint8_t *bytes = payload + entry->offset;
    if (px_block_check(index, bytes, entry->size) != entry->check)
        return px_fail(error, PRISM_E_CHECKSUM, "block %zu is damaged", index);
    px_reader in = px_reader_make(bytes, entry->size);
    return px_rans_get(stream, &in, pool, error);
}

prism_status px_blocks_read(px_blocks_chunk *chunk, size_t index, const uint8_t *payload,
                            px_planes *planes, const px_rectangle *place, prism_error *error) {
    px_pool pool = {.count = 0};
    px_rans_stream stream = {.failed = 0};
    prism_status status = block_words(&stream, &pool, chunk, index, payload, error);
    for (size_t g = 0; g < chunk->group_count && status == PRISM_OK; g++) {
        const px_blocks_group *group = &chunk->groups[g];
        px_block_bench *bench;
        status = px_blocks_bench(&bench, chunk, g, place, error);
        if (status == PRISM_OK)
            status =
                px_block_read(bench, group->shapes, &stream, planes, group->first, place, error);
    }
    if (status == PRISM_OK && stream.words != stream.end)
        status = px_fail(error, PRISM_E_CORRUPT, "block %zu has bytes after its samples", index);
    px_pool_free(&pool);
    return status;
}

static prism_status decode(px_planes *planes, const px_pipeline *pipeline, px_reader *parameters,
                           px_reader *payload, const px_request *request, prism_error *error) {
    px_blocks_chunk chunk;
    const size_t payload_size = px_reader_left(payload);
    const uint8_t *bytes = px_get_bytes(payload, payload_size);
    prism_status status = px_blocks_open(&chunk, planes, pipeline, parameters, payload_size, error);
    for (size_t i = 0; status == PRISM_OK && i < px_blocks_count(&chunk.grid); i++) {
        const px_rectangle block = px_block_at(&chunk.grid, i);
        if (!request->region || px_rectangles_meet(request->region, &block))
            status = px_blocks_read(&chunk, i, bytes, planes, &block, error);
    }
    px_blocks_free(&chunk);
    return status;
}

static uint64_t group_memory(const px_planes *planes, size_t count, size_t side, bool mixes) {
    const size_t height = side < planes->height ? side : planes->height;
    const size_t width = side < planes->width ? side : planes->width;
    return px_model_memory(planes, count, false, mixes, false) + px_shapes_memory() +
           PX_BLOCK_SHAPES * px_block_bench_memory(height, width, count, mixes);
}

static uint64_t decode_memory(const px_planes *planes, const px_pipeline *pipeline,
                              px_reader parameters, size_t payload_size) {
    const size_t side = px_get_u8(&parameters), last = (planes->count - 1) % PX_GROUP + 1;
    const bool mixes = pipeline->transform == PRISM_TRANSFORM_CHANNELS;
    if (!is_side(side))
        return 0;
    const px_grid_of_blocks grid = px_grid_of_blocks_make(planes->height, planes->width, side);
    const uint64_t full = (planes->count - last) / PX_GROUP;
    uint64_t bytes = px_blocks_count(&grid) * sizeof(px_block_entry) + px_rans_memory(payload_size);
    bytes += (full + 1) * sizeof(px_blocks_group);
    bytes += full * group_memory(planes, PX_GROUP, side, mixes && PX_GROUP > 1);
    return bytes + group_memory(planes, last, side, mixes && last > 1);
}

const px_coder_stage px_blocks = {
    .encode = px_blocks_encode, .decode = decode, .decode_memory = decode_memory};
