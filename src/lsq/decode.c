/* Plane by plane: what the planes before say of it, the wavefront, what it says to planes after. */
#include "lsq/decode.h"

#include <string.h>

#include "lsq/group.h"
#include "quick/tables.h"
#include "sizes.h"
#include "status.h"

typedef struct decoder {
    px_lsq_group group;
    px_tables tables;
    px_wave_stream *stream;
    int32_t *edge;
    px_planes *planes;
    size_t first;
} decoder;

static void put_samples(decoder *d, size_t k) {
    const px_lsq_model *model = d->group.model;
    const px_view *view = &d->group.full;
    int16_t *to = px_plane(d->planes, d->first + model->order[k]);
    for (size_t y = 0; y < model->height; y++, to += model->width) {
        const int16_t *from = view->samples + y * view->geometry.stride;
        const int mean = model->planes[k].mean;
        if (model->depth == 8)
            for (size_t x = 0; x < model->width; x++)
                to[x] = (int8_t)(from[x] + mean);
        else
            for (size_t x = 0; x < model->width; x++)
                to[x] = (int16_t)(from[x] + mean);
    }
}

/* For planes after: tiles of the samples and of the innovations. */
static void keep_plane(decoder *d, size_t k) {
    px_lsq_group *group = &d->group;
    px_view *view = &group->full;
    px_replicate_pads(&view->geometry, view->samples);
    if (group->model->wide) {
        px_couples_store(&group->couples, &view->geometry, k, view->samples);
        px_mixer_take(&group->sample_mixer, &view->geometry, k);
    } else {
        px_tiles_store(&group->samples, &view->geometry, k, view->samples);
    }
    if (group->model->quick)
        return;
    px_replicate_pads(&view->geometry, view->innovations);
    px_tiles_store(&group->innovations, &view->geometry, k, view->innovations);
}

/* All samples are the mean, and their differences from it nothing. */
static void put_constant(decoder *d, size_t k) {
    px_view *view = &d->group.full;
    for (size_t y = 0; y < view->geometry.height; y++) {
        size_t row = y * view->geometry.stride, bytes = view->geometry.width * sizeof(int16_t);
        memset(view->samples + row, 0, bytes);
        if (view->innovations)
            memset(view->innovations + row, 0, bytes);
    }
    put_samples(d, k);
    if (d->group.model->mixes)
        keep_plane(d, k);
}

static prism_status decode_view(decoder *d, const px_view *view, size_t k, int64_t *sum,
                                prism_error *error) {
    const px_lsq_model *model = d->group.model;
    const px_kernels *kernels = px_kernels_best();
    px_wave wave;
    if (!px_sample_wave(&wave, view, model, k))
        return px_fail(error, PRISM_E_CORRUPT, "a tap is out of range");
    wave.shapes = d->tables.shapes;
    wave.quick_shapes = d->tables.quick;
    wave.edge = d->edge;
    if (model->quick)
        px_quick_pads(&wave);
    *sum = (model->quick ? kernels->quick_decode : kernels->wave_decode)(&wave, d->stream);
    if (d->stream->failed)
        return px_fail(error, PRISM_E_CORRUPT, "the coded samples end too early");
    if (model->quick || !model->mixes)
        return PRISM_OK;
    if (!px_innovation_wave(&wave, view, model, k))
        return px_fail(error, PRISM_E_CORRUPT, "a tap is out of range");
    px_causal_pads(&wave);
    kernels->innovations(view->innovations, &wave);
    return PRISM_OK;
}

static prism_status decode_plane(decoder *d, size_t k, prism_error *error) {
    px_lsq_group *group = &d->group;
    const px_lsq_plane *plane = &group->model->planes[k];
    const px_geometry *geometry = &group->full.geometry;
    if (group->model->mixes)
        px_mixer_predict(&group->sample_mixer, geometry, k, plane->fraction, false,
                         group->full.mixed);
    if (group->model->mixes && !group->model->quick)
        px_mixer_predict(&group->innovation_mixer, geometry, k, 0, true, group->full.mixed);
    if (plane->kind == PX_PLANE_CONSTANT) {
        put_constant(d, k);
        return PRISM_OK;
    }
    px_pool pool = {.count = 0};
    px_view view;
    int64_t sum = 0;
    prism_status status = px_view_open(&view, &pool, group, k, error);
    if (status == PRISM_OK)
        status = decode_view(d, &view, k, &sum, error);
    if (status == PRISM_OK) {
        px_view_close(&view, group, k);
        px_running_update(group, sum, view.geometry.height * view.geometry.width);
        put_samples(d, k);
        if (group->model->mixes)
            keep_plane(d, k);
    }
    px_pool_free(&pool);
    return status;
}

static prism_status prepare(decoder *d, prism_error *error) {
    px_lsq_group *group = &d->group;
    const px_lsq_model *model = group->model;
    d->edge = px_pool_take(&group->pool, px_product(2, model->width + 1, sizeof *d->edge));
    prism_status status = px_tables_make(&d->tables, &group->pool, model, NULL, error);
    if (status == PRISM_OK && model->mixes)
        status = px_mixer_make(&group->sample_mixer, &group->pool, &model->samples, &group->samples,
                               &group->couples, &group->full.geometry, error);
    if (status == PRISM_OK && model->mixes && !model->quick)
        status = px_mixer_make(&group->innovation_mixer, &group->pool, &model->innovations,
                               &group->innovations, NULL, &group->full.geometry, error);
    return status;
}

uint64_t px_lsq_decode_memory(const px_planes *planes, size_t count, bool quick, bool mixes,
                              bool wide) {
    const px_geometry geometry = px_geometry_make(planes->height, planes->width);
    uint64_t bytes = px_model_memory(planes, count, quick, mixes, wide) +
                     px_lsq_group_memory(planes, count, quick, mixes, wide) +
                     2 * (planes->width + 1) * sizeof(int32_t) +
                     (quick ? sizeof(px_quick_shapes) : px_shapes_memory());
    if (mixes)
        bytes += px_mixer_memory(count, wide ? PX_SQUARE_TAPS : 1, &geometry);
    if (mixes && !quick)
        bytes += px_mixer_memory(count, 1, &geometry);
    return bytes;
}

prism_status px_lsq_decode_group(px_planes *planes, size_t first, const px_lsq_model *model,
                                 px_wave_stream *stream, prism_error *error) {
    decoder d = {.stream = stream, .planes = planes, .first = first};
    prism_status status = px_lsq_group_make(&d.group, model, error);
    if (status == PRISM_OK)
        status = prepare(&d, error);
    for (size_t k = 0; k < model->count && status == PRISM_OK; k++)
        status = decode_plane(&d, k, error);
    px_lsq_group_free(&d.group);
    return status;
}
