/*
 * Automatic options: candidates are tried on a sample cut from the middle of the array. First the
 * axis and the transform, by estimated sizes; then the predictor and the coder, by coding the
 * sample, since deflate finds repetitions that no estimate sees.
 */
#include "choose.h"

#include <stdlib.h>
#include <string.h>

#include "estimate.h"
#include "pipeline.h"
#include "status.h"

enum {
    SAMPLE_EDGE = 256,         /* longest side of the sample */
    SAMPLE_ELEMENTS = 1 << 18, /* and about how many elements it may have */
    TRIAL_JXL_EFFORT = 3       /* ranks well enough against deflate, and is fast */
};

typedef struct sample {
    prism_array array;
    void *elements;
    double share; /* of the whole array */
} sample;

/* The longest side is halved until the sample is small, but not the sides that are as short as a
 * number of channels or frames usually is. */
static void sample_shape(prism_array *cut)
{
    uint64_t elements = 1;
    for (unsigned i = 0; i < cut->rank; i++) {
        if (cut->dims[i] > SAMPLE_EDGE && cut->rank > 1)
            cut->dims[i] = SAMPLE_EDGE;
        elements *= cut->dims[i];
    }
    while (elements > SAMPLE_ELEMENTS) {
        unsigned longest = 0;
        for (unsigned i = 1; i < cut->rank; i++)
            if (cut->dims[i] > cut->dims[longest])
                longest = i;
        elements = elements / cut->dims[longest] * ((cut->dims[longest] + 1) / 2);
        cut->dims[longest] = (cut->dims[longest] + 1) / 2;
    }
}

/* Copies the middle of `array` along dimension `i` and all after it; returns the end of the copy. */
static uint8_t *copy_middle(uint8_t *to, const uint8_t *from, const prism_array *array,
                            const prism_array *cut, unsigned i)
{
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
                                prism_error *error)
{
    size_t whole, size;
    s->array = *array;
    sample_shape(&s->array);
    prism_status status = prism_array_size(array, &whole, error);
    if (status == PRISM_OK)
        status = prism_array_size(&s->array, &size, error);
    if (status != PRISM_OK)
        return status;
    s->elements = malloc(size);
    if (!s->elements)
        return px_out_of_memory(error, size);
    s->share = (double)size / (double)whole;
    copy_middle(s->elements, elements, array, &s->array, 0);
    return PRISM_OK;
}

/* Estimated bytes of the whole array if its planes lie along pipeline->axis. */
static prism_status estimate(double *bytes, const sample *s, const px_pipeline *pipeline,
                             prism_error *error)
{
    px_layout layout = px_layout_make(&s->array, pipeline->axis);
    px_planes planes;
    px_buffer parameters = {0};
    prism_status status = px_planes_alloc(&planes, &s->array, &layout, error);
    if (status != PRISM_OK)
        return status;
    px_planes_load(&planes, &s->array, &layout, s->elements);
    const px_transform_stage *transform = px_transform_stage_of(pipeline->transform);
    if (transform)
        status = transform->forward(&planes, pipeline, &parameters, error);
    double bits = 0;
    for (size_t k = 0; k < planes.count && status == PRISM_OK; k++)
        bits += px_estimate_plane(&planes, k);
    *bytes = bits / 8 / s->share + (double)parameters.size;
    px_buffer_free(&parameters);
    px_planes_free(&planes);
    return status;
}

/* What is tried, best guess first: a later candidate must be clearly better. */
typedef struct candidates {
    px_pipeline items[6];
    size_t count;
} candidates;

static void add_candidate(candidates *list, const px_pipeline *base, prism_transform transform,
                          int axis)
{
    px_pipeline *item = &list->items[list->count++];
    *item = *base;
    item->transform = transform;
    item->axis = axis;
    item->selective = transform == PRISM_TRANSFORM_CHANNELS;
}

/* The axes that planes may lie along: the last (channels), the first (frames), none (one image). */
static size_t possible_axes(int axes[3], const prism_array *array, int asked)
{
    if (asked != PRISM_AXIS_AUTO) {
        axes[0] = asked;
        return 1;
    }
    const int rank = (int)array->rank;
    size_t count = 0;
    if (rank >= 2)
        axes[count++] = rank - 1;
    if (rank >= 3)
        axes[count++] = 0;
    if (rank <= 2)
        axes[count++] = PRISM_AXIS_AUTO;
    return count;
}

static void list_layouts(candidates *list, const px_pipeline *base, const prism_array *array,
                         const prism_options *options)
{
    int axes[3];
    size_t axis_count = possible_axes(axes, array, options->axis);
    for (size_t i = 0; i < axis_count; i++) {
        bool several = axes[i] != PRISM_AXIS_AUTO && array->dims[axes[i]] > 1;
        if (options->transform != PRISM_TRANSFORM_AUTO || several)
            add_candidate(list, base,
                          options->transform == PRISM_TRANSFORM_AUTO ? PRISM_TRANSFORM_CHANNELS
                                                                     : options->transform,
                          axes[i]);
        else
            add_candidate(list, base, PRISM_TRANSFORM_NONE, axes[i]);
    }
}

static prism_status choose_layout(px_pipeline *pipeline, const sample *s,
                                  const prism_options *options, prism_error *error)
{
    candidates list = {.count = 0};
    list_layouts(&list, pipeline, &s->array, options);
    double best = 0;
    for (size_t i = 0; i < list.count; i++) {
        double bytes = 0;
        if (list.count > 1) {
            prism_status status = estimate(&bytes, s, &list.items[i], error);
            if (status != PRISM_OK)
                return status;
        }
        if (i == 0 || bytes < 0.99 * best) {
            best = bytes;
            *pipeline = list.items[i];
        }
    }
    return PRISM_OK;
}

static prism_status trial_size(size_t *size, const sample *s, const px_pipeline *pipeline,
                               prism_error *error)
{
    px_pipeline trial = *pipeline;
    if (trial.coder == PRISM_CODER_JXL && trial.effort > TRIAL_JXL_EFFORT)
        trial.effort = TRIAL_JXL_EFFORT;
    px_coded coded;
    prism_status status =
        px_pipeline_encode(&coded, &s->array, s->elements, &trial, SIZE_MAX >> 1, error);
    if (status != PRISM_OK)
        return status;
    *size = coded.payload.size;
    px_coded_free(&coded);
    return PRISM_OK;
}

static bool asked_for(int asked, int candidate)
{
    return asked == 0 || asked == candidate;
}

/* Order matters where sizes are about the same: the earlier is the faster. */
static const struct {
    prism_predictor predictor;
    prism_coder coder;
} endings[] = {
    {PRISM_PREDICTOR_NONE, PRISM_CODER_DEFLATE},
    {PRISM_PREDICTOR_PAETH, PRISM_CODER_DEFLATE},
    {PRISM_PREDICTOR_NONE, PRISM_CODER_JXL},
    {PRISM_PREDICTOR_PAETH, PRISM_CODER_JXL},
};

static prism_status choose_ending(px_pipeline *pipeline, const sample *s,
                                  const prism_options *options, prism_error *error)
{
    size_t best = SIZE_MAX;
    px_pipeline chosen = *pipeline;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        bool paeth_on_jxl = endings[i].coder == PRISM_CODER_JXL &&
                            endings[i].predictor == PRISM_PREDICTOR_PAETH;
        if (!asked_for((int)options->predictor, (int)endings[i].predictor) ||
            !asked_for((int)options->coder, (int)endings[i].coder) ||
            (paeth_on_jxl && options->predictor == PRISM_PREDICTOR_AUTO))
            continue;
        pipeline->predictor = endings[i].predictor;
        pipeline->coder = endings[i].coder;
        size_t size;
        prism_status status = trial_size(&size, s, pipeline, error);
        if (status != PRISM_OK)
            return status;
        if (best == SIZE_MAX || (double)size < 0.995 * (double)best) {
            best = size;
            chosen = *pipeline;
        }
    }
    *pipeline = chosen;
    return PRISM_OK;
}

/* Nothing is left to choose: no sample is needed. */
static bool is_complete(const prism_options *options, const prism_array *array)
{
    return options->transform != PRISM_TRANSFORM_AUTO &&
           options->predictor != PRISM_PREDICTOR_AUTO && options->coder != PRISM_CODER_AUTO &&
           (options->axis != PRISM_AXIS_AUTO || array->rank == 1);
}

prism_status px_choose(px_pipeline *pipeline, const prism_array *array, const void *elements,
                       const prism_options *options, prism_error *error)
{
    *pipeline = (px_pipeline){.transform = options->transform,
                              .predictor = options->predictor,
                              .coder = options->coder,
                              .effort = options->effort,
                              .axis = options->axis};
    prism_status status =
        px_stages_check(options->transform, options->predictor, options->coder, error);
    if (status != PRISM_OK)
        return status;
    if (options->axis >= (int)array->rank)
        return px_fail(error, PRISM_E_OPTION, "axis %d: the array has rank %u", options->axis,
                       array->rank);
    if (is_complete(options, array))
        return PRISM_OK;
    sample s = {.elements = NULL};
    status = sample_make(&s, array, elements, error);
    if (status == PRISM_OK)
        status = choose_layout(pipeline, &s, options, error);
    bool ending_open = options->predictor == PRISM_PREDICTOR_AUTO ||
                       options->coder == PRISM_CODER_AUTO;
    if (status == PRISM_OK && ending_open)
        status = choose_ending(pipeline, &s, options, error);
    free(s.elements);
    return status;
}
