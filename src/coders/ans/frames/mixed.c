/*
 * Method mixed frames: the plan, the experts and the fits of method frames, but references are
 * taken from where blocks have moved, and samples are coded one by one, by decisions whose
 * probabilities are mixed as in the coder that learns (adaptive/). Slower by far, and smaller by a
 * tenth of textured frames. docs/format-frames.md, "Method 6".
 */
#include "base/effort.h"
#include "base/status.h"
#include "coders/ans/frames/fit.h"
#include "coders/ans/frames/frame_mixer_kernels.h"
#include "coders/ans/frames/frames.h"
#include "coders/ans/frames/mixer.h"
#include "coders/ans/frames/motion.h"

typedef struct mixed {
    px_planes *planes;
    const bool *wanted; /* see px_request */
    px_frames_model model;
    px_frame_view view;
    px_range_coder coder;
    px_frame_mixer mixer;
    px_motion motion;
    size_t turns; /* to code: when decoding, up to the last one wanted */
    px_frame_mixing mixing;
    px_pool pool; /* of the fits, when encoding */
    px_frame_fit fit;
} mixed;

static void mixed_free(mixed *m) {
    px_frame_mixer_free(&m->mixer);
    px_motion_free(&m->motion);
    px_pool_free(&m->pool);
    px_frame_view_free(&m->view);
    px_frames_model_free(&m->model);
}

static bool any_coded(const mixed *m) {
    for (size_t turn = 0; turn < m->model.plan.count; turn++)
        if (px_frame_is_coded(&m->model, turn))
            return true;
    return false;
}

/* ---- Range ----------------------------------------------------------------------------------- */

static void find_range(mixed *m) {
    m->mixing.range = PX_EMPTY_RANGE;
    for (size_t turn = 0; turn < m->model.plan.count; turn++)
        if (px_frame_is_coded(&m->model, turn))
            px_sample_range_widen(&m->mixing.range,
                                  px_plane(m->planes, m->model.plan.frames[turn].plane),
                                  m->view.size);
}

/* ---- Frames ---------------------------------------------------------------------------------- */

/* Vectors for what moves in a frame. */
static prism_status find_motion(mixed *m, size_t turn, const px_frame_model *last,
                                prism_error *error) {
    const px_frame *frames = m->model.plan.frames, *frame = &frames[turn];
    bool moves = false;
    prism_status status = PRISM_OK;
    for (size_t r = 0; r < PX_REFERENCES; r++)
        m->motion.moves[r] = false;
    for (size_t r = 0; r < frame->count && status == PRISM_OK; r++) {
        status = px_motion_find(&m->motion, m->planes, frame->plane,
                                frames[frame->references[r]].plane, r, error);
        moves |= m->motion.moves[r];
    }
    if (status != PRISM_OK || !moves)
        return status;
    return px_frame_fit_motion(&m->fit, &m->motion, &m->model, m->planes, turn, last, error);
}

static void code_motion(mixed *m, size_t turn) {
    px_field_coder side = {.out = m->coder.decoding ? NULL : &m->coder.encoder,
                           .in = m->coder.decoding ? &m->coder.decoder : NULL};
    px_motion_code(&m->motion, &side, m->model.plan.frames[turn].count);
    px_frame_view_refer(&m->view, &m->model, m->planes, turn, &m->motion);
}

/* The samples, and the motion and the model of means that suit them best. */
static prism_status fit_frame(mixed *m, size_t turn, px_frame_model *last, prism_error *error) {
    m->fit.model = &m->model.frames[turn];
    m->fit.frame = &m->model.plan.frames[turn];
    prism_status status = find_motion(m, turn, last, error);
    if (status != PRISM_OK)
        return status;
    code_motion(m, turn);
    px_frame_view_load(&m->view, &m->model, m->planes, turn);
    status = px_frame_fit_means(&m->fit, last, error);
    *last = *m->fit.model;
    return status;
}

static prism_status code_frame(mixed *m, size_t turn, px_frame_model *last, size_t limit,
                               prism_error *error) {
    prism_status status = PRISM_OK;
    if (m->coder.decoding)
        code_motion(m, turn);
    else
        status = fit_frame(m, turn, last, error);
    if (status != PRISM_OK)
        return status;
    const px_frame_model *frame = &m->model.frames[turn];
    const px_frame_mixer_kernels *kernels = px_frame_mixer_kernels_best();
    px_blend blend;
    px_frame_view_begin(&m->view, turn);
    const px_wave wave = px_frame_wave(&m->view, &blend, frame, &m->model.plan.frames[turn]);
    px_frame_mixer_begin(&m->mixer, &wave, frame->mean);
    for (size_t y = 0; y < wave.height && !px_range_coder_is_over(&m->coder, limit); y++)
        kernels->code_row(&m->mixer, y);
    if (m->coder.decoding || m->mixing.step > 1)
        px_frame_view_store(&m->view, &m->model, m->planes, turn);
    px_frame_view_keep(&m->view, turn);
    return PRISM_OK;
}

static void code_plain(mixed *m, size_t turn) {
    const px_frame *frame = &m->model.plan.frames[turn];
    if (m->coder.decoding || m->mixing.step > 1) {
        px_frame_view_store_plain(&m->view, &m->model, m->planes, turn);
        return;
    }
    if (frame->duplicates)
        m->model.frames[turn].mean = m->model.frames[frame->references[0]].mean;
    px_frame_view_keep_plain(&m->view, frame, turn);
}

static size_t turns_of(const mixed *m) {
    const px_stack_plan *plan = &m->model.plan;
    size_t turns = plan->count;
    while (m->wanted && turns && !m->wanted[plan->frames[turns - 1].plane])
        turns--;
    return turns;
}

static prism_status code_frames(mixed *m, size_t limit, prism_error *error) {
    px_frame_model last = {.mean = 0};
    if (!any_coded(m))
        m->mixing.range = (px_sample_range){0, 1}; /* of no matter */
    prism_status status = px_frame_mixer_alloc(&m->mixer, &m->coder, m->planes, &m->mixing, error);
    if (status == PRISM_OK)
        status = px_motion_make(&m->motion, m->planes->height, m->planes->width, error);
    for (size_t turn = 0; turn < m->turns && status == PRISM_OK; turn++) {
        if (px_range_coder_is_over(&m->coder, limit))
            break;
        if (px_frame_is_coded(&m->model, turn))
            status = code_frame(m, turn, &last, limit, error);
        else
            code_plain(m, turn);
    }
    return status;
}

/* ---- Both directions ------------------------------------------------------------------------- */

static prism_status encode_into(mixed *m, int effort, size_t limit, px_sections *out,
                                prism_error *error) {
    const px_planes *planes = m->planes;
    prism_status status = px_stack_plan_make(&m->model.plan, planes, effort, error);
    if (status == PRISM_OK)
        status = px_frames_model_alloc(&m->model, error);
    if (status == PRISM_OK)
        status = px_frame_view_make(&m->view, planes, &(px_frame_use){.decoding = false}, error);
    if (status == PRISM_OK)
        status = px_frame_fit_make(&m->fit, &m->pool, &m->view, effort, error);
    m->fit.near = px_padded_take(&m->pool, &m->view.geometry, sizeof *m->fit.near);
    if (status == PRISM_OK)
        status = px_pool_status(&m->pool, error);
    if (status != PRISM_OK)
        return status;
    for (size_t turn = 0; turn < planes->count; turn++)
        if (!m->model.plan.frames[turn].duplicates)
            px_frame_find_mean(&m->model, planes, turn);
    m->coder.encoder = px_range_encoder_make(&out->payload);
    m->turns = planes->count;
    find_range(m);
    if (any_coded(m))
        px_sample_range_write(&m->mixing.range, &m->coder.encoder);
    status = code_frames(m, limit, error);
    px_range_encoder_finish(&m->coder.encoder);
    px_put_u8(&out->parameters, m->mixing.windowed);
    if (status == PRISM_OK)
        px_frames_model_write(&m->model, &out->parameters);
    return status;
}

static prism_status decode_from(mixed *m, px_reader *parameters, px_reader *payload,
                                prism_error *error) {
    const px_planes *planes = m->planes;
    const uint8_t windowed = px_get_u8(parameters);
    if (parameters->failed || windowed > 1)
        return px_fail(error, PRISM_E_CORRUPT, "mixed frames of kind %d", windowed);
    m->mixing.windowed = windowed;
    prism_status status = px_frames_model_read(&m->model, true, planes->count, parameters, error);
    if (status == PRISM_OK && px_reader_left(parameters))
        status = px_fail(error, PRISM_E_CORRUPT, "%zu bytes follow the model of the frames",
                         px_reader_left(parameters));
    if (status == PRISM_OK)
        status = px_frame_view_make(&m->view, planes, &(px_frame_use){.decoding = true}, error);
    if (status != PRISM_OK)
        return status;
    m->coder = (px_range_coder){.decoding = true, .decoder = px_range_decoder_make(payload)};
    m->turns = turns_of(m);
    if (any_coded(m))
        status = px_sample_range_read(&m->mixing.range, &m->coder.decoder, planes->depth, error);
    if (status == PRISM_OK)
        status = code_frames(m, 0, error);
    const bool all = m->turns == planes->count;
    if (status == PRISM_OK && (payload->failed || (all && px_reader_left(payload))))
        status = px_fail(error, PRISM_E_CORRUPT, "the payload does not end with the samples");
    return status;
}

/* What is kept of the last rows is large where rows are long and few. */
static bool has_room_for_window(const px_planes *planes) {
    enum { TIMES = 4, BYTES = 4 << 20 };
    const uint64_t bytes = px_frame_mixer_memory(planes, true);
    return bytes <= BYTES || bytes <= px_product(TIMES, planes->count, px_plane_bytes(planes));
}

static prism_status encode(const px_planes *planes, const px_task *task, px_coded *out,
                           prism_error *error) {
    if (!px_frames_fit(planes))
        return px_buffer_exceed(&out->sections.payload, task->limit), PRISM_OK;
    px_planes same = *planes; /* samples are only read */
    mixed m = {
        .planes = &same,
        .model = {.mixed = true},
        .mixing = {.step = 1,
                   .windowed = px_efforts.window[task->effort] && has_room_for_window(planes)}};
    prism_status status = encode_into(&m, task->effort, task->limit, &out->sections, error);
    mixed_free(&m);
    return status;
}

prism_status px_frames_encode_cells(px_planes *planes, int32_t step, int effort, size_t limit,
                                    px_sections *out, prism_error *error) {
    mixed m = {.planes = planes,
               .model = {.mixed = true},
               .mixing = {.step = step,
                          .windowed = px_efforts.window[effort] && has_room_for_window(planes)}};
    prism_status status = encode_into(&m, effort, limit, out, error);
    mixed_free(&m);
    return status;
}

prism_status px_frames_decode_cells(px_planes *planes, int32_t step, const bool *wanted,
                                    px_reader *parameters, px_reader *payload, prism_error *error) {
    mixed m = {.planes = planes, .wanted = wanted, .mixing = {.step = step}};
    if (!px_frames_fit(planes))
        return px_fail(error, PRISM_E_CORRUPT, "frames are too large or too many to be coded");
    prism_status status = decode_from(&m, parameters, payload, error);
    mixed_free(&m);
    return status;
}

static prism_status decode(px_planes *planes, const px_pipeline *pipeline, px_reader *parameters,
                           px_reader *payload, const px_request *request, prism_error *error) {
    (void)pipeline;
    return px_frames_decode_cells(planes, 1, request->wanted, parameters, payload, error);
}

uint64_t px_frames_cells_memory(const px_planes *planes, px_reader parameters) {
    const bool windowed = px_get_u8(&parameters);
    return px_frames_fit(planes)
               ? px_frames_memory(planes, true) + px_frame_mixer_memory(planes, windowed) +
                     px_motion_memory(planes->height, planes->width)
               : 0;
}

static uint64_t decode_memory(const px_planes *planes, const px_pipeline *pipeline,
                              px_reader parameters, size_t payload_size) {
    (void)pipeline, (void)payload_size;
    return px_frames_cells_memory(planes, parameters);
}

const px_coder_stage px_mixed = {
    .encode = encode, .decode = decode, .decode_memory = decode_memory};
