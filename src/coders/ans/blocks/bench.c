#include "coders/ans/blocks/bench.h"

#include <string.h>

#include "base/sizes.h"
#include "base/status.h"
#include "coders/ans/lsq/wave_kernels.h"

/* ---- Memory ---------------------------------------------------------------------------------- */

/* A padded plane of elements of one number for each lane, and a row of zeros that stands for it. */
static void *take_plane(px_block_bench *bench, size_t size) {
    return px_padded_take(&bench->pool, &bench->geometry, size * bench->lanes);
}

static void *take_zeros(px_block_bench *bench, size_t size) {
    return px_zero_row_take(&bench->pool, &bench->geometry, size * bench->lanes);
}

static void take_view(px_block_bench *bench) {
    const bool mixes = bench->model->mixes, many = bench->model->count > 1;
    const size_t stride = bench->geometry.stride * bench->lanes;
    px_view *view = &bench->view;
    view->geometry = bench->geometry;
    view->geometry.stride = stride;
    view->mixed_stride = mixes ? stride : 0;
    view->mixed = mixes ? take_plane(bench, sizeof(int32_t)) : take_zeros(bench, sizeof(int32_t));
    view->running_stride = many ? stride : 0;
    view->running = many ? take_plane(bench, sizeof(int16_t)) : take_zeros(bench, sizeof(int16_t));
    view->logs_stride = stride;
    view->samples = take_plane(bench, sizeof(int16_t));
    view->logs = take_plane(bench, sizeof(int16_t));
    view->errors = take_plane(bench, sizeof(uint16_t));
}

static prism_status take_mixers(px_block_bench *bench, prism_error *error) {
    const px_lsq_model *model = bench->model;
    const size_t pairs = px_mixer_pairs_of_first(model->count, bench->planes);
    bench->samples = px_tiles_take(&bench->pool, &bench->flat, pairs);
    bench->innovations = px_tiles_take(&bench->pool, &bench->flat, pairs);
    prism_status status = px_pool_status(&bench->pool, error);
    if (status == PRISM_OK)
        status = px_mixer_make(&bench->sample_mixer, &bench->pool, &model->samples, &bench->samples,
                               NULL, &bench->flat, false, error);
    return status == PRISM_OK
               ? px_mixer_make(&bench->innovation_mixer, &bench->pool, &model->innovations,
                               &bench->innovations, NULL, &bench->flat, false, error)
               : status;
}

/* A block of 4 x 4 that is decoded alone: it needs no bench but a cell. At the edges of large
 * blocks it is coded by the wavefront, as they are. */
static bool is_cell(const px_bench_size *size) {
    return size->lanes == 1 && !size->words && size->block.side <= PX_SMALL_BLOCK &&
           size->block.height == PX_CELL_SIDE && size->block.width == PX_CELL_SIDE;
}

static size_t edge_bytes(size_t width) {
    return px_product(2, width + PX_WAVE_LANES, sizeof(int32_t));
}

/* Taps of all planes that are coded. */
static void make_waves(px_block_bench *bench, const px_shapes *shapes) {
    for (size_t k = 0; k < bench->model->count; k++) {
        px_sample_wave(&bench->waves[k], &bench->view, bench->model, k);
        px_innovation_wave(&bench->innovation_waves[k], &bench->view, bench->model, k);
        bench->waves[k].shapes = shapes;
        bench->waves[k].edge = bench->edge;
    }
}

static void take_for_encoding(px_block_bench *bench, size_t words) {
    const px_geometry *geometry = &bench->geometry;
    px_pool *pool = &bench->pool;
    const size_t count = bench->model->count;
    bench->span = px_sum(px_product(geometry->tile_count, PX_TILE), 2 * PX_PLANE_GUARD);
    bench->means = take_plane(bench, sizeof *bench->means);
    bench->around = take_zeros(bench, sizeof *bench->around);
    bench->blur = take_zeros(bench, sizeof *bench->blur);
    bench->symbols = px_pool_take(pool, px_product(count, bench->span, sizeof *bench->symbols));
    bench->word_count = words;
    bench->words = px_pool_take(pool, px_product(bench->word_count, sizeof *bench->words));
    bench->words_from = px_pool_take(pool, px_product(count + 1, sizeof *bench->words_from));
}

prism_status px_block_bench_make(px_block_bench *bench, const px_lsq_model *model,
                                 const px_shapes *shapes, const px_bench_size *size,
                                 prism_error *error) {
    const px_block_size *block = &size->block;
    *bench =
        (px_block_bench){.model = model,
                         .lanes = size->lanes,
                         .planes = size->planes,
                         .states = block->side > PX_SMALL_BLOCK ? PX_RANS_LANES : PX_SMALL_STATES,
                         .geometry = px_geometry_make(block->height, block->width),
                         .flat = px_geometry_bare(block->height, block->width * size->lanes)};
    const size_t waves = px_product(model->count, sizeof *bench->waves);
    if (is_cell(size))
        return px_cell_make(&bench->cell, &bench->pool, model, size->planes, error);
    take_view(bench);
    bench->edge = px_pool_take(&bench->pool, edge_bytes(block->width));
    bench->waves = px_pool_take(&bench->pool, waves);
    bench->innovation_waves = px_pool_take(&bench->pool, waves);
    if (size->words)
        take_for_encoding(bench, size->words);
    prism_status status = px_pool_status(&bench->pool, error);
    if (status == PRISM_OK && model->mixes)
        status = take_mixers(bench, error);
    if (status == PRISM_OK)
        make_waves(bench, shapes);
    return status;
}

void px_block_bench_free(px_block_bench *bench) {
    px_pool_free(&bench->pool);
    bench->geometry = (px_geometry){0};
}

uint64_t px_block_bench_memory(const px_bench_size *size, bool mixes) {
    const px_block_size *block = &size->block;
    const size_t count = size->planes, lanes = size->lanes;
    if (is_cell(size))
        return px_cell_memory(count);
    const px_geometry padded = px_geometry_make(block->height, block->width);
    const px_geometry flat = px_geometry_bare(block->height, block->width * lanes);
    const uint64_t mixed = mixes ? px_padded_bytes(&padded, sizeof(int32_t))
                                 : px_zero_row_bytes(&padded, sizeof(int32_t));
    const uint64_t planes = 4 * px_padded_bytes(&padded, sizeof(int16_t)) + mixed;
    const uint64_t mixers = 2 * (px_tiles_bytes(&flat, px_mixer_pairs(count, false)) +
                                 px_mixer_memory(count, 1, false));
    return planes * lanes + 2 * count * sizeof(px_wave) + edge_bytes(block->width) +
           (mixes ? mixers : 0);
}

/* ---- Plane by plane -------------------------------------------------------------------------- */

/* P and E of plane k. */
static void predict(px_block_bench *bench, size_t k) {
    const px_view *view = &bench->view;
    int32_t *bare = view->mixed - bench->geometry.origin * bench->lanes;
    if (!bench->model->mixes)
        return;
    px_mixer_predict(&bench->sample_mixer, &bench->flat, k, bench->model->planes[k].fraction, false,
                     bare);
    px_mixer_predict(&bench->innovation_mixer, &bench->flat, k, 0, true, bare);
    px_spread(&bench->geometry, view->mixed, sizeof *view->mixed * bench->lanes);
}

static void keep(px_block_bench *bench, const px_tiles *tiles, size_t k, int16_t *plane) {
    px_tiles_store(tiles, &bench->flat, k,
                   px_strip(&bench->geometry, plane, sizeof *plane * bench->lanes));
}

static void innovate(px_block_bench *bench, size_t k) {
    const px_wave *wave = &bench->innovation_waves[k];
    if (bench->lanes > 1) {
        px_block_kernels_best()->innovate_lanes(bench->view.logs, wave);
        return;
    }
    px_causal_pads(wave);
    px_wave_kernels_best()->innovations(bench->view.logs, wave);
}

/* The logs of plane k, to the running mean. */
static void run(px_block_bench *bench, size_t k) {
    const px_view *view = &bench->view;
    const size_t stride = view->geometry.stride, length = bench->geometry.width * bench->lanes;
    const int32_t rate = px_running_rate(++bench->coded);
    for (size_t y = 0; y < bench->geometry.height; y++)
        px_wave_kernels_best()->run(view->running + y * stride, view->logs + y * stride, length,
                                    bench->model->planes[k].average, rate);
    px_replicate(&bench->geometry, view->running, sizeof *view->running * bench->lanes);
}

/* What plane k leaves to those after it. The view is used up. */
static void leave(px_block_bench *bench, size_t k) {
    run(bench, k);
    if (!bench->model->mixes)
        return;
    innovate(bench, k);
    keep(bench, &bench->innovations, k, bench->view.logs);
    keep(bench, &bench->samples, k, bench->view.samples);
}

static void clear(const px_block_bench *bench, int16_t *plane) {
    const size_t length = bench->geometry.width * bench->lanes;
    for (size_t y = 0; y < bench->geometry.height; y++)
        memset(plane + y * bench->view.geometry.stride, 0, length * sizeof *plane);
}

/* All samples are the mean: nothing is coded. */
static void leave_constant(px_block_bench *bench, size_t k) {
    if (!bench->model->mixes)
        return;
    clear(bench, bench->view.logs);
    keep(bench, &bench->innovations, k, bench->view.logs);
    keep(bench, &bench->samples, k, bench->view.samples);
}

static bool is_constant(const px_block_bench *bench, size_t k) {
    return bench->model->planes[k].kind == PX_PLANE_CONSTANT;
}

/* Before the first plane. */
static void begin(px_block_bench *bench) {
    const px_view *view = &bench->view;
    bench->coded = 0;
    if (!view->running_stride)
        return;
    clear(bench, view->running);
    px_replicate(&bench->geometry, view->running, sizeof *view->running * bench->lanes);
}

/* ---- Encoding -------------------------------------------------------------------------------- */

static int32_t *symbols_of(const px_block_bench *bench, size_t k) {
    return bench->symbols + k * bench->span + PX_PLANE_GUARD + bench->geometry.origin;
}

static int16_t *place_of(const px_block_bench *bench, const px_block_places *places, size_t k,
                         size_t block) {
    const px_planes *planes = places->planes;
    const px_rectangle *at = &places->blocks[block];
    return px_plane(planes, places->first + bench->model->order[k]) + at->y * planes->width + at->x;
}

static void load(const px_block_bench *bench, size_t k, const px_block_places *from) {
    const int mean = bench->model->planes[k].mean;
    const int16_t *samples = place_of(bench, from, k, 0);
    for (size_t y = 0; y < bench->geometry.height; y++, samples += from->planes->width)
        for (size_t x = 0; x < bench->geometry.width; x++)
            bench->view.samples[y * bench->geometry.stride + x] = (int16_t)(samples[x] - mean);
}

static void find_symbols(px_block_bench *bench, size_t k) {
    const px_wave_kernels *kernels = px_wave_kernels_best();
    const px_wave *wave = &bench->waves[k];
    int32_t *symbols = symbols_of(bench, k);
    px_causal_pads(wave);
    kernels->means(bench->means, wave);
    kernels->errors(wave, bench->means);
    px_causal_error_pads(wave);
    for (size_t y = 0; y < wave->height; y++) {
        kernels->contexts(bench->around, bench->blur, wave, y);
        kernels->symbols(symbols, wave, bench->means, bench->around, bench->blur, y);
    }
}

static void write_plane(px_block_bench *bench, size_t k, const px_block_places *from,
                        px_rans_stream *stream) {
    load(bench, k, from); /* for low bits */
    if (bench->states == PX_SMALL_STATES)
        px_block_kernels_best()->encode(&bench->waves[k], symbols_of(bench, k), stream);
    else
        px_wave_kernels_best()->encode(&bench->waves[k], symbols_of(bench, k), true, stream);
}

/* The decoder reads what was written last. */
static px_rans_stream write_symbols(px_block_bench *bench, const px_block_places *from) {
    uint16_t *end = bench->words + bench->word_count;
    px_rans_stream stream = {.begin = bench->words, .head = end, .end = end};
    px_rans_start(&stream, bench->states);
    bench->words_from[bench->model->count] = 0;
    for (size_t k = bench->model->count; k-- > 0;) {
        if (!is_constant(bench, k))
            write_plane(bench, k, from, &stream);
        bench->words_from[k] = (size_t)(stream.end - stream.head);
    }
    px_rans_put_states(&stream);
    bench->words_from[0] = (size_t)(stream.end - stream.head);
    return stream;
}

px_rans_stream px_block_encode(px_block_bench *bench, const px_block_places *from) {
    begin(bench);
    for (size_t k = 0; k < bench->model->count; k++) {
        predict(bench, k);
        load(bench, k, from);
        const bool constant = is_constant(bench, k);
        if (!constant)
            find_symbols(bench, k);
        if (k + 1 < bench->model->count)
            (constant ? leave_constant : leave)(bench, k);
    }
    return write_symbols(bench, from);
}

/* ---- Decoding -------------------------------------------------------------------------------- */

static void store_cell(const px_block_bench *bench, size_t planes, const px_block_places *to) {
    const int16_t *from = bench->cell->samples;
    for (size_t k = 0; k < planes; k++) {
        int16_t *samples = place_of(bench, to, k, 0);
        for (size_t y = 0; y < PX_CELL_SIDE; y++, from += PX_CELL_SIDE)
            memcpy(samples + y * to->planes->width, from, PX_CELL_SIDE * sizeof *from);
    }
}

static void store(const px_block_bench *bench, size_t k, const px_block_places *to) {
    const int mean = bench->model->planes[k].mean;
    const unsigned depth = bench->model->depth;
    for (size_t i = 0; i < to->count; i++) {
        const int16_t *from = bench->view.samples + i;
        int16_t *samples = place_of(bench, to, k, i);
        for (size_t y = 0; y < bench->geometry.height; y++) {
            for (size_t x = 0; x < bench->geometry.width; x++)
                samples[x] = px_wrap(from[x * bench->lanes] + mean, depth);
            from += bench->view.geometry.stride;
            samples += to->planes->width;
        }
    }
}

static bool begin_streams(const px_block_bench *bench, px_block_streams *s) {
    s->count = bench->states;
    for (size_t i = 0; i < bench->lanes; i++) {
        if (s->end[i] - s->next[i] < (int32_t)(2 * bench->states))
            return false;
        for (size_t n = 0; n < bench->states; n++, s->next[i] += 2)
            s->states[n][i] = s->words[s->next[i]] | (uint32_t)s->words[s->next[i] + 1] << 16;
    }
    return true;
}

/* With all planes the states have come back to where encoding began. */
static bool have_ended(const px_block_bench *bench, const px_block_streams *s, size_t planes) {
    const bool all = planes == bench->model->count;
    for (size_t i = 0; i < bench->lanes; i++) {
        if (s->next[i] > s->end[i])
            return false;
        for (size_t n = 0; all && n < bench->states; n++)
            if (s->states[n][i] != 1u << PX_STATE_BITS)
                return false;
    }
    return true;
}

/* The only stream, as the coders of one block have it, and back. */
static px_rans_stream only_stream(const px_block_streams *s) {
    px_rans_stream stream = {
        .count = s->count, .words = s->words + s->next[0], .end = s->words + s->end[0]};
    for (size_t n = 0; n < s->count; n++)
        stream.states[n] = s->states[n][0];
    return stream;
}

static void keep_stream(px_block_streams *s, const px_rans_stream *stream) {
    s->next[0] = (int32_t)(stream->words - s->words);
    for (size_t n = 0; n < s->count; n++)
        s->states[n][0] = stream->states[n];
}

static void decode_alone(const px_wave *wave, px_block_streams *s) {
    px_rans_stream stream = only_stream(s);
    if (s->count == PX_SMALL_STATES)
        px_block_kernels_best()->decode(wave, &stream);
    else
        px_wave_kernels_best()->decode(wave, &stream);
    keep_stream(s, &stream);
}

static void decode_cell(px_block_bench *bench, px_block_streams *s, size_t planes,
                        const px_block_places *to) {
    px_rans_stream stream = only_stream(s);
    px_cell_kernels_best()->decode(bench->cell, planes, &stream);
    keep_stream(s, &stream);
    store_cell(bench, planes, to);
}

static void decode_plane(px_block_bench *bench, px_block_streams *streams, size_t k) {
    if (is_constant(bench, k))
        clear(bench, bench->view.samples);
    else if (bench->lanes > 1)
        px_block_kernels_best()->decode_lanes(&bench->waves[k], streams);
    else
        decode_alone(&bench->waves[k], streams);
}

static void decode_planes(px_block_bench *bench, px_block_streams *streams, size_t planes,
                          const px_block_places *to) {
    begin(bench);
    for (size_t k = 0; k < planes; k++) {
        predict(bench, k);
        decode_plane(bench, streams, k);
        store(bench, k, to);
        if (k + 1 < planes)
            (is_constant(bench, k) ? leave_constant : leave)(bench, k);
    }
}

prism_status px_block_decode(px_block_bench *bench, px_block_streams *streams, size_t planes,
                             const px_block_places *to, prism_error *error) {
    if (!begin_streams(bench, streams))
        return px_fail(error, PRISM_E_CORRUPT, "the coded samples of a block have no beginning");
    if (bench->cell)
        decode_cell(bench, streams, planes, to);
    else
        decode_planes(bench, streams, planes, to);
    return have_ended(bench, streams, planes)
               ? PRISM_OK
               : px_fail(error, PRISM_E_CORRUPT, "the coded samples of a block do not end well");
}
