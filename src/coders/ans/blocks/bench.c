#include "coders/ans/blocks/bench.h"

#include <string.h>

#include "base/sizes.h"
#include "base/status.h"
#include "coders/ans/lsq/wave_kernels.h"

enum { SAMPLE_WORDS = 5, STATE_WORDS = 2 * PX_BLOCK_STATES };

static prism_status take_for_encoding(px_block_bench *bench, prism_error *error) {
    const px_geometry *geometry = &bench->group.full.geometry;
    px_pool *pool = &bench->pool;
    const size_t count = bench->model.count;
    bench->span = px_sum(px_product(geometry->tile_count, PX_TILE), 2 * PX_PLANE_GUARD);
    bench->means = px_padded_take(pool, geometry, sizeof *bench->means);
    bench->around = px_zero_row_take(pool, geometry, sizeof *bench->around);
    bench->blur = px_zero_row_take(pool, geometry, sizeof *bench->blur);
    bench->symbols = px_pool_take(pool, px_product(count, bench->span, sizeof *bench->symbols));
    bench->word_count =
        px_sum(px_product(count, geometry->height * geometry->width, SAMPLE_WORDS), STATE_WORDS);
    bench->words = px_pool_take(pool, px_product(bench->word_count, sizeof *bench->words));
    return px_pool_status(pool, error);
}

static prism_status make_mixers(px_block_bench *bench, prism_error *error) {
    px_lsq_group *group = &bench->group;
    const px_lsq_model *model = &bench->model;
    if (!model->mixes)
        return PRISM_OK;
    prism_status status =
        px_mixer_make(&group->sample_mixer, &group->pool, &model->samples, &group->samples,
                      &group->couples, &group->full.geometry, false, error);
    return status == PRISM_OK
               ? px_mixer_make(&group->innovation_mixer, &group->pool, &model->innovations,
                               &group->innovations, NULL, &group->full.geometry, false, error)
               : status;
}

prism_status px_block_bench_make(px_block_bench *bench, const px_lsq_model *model, size_t height,
                                 size_t width, bool decoding, prism_error *error) {
    *bench = (px_block_bench){.model = *model};
    bench->model.height = height;
    bench->model.width = width;
    prism_status status = px_lsq_group_make(&bench->group, &bench->model, true, error);
    if (status == PRISM_OK)
        status = make_mixers(bench, error);
    if (status == PRISM_OK && !decoding)
        status = take_for_encoding(bench, error);
    return status;
}

void px_block_bench_free(px_block_bench *bench) {
    px_lsq_group_free(&bench->group);
    px_pool_free(&bench->pool);
}

uint64_t px_block_bench_memory(size_t height, size_t width, size_t count, bool mixes) {
    const px_planes block = {.count = count, .height = height, .width = width};
    const px_geometry geometry = px_geometry_make(height, width);
    return px_lsq_group_memory(&block, count, false, mixes, false).all +
           px_padded_bytes(&geometry, sizeof(uint16_t)) +
           (mixes ? 2 * px_mixer_memory(count, 1) : 0);
}

/* ---- Plane by plane -------------------------------------------------------------------------- */

/* P and E of plane k. */
static void predict(px_block_bench *bench, size_t k) {
    px_lsq_group *group = &bench->group;
    const px_view *view = &group->full;
    if (!bench->model.mixes)
        return;
    int32_t *mixed = view->mixed - view->geometry.origin + group->tiled.origin;
    px_mixer_predict(&group->sample_mixer, &group->tiled, k, bench->model.planes[k].fraction, false,
                     mixed);
    px_mixer_predict(&group->innovation_mixer, &group->tiled, k, 0, true, mixed);
    px_spread_couples(&view->geometry, view->mixed);
}

static void keep(px_block_bench *bench, const px_tiles *tiles, size_t k, int16_t *plane) {
    px_tiles_store(tiles, &bench->group.tiled, k,
                   px_strip_pads(&bench->group.full.geometry, plane));
}

/* What plane k leaves to those after it. The view is used up. */
static void leave(px_block_bench *bench, size_t k) {
    px_lsq_group *group = &bench->group;
    const px_view *view = &group->full;
    px_wave wave;
    if (k + 1 == bench->model.count)
        return;
    px_running_update(group, bench->model.planes[k].average);
    if (!bench->model.mixes)
        return;
    px_innovation_wave(&wave, view, &bench->model, k);
    px_wave_kernels_best()->innovations(view->logs, &wave);
    keep(bench, &group->innovations, k, view->logs);
    keep(bench, &group->samples, k, view->samples);
}

static void clear(const px_geometry *geometry, int16_t *plane) {
    for (size_t y = 0; y < geometry->height; y++)
        memset(plane + y * geometry->stride, 0, geometry->width * sizeof *plane);
}

/* All samples are the mean: nothing is coded. */
static void leave_constant(px_block_bench *bench, size_t k) {
    px_lsq_group *group = &bench->group;
    const px_view *view = &group->full;
    if (!bench->model.mixes || k + 1 == bench->model.count)
        return;
    clear(&view->geometry, view->logs);
    keep(bench, &group->innovations, k, view->logs);
    keep(bench, &group->samples, k, view->samples);
}

static bool is_constant(const px_block_bench *bench, size_t k) {
    return bench->model.planes[k].kind == PX_PLANE_CONSTANT;
}

/* Before the first plane. */
static void begin(px_block_bench *bench) {
    const px_view *view = &bench->group.full;
    bench->group.coded = 0;
    if (!view->running_stride)
        return;
    clear(&view->geometry, view->running);
    px_replicate_pads(&view->geometry, view->running);
}

/* ---- Encoding -------------------------------------------------------------------------------- */

static int32_t *symbols_of(const px_block_bench *bench, size_t k) {
    return bench->symbols + k * bench->span + PX_PLANE_GUARD + bench->group.full.geometry.origin;
}

static void load(const px_block_bench *bench, size_t k, const px_planes *planes, size_t first,
                 const px_rectangle *block) {
    const px_view *view = &bench->group.full;
    const int mean = bench->model.planes[k].mean;
    const int16_t *from =
        px_plane(planes, first + bench->model.order[k]) + block->y * planes->width + block->x;
    for (size_t y = 0; y < block->height; y++, from += planes->width)
        for (size_t x = 0; x < block->width; x++)
            view->samples[y * view->geometry.stride + x] = (int16_t)(from[x] - mean);
}

static void find_symbols(px_block_bench *bench, size_t k) {
    const px_wave_kernels *kernels = px_wave_kernels_best();
    px_wave wave;
    px_sample_wave(&wave, &bench->group.full, &bench->model, k);
    px_causal_pads(&wave);
    kernels->means(bench->means, &wave);
    kernels->errors(&wave, bench->means);
    px_causal_error_pads(&wave);
    for (size_t y = 0; y < wave.height; y++) {
        kernels->contexts(bench->around, bench->blur, &wave, y);
        kernels->symbols(symbols_of(bench, k), &wave, bench->means, bench->around, bench->blur, y);
    }
}

void px_block_prepare(px_block_bench *bench, const px_planes *planes, size_t first,
                      const px_rectangle *block) {
    begin(bench);
    for (size_t k = 0; k < bench->model.count; k++) {
        predict(bench, k);
        load(bench, k, planes, first, block);
        if (is_constant(bench, k)) {
            leave_constant(bench, k);
            continue;
        }
        find_symbols(bench, k);
        leave(bench, k);
    }
}

/* The decoder reads what was written last. */
px_rans_stream px_block_write(px_block_bench *bench, const px_planes *planes, size_t first,
                              const px_rectangle *block, const px_shapes *shapes) {
    px_rans_stream stream = {.begin = bench->words,
                             .head = bench->words + bench->word_count,
                             .end = bench->words + bench->word_count};
    px_rans_start(&stream, PX_BLOCK_STATES);
    for (size_t k = bench->model.count; k-- > 0;) {
        if (is_constant(bench, k))
            continue;
        px_wave wave;
        load(bench, k, planes, first, block);
        px_sample_wave(&wave, &bench->group.full, &bench->model, k);
        wave.shapes = shapes;
        px_block_kernels_best()->encode(&wave, symbols_of(bench, k), &stream);
    }
    px_rans_put_states(&stream);
    return stream;
}

/* ---- Decoding -------------------------------------------------------------------------------- */

static void store(const px_block_bench *bench, size_t k, px_planes *planes, size_t first,
                  const px_rectangle *block) {
    const px_view *view = &bench->group.full;
    const int mean = bench->model.planes[k].mean;
    int16_t *to =
        px_plane(planes, first + bench->model.order[k]) + block->y * planes->width + block->x;
    for (size_t y = 0; y < block->height; y++, to += planes->width)
        for (size_t x = 0; x < block->width; x++)
            to[x] =
                px_wrap(view->samples[y * view->geometry.stride + x] + mean, bench->model.depth);
}

prism_status px_block_read(px_block_bench *bench, const px_shapes *shapes, px_rans_stream *stream,
                           px_planes *planes, size_t first, const px_rectangle *block,
                           prism_error *error) {
    const px_view *view = &bench->group.full;
    stream->count = PX_BLOCK_STATES;
    if (!px_rans_begin(stream))
        return px_fail(error, PRISM_E_CORRUPT, "the coded samples of a block have no beginning");
    begin(bench);
    for (size_t k = 0; k < bench->model.count; k++) {
        px_wave wave;
        predict(bench, k);
        if (is_constant(bench, k)) {
            clear(&view->geometry, view->samples);
            store(bench, k, planes, first, block);
            leave_constant(bench, k);
            continue;
        }
        px_sample_wave(&wave, view, &bench->model, k);
        wave.shapes = shapes;
        px_block_kernels_best()->decode(&wave, stream);
        store(bench, k, planes, first, block);
        leave(bench, k);
    }
    return px_rans_ended(stream)
               ? PRISM_OK
               : px_fail(error, PRISM_E_CORRUPT, "the coded samples of a block do not end well");
}
