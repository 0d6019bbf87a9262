#include "coders/ans/frames/view.h"

#include <string.h>

#include "base/sizes.h"
#include "coders/ans/lsq/group.h"

enum { USUAL_LOG = 1536 }; /* in the middle of the logs that there are, in 1/256 octaves */

static bool is_couple(size_t count, bool move) {
    return count == 2 && !move;
}

/* Of energies: those of the sample, and of two experts each. */
static size_t chains_of(size_t count) {
    const size_t experts = count == 1   ? PX_EXPERTS_ALONE
                           : count == 2 ? PX_EXPERTS_ONE
                                        : PX_BLEND_EXPERTS;
    return 1 + experts / 2;
}

static void take_kept_logs(px_frame_view *view, const px_frame_view *beside) {
    view->kept_logs = beside ? beside->kept_logs
                             : px_pool_take(&view->pool, px_product(view->kept, view->size,
                                                                    sizeof *view->kept_logs));
}

prism_status px_frame_view_make(px_frame_view *view, const px_planes *planes,
                                const px_frame_use *use, prism_error *error) {
    const size_t width = planes->width;
    const px_geometry geometry = px_geometry_make(planes->height, width);
    const bool decoding = use->decoding;
    *view = (px_frame_view){.geometry = geometry,
                            .size = px_plane_size(planes),
                            .kept = use->couple ? 0 : planes->count - 1,
                            .decoding = decoding,
                            .couple = use->couple,
                            .logs_stride = geometry.stride,
                            .refers = planes->count > 1 && !use->alone};
    void *(*const take)(px_pool *, const px_geometry *, size_t) =
        view->refers ? px_padded_take : px_zero_row_take;
    px_pool *pool = &view->pool;
    view->references = take(&view->said, &geometry, sizeof *view->references);
    view->running = take(&view->said, &geometry, sizeof *view->running);
    view->samples = px_padded_take(pool, &geometry, sizeof *view->samples);
    if (decoding) {
        view->spare_row = px_zero_row_take(pool, &geometry, sizeof *view->spare_row);
    } else {
        view->logs = px_padded_take(pool, &geometry, sizeof *view->logs);
        view->errors = px_padded_take(pool, &geometry, sizeof *view->errors);
    }
    view->edge =
        px_pool_take_zeroed(pool, px_product(2, width + PX_WAVE_LANES, sizeof *view->edge));
    const size_t chains = decoding ? chains_of(planes->count) : 1 + PX_BLEND_PAIRS;
    view->energies = px_pool_take_zeroed(pool, px_product(chains, width, sizeof *view->energies));
    take_kept_logs(view, use->beside);
    const prism_status status = px_pool_status(&view->said, error);
    return status == PRISM_OK ? px_pool_status(pool, error) : status;
}

uint64_t px_frame_view_left(size_t height, size_t width) {
    const px_frame_view *view = NULL;
    const px_geometry geometry = px_geometry_make(height, width);
    return px_padded_bytes(&geometry, sizeof *view->references + sizeof *view->running);
}

uint64_t px_frame_view_memory(size_t height, size_t width, size_t count, bool move) {
    const px_frame_view *view = NULL;
    const px_geometry geometry = px_geometry_make(height, width);
    uint64_t (*const bytes)(const px_geometry *, size_t) =
        count > 1 ? px_padded_bytes : px_zero_row_bytes;
    return bytes(&geometry, sizeof *view->references + sizeof *view->running) +
           px_padded_bytes(&geometry, sizeof *view->samples) +
           px_zero_row_bytes(&geometry, sizeof *view->spare_row) +
           2 * ((uint64_t)width + PX_WAVE_LANES) * sizeof *view->edge +
           chains_of(count) * (uint64_t)width * sizeof *view->energies +
           (is_couple(count, move) ? 0 : (uint64_t)count - 1) * height * width *
               sizeof *view->kept_logs;
}

void px_frame_view_leave(px_frame_view *view) {
    px_pool_free(&view->said);
}

void px_frame_view_free(px_frame_view *view) {
    px_pool_free(&view->pool);
    px_pool_free(&view->said);
}

/* What a frame has of a reference. */
typedef struct referred {
    const int16_t *samples, *logs; /* no samples: they are 0 */
    int mean;
    size_t motion; /* number of the reference that moves it */
} referred;

static size_t nearest(ptrdiff_t at, size_t size) {
    return at < 0 ? 0 : (size_t)at < size ? (size_t)at : size - 1;
}

static size_t moved(const px_frame_view *view, const px_motion *motion, size_t r, size_t y,
                    size_t x) {
    const px_vector v = px_motion_at(motion, r, y, x);
    return nearest((ptrdiff_t)y + v.y, view->geometry.height) * view->geometry.width +
           nearest((ptrdiff_t)x + v.x, view->geometry.width);
}

static inline int32_t couple_at(const referred from[PX_REFERENCES], size_t first, size_t second) {
    return px_couple(from[0].samples[first] - from[0].mean,
                     from[1].samples ? from[1].samples[second] - from[1].mean : 0);
}

static inline int16_t running_at(const referred from[PX_REFERENCES], size_t first, size_t second) {
    return (int16_t)(8 * (from[0].logs[first] + from[1].logs[second]) - USUAL_LOG);
}

/* Of one reference, the logs count twice; those of the first frame of a couple are where the
 * running ones will be. */
static referred referred_at(const px_frame_view *view, const px_frames_model *model,
                            const px_planes *planes, const px_frame *frame, size_t r) {
    const bool exists = r < frame->count;
    const size_t reference = frame->references[exists ? r : 0];
    return (referred){
        .samples = exists && planes ? px_plane(planes, model->plan.frames[reference].plane) : NULL,
        .logs = view->couple ? view->running : view->kept_logs + reference * view->size,
        .mean = model->frames[reference].mean,
        .motion = exists ? r : 0};
}

static void refer_samples(px_frame_view *view, const referred from[PX_REFERENCES],
                          const px_motion *motion, size_t y) {
    const size_t width = view->geometry.width, at = y * width;
    int32_t *references = view->references + y * view->geometry.stride;
    for (size_t x = 0; x < width && !motion; x++)
        references[x] = couple_at(from, at + x, at + x);
    for (size_t x = 0; x < width && motion; x++)
        references[x] = couple_at(from, moved(view, motion, from[0].motion, y, x),
                                  moved(view, motion, from[1].motion, y, x));
}

static void refer_logs(px_frame_view *view, const referred from[PX_REFERENCES],
                       const px_motion *motion, size_t y) {
    const size_t width = view->geometry.width;
    const size_t at = y * (view->couple ? view->geometry.stride : width);
    int16_t *running = view->running + y * view->geometry.stride;
    for (size_t x = 0; x < width && !motion; x++)
        running[x] = running_at(from, at + x, at + x);
    for (size_t x = 0; x < width && motion; x++)
        running[x] = running_at(from, moved(view, motion, from[0].motion, y, x),
                                moved(view, motion, from[1].motion, y, x));
}

/* What a frame is to have of its references. */
typedef struct referring {
    const px_frames_model *model;
    const px_planes *planes; /* NULL: running only */
    size_t turn;
    const px_motion *motion;
    bool logs; /* running, too */
} referring;

static void refer(px_frame_view *view, const referring *to, size_t first, size_t last) {
    const px_geometry *geometry = &view->geometry;
    const px_frame *frame = &to->model->plan.frames[to->turn];
    const size_t width = geometry->width, stride = geometry->stride;
    referred from[PX_REFERENCES];
    if (!view->refers)
        return;
    for (size_t r = 0; r < PX_REFERENCES && frame->count; r++)
        from[r] = referred_at(view, to->model, to->planes, frame, r);
    for (size_t y = first; y < last; y++) {
        if (to->planes && frame->count)
            refer_samples(view, from, to->motion, y);
        else if (to->planes)
            memset(view->references + y * stride, 0, width * sizeof *view->references);
        if (to->logs && frame->count)
            refer_logs(view, from, to->motion, y);
        else if (to->logs)
            memset(view->running + y * stride, 0, width * sizeof *view->running);
    }
    if (to->planes)
        px_replicate_rows(geometry, view->references, sizeof *view->references, first, last);
    if (to->logs)
        px_replicate_rows(geometry, view->running, sizeof *view->running, first, last);
}

void px_frame_view_refer_rows(px_frame_view *view, const px_frames_model *model,
                              const px_planes *planes, size_t turn, size_t first, size_t last) {
    refer(view, &(referring){model, planes, turn, NULL, true}, first, last);
}

void px_frame_view_refer_samples(px_frame_view *view, const px_frames_model *model,
                                 const px_planes *planes, size_t turn) {
    refer(view, &(referring){model, planes, turn, NULL, false}, 0, view->geometry.height);
}

void px_frame_view_refer_logs(px_frame_view *view, const px_frames_model *model, size_t turn) {
    refer(view, &(referring){model, NULL, turn, NULL, true}, 0, view->geometry.height);
}

void px_frame_view_refer(px_frame_view *view, const px_frames_model *model, const px_planes *planes,
                         size_t turn, const px_motion *motion) {
    refer(view, &(referring){model, planes, turn, motion, true}, 0, view->geometry.height);
}

void px_frame_find_mean(px_frames_model *model, const px_planes *planes, size_t turn) {
    px_frame_model *frame = &model->frames[turn];
    const int16_t *samples = px_plane(planes, model->plan.frames[turn].plane);
    const size_t size = px_plane_size(planes);
    int64_t sum = 0;
    bool varies = false;
    for (size_t p = 0; p < size; p++) {
        sum += samples[p];
        varies |= samples[p] != samples[0];
    }
    frame->constant = !varies;
    frame->mean = varies ? (int)(sum / (int64_t)size) : samples[0];
}

void px_frame_view_load(px_frame_view *view, const px_frames_model *model, const px_planes *planes,
                        size_t turn) {
    const int mean = model->frames[turn].mean;
    const int16_t *samples = px_plane(planes, model->plan.frames[turn].plane);
    const size_t width = planes->width;
    for (size_t y = 0; y < planes->height; y++)
        for (size_t x = 0; x < width; x++)
            view->samples[y * view->geometry.stride + x] = (int16_t)(samples[y * width + x] - mean);
}

void px_frame_view_store_rows(const px_frame_view *view, const px_frames_model *model,
                              px_planes *planes, size_t turn, size_t first, size_t last) {
    const int mean = model->frames[turn].mean;
    int16_t *to = px_plane(planes, model->plan.frames[turn].plane) + first * planes->width;
    for (size_t y = first; y < last; y++, to += planes->width) {
        const int16_t *from = view->samples + y * view->geometry.stride;
        for (size_t x = 0; x < planes->width; x++)
            to[x] = px_wrap(from[x] + mean, planes->depth);
    }
}

void px_frame_view_store(const px_frame_view *view, const px_frames_model *model, px_planes *planes,
                         size_t turn) {
    px_frame_view_store_rows(view, model, planes, turn, 0, planes->height);
}

static void store_constant(const px_frames_model *model, px_planes *planes, size_t turn) {
    int16_t *to = px_plane(planes, model->plan.frames[turn].plane);
    const int16_t value = px_wrap(model->frames[turn].mean, planes->depth);
    for (size_t p = 0; p < px_plane_size(planes); p++)
        to[p] = value;
}

static void store_duplicate(px_frames_model *model, px_planes *planes, size_t turn) {
    const px_frame *frame = &model->plan.frames[turn];
    const px_frame *reference = &model->plan.frames[frame->references[0]];
    memcpy(px_plane(planes, frame->plane), px_plane(planes, reference->plane),
           px_plane_size(planes) * sizeof(int16_t));
    model->frames[turn].mean = model->frames[frame->references[0]].mean;
}

void px_frame_view_store_plain(px_frame_view *view, px_frames_model *model, px_planes *planes,
                               size_t turn) {
    const px_frame *frame = &model->plan.frames[turn];
    if (frame->duplicates)
        store_duplicate(model, planes, turn);
    else
        store_constant(model, planes, turn);
    px_frame_view_keep_plain(view, frame, turn);
}

static void leave_logs(px_frame_view *view, int16_t *logs, size_t stride) {
    view->logs = logs;
    view->logs_stride = stride;
}

void px_frame_view_begin(px_frame_view *view, size_t turn) {
    if (!view->decoding)
        return;
    if (view->couple)
        view->refers = turn > 0;
    if (view->couple && turn == 0)
        leave_logs(view, view->running, view->geometry.stride);
    else if (turn < view->kept)
        leave_logs(view, view->kept_logs + turn * view->size, view->geometry.width);
    else
        leave_logs(view, (int16_t *)view->spare_row, 0);
}

void px_frame_view_keep(px_frame_view *view, size_t turn) {
    if (turn >= view->kept || view->decoding)
        return;
    const size_t width = view->geometry.width;
    int16_t *to = view->kept_logs + turn * view->size;
    for (size_t y = 0; y < view->geometry.height; y++)
        memcpy(to + y * width, view->logs + y * view->geometry.stride, width * sizeof *to);
}

void px_frame_view_keep_plain(px_frame_view *view, const px_frame *frame, size_t turn) {
    if (turn >= view->kept)
        return;
    int16_t *to = view->kept_logs + turn * view->size;
    if (frame->duplicates)
        memcpy(to, view->kept_logs + frame->references[0] * view->size, view->size * sizeof *to);
    else
        memset(to, 0, view->size * sizeof *to);
}

px_wave px_frame_wave(const px_frame_view *view, px_blend *blend, const px_frame_model *model,
                      const px_frame *frame) {
    *blend = (px_blend){.experts = px_frame_experts(frame),
                        .power = model->power,
                        .error_shift = model->error_shift,
                        .scale_spread = model->scale_spread * PX_FRAME_SCALE_UNIT,
                        .scale_energy = model->scale_energy * PX_FRAME_SCALE_UNIT,
                        .edge = view->energies};
    for (int e = 0; e < blend->experts; e++)
        blend->gates[e] = model->gates[e] * PX_GATE_UNIT;
    const bool first = view->couple && !view->refers;
    px_wave wave = {.height = view->geometry.height,
                    .width = view->geometry.width,
                    .stride = view->geometry.stride,
                    .mixed = first ? view->spare_row : view->references,
                    .running = first ? (int16_t *)view->spare_row : view->running,
                    .mixed_stride = view->refers ? view->geometry.stride : 0,
                    .running_stride = view->refers ? view->geometry.stride : 0,
                    .samples = view->samples,
                    .logs = view->logs,
                    .logs_stride = view->logs_stride,
                    .errors = view->errors,
                    .edge = view->edge,
                    .bias = model->bias,
                    .start_error = px_start_error(model->start_error),
                    .scale_offset = model->scale_offset * 16 + 32, /* to the nearest class */
                    .scale_error = model->scale_error * PX_FRAME_SCALE_UNIT,
                    .scale_running = model->scale_running,
                    .scale_blur = model->scale_blur,
                    .blend = blend};
    const int unit = 1 << (PX_TAP_BITS - PX_FRAME_TAP_BITS);
    for (int t = 0; t < PX_SQUARE_TAPS; t++)
        wave.taps_mixed[t] =
            px_couple(model->taps[t] * unit, model->taps[PX_SQUARE_TAPS + t] * unit);
    for (int t = 0; t < PX_OWN_TAPS; t++)
        wave.taps_own[t] = model->taps[2 * PX_SQUARE_TAPS + t] * unit;
    return wave;
}
