/* Frame after frame in coding order. */
#include <string.h>

#include "base/sizes.h"
#include "base/status.h"
#include "base/threads.h"
#include "coders/ans/frames/blend_kernels.h"
#include "coders/ans/frames/frames.h"
#include "coders/ans/frames/view.h"
#include "entropy/shapes.h"

typedef struct decoder {
    px_planes *planes; /* of a couple, before all are decoded, one for the first of them */
    px_planes first;
    const bool *wanted; /* see px_request */
    px_frames_model model;
    size_t series, workers;
    px_frame_view views[PX_FRAME_SERIES]; /* of several workers, for the frames of a series each */
    px_rans_stream streams[PX_FRAME_SERIES];
    px_progress progress[PX_FRAME_SERIES]; /* rows; of several workers */
    size_t followed;                       /* how many series have that */
    px_pool pool;
    const px_shapes *shapes;
    px_rans_stream all; /* all words */
    size_t *places;     /* [count] words before the segment that begins with the turn */
    bool *needed;       /* [count] turns that are decoded */
} decoder;

/* One of the coded frames at work. */
typedef struct frame_at_work {
    decoder *decoder;
    px_frame_view *view;
    size_t turn;
    size_t referred, stored; /* rows */
} frame_at_work;

static void decoder_free(decoder *d) {
    for (size_t i = 0; i < d->workers; i++)
        px_frame_view_free(&d->views[i]);
    for (size_t s = 0; s < d->followed; s++)
        px_progress_free(&d->progress[s]);
    px_pool_free(&d->pool);
    px_frames_model_free(&d->model);
}

/* ---- Side by side ---------------------------------------------------------------------------- */

/* The rows of a turn as places among those of its series. */
static size_t place_of(const decoder *d, size_t turn, size_t rows) {
    return turn / d->series * d->views[0].geometry.height + rows;
}

/* Waits until rows of a turn before are decoded. */
static bool wait_for(decoder *d, size_t turn, size_t rows) {
    return d->workers == 1 ||
           px_progress_wait(&d->progress[turn % d->series], place_of(d, turn, rows));
}

static void reach(decoder *d, size_t turn, size_t rows) {
    if (d->workers > 1)
        px_progress_reach(&d->progress[turn % d->series], place_of(d, turn, rows));
}

static prism_status follow(decoder *d, prism_error *error) {
    prism_status status = PRISM_OK;
    while (status == PRISM_OK && d->workers > 1 && d->followed < d->series) {
        status = px_progress_make(&d->progress[d->followed], error);
        d->followed += status == PRISM_OK;
    }
    return status;
}

static bool refer(void *context, size_t rows) {
    frame_at_work *at = context;
    decoder *d = at->decoder;
    const px_frame *frame = &d->model.plan.frames[at->turn];
    for (int r = 0; r < frame->count; r++)
        if (!wait_for(d, frame->references[r], rows))
            return false;
    px_frame_view_refer_rows(at->view, &d->model, d->planes, at->turn, at->referred, rows);
    at->referred = rows;
    return true;
}

/* The last frame of a couple has no plane yet. That all rows are decoded is said when the view and
 * the states can be another frame's (decode_turn). */
static void store(void *context, size_t rows) {
    frame_at_work *at = context;
    decoder *d = at->decoder;
    if (at->view->couple && at->turn == 1)
        return;
    px_frame_view_store_rows(at->view, &d->model, d->planes, at->turn, at->stored, rows);
    at->stored = rows;
    if (rows < at->view->geometry.height)
        reach(d, at->turn, rows);
}

/* ---- Segments -------------------------------------------------------------------------------- */

/* Where they are; the words must be theirs. */
static prism_status find_segments(decoder *d, prism_error *error) {
    const size_t count = d->model.plan.count, words = (size_t)(d->all.end - d->all.words);
    bool begun[PX_FRAME_SERIES] = {false};
    size_t place = 0;
    d->places = px_pool_take(&d->pool, px_product(count, sizeof *d->places));
    if (!d->places)
        return px_pool_status(&d->pool, error);
    for (size_t turn = 0; turn < count; turn++) {
        const px_frame_model *frame = &d->model.frames[turn];
        if (!px_frame_is_coded(&d->model, turn))
            continue;
        d->places[turn] = place;
        begun[turn % d->series] |= frame->begins;
        if (!begun[turn % d->series])
            return px_fail(error, PRISM_E_CORRUPT, "the coded frames have no beginning");
        if (frame->begins && words - place < frame->words)
            return px_fail(error, PRISM_E_CORRUPT, "the coded frames end too early");
        place += frame->begins ? frame->words : 0;
    }
    return place == words ? PRISM_OK
                          : px_fail(error, PRISM_E_CORRUPT, "bytes after the coded frames");
}

/* The one at work, if there is one. */
static prism_status end_segment(const px_rans_stream *stream, prism_error *error) {
    if (stream->count && (stream->words != stream->end || !px_rans_ended(stream)))
        return px_fail(error, PRISM_E_CORRUPT, "the coded frames do not end as they should");
    return PRISM_OK;
}

static prism_status begin_segment(decoder *d, size_t turn, prism_error *error) {
    px_rans_stream *stream = &d->streams[turn % d->series];
    prism_status status = end_segment(stream, error);
    if (status != PRISM_OK)
        return status;
    px_rans_start(stream, PX_RANS_LANES);
    stream->words = d->all.words + d->places[turn];
    stream->end = stream->words + d->model.frames[turn].words;
    if (!px_rans_begin(stream))
        return px_fail(error, PRISM_E_CORRUPT, "the coded frames have no beginning");
    return PRISM_OK;
}

/* ---- Frames ---------------------------------------------------------------------------------- */

static prism_status decode_coded(decoder *d, size_t turn, prism_error *error) {
    const px_frame_model *frame = &d->model.frames[turn];
    px_frame_view *view = &d->views[d->workers > 1 ? turn % d->series : 0];
    px_rans_stream *stream = &d->streams[turn % d->series];
    const prism_status status = frame->begins ? begin_segment(d, turn, error) : PRISM_OK;
    if (status != PRISM_OK)
        return status;
    frame_at_work at = {.decoder = d, .view = view, .turn = turn};
    const px_row_watch watch = {refer, store, &at};
    px_blend blend;
    px_frame_view_begin(view, turn);
    px_wave wave = px_frame_wave(view, &blend, frame, &d->model.plan.frames[turn]);
    wave.shapes = d->shapes;
    wave.watch = &watch;
    px_blend_kernels_best()->decode(&wave, stream);
    if (stream->failed)
        return px_fail(error, PRISM_E_CORRUPT, "the coded frames end too early");
    px_frame_view_keep(view, turn);
    return PRISM_OK;
}

static prism_status decode_plain(decoder *d, size_t turn, prism_error *error) {
    const px_frame *frame = &d->model.plan.frames[turn];
    px_frame_view *view = &d->views[d->workers > 1 ? turn % d->series : 0];
    if (frame->duplicates && !wait_for(d, frame->references[0], view->geometry.height))
        return px_fail(error, PRISM_E_CORRUPT, "a frame that is a copy has no original");
    if (!view->couple || turn != 1)
        px_frame_view_store_plain(view, &d->model, d->planes, turn);
    return PRISM_OK;
}

/* Wanted planes, what they refer to, and what comes before these in their segments. */
static prism_status find_needed(decoder *d, prism_error *error) {
    const px_stack_plan *plan = &d->model.plan;
    d->needed = px_pool_take(&d->pool, px_product(plan->count, sizeof *d->needed));
    if (!d->needed)
        return px_pool_status(&d->pool, error);
    for (size_t turn = 0; turn < plan->count; turn++)
        d->needed[turn] = !d->wanted || d->wanted[plan->frames[turn].plane];
    bool inside[PX_FRAME_SERIES] = {false}; /* a later frame of the segment is needed */
    for (size_t turn = plan->count; turn-- > 0;) {
        d->needed[turn] |= inside[turn % d->series] && px_frame_is_coded(&d->model, turn);
        for (int r = 0; r < plan->frames[turn].count && d->needed[turn]; r++)
            d->needed[plan->frames[turn].references[r]] = true;
        if (px_frame_is_coded(&d->model, turn))
            inside[turn % d->series] = d->needed[turn] && !d->model.frames[turn].begins;
    }
    return PRISM_OK;
}

/* After what comes before it in its series, of which the views and the states are. */
static prism_status decode_turn(void *context, size_t turn, size_t worker, prism_error *error) {
    decoder *d = context;
    const bool is_coded = px_frame_is_coded(&d->model, turn);
    prism_status status = PRISM_OK;
    (void)worker;
    if (turn >= d->series && !wait_for(d, turn - d->series, d->views[0].geometry.height))
        status = px_fail(error, PRISM_E_CORRUPT, "a frame before could not be decoded");
    else if (d->needed[turn] && is_coded)
        status = decode_coded(d, turn, error);
    else if (d->needed[turn])
        status = decode_plain(d, turn, error);
    else if (is_coded)
        d->streams[turn % d->series].count = 0; /* nothing more of the segment is needed */
    if (status == PRISM_OK)
        reach(d, turn, d->views[0].geometry.height);
    else if (d->workers > 1)
        px_progress_end(&d->progress[turn % d->series]);
    return status;
}

static prism_status decode_frames(decoder *d, prism_error *error) {
    prism_status status = find_segments(d, error);
    if (status == PRISM_OK)
        status = find_needed(d, error);
    if (status == PRISM_OK)
        status = follow(d, error);
    if (status == PRISM_OK)
        status = px_run(d->model.plan.count, (int)d->workers, decode_turn, d, error);
    for (size_t s = 0; s < d->series && status == PRISM_OK; s++)
        status = end_segment(&d->streams[s], error);
    return status;
}

/* ---- Memory ---------------------------------------------------------------------------------- */

/* The first frame refers to none. */
static prism_status take_views(decoder *d, const px_planes *planes, prism_error *error) {
    const bool couple = planes->count == 2;
    prism_status status = PRISM_OK;
    for (size_t i = 0; i < d->workers && status == PRISM_OK; i++) {
        const px_frame_use use = {.decoding = true,
                                  .couple = couple && d->workers == 1,
                                  .alone = couple && d->workers > 1 && i == 0,
                                  .beside = i ? &d->views[0] : NULL};
        status = px_frame_view_make(&d->views[i], planes, &use, error);
    }
    return status;
}

/* One plane stands for both, since the last frame is not stored yet. */
static prism_status take_first(decoder *d, const px_planes *planes, prism_error *error) {
    d->first = *planes;
    d->first.stride = 0;
    d->first.samples =
        px_pool_take(&d->pool, px_product(px_plane_size(planes), sizeof *planes->samples));
    d->planes = &d->first;
    return px_pool_status(&d->pool, error);
}

static void store_second(decoder *d) {
    if (px_frame_is_coded(&d->model, 1))
        px_frame_view_store(&d->views[0], &d->model, d->planes, 1);
    else
        px_frame_view_store_plain(&d->views[0], &d->model, d->planes, 1);
}

/* Both frames to their planes. */
static prism_status end_couple(decoder *d, px_planes *planes, prism_error *error) {
    px_frame_view_leave(&d->views[0]);
    const prism_status status = px_planes_take(planes, error);
    if (status != PRISM_OK)
        return status;
    memcpy(px_plane(planes, d->model.plan.frames[0].plane), d->first.samples,
           px_plane_size(planes) * sizeof *planes->samples);
    d->planes = planes;
    if (d->needed[1])
        store_second(d);
    return PRISM_OK;
}

static prism_status read_model(decoder *d, px_reader *parameters, prism_error *error) {
    prism_status status =
        px_frames_model_read(&d->model, false, d->planes->count, parameters, error);
    if (status == PRISM_OK && px_reader_left(parameters))
        status = px_fail(error, PRISM_E_CORRUPT, "%zu bytes follow the model of the frames",
                         px_reader_left(parameters));
    return status;
}

prism_status px_frames_decode(px_planes *planes, const px_request *request, px_reader *parameters,
                              px_reader *payload, prism_error *error) {
    decoder d = {.planes = planes, .wanted = request->wanted, .series = px_frame_series(planes)};
    d.workers = px_workers(d.series, request->threads);
    if (!px_frames_fit(planes))
        return px_fail(error, PRISM_E_CORRUPT, "frames are too large or too many to be coded");
    prism_status status = read_model(&d, parameters, error);
    if (status == PRISM_OK)
        status = take_views(&d, planes, error);
    const bool couple = d.views[0].couple;
    if (status == PRISM_OK)
        status = couple ? take_first(&d, planes, error) : px_planes_take(planes, error);
    if (status == PRISM_OK)
        status = px_rans_get(&d.all, payload, &d.pool, error);
    if (status == PRISM_OK) {
        d.shapes = px_shapes_make(&d.pool, d.model.shapes, NULL);
        status = px_pool_status(&d.pool, error);
    }
    if (status == PRISM_OK)
        status = decode_frames(&d, error);
    if (status == PRISM_OK && couple)
        status = end_couple(&d, planes, error);
    decoder_free(&d);
    return status;
}
