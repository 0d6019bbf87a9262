/*
 * Automatic options: candidates are tried on a sample cut from the middle of the array. Estimates
 * leave one or two layouts (the axis of the planes, and whether they are lifted); those are coded
 * for real. Slow or unlikely coders have to pass quick trials first, so that choosing takes little
 * more time than encoding does.
 */
#include "choose.h"

#include <math.h>

#include "estimate.h"
#include "pipeline.h"
#include "sample.h"
#include "status.h"

enum {
    QUICK_JXL_EFFORT = 3,
    TRIAL_EFFORT = 5,    /* ranks slow coders at higher ones well enough */
    QUICK_EFFORT = 5,    /* up to it, choosing for integers of wider elements is quick */
    SMALLEST_EFFORT = 8, /* from it on, only size counts */
    FEW_VALUES = 64,
    DRAWING_VALUES = 8, /* so few that the project's own coder of indices is the smallest */
    DRAWING_EFFORT = 4, /* from it on */
    SOME_FRAMES = 48,
    FEW_CHANNELS = 16, /* that a second axis may hold */
    FEW_COLOURS = 4,   /* that a last axis may hold */
    LEAST_EDGE = 4,    /* of a frame */
    MAX_LAYOUTS = 9,
    SMALL_ARRAY = 1 << 12, /* elements */
    LARGE_ARRAY = 1 << 22
};

/* By how much a quick trial may miss the best size so far and still deserve a trial. */
static const double JXL_CHANCE = 1.06, JXL_CHANCE_LARGE = 1.02, DEFLATE_CHANCE = 1.3,
                    DEFLATE_CHANCE_SPARING = 1.15;

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

/* Stacks are tried where the best estimate of other layouts of the same planes is so close. */
static const double CLOSE_PLANES = 1.07, CLOSE_PLANES_SPARING = 1.05;

typedef struct sample {
    px_sample part;
    const uint64_t *dims; /* of the whole array */
    int values;           /* different ones; more than FEW_VALUES count as FEW_VALUES + 1 */
    bool large;           /* the whole array has LARGE_ARRAY elements or more */
    bool sparing; /* of time: what estimates rule out is not tried; they say nothing of indices of
                     few values, and small arrays are coded in no time */
    bool noisy;   /* integers of wider elements that only the native coder is for: much of these is
                     stored as it is, and what layouts gain is little of the whole */
} sample;

/* Elements of two bytes count as their bits, whatever their order. */
static int count_values(const uint8_t *bytes, size_t size, size_t width) {
    bool seen[1 << 16] = {false};
    int count = 0;
    for (size_t i = 0; i < size && count <= FEW_VALUES; i += width) {
        unsigned value = width == 1 ? bytes[i] : (unsigned)(bytes[i] | bytes[i + 1] << 8);
        count += !seen[value];
        seen[value] = true;
    }
    return count;
}

static bool may_be_native(const prism_options *options) {
    return (options->predictor == PRISM_PREDICTOR_AUTO ||
            options->predictor == PRISM_PREDICTOR_LSQ) &&
           (options->coder == PRISM_CODER_AUTO || options->coder == PRISM_CODER_ANS);
}

static prism_status sample_make(sample *s, const prism_array *array, const void *elements,
                                const prism_options *options, bool of_wide, prism_error *error) {
    const bool quick = of_wide && options->effort <= QUICK_EFFORT;
    const int effort = quick ? PX_SAMPLE_BRISK_EFFORT : options->effort;
    const size_t width = prism_type_size(array->type);
    size_t whole;
    prism_status status = prism_array_size(array, &whole, error);
    if (status == PRISM_OK)
        status = px_sample_make(&s->part, array, elements, effort, error);
    if (status != PRISM_OK)
        return status;
    s->dims = array->dims;
    s->noisy =
        quick && options->predictor == PRISM_PREDICTOR_LSQ && options->coder == PRISM_CODER_ANS;
    s->values = count_values(elements, whole, width);
    s->sparing = !s->noisy && may_be_native(options) && s->values > FEW_VALUES &&
                 whole / width >= SMALL_ARRAY && options->effort > PX_SAMPLE_BRISK_EFFORT &&
                 options->effort < SMALLEST_EFFORT;
    s->large = whole / width >= LARGE_ARRAY;
    return PRISM_OK;
}

/* Estimated bytes of the whole array if its planes lie along pipeline->axis. *flat is raised to the
 * share of flat samples of planes that are not lifted. */
static prism_status estimate(double *bytes, double *flat, const sample *s,
                             const px_pipeline *pipeline, prism_error *error) {
    px_layout layout = px_layout_make(&s->part.array, pipeline->axis);
    px_planes planes;
    px_buffer parameters = {0};
    prism_status status = px_planes_alloc(&planes, &s->part.array, &layout, error);
    if (status != PRISM_OK)
        return status;
    px_planes_load(&planes, &s->part.array, &layout, s->part.elements);
    const px_transform_stage *transform = px_transform_stage_of(pipeline->transform);
    if (transform)
        status = transform->forward(&planes, pipeline, &parameters, error);
    else
        *flat = fmax(*flat, px_flat_share(&planes));
    double bits = 0;
    for (size_t k = 0; k < planes.count && status == PRISM_OK; k++)
        bits += px_estimate_plane(&planes, k);
    *bytes = bits / 8 / s->part.share + (double)parameters.size;
    px_buffer_free(&parameters);
    px_planes_free(&planes);
    return status;
}

/* ---- Layouts --------------------------------------------------------------------------------- */

typedef struct layouts {
    px_pipeline items[MAX_LAYOUTS];
    double bytes[MAX_LAYOUTS]; /* estimated, but not those of stacks */
    double flat;               /* share of flat samples where planes lie best for it */
    size_t count;
} layouts;

static prism_status add_layout(layouts *list, const sample *s, const px_pipeline *base,
                               prism_transform transform, int axis, prism_error *error) {
    px_pipeline *item = &list->items[list->count];
    *item = *base;
    item->transform = transform;
    item->axis = axis;
    item->selective = base->selective && transform == PRISM_TRANSFORM_CHANNELS;
    double *bytes = &list->bytes[list->count++];
    *bytes = HUGE_VAL;
    return transform == PRISM_TRANSFORM_STACK ? PRISM_OK
                                              : estimate(bytes, &list->flat, s, item, error);
}

/* Planes that are hardly pictures, where others are: coding them takes the time of larger ones. */
static bool is_slim(const prism_array *array, int axis) {
    const px_layout layout = px_layout_make(array, axis);
    return array->rank >= 3 && (layout.height < LEAST_EDGE || layout.width < LEAST_EDGE);
}

/* The axes of `count` that leave proper pictures, or all. */
static size_t without_slim(int axes[3], size_t count, const prism_array *array) {
    size_t left = 0;
    for (size_t i = 0; i < count; i++)
        if (!is_slim(array, axes[i]))
            axes[left++] = axes[i];
    return left ? left : count;
}

/* The axes that planes may lie along: the last (channels), the first (frames), none (one image),
 * the second (channels of several images). */
static size_t possible_axes(int axes[3], const sample *s, const prism_options *options) {
    const prism_array *array = &s->part.array;
    const int rank = (int)array->rank;
    const bool stack = options->transform == PRISM_TRANSFORM_STACK;
    const bool channels = options->transform == PRISM_TRANSFORM_CHANNELS;
    axes[0] = stack ? 0 : rank == 1 ? -1 : rank - 1;
    axes[1] = rank == 2 ? PRISM_AXIS_AUTO : 0;
    axes[2] = 1;
    if (options->axis != PRISM_AXIS_AUTO)
        axes[0] = options->axis;
    if (options->axis != PRISM_AXIS_AUTO || rank == 1 || channels || stack)
        return 1;
    const size_t count = rank >= 3 && array->dims[1] <= FEW_CHANNELS ? 3 : 2;
    return s->noisy ? without_slim(axes, count, array) : count;
}

/* Whether the planes along an axis may be frames: pictures that are coded from each other, or one.
 */
static bool may_be_frames(const prism_array *array, int axis, const prism_options *options) {
    const px_layout layout = px_layout_make(array, axis);
    return options->transform == PRISM_TRANSFORM_AUTO &&
           (options->axis == PRISM_AXIS_AUTO || options->axis == axis) && array->rank >= 2 &&
           layout.height >= LEAST_EDGE && layout.width >= LEAST_EDGE &&
           (array->rank >= 3 || layout.count == 1) && options->effort > PX_SAMPLE_BRISK_EFFORT;
}

/* Indices are not predicted by arithmetic: there is nothing to lift, and estimates do not apply. */
static bool is_drawing(const sample *s, const prism_options *options) {
    return s->values <= DRAWING_VALUES && options->effort >= DRAWING_EFFORT &&
           options->transform != PRISM_TRANSFORM_CHANNELS && may_be_native(options);
}

/* Nearly as many planes as positions would take more weights than they are worth to the native
 * coder, and much time. */
static bool may_be_lifted(const sample *s, int axis) {
    if (axis == PRISM_AXIS_AUTO || s->dims[axis] == 1)
        return false;
    uint64_t positions = 1;
    for (unsigned i = 0; i < s->part.array.rank; i++)
        positions *= (int)i == axis ? 1 : s->dims[i];
    return (!s->noisy || s->dims[axis] <= positions) &&
           (!s->sparing || 2 * s->dims[axis] <= positions);
}

/* Axes that frames may lie along: the first one, the second or the last if it is short. A matrix is
 * one picture. */
static size_t axes_of_stacks(int axes[3], const sample *s, const prism_options *options) {
    const int last = (int)s->part.array.rank - 1;
    const bool second = s->noisy || options->effort > QUICK_EFFORT;
    size_t count = 0;
    axes[count++] = last == 1 ? PRISM_AXIS_AUTO : 0;
    if (last > 1 && second && s->dims[1] <= FEW_CHANNELS)
        axes[count++] = 1;
    if (last > 1 && s->dims[last] <= FEW_COLOURS)
        axes[count++] = last;
    return count;
}

static prism_status list_stacks(layouts *list, const sample *s, const px_pipeline *base,
                                const prism_options *options, prism_error *error) {
    int axes[3];
    const size_t count = is_drawing(s, options) ? 0 : axes_of_stacks(axes, s, options);
    prism_status status = PRISM_OK;
    for (size_t i = 0; i < count && status == PRISM_OK; i++)
        if (may_be_frames(&s->part.array, axes[i], options))
            status = add_layout(list, s, base, PRISM_TRANSFORM_STACK, axes[i], error);
    return status;
}

static prism_status list_layouts(layouts *list, const sample *s, const px_pipeline *base,
                                 const prism_options *options, prism_error *error) {
    int axes[3];
    size_t count = possible_axes(axes, s, options);
    const bool open = options->transform == PRISM_TRANSFORM_AUTO;
    prism_status status = list_stacks(list, s, base, options, error);
    for (size_t i = 0; i < count && status == PRISM_OK; i++) {
        if (open && may_be_lifted(s, axes[i]) && !is_drawing(s, options))
            status = add_layout(list, s, base, PRISM_TRANSFORM_CHANNELS, axes[i], error);
        if (status == PRISM_OK)
            status = add_layout(list, s, base, open ? PRISM_TRANSFORM_NONE : options->transform,
                                axes[i], error);
    }
    return status;
}

/* ---- Trials ---------------------------------------------------------------------------------- */

typedef struct choice {
    const sample *sample;
    const prism_options *options;
    px_pipeline best;
    double bytes; /* of the best one; 0 before the first */
    double last;  /* of the one tried last */
    /* Least sizes of layouts, without and with the lift, relative to estimates; 0 before the first.
     */
    double relative[2];
    bool flat; /* enough for libjxl to have a chance */
} choice;

/* How the side information grows from the sample to the whole: with each plane, and if planes are
 * predicted from planes, with each pair of them. */
static double growth(const sample *s, const px_pipeline *pipeline) {
    if (pipeline->axis < 0)
        return 1;
    const double planes =
        (double)s->dims[pipeline->axis] / (double)s->part.array.dims[pipeline->axis];
    return pipeline->transform == PRISM_TRANSFORM_CHANNELS ? planes * planes : planes;
}

/* Bytes of the whole array if it codes like the sample. The transform of *pipeline becomes none
 * where not even a part of the sample was worth it to a coder of residuals. */
static prism_status trial(double *bytes, const sample *s, px_pipeline *pipeline, int effort,
                          prism_error *error) {
    px_pipeline tried = *pipeline;
    tried.effort = effort;
    px_coded coded;
    size_t limit = 2 * s->part.size + PX_CONTAINER_OVERHEAD;
    prism_status status =
        px_pipeline_encode(&coded, &s->part.array, s->part.elements, &tried, limit, error);
    if (status != PRISM_OK)
        return status;
    *bytes = (double)coded.payload.size / s->part.share +
             (double)coded.parameters.size * growth(s, pipeline);
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
    return c->options->effort >= SMALLEST_EFFORT ? 1 : CLEARLY;
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

static prism_status consider_deflate(choice *c, px_pipeline pipeline, prism_error *error) {
    bool chance = true;
    prism_status status = PRISM_OK;
    if (may_use(c, &pipeline, PRISM_PREDICTOR_NONE, PRISM_CODER_DEFLATE)) {
        status = has_chance(&chance, c, &pipeline, 1,
                            c->sample->large || c->sample->sparing ? DEFLATE_CHANCE_SPARING
                                                                   : DEFLATE_CHANCE,
                            error);
        if (status == PRISM_OK && chance)
            status = consider(c, &pipeline, pipeline.effort, error);
    }
    if (status == PRISM_OK && chance &&
        may_use(c, &pipeline, PRISM_PREDICTOR_PAETH, PRISM_CODER_DEFLATE))
        status = consider(c, &pipeline, pipeline.effort, error);
    return status;
}

/* What libjxl needs at the effort of trials, of what it needs at the quick one, in a part. */
static prism_status gain_of_trial(double *gain, const choice *c, const px_pipeline *pipeline,
                                  prism_error *error) {
    sample part = *c->sample;
    px_pipeline quick = *pipeline, slow = *pipeline;
    double bytes[2] = {1, 1};
    prism_status status = px_sample_make(&part.part, &c->sample->part.array,
                                         c->sample->part.elements, PX_SAMPLE_BRISK_EFFORT, error);
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

/* Some frames in the middle of the sample: planning many small ones would take too long. */
static sample some_frames(const sample *s) {
    sample some = *s;
    const uint64_t all = s->part.array.dims[0], count = all < SOME_FRAMES ? all : SOME_FRAMES;
    const size_t frame = s->part.size / (size_t)all;
    some.part.array.dims[0] = count;
    some.part.elements = (uint8_t *)s->part.elements + (all - count) / 2 * frame;
    some.part.size = frame * (size_t)count;
    some.part.share = s->part.share * (double)count / (double)all;
    return some;
}

static prism_status consider_stack(choice *c, const px_pipeline *pipeline, prism_error *error) {
    const sample *whole = c->sample;
    const sample some = some_frames(whole);
    c->sample = &some;
    prism_status status = consider(c, pipeline, trial_effort(pipeline), error);
    c->sample = whole;
    return status;
}

static prism_status consider_native(choice *c, const px_pipeline *layout, prism_error *error) {
    px_pipeline pipeline = *layout;
    may_use(c, &pipeline, PRISM_PREDICTOR_LSQ, PRISM_CODER_ANS);
    if (c->sample->large && layout->transform == PRISM_TRANSFORM_STACK && layout->axis == 0)
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
    const bool native = may_be_native(c->options);
    prism_status status = native ? consider_native(c, layout, error) : PRISM_OK;
    const bool behind = native && c->sample->large &&
                        (c->best.axis != layout->axis || c->best.transform != layout->transform);
    if (status != PRISM_OK || behind || is_drawing(c->sample, c->options) ||
        (native && (c->sample->sparing || layout->transform == PRISM_TRANSFORM_STACK)))
        return status;
    return consider_others(c, layout, error);
}

static size_t least_estimate(const layouts *list) {
    size_t least = 0;
    for (size_t i = 1; i < list->count; i++)
        if (list->bytes[i] < list->bytes[least])
            least = i;
    return least;
}

/* Of the same planes, only the layout of a stack has no estimate. */
static bool may_be_stack(const choice *c, const layouts *list, const px_pipeline *stack,
                         size_t best) {
    const double close = c->sample->sparing ? CLOSE_PLANES_SPARING : CLOSE_PLANES;
    double least = HUGE_VAL;
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].axis == stack->axis)
            least = fmin(least, list->bytes[i]);
    return least == HUGE_VAL || least <= close * list->bytes[best];
}

/* What layout i may come to, by its estimate and how the native coder did on others. */
static double promise(const choice *c, const layouts *list, size_t i) {
    const bool lifted = list->items[i].transform == PRISM_TRANSFORM_CHANNELS;
    const double same = c->relative[lifted], other = c->relative[!lifted];
    const double relative = fmin(same > 0 ? same : lifted ? LIFT_GAIN * fmin(other, 1) : other, 1);
    return SURE_ESTIMATE * relative * list->bytes[i];
}

/* The same of a stack, by the best of the other layouts of its planes. */
static double promise_of_stack(const choice *c, const layouts *list, size_t stack) {
    double least = HUGE_VAL;
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].axis == list->items[stack].axis && list->bytes[i] < HUGE_VAL)
            least = fmin(least, promise(c, list, i) / SURE_ESTIMATE);
    return least == HUGE_VAL ? 0 : STACK_GAIN * least;
}

static bool is_tried(const choice *c, const layouts *list, size_t i, size_t best) {
    const bool whole = c->sample->part.share == 1, sparing = c->sample->sparing;
    if (is_drawing(c->sample, c->options))
        return true;
    if (list->items[i].transform == PRISM_TRANSFORM_STACK)
        return may_be_stack(c, list, &list->items[i], best) &&
               (!sparing || promise_of_stack(c, list, i) < c->bytes);
    if (c->sample->noisy || sparing)
        return promise(c, list, i) < CLEARLY * c->bytes;
    return whole || list->bytes[i] <= CLOSE_ESTIMATE * list->bytes[best];
}

/* Lifted layouts come right before the same ones without the lift, where both are estimated. */
static bool is_clear(const choice *c, const layouts *list, size_t best) {
    px_pipeline layout = list->items[best];
    bool rival = false;
    for (size_t i = 0; i < list->count; i++)
        rival |= list->items[i].transform == PRISM_TRANSFORM_STACK &&
                 may_be_stack(c, list, &list->items[i], best);
    return c->sample->large && c->sample->values > FEW_VALUES && layout.selective && !rival &&
           layout.axis != 0 &&
           (layout.effort <= PX_SAMPLE_BRISK_EFFORT ||
            list->bytes[best] < STRONG_TIES * list->bytes[best + 1]) &&
           may_use(c, &layout, PRISM_PREDICTOR_LSQ, PRISM_CODER_ANS);
}

static prism_status try_layout(choice *c, const layouts *list, size_t i, prism_error *error) {
    prism_status status = consider_coders(c, &list->items[i], error);
    double *relative = &c->relative[list->items[i].transform == PRISM_TRANSFORM_CHANNELS];
    if (list->bytes[i] < HUGE_VAL && (*relative == 0 || c->last < *relative * list->bytes[i]))
        *relative = c->last / list->bytes[i];
    return status;
}

/* Where time is spared, other coders get their trials by the planes that suit the native one best,
 * as they are: what repeats is what these coders are for, and a lift hides it. */
static prism_status try_others(choice *c, const layouts *list, prism_error *error) {
    const int axis = c->best.axis;
    const bool open = c->options->transform == PRISM_TRANSFORM_AUTO;
    prism_status status = PRISM_OK;
    for (size_t i = 0; i < list->count && status == PRISM_OK; i++)
        if (list->items[i].axis == axis &&
            (!open || list->items[i].transform == PRISM_TRANSFORM_NONE))
            status = consider_others(c, &list->items[i], error);
    return status;
}

/* The best estimate first, where it makes clear which others need no trial. */
static prism_status try_layouts(choice *c, const layouts *list, size_t best, prism_error *error) {
    const sample *s = c->sample;
    const bool first = list->count && (s->noisy || s->sparing);
    prism_status status = first ? try_layout(c, list, best, error) : PRISM_OK;
    for (size_t i = 0; i < list->count && status == PRISM_OK; i++)
        if (!(first && i == best) && is_tried(c, list, i, best))
            status = try_layout(c, list, i, error);
    if (status == PRISM_OK && s->sparing && !is_drawing(s, c->options))
        status = try_others(c, list, error);
    return status;
}

static prism_status choose(px_pipeline *pipeline, const sample *s, const prism_options *options,
                           prism_error *error) {
    layouts list = {.count = 0};
    choice c = {.sample = s, .options = options};
    prism_status status = list_layouts(&list, s, pipeline, options, error);
    const size_t best = least_estimate(&list);
    c.flat = list.flat >= FLAT;
    if (status == PRISM_OK && is_clear(&c, &list, best)) {
        c.best = list.items[best];
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
                              .axis = options->axis,
                              .selective = options->transform == PRISM_TRANSFORM_AUTO};
    prism_status status =
        px_stages_check(options->transform, options->predictor, options->coder, error);
    if (status != PRISM_OK)
        return status;
    if (options->axis >= (int)array->rank)
        return px_fail(error, PRISM_E_OPTION, "axis %d: the array has rank %u", options->axis,
                       array->rank);
    if (is_complete(options, array))
        return PRISM_OK;
    sample s = {.values = 0};
    status = sample_make(&s, array, elements, options, of_wide, error);
    if (status == PRISM_OK)
        status = choose(pipeline, &s, options, error);
    px_sample_free(&s.part);
    return status;
}
