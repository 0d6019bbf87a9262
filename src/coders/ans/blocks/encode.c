/* Models are fitted to all blocks side by side, as one picture that is as high as a block: so fits
 * know what stands above and below blocks; left and right of small ones are pads
 * (lsq/block_row.c).
 */
#include "coders/ans/blocks/blocks.h"

#include <stdlib.h>
#include <string.h>

#include "base/sizes.h"
#include "base/status.h"
#include "base/threads.h"
#include "coders/ans/blocks/chunk.h"
#include "coders/ans/lsq/block_row.h"
#include "coders/ans/lsq/encoder.h"

/* Whether nothing in a block is data. */
static bool is_empty(const px_planes *planes, const px_rectangle *block) {
    const px_holes *holes = planes->holes;
    for (size_t k = 0; holes && k < holes->count; k++)
        for (size_t y = block->y; y < block->y + block->height; y++)
            if (memchr(px_holes_of(holes, k) + y * holes->width + block->x, PX_HOLE_NONE,
                       block->width))
                return false;
    return holes != NULL;
}

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

/* Blocks that models are fitted to: those that are not empty. */
typedef struct full_blocks {
    px_rectangle *places; /* of whole blocks; owned */
    size_t count;
} full_blocks;

static prism_status list_full(full_blocks *list, const px_planes *planes,
                              const px_grid_of_blocks *grid, prism_error *error) {
    const size_t blocks = px_blocks_count(grid);
    *list = (full_blocks){.places = px_alloc(blocks, sizeof *list->places)};
    if (!list->places)
        return px_out_of_memory(error, blocks * sizeof *list->places);
    for (size_t i = 0; i < blocks; i++) {
        const px_rectangle block = px_block_at(grid, i);
        if (!is_empty(planes, &block))
            list->places[list->count++] = whole_block(grid, i);
    }
    return PRISM_OK;
}

/* Pads take time, and large blocks hardly gain by them. Planes that are alone have nothing to say
 * of them: there taps that continue an edge exactly are worth more. */
static bool has_pads(const px_blocks_group *group, const px_rectangle *block) {
    enum { LARGEST = 16 };
    return group->model.mixes && block->height <= LARGEST && block->width <= LARGEST;
}

static prism_status fit(px_blocks_group *group, const px_planes *planes, const full_blocks *blocks,
                        const px_task *task, prism_error *error) {
    px_planes row;
    px_lsq_encoder encoder;
    const px_rectangle *block = &blocks->places[0];
    const px_block_list list = {blocks->places, blocks->count, has_pads(group, block)};
    const px_group_task fitted = {.count = group->count,
                                  .mixes = group->model.mixes,
                                  .blocks = true,
                                  .block_width = list.pads ? block->width : 0,
                                  .stored = task->pipeline.stored,
                                  .threads = task->pipeline.threads,
                                  .effort = task->effort,
                                  .limit = task->limit};
    prism_status status = px_block_row_make(&row, planes, group->first, group->count, &list,
                                            task->pipeline.threads, error);
    if (status != PRISM_OK) {
        px_planes_free(&row);
        return status;
    }
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

/* ---- Layers ---- */

/* How many times as many planes as before there are after a layer, or 1 for one more: so that the
 * index stays small beside what it says. */
static size_t growth_of(size_t positions) {
    enum { SMALL = 256, LARGE = 4096 };
    return positions < SMALL ? 4 : positions < LARGE ? 2 : 1;
}

/* After the first layer: one plane, or as many as have so many samples in a block. */
static size_t first_end(size_t positions) {
    enum { SAMPLES = 64 };
    return (SAMPLES - 1) / positions + 1;
}

/* The number of layers, and where they end if `ends` is not NULL. */
static size_t plan_layers(size_t *ends, const px_planes *planes, const px_blocks_form *form) {
    const px_grid_of_blocks grid = px_blocks_grid(planes, form);
    const px_rectangle block = px_block_at(&grid, 0);
    const size_t positions = block.height * block.width, growth = growth_of(positions);
    size_t layers = 0, end = first_end(positions);
    for (; form->stored && end<planes->count; end = growth> 1 ? growth * end : end + 1) {
        if (ends)
            ends[layers] = end;
        layers++;
    }
    if (ends)
        ends[layers] = planes->count;
    return layers + 1;
}

/* ---- Blocks ---- */

/* The layers of some blocks that follow each other. */
typedef struct run {
    size_t first, end;
    px_buffer *layers;
} run;

typedef struct writing {
    px_blocks_chunk *chunk;
    const px_planes *planes;
    size_t limit; /* as in px_task */
    run *runs;
    size_t run_count;
} writing;

/* Words of a block's group before plane k of it; the states are those of the first plane. */
static size_t words_before(const px_block_bench *bench, size_t k) {
    return k ? bench->words_from[0] - bench->words_from[k] : 0;
}

/* The words of a group, to the layers of its planes. */
static void put_layers(const writing *w, const run *r, const px_blocks_group *group,
                       const px_block_bench *bench, px_rans_stream *stream) {
    const size_t *ends = w->chunk->ends, group_end = group->first + group->count;
    uint16_t *words = stream->head;
    for (size_t l = 0, first = 0; l < w->chunk->form.layers; first = ends[l++]) {
        const size_t from = first > group->first ? first : group->first;
        const size_t to = px_smaller(ends[l], group_end);
        if (from >= to)
            continue;
        stream->head = words + words_before(bench, from - group->first);
        stream->end = words + words_before(bench, to - group->first);
        px_rans_put(&r->layers[l], stream);
    }
}

/* As many as samples may take, or as are wanted at all; with what the wavefront may need at a time.
 */
static size_t words_of(const px_blocks_group *group, const px_rectangle *block, size_t limit) {
    enum { SAMPLE_WORDS = 5, SLACK = 1 << 13 };
    const size_t most = px_product(group->count, block->height, block->width, SAMPLE_WORDS);
    return px_sum(px_smaller(most, limit / 2), SLACK);
}

static prism_status write_groups(const writing *w, const run *r, const px_rectangle *block,
                                 size_t worker, prism_error *error) {
    prism_status status = PRISM_OK;
    for (size_t g = 0; g < w->chunk->group_count && status == PRISM_OK; g++) {
        const px_blocks_group *group = &w->chunk->groups[g];
        const px_block_places from = {w->planes, group->first, 1, block};
        const px_bench_request request = {.worker = worker,
                                          .group = g,
                                          .planes = group->count,
                                          .size = block,
                                          .words = words_of(group, block, w->limit)};
        px_block_bench *bench;
        status = px_blocks_bench(&bench, w->chunk, &request, error);
        if (status != PRISM_OK)
            return status;
        px_rans_stream stream = px_block_encode(bench, &from);
        if (stream.failed)
            px_buffer_exceed(&r->layers[0], w->limit);
        else
            put_layers(w, r, group, bench, &stream);
    }
    return status;
}

static prism_status write_block(const writing *w, const run *r, size_t index, size_t worker,
                                prism_error *error) {
    const px_blocks_chunk *chunk = w->chunk;
    const px_rectangle block = px_block_at(&chunk->grid, index);
    for (size_t l = 0; l < chunk->form.layers; l++)
        px_blocks_entry(chunk, l, index)->offset = r->layers[l].size;
    prism_status status =
        is_empty(w->planes, &block) ? PRISM_OK : write_groups(w, r, &block, worker, error);
    for (size_t l = 0; l < chunk->form.layers && status == PRISM_OK; l++) {
        px_block_entry *entry = px_blocks_entry(chunk, l, index);
        status = px_buffer_status(&r->layers[l], error);
        if (status != PRISM_OK)
            break;
        entry->size = r->layers[l].size - entry->offset;
        if (entry->size)
            entry->check =
                px_block_check(chunk, l, index, r->layers[l].data + entry->offset, entry->size);
    }
    return status;
}

static size_t run_size(const writing *w, const run *r) {
    size_t size = 0;
    for (size_t l = 0; l < w->chunk->form.layers; l++)
        size = px_sum(size, r->layers[l].size);
    return size;
}

static prism_status write_run(void *context, size_t index, size_t worker, prism_error *error) {
    const writing *w = context;
    const run *r = &w->runs[index];
    prism_status status = PRISM_OK;
    for (size_t i = r->first; i < r->end && status == PRISM_OK && run_size(w, r) <= w->limit; i++)
        status = write_block(w, r, i, worker, error);
    return status;
}

/* Moves the first bytes, and copies others behind them. */
static void append(px_buffer *to, px_buffer *from) {
    if (to->size || to->failed) {
        px_put_bytes(to, from->data, from->size);
    } else {
        px_buffer_free(to);
        *to = *from;
        *from = (px_buffer){.size = 0};
    }
    px_buffer_free(from);
}

/* Layer after layer, each of all blocks. */
static void append_runs(const writing *w, px_buffer *payload) {
    for (size_t l = 0; l < w->chunk->form.layers; l++)
        for (size_t i = 0; i < w->run_count; i++)
            append(payload, &w->runs[i].layers[l]);
}

static prism_status write_blocks(px_blocks_chunk *chunk, const px_planes *planes, size_t limit,
                                 px_buffer *payload, prism_error *error) {
    enum { RUNS = 8 /* of a thread: where one has to wait for the others, it is not for long */ };
    const size_t blocks = px_blocks_count(&chunk->grid), layers = chunk->form.layers;
    const size_t runs = chunk->workers > 1 ? px_smaller(RUNS * chunk->workers, blocks) : 1;
    px_pool pool = {.count = 0};
    writing w = {.chunk = chunk, .planes = planes, .limit = limit, .run_count = runs};
    w.runs = px_pool_take(&pool, px_product(runs, sizeof *w.runs));
    px_buffer *buffers = px_pool_take_zeroed(&pool, px_product(runs, layers, sizeof *buffers));
    prism_status status = px_pool_status(&pool, error);
    if (status != PRISM_OK) {
        px_pool_free(&pool);
        return status;
    }
    for (size_t i = 0; i < runs; i++)
        w.runs[i] = (run){blocks * i / runs, blocks * (i + 1) / runs, buffers + i * layers};
    status = px_run(runs, (int)chunk->workers, write_run, &w, error);
    if (status == PRISM_OK)
        append_runs(&w, payload);
    for (size_t i = 0; i < runs * layers; i++)
        px_buffer_free(&buffers[i]);
    px_pool_free(&pool);
    return status;
}

/* ---- The chunk ---- */

static void write_form(const px_blocks_chunk *chunk, px_buffer *out) {
    px_put_u8(out, (uint8_t)(chunk->form.side | (chunk->form.stored ? PX_BLOCKS_STORED : 0)));
    if (!chunk->form.stored)
        return;
    px_put_varint(out, chunk->form.layers);
    for (size_t l = 0; l + 1 < chunk->form.layers; l++)
        px_put_varint(out, chunk->ends[l] - (l ? chunk->ends[l - 1] : 0));
}

static void write_index(const px_blocks_chunk *chunk, px_buffer *out) {
    const size_t count = chunk->form.layers * px_blocks_count(&chunk->grid);
    for (size_t i = 0; i < count; i++) {
        px_put_varint(out, chunk->entries[i].size / 2);
        if (!chunk->entries[i].size)
            continue;
        px_put_u8(out, (uint8_t)chunk->entries[i].check);
        px_put_u8(out, (uint8_t)(chunk->entries[i].check >> 8));
    }
}

bool px_blocks_suit(const px_planes *planes, int side, bool stored) {
    const bool cut = side && (planes->height > (size_t)side || planes->width > (size_t)side);
    return px_plane_size(planes) > PX_GROUP && (cut || (stored && planes->count > 1));
}

static prism_status fit_groups(px_blocks_chunk *chunk, const px_planes *planes, const px_task *task,
                               px_buffer *out, prism_error *error) {
    full_blocks blocks;
    prism_status status = list_full(&blocks, planes, &chunk->grid, error);
    for (size_t g = 0; g < chunk->group_count && status == PRISM_OK; g++) {
        px_blocks_group *group = &chunk->groups[g];
        status = fit(group, planes, &blocks, task, error);
        if (status != PRISM_OK)
            break;
        px_model_write(&group->model, out);
        group->shapes = px_shapes_make(&group->pool, group->model.shapes, NULL);
        status = px_pool_status(&group->pool, error);
    }
    free(blocks.places);
    return status;
}

/* Pictures that are one block of that side are a block as they are. */
static px_blocks_form form_of(const px_planes *planes, const px_pipeline *pipeline) {
    const size_t side = (size_t)pipeline->block;
    const bool cut = planes->height > side || planes->width > side;
    px_blocks_form form = {.side = cut ? side : 0, .stored = pipeline->stored};
    form.layers = plan_layers(NULL, planes, &form);
    return form;
}

prism_status px_blocks_encode(const px_planes *planes, const px_task *task, px_coded *out,
                              prism_error *error) {
    const px_pipeline *pipeline = &task->pipeline;
    const bool mixes = pipeline->transform == PRISM_TRANSFORM_CHANNELS;
    const px_blocks_form form = form_of(planes, pipeline);
    const px_grid_of_blocks grid = px_blocks_grid(planes, &form);
    px_buffer *parameters = &out->sections.parameters, *payload = &out->sections.payload;
    px_blocks_chunk chunk;
    prism_status status = px_blocks_make(
        &chunk, planes, &form, mixes, px_workers(px_blocks_count(&grid), pipeline->threads), error);
    if (planes->count == 1)
        out->pipeline.transform = PRISM_TRANSFORM_NONE;
    if (status == PRISM_OK) {
        plan_layers(chunk.ends, planes, &form);
        write_form(&chunk, parameters);
        status = fit_groups(&chunk, planes, task, parameters, error);
    }
    if (status == PRISM_OK)
        status = write_blocks(&chunk, planes, task->limit, payload, error);
    if (status == PRISM_OK)
        write_index(&chunk, parameters);
    px_blocks_free(&chunk);
    return status;
}
