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

#include "base/sizes.h"
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

/* ---- Blocks ---- */

/* Lanes that are idle take memory, too, which counts where blocks are large. */
bool px_blocks_go_together(const px_blocks_chunk *chunk, size_t count) {
    enum { LARGE = 32, FEWEST_SMALL = 3, FEWEST_LARGE = 12 };
    return count >= (chunk->grid.side < LARGE ? FEWEST_SMALL : FEWEST_LARGE);
}

/* The words of some blocks, with zeros behind them that nothing but damage makes the decoder read.
 * Lanes without a block take the last one. */
static prism_status take_words(px_block_streams *streams, px_pool *pool,
                               const px_blocks_chunk *chunk, const size_t *numbers, size_t count,
                               const uint8_t *payload, prism_error *error) {
    size_t total = 0, at = 0;
    for (size_t i = 0; i < count; i++)
        total = px_sum(total, chunk->entries[numbers[i]].size / 2);
    if (total > INT32_MAX - PX_RANS_GUARD)
        return px_fail(error, PRISM_E_MEMORY, "blocks of %zu words", total);
    uint16_t *words = px_pool_take(pool, px_product(total + PX_RANS_GUARD, sizeof *words));
    if (!words)
        return px_pool_status(pool, error);
    for (size_t i = 0; i < PX_BLOCK_LANES; i++) {
        if (i >= count) {
            streams->next[i] = streams->next[count - 1];
            streams->end[i] = streams->end[count - 1];
            continue;
        }
        const px_block_entry *entry = &chunk->entries[numbers[i]];
        const uint8_t *bytes = payload + entry->offset;
        if (px_block_check(numbers[i], bytes, entry->size) != entry->check)
            return px_fail(error, PRISM_E_CHECKSUM, "block %zu is damaged", numbers[i]);
        memcpy(words + at, bytes, entry->size);
        streams->next[i] = (int32_t)at;
        at += entry->size / 2;
        streams->end[i] = (int32_t)at;
    }
    for (size_t i = 0; i < at; i++)
        words[i] = px_little_endian_16(words[i]);
    memset(words + at, 0, PX_RANS_GUARD * sizeof *words);
    streams->words = words;
    return PRISM_OK;
}

prism_status px_blocks_read(px_blocks_chunk *chunk, const size_t *numbers, const uint8_t *payload,
                            px_planes *planes, const px_rectangle *places, size_t count,
                            prism_error *error) {
    px_pool pool = {.count = 0};
    px_block_streams streams;
    prism_status status = take_words(&streams, &pool, chunk, numbers, count, payload, error);
    for (size_t g = 0; g < chunk->group_count && status == PRISM_OK; g++) {
        const px_block_places to = {planes, chunk->groups[g].first, count, places};
        px_block_bench *bench;
        status = px_blocks_bench(&bench, chunk, g, places, count > 1, error);
        if (status == PRISM_OK)
            status = px_block_decode(bench, &streams, &to, error);
    }
    for (size_t i = 0; i < count && status == PRISM_OK; i++)
        if (streams.next[i] != streams.end[i])
            status = px_fail(error, PRISM_E_CORRUPT, "block %zu has bytes after its samples",
                             numbers[i]);
    px_pool_free(&pool);
    return status;
}

/* ---- All of them ---- */

/* Some blocks of equal size. */
typedef struct batch {
    size_t numbers[PX_BLOCK_LANES];
    px_rectangle places[PX_BLOCK_LANES];
    size_t count;
} batch;

static prism_status read_batch(px_blocks_chunk *chunk, batch *b, const uint8_t *payload,
                               px_planes *planes, prism_error *error) {
    const size_t together = px_blocks_go_together(chunk, b->count) ? b->count : 1;
    prism_status status = PRISM_OK;
    for (size_t i = 0; i < b->count && status == PRISM_OK; i += together)
        status =
            px_blocks_read(chunk, b->numbers + i, payload, planes, b->places + i, together, error);
    b->count = 0;
    return status;
}

/* Blocks inside of the grid, then those at its right edge, at its lower one, in the corner: of
 * these, all have one size. */
static prism_status read_all(px_blocks_chunk *chunk, const uint8_t *payload, px_planes *planes,
                             prism_error *error) {
    batch b = {.count = 0};
    prism_status status = PRISM_OK;
    for (int part = 0; part < 4; part++) {
        for (size_t i = 0; i < px_blocks_count(&chunk->grid) && status == PRISM_OK; i++) {
            const bool last_row = i / chunk->grid.columns + 1 == chunk->grid.rows;
            const bool last_column = i % chunk->grid.columns + 1 == chunk->grid.columns;
            if (2 * last_row + last_column != part)
                continue;
            b.numbers[b.count] = i;
            b.places[b.count++] = px_block_at(&chunk->grid, i);
            if (b.count == PX_BLOCK_LANES)
                status = read_batch(chunk, &b, payload, planes, error);
        }
        if (status == PRISM_OK)
            status = read_batch(chunk, &b, payload, planes, error);
    }
    return status;
}

static prism_status decode(px_planes *planes, const px_pipeline *pipeline, px_reader *parameters,
                           px_reader *payload, const px_request *request, prism_error *error) {
    (void)request;
    px_blocks_chunk chunk;
    const size_t payload_size = px_reader_left(payload);
    const uint8_t *bytes = px_get_bytes(payload, payload_size);
    prism_status status = px_blocks_open(&chunk, planes, pipeline, parameters, payload_size, error);
    if (status == PRISM_OK)
        status = read_all(&chunk, bytes, planes, error);
    px_blocks_free(&chunk);
    return status;
}

static uint64_t group_memory(const px_planes *planes, size_t count, size_t side, bool mixes) {
    const px_block_size block = {.side = side,
                                 .height = side < planes->height ? side : planes->height,
                                 .width = side < planes->width ? side : planes->width};
    return px_model_memory(planes, count, false, mixes, false) + px_shapes_memory() +
           px_block_bench_memory(&block, count, mixes, 1) +
           px_block_bench_memory(&block, count, mixes, PX_BLOCK_LANES);
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
    bytes += full * group_memory(planes, PX_GROUP, side, mixes);
    return bytes + group_memory(planes, last, side, mixes && last > 1);
}

const px_coder_stage px_blocks = {
    .encode = px_blocks_encode, .decode = decode, .decode_memory = decode_memory};
