/*
 * Automatic options: candidates are tried on a sample cut from the middle of the array. A survey of
 * all axes lists layouts (the axis of the planes, and whether they are lifted or frames) with
 * estimates; quick looks at a part of the sample leave out what has no estimate and no chance; the
 * one or two that are left are coded for real. Slow or unlikely coders have to pass quick trials
 * first, so that choosing takes little more time than encoding does.
 */
#include "choose.h"

#include <math.h>
#include <string.h>

#include "layouts.h"
#include "status.h"

enum {
    QUICK_JXL_EFFORT = 3,
    QUICK_EFFORT = 4, /* the least that codes frames from each other */
    TRIAL_EFFORT = 5, /* ranks slow coders at higher ones well enough */
    SOME_FRAMES = 48
};

/* By how much a quick trial may miss the best size so far and still deserve a trial. */
static const double JXL_CHANCE = 1.06, JXL_CHANCE_LARGE = 1.02, DEFLATE_CHANCE = 1.3,
                    DEFLATE_CHANCE_SPARING = 1.15, DEFLATE_CHANCE_LARGE = 1.03;

/* libjxl wins where a part of the samples repeats its neighbours: whatever is flat, or clipped. */
static const double FLAT = 0.1;

/* A later candidate must be clearly better: the earlier ones decode faster. Deflate gains least
 * from what the sample does not show. */
static const double CLEARLY = 0.995, CLEARLY_DEFLATE = 0.97;

/* In large arrays whose planes say much of each other, no other coder comes near the project's own:
 * they are not worth the time of a trial. */
static const double STRONG_TIES = 0.97;

/* Layouts whose estimates are that far above the best one are not tried. */
static const double CLOSE_ESTIMATE = 1.15;

/* Sizes relative to estimates differ by so much between the layouts of an array. */
static const double SURE_ESTIMATE = 0.95;

/* What the lift brings the native coder beyond estimates, as long as it has not been tried; and
 * what coding frames from each other brings against other layouts of the same planes. */
static const double LIFT_GAIN = 0.85, STACK_GAIN = 0.87;

/* Planes along an axis where they rarely lie are tried where their estimate is so much below that
 * of others, and looked at as frames where it is so much below that of other frames. */
static const double CLEARLY_BETTER = 0.99, CLEARLY_BETTER_FRAMES = 0.96;

/* So much larger may repetitions along another axis be in the sample. */
static const double REPETITIONS = 1.04;

/* Layouts of drawings that come so close in a part of the sample are tried. */
static const double CLOSE_DRAWING = 1.25;

/* Stacks are tried where the best estimate of other layouts of the same planes is so close. */
static const double CLOSE_PLANES = 1.07, CLOSE_PLANES_SPARING = 1.05;

/* ---- Trials ---------------------------------------------------------------------------------- */

typedef struct choice {
    const px_choice_sample *sample;
    const prism_options *options;
    px_pipeline best;
    double bytes; /* of the best one; 0 before the first */
    double last;  /* of the one tried last */
    /* Least sizes relative to estimates, without and with the lift; 0 before the first. */
    double relative[2];
    bool flat; /* enough for libjxl to have a chance */
} choice;

/* Bytes of the whole array if it codes like the sample. The transform of *pipeline becomes none
 * where not even a part of the sample was worth it to a coder of residuals. */
static prism_status trial(double *bytes, const px_choice_sample *s, px_pipeline *pipeline,
                          int effort, prism_error *error) {
    px_pipeline tried = *pipeline;
    tried.effort = effort;
    px_coded coded;
    size_t limit = 2 * s->part.size + PX_CONTAINER_OVERHEAD;
    prism_status status =
        px_pipeline_encode(&coded, &s->part.array, s->part.elements, &tried, limit, error);
    if (status != PRISM_OK)
        return status;
    *bytes = (double)coded.payload.size / s->part.share +
             (double)coded.parameters.size * px_side_growth(s, pipeline);
    if (!px_coder_stage_of(pipeline->coder)->predicts)
        pipeline->transform = coded.pipeline.transform;
    px_coded_free(&coded);
    return PRISM_OK;
}

/* Whether coding at `effort` comes to at most `chance` times the best size so far. */
static prism_status has_chance(bool *chance, const choice *c, const px_pipeline *pipeline,
                               int effort, double factor, prism_error *error) {
    px_pipeline quick = *pipeline;
    double bytes = 0;
    prism_status status = trial(&bytes, c->sample, &quick, effort, error);
    *chance = c->bytes == 0 || bytes < factor * c->bytes;
    return status;
}

static double clearly_of(const choice *c, prism_coder coder) {
    if (coder == PRISM_CODER_DEFLATE && c->best.coder == PRISM_CODER_ANS)
        return CLEARLY_DEFLATE;
    return c->options->effort >= PX_SMALLEST_EFFORT ? 1 : CLEARLY;
}

static prism_status consider(choice *c, const px_pipeline *pipeline, int effort,
                             prism_error *error) {
    px_pipeline tried = *pipeline;
    double bytes = 0;
    prism_status status = trial(&bytes, c->sample, &tried, effort, error);
    const double clearly = clearly_of(c, tried.coder);
    c->last = bytes;
    if (status == PRISM_OK && (c->bytes == 0 || bytes < clearly * c->bytes)) {
        c->best = tried;
        c->bytes = bytes;
    }
    return status;
}

static int trial_effort(const px_pipeline *pipeline) {
    return pipeline->effort < TRIAL_EFFORT ? pipeline->effort : TRIAL_EFFORT;
}

static bool may_use(const choice *c, px_pipeline *pipeline, prism_predictor predictor,
                    prism_coder coder) {
    pipeline->predictor = predictor;
    pipeline->coder = coder;
    return (c->options->predictor == PRISM_PREDICTOR_AUTO || c->options->predictor == predictor) &&
           (c->options->coder == PRISM_CODER_AUTO || c->options->coder == coder);
}

static double deflate_chance(const px_choice_sample *s) {
    return s->large ? DEFLATE_CHANCE_LARGE : s->sparing ? DEFLATE_CHANCE_SPARING : DEFLATE_CHANCE;
}

static prism_status consider_deflate(choice *c, px_pipeline pipeline, prism_error *error) {
    bool chance = true;
    prism_status status = PRISM_OK;
    if (may_use(c, &pipeline, PRISM_PREDICTOR_NONE, PRISM_CODER_DEFLATE)) {
        status = has_chance(&chance, c, &pipeline, 1, deflate_chance(c->sample), error);
        if (status == PRISM_OK && chance)
            status = consider(c, &pipeline, pipeline.effort, error);
    }
    if (status == PRISM_OK && chance &&
        may_use(c, &pipeline, PRISM_PREDICTOR_PAETH, PRISM_CODER_DEFLATE))
        status = consider(c, &pipeline, pipeline.effort, error);
    return status;
}

/* A part of the sample, as another sample of the array. Free with px_sample_free(&part->part). */
static prism_status part_of(px_choice_sample *part, const px_choice_sample *s, prism_error *error) {
    *part = *s;
    prism_status status = px_sample_make(&part->part, &s->part.array, s->part.elements,
                                         PX_SAMPLE_BRISK_EFFORT, error);
    part->part.share *= s->part.share;
    return status;
}

/* What libjxl needs at the effort of trials, of what it needs at the quick one, in a part. */
static prism_status gain_of_trial(double *gain, const choice *c, const px_pipeline *pipeline,
                                  prism_error *error) {
    px_choice_sample part;
    px_pipeline quick = *pipeline, slow = *pipeline;
    double bytes[2] = {1, 1};
    prism_status status = part_of(&part, c->sample, error);
    if (status == PRISM_OK)
        status = trial(&bytes[0], &part, &quick, QUICK_JXL_EFFORT, error);
    if (status == PRISM_OK)
        status = trial(&bytes[1], &part, &slow, trial_effort(pipeline), error);
    px_sample_free(&part.part);
    *gain = bytes[1] / bytes[0];
    return status;
}

/* The quick trial says little of flat planes, in which slower ones find the contexts that count. */
static prism_status jxl_has_chance(bool *chance, const choice *c, const px_pipeline *pipeline,
                                   prism_error *error) {
    const double factor = c->sample->large ? JXL_CHANCE_LARGE : JXL_CHANCE;
    double gain = 1;
    prism_status status = PRISM_OK;
    if (!c->sample->sparing)
        status = has_chance(chance, c, pipeline, QUICK_JXL_EFFORT, factor, error);
    if (status != PRISM_OK || *chance || !c->flat)
        return status;
    status = gain_of_trial(&gain, c, pipeline, error);
    return status == PRISM_OK ? has_chance(chance, c, pipeline, QUICK_JXL_EFFORT, 1 / gain, error)
                              : status;
}

/* Paeth before libjxl, which has better predictors, is done only where it is asked for. */
static prism_status consider_jxl(choice *c, px_pipeline pipeline, prism_error *error) {
    bool asked = c->options->coder == PRISM_CODER_JXL;
    bool paeth = c->options->predictor == PRISM_PREDICTOR_PAETH;
    prism_predictor predictor = paeth && asked ? PRISM_PREDICTOR_PAETH : PRISM_PREDICTOR_NONE;
    bool chance = asked;
    if (!may_use(c, &pipeline, predictor, PRISM_CODER_JXL) ||
        (!asked && pipeline.effort <= QUICK_JXL_EFFORT)) /* far slower than the others there */
        return PRISM_OK;
    /* Where repetitions count, which the quick trial does not look for, it says nothing. */
    chance |= !c->sample->large && c->best.coder == PRISM_CODER_DEFLATE;
    prism_status status = chance ? PRISM_OK : jxl_has_chance(&chance, c, &pipeline, error);
    if (status != PRISM_OK || !chance)
        return status;
    int effort = trial_effort(&pipeline);
    status = consider(c, &pipeline, effort, error);
    /* libjxl's fixed predictor at effort 3 may gain from the lift where the estimate says that it
     * does not. */
    if (status == PRISM_OK && pipeline.selective && pipeline.effort <= QUICK_JXL_EFFORT) {
        pipeline.selective = false;
        status = consider(c, &pipeline, effort, error);
    }
    return status;
}

/* With some frames in the middle of the sample: planning many small ones would take too long. */
static prism_status consider_stack(choice *c, const px_pipeline *pipeline, prism_error *error) {
    const px_choice_sample *whole = c->sample;
    px_choice_sample some = *whole;
    prism_array cut = whole->part.array;
    uint64_t *frames = &cut.dims[pipeline->axis];
    *frames = *frames < SOME_FRAMES ? *frames : SOME_FRAMES;
    prism_status status =
        px_sample_cut(&some.part, &whole->part.array, whole->part.elements, &cut, error);
    some.part.share *= whole->part.share;
    c->sample = &some;
    if (status == PRISM_OK)
        status = consider(c, pipeline, trial_effort(pipeline), error);
    c->sample = whole;
    px_sample_free(&some.part);
    return status;
}

static prism_status consider_native(choice *c, const px_pipeline *layout, prism_error *error) {
    px_pipeline pipeline = *layout;
    may_use(c, &pipeline, PRISM_PREDICTOR_LSQ, PRISM_CODER_ANS);
    if (c->sample->large && layout->transform == PRISM_TRANSFORM_STACK && layout->axis >= 0)
        return consider_stack(c, &pipeline, error);
    /* In small arrays even the slowest trial is short, and learning ranks other layouts first. */
    return consider(c, &pipeline, c->sample->large ? trial_effort(&pipeline) : pipeline.effort,
                    error);
}

static prism_status consider_others(choice *c, const px_pipeline *layout, prism_error *error) {
    prism_status status = consider_deflate(c, *layout, error);
    return status == PRISM_OK ? consider_jxl(c, *layout, error) : status;
}

/* Other coders, unless the project's own is better for sure. In large arrays they get their trials
 * only by the best layout so far. */
static prism_status consider_coders(choice *c, const px_pipeline *layout, prism_error *error) {
    const bool native = px_may_be_native(c->options);
    prism_status status = native ? consider_native(c, layout, error) : PRISM_OK;
    const bool behind = native && c->sample->large &&
                        (c->best.axis != layout->axis || c->best.transform != layout->transform);
    if (status != PRISM_OK || behind || px_is_drawing(c->sample, c->options) ||
        (native && (c->sample->sparing || layout->transform == PRISM_TRANSFORM_STACK)))
        return status;
    return consider_others(c, layout, error);
}

static size_t least_estimate(const px_layouts *list) {
    size_t least = 0;
    for (size_t i = 1; i < list->count; i++)
        if (list->items[i].bytes < list->items[least].bytes)
            least = i;
    return least;
}

/* ---- Which layouts get trials ---------------------------------------------------------------- */

/* Of the same planes, only the layout of a stack has no estimate. */
static double least_of_planes(const px_layouts *list, int axis) {
    double least = HUGE_VAL;
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].pipeline.axis == axis)
            least = fmin(least, list->items[i].bytes);
    return least;
}

/* The best estimate of planes along usual axes. */
static double least_usual(const px_layouts *list) {
    double least = HUGE_VAL;
    for (size_t i = 0; i < list->count; i++)
        if (!list->items[i].unusual)
            least = fmin(least, list->items[i].bytes);
    return least;
}

static bool may_be_stack(const choice *c, const px_layouts *list, size_t stack, size_t best) {
    const double close = list->items[stack].unusual ? CLOSE_ESTIMATE
                         : c->sample->sparing       ? CLOSE_PLANES_SPARING
                                                    : CLOSE_PLANES;
    const double planes = least_of_planes(list, list->items[stack].pipeline.axis);
    const double others = list->items[stack].unusual ? list->items[best].bytes : least_usual(list);
    return planes == HUGE_VAL || planes <= close * others;
}

/* What layout i may come to, by its estimate and how the native coder did on others. */
static double promise(const choice *c, const px_layouts *list, size_t i) {
    const bool lifted = list->items[i].pipeline.transform == PRISM_TRANSFORM_CHANNELS;
    const double same = c->relative[lifted], other = c->relative[!lifted];
    const double relative = fmin(same > 0 ? same : lifted ? LIFT_GAIN * fmin(other, 1) : other, 1);
    return SURE_ESTIMATE * relative * list->items[i].bytes;
}

/* The same of a stack, by the best of the other layouts of its planes. */
static double promise_of_stack(const choice *c, const px_layouts *list, size_t stack) {
    double least = HUGE_VAL;
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].pipeline.axis == list->items[stack].pipeline.axis &&
            list->items[i].bytes < HUGE_VAL)
            least = fmin(least, promise(c, list, i) / SURE_ESTIMATE);
    return least == HUGE_VAL ? 0 : STACK_GAIN * least;
}

static bool is_tried(const choice *c, const px_layouts *list, size_t i, size_t best) {
    const bool whole = c->sample->part.share == 1, sparing = c->sample->sparing;
    if (px_is_drawing(c->sample, c->options))
        return true;
    if (list->items[i].pipeline.transform == PRISM_TRANSFORM_STACK)
        return may_be_stack(c, list, i, best) &&
               (!sparing || promise_of_stack(c, list, i) < c->bytes);
    if (list->items[i].unusual && list->items[i].bytes > CLEARLY_BETTER * least_usual(list))
        return false;
    if (c->sample->noisy || sparing)
        return promise(c, list, i) < CLEARLY * c->bytes;
    const bool repeats = c->best.coder == PRISM_CODER_DEFLATE && !list->items[i].unusual;
    return whole || repeats || list->items[i].bytes <= CLOSE_ESTIMATE * list->items[best].bytes;
}

static bool is_clear(const choice *c, const px_layouts *list, size_t best) {
    px_pipeline layout = list->items[best].pipeline;
    bool rival = false;
    for (size_t i = 0; i < list->count; i++)
        rival |= list->items[i].pipeline.transform == PRISM_TRANSFORM_STACK &&
                 may_be_stack(c, list, i, best);
    return c->sample->large && c->sample->values > PX_FEW_VALUES && layout.selective && !rival &&
           layout.axis != 0 &&
           (layout.effort <= PX_SAMPLE_BRISK_EFFORT ||
            list->items[best].bytes < STRONG_TIES * list->items[best + 1].bytes) &&
           may_use(c, &layout, PRISM_PREDICTOR_LSQ, PRISM_CODER_ANS);
}

static prism_status try_layout(choice *c, const px_layouts *list, size_t i, prism_error *error) {
    prism_status status = consider_coders(c, &list->items[i].pipeline, error);
    double *relative = &c->relative[list->items[i].pipeline.transform == PRISM_TRANSFORM_CHANNELS];
    if (list->items[i].bytes < HUGE_VAL &&
        (*relative == 0 || c->last < *relative * list->items[i].bytes))
        *relative = c->last / list->items[i].bytes;
    return status;
}

/* Along which axis repetitions lie, estimates do not say. In the whole array, they are more than in
 * the sample. */
static prism_status try_repetitions(choice *c, const px_layouts *list, int but,
                                    prism_error *error) {
    prism_status status = PRISM_OK;
    double bytes = 0;
    for (size_t i = 0; i < list->count && status == PRISM_OK; i++) {
        px_pipeline layout = list->items[i].pipeline;
        if (layout.axis != but && layout.transform == PRISM_TRANSFORM_NONE &&
            !list->items[i].unusual &&
            may_use(c, &layout, PRISM_PREDICTOR_NONE, PRISM_CODER_DEFLATE)) {
            status = trial(&bytes, c->sample, &layout, layout.effort, error);
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
static prism_status try_others(choice *c, const px_layouts *list, prism_error *error) {
    const int axis = c->best.axis;
    const bool open = c->options->transform == PRISM_TRANSFORM_AUTO;
    prism_status status = PRISM_OK;
    for (size_t i = 0; i < list->count && status == PRISM_OK; i++)
        if (list->items[i].pipeline.axis == axis &&
            (!open || list->items[i].pipeline.transform == PRISM_TRANSFORM_NONE))
            status = consider_others(c, &list->items[i].pipeline, error);
    return status == PRISM_OK && c->bytes > 0 && c->best.coder != PRISM_CODER_ANS
               ? try_repetitions(c, list, axis, error)
               : status;
}

/* The best estimate first, where it makes clear which others need no trial. */
static prism_status try_layouts(choice *c, const px_layouts *list, size_t best,
                                prism_error *error) {
    const px_choice_sample *s = c->sample;
    const bool first = list->count && (s->noisy || s->sparing);
    prism_status status = first ? try_layout(c, list, best, error) : PRISM_OK;
    for (size_t i = 0; i < list->count && status == PRISM_OK; i++)
        if (!(first && i == best) && is_tried(c, list, i, best))
            status = try_layout(c, list, i, error);
    if (status == PRISM_OK && s->sparing && !px_is_drawing(s, c->options))
        status = try_others(c, list, error);
    return status;
}

static void leave_out(px_layouts *list, size_t i) {
    list->count--;
    memmove(&list->items[i], &list->items[i + 1], (list->count - i) * sizeof *list->items);
}

/* What the native coder makes of a part of the sample at its quickest. */
static prism_status quick_size(double *bytes, const px_choice_sample *part, px_pipeline layout,
                               prism_error *error) {
    layout.predictor = PRISM_PREDICTOR_LSQ;
    layout.coder = PRISM_CODER_ANS;
    return trial(bytes, part, &layout, QUICK_EFFORT, error);
}

/* Whether the axis is far shorter than all others, as that of frames often is. */
static bool is_short(const px_choice_sample *s, int axis) {
    enum { SHORTER = 4 };
    for (unsigned i = 0; i < s->part.array.rank; i++)
        if ((int)i != axis && s->dims[i] < SHORTER * s->dims[axis])
            return false;
    return true;
}

/* Frames along an axis where they rarely lie deserve a look if it is short, if their planes have
 * the best estimate, or if they promise more than those of stacks along usual axes do. */
static bool deserves_look(const choice *c, const px_layouts *list, size_t stack, size_t best) {
    double usual = HUGE_VAL;
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].pipeline.transform == PRISM_TRANSFORM_STACK && !list->items[i].unusual)
            usual = fmin(usual, least_of_planes(list, list->items[i].pipeline.axis));
    const int axis = list->items[stack].pipeline.axis;
    return may_be_stack(c, list, stack, best) &&
           (axis == list->items[best].pipeline.axis || is_short(c->sample, axis) ||
            least_of_planes(list, axis) < CLEARLY_BETTER_FRAMES * usual);
}

/* They stay on the list if they make a part of the sample smaller than the best estimate of other
 * layouts does. */
static prism_status screen_stacks(const choice *c, px_layouts *list, prism_error *error) {
    const size_t best = least_estimate(list);
    px_choice_sample part = {.values = 0};
    double least = 0, bytes;
    prism_status status = PRISM_OK;
    for (size_t i = list->count; i-- > 0 && status == PRISM_OK;) {
        if (!list->items[i].unusual || list->items[i].pipeline.transform != PRISM_TRANSFORM_STACK)
            continue;
        bool worth = deserves_look(c, list, i, best);
        if (worth && least == 0) {
            status = part_of(&part, c->sample, error);
            if (status == PRISM_OK)
                status = quick_size(&least, &part, list->items[best].pipeline, error);
        }
        if (worth && status == PRISM_OK) {
            status = quick_size(&bytes, &part, list->items[i].pipeline, error);
            worth = bytes < least;
        }
        if (!worth)
            leave_out(list, i);
    }
    px_sample_free(&part.part);
    return status;
}

/* Estimates say nothing of drawings: those layouts stay on the list that come close to the best in
 * a part of the sample. */
static prism_status screen_drawings(const choice *c, px_layouts *list, prism_error *error) {
    double bytes[PX_MAX_LAYOUTS], least = HUGE_VAL;
    px_choice_sample part;
    prism_status status = part_of(&part, c->sample, error);
    for (size_t i = 0; i < list->count && status == PRISM_OK; i++) {
        status = quick_size(&bytes[i], &part, list->items[i].pipeline, error);
        least = fmin(least, bytes[i]);
    }
    for (size_t i = list->count; i-- > 0 && status == PRISM_OK;)
        if (bytes[i] > CLOSE_DRAWING * least)
            leave_out(list, i);
    px_sample_free(&part.part);
    return status;
}

static prism_status screen(const choice *c, px_layouts *list, prism_error *error) {
    if (!px_is_drawing(c->sample, c->options))
        return screen_stacks(c, list, error);
    return list->count > 1 ? screen_drawings(c, list, error) : PRISM_OK;
}

static prism_status choose(px_pipeline *pipeline, const px_choice_sample *s,
                           const prism_options *options, prism_error *error) {
    px_layouts list = {.count = 0};
    choice c = {.sample = s, .options = options};
    prism_status status = px_layouts_list(&list, s, pipeline, options, error);
    if (status == PRISM_OK)
        status = screen(&c, &list, error);
    const size_t best = least_estimate(&list);
    c.flat = list.flat >= FLAT;
    if (status == PRISM_OK && is_clear(&c, &list, best)) {
        c.best = list.items[best].pipeline;
        may_use(&c, &c.best, PRISM_PREDICTOR_LSQ, PRISM_CODER_ANS);
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
