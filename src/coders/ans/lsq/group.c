#include "coders/ans/lsq/group.h"

#include <string.h>

#include "base/rounding.h"
#include "coders/ans/lsq/wave_kernels.h"
#include "entropy/quick_shapes.h"

enum { RUNNING_WINDOW = 40 }; /* planes; longer means gain nothing, shorter ones lose */

/* Innovations are for planes that are predicted from them. */
static bool has_innovations(bool mixes, bool quick) {
    return mixes && !quick;
}

static void take_mixed(px_view *view, px_pool *pool, bool rows) {
    view->mixed_stride = rows ? view->geometry.stride : 0;
    view->mixed =
        (rows ? px_padded_take : px_zero_row_take)(pool, &view->geometry, sizeof(int32_t));
}

static void take_running(px_view *view, px_pool *pool, bool rows) {
    view->running_stride = rows ? view->geometry.stride : 0;
    view->running =
        (rows ? px_padded_take : px_zero_row_take)(pool, &view->geometry, sizeof(int16_t));
}

/* Sums over positions are the same with the pads or without: pads of the sums repeat their edges as
 * those of the planes do. Wide models need them, and fits of encoders count them. */
static px_geometry tiled_geometry(const px_geometry *full, bool decoding, bool wide) {
    return decoding && !wide ? px_geometry_bare(full->height, full->width) : *full;
}

static px_geometry full_geometry(size_t height, size_t width, size_t count, bool decoding) {
    return (decoding && count == 1 ? px_geometry_open : px_geometry_make)(height, width);
}

static bool is_couple(size_t count, bool mixes, bool decoding) {
    return decoding && mixes && count == 2;
}

/* Of a plane alone, nobody asks for the logs, and what nothing is said by is one row of zeros. */
static uint64_t lone_bytes(const px_geometry *full) {
    return px_padded_bytes(full, sizeof(int16_t)) + px_zero_row_bytes(full, sizeof(int32_t)) +
           px_zero_row_bytes(full, sizeof(int16_t));
}

/* What planes of a group have in common, but tiles. */
static uint64_t view_bytes(const px_geometry *full, size_t count, bool mixes, bool halves) {
    const px_geometry half = px_geometry_halved(full, (px_phase){1, 1});
    const uint64_t plane = px_padded_bytes(full, sizeof(int16_t));
    const uint64_t said =
        mixes ? px_padded_bytes(full, sizeof(int32_t)) : px_zero_row_bytes(full, sizeof(int32_t));
    if (count == 1)
        return lone_bytes(full);
    return is_couple(count, mixes, true)
               ? 2 * plane + said + px_zero_row_bytes(full, sizeof(int32_t))
               : 3 * plane + said + (halves ? px_padded_bytes(&half, sizeof(int16_t)) : 0);
}

px_group_bytes px_lsq_group_memory(const px_planes *planes, size_t count, bool quick, bool mixes,
                                   px_model_sort sort) {
    const bool wide = sort.wide;
    const px_geometry full = full_geometry(planes->height, planes->width, count, true);
    const px_geometry tiled = tiled_geometry(&full, true, wide);
    const size_t pairs = px_mixer_pairs(count, wide);
    const uint64_t kept = !mixes ? 0
                          : wide ? px_couples_bytes(&full, pairs)
                                 : px_tiles_bytes(&tiled, pairs);
    px_group_bytes bytes = {.all = kept + view_bytes(&full, count, mixes, sort.halves),
                            .kept = kept + px_padded_bytes(&full, sizeof(int16_t))};
    if (quick)
        bytes.all += px_two_rows_bytes(&full, sizeof(uint16_t));
    if (has_innovations(mixes, quick) && (!is_couple(count, mixes, true) || wide))
        bytes.all += px_tiles_bytes(&tiled, px_mixer_pairs(count, false));
    return bytes;
}

static size_t pairs_of(const px_lsq_group *group, bool wide) {
    const size_t count = group->model->count;
    return group->decoding ? px_mixer_pairs(count, wide) : (count + 1) / 2;
}

/* One plane is kept of samples and one of innovations. */
static bool shares_tiles(const px_lsq_group *group) {
    return group->couple && !group->model->wide && !group->model->quick;
}

static void take_logs(px_lsq_group *group) {
    px_view *view = &group->full;
    const bool alone = group->decoding && group->model->count == 1;
    view->logs_stride = alone ? 0 : view->geometry.stride;
    if (group->couple)
        group->spare_row =
            px_zero_row_take(&group->pool, &view->geometry, sizeof *group->spare_row);
    else
        view->logs = (alone ? px_zero_row_take : px_padded_take)(&group->pool, &view->geometry,
                                                                 sizeof *view->logs);
}

prism_status px_lsq_group_make(px_lsq_group *group, const px_lsq_model *model, bool decoding,
                               prism_error *error) {
    const px_geometry geometry = full_geometry(model->height, model->width, model->count, decoding);
    *group = (px_lsq_group){.model = model, .decoding = decoding, .full.geometry = geometry};
    px_pool *pool = &group->pool, *kept = decoding ? &group->kept : &group->tiles;
    px_view *view = &group->full;
    group->tiled = tiled_geometry(&geometry, decoding, model->wide);
    group->couple = is_couple(model->count, model->mixes, decoding);
    take_mixed(view, pool, model->mixes && decoding);
    if (decoding && model->count == 1)
        view->running = (int16_t *)view->mixed; /* zeros */
    else
        take_running(view, pool, model->count > 1);
    view->samples = px_padded_take(&group->kept, &geometry, sizeof *view->samples);
    take_logs(group);
    if (!decoding)
        view->errors = px_padded_take(pool, &geometry, sizeof *view->errors);
    else if (model->quick)
        view->errors = px_two_rows_take(pool, &geometry, sizeof *view->errors);
    if (model->wide)
        group->couples = px_couples_take(kept, &geometry, pairs_of(group, true));
    else if (model->mixes)
        group->samples = px_tiles_take(kept, &group->tiled, pairs_of(group, false));
    if (has_innovations(model->mixes, model->quick))
        group->innovations = shares_tiles(group)
                                 ? group->samples
                                 : px_tiles_take(decoding ? pool : &group->tiles, &group->tiled,
                                                 pairs_of(group, false));
    if (shares_tiles(group))
        group->samples = px_tiles_shared(&group->samples);
    prism_status status = px_pool_status(pool, error);
    if (status == PRISM_OK)
        status = px_pool_status(&group->kept, error);
    return status == PRISM_OK ? px_pool_status(&group->tiles, error) : status;
}

void px_lsq_group_free(px_lsq_group *group) {
    px_pool_free(&group->pool);
    px_pool_free(&group->kept);
    px_pool_free(&group->tiles);
}

/* P, E and the running mean at half size. */
static void shrink_view(px_view *half, const px_view *full, px_phase phase) {
    if (full->mixed_stride)
        px_shrink_couples(half->mixed, &half->geometry, full->mixed, &full->geometry, phase);
    if (full->running_stride) {
        px_shrink(half->running, &half->geometry, full->running, &full->geometry, phase);
        px_replicate_pads(&half->geometry, half->running);
    }
}

prism_status px_view_open(px_view *view, px_pool *pool, px_lsq_group *group, size_t k,
                          prism_error *error) {
    const px_lsq_plane *plane = &group->model->planes[k];
    const px_view *full = &group->full;
    *view = *full;
    if (plane->kind != PX_PLANE_HALVED)
        return PRISM_OK;
    const px_geometry half = px_geometry_halved(&full->geometry, plane->phase);
    view->geometry = half;
    if (full->running_stride && group->couple)
        view->running_stride = half.stride; /* the whole is not needed after the second plane */
    else if (full->running_stride)
        take_running(view, pool, true);
    if (!group->decoding) {
        if (full->mixed_stride)
            take_mixed(view, pool, true);
        view->samples = px_padded_take(pool, &half, sizeof *view->samples);
        view->logs = px_padded_take(pool, &half, sizeof *view->logs);
        view->errors = px_padded_take(pool, &half, sizeof *view->errors);
    }
    view->mixed_stride = full->mixed_stride ? half.stride : 0;
    view->logs_stride = full->logs_stride ? half.stride : 0;
    const prism_status status = px_pool_status(pool, error);
    if (status == PRISM_OK)
        shrink_view(view, full, plane->phase);
    return status;
}

void px_view_turn(px_lsq_group *group, size_t k) {
    px_view *view = &group->full;
    const px_geometry *geometry = &view->geometry;
    const size_t before = PX_PLANE_GUARD + geometry->origin;
    if (!group->couple)
        return;
    if (k == 0) {
        group->mixed = view->mixed;
        view->logs = (int16_t *)(view->mixed - before) + before;
        view->mixed = group->spare_row;
        view->mixed_stride = 0;
    } else {
        view->mixed = group->mixed;
        view->mixed_stride = geometry->stride;
        view->logs = (int16_t *)group->spare_row;
        view->logs_stride = 0;
    }
}

void px_view_grow(const px_view *view, px_lsq_group *group, size_t k, const int16_t *half,
                  int16_t *whole) {
    const px_lsq_plane *plane = &group->model->planes[k];
    if (plane->kind == PX_PLANE_HALVED)
        px_grow(whole, &group->full.geometry, half, &view->geometry, plane->phase);
}

void px_view_close(const px_view *view, px_lsq_group *group, size_t k) {
    const px_lsq_plane *plane = &group->model->planes[k];
    const px_view *full = &group->full;
    px_view_grow(view, group, k, view->samples, full->samples);
    if (view->logs_stride)
        px_view_grow(view, group, k, view->logs, full->logs);
    for (uint32_t i = 0; plane->kind == PX_PLANE_HALVED && i < plane->patch_count; i++) {
        size_t y = plane->patches[i].position / full->geometry.width;
        size_t x = plane->patches[i].position % full->geometry.width;
        int16_t *sample = full->samples + y * full->geometry.stride + x;
        *sample = (int16_t)(*sample + plane->patches[i].difference);
    }
}

int px_start_error_level(double error) {
    return px_round_between(2 * log2(error + 1), 2, 31);
}

int32_t px_start_error(int level) {
    return ((16 + 8 * (level & 1)) << (level >> 1) >> 4) - 1;
}

static px_wave wave_of(const px_view *view, const px_lsq_plane *plane) {
    return (px_wave){.height = view->geometry.height,
                     .width = view->geometry.width,
                     .stride = view->geometry.stride,
                     .mixed = view->mixed,
                     .running = view->running,
                     .mixed_stride = view->mixed_stride,
                     .running_stride = view->running_stride,
                     .samples = view->samples,
                     .logs = view->logs,
                     .logs_stride = view->logs_stride,
                     .errors = view->errors,
                     .holes = view->holes,
                     .fraction = plane->fraction,
                     .bias = plane->bias,
                     .start_error = px_start_error(plane->start_error),
                     .scale_offset = plane->scale_offset * 16 + 32, /* to the nearest class */
                     .scale_error = plane->scale_error,
                     .scale_running = plane->scale_running,
                     .scale_blur = plane->scale_blur};
}

bool px_sample_wave(px_wave *wave, const px_view *view, const px_lsq_model *model, size_t k) {
    const px_lsq_plane *plane = &model->planes[k];
    int32_t taps[PX_MEAN_TAPS];
    *wave = wave_of(view, plane);
    if (!px_taps_expand(taps, &plane->sample, model->sample_steps, PX_MEAN_TAPS))
        return false;
    for (int t = 0; t < PX_SQUARE_TAPS; t++)
        wave->taps_mixed[t] = px_couple(taps[t], taps[PX_SQUARE_TAPS + t]);
    memcpy(wave->taps_own, taps + 2 * PX_SQUARE_TAPS, sizeof wave->taps_own);
    return true;
}

bool px_innovation_wave(px_wave *wave, const px_view *view, const px_lsq_model *model, size_t k) {
    const px_lsq_plane *plane = &model->planes[k];
    int32_t taps[PX_MEAN_TAPS];
    *wave = wave_of(view, plane);
    if (!px_taps_expand(taps, &plane->innovation, model->innovation_steps, PX_INNOVATION_TAPS))
        return false;
    for (int t = 0; t < PX_SQUARE_TAPS; t++)
        wave->taps_mixed[t] = px_couple(taps[t], 0);
    memcpy(wave->taps_own, taps + PX_SQUARE_TAPS, PX_INNOVATION_OWN_TAPS * sizeof *taps);
    return true;
}

prism_status px_tables_make(px_tables *tables, px_pool *pool, const px_lsq_model *model,
                            const bool *classes, prism_error *error) {
    *tables = (px_tables){0};
    if (model->quick)
        tables->quick = px_quick_tables_make(pool, model->shapes, classes);
    else
        tables->shapes = px_shapes_make(pool, model->shapes, classes);
    return px_pool_status(pool, error);
}

static ptrdiff_t nearest_column(const px_wave *wave, ptrdiff_t x) {
    const ptrdiff_t width = (ptrdiff_t)wave->width;
    return x < 0 ? 0 : x < width ? x : width - 1;
}

/* Above the plane stands what the other planes say of its first row, if nothing is known. */
void px_pad_above(const px_wave *wave) {
    const ptrdiff_t stride = (ptrdiff_t)wave->stride, width = (ptrdiff_t)wave->width;
    for (ptrdiff_t x = -PX_PAD_LEFT; x < width + PX_PAD_RIGHT; x++) {
        const ptrdiff_t inside = nearest_column(wave, x);
        const int16_t said = (int16_t)(px_couple_low(wave->mixed[inside]) >> wave->fraction);
        wave->samples[x - stride] = wave->above ? wave->above->north[inside] : said;
        wave->samples[x - 2 * stride] = wave->above ? wave->above->north_north[inside] : said;
    }
}

void px_pad_errors_above(const px_wave *wave) {
    uint16_t *above = wave->errors - wave->stride;
    for (ptrdiff_t x = -1; x <= (ptrdiff_t)wave->width; x++)
        above[x] = wave->above ? wave->above->errors[nearest_column(wave, x)]
                               : (uint16_t)wave->start_error;
}

void px_quick_pads_above(const px_wave *wave) {
    px_pad_above(wave);
    px_pad_errors_above(wave);
}

void px_quick_pads(const px_wave *wave) {
    const size_t width = wave->width;
    px_quick_pads_above(wave);
    for (size_t y = 0; y < wave->height; y++) {
        int16_t *samples = wave->samples + y * wave->stride;
        uint16_t *errors = wave->errors + y * wave->stride;
        samples[-1] = samples[-2] = samples[0], samples[width] = samples[width - 1];
        errors[-1] = errors[0], errors[width] = errors[width - 1];
    }
}

void px_causal_pads(const px_wave *wave) {
    const ptrdiff_t stride = (ptrdiff_t)wave->stride, width = (ptrdiff_t)wave->width;
    px_pad_above(wave);
    for (size_t y = 0; y < wave->height; y++) {
        int16_t *row = wave->samples + y * wave->stride;
        row[-1] = row[-2] = (int16_t)px_wave_left_pad(wave, y, row[-stride]);
        row[width] = row[width - 1];
    }
}

void px_causal_error_pads(const px_wave *wave) {
    const ptrdiff_t stride = (ptrdiff_t)wave->stride;
    uint16_t *errors = wave->errors;
    px_pad_errors_above(wave);
    for (size_t y = 0; y < wave->height; y++) {
        uint16_t *row = errors + y * wave->stride;
        row[-1] = row[-stride];
        row[wave->width] = row[wave->width - 1];
    }
}

int32_t px_log_average(int64_t sum, size_t count) {
    return (int32_t)((sum * 16 + (int64_t)count / 2) / (int64_t)count);
}

int32_t px_running_rate(int coded) {
    const int window = coded < RUNNING_WINDOW ? coded : RUNNING_WINDOW;
    return window == 1 ? INT16_MAX : (1 << 15) / window;
}

void px_running_update(px_lsq_group *group, const int16_t *logs, int32_t average) {
    const px_wave_kernels *kernels = px_wave_kernels_best();
    const px_view *full = &group->full;
    const size_t width = full->geometry.width, stride = full->geometry.stride;
    if (!full->running_stride)
        return;
    group->coded++;
    const int32_t rate = px_running_rate(group->coded);
    for (size_t y = 0; y < full->geometry.height; y++)
        kernels->run(full->running + y * stride, logs + y * stride, width, average, rate);
    px_replicate_pads(&full->geometry, full->running);
}
