/* Plane by plane: what the planes before say of it, the wavefront, what it says to planes after. */
#include "coders/ans/lsq/decode.h"

#include <string.h>

#include "base/sizes.h"
#include "base/status.h"
#include "coders/ans/lsq/group.h"
#include "coders/ans/lsq/quick_kernels.h"
#include "coders/ans/lsq/wave_kernels.h"
#include "entropy/quick_shapes.h"

typedef struct decoder {
    px_lsq_group group;
    px_tables tables;
    px_rans_stream *stream;
    int32_t *edge;
    px_planes *planes;
    size_t first;
    bool late; /* planes get their memory in the end */
} decoder;

/* Samples in rows of `stride` become those of plane k. */
static void put_samples(decoder *d, size_t k, const int16_t *from, size_t stride) {
    const px_lsq_model *model = d->group.model;
    int16_t *to = px_plane(d->planes, d->first + model->order[k]);
    for (size_t y = 0; y < model->height; y++, to += model->width, from += stride) {
        const int mean = model->planes[k].mean;
        if (model->depth == 8)
            for (size_t x = 0; x < model->width; x++)
                to[x] = (int8_t)(from[x] + mean);
        else
            for (size_t x = 0; x < model->width; x++)
                to[x] = (int16_t)(from[x] + mean);
    }
}

static void put_view(decoder *d, size_t k) {
    const px_view *view = &d->group.full;
    put_samples(d, k, view->samples, view->geometry.stride);
}

/* The plane, which nothing in the view is asked of any more, to tiles. */
static void keep(const px_lsq_group *group, const px_tiles *tiles, size_t k, int16_t *plane) {
    const px_geometry *geometry = &group->full.geometry;
    if (group->model->wide) {
        px_replicate_pads(geometry, plane);
        px_tiles_store(tiles, geometry, k, plane);
    } else {
        px_tiles_store(tiles, &group->tiled, k, px_strip_pads(geometry, plane));
    }
}

/* For planes after, and to become planes in the end. */
static void keep_samples(decoder *d, size_t k) {
    px_lsq_group *group = &d->group;
    px_view *view = &group->full;
    if (!group->model->wide) {
        keep(group, &group->samples, k, view->samples);
        return;
    }
    px_replicate_pads(&view->geometry, view->samples);
    px_couples_store(&group->couples, &view->geometry, k, view->samples);
    px_mixer_take(&group->sample_mixer, &view->geometry, k);
}

static void keep_innovations(decoder *d, size_t k) {
    keep(&d->group, &d->group.innovations, k, d->group.full.logs);
}

static bool is_last(const decoder *d, size_t k) {
    return k + 1 == d->group.model->count;
}

static void clear(const px_geometry *geometry, int16_t *plane) {
    for (size_t y = 0; y < geometry->height; y++)
        memset(plane + y * geometry->stride, 0, geometry->width * sizeof *plane);
}

/* All samples are the mean, and their differences from it nothing. */
static void put_constant(decoder *d, size_t k) {
    px_view *view = &d->group.full;
    clear(&view->geometry, view->samples);
    if (!d->late)
        put_view(d, k);
    if (!d->group.model->mixes || is_last(d, k))
        return;
    if (!d->group.model->quick) {
        clear(&view->geometry, view->logs);
        keep_innovations(d, k);
    }
    keep_samples(d, k);
}

/* *sum: of the logs of errors. */
static prism_status decode_view(decoder *d, const px_view *view, size_t k, int64_t *sum,
                                prism_error *error) {
    const px_lsq_model *model = d->group.model;
    const px_wave_kernels *kernels = px_wave_kernels_best();
    px_wave wave;
    /* Those of innovations, too, which the last plane has no use for. */
    const bool fits = model->quick || !model->mixes || px_innovation_wave(&wave, view, model, k);
    if (!px_sample_wave(&wave, view, model, k) || !fits)
        return px_fail(error, PRISM_E_CORRUPT, "a tap is out of range");
    wave.shapes = d->tables.shapes;
    wave.quick_shapes = d->tables.quick;
    wave.edge = d->edge;
    if (model->quick)
        px_quick_pads_above(&wave);
    *sum = model->quick ? px_quick_kernels_best()->decode(&wave, d->stream)
                        : kernels->decode(&wave, d->stream);
    return d->stream->failed ? px_fail(error, PRISM_E_CORRUPT, "the coded samples end too early")
                             : PRISM_OK;
}

/* Innovations take the place of the logs. */
static void find_innovations(decoder *d, const px_view *view, size_t k) {
    px_lsq_group *group = &d->group;
    px_wave wave;
    px_innovation_wave(&wave, view, group->model, k);
    px_causal_pads(&wave);
    px_wave_kernels_best()->innovations(view->logs, &wave);
}

/* A half view is in the memory of the full one: innovations need its samples before they grow, and
 * the running mean its logs before they become innovations. */
static void close_view(decoder *d, const px_view *view, size_t k, int64_t sum) {
    px_lsq_group *group = &d->group;
    const px_lsq_model *model = group->model;
    const size_t count = view->geometry.height * view->geometry.width;
    if (is_last(d, k) || !model->mixes || model->quick) {
        px_view_close(view, group, k);
        if (!is_last(d, k))
            px_running_update(group, group->full.logs, px_log_average(sum, count));
        return;
    }
    px_view_grow(view, group, k, view->logs, group->full.logs);
    px_running_update(group, group->full.logs, px_log_average(sum, count));
    find_innovations(d, view, k);
    px_view_close(view, group, k);
    keep_innovations(d, k);
}

/* P and E of plane k. */
static void predict(px_lsq_group *group, size_t k) {
    const px_view *view = &group->full;
    if (!view->mixed_stride)
        return;
    const px_lsq_plane *plane = &group->model->planes[k];
    int32_t *mixed = view->mixed - view->geometry.origin + group->tiled.origin;
    px_mixer_predict(&group->sample_mixer, &group->tiled, k, plane->fraction, false, mixed);
    if (!group->model->quick)
        px_mixer_predict(&group->innovation_mixer, &group->tiled, k, 0, true, mixed);
    if (!group->model->wide)
        px_spread_couples(&view->geometry, view->mixed);
}

static prism_status decode_plane(decoder *d, size_t k, prism_error *error) {
    px_lsq_group *group = &d->group;
    const px_lsq_plane *plane = &group->model->planes[k];
    px_view_turn(group, k);
    group->full.holes = px_holes_of(d->planes->holes, d->first + group->model->order[k]);
    if (group->full.holes && plane->kind == PX_PLANE_HALVED)
        return px_fail(error, PRISM_E_CORRUPT, "a doubled plane has places without data");
    if (group->model->mixes)
        predict(group, k);
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
    if (status == PRISM_OK)
        close_view(d, &view, k, sum);
    if (status == PRISM_OK && !d->late)
        put_view(d, k);
    if (status == PRISM_OK && group->model->mixes && !is_last(d, k))
        keep_samples(d, k);
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
                               &group->couples, &group->full.geometry, false, error);
    if (status == PRISM_OK && model->mixes && !model->quick)
        status = px_mixer_make(&group->innovation_mixer, &group->pool, &model->innovations,
                               &group->innovations, NULL, &group->full.geometry, false, error);
    return status;
}

uint64_t px_lsq_decode_memory(const px_planes *planes, size_t count, const px_group_kind *kind,
                              bool wide) {
    const px_group_bytes group = px_lsq_group_memory(planes, count, kind->quick, kind->mixes, wide);
    const uint64_t model = px_model_memory(planes, count, kind->quick, kind->mixes, wide);
    const uint64_t putting = kind->late ? group.kept + px_planes_bytes(planes) : 0;
    uint64_t decoding = group.all + 2 * (planes->width + 1) * sizeof(int32_t) +
                        (kind->quick ? sizeof(px_quick_shapes) : px_shapes_memory());
    if (kind->mixes)
        decoding += px_mixer_memory(count, wide ? PX_SQUARE_TAPS : 1);
    if (kind->mixes && !kind->quick)
        decoding += px_mixer_memory(count, 1);
    return model + (decoding > putting ? decoding : putting);
}

/* The last plane is still in the view. */
static prism_status put_all(decoder *d, prism_error *error) {
    px_lsq_group *group = &d->group;
    const px_lsq_model *model = group->model;
    const px_geometry *tiled = &group->tiled;
    const px_view *view = &group->full;
    int16_t *samples = view->samples - view->geometry.origin + tiled->origin;
    px_pool_free(&group->pool);
    const prism_status status = px_planes_take(d->planes, error);
    if (status != PRISM_OK)
        return status;
    put_view(d, model->count - 1);
    for (size_t k = model->count - 1; k-- > 0;) {
        if (model->wide)
            px_couples_load(&group->couples, tiled, k, samples);
        else
            px_tiles_load(&group->samples, tiled, k, samples);
        put_samples(d, k, samples, tiled->stride);
    }
    return PRISM_OK;
}

prism_status px_lsq_decode_group(px_planes *planes, size_t first, size_t count,
                                 const px_group_kind *kind, px_reader *parameters,
                                 px_rans_stream *stream, prism_error *error) {
    decoder d = {.stream = stream, .planes = planes, .first = first, .late = kind->late};
    px_lsq_model model;
    prism_status status = px_model_alloc(&model, planes, count, kind->quick, kind->mixes, error);
    if (status != PRISM_OK)
        return status;
    status = px_model_read(&model, parameters, error);
    if (status == PRISM_OK && !px_rans_begin(stream))
        status = px_fail(error, PRISM_E_CORRUPT, "the coded samples have no beginning");
    if (status == PRISM_OK)
        status = px_lsq_group_make(&d.group, &model, true, error);
    if (status == PRISM_OK)
        status = prepare(&d, error);
    for (size_t k = 0; k < model.count && status == PRISM_OK; k++)
        status = decode_plane(&d, k, error);
    if (status == PRISM_OK && d.late)
        status = put_all(&d, error);
    if (status == PRISM_OK && !px_rans_ended(stream))
        status = px_fail(error, PRISM_E_CORRUPT, "the coded samples do not end as they should");
    px_lsq_group_free(&d.group);
    px_model_free(&model);
    return status;
}
