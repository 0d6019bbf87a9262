/* Plane by plane: what the planes before say of it, the wavefront, what it says to planes after; of
 * all planes, or of two bands of them side by side. */
#include "coders/ans/lsq/decode.h"

#include <string.h>

#include "base/sizes.h"
#include "base/status.h"
#include "base/threads.h"
#include "coders/ans/lsq/bands.h"
#include "coders/ans/lsq/group.h"
#include "coders/ans/lsq/quick_kernels.h"
#include "coders/ans/lsq/wave_kernels.h"
#include "entropy/quick_shapes.h"

/* What a band leaves of each plane for the one below it. */
typedef struct seams {
    int16_t *samples; /* [planes][2][width]: the last rows, */
    uint16_t *errors; /* [planes][width]: and errors and */
    int32_t *mixed;   /* (P, E) of the last one */
    size_t width;
    px_progress progress; /* planes that have been left */
} seams;

enum {
    SEAM_BYTES = 2 * sizeof(int16_t) + sizeof(uint16_t) + sizeof(int32_t), /* of a column */
    SEAM_GUARD = PX_WAVE_LANES * sizeof(uint16_t) /* vectors reach over the end of a row */
};

/* Of planes, or of a band of them. */
typedef struct decoder {
    px_lsq_group group;
    px_lsq_model model; /* the group's, of planes as high as these */
    const px_tables *tables;
    px_rans_stream stream;
    int32_t *edge;
    px_planes planes;
    size_t first;
    bool late;      /* planes get their memory in the end */
    seams *left;    /* for the band below; NULL: there is none, or it knows nothing of this one */
    seams *found;   /* by the band above */
    int32_t *means; /* of a row, for what is left */
} decoder;

/* Samples in rows of `stride` become those of plane k. */
static void put_samples(decoder *d, size_t k, const int16_t *from, size_t stride) {
    const px_lsq_model *model = d->group.model;
    int16_t *to = px_plane(&d->planes, d->first + model->order[k]);
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

/* ---- Bands ---- */

static px_rows_above rows_above(const seams *found, size_t k) {
    const int16_t *samples = found->samples + 2 * k * found->width;
    return (px_rows_above){.north = samples + found->width,
                           .north_north = samples,
                           .errors = found->errors + k * found->width};
}

/* (P, E) of the row above. */
static void put_mixed_above(const seams *found, const px_view *view, size_t k) {
    int32_t *row = view->mixed - view->geometry.stride;
    memcpy(row, found->mixed + k * found->width, found->width * sizeof *row);
    for (ptrdiff_t x = 1; x <= PX_PAD_LEFT; x++)
        row[-x] = row[0];
    row[found->width] = row[found->width - 1];
}

/* Errors of the last row of method lsq, whose decoder keeps none. */
static void find_last_errors(const decoder *d, const px_wave *wave, uint16_t *errors) {
    const size_t y = wave->height - 1;
    px_wave row = *wave;
    px_causal_pads(wave);
    row.height = 1;
    row.samples += y * wave->stride;
    row.mixed += y * wave->mixed_stride;
    row.logs += y * wave->logs_stride;
    row.errors = errors;
    px_wave_kernels_best()->means(d->means, &row);
    px_wave_kernels_best()->errors(&row, d->means);
}

static void leave(decoder *d, const px_wave *wave, size_t k) {
    seams *left = d->left;
    const size_t width = left->width, y = wave->height - 1;
    const int16_t *last = wave->samples + y * wave->stride;
    memcpy(left->samples + 2 * k * width, last - wave->stride, width * sizeof *last);
    memcpy(left->samples + (2 * k + 1) * width, last, width * sizeof *last);
    memcpy(left->mixed + k * width, wave->mixed + y * wave->mixed_stride,
           width * sizeof *left->mixed);
    if (d->model.quick)
        memcpy(left->errors + k * width, wave->errors, width * sizeof *left->errors);
    else
        find_last_errors(d, wave, left->errors + k * width);
}

/* The wave by which the view is decoded; `above` is for it. */
static prism_status open_wave(px_wave *wave, px_rows_above *above, const decoder *d,
                              const px_view *view, size_t k, prism_error *error) {
    const px_lsq_model *model = d->group.model;
    /* Those of innovations, too, which the last plane has no use for. */
    const bool fits = model->quick || !model->mixes || px_innovation_wave(wave, view, model, k);
    if (!px_sample_wave(wave, view, model, k) || !fits)
        return px_fail(error, PRISM_E_CORRUPT, "a tap is out of range");
    wave->shapes = d->tables->shapes;
    wave->quick_shapes = d->tables->quick;
    wave->edge = d->edge;
    if (d->found) {
        *above = rows_above(d->found, k);
        wave->above = above;
    }
    if (model->quick)
        px_quick_pads_above(wave);
    return PRISM_OK;
}

/* Innovations take the place of the logs. */
static void find_innovations(decoder *d, const px_view *view, size_t k) {
    px_lsq_group *group = &d->group;
    px_wave wave;
    px_rows_above above;
    px_innovation_wave(&wave, view, group->model, k);
    if (d->found) {
        above = rows_above(d->found, k);
        wave.above = &above;
    }
    px_causal_pads(&wave);
    px_wave_kernels_best()->innovations(view->logs, &wave);
}

/* A half view is in the memory of the full one: innovations need its samples before they grow, and
 * the running mean its logs before they become innovations. */
static void close_view(decoder *d, const px_view *view, size_t k, int64_t sum) {
    px_lsq_group *group = &d->group;
    const px_lsq_model *model = group->model;
    const size_t count = view->geometry.height * view->geometry.width;
    const int32_t average = model->blocks ? model->planes[k].average : px_log_average(sum, count);
    if (is_last(d, k) || !model->mixes || model->quick) {
        px_view_close(view, group, k);
        if (!is_last(d, k))
            px_running_update(group, group->full.logs, average);
        return;
    }
    px_view_grow(view, group, k, view->logs, group->full.logs);
    px_running_update(group, group->full.logs, average);
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

/* Waits until the band above is through with the plane. */
static prism_status find(decoder *d, size_t k, prism_error *error) {
    if (!px_progress_wait(&d->found->progress, k + 1))
        return px_fail(error, PRISM_E_CORRUPT, "the band above could not be decoded");
    if (d->group.full.mixed_stride)
        put_mixed_above(d->found, &d->group.full, k);
    return PRISM_OK;
}

static prism_status decode_plane(decoder *d, size_t k, prism_error *error) {
    px_lsq_group *group = &d->group;
    const px_lsq_plane *plane = &group->model->planes[k];
    px_view_turn(group, k);
    group->full.holes = px_holes_of(d->planes.holes, d->first + group->model->order[k]);
    if (group->full.holes && plane->kind == PX_PLANE_HALVED)
        return px_fail(error, PRISM_E_CORRUPT, "a doubled plane has places without data");
    if (group->model->mixes)
        predict(group, k);
    if (plane->kind == PX_PLANE_CONSTANT) {
        put_constant(d, k);
        return PRISM_OK;
    }
    px_pool pool = {.count = 0};
    px_rows_above above;
    px_view view;
    px_wave wave;
    int64_t sum = 0;
    prism_status status = px_view_open(&view, &pool, group, k, error);
    if (status == PRISM_OK && d->found)
        status = find(d, k, error);
    if (status == PRISM_OK)
        status = open_wave(&wave, &above, d, &view, k, error);
    if (status == PRISM_OK)
        sum = group->model->quick ? px_quick_kernels_best()->decode(&wave, &d->stream)
                                  : px_wave_kernels_best()->decode(&wave, &d->stream);
    if (status == PRISM_OK && d->stream.failed)
        status = px_fail(error, PRISM_E_CORRUPT, "the coded samples end too early");
    if (status == PRISM_OK && d->left)
        leave(d, &wave, k);
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
    const px_lsq_model *model = &d->model;
    prism_status status = px_lsq_group_make(group, model, true, error);
    if (status != PRISM_OK)
        return status;
    if (!model->quick)
        d->edge = px_pool_take(&group->pool, px_product(2, model->width + 1, sizeof *d->edge));
    if (d->left)
        d->means = px_zero_row_take(&group->pool, &group->full.geometry, sizeof *d->means);
    status = px_pool_status(&group->pool, error);
    if (status == PRISM_OK && model->mixes)
        status = px_mixer_make(&group->sample_mixer, &group->pool, &model->samples, &group->samples,
                               &group->couples, &group->full.geometry, false, error);
    if (status == PRISM_OK && model->mixes && !model->quick)
        status = px_mixer_make(&group->innovation_mixer, &group->pool, &model->innovations,
                               &group->innovations, NULL, &group->full.geometry, false, error);
    return status;
}

/* ---- Memory ---- */

/* Of planes, or of a band of them, without the model, and what of it is kept. */
static px_group_bytes band_memory(const px_planes *planes, size_t count, const px_group_kind *kind,
                                  px_model_sort sort) {
    px_group_bytes bytes = px_lsq_group_memory(planes, count, kind->quick, kind->mixes, sort);
    if (!kind->quick)
        bytes.all += 2 * (planes->width + 1) * sizeof(int32_t);
    if (kind->mixes)
        bytes.all += px_mixer_memory(count, sort.wide ? PX_SQUARE_TAPS : 1, true);
    if (kind->mixes && !kind->quick)
        bytes.all += px_mixer_memory(count, 1, true);
    return bytes;
}

static px_group_bytes bands_memory(const px_planes *planes, size_t count, const px_group_kind *kind,
                                   px_model_sort sort) {
    const px_geometry geometry = px_geometry_make(planes->height, planes->width);
    px_group_bytes bytes = {.all = px_zero_row_bytes(&geometry, sizeof(int32_t)) +
                                   count * planes->width * SEAM_BYTES + SEAM_GUARD};
    for (size_t band = 0; band < PX_BANDS; band++) {
        const px_planes of_band = px_band_planes(planes, band);
        const px_group_bytes more = band_memory(&of_band, count, kind, sort);
        bytes.all += more.all;
        bytes.kept += more.kept;
    }
    return bytes;
}

uint64_t px_lsq_decode_memory(const px_planes *planes, size_t count, const px_group_kind *kind,
                              px_model_sort sort) {
    const uint64_t model = px_model_memory(planes, count, kind->quick, kind->mixes, sort);
    px_group_bytes group = band_memory(planes, count, kind, sort);
    if (kind->may_have_bands) {
        const px_group_bytes bands = bands_memory(planes, count, kind, sort);
        group.all = px_larger(group.all, bands.all);
        group.kept = px_larger(group.kept, bands.kept);
    }
    const uint64_t putting = kind->late ? group.kept + px_planes_bytes(planes) : 0;
    const uint64_t decoding =
        group.all + (kind->quick ? sizeof(px_quick_shapes) : px_shapes_memory());
    return model + px_larger(decoding, putting);
}

/* ---- A group ---- */

/* The last plane is still in the view. */
static void put_all(decoder *d) {
    px_lsq_group *group = &d->group;
    const px_lsq_model *model = group->model;
    const px_geometry *tiled = &group->tiled;
    const px_view *view = &group->full;
    int16_t *samples = view->samples - view->geometry.origin + tiled->origin;
    put_view(d, model->count - 1);
    for (size_t k = model->count - 1; k-- > 0;) {
        if (model->wide)
            px_couples_load(&group->couples, tiled, k, samples);
        else
            px_tiles_load(&group->samples, tiled, k, samples);
        put_samples(d, k, samples, tiled->stride);
    }
}

/* All planes, or both bands of them. */
typedef struct group_task {
    px_planes *planes;
    px_lsq_model model;
    px_pool pool;
    px_tables tables;
    seams seams;
    bool follows; /* the second band has those of the first one */
    size_t count;
    decoder bands[PX_BANDS];
} group_task;

static prism_status decode_band(void *context, size_t index, size_t worker, prism_error *error) {
    group_task *task = context;
    decoder *d = &task->bands[index];
    (void)worker;
    prism_status status = prepare(d, error);
    for (size_t k = 0; k < d->model.count && status == PRISM_OK; k++) {
        status = decode_plane(d, k, error);
        if (status == PRISM_OK && d->left)
            px_progress_reach(&d->left->progress, k + 1);
    }
    if (d->left)
        px_progress_end(&d->left->progress);
    if (status == PRISM_OK && !px_rans_ended(&d->stream))
        status = px_fail(error, PRISM_E_CORRUPT, "the coded samples do not end as they should");
    px_pool_free(&d->group.pool);
    return status;
}

static prism_status put_band(void *context, size_t index, size_t worker, prism_error *error) {
    group_task *task = context;
    decoder *d = &task->bands[index];
    (void)worker;
    (void)error;
    d->planes = task->count > 1 ? px_band_planes(task->planes, index) : *task->planes;
    put_all(d);
    return PRISM_OK;
}

static prism_status take_seams(group_task *task, prism_error *error) {
    const size_t count = task->model.count, width = task->model.width;
    seams *s = &task->seams;
    s->width = width;
    s->samples = px_pool_take(&task->pool, px_product(2, count, width, sizeof *s->samples));
    s->errors =
        px_pool_take(&task->pool, px_sum(px_product(count, width, sizeof *s->errors), SEAM_GUARD));
    s->mixed = px_pool_take(&task->pool, px_product(count, width, sizeof *s->mixed));
    prism_status status = px_pool_status(&task->pool, error);
    if (status == PRISM_OK)
        status = px_progress_make(&s->progress, error);
    task->follows = status == PRISM_OK;
    return status;
}

/* The words of the first band, and all others for the second one, whose end is known when it has
 * been decoded. */
static prism_status split(group_task *task, uint64_t words, const px_rans_stream *stream,
                          prism_error *error) {
    task->count = words ? PX_BANDS : 1;
    if (words > (size_t)(stream->end - stream->words) || (words && task->planes->holes))
        return px_fail(error, PRISM_E_CORRUPT, "bands of planes do not fit what they are of");
    for (size_t i = 0; i < task->count; i++) {
        decoder *d = &task->bands[i];
        d->model = task->model;
        d->planes = words ? px_band_planes(task->planes, i) : *task->planes;
        d->model.height = d->planes.height;
        d->stream = *stream;
        if (words && i == 0)
            d->stream.end = stream->words + words;
        if (i)
            d->stream.words += words;
        if (!px_rans_begin(&d->stream))
            return px_fail(error, PRISM_E_CORRUPT, "the coded samples have no beginning");
    }
    if (task->count == 1 || !px_bands_follow(task->model.count))
        return PRISM_OK;
    task->bands[0].left = task->bands[1].found = &task->seams;
    return take_seams(task, error);
}

static prism_status check_ends(const group_task *task, px_rans_stream *stream, prism_error *error) {
    stream->words = task->bands[task->count - 1].stream.words;
    if (task->count > 1 && task->bands[0].stream.words != task->bands[0].stream.end)
        return px_fail(error, PRISM_E_CORRUPT, "words after the first band");
    return PRISM_OK;
}

/* The model, its tables, and where the words of bands are. */
static prism_status begin(group_task *task, const px_group_kind *kind, px_reader *parameters,
                          const px_rans_stream *stream, prism_error *error) {
    const uint64_t words = kind->may_have_bands ? px_get_varint(parameters) : 0;
    task->model.blocks = words > 0;
    prism_status status = px_model_read(&task->model, parameters, error);
    if (status == PRISM_OK)
        status = px_weights_expand_all(&task->model.samples, error);
    if (status == PRISM_OK)
        status = px_weights_expand_all(&task->model.innovations, error);
    if (status == PRISM_OK)
        status = px_tables_make(&task->tables, &task->pool, &task->model, NULL, error);
    return status == PRISM_OK ? split(task, words, stream, error) : status;
}

static void end(group_task *task) {
    for (size_t i = 0; i < PX_BANDS; i++)
        px_lsq_group_free(&task->bands[i].group);
    if (task->follows)
        px_progress_free(&task->seams.progress);
    px_pool_free(&task->pool);
    px_model_free(&task->model);
}

prism_status px_lsq_decode_group(px_planes *planes, size_t first, size_t count,
                                 const px_group_kind *kind, px_reader *parameters,
                                 px_rans_stream *stream, prism_error *error) {
    group_task task = {.planes = planes};
    prism_status status =
        px_model_alloc(&task.model, planes, count, kind->quick, kind->mixes, error);
    if (status != PRISM_OK)
        return status;
    for (size_t i = 0; i < PX_BANDS; i++)
        task.bands[i] = (decoder){.tables = &task.tables, .first = first, .late = kind->late};
    status = begin(&task, kind, parameters, stream, error);
    if (status == PRISM_OK)
        status = px_run(task.count, kind->threads, decode_band, &task, error);
    if (status == PRISM_OK)
        status = check_ends(&task, stream, error);
    px_pool_free(&task.pool);
    if (status == PRISM_OK && kind->late)
        status = px_planes_take(planes, error);
    if (status == PRISM_OK && kind->late)
        status = px_run(task.count, kind->threads, put_band, &task, error);
    end(&task);
    return status;
}
