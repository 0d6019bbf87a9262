/*
 * Automatic options: all layouts (the axis of the planes, and whether they are lifted or frames)
 * get estimates on a sample cut from the middle of the array. The one that promises most is coded
 * for real, then those that may still be smaller. Slow or unlikely coders have to pass quick trials
 * first. Where the sample is the whole array, the best trial is the chunk.
 */
#include "choose/choose.h"

#include <math.h>

#include "base/array.h"
#include "base/effort.h"
#include "choose/methods.h"
#include "choose/screen.h"
#include "choose/tiny.h"
#include "coders/ans/blocks/blocks.h"

/* libjxl wins where a part of the samples repeats its neighbours: whatever is flat, or clipped. */
static const double FLAT = 0.1;

/* So much larger may repetitions along another axis be in the sample. */
static const double REPETITIONS = 1.04;

static prism_status try_layout(px_choice *c, const px_layouts *list, size_t i, prism_error *error) {
    prism_status status = px_consider_layout(c, &list->items[i], error);
    double *relative = &c->relative[list->items[i].pipeline.transform];
    if (list->items[i].bytes < HUGE_VAL &&
        (*relative == 0 || c->native < *relative * list->items[i].bytes))
        *relative = c->native / list->items[i].bytes;
    return status;
}

/* Pictures, or the planes lie along the roughest axis. */
static bool is_first(const px_candidate *layout) {
    return !layout->pipeline.roles.planes || layout->pipeline.roles.axes[0] == 0;
}

/* Along which axis repetitions lie, estimates do not say. In the whole array, they are more than in
 * the sample. */
static prism_status try_repetitions(px_choice *c, const px_layouts *list, const px_roles *but,
                                    prism_error *error) {
    const bool whole = c->sample->part.share == 1;
    prism_status status = PRISM_OK;
    double bytes = 0;
    for (size_t i = 0; i < list->count && status == PRISM_OK; i++) {
        px_candidate layout = list->items[i];
        bool chance = false;
        if (!px_same_roles(&layout.pipeline.roles, but) &&
            layout.pipeline.transform == PRISM_TRANSFORM_NONE &&
            px_may_use(c, &layout, PRISM_PREDICTOR_NONE, PRISM_CODER_DEFLATE))
            status = px_may_repeat(&chance, c, &layout, error);
        if (status == PRISM_OK && chance)
            status = px_trial(&bytes, c->sample, &layout, layout.pipeline.effort, error);
        if (status == PRISM_OK && chance &&
            bytes < (whole || !is_first(&layout) ? 1 : REPETITIONS) * c->best.bytes)
            px_prefer(c, &layout, bytes);
    }
    return status;
}

/* Where time is spared, other coders get their trials by the planes that suit the native one best,
 * as they are: what repeats is what these coders are for, and a lift hides it. Where only size
 * counts, lifted ones are tried, too. */
static prism_status try_others(px_choice *c, const px_layouts *list, prism_error *error) {
    const px_roles roles = c->best.pipeline.roles;
    const bool open = c->options->transform == PRISM_TRANSFORM_AUTO;
    const bool thorough = px_efforts.only_size[c->options->effort];
    prism_status status = PRISM_OK;
    for (size_t i = 0; i < list->count && status == PRISM_OK; i++)
        if (px_same_roles(&list->items[i].pipeline.roles, &roles) &&
            (!open || list->items[i].pipeline.transform == PRISM_TRANSFORM_NONE ||
             (thorough && list->items[i].pipeline.transform == PRISM_TRANSFORM_CHANNELS)))
            status = px_consider_others(c, &list->items[i], error);
    if (status != PRISM_OK || c->best.bytes == 0 || c->best.pipeline.coder == PRISM_CODER_ANS)
        return status;
    status = try_repetitions(c, list, &roles, error);
    const px_candidate found = c->best;
    return status == PRISM_OK && !px_same_roles(&found.pipeline.roles, &roles)
               ? px_consider_others(c, &found, error)
               : status;
}

/* The one with the best promise of those that are not `done`. */
static size_t next_layout(const px_choice *c, const px_layouts *list,
                          const bool done[PX_MAX_LAYOUTS]) {
    size_t next = list->count;
    double least = HUGE_VAL;
    for (size_t i = 0; i < list->count; i++) {
        const double promise = px_promise(c, list, i);
        if (!done[i] && (next == list->count || promise < least)) {
            next = i;
            least = promise;
        }
    }
    return next;
}

/* The best promise first: what that comes to may make clear that others need no trial. */
static prism_status try_layouts(px_choice *c, const px_layouts *list, prism_error *error) {
    const px_survey *s = c->sample;
    const size_t best = px_least_estimate(list);
    bool done[PX_MAX_LAYOUTS] = {false};
    prism_status status = PRISM_OK;
    for (size_t i; (i = next_layout(c, list, done)) < list->count && status == PRISM_OK;) {
        bool tried = px_is_tried(c, list, i, best);
        if (!tried)
            status = px_surprises(&tried, c, list, i, error);
        if (!tried || status != PRISM_OK) {
            done[i] = true;
            continue;
        }
        if (list->items[i].pipeline.transform == PRISM_TRANSFORM_STACK)
            status = px_pick_frames(c, list, done, &i, error);
        done[i] = true;
        if (status == PRISM_OK)
            status = try_layout(c, list, i, error);
    }
    if (status == PRISM_OK && list->count && px_others_come_last(s, c->options))
        status = try_others(c, list, error);
    return status;
}

/* Whether planes, or some of each other, have no data at the same places. */
static bool is_along_mask(const px_survey *s, const px_roles *roles) {
    bool same = false;
    for (unsigned i = 0; i < roles->planes; i++)
        same |= s->part.mask.array.dims[roles->axes[i]] == 1;
    return same;
}

/* Planes lie along such axes; where they have none of the sample, estimates tell too little. */
static void keep_to_mask(px_layouts *list, const px_survey *s) {
    bool along[PX_MAX_LAYOUTS] = {false};
    size_t count = 0;
    for (size_t i = 0; s->part.mask.missing && i < list->count; i++)
        count += along[i] = is_along_mask(s, &list->items[i].pipeline.roles);
    for (size_t i = list->count; count && i-- > 0;)
        if (!along[i])
            px_leave_out(list, i);
}

static prism_status choose(px_candidate *chosen, px_coded *coded, const px_survey *s,
                           const prism_options *options, prism_error *error) {
    px_layouts list = {.count = 0};
    px_choice c = {.sample = s, .options = options};
    prism_status status = px_layouts_list(&list, s, options, error);
    keep_to_mask(&list, s);
    if (status == PRISM_OK)
        status = px_screen(&c, &list, error);
    const size_t best = px_least_estimate(&list);
    c.flat = list.flat >= FLAT;
    if (status == PRISM_OK && px_is_clear(&c, &list, best)) {
        c.best = list.items[best];
        px_may_use(&c, &c.best, PRISM_PREDICTOR_LSQ, PRISM_CODER_ANS);
        list.count = 0;
    }
    if (status == PRISM_OK)
        status = try_layouts(&c, &list, error);
    if (status == PRISM_OK) {
        *chosen = c.best;
        *coded = c.kept;
    } else {
        px_coded_free(&c.kept);
    }
    return status;
}

/* Nothing is left to choose. */
static bool is_complete(const prism_options *options, const prism_array *array) {
    return options->transform != PRISM_TRANSFORM_AUTO &&
           options->predictor != PRISM_PREDICTOR_AUTO && options->coder != PRISM_CODER_AUTO &&
           (options->axis != PRISM_AXIS_AUTO || array->rank == 1);
}

/* Every AUTO becomes what does best on a sample. *coded is that, where the sample is the whole. */
static prism_status look_and_choose(px_candidate *chosen, px_coded *coded,
                                    const px_mapping_request *request, prism_error *error) {
    px_survey turned;
    prism_status status = px_survey_turn(&turned, request->survey, request->array,
                                         request->elements, request->mask, error);
    if (status == PRISM_OK)
        status = choose(chosen, coded, &turned, request->options, error);
    if (status == PRISM_OK) {
        chosen->pipeline = px_survey_pipeline(&turned, &chosen->pipeline);
        coded->pipeline = px_survey_pipeline(&turned, &coded->pipeline);
    }
    px_survey_free(&turned);
    return status;
}

bool px_choice_needs_sample(const prism_array *array, const prism_options *options) {
    const bool tiny = !px_blocks_asked(options) && px_tiny_suits(array, options);
    return px_type_is_narrow(array->type) && !tiny && !is_complete(options, array);
}

/* Parts of arrays are not compared by other efforts: these say little of the whole. */
static bool has_few_samples(const px_coded *coded, const px_mapping_request *request) {
    enum { FEW_SAMPLES = 1 << 15 };
    return !request->trial && px_array_count(request->array) <= FEW_SAMPLES &&
           coded->pipeline.coder == PRISM_CODER_ANS && coded->sections.parameters.size;
}

/* What method lsq sends beside few samples may outweigh what that saves. */
static bool quick_may_win(const px_coded *coded) {
    const uint8_t method = coded->sections.parameters.data[0];
    return coded->pipeline.transform != PRISM_TRANSFORM_STACK &&
           (method == PRISM_METHOD_LSQ || method == PRISM_METHOD_PALETTE);
}

static prism_status try_effort(px_coded *coded, const px_candidate *chosen, int effort,
                               const px_mapping_request *request, prism_error *error) {
    px_coded other;
    px_task task = px_task_of(chosen, effort, px_coded_size(coded));
    task.pipeline = coded->pipeline;
    task.mask = request->mask;
    prism_status status = px_encode(&other, request->array, request->elements, &task, error);
    if (status == PRISM_OK)
        px_coded_keep_smaller(coded, &other);
    return status;
}

/* Few samples may be too few for what higher efforts learn or weigh. */
static prism_status try_efforts(px_coded *coded, const px_candidate *chosen,
                                const px_mapping_request *request, prism_error *error) {
    prism_status status = PRISM_OK;
    for (int effort = px_efforts.before[request->options->effort]; effort && status == PRISM_OK;
         effort = px_efforts.before[effort])
        status = try_effort(coded, chosen, effort, request, error);
    return status == PRISM_OK && quick_may_win(coded)
               ? try_effort(coded, chosen, PX_EFFORT_QUICK, request, error)
               : status;
}

/* All contexts of indices may learn too slowly what few contexts copy in whole pieces. */
static prism_status try_few_contexts(px_coded *coded, const px_candidate *chosen,
                                     const px_mapping_request *request, prism_error *error) {
    int effort = request->options->effort;
    if (request->trial || !px_is_by_indices(coded) || px_efforts.few_contexts[effort])
        return PRISM_OK;
    while (!px_efforts.few_contexts[effort])
        effort = px_efforts.before[effort];
    return try_effort(coded, chosen, effort, request, error);
}

/* Where next to nothing is left, a sample of the array says little of what does best. */
static bool is_next_to_nothing(const px_coded *coded, const px_mapping_request *request,
                               size_t size) {
    enum { SHARE = 64 };
    const prism_options *options = request->options;
    return !request->trial && px_efforts.palette[options->effort] && px_may_be_native(options) &&
           options->transform == PRISM_TRANSFORM_AUTO && !px_blocks_asked(options) &&
           request->survey->part.share < 1 && px_coded_size(coded) &&
           px_coded_size(coded) * SHARE < size;
}

/* The same planes by the native coder, which may be by indices. */
static prism_status try_indices(px_coded *coded, const px_candidate *chosen,
                                const px_mapping_request *request, prism_error *error) {
    px_candidate native = *chosen;
    px_coded tried;
    if (px_is_by_indices(coded))
        return PRISM_OK;
    native.no_palette = false;
    native.pipeline.transform = PRISM_TRANSFORM_NONE;
    native.pipeline.predictor = PRISM_PREDICTOR_LSQ;
    native.pipeline.coder = PRISM_CODER_ANS;
    px_task task = px_task_of(&native, request->options->effort, px_coded_size(coded));
    task.mask = request->mask;
    prism_status status = px_encode(&tried, request->array, request->elements, &task, error);
    if (status == PRISM_OK)
        px_coded_keep_smaller(coded, &tried);
    return status;
}

prism_status px_encode_integers(px_coded *coded, const px_mapping_request *request,
                                prism_error *error) {
    const prism_array *array = request->array;
    const prism_options *options = request->options;
    px_candidate chosen = {.pipeline = {options->transform, options->predictor, options->coder,
                                        options->effort, px_asked_axis(options),
                                        .roles = {.rank = 0}, options->block,
                                        options->order == PRISM_PLANES_STORED, options->threads}};
    size_t size;
    *coded = (px_coded){.is_mapped = false};
    prism_status status = prism_array_size(array, &size, error);
    if (status == PRISM_OK)
        status = px_stages_check(options->transform, options->predictor, options->coder, error);
    if (status != PRISM_OK)
        return status;
    if (!px_blocks_asked(options) && px_tiny_suits(array, options))
        return px_tiny_encode(coded, request, size, error);
    if (!is_complete(options, array))
        status = look_and_choose(&chosen, coded, request, error);
    if (status == PRISM_OK && !px_coded_size(coded)) {
        px_task task = px_task_of(&chosen, options->effort, size);
        task.mask = request->mask;
        status = px_encode(coded, array, request->elements, &task, error);
    }
    if (status == PRISM_OK && is_next_to_nothing(coded, request, size))
        status = try_indices(coded, &chosen, request, error);
    if (status == PRISM_OK && has_few_samples(coded, request))
        status = try_efforts(coded, &chosen, request, error);
    else if (status == PRISM_OK)
        status = try_few_contexts(coded, &chosen, request, error);
    return status;
}
