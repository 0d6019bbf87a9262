/*
 * Method 8, blocks: as method lsq (lsq/lsq.c), but that pictures fall into blocks, each coded as a
 * picture of its own by one model for all. An index says where the blocks are, so that any of them
 * can be decoded without the others.
 *
 *   grid.c             how pictures fall into blocks
 *   chunk.c            models, index and benches
 *   bench.c            a block, plane by plane; block_kernels.c codes the samples of a plane
 *   cell.c             what it takes instead to decode a block of 4 x 4, by cell_kernels.c
 *   encode.c           fits the models; this file decodes
 */
#include "coders/ans/blocks/blocks.h"

#include <string.h>

#include "base/sizes.h"
#include "base/status.h"
#include "base/threads.h"
#include "coders/ans/blocks/chunk.h"

static bool is_side(size_t side) {
    return side >= 4 && side <= PX_BLOCK_SIDE && (side & (side - 1)) == 0;
}

enum { ENTRY = 1 /* bytes of the index, at least */ };

/* Pictures as a block of their own are coded by the wavefront, which counts in 32 bits. */
enum { EDGE_LIMIT = 1 << 30 };

static bool read_form(px_blocks_form *form, const px_planes *planes, px_reader *in) {
    const size_t byte = px_get_u8(in), side = byte & (PX_BLOCKS_STORED - 1);
    *form = (px_blocks_form){.side = side, .layers = 1, .stored = (byte & PX_BLOCKS_STORED) != 0};
    if (form->stored)
        form->layers = px_get_size(in);
    const bool whole = form->stored && !side;
    const bool has_room = planes->height < EDGE_LIMIT && planes->width < EDGE_LIMIT;
    if (in->failed || !form->layers || form->layers > planes->count ||
        !(is_side(side) || (whole && has_room)))
        return false;
    const px_grid_of_blocks grid = px_blocks_grid(planes, form);
    return px_product(form->layers, px_blocks_count(&grid)) <= px_reader_left(in) / ENTRY;
}

size_t px_blocks_side(const px_planes *planes, px_reader parameters) {
    px_blocks_form form;
    return read_form(&form, planes, &parameters) ? px_blocks_grid(planes, &form).side : 0;
}

/* Where layers end, all but the last, which has all planes. */
static bool read_ends(px_blocks_chunk *chunk, px_reader *in) {
    size_t end = 0;
    for (size_t l = 0; l + 1 < chunk->form.layers; l++) {
        const size_t more = px_get_size(in);
        if (!more || more >= chunk->planes - end)
            return false;
        chunk->ends[l] = end += more;
    }
    chunk->ends[chunk->form.layers - 1] = chunk->planes;
    return !in->failed;
}

static prism_status read_index(px_blocks_chunk *chunk, px_reader *in, size_t payload_size,
                               prism_error *error) {
    const size_t blocks = px_blocks_count(&chunk->grid);
    size_t offset = 0;
    for (size_t i = 0; i < chunk->form.layers * blocks; i++) {
        const size_t words = px_get_size(in);
        if (in->failed || words > (payload_size - offset) / 2)
            return px_fail(error, PRISM_E_CORRUPT, "block %zu is beyond the end of the payload",
                           i % blocks);
        px_block_entry *entry = &chunk->entries[i];
        *entry = (px_block_entry){.offset = offset, .size = 2 * words};
        if (words) {
            entry->check = px_get_u8(in);
            entry->check = (uint16_t)(entry->check | px_get_u8(in) << 8);
        }
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
    group->shapes = px_shapes_make(&group->pool, group->model.shapes, NULL);
    return px_pool_status(&group->pool, error);
}

prism_status px_blocks_prepare(px_blocks_chunk *chunk, size_t planes, prism_error *error) {
    prism_status status = PRISM_OK;
    for (size_t g = 0; g < chunk->group_count && status == PRISM_OK; g++) {
        px_blocks_group *group = &chunk->groups[g];
        if (group->first < planes)
            status = px_model_read_rows(&group->model,
                                        px_smaller(group->count, planes - group->first), error);
    }
    return status;
}

prism_status px_blocks_open(px_blocks_chunk *chunk, const px_planes *planes,
                            const px_pipeline *pipeline, px_reader *parameters, size_t payload_size,
                            int threads, prism_error *error) {
    px_blocks_form form;
    *chunk = (px_blocks_chunk){.group_count = 0};
    if (!read_form(&form, planes, parameters))
        return px_fail(error, PRISM_E_CORRUPT, "blocks of %zu positions, %zu layers", form.side,
                       form.layers);
    const px_grid_of_blocks grid = px_blocks_grid(planes, &form);
    const size_t workers = px_workers(px_blocks_count(&grid), threads);
    prism_status status = px_blocks_make(
        chunk, planes, &form, pipeline->transform == PRISM_TRANSFORM_CHANNELS, workers, error);
    if (status == PRISM_OK && !read_ends(chunk, parameters))
        status = px_fail(error, PRISM_E_CORRUPT, "the layers of blocks are not those of planes");
    for (size_t g = 0; g < chunk->group_count && status == PRISM_OK; g++)
        status = read_group(chunk, g, parameters, error);
    return status == PRISM_OK ? read_index(chunk, parameters, payload_size, error) : status;
}

size_t px_blocks_payload(const px_blocks_chunk *chunk, size_t planes) {
    const size_t layer = px_blocks_layers(chunk, planes) - 1;
    const px_block_entry *last = px_blocks_entry(chunk, layer, px_blocks_count(&chunk->grid) - 1);
    return last->offset + last->size;
}

/* ---- Blocks ---- */

/* Lanes that are idle take memory, too, which counts where blocks are large; for the largest ones
 * it counts more than what lanes save. */
bool px_blocks_go_together(const px_blocks_chunk *chunk, size_t count) {
    enum { LARGE = 32, LARGEST = 64, FEWEST_SMALL = 3, FEWEST_LARGE = 12 };
    const size_t side = chunk->grid.side;
    return side < LARGEST && count >= (side < LARGE ? FEWEST_SMALL : FEWEST_LARGE);
}

/* The words of a block's first layers, which the payload at hand must have. */
static prism_status take_block(uint16_t *words, size_t *at, const px_blocks_chunk *chunk,
                               const px_blocks_request *r, size_t number, prism_error *error) {
    for (size_t l = 0; l < px_blocks_layers(chunk, r->planes); l++) {
        const px_block_entry *entry = px_blocks_entry(chunk, l, number);
        if (entry->offset + entry->size > r->payload_size)
            return px_fail(error, PRISM_E_TRUNCATED,
                           "the bytes end before block %zu, its planes up to %zu", number,
                           chunk->ends[l]);
        const uint8_t *bytes = r->payload + entry->offset;
        if (entry->size && px_block_check(chunk, l, number, bytes, entry->size) != entry->check)
            return px_fail(error, PRISM_E_CHECKSUM, "block %zu is damaged", number);
        memcpy(words + *at, bytes, entry->size);
        *at += entry->size / 2;
    }
    return PRISM_OK;
}

static size_t words_of(const px_blocks_chunk *chunk, const px_blocks_request *r) {
    size_t total = 0;
    for (size_t i = 0; i < r->count; i++)
        for (size_t l = 0; l < px_blocks_layers(chunk, r->planes); l++)
            total = px_sum(total, px_blocks_entry(chunk, l, r->numbers[i])->size / 2);
    return total;
}

/* The words of some blocks, with zeros behind them that nothing but damage makes the decoder read.
 * Lanes without a block take the last one. */
static prism_status take_words(px_block_streams *streams, px_pool *pool,
                               const px_blocks_chunk *chunk, const px_blocks_request *r,
                               prism_error *error) {
    const size_t total = words_of(chunk, r);
    size_t at = 0;
    if (total > INT32_MAX - PX_RANS_GUARD)
        return px_fail(error, PRISM_E_MEMORY, "blocks of %zu words", total);
    uint16_t *words = px_pool_take(pool, px_product(total + PX_RANS_GUARD, sizeof *words));
    prism_status status = px_pool_status(pool, error);
    for (size_t i = 0; i < PX_BLOCK_LANES && status == PRISM_OK; i++) {
        const size_t block = i < r->count ? i : r->count - 1;
        streams->next[i] = i < r->count ? (int32_t)at : streams->next[block];
        if (i < r->count)
            status = take_block(words, &at, chunk, r, r->numbers[i], error);
        streams->end[i] = i < r->count ? (int32_t)at : streams->end[block];
    }
    if (status != PRISM_OK)
        return status;
    for (size_t i = 0; i < at; i++)
        words[i] = px_little_endian_16(words[i]);
    memset(words + at, 0, PX_RANS_GUARD * sizeof *words);
    streams->words = words;
    return PRISM_OK;
}

/* Where all planes of the last layer were read, so were all of its words. */
static prism_status check_ends(const px_block_streams *streams, const px_blocks_chunk *chunk,
                               const px_blocks_request *r, prism_error *error) {
    if (r->planes != chunk->ends[px_blocks_layers(chunk, r->planes) - 1])
        return PRISM_OK;
    for (size_t i = 0; i < r->count; i++)
        if (streams->next[i] != streams->end[i])
            return px_fail(error, PRISM_E_CORRUPT, "block %zu has bytes after its samples",
                           r->numbers[i]);
    return PRISM_OK;
}

static void clear(px_planes *planes, const px_rectangle *place, size_t count) {
    for (size_t k = 0; k < count; k++)
        for (size_t y = place->y; y < place->y + place->height; y++)
            memset(px_plane(planes, k) + y * planes->width + place->x, 0,
                   place->width * sizeof(int16_t));
}

/* Clears those that are empty, and lists the others. */
static size_t skip_empty(size_t numbers[PX_BLOCK_LANES], px_rectangle places[PX_BLOCK_LANES],
                         px_planes *planes, const px_blocks_chunk *chunk,
                         const px_blocks_request *r) {
    size_t count = 0;
    for (size_t i = 0; i < r->count; i++) {
        numbers[count] = r->numbers[i];
        places[count] = r->places[i];
        if (px_blocks_is_empty(chunk, r->numbers[i]))
            clear(planes, &r->places[i], r->planes);
        else
            count++;
    }
    return count;
}

static prism_status read_full(px_blocks_chunk *chunk, px_planes *planes, const px_blocks_request *r,
                              prism_error *error) {
    px_pool pool = {.count = 0};
    px_block_streams streams;
    prism_status status = take_words(&streams, &pool, chunk, r, error);
    for (size_t g = 0; g < chunk->group_count && status == PRISM_OK; g++) {
        const px_blocks_group *group = &chunk->groups[g];
        if (group->first >= r->planes)
            break;
        const size_t wanted = px_smaller(group->count, r->planes - group->first);
        const px_block_places to = {planes, group->first, r->count, r->places};
        const px_bench_request request = {.worker = r->worker,
                                          .group = g,
                                          .planes = wanted,
                                          .size = r->places,
                                          .in_lanes = r->count > 1};
        px_block_bench *bench;
        status = px_blocks_bench(&bench, chunk, &request, error);
        if (status == PRISM_OK)
            status = px_block_decode(bench, &streams, wanted, &to, error);
    }
    if (status == PRISM_OK)
        status = check_ends(&streams, chunk, r, error);
    px_pool_free(&pool);
    return status;
}

prism_status px_blocks_read(px_blocks_chunk *chunk, px_planes *planes, const px_blocks_request *r,
                            prism_error *error) {
    size_t numbers[PX_BLOCK_LANES];
    px_rectangle places[PX_BLOCK_LANES];
    px_blocks_request full = *r;
    full.numbers = numbers;
    full.places = places;
    full.count = skip_empty(numbers, places, planes, chunk, r);
    return full.count ? read_full(chunk, planes, &full, error) : PRISM_OK;
}

/* ---- All of them ---- */

/* Blocks of equal size that are read together: some of `numbers`. */
typedef struct batch {
    size_t first, count;
} batch;

typedef struct reading {
    px_blocks_chunk *chunk;
    px_planes *planes;
    px_blocks_request request; /* but for which blocks, and the worker */
    size_t *numbers;           /* of all blocks, those of equal size one after the other */
    px_rectangle *places;
    batch *batches;
    size_t batch_count;
} reading;

/* As many blocks in each as there are lanes, or fewer where threads would be idle. */
static void cut_batches(reading *r, size_t first, size_t end) {
    const size_t shared = (end - first - 1) / r->chunk->workers + 1;
    const size_t size = px_smaller(shared, PX_BLOCK_LANES);
    for (size_t i = first; i < end; i += size)
        r->batches[r->batch_count++] = (batch){i, px_smaller(size, end - i)};
}

/* Shape after shape. */
static void list_blocks(reading *r) {
    const px_grid_of_blocks *grid = &r->chunk->grid;
    size_t listed = 0;
    for (size_t shape = 0; shape < 4; shape++) {
        const size_t first = listed;
        for (size_t i = 0; i < px_blocks_count(grid); i++) {
            if (px_block_shape(grid, i) != shape)
                continue;
            r->numbers[listed] = i;
            r->places[listed++] = px_block_at(grid, i);
        }
        if (listed > first)
            cut_batches(r, first, listed);
    }
}

static prism_status read_batch(void *context, size_t index, size_t worker, prism_error *error) {
    const reading *r = context;
    const batch *b = &r->batches[index];
    const size_t together = px_blocks_go_together(r->chunk, b->count) ? b->count : 1;
    prism_status status = PRISM_OK;
    for (size_t i = 0; i < b->count && status == PRISM_OK; i += together) {
        px_blocks_request request = r->request;
        request.numbers = r->numbers + b->first + i;
        request.places = r->places + b->first + i;
        request.count = together;
        request.worker = worker;
        status = px_blocks_read(r->chunk, r->planes, &request, error);
    }
    return status;
}

static prism_status read_all(reading *r, prism_error *error) {
    px_pool pool = {.count = 0};
    const size_t blocks = px_blocks_count(&r->chunk->grid);
    r->numbers = px_pool_take(&pool, px_product(blocks, sizeof *r->numbers));
    r->places = px_pool_take(&pool, px_product(blocks, sizeof *r->places));
    r->batches = px_pool_take(&pool, px_product(blocks, sizeof *r->batches));
    prism_status status = px_pool_status(&pool, error);
    if (status == PRISM_OK) {
        list_blocks(r);
        status = px_run(r->batch_count, (int)r->chunk->workers, read_batch, r, error);
    }
    px_pool_free(&pool);
    return status;
}

size_t px_blocks_until(const px_blocks_chunk *chunk, size_t last) {
    return chunk->form.stored ? last + 1 : chunk->planes;
}

/* How many planes must be decoded. */
static size_t planes_of(const px_blocks_chunk *chunk, const px_request *request) {
    size_t last = chunk->planes - 1;
    while (request->wanted && last && !request->wanted[last])
        last--;
    return px_blocks_until(chunk, last);
}

static prism_status decode(px_planes *planes, const px_pipeline *pipeline, px_reader *parameters,
                           px_reader *payload, const px_request *request, prism_error *error) {
    px_blocks_chunk chunk;
    const size_t size = px_reader_left(payload);
    reading r = {.chunk = &chunk, .planes = planes};
    r.request.payload = px_get_bytes(payload, size);
    r.request.payload_size = size;
    prism_status status =
        px_blocks_open(&chunk, planes, pipeline, parameters, size, request->threads, error);
    if (status == PRISM_OK) {
        r.request.planes = planes_of(&chunk, request);
        status = px_blocks_prepare(&chunk, r.request.planes, error);
    }
    if (status == PRISM_OK)
        status = read_all(&r, error);
    px_blocks_free(&chunk);
    return status;
}

static uint64_t group_memory(const px_planes *planes, size_t count, const px_blocks_form *form,
                             bool mixes) {
    const px_grid_of_blocks grid = px_blocks_grid(planes, form);
    const px_rectangle block = px_block_at(&grid, 0);
    px_bench_size size = {
        .block = {grid.side, block.height, block.width}, .lanes = 1, .planes = count};
    const uint64_t single = px_block_bench_memory(&size, mixes);
    size.lanes = PX_BLOCK_LANES;
    const uint64_t lanes = px_blocks_count(&grid) > 1 ? px_block_bench_memory(&size, mixes) : 0;
    return px_model_memory(planes, count, false, mixes, (px_model_sort){.wide = false}) +
           px_shapes_memory() + single + lanes;
}

/* On one thread. */
static uint64_t decode_memory(const px_planes *planes, const px_pipeline *pipeline,
                              px_reader parameters, size_t payload_size) {
    const size_t last = (planes->count - 1) % PX_GROUP + 1;
    const bool mixes = pipeline->transform == PRISM_TRANSFORM_CHANNELS;
    px_blocks_form form;
    if (!read_form(&form, planes, &parameters))
        return 0;
    const px_grid_of_blocks grid = px_blocks_grid(planes, &form);
    const uint64_t full = (planes->count - last) / PX_GROUP, blocks = px_blocks_count(&grid);
    uint64_t bytes = form.layers * (blocks * sizeof(px_block_entry) + sizeof(size_t)) +
                     blocks * (sizeof(size_t) + sizeof(px_rectangle) + sizeof(batch)) +
                     px_rans_memory(payload_size);
    bytes += (full + 1) * (sizeof(px_blocks_group) + sizeof(px_block_benches));
    bytes += full * group_memory(planes, PX_GROUP, &form, mixes);
    return bytes + group_memory(planes, last, &form, mixes && last > 1);
}

const px_coder_stage px_blocks = {
    .encode = px_blocks_encode, .decode = decode, .decode_memory = decode_memory};
