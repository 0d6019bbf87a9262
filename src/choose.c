/*
 * Automatic options: candidates are tried on samples cut from the middle of the array. First the
 * axis and the transform, by coding with the native coder at its fastest, which is cheaper than any
 * estimate and sees what planes have in common; then the predictor and the coder, by coding a
 * larger sample, since deflate finds repetitions that no estimate sees.
 */
#include "choose.h"

#include <stdlib.h>
#include <string.h>

#include "pipeline.h"
#include "status.h"
#include "weights.h"

enum {
    SAMPLE_EDGE = 256,         /* longest side of a sample */
    LAYOUT_ELEMENTS = 1 << 16, /* and about how many elements it may have: for the layout */
    TRIAL_ELEMENTS = 1 << 18,  /* and for trials of coders */
    TRIAL_JXL_EFFORT = 3
};

typedef struct sample {
    prism_array array;
    void *elements;
    size_t size;  /* bytes */
    double share; /* of the whole array */
    const prism_array *whole;
} sample;

/* The longest side is halved until the sample is small, but not the sides that are as short as a
 * number of channels or frames usually is. */
static void sample_shape(prism_array *cut, uint64_t most) {
    uint64_t elements = 1;
    for (unsigned i = 0; i < cut->rank; i++) {
        if (cut->dims[i] > SAMPLE_EDGE && cut->rank > 1)
            cut->dims[i] = SAMPLE_EDGE;
        elements *= cut->dims[i];
    }
    while (elements > most) {
        unsigned longest = 0;
        for (unsigned i = 1; i < cut->rank; i++)
            if (cut->dims[i] > cut->dims[longest])
                longest = i;
        elements = elements / cut->dims[longest] * ((cut->dims[longest] + 1) / 2);
        cut->dims[longest] = (cut->dims[longest] + 1) / 2;
    }
}

/* Copies the middle of `array` along dimension `i` and all after it; returns the end of the copy.
 */
static uint8_t *copy_middle(uint8_t *to, const uint8_t *from, const prism_array *array,
                            const prism_array *cut, unsigned i) {
    size_t run = prism_type_size(array->type);
    for (unsigned j = i + 1; j < array->rank; j++)
        run *= (size_t)array->dims[j];
    from += (array->dims[i] - cut->dims[i]) / 2 * run;
    for (uint64_t index = 0; index < cut->dims[i]; index++, from += run) {
        if (i + 1 < array->rank) {
            to = copy_middle(to, from, array, cut, i + 1);
        } else {
            memcpy(to, from, run);
            to += run;
        }
    }
    return to;
}

static prism_status sample_make(sample *s, const prism_array *array, const void *elements,
                                uint64_t most, prism_error *error) {
    size_t whole;
    *s = (sample){.array = *array, .whole = array};
    sample_shape(&s->array, most);
    prism_status status = prism_array_size(array, &whole, error);
    if (status == PRISM_OK)
        status = prism_array_size(&s->array, &s->size, error);
    if (status != PRISM_OK)
        return status;
    s->elements = malloc(s->size);
    if (!s->elements)
        return px_out_of_memory(error, s->size);
    s->share = (double)s->size / (double)whole;
    copy_middle(s->elements, elements, array, &s->array, 0);
    return PRISM_OK;
}

/* The effort at which libjxl is tried: low ones rank well enough, and are fast. */
static int trial_effort(const px_pipeline *pipeline) {
    bool slow = pipeline->coder == PRISM_CODER_JXL && pipeline->effort > TRIAL_JXL_EFFORT;
    return slow ? TRIAL_JXL_EFFORT : pipeline->effort;
}

/* How much more side information the whole array's planes take: weights go with the square of their
 * number, up to a group's. */
static double more_parameters(const sample *s, int axis) {
    if (axis == PRISM_AXIS_AUTO)
        return 1;
    double planes = (double)s->whole->dims[axis], cut = (double)s->array.dims[axis];
    return planes / cut * (planes < PX_GROUP ? planes : PX_GROUP) /
           (cut < PX_GROUP ? cut : PX_GROUP);
}

/* Bytes of the whole array if it codes like the sample. */
static prism_status trial(double *bytes, const sample *s, const px_pipeline *pipeline,
                          prism_error *error) {
    px_pipeline quick = *pipeline;
    quick.effort = trial_effort(pipeline);
    px_coded coded;
    size_t limit = 2 * s->size + PX_CONTAINER_OVERHEAD;
    prism_status status = px_pipeline_encode(&coded, &s->array, s->elements, &quick, limit, error);
    if (status != PRISM_OK)
        return status;
    *bytes = (double)coded.payload.size / s->share +
             (double)coded.parameters.size * more_parameters(s, pipeline->axis);
    px_coded_free(&coded);
    return PRISM_OK;
}

/* What is tried, best guess first: a later one must be clearly better. */
typedef struct candidates {
    px_pipeline items[12];
    size_t count;
} candidates;

static void add_candidate(candidates *list, const px_pipeline *base, prism_transform transform,
                          int axis) {
    px_pipeline *item = &list->items[list->count++];
    *item = *base;
    item->transform = transform;
    item->axis = axis;
    item->selective = base->selective && transform == PRISM_TRANSFORM_CHANNELS;
}

/* The axes that planes may lie along: the last (channels), the first (frames), none (one image). */
static size_t possible_axes(int axes[3], const prism_array *array, const prism_options *options) {
    const int rank = (int)array->rank;
    if (options->axis != PRISM_AXIS_AUTO || rank == 1) {
        axes[0] = options->axis;
        return 1;
    }
    if (options->transform == PRISM_TRANSFORM_CHANNELS) {
        axes[0] = rank - 1;
        return 1;
    }
    size_t count = 0;
    axes[count++] = rank - 1;
    axes[count++] = rank == 2 ? PRISM_AXIS_AUTO : 0;
    return count;
}

static void list_layouts(candidates *list, const px_pipeline *base, const prism_array *array,
                         const prism_options *options) {
    int axes[3];
    size_t axis_count = possible_axes(axes, array, options);
    for (size_t i = 0; i < axis_count; i++) {
        bool several = axes[i] != PRISM_AXIS_AUTO && array->dims[axes[i]] > 1;
        prism_transform automatic = several ? PRISM_TRANSFORM_CHANNELS : PRISM_TRANSFORM_NONE;
        bool open = options->transform == PRISM_TRANSFORM_AUTO;
        add_candidate(list, base, open ? automatic : options->transform, axes[i]);
    }
}

/* Whatever coder comes in the end. Later candidates must be better by a part in a hundred. */
static prism_status best_layout(px_pipeline *pipeline, const candidates *list, const sample *s,
                                prism_error *error) {
    double best = 0;
    for (size_t i = 0; i < list->count; i++) {
        double bytes;
        px_pipeline quick = list->items[i];
        quick.predictor = PRISM_PREDICTOR_LSQ;
        quick.coder = PRISM_CODER_ANS;
        quick.effort = 1;
        prism_status status = trial(&bytes, s, &quick, error);
        if (status != PRISM_OK)
            return status;
        if (i == 0 || bytes < 0.99 * best) {
            best = bytes;
            *pipeline = list->items[i];
        }
    }
    return PRISM_OK;
}

static prism_status choose_layout(px_pipeline *pipeline, const prism_array *array,
                                  const void *elements, const prism_options *options,
                                  prism_error *error) {
    candidates list = {.count = 0};
    list_layouts(&list, pipeline, array, options);
    if (list.count == 1) {
        *pipeline = list.items[0];
        return PRISM_OK;
    }
    sample s;
    prism_status status = sample_make(&s, array, elements, LAYOUT_ELEMENTS, error);
    if (status == PRISM_OK)
        status = best_layout(pipeline, &list, &s, error);
    free(s.elements);
    return status;
}

static bool asked_for(int asked, int candidate) {
    return asked == 0 || asked == candidate;
}

/* Order matters where sizes are about the same: the native coder is mostly the smallest, of the
 * others the earlier is the faster. Paeth before libjxl, which has better predictors, is never
 * chosen, only done where it is asked for. */
static const struct {
    prism_predictor predictor;
    prism_coder coder;
    bool automatic;
} endings[] = {
    {PRISM_PREDICTOR_LSQ, PRISM_CODER_ANS, true},
    {PRISM_PREDICTOR_NONE, PRISM_CODER_DEFLATE, true},
    {PRISM_PREDICTOR_PAETH, PRISM_CODER_DEFLATE, true},
    {PRISM_PREDICTOR_NONE, PRISM_CODER_JXL, true},
    {PRISM_PREDICTOR_PAETH, PRISM_CODER_JXL, false},
};

static void list_endings(candidates *list, const px_pipeline *base, const prism_options *options) {
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        if (!asked_for((int)options->predictor, (int)endings[i].predictor) ||
            !asked_for((int)options->coder, (int)endings[i].coder) ||
            !(endings[i].automatic || options->predictor == endings[i].predictor))
            continue;
        px_pipeline *item = &list->items[list->count++];
        *item = *base;
        item->predictor = endings[i].predictor;
        item->coder = endings[i].coder;
        if (px_coder_stage_of(item->coder)->predicts) {
            item->selective = false; /* it decides for each plane itself */
            continue;
        }
        /* Fixed predictors (libjxl's at effort 3) may gain from the lift where the estimate says
         * that they do not: only a trial at the very effort can tell. */
        if (item->selective && trial_effort(item) == item->effort) {
            list->items[list->count] = *item;
            list->items[list->count++].selective = false;
        }
        /* Where elements repeat, planes and their differences only hide it. */
        if (base->selective &&
            (item->coder == PRISM_CODER_DEFLATE || options->coder == item->coder))
            add_candidate(list, item, PRISM_TRANSFORM_NONE, options->axis);
    }
}

static prism_status best_ending(px_pipeline *pipeline, const candidates *list, const sample *s,
                                prism_error *error) {
    double best = 0;
    for (size_t i = 0; i < list->count; i++) {
        double bytes;
        prism_status status = trial(&bytes, s, &list->items[i], error);
        if (status != PRISM_OK)
            return status;
        if (i == 0 || bytes < 0.995 * best) {
            best = bytes;
            *pipeline = list->items[i];
        }
    }
    return PRISM_OK;
}

static prism_status choose_ending(px_pipeline *pipeline, const prism_array *array,
                                  const void *elements, const prism_options *options,
                                  prism_error *error) {
    candidates list = {.count = 0};
    list_endings(&list, pipeline, options);
    if (list.count == 1) {
        *pipeline = list.items[0];
        return PRISM_OK;
    }
    sample s;
    prism_status status = sample_make(&s, array, elements, TRIAL_ELEMENTS, error);
    if (status == PRISM_OK)
        status = best_ending(pipeline, &list, &s, error);
    free(s.elements);
    return status;
}

/* Nothing is left to choose: no sample is needed. */
static bool is_complete(const prism_options *options, const prism_array *array) {
    return options->transform != PRISM_TRANSFORM_AUTO &&
           options->predictor != PRISM_PREDICTOR_AUTO && options->coder != PRISM_CODER_AUTO &&
           (options->axis != PRISM_AXIS_AUTO || array->rank == 1);
}

prism_status px_choose(px_pipeline *pipeline, const prism_array *array, const void *elements,
                       const prism_options *options, prism_error *error) {
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
    status = choose_layout(pipeline, array, elements, options, error);
    return status == PRISM_OK ? choose_ending(pipeline, array, elements, options, error) : status;
}
