/*
 * Automatic options: candidates are tried on a sample cut from the middle of the array. A survey of
 * all axes lists layouts (the axis of the planes, and whether they are lifted or frames) with
 * estimates; quick looks at a part of the sample leave out what has no estimate and no chance; the
 * one or two that are left are coded for real. Slow or unlikely coders have to pass quick trials
 * first, so that choosing takes little more time than encoding does.
 */
#include "choose/choose.h"

#include <math.h>

#include "choose/screen.h"

/* libjxl wins where a part of the samples repeats its neighbours: whatever is flat, or clipped. */
static const double FLAT = 0.1;

/* So much larger may repetitions along another axis be in the sample. */
static const double REPETITIONS = 1.04;

static prism_status try_layout(px_choice *c, const px_layouts *list, size_t i, prism_error *error) {
    prism_status status = px_consider_layout(c, &list->items[i].pipeline, error);
    double *relative = &c->relative[list->items[i].pipeline.transform == PRISM_TRANSFORM_CHANNELS];
    if (list->items[i].bytes < HUGE_VAL &&
        (*relative == 0 || c->last < *relative * list->items[i].bytes))
        *relative = c->last / list->items[i].bytes;
    return status;
}

/* Along which axis repetitions lie, estimates do not say. In the whole array, they are more than in
 * the sample. */
static prism_status try_repetitions(px_choice *c, const px_layouts *list, int but,
                                    prism_error *error) {
    prism_status status = PRISM_OK;
    double bytes = 0;
    for (size_t i = 0; i < list->count && status == PRISM_OK; i++) {
        px_pipeline layout = list->items[i].pipeline;
        if (layout.axis != but && layout.transform == PRISM_TRANSFORM_NONE &&
            !list->items[i].unusual &&
            px_may_use(c, &layout, PRISM_PREDICTOR_NONE, PRISM_CODER_DEFLATE)) {
            status = px_trial(&bytes, c->sample, &layout, layout.effort, error);
            if (status == PRISM_OK && bytes < REPETITIONS * c->bytes) {
                c->best = layout;
                c->bytes = bytes;
            }
        }
    }
    return status;
}

/* Where time is spared, other coders get their trials by the planes that suit the native one best,
 * as they are: what repeats is what these coders are for, and a lift hides it. */
static prism_status try_others(px_choice *c, const px_layouts *list, prism_error *error) {
    const int axis = c->best.axis;
    const bool open = c->options->transform == PRISM_TRANSFORM_AUTO;
    prism_status status = PRISM_OK;
    for (size_t i = 0; i < list->count && status == PRISM_OK; i++)
        if (list->items[i].pipeline.axis == axis &&
            (!open || list->items[i].pipeline.transform == PRISM_TRANSFORM_NONE))
            status = px_consider_others(c, &list->items[i].pipeline, error);
    return status == PRISM_OK && c->bytes > 0 && c->best.coder != PRISM_CODER_ANS
               ? try_repetitions(c, list, axis, error)
               : status;
}

/* The best estimate first, where it makes clear which others need no trial. */
static prism_status try_layouts(px_choice *c, const px_layouts *list, size_t best,
                                prism_error *error) {
    const px_choice_sample *s = c->sample;
    const bool first = list->count && (s->noisy || s->sparing);
    prism_status status = first ? try_layout(c, list, best, error) : PRISM_OK;
    for (size_t i = 0; i < list->count && status == PRISM_OK; i++)
        if (!(first && i == best) && px_is_tried(c, list, i, best))
            status = try_layout(c, list, i, error);
    if (status == PRISM_OK && s->sparing && !px_is_drawing(s, c->options))
        status = try_others(c, list, error);
    return status;
}

static prism_status choose(px_pipeline *pipeline, const px_choice_sample *s,
                           const prism_options *options, prism_error *error) {
    px_layouts list = {.count = 0};
    px_choice c = {.sample = s, .options = options};
    prism_status status = px_layouts_list(&list, s, pipeline, options, error);
    if (status == PRISM_OK)
        status = px_screen(&c, &list, error);
    const size_t best = px_least_estimate(&list);
    c.flat = list.flat >= FLAT;
    if (status == PRISM_OK && px_is_clear(&c, &list, best)) {
        c.best = list.items[best].pipeline;
        px_may_use(&c, &c.best, PRISM_PREDICTOR_LSQ, PRISM_CODER_ANS);
        list.count = 0;
    }
    if (status == PRISM_OK)
        status = try_layouts(&c, &list, best, error);
    if (status == PRISM_OK)
        *pipeline = c.best;
    return status;
}

/* Nothing is left to choose: no sample is needed. */
static bool is_complete(const prism_options *options, const prism_array *array) {
    return options->transform != PRISM_TRANSFORM_AUTO &&
           options->predictor != PRISM_PREDICTOR_AUTO && options->coder != PRISM_CODER_AUTO &&
           (options->axis != PRISM_AXIS_AUTO || array->rank == 1);
}

prism_status px_choose(px_pipeline *pipeline, const prism_array *array, const void *elements,
                       const prism_options *options, bool of_wide, prism_error *error) {
    *pipeline = (px_pipeline){.transform = options->transform,
                              .predictor = options->predictor,
                              .coder = options->coder,
                              .effort = options->effort,
                              .axis = px_asked_axis(options),
                              .selective = options->transform == PRISM_TRANSFORM_AUTO};
    prism_status status =
        px_stages_check(options->transform, options->predictor, options->coder, error);
    if (status != PRISM_OK)
        return status;
    if (is_complete(options, array))
        return PRISM_OK;
    px_choice_sample s = {.values = 0};
    status = px_choice_sample_make(&s, array, elements, options, of_wide, error);
    if (status == PRISM_OK)
        status = choose(pipeline, &s, options, error);
    px_sample_free(&s.part);
    return status;
}
