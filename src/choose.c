/*
 * Automatic options: candidates are tried on a sample cut from the middle of the array. Estimates
 * leave one or two layouts (the axis of the planes, and whether they are lifted); those are coded
 * for real. Slow or unlikely coders have to pass a quick trial first, so that choosing takes a
 * small part of the time that encoding does.
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
    LEAST_EDGE = 4,    /* of a frame */
    MAX_LAYOUTS = 8,
    LARGE_ARRAY = 1 << 22 /* elements */
};

/* By how much a quick trial may miss the best size so far and still deserve a trial. */
static const double JXL_CHANCE = 1.06, JXL_CHANCE_LARGE = 1.02, DEFLATE_CHANCE = 1.3,
                    DEFLATE_CHANCE_LARGE = 1.03;

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

/* Stacks are tried where the best estimate of other layouts of the same planes is so close. */
static const double CLOSE_PLANES = 1.07;

typedef struct sample {
    px_sample part;
    const uint64_t *dims; /* of the whole array */
    int values;           /* different ones; more than FEW_VALUES count as FEW_VALUES + 1 */
    bool large;           /* the whole array has LARGE_ARRAY elements or more */
    bool noisy; /* integers of wider elements that only the native coder is for: much of these is
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
    s->large = whole / width >= LARGE_ARRAY;
    return PRISM_OK;
}

/* Estimated bytes of the whole array if its planes lie along pipeline->axis. */
static prism_status estimate(double *bytes, const sample *s, const px_pipeline *pipeline,
                             prism_error *error) {
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
    return transform == PRISM_TRANSFORM_STACK ? PRISM_OK : estimate(bytes, s, item, error);
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

/* Whether the planes along an axis may be frames: pictures that are coded from each other. */
static bool may_be_frames(const prism_array *array, int axis, const prism_options *options) {
    return options->transform == PRISM_TRANSFORM_AUTO &&
           (options->axis == PRISM_AXIS_AUTO || options->axis == axis) && array->rank >= 3 &&
           array->dims[axis] > 1 && !is_slim(array, axis) &&
           options->effort > PX_SAMPLE_BRISK_EFFORT;
}

/* Indices are not predicted by arithmetic: there is nothing to lift, and estimates do not apply. */
static bool is_drawing(const sample *s, const prism_options *options) {
    return s->values <= DRAWING_VALUES && options->effort >= DRAWING_EFFORT &&
           options->transform != PRISM_TRANSFORM_CHANNELS &&
           (options->predictor == PRISM_PREDICTOR_AUTO ||
            options->predictor == PRISM_PREDICTOR_LSQ) &&
           (options->coder == PRISM_CODER_AUTO || options->coder == PRISM_CODER_ANS);
}

/* More planes than positions would take more weights than noisy integers are worth. */
static bool may_be_lifted(const sample *s, int axis) {
    if (axis == PRISM_AXIS_AUTO || s->dims[axis] == 1)
        return false;
    uint64_t positions = 1;
    for (unsigned i = 0; i < s->part.array.rank; i++)
        positions *= (int)i == axis ? 1 : s->dims[i];
    return !s->noisy || s->dims[axis] <= positions;
}

static prism_status list_stacks(layouts *list, const sample *s, const px_pipeline *base,
                                const prism_options *options, prism_error *error) {
    const prism_array *array = &s->part.array;
    prism_status status = PRISM_OK;
    if (is_drawing(s, options))
        return status;
    if (may_be_frames(array, 0, options))
        status = add_layout(list, s, base, PRISM_TRANSFORM_STACK, 0, error);
    if (status == PRISM_OK && (s->noisy || options->effort > QUICK_EFFORT) &&
        s->dims[1] <= FEW_CHANNELS && may_be_frames(array, 1, options))
        status = add_layout(list, s, base, PRISM_TRANSFORM_STACK, 1, error);
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
    double bytes;    /* of the best one; 0 before the first */
    double last;     /* of the one tried last */
    double relative; /* least size of a layout relative to its estimate; 0 before the first */
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
                            c->sample->large ? DEFLATE_CHANCE_LARGE : DEFLATE_CHANCE, error);
        if (status == PRISM_OK && chance)
            status = consider(c, &pipeline, pipeline.effort, error);
    }
    if (status == PRISM_OK && chance &&
        may_use(c, &pipeline, PRISM_PREDICTOR_PAETH, PRISM_CODER_DEFLATE))
        status = consider(c, &pipeline, pipeline.effort, error);
    return status;
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
    prism_status status = PRISM_OK;
    double factor = c->sample->large ? JXL_CHANCE_LARGE : JXL_CHANCE;
    /* Where repetitions count, which the quick trial does not look for, it says nothing. */
    chance |= !c->sample->large && c->best.coder == PRISM_CODER_DEFLATE;
    if (!chance)
        status = has_chance(&chance, c, &pipeline, QUICK_JXL_EFFORT, factor, error);
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

static prism_status consider_coders(choice *c, const px_pipeline *layout, prism_error *error) {
    px_pipeline pipeline = *layout;
    prism_status status = PRISM_OK;
    /* In small arrays even the slowest trial is short, and learning ranks other layouts first. */
    const bool native = may_use(c, &pipeline, PRISM_PREDICTOR_LSQ, PRISM_CODER_ANS);
    if (native && c->sample->large && layout->transform == PRISM_TRANSFORM_STACK &&
        layout->axis == 0)
        status = consider_stack(c, &pipeline, error);
    else if (native)
        status = consider(c, &pipeline,
                          c->sample->large ? trial_effort(&pipeline) : pipeline.effort, error);
    /* No other coder comes near it on these. */
    if (is_drawing(c->sample, c->options) || (native && layout->transform == PRISM_TRANSFORM_STACK))
        return status;
    /* In large arrays others get their trials only by the best layout so far. */
    const bool behind = native && c->sample->large &&
                        (c->best.axis != layout->axis || c->best.transform != layout->transform);
    if (status == PRISM_OK && !behind)
        status = consider_deflate(c, *layout, error);
    if (status == PRISM_OK && !behind)
        status = consider_jxl(c, *layout, error);
    return status;
}

static size_t least_estimate(const layouts *list) {
    size_t least = 0;
    for (size_t i = 1; i < list->count; i++)
        if (list->bytes[i] < list->bytes[least])
            least = i;
    return least;
}

/* Of the same planes, only the layout of a stack has no estimate. */
static bool may_be_stack(const layouts *list, const px_pipeline *stack, size_t best) {
    double least = HUGE_VAL;
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].axis == stack->axis)
            least = fmin(least, list->bytes[i]);
    return least == HUGE_VAL || least <= CLOSE_PLANES * list->bytes[best];
}

static bool is_tried(const choice *c, const layouts *list, size_t i, size_t best) {
    const bool whole = c->sample->part.share == 1;
    if (is_drawing(c->sample, c->options))
        return true;
    if (list->items[i].transform == PRISM_TRANSFORM_STACK)
        return may_be_stack(list, &list->items[i], best);
    if (c->sample->noisy)
        return SURE_ESTIMATE * c->relative * list->bytes[i] < CLEARLY * c->bytes;
    return whole || list->bytes[i] <= CLOSE_ESTIMATE * list->bytes[best];
}

/* Lifted layouts come right before the same ones without the lift, where both are estimated. */
static bool is_clear(const choice *c, const layouts *list, size_t best) {
    px_pipeline layout = list->items[best];
    bool rival = false;
    for (size_t i = 0; i < list->count; i++)
        rival |= list->items[i].transform == PRISM_TRANSFORM_STACK &&
                 may_be_stack(list, &list->items[i], best);
    return c->sample->large && c->sample->values > FEW_VALUES && layout.selective && !rival &&
           layout.axis != 0 &&
           (layout.effort <= PX_SAMPLE_BRISK_EFFORT ||
            list->bytes[best] < STRONG_TIES * list->bytes[best + 1]) &&
           may_use(c, &layout, PRISM_PREDICTOR_LSQ, PRISM_CODER_ANS);
}

static prism_status try_layout(choice *c, const layouts *list, size_t i, prism_error *error) {
    prism_status status = consider_coders(c, &list->items[i], error);
    if (list->bytes[i] < HUGE_VAL && (c->relative == 0 || c->last < c->relative * list->bytes[i]))
        c->relative = c->last / list->bytes[i];
    return status;
}

static prism_status choose(px_pipeline *pipeline, const sample *s, const prism_options *options,
                           prism_error *error) {
    layouts list = {.count = 0};
    choice c = {.sample = s, .options = options};
    prism_status status = list_layouts(&list, s, pipeline, options, error);
    const size_t best = least_estimate(&list);
    if (status == PRISM_OK && is_clear(&c, &list, best)) {
        c.best = list.items[best];
        may_use(&c, &c.best, PRISM_PREDICTOR_LSQ, PRISM_CODER_ANS);
        list.count = 0;
    }
    /* The best estimate first makes clear which others need no trial. */
    const bool first = s->noisy && list.count;
    if (status == PRISM_OK && first)
        status = try_layout(&c, &list, best, error);
    for (size_t i = 0; i < list.count && status == PRISM_OK; i++)
        if (!(first && i == best) && is_tried(&c, &list, i, best))
            status = try_layout(&c, &list, i, error);
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
