#include "lsq/group.h"

#include <string.h>

#include "quick/tables.h"

enum { RUNNING_WINDOW = 40 }; /* planes; longer means gain nothing, shorter ones lose */

/* Innovations are for planes that are predicted from them. */
static bool has_innovations(bool mixes, bool quick) {
    return mixes && !quick;
}

static void view_take(px_view *view, px_pool *pool, const px_geometry *geometry, bool innovations) {
    *view = (px_view){.geometry = *geometry,
                      .mixed = px_padded_take(pool, geometry, sizeof *view->mixed),
                      .running = px_padded_take(pool, geometry, sizeof *view->running),
                      .samples = px_padded_take(pool, geometry, sizeof *view->samples),
                      .logs = px_padded_take(pool, geometry, sizeof *view->logs),
                      .errors = px_padded_take(pool, geometry, sizeof *view->errors)};
    if (innovations)
        view->innovations = px_padded_take(pool, geometry, sizeof *view->innovations);
}

static uint64_t view_bytes(const px_geometry *geometry, bool innovations) {
    const px_view *view = NULL;
    const uint64_t bytes = px_padded_bytes(geometry, sizeof *view->mixed + sizeof *view->running +
                                                         sizeof *view->samples +
                                                         sizeof *view->logs + sizeof *view->errors);
    return innovations ? bytes + px_padded_bytes(geometry, sizeof *view->innovations) : bytes;
}

uint64_t px_lsq_group_memory(const px_planes *planes, size_t count, bool quick, bool mixes,
                             bool wide) {
    const px_geometry full = px_geometry_make(planes->height, planes->width);
    const px_geometry half = px_geometry_halved(&full, (px_phase){1, 1});
    const bool innovations = has_innovations(mixes, quick);
    uint64_t bytes = view_bytes(&full, innovations) + view_bytes(&half, innovations);
    if (mixes)
        bytes += wide ? px_couples_bytes(&full, count) : px_tiles_bytes(&full, count);
    if (innovations)
        bytes += px_tiles_bytes(&full, count);
    return bytes;
}

prism_status px_lsq_group_make(px_lsq_group *group, const px_lsq_model *model, prism_error *error) {
    *group = (px_lsq_group){.model = model};
    px_geometry geometry = px_geometry_make(model->height, model->width);
    const bool innovations = has_innovations(model->mixes, model->quick);
    view_take(&group->full, &group->pool, &geometry, innovations);
    if (model->wide)
        group->couples = px_couples_take(&group->pool, &geometry, model->count);
    else if (model->mixes)
        group->samples = px_tiles_take(&group->pool, &geometry, model->count);
    if (innovations)
        group->innovations = px_tiles_take(&group->pool, &geometry, model->count);
    return px_pool_status(&group->pool, error);
}

void px_lsq_group_free(px_lsq_group *group) {
    px_pool_free(&group->pool);
}

prism_status px_view_open(px_view *view, px_pool *pool, px_lsq_group *group, size_t k,
                          prism_error *error) {
    const px_lsq_plane *plane = &group->model->planes[k];
    if (plane->kind != PX_PLANE_HALVED) {
        *view = group->full;
        return PRISM_OK;
    }
    const px_geometry *full = &group->full.geometry;
    px_geometry half = px_geometry_halved(full, plane->phase);
    view_take(view, pool, &half, group->full.innovations != NULL);
    prism_status status = px_pool_status(pool, error);
    if (status != PRISM_OK)
        return status;
    px_shrink_couples(view->mixed, &half, group->full.mixed, full, plane->phase);
    px_shrink(view->running, &half, group->full.running, full, plane->phase);
    px_replicate_pads(&half, view->running);
    return PRISM_OK;
}

void px_view_close(const px_view *view, px_lsq_group *group, size_t k) {
    const px_lsq_plane *plane = &group->model->planes[k];
    if (plane->kind != PX_PLANE_HALVED)
        return;
    px_view *full = &group->full;
    const px_geometry *half = &view->geometry;
    px_grow(full->samples, &full->geometry, view->samples, half, plane->phase);
    if (full->innovations)
        px_grow(full->innovations, &full->geometry, view->innovations, half, plane->phase);
    px_grow(full->logs, &full->geometry, view->logs, half, plane->phase);
    for (uint32_t i = 0; i < plane->patch_count; i++) {
        size_t y = plane->patches[i].position / full->geometry.width;
        size_t x = plane->patches[i].position % full->geometry.width;
        int16_t *sample = full->samples + y * full->geometry.stride + x;
        *sample = (int16_t)(*sample + plane->patches[i].difference);
    }
}

int32_t px_start_error(const px_lsq_plane *plane) {
    return ((16 + 8 * (plane->start_error & 1)) << (plane->start_error >> 1) >> 4) - 1;
}

static px_wave wave_of(const px_view *view, const px_lsq_plane *plane) {
    return (px_wave){.height = view->geometry.height,
                     .width = view->geometry.width,
                     .stride = view->geometry.stride,
                     .mixed = view->mixed,
                     .running = view->running,
                     .samples = view->samples,
                     .logs = view->logs,
                     .errors = view->errors,
                     .fraction = plane->fraction,
                     .bias = plane->bias,
                     .start_error = px_start_error(plane),
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
        tables->quick = px_quick_tables_make(pool, model->shapes);
    else
        tables->shapes = px_shapes_make(pool, model->shapes, classes);
    return px_pool_status(pool, error);
}

/* Above the plane stands what the other planes say of its first row. */
static void pad_above(const px_wave *wave) {
    const ptrdiff_t stride = (ptrdiff_t)wave->stride, width = (ptrdiff_t)wave->width;
    for (ptrdiff_t x = -PX_PAD_LEFT; x < width + PX_PAD_RIGHT; x++) {
        ptrdiff_t inside = x < 0 ? 0 : x < width ? x : width - 1;
        int32_t above = px_couple_low(wave->mixed[inside]) >> wave->fraction;
        wave->samples[x - stride] = wave->samples[x - 2 * stride] = (int16_t)above;
    }
}

void px_quick_pads(const px_wave *wave) {
    const ptrdiff_t stride = (ptrdiff_t)wave->stride, width = (ptrdiff_t)wave->width;
    pad_above(wave);
    for (ptrdiff_t x = -1; x <= width; x++)
        wave->errors[x - stride] = (uint16_t)wave->start_error;
    for (size_t y = 0; y < wave->height; y++) {
        int16_t *samples = wave->samples + y * wave->stride;
        uint16_t *errors = wave->errors + y * wave->stride;
        samples[-1] = samples[0], samples[width] = samples[width - 1];
        errors[-1] = errors[0], errors[width] = errors[width - 1];
    }
}

void px_causal_pads(const px_wave *wave) {
    const ptrdiff_t stride = (ptrdiff_t)wave->stride, width = (ptrdiff_t)wave->width;
    pad_above(wave);
    for (size_t y = 0; y < wave->height; y++) {
        int16_t *row = wave->samples + y * wave->stride;
        row[-1] = row[-2] = (int16_t)px_wave_left_pad(wave, y, row[-stride]);
        row[width] = row[width - 1];
    }
}

void px_causal_error_pads(const px_wave *wave) {
    const ptrdiff_t stride = (ptrdiff_t)wave->stride;
    uint16_t *errors = wave->errors;
    for (ptrdiff_t x = -1; x <= (ptrdiff_t)wave->width; x++)
        errors[x - stride] = (uint16_t)wave->start_error;
    for (size_t y = 0; y < wave->height; y++) {
        uint16_t *row = errors + y * wave->stride;
        row[-1] = row[-stride];
        row[wave->width] = row[wave->width - 1];
    }
}

void px_running_update(px_lsq_group *group, int64_t sum, size_t count) {
    const px_kernels *kernels = px_kernels_best();
    const px_view *view = &group->full;
    const size_t width = view->geometry.width, stride = view->geometry.stride;
    int32_t mean = (int32_t)((sum * 16 + (int64_t)count / 2) / (int64_t)count);
    group->coded++;
    int window = group->coded < RUNNING_WINDOW ? group->coded : RUNNING_WINDOW;
    int32_t rate = window == 1 ? INT16_MAX : (1 << 15) / window;
    for (size_t y = 0; y < view->geometry.height; y++)
        kernels->run(view->running + y * stride, view->logs + y * stride, width, mean, rate);
    px_replicate_pads(&view->geometry, view->running);
}
