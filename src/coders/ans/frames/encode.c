/* Frame after frame to symbols; then the symbols, backwards, to words. */
#include <string.h>

#include "base/sizes.h"
#include "base/status.h"
#include "base/threads.h"
#include "coders/ans/frames/fit.h"
#include "coders/ans/frames/frames.h"
#include "coders/ans/lsq/wave_kernels.h"
#include "entropy/shapes.h"

enum {
    SEGMENT_FRAMES = 16,      /* the states of the entropy coder begin anew after so many, */
    SEGMENT_SAMPLES = 1 << 18 /* or so many samples */
};

/* What a frame is fitted with. */
typedef struct bench {
    px_frame_view view;
    px_frame_fit fit;
    px_pool fit_pool; /* of the fits alone */
    px_symbol_histograms histograms;
} bench;

typedef struct encoder {
    const px_planes *planes;
    px_frames_model model;
    px_pool pool;
    int32_t *symbols; /* [count][span]; before them, what a fit sees near each place of the frame */
    size_t span;
    bool *low_bits; /* [count] whether symbols have any */
    size_t series, workers;
    bench benches[PX_FRAME_SERIES];        /* of several workers, for the frames of a series each */
    px_frame_model last[PX_FRAME_SERIES];  /* of the frames that are fitted */
    px_progress progress[PX_FRAME_SERIES]; /* of several workers: two steps a frame, see wait_for */
    size_t followed;                       /* how many series have that */
} encoder;

static void free_fits(encoder *e) {
    for (size_t i = 0; i < e->workers; i++)
        px_pool_free(&e->benches[i].fit_pool);
}

static void encoder_free(encoder *e) {
    free_fits(e);
    for (size_t i = 0; i < e->workers; i++)
        px_frame_view_free(&e->benches[i].view);
    for (size_t s = 0; s < e->followed; s++)
        px_progress_free(&e->progress[s]);
    px_pool_free(&e->pool);
    px_frames_model_free(&e->model);
}

static prism_status take_bench(encoder *e, size_t i, int effort, prism_error *error) {
    bench *b = &e->benches[i];
    const px_frame_use use = {.beside = i ? &e->benches[0].view : NULL};
    prism_status status = px_frame_view_make(&b->view, e->planes, &use, error);
    if (status == PRISM_OK)
        status = px_frame_fit_make(&b->fit, &b->fit_pool, &b->view, effort, error);
    b->histograms = px_symbol_histograms_take(&e->pool, PX_SHAPE_CLASSES);
    if (status == PRISM_OK && e->workers > 1)
        status = px_progress_make(&e->progress[i], error);
    e->followed += status == PRISM_OK && e->workers > 1;
    return status;
}

static prism_status encoder_make(encoder *e, const px_planes *planes, const px_task *task,
                                 prism_error *error) {
    *e = (encoder){.planes = planes, .series = px_frame_series(planes)};
    e->workers = px_workers(e->series, task->pipeline.threads);
    prism_status status = px_stack_plan_make(&e->model.plan, planes, task->effort, error);
    if (status == PRISM_OK)
        status = px_frames_model_alloc(&e->model, error);
    for (size_t i = 0; i < e->workers && status == PRISM_OK; i++)
        status = take_bench(e, i, task->effort, error);
    if (status != PRISM_OK)
        return status;
    const px_geometry *geometry = &e->benches[0].view.geometry;
    e->span = px_sum(px_product(geometry->tile_count, PX_TILE), 2 * PX_PLANE_GUARD);
    e->symbols = px_pool_take(&e->pool, px_product(planes->count, e->span, sizeof *e->symbols));
    e->low_bits = px_pool_take_zeroed(&e->pool, planes->count);
    return px_pool_status(&e->pool, error);
}

/* ---- Side by side ---------------------------------------------------------------------------- */

enum { LOGS = 1, ALL = 2 }; /* steps of a frame: its logs are kept; it is through */

static bench *bench_of(encoder *e, size_t turn) {
    return &e->benches[e->workers > 1 ? turn % e->series : 0];
}

static bool wait_for(encoder *e, size_t turn, size_t step) {
    return e->workers == 1 ||
           px_progress_wait(&e->progress[turn % e->series], turn / e->series * ALL + step);
}

static void reach(encoder *e, size_t turn, size_t step) {
    if (e->workers > 1)
        px_progress_reach(&e->progress[turn % e->series], turn / e->series * ALL + step);
}

static bool wait_for_references(encoder *e, size_t turn) {
    const px_frame *frame = &e->model.plan.frames[turn];
    for (int r = 0; r < frame->count; r++)
        if (!wait_for(e, frame->references[r], LOGS))
            return false;
    return true;
}

/* ---- Symbols --------------------------------------------------------------------------------- */

static int32_t *symbols_of(const encoder *e, size_t turn) {
    return e->symbols + turn * e->span + PX_PLANE_GUARD + e->benches[0].view.geometry.origin;
}

/* When they are about to be written: memory that is far from the cache is not written twice. */
static void clear_symbols(encoder *e, size_t turn) {
    memset(e->symbols + turn * e->span, 0, e->span * sizeof *e->symbols);
}

/* The logs of a frame need none of others: they are kept before those of its references are waited
 * for. */
static prism_status encode_frame(encoder *e, size_t turn, prism_error *error) {
    bench *b = bench_of(e, turn);
    px_frame_model *last = &e->last[turn % e->series];
    b->fit.model = &e->model.frames[turn];
    b->fit.frame = &e->model.plan.frames[turn];
    b->fit.near = symbols_of(e, turn);
    clear_symbols(e, turn);
    px_frame_view_load(&b->view, &e->model, e->planes, turn);
    px_frame_view_refer_samples(&b->view, &e->model, e->planes, turn);
    const prism_status status = px_frame_fit_means(&b->fit, last, error);
    if (status != PRISM_OK)
        return status;
    px_frame_fit_errors(&b->fit);
    px_frame_view_keep(&b->view, turn);
    reach(e, turn, LOGS);
    if (!wait_for_references(e, turn))
        return px_fail(error, PRISM_E_INTERNAL, "a frame before could not be encoded");
    px_frame_view_refer_logs(&b->view, &e->model, turn);
    e->low_bits[turn] = px_frame_fit_scale(&b->fit, symbols_of(e, turn), &b->histograms);
    *last = e->model.frames[turn];
    return PRISM_OK;
}

/* After the one before it in its series. */
static prism_status encode_turn(void *context, size_t turn, size_t worker, prism_error *error) {
    encoder *e = context;
    const px_frame *frame = &e->model.plan.frames[turn];
    prism_status status = PRISM_OK;
    (void)worker;
    const bool plain = !px_frame_is_coded(&e->model, turn);
    const bool ready = (turn < e->series || wait_for(e, turn - e->series, ALL)) &&
                       (!plain || wait_for_references(e, turn));
    if (!ready)
        status = px_fail(error, PRISM_E_INTERNAL, "a frame before could not be encoded");
    else if (plain)
        px_frame_view_keep_plain(&bench_of(e, turn)->view, frame, turn);
    else
        status = encode_frame(e, turn, error);
    if (status == PRISM_OK)
        reach(e, turn, ALL);
    else if (e->workers > 1)
        px_progress_end(&e->progress[turn % e->series]);
    return status;
}

static prism_status find_mean(void *context, size_t turn, size_t worker, prism_error *error) {
    encoder *e = context;
    (void)worker, (void)error;
    if (!e->model.plan.frames[turn].duplicates)
        px_frame_find_mean(&e->model, e->planes, turn);
    return PRISM_OK;
}

static prism_status encode_frames(encoder *e, prism_error *error) {
    px_frames_model *model = &e->model;
    const size_t count = model->plan.count;
    prism_status status = px_run(count, (int)e->workers, find_mean, e, error);
    for (size_t turn = 0; turn < count && status == PRISM_OK; turn++)
        if (model->plan.frames[turn].duplicates)
            model->frames[turn].mean = model->frames[model->plan.frames[turn].references[0]].mean;
    if (status == PRISM_OK)
        status = px_run(count, (int)e->workers, encode_turn, e, error);
    px_symbol_histograms *all = &e->benches[0].histograms;
    for (size_t i = 1; i < e->workers && status == PRISM_OK; i++)
        px_symbol_histograms_merge(all, &e->benches[i].histograms, PX_SHAPE_CLASSES);
    if (status == PRISM_OK)
        px_lsq_choose_shapes(model->shapes, all, PX_SHAPE_CLASSES, px_class_scale, false);
    return status;
}

/* ---- Words ----------------------------------------------------------------------------------- */

/* Of the frames of a series. */
static void set_segments(px_frames_model *model, size_t series, size_t first, size_t frame_size) {
    size_t frames = SEGMENT_FRAMES;
    for (size_t turn = first; turn < model->plan.count; turn += series) {
        if (!px_frame_is_coded(model, turn))
            continue;
        model->frames[turn].begins =
            frames >= SEGMENT_FRAMES || frames * frame_size >= SEGMENT_SAMPLES;
        frames = model->frames[turn].begins ? 1 : frames + 1;
    }
}

/* Low bits are of samples: only then are these needed again. */
static void write_frame(encoder *e, const px_shapes *shapes, size_t turn, px_rans_stream *stream) {
    px_blend blend;
    px_frame_view *view = &bench_of(e, turn)->view;
    px_wave wave = px_frame_wave(view, &blend, &e->model.frames[turn], &e->model.plan.frames[turn]);
    wave.shapes = shapes;
    if (e->low_bits[turn])
        px_frame_view_load(view, &e->model, e->planes, turn);
    px_wave_kernels_best()->encode(&wave, symbols_of(e, turn), e->low_bits[turn], stream);
}

typedef struct writing {
    encoder *encoder;
    const px_shapes *shapes;
    px_rans_stream streams[PX_FRAME_SERIES];
} writing;

/* Backwards: the decoder reads what was written last. */
static prism_status write_series(void *context, size_t series, size_t worker, prism_error *error) {
    writing *w = context;
    encoder *e = w->encoder;
    px_rans_stream *stream = &w->streams[series];
    const uint16_t *end = NULL; /* of the segment that is being written */
    (void)worker, (void)error;
    for (size_t turn = e->model.plan.count; turn-- > 0 && !stream->failed;) {
        if (turn % e->series != series || !px_frame_is_coded(&e->model, turn))
            continue;
        if (!end) {
            end = stream->head;
            px_rans_start(stream, PX_RANS_LANES);
        }
        write_frame(e, w->shapes, turn, stream);
        if (e->model.frames[turn].begins) {
            px_rans_put_states(stream);
            e->model.frames[turn].words = (uint32_t)(end - stream->head);
            end = NULL;
        }
    }
    return PRISM_OK;
}

/* Segments of all series, in the order of the turns that begin them. */
static void put_segments(writing *w, px_buffer *payload) {
    const px_frames_model *model = &w->encoder->model;
    for (size_t turn = 0; turn < model->plan.count; turn++) {
        px_rans_stream *stream = &w->streams[turn % w->encoder->series];
        px_rans_stream segment = *stream;
        if (!model->frames[turn].begins)
            continue;
        stream->head += model->frames[turn].words;
        segment.end = stream->head;
        px_rans_put(payload, &segment);
    }
}

static prism_status write_segments(encoder *e, size_t limit, px_buffer *payload,
                                   prism_error *error) {
    bool all[PX_SHAPE_CLASSES], failed = false;
    memset(all, true, sizeof all);
    writing w = {.encoder = e, .shapes = px_shapes_make(&e->pool, e->model.shapes, all)};
    prism_status status = px_pool_status(&e->pool, error);
    for (size_t s = 0; s < e->series && status == PRISM_OK; s++)
        status = px_rans_take(&w.streams[s], &e->pool, px_rans_room(e->planes, limit), error);
    if (status == PRISM_OK)
        status = px_run(e->series, (int)e->workers, write_series, &w, error);
    for (size_t s = 0; s < e->series; s++)
        failed |= w.streams[s].failed;
    if (status == PRISM_OK && failed)
        px_buffer_exceed(payload, limit);
    else if (status == PRISM_OK)
        put_segments(&w, payload);
    return status;
}

prism_status px_frames_encode(const px_planes *planes, const px_task *task, px_coded *out,
                              prism_error *error) {
    px_sections *sections = &out->sections;
    if (!px_frames_fit(planes))
        return px_buffer_exceed(&sections->payload, task->limit), PRISM_OK;
    encoder e;
    prism_status status = encoder_make(&e, planes, task, error);
    if (status == PRISM_OK)
        status = encode_frames(&e, error);
    if (status == PRISM_OK) {
        free_fits(&e);
        for (size_t first = 0; first < e.series; first++)
            set_segments(&e.model, e.series, first, px_plane_size(planes));
        status = write_segments(&e, task->limit, &sections->payload, error);
    }
    if (status == PRISM_OK)
        px_frames_model_write(&e.model, &sections->parameters);
    encoder_free(&e);
    return status;
}
