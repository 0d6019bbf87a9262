/* What the encoders of methods lsq and quick share: memory, planes as they work on them, and the
 * entropy coder. */
#include "coders/ans/lsq/encoder.h"

#include <string.h>

#include "base/sizes.h"
#include "base/status.h"
#include "base/threads.h"
#include "coders/ans/lsq/bands.h"
#include "coders/ans/lsq/quick_kernels.h"
#include "coders/ans/lsq/wave_kernels.h"

void px_lsq_encoder_free(px_lsq_encoder *encoder) {
    px_lsq_mix_end(encoder);
    px_lsq_group_free(&encoder->group);
    px_model_free(&encoder->model);
}

/* Positions without data in most planes count for nothing in fits. */
static bool counts(const px_planes *planes, const px_group_task *task, size_t y, size_t x) {
    size_t missing = 0;
    if (!planes->holes)
        return true;
    for (size_t k = 0; k < task->count; k++)
        missing += px_holes_of(planes->holes, task->first + k)[y * planes->width + x] != 0;
    return 2 * missing < task->count;
}

prism_status px_lsq_encoder_make(px_lsq_encoder *encoder, const px_planes *planes,
                                 const px_group_task *task, prism_error *error) {
    px_lsq_group *group = &encoder->group;
    const px_lsq_model *model = &encoder->model;
    *encoder = (px_lsq_encoder){
        .planes = planes, .source = task->bands ? task->banded : planes, .task = *task};
    prism_status status =
        px_model_alloc(&encoder->model, planes, task->count, task->quick, task->mixes, error);
    encoder->model.blocks = task->blocks || task->bands;
    encoder->model.stored = task->stored;
    if (status == PRISM_OK && task->wide)
        status = px_model_widen(&encoder->model, error);
    if (status == PRISM_OK)
        status = px_lsq_group_make(group, model, false, error);
    if (status != PRISM_OK)
        return status;
    const px_geometry *geometry = &group->full.geometry;
    if (task->wide) /* for the fits before that of the wide weights */
        group->samples = px_tiles_take(&group->tiles, geometry, (model->count + 1) / 2);
    encoder->span = px_sum(px_product(geometry->tile_count, PX_TILE), PX_PLANE_GUARD);
    size_t elements = px_sum(px_product(model->count, encoder->span), PX_PLANE_GUARD);
    encoder->mixed = px_pool_take(&group->pool, px_product(elements, sizeof *encoder->mixed));
    const bool rows = task->mixes || planes->holes;
    encoder->importance_stride = rows ? geometry->stride : 0;
    encoder->importance = (rows ? px_padded_take : px_zero_row_take)(&group->pool, geometry,
                                                                     sizeof *encoder->importance);
    encoder->low_bits = px_pool_take_zeroed(&group->pool, model->count);
    memset(encoder->classes, true, sizeof encoder->classes);
    status = px_pool_status(&group->pool, error);
    if (status == PRISM_OK)
        status = px_pool_status(&group->tiles, error);
    for (size_t y = 0; y < (rows ? model->height : 1) && status == PRISM_OK; y++)
        for (size_t x = 0; x < model->width; x++)
            encoder->importance[y * encoder->importance_stride + x] =
                (float)counts(planes, task, y, x);
    return status;
}

int32_t *px_lsq_mixed(const px_lsq_encoder *encoder, const px_geometry *geometry, size_t k) {
    return encoder->mixed + k * encoder->span + PX_PLANE_GUARD + geometry->origin;
}

const uint8_t *px_lsq_holes(const px_lsq_encoder *encoder, size_t k) {
    return px_holes_of(encoder->planes->holes, encoder->task.first + encoder->model.order[k]);
}

/* Bands are worked on one by one (px_lsq_part), so that what lies between them need not be told. */
static const uint8_t *holes_between(const px_lsq_encoder *encoder, size_t k) {
    return encoder->task.bands ? NULL : px_lsq_holes(encoder, k);
}

/* What stands for samples without data, as the decoder has it. */
static void fill_row(int16_t *row, const uint8_t *holes, size_t width, size_t stride) {
    for (size_t x = 0; x < width; x++)
        if (holes[x])
            row[x] =
                holes[x] == PX_HOLE_BLANK ? 0 : row[(ptrdiff_t)x + px_hole_place(holes[x], stride)];
}

/* Rows of a band, with the nearest sample left and right of them; below the lower one its last row
 * once more. */
static void load_band(const px_lsq_encoder *encoder, size_t k, size_t band) {
    const px_planes *planes = encoder->source;
    const px_view *view = &encoder->group.full;
    const px_rectangle rows = encoder->task.bands[band];
    const int mean = encoder->model.planes[k].mean;
    const int16_t *from = px_plane(planes, encoder->task.first + encoder->model.order[k]) +
                          px_band_at(planes, band).y * planes->width;
    int16_t *to = view->samples + px_band_column(encoder->task.bands, band);
    for (size_t y = 0; y < view->geometry.height; y++, to += view->geometry.stride) {
        for (size_t x = 0; x < rows.width; x++)
            to[x] = (int16_t)(from[x] - mean);
        for (ptrdiff_t x = 1; x <= PX_PAD_LEFT; x++)
            to[-x] = to[0];
        for (size_t x = 0; x < PX_PAD_RIGHT; x++)
            to[rows.width + x] = to[rows.width - 1];
        from += y + 1 < rows.height ? planes->width : 0;
    }
}

void px_lsq_load(px_lsq_encoder *encoder, size_t k) {
    for (size_t i = 0; i < PX_BANDS && encoder->task.bands; i++)
        load_band(encoder, k, i);
    if (encoder->task.bands)
        return;
    const px_planes *planes = encoder->planes;
    const int mean = encoder->model.planes[k].mean;
    px_view *view = &encoder->group.full;
    const int16_t *from = px_plane(planes, encoder->task.first + encoder->model.order[k]);
    view->holes = px_lsq_holes(encoder, k);
    for (size_t y = 0; y < planes->height; y++, from += planes->width) {
        int16_t *to = view->samples + y * view->geometry.stride;
        for (size_t x = 0; x < planes->width; x++)
            to[x] = (int16_t)(from[x] - mean);
        if (view->holes)
            fill_row(to, view->holes + y * planes->width, planes->width, view->geometry.stride);
    }
}

prism_status px_lsq_open(px_view *view, px_pool *pool, px_lsq_encoder *encoder, size_t k,
                         prism_error *error) {
    px_lsq_group *group = &encoder->group;
    const px_lsq_plane *plane = &encoder->model.planes[k];
    px_lsq_mix_plane(encoder, k);
    px_lsq_load(encoder, k);
    if (encoder->model.mixes) {
        group->full.mixed = px_lsq_mixed(encoder, &group->full.geometry, k);
        group->full.mixed_stride = group->full.geometry.stride;
    }
    prism_status status = px_view_open(view, pool, group, k, error);
    if (status != PRISM_OK)
        return status;
    if (plane->kind == PX_PLANE_HALVED)
        px_shrink(view->samples, &view->geometry, group->full.samples, &group->full.geometry,
                  plane->phase);
    return PRISM_OK;
}

/* ---- Side by side ---- */

typedef struct crew {
    px_lsq_encoder *encoders; /* one for each thread; they share all but the plane at work */
    px_pool *pools;           /* of which these have the memory */
    px_lsq_work work;
    void *context;
} crew;

static prism_status work_in_crew(void *context, size_t index, size_t worker, prism_error *error) {
    const crew *c = context;
    return c->work(&c->encoders[worker], index, c->context, error);
}

static prism_status take_view(px_view *view, px_pool *pool, prism_error *error) {
    view->samples = px_padded_take(pool, &view->geometry, sizeof *view->samples);
    view->logs = px_padded_take(pool, &view->geometry, sizeof *view->logs);
    view->errors = px_padded_take(pool, &view->geometry, sizeof *view->errors);
    return px_pool_status(pool, error);
}

prism_status px_lsq_run(px_lsq_encoder *encoder, size_t count, px_lsq_work work, void *context,
                        prism_error *error) {
    const size_t workers = px_workers(count, encoder->task.threads);
    crew c = {.encoders = encoder, .work = work, .context = context};
    if (workers == 1)
        return px_run(count, 1, work_in_crew, &c, error);
    px_pool pool = {.count = 0};
    c.encoders = px_pool_take(&pool, px_product(workers, sizeof *c.encoders));
    c.pools = px_pool_take_zeroed(&pool, px_product(workers, sizeof *c.pools));
    prism_status status = px_pool_status(&pool, error);
    const bool has_pools = status == PRISM_OK;
    for (size_t i = 0; i < workers && status == PRISM_OK; i++) {
        c.encoders[i] = *encoder;
        status = i ? take_view(&c.encoders[i].group.full, &c.pools[i], error) : PRISM_OK;
    }
    if (status == PRISM_OK)
        status = px_run(count, (int)workers, work_in_crew, &c, error);
    for (size_t i = 0; i < workers && has_pools; i++)
        px_pool_free(&c.pools[i]);
    px_pool_free(&pool);
    return status;
}

/* Planes 2m and 2m + 1 share tiles. */
typedef struct pair_task {
    px_lsq_work work;
    void *context;
} pair_task;

static prism_status work_on_pair(px_lsq_encoder *encoder, size_t index, void *context,
                                 prism_error *error) {
    const pair_task *task = context;
    prism_status status = task->work(encoder, 2 * index, task->context, error);
    return status == PRISM_OK && 2 * index + 1 < encoder->model.count
               ? task->work(encoder, 2 * index + 1, task->context, error)
               : status;
}

prism_status px_lsq_run_planes(px_lsq_encoder *encoder, px_lsq_work work, void *context,
                               prism_error *error) {
    pair_task task = {work, context};
    return px_lsq_run(encoder, (encoder->model.count + 1) / 2, work_on_pair, &task, error);
}

static prism_status store_plane(px_lsq_encoder *encoder, size_t k, void *context,
                                prism_error *error) {
    px_view *view = &encoder->group.full;
    (void)context;
    (void)error;
    px_lsq_load(encoder, k);
    if (encoder->task.bands)
        px_lsq_pad_blocks(&encoder->task, &view->geometry, view->samples, sizeof *view->samples);
    px_replicate_pads(&view->geometry, view->samples);
    px_tiles_store(&encoder->group.samples, &view->geometry, k, view->samples);
    if (encoder->model.wide)
        px_couples_store(&encoder->group.couples, &view->geometry, k, view->samples);
    return PRISM_OK;
}

prism_status px_lsq_store_samples(px_lsq_encoder *encoder, prism_error *error) {
    return px_lsq_run_planes(encoder, store_plane, NULL, error);
}

/* Entropy coding needs no more of a plane than its symbols, and samples for their low bits. */
static prism_status open_symbols(px_view *view, px_pool *pool, px_lsq_encoder *encoder, size_t k,
                                 prism_error *error) {
    const px_lsq_plane *plane = &encoder->model.planes[k];
    if (encoder->low_bits[k])
        return px_lsq_open(view, pool, encoder, k, error);
    *view = encoder->group.full;
    view->holes = holes_between(encoder, k);
    if (plane->kind == PX_PLANE_HALVED)
        view->geometry = px_geometry_halved(&encoder->group.full.geometry, plane->phase);
    return PRISM_OK;
}

/* What is written: the planes, or a band of them. */
typedef struct writing {
    const px_tables *tables;
    const px_rectangle *bands; /* as in the task */
    size_t band, room;         /* room: in words */
    px_pool pool;
    px_rans_stream stream;
} writing;

static size_t room_of(const px_lsq_encoder *encoder, size_t band, size_t limit) {
    px_planes planes = *encoder->planes;
    if (encoder->task.bands) {
        planes.height = encoder->task.bands[band].height;
        planes.width = encoder->task.bands[band].width;
    }
    return px_rans_room(&planes, limit);
}

/* What the entropy coder sees of a plane, and where its symbols begin. */
static prism_status open_wave(px_wave *wave, const int32_t **symbols, px_pool *pool,
                              px_lsq_encoder *encoder, const writing *w, size_t k,
                              prism_error *error) {
    px_view view;
    const prism_status status = open_symbols(&view, pool, encoder, k, error);
    if (status != PRISM_OK)
        return status;
    px_sample_wave(wave, &view, &encoder->model, k);
    *symbols = px_lsq_mixed(encoder, &view.geometry, k);
    if (w->bands)
        *symbols += px_band_wave(wave, w->bands, w->band);
    wave->shapes = w->tables->shapes;
    wave->quick_shapes = w->tables->quick;
    return PRISM_OK;
}

/* Goes backwards through the planes: the decoder reads what was written last. */
static prism_status write_planes(px_lsq_encoder *encoder, size_t index, void *context,
                                 prism_error *error) {
    writing *w = (writing *)context + index;
    const px_lsq_model *model = &encoder->model;
    prism_status status = px_rans_take(&w->stream, &w->pool, w->room, error);
    px_rans_start(&w->stream, model->quick ? PX_MAX_STATES : PX_RANS_LANES);
    for (size_t k = model->count; k-- > 0 && status == PRISM_OK && !w->stream.failed;) {
        px_pool pool = {.count = 0};
        const int32_t *symbols;
        px_wave wave;
        if (model->planes[k].kind == PX_PLANE_CONSTANT)
            continue;
        status = open_wave(&wave, &symbols, &pool, encoder, w, k, error);
        if (status == PRISM_OK && model->quick)
            px_quick_kernels_best()->encode(&wave, symbols, &w->stream);
        else if (status == PRISM_OK)
            px_wave_kernels_best()->encode(&wave, symbols, encoder->low_bits[k], &w->stream);
        px_pool_free(&pool);
    }
    if (status == PRISM_OK)
        px_rans_put_states(&w->stream);
    return status;
}

static size_t words_of(const writing *w) {
    return (size_t)(w->stream.end - w->stream.head);
}

static void put(px_lsq_encoder *encoder, writing *all, size_t count, px_sections *out) {
    if (encoder->task.may_have_bands)
        px_put_varint(&out->parameters, count > 1 ? words_of(&all[0]) : 0);
    px_model_write(&encoder->model, &out->parameters);
    for (size_t i = 0; i < count; i++)
        px_rans_put(&out->payload, &all[i].stream);
}

prism_status px_lsq_encoder_write(px_lsq_encoder *encoder, size_t limit, px_sections *out,
                                  bool *too_long, prism_error *error) {
    const px_rectangle *bands = encoder->task.bands;
    const size_t count = bands ? PX_BANDS : 1;
    writing all[PX_BANDS];
    px_tables tables;
    size_t words = 0;
    prism_status status =
        px_tables_make(&tables, &encoder->group.pool, &encoder->model, encoder->classes, error);
    for (size_t i = 0; i < count; i++)
        all[i] = (writing){
            .tables = &tables, .bands = bands, .band = i, .room = room_of(encoder, i, limit)};
    if (status == PRISM_OK)
        status = px_lsq_run(encoder, count, write_planes, all, error);
    for (size_t i = 0; i < count && status == PRISM_OK; i++) {
        *too_long |= all[i].stream.failed;
        words += words_of(&all[i]);
    }
    *too_long |= words > limit / 2;
    if (status == PRISM_OK && !*too_long)
        put(encoder, all, count, out);
    for (size_t i = 0; i < count; i++)
        px_pool_free(&all[i].pool);
    return status;
}
