/* Frame after frame in coding order. */
#include <string.h>

#include "base/sizes.h"
#include "base/status.h"
#include "coders/ans/frames/blend_kernels.h"
#include "coders/ans/frames/frames.h"
#include "coders/ans/frames/view.h"
#include "entropy/shapes.h"

typedef struct decoder {
    px_planes *planes; /* of a couple, before all are decoded, one for the first of them */
    px_planes first;
    const bool *wanted; /* see px_request */
    px_frames_model model;
    px_frame_view view;
    px_pool pool;
    const px_shapes *shapes;
    px_rans_stream stream; /* ends with the segment */
    const uint16_t *end;   /* of all words */
    bool *needed;          /* [count] turns that are decoded */
} decoder;

static void decoder_free(decoder *d) {
    px_pool_free(&d->pool);
    px_frame_view_free(&d->view);
    px_frames_model_free(&d->model);
}

/* The one at work, if there is one. */
static prism_status end_segment(decoder *d, prism_error *error) {
    if (d->stream.count && (d->stream.words != d->stream.end || !px_rans_ended(&d->stream)))
        return px_fail(error, PRISM_E_CORRUPT, "the coded frames do not end as they should");
    return PRISM_OK;
}

/* The words of a segment that is not begun yet. */
static prism_status find_segment(decoder *d, const px_frame_model *frame, prism_error *error) {
    prism_status status = end_segment(d, error);
    if (status != PRISM_OK)
        return status;
    if ((size_t)(d->end - d->stream.words) < frame->words)
        return px_fail(error, PRISM_E_CORRUPT, "the coded frames end too early");
    d->stream.end = d->stream.words + frame->words;
    return PRISM_OK;
}

static prism_status begin_segment(decoder *d, const px_frame_model *frame, prism_error *error) {
    prism_status status = find_segment(d, frame, error);
    if (status != PRISM_OK)
        return status;
    px_rans_start(&d->stream, PX_RANS_LANES);
    if (!px_rans_begin(&d->stream))
        return px_fail(error, PRISM_E_CORRUPT, "the coded frames have no beginning");
    return PRISM_OK;
}

static prism_status decode_coded(decoder *d, size_t turn, prism_error *error) {
    const px_frame_model *frame = &d->model.frames[turn];
    prism_status status = PRISM_OK;
    if (frame->begins)
        status = begin_segment(d, frame, error);
    else if (!d->stream.count)
        status = px_fail(error, PRISM_E_CORRUPT, "the coded frames have no beginning");
    if (status != PRISM_OK)
        return status;
    px_frame_view_begin(&d->view, turn);
    px_frame_view_refer(&d->view, &d->model, d->planes, turn, NULL);
    px_blend blend;
    px_wave wave = px_frame_wave(&d->view, &blend, frame, &d->model.plan.frames[turn]);
    wave.shapes = d->shapes;
    px_blend_kernels_best()->decode(&wave, &d->stream);
    if (d->stream.failed)
        return px_fail(error, PRISM_E_CORRUPT, "the coded frames end too early");
    px_frame_view_keep(&d->view, turn);
    return PRISM_OK;
}

static void store(decoder *d, size_t turn) {
    if (px_frame_is_coded(&d->model, turn))
        px_frame_view_store(&d->view, &d->model, d->planes, turn);
    else
        px_frame_view_store_plain(&d->view, &d->model, d->planes, turn);
}

/* From here on nothing of the segment is needed. */
static prism_status skip_coded(decoder *d, size_t turn, prism_error *error) {
    const px_frame_model *frame = &d->model.frames[turn];
    prism_status status = frame->begins ? find_segment(d, frame, error) : PRISM_OK;
    d->stream.words = d->stream.end;
    d->stream.count = 0;
    return status;
}

/* Wanted planes, what they refer to, and what comes before these in their segments. */
static prism_status find_needed(decoder *d, prism_error *error) {
    const px_stack_plan *plan = &d->model.plan;
    d->needed = px_pool_take(&d->pool, px_product(plan->count, sizeof *d->needed));
    if (!d->needed)
        return px_pool_status(&d->pool, error);
    for (size_t turn = 0; turn < plan->count; turn++)
        d->needed[turn] = !d->wanted || d->wanted[plan->frames[turn].plane];
    bool inside = false; /* a later frame of the segment is needed */
    for (size_t turn = plan->count; turn-- > 0;) {
        d->needed[turn] |= inside && px_frame_is_coded(&d->model, turn);
        for (int r = 0; r < plan->frames[turn].count && d->needed[turn]; r++)
            d->needed[plan->frames[turn].references[r]] = true;
        if (px_frame_is_coded(&d->model, turn))
            inside = d->needed[turn] && !d->model.frames[turn].begins;
    }
    return PRISM_OK;
}

static prism_status decode_frames(decoder *d, prism_error *error) {
    prism_status status = find_needed(d, error);
    for (size_t turn = 0; turn < d->model.plan.count && status == PRISM_OK; turn++) {
        if (px_frame_is_coded(&d->model, turn))
            status = d->needed[turn] ? decode_coded(d, turn, error) : skip_coded(d, turn, error);
        const bool waits = d->view.couple && turn == 1;
        if (status == PRISM_OK && d->needed[turn] && !waits)
            store(d, turn);
    }
    return status == PRISM_OK ? end_segment(d, error) : status;
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

/* Both frames to their planes. */
static prism_status end_couple(decoder *d, px_planes *planes, prism_error *error) {
    px_frame_view_leave(&d->view);
    const prism_status status = px_planes_take(planes, error);
    if (status != PRISM_OK)
        return status;
    memcpy(px_plane(planes, d->model.plan.frames[0].plane), d->first.samples,
           px_plane_size(planes) * sizeof *planes->samples);
    d->planes = planes;
    if (d->needed[1])
        store(d, 1);
    return PRISM_OK;
}

prism_status px_frames_decode(px_planes *planes, const bool *wanted, px_reader *parameters,
                              px_reader *payload, prism_error *error) {
    decoder d = {.planes = planes, .wanted = wanted};
    if (!px_frames_fit(planes))
        return px_fail(error, PRISM_E_CORRUPT, "frames are too large or too many to be coded");
    prism_status status = px_frames_model_read(&d.model, false, planes->count, parameters, error);
    if (status == PRISM_OK && px_reader_left(parameters))
        status = px_fail(error, PRISM_E_CORRUPT, "%zu bytes follow the model of the frames",
                         px_reader_left(parameters));
    if (status == PRISM_OK)
        status = px_frame_view_make(&d.view, planes, true, false, error);
    if (status == PRISM_OK)
        status = d.view.couple ? take_first(&d, planes, error) : px_planes_take(planes, error);
    if (status == PRISM_OK)
        status = px_rans_get(&d.stream, payload, &d.pool, error);
    if (status == PRISM_OK) {
        d.end = d.stream.end;
        d.shapes = px_shapes_make(&d.pool, d.model.shapes, NULL);
        status = px_pool_status(&d.pool, error);
    }
    if (status == PRISM_OK)
        status = decode_frames(&d, error);
    if (status == PRISM_OK && d.stream.words != d.end)
        status = px_fail(error, PRISM_E_CORRUPT, "bytes after the coded frames");
    if (status == PRISM_OK && d.view.couple)
        status = end_couple(&d, planes, error);
    decoder_free(&d);
    return status;
}
