/* Frame after frame to symbols; then the symbols, backwards, to words. */
#include <string.h>

#include "base/sizes.h"
#include "base/status.h"
#include "coders/ans/frames/fit.h"
#include "coders/ans/frames/frames.h"
#include "coders/ans/lsq/wave_kernels.h"
#include "entropy/shapes.h"

enum {
    SEGMENT_FRAMES = 16,      /* the states of the entropy coder begin anew after so many, */
    SEGMENT_SAMPLES = 1 << 18 /* or so many samples */
};

typedef struct encoder {
    const px_planes *planes;
    px_frames_model model;
    px_frame_view view;
    px_frame_fit fit;
    px_pool pool, fit_pool; /* the latter is of the fits alone */
    px_symbol_histograms histograms;
    int32_t *symbols; /* [count][span]; before them, what a fit sees near each place of the frame */
    size_t span;
    bool *low_bits; /* [count] whether symbols have any */
    size_t series;
} encoder;

static void encoder_free(encoder *e) {
    px_pool_free(&e->pool);
    px_pool_free(&e->fit_pool);
    px_frame_view_free(&e->view);
    px_frames_model_free(&e->model);
}

static prism_status encoder_make(encoder *e, const px_planes *planes, int effort,
                                 prism_error *error) {
    *e = (encoder){.planes = planes, .series = px_frame_series(planes)};
    prism_status status = px_stack_plan_make(&e->model.plan, planes, effort, error);
    if (status == PRISM_OK)
        status = px_frames_model_alloc(&e->model, error);
    if (status == PRISM_OK)
        status = px_frame_view_make(&e->view, planes, &(px_frame_use){.decoding = false}, error);
    if (status == PRISM_OK)
        status = px_frame_fit_make(&e->fit, &e->fit_pool, &e->view, effort, error);
    if (status != PRISM_OK)
        return status;
    const px_geometry *geometry = &e->view.geometry;
    e->span = px_sum(px_product(geometry->tile_count, PX_TILE), PX_PLANE_GUARD);
    const size_t elements = px_sum(px_product(planes->count, e->span), PX_PLANE_GUARD);
    e->symbols = px_pool_take(&e->pool, px_product(elements, sizeof *e->symbols));
    e->low_bits = px_pool_take_zeroed(&e->pool, planes->count);
    e->histograms = px_symbol_histograms_take(&e->pool, PX_SHAPE_CLASSES);
    return px_pool_status(&e->pool, error);
}

/* ---- Symbols --------------------------------------------------------------------------------- */

static int32_t *symbols_of(const encoder *e, size_t turn) {
    return e->symbols + turn * e->span + PX_PLANE_GUARD + e->view.geometry.origin;
}

/* When they are about to be written: memory that is far from the cache is not written twice. */
static void clear_symbols(encoder *e, size_t turn) {
    memset(e->symbols + turn * e->span, 0, (e->span + PX_PLANE_GUARD) * sizeof *e->symbols);
}

static prism_status encode_frame(encoder *e, size_t turn, const px_frame_model *last,
                                 prism_error *error) {
    e->fit.model = &e->model.frames[turn];
    e->fit.frame = &e->model.plan.frames[turn];
    e->fit.near = symbols_of(e, turn);
    clear_symbols(e, turn);
    px_frame_view_refer(&e->view, &e->model, e->planes, turn, NULL);
    prism_status status = px_frame_fit_means(&e->fit, last, error);
    if (status != PRISM_OK)
        return status;
    e->low_bits[turn] = px_frame_fit_scale(&e->fit, symbols_of(e, turn), &e->histograms);
    px_frame_view_keep(&e->view, turn);
    return PRISM_OK;
}

static prism_status encode_frames(encoder *e, prism_error *error) {
    const px_frames_model *model = &e->model;
    px_frame_model last = {.mean = 0};
    prism_status status = PRISM_OK;
    for (size_t turn = 0; turn < model->plan.count && status == PRISM_OK; turn++) {
        const px_frame *frame = &model->plan.frames[turn];
        if (frame->duplicates) {
            model->frames[turn].mean = model->frames[frame->references[0]].mean;
            px_frame_view_keep_plain(&e->view, frame, turn);
        } else if (!px_frame_view_load(&e->view, &e->model, e->planes, turn)) {
            px_frame_view_keep_plain(&e->view, frame, turn);
        } else {
            status = encode_frame(e, turn, &last, error);
            last = model->frames[turn];
        }
    }
    if (status == PRISM_OK)
        px_lsq_choose_shapes(e->model.shapes, &e->histograms, PX_SHAPE_CLASSES, px_class_scale,
                             false);
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
    px_wave wave =
        px_frame_wave(&e->view, &blend, &e->model.frames[turn], &e->model.plan.frames[turn]);
    wave.shapes = shapes;
    if (e->low_bits[turn])
        px_frame_view_load(&e->view, &e->model, e->planes, turn);
    px_wave_kernels_best()->encode(&wave, symbols_of(e, turn), e->low_bits[turn], stream);
}

/* The last turn of a segment that begins with `first`. */
static size_t last_of_segment(const encoder *e, size_t first) {
    size_t last = first;
    while (e->model.plan.count - last > e->series && !e->model.frames[last + e->series].begins)
        last += e->series;
    return last;
}

/* Backwards: the decoder reads what was written last. */
static void write_segment(encoder *e, const px_shapes *shapes, size_t first,
                          px_rans_stream *stream) {
    const uint16_t *end = stream->head;
    px_rans_start(stream, PX_RANS_LANES);
    for (size_t turn = last_of_segment(e, first) + e->series; turn > first && !stream->failed;) {
        turn -= e->series;
        if (px_frame_is_coded(&e->model, turn))
            write_frame(e, shapes, turn, stream);
    }
    px_rans_put_states(stream);
    e->model.frames[first].words = (uint32_t)(end - stream->head);
}

static prism_status write_segments(encoder *e, size_t limit, px_buffer *payload,
                                   prism_error *error) {
    bool all[PX_SHAPE_CLASSES];
    memset(all, true, sizeof all);
    const px_shapes *shapes = px_shapes_make(&e->pool, e->model.shapes, all);
    px_rans_stream stream;
    prism_status status = px_rans_take(&stream, &e->pool, px_rans_room(e->planes, limit), error);
    if (status != PRISM_OK)
        return status;
    for (size_t turn = e->model.plan.count; turn-- > 0 && !stream.failed;)
        if (e->model.frames[turn].begins)
            write_segment(e, shapes, turn, &stream);
    if (stream.failed)
        return px_buffer_exceed(payload, limit), PRISM_OK;
    px_rans_put(payload, &stream);
    return PRISM_OK;
}

prism_status px_frames_encode(const px_planes *planes, const px_task *task, px_coded *out,
                              prism_error *error) {
    px_sections *sections = &out->sections;
    if (!px_frames_fit(planes))
        return px_buffer_exceed(&sections->payload, task->limit), PRISM_OK;
    encoder e;
    prism_status status = encoder_make(&e, planes, task->effort, error);
    if (status == PRISM_OK)
        status = encode_frames(&e, error);
    if (status == PRISM_OK) {
        px_pool_free(&e.fit_pool);
        for (size_t first = 0; first < e.series; first++)
            set_segments(&e.model, e.series, first, px_plane_size(planes));
        status = write_segments(&e, task->limit, &sections->payload, error);
    }
    if (status == PRISM_OK)
        px_frames_model_write(&e.model, &sections->parameters);
    encoder_free(&e);
    return status;
}
