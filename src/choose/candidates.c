/*
 * All layouts of the same planes get their estimates from one copy of these: as pictures by
 * themselves, by the bits of their residuals; as frames, by what the planes before save of that;
 * lifted, by the bits of the residuals after the lift.
 */
#include "choose/candidates.h"
#include "base/effort.h"
#include "coders/ans/blocks/blocks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/sizes.h"
#include "base/status.h"
#include "base/threads.h"
#include "choose/frames.h"
#include "pipeline/pipeline.h"
#include "planes/estimate.h"
#include "planes/fold.h"

/* Many planes are channels, not frames, where they differ that little from each other, beside
 * samples side by side, and a lift makes them so much smaller. They are rather channels where they
 * differ so much more; of very many of these, there is no doubt. */
enum { FEW_PLANES = 16, MOST_DOUBTED = 48 };
static const double STRONG_LIFT = 0.85, SMALL_STEP = 0.5, LARGE_STEP = 1.6, HUGE_STEP = 4,
                    EVEN = 1.6;

px_task px_task_of(const px_candidate *candidate, int effort, size_t limit) {
    return (px_task){.pipeline = candidate->pipeline,
                     .method = candidate->method,
                     .effort = effort,
                     .selective = candidate->selective,
                     .swift = candidate->swift,
                     .no_palette = candidate->no_palette,
                     .limit = limit};
}

static px_candidate *add_layout(px_layouts *list, const prism_options *options,
                                prism_transform transform, const px_roles *roles) {
    px_candidate *item = &list->items[list->count++];
    *item = (px_candidate){.pipeline = {.transform = transform,
                                        .predictor = options->predictor,
                                        .coder = options->coder,
                                        .effort = options->effort,
                                        .axis = roles->planes ? 0 : PRISM_AXIS_AUTO,
                                        .roles = *roles,
                                        .block = options->block,
                                        .stored = options->order == PRISM_PLANES_STORED,
                                        .threads = options->threads},
                           .selective = options->transform == PRISM_TRANSFORM_AUTO &&
                                        transform == PRISM_TRANSFORM_CHANNELS,
                           .bytes = HUGE_VAL};
    return item;
}

typedef struct estimate_task {
    const px_planes *planes;
    double *bits; /* of each plane */
} estimate_task;

static prism_status estimate_plane(void *context, size_t index, size_t worker, prism_error *error) {
    const estimate_task *task = context;
    (void)worker;
    (void)error;
    task->bits[index] = px_estimate_plane(task->planes, index);
    return PRISM_OK;
}

static prism_status estimate_planes(double *bytes, const px_planes *planes, const px_survey *s,
                                    int threads, prism_error *error) {
    double sum = 0;
    estimate_task task = {planes, px_alloc(planes->count, sizeof *task.bits)};
    if (!task.bits)
        return px_out_of_memory(error, px_product(planes->count, sizeof *task.bits));
    px_run(planes->count, threads, estimate_plane, &task, error);
    for (size_t k = 0; k < planes->count; k++)
        sum += task.bits[k];
    free(task.bits);
    *bytes = sum / 8 / s->part.share;
    return PRISM_OK;
}

/* What least squares make of a picture, the usual predictors may miss by far. */
static prism_status estimate_plain(double *bytes, const px_planes *planes, const px_survey *s,
                                   const prism_options *options, prism_error *error) {
    prism_status status = estimate_planes(bytes, planes, s, options->threads, error);
    if (status == PRISM_OK && !px_efforts.brisk[options->effort] && px_may_be_native(options))
        *bytes = fmin(*bytes, px_picture_bits(planes) / 8 / s->part.share);
    return status;
}

static prism_status estimate_transformed(px_candidate *item, px_planes *planes, const px_survey *s,
                                         prism_error *error) {
    px_buffer parameters = {0};
    const px_transform_stage *transform = px_transform_stage_of(item->pipeline.transform);
    const px_task task = px_task_of(item, item->pipeline.effort, SIZE_MAX);
    prism_status status = transform->forward(planes, &task, &parameters, error);
    if (status == PRISM_OK)
        status = px_buffer_status(&parameters, error);
    double bytes = 0;
    if (status == PRISM_OK)
        status = estimate_planes(&bytes, planes, s, item->pipeline.threads, error);
    item->bytes = bytes + (double)parameters.size * px_side_growth(s, &item->pipeline);
    px_buffer_free(&parameters);
    return status;
}

/* What may tie the planes along an axis together. */
typedef struct ties {
    bool plain, frames, lift;
} ties;

/* Estimates of lifts miss what the native coder gains by neighbours in planes before; frames show
 * it. Where time is spared, only layouts that need no such promise are worth it. */
static bool is_promising(const px_survey *s, int effort) {
    return !s->sparing && !px_efforts.brisk[effort];
}

/* Of pictures, samples differ as much up and down as side by side, and of channels by places much
 * more along one of them. */
static bool are_pictures(const px_steps *step) {
    return step->rows < EVEN && step->rows * EVEN > 1;
}

/* Of few values, which may be indices, estimates rank nothing. */
static double still_of(const px_survey *s, const px_roles *roles) {
    return roles->planes == 1 && s->values > PX_FEW_VALUES ? s->still[roles->axes[0]] : 0;
}

/* The planes become residuals of the lift, if there is one. */
static prism_status estimate_layouts(px_layouts *list, const px_survey *s,
                                     const prism_options *options, const px_roles *roles, ties t,
                                     px_planes *planes, prism_error *error) {
    const bool many = planes->count > FEW_PLANES, promising = is_promising(s, options->effort);
    double plain = 0;
    prism_status status =
        t.plain || t.frames ? estimate_plain(&plain, planes, s, options, error) : PRISM_OK;
    const px_steps step = t.frames && many ? px_steps_of(planes) : (px_steps){1, 1};
    const uint64_t all = px_layout_by(roles, &s->whole).count;
    bool frames = t.frames && step.planes <= (all <= MOST_DOUBTED ? HUGE_STEP : LARGE_STEP);
    bool doubted = step.planes > LARGE_STEP;
    const bool tie = roles->planes && ((frames && !doubted) || (t.lift && promising));
    const double tied = tie ? px_frames_bits(planes, all) / 8 / s->part.share : plain;
    if (t.plain) {
        add_layout(list, options, PRISM_TRANSFORM_NONE, roles)->bytes = plain;
        const px_repeats repeats = px_repeats_of(planes);
        list->flat = fmax(list->flat, repeats.flat);
        list->copies = fmax(list->copies, repeats.copies);
    }
    if (t.lift && status == PRISM_OK) {
        px_candidate *item = add_layout(list, options, PRISM_TRANSFORM_CHANNELS, roles);
        status = estimate_transformed(item, planes, s, error);
        const bool strong = step.planes < SMALL_STEP && item->bytes < STRONG_LIFT * plain;
        frames = frames && (!strong || are_pictures(&step));
        doubted = doubted || strong;
        item->bytes = promising ? fmin(item->bytes, tied) : item->bytes;
    }
    if (frames) {
        px_candidate *item = add_layout(list, options, PRISM_TRANSFORM_STACK, roles);
        item->still = still_of(s, roles);
        item->bytes = tied * (1 - item->still);
        item->rather_lifted = doubted;
    }
    return status;
}

/* In the whole array, without samples. */
static px_planes planes_of(const px_survey *s, const px_roles *roles) {
    const px_layout layout = px_layout_by(roles, &s->whole);
    return px_planes_shape(&s->whole, &layout);
}

/* Frames of a few rows are coded better as lines, which are channels. Those that become lines by a
 * lift are not looked at without, which takes far longer, unless only size counts. Of drawings,
 * contexts of indices say as much as a lift does, but for lines, which have no rows. */
static ties ties_of(const px_survey *s, const prism_options *options, const px_roles *roles) {
    const bool open = options->transform == PRISM_TRANSFORM_AUTO;
    const bool drawing = px_is_drawing(s, options);
    const px_planes planes = planes_of(s, roles);
    const bool lines = planes.height == 1 || planes.width == 1;
    const bool lift = options->transform == PRISM_TRANSFORM_CHANNELS ||
                      (open && (lines || !drawing) && px_may_be_lifted(s, roles));
    const bool slow =
        lift && !drawing && !px_efforts.only_size[options->effort] && px_is_folded_by_lift(&planes);
    return (ties){.plain = (open && !slow) || options->transform == PRISM_TRANSFORM_NONE,
                  .frames = !drawing && !px_blocks_asked(options) &&
                            px_may_be_frames(s, roles, options) &&
                            (s->whole.rank == 1 || !px_is_folded(&planes, true)),
                  .lift = lift};
}

static prism_status list_planes(px_layouts *list, const px_survey *s, const prism_options *options,
                                const px_roles *roles, prism_error *error) {
    const px_pipeline pipeline = {.axis = roles->planes ? 0 : PRISM_AXIS_AUTO, .roles = *roles};
    px_planes planes;
    prism_status status =
        px_arrange_planes(&planes, &s->part.array, s->part.elements, &pipeline, error);
    if (status != PRISM_OK)
        return status;
    status = estimate_layouts(list, s, options, roles, ties_of(s, options, roles), &planes, error);
    px_planes_free(&planes);
    return status;
}

prism_status px_layouts_list(px_layouts *list, const px_survey *s, const prism_options *options,
                             prism_error *error) {
    px_roles roles[PX_MOST_ROLES];
    const size_t count = px_possible_roles(roles, s, options);
    prism_status status = PRISM_OK;
    if (options->transform == PRISM_TRANSFORM_STACK) {
        add_layout(list, options, PRISM_TRANSFORM_STACK, &roles[0]);
        return PRISM_OK;
    }
    for (size_t i = 0; i < count && status == PRISM_OK; i++)
        status = list_planes(list, s, options, &roles[i], error);
    return status;
}

size_t px_least_estimate(const px_layouts *list) {
    size_t least = 0;
    for (size_t i = 1; i < list->count; i++)
        if (list->items[i].bytes < list->items[least].bytes)
            least = i;
    return least;
}

void px_leave_out(px_layouts *list, size_t i) {
    list->count--;
    memmove(&list->items[i], &list->items[i + 1], (list->count - i) * sizeof *list->items);
}
