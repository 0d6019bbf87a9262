#include "survey/survey.h"

#include <stdlib.h>

#include "base/array.h"
#include "base/effort.h"
#include "base/squeeze.h"
#include "base/status.h"
#include "planes/values.h"
#include "survey/gaps.h"

enum {
    DRAWING_VALUES = 8,    /* so few that the project's own coder of indices is the smallest */
    SMALL_ARRAY = 1 << 15, /* bytes, whose trials are short */
    LARGE_ARRAY = 1 << 22  /* elements */
};

int px_asked_axis(const prism_options *options) {
    return options->axis == PX_AXIS_NONE ? PRISM_AXIS_AUTO : options->axis;
}

bool px_may_be_native(const prism_options *options) {
    return (options->predictor == PRISM_PREDICTOR_AUTO ||
            options->predictor == PRISM_PREDICTOR_LSQ) &&
           (options->coder == PRISM_CODER_AUTO || options->coder == PRISM_CODER_ANS);
}

static bool is_small(const prism_array *array) {
    return px_array_count(array) * prism_type_size(array->type) < SMALL_ARRAY;
}

/* What layouts are chosen by. */
static void judge(px_survey *s, const prism_array *array, const prism_options *options,
                  bool quick) {
    const uint64_t elements = px_array_count(array);
    s->noisy =
        quick && options->predictor == PRISM_PREDICTOR_LSQ && options->coder == PRISM_CODER_ANS;
    s->sparing = !s->noisy && px_may_be_native(options) && s->values > PX_FEW_VALUES &&
                 !is_small(array) && !px_efforts.brisk[options->effort] &&
                 !px_efforts.only_size[options->effort];
    s->small = is_small(array);
    s->large = elements >= LARGE_ARRAY;
}

/* Counted once. */
static prism_status count_values(px_survey *s, const prism_array *array, const void *elements,
                                 prism_error *error) {
    size_t size;
    px_values values;
    prism_status status = prism_array_size(array, &size, error);
    if (status != PRISM_OK || s->values || !px_type_is_narrow(array->type))
        return status;
    px_values_of_elements(&values, elements, size, prism_type_size(array->type), PX_FEW_VALUES);
    s->values = (int)values.count;
    return PRISM_OK;
}

prism_status px_survey_begin(px_survey *s, const prism_array *array, const void *elements,
                             const prism_options *options, prism_error *error) {
    *s = (px_survey){.whole = *array};
    prism_status status = PRISM_OK;
    if (px_efforts.palette[options->effort]) /* else few values are not another coder's */
        status = count_values(s, array, elements, error);
    return status == PRISM_OK
               ? px_byte_look_make(&s->look, array, elements, px_asked_axis(options), error)
               : status;
}

prism_status px_survey_finish(px_survey *s, const prism_array *array, const void *elements,
                              const prism_options *options, const px_survey_request *request,
                              prism_error *error) {
    const bool quick = px_type_is_narrow(array->type) && request->of_wide &&
                       px_efforts.quick_wide[options->effort] &&
                       (px_efforts.brisk[options->effort] || !is_small(array));
    s->whole = *array;
    s->effort = quick ? PX_EFFORT_QUICK : options->effort;
    prism_status status = count_values(s, array, elements, error);
    if (status == PRISM_OK && request->gaps)
        status = px_gaps_find(&s->gaps, array, elements, error);
    if (status == PRISM_OK)
        status = px_sample_make(&s->part, array, elements, s->effort, error);
    judge(s, array, options, quick);
    return status;
}

void px_survey_free(px_survey *s) {
    px_sample_free(&s->part);
}

/* ---- In another order ---- */

/* The axes of the array in the order of the survey. */
static px_roles order_of(const px_roughness *roughness, unsigned rank) {
    px_roles order = {.rank = (uint8_t)rank};
    for (unsigned i = 0; i < rank; i++)
        order.axes[i] = (uint8_t)roughness->axes[i];
    return order;
}

/* Puts the elements of a sample in that order. */
static prism_status turn_sample(px_sample *part, const px_roles *order, prism_error *error) {
    if (px_roles_keep_order(order))
        return PRISM_OK;
    void *turned = malloc(part->size);
    if (!turned)
        return px_out_of_memory(error, part->size);
    px_arrange(turned, &part->array, order, part->elements, 1);
    free(part->elements);
    part->elements = turned;
    part->array = px_arranged_array(&part->array, order);
    return PRISM_OK;
}

static prism_status turn_mask(px_gaps *mask, const px_roles *order, prism_error *error) {
    const size_t size = (size_t)px_array_count(&mask->array);
    if (!mask->missing || px_roles_keep_order(order))
        return PRISM_OK;
    uint8_t *turned = malloc(size);
    if (!turned)
        return px_out_of_memory(error, size);
    px_arrange(turned, &mask->array, order, mask->missing, 1);
    free((void *)(uintptr_t)mask->missing);
    *mask = (px_gaps){px_arranged_array(&mask->array, order), turned};
    return PRISM_OK;
}

/* So much less moves in the whole than in a sample. */
static const double CLEARLY_STILL = 0.1;

static bool may_be_still(const px_survey *turned) {
    bool may = false;
    for (unsigned i = 0; i < turned->whole.rank; i++)
        may |= turned->roughness.moved[i] < 1 - CLEARLY_STILL;
    return may && turned->part.share < 1;
}

/* A sample of what moves says little of frames around it that stand still. */
static void compare_movement(px_survey *turned) {
    const px_sample *part = &turned->part;
    if (!may_be_still(turned))
        return;
    const px_roughness of_part =
        px_roughness_of(&part->array, part->elements, px_gaps_for(&part->mask, &part->array));
    for (unsigned i = 0; i < part->array.rank; i++) {
        const unsigned axis = (unsigned)of_part.axes[i];
        const double still = 1 - turned->roughness.moved[axis] / of_part.moved[i];
        turned->still[axis] = still > CLEARLY_STILL ? still : 0;
    }
}

/* Where axes are equally long, which of them a sample is shorter along depends on their order, too:
 * it is that of the survey. */
prism_status px_survey_turn(px_survey *turned, const px_survey *s, const prism_array *array,
                            const void *elements, const px_gaps *mask, prism_error *error) {
    *turned = *s;
    turned->part = (px_sample){.elements = NULL};
    turned->holed = mask != NULL;
    turned->roughness = px_roughness_of(array, elements, px_gaps_for(mask, array));
    const px_roles order = order_of(&turned->roughness, array->rank);
    turned->whole = px_arranged_array(array, &order);
    prism_array shape = turned->whole, cut = *array;
    px_sample_shape(&shape, s->effort);
    for (unsigned i = 0; i < order.rank; i++)
        cut.dims[order.axes[i]] = shape.dims[i];
    prism_status status = px_sample_cut(&turned->part, array, elements, &cut, error);
    if (status == PRISM_OK && mask)
        status = px_sample_mask(&turned->part, array, mask, error);
    if (status == PRISM_OK)
        status = turn_mask(&turned->part.mask, &order, error);
    if (status == PRISM_OK)
        status = turn_sample(&turned->part, &order, error);
    if (status == PRISM_OK)
        compare_movement(turned);
    return status;
}

px_pipeline px_survey_pipeline(const px_survey *turned, const px_pipeline *pipeline) {
    px_pipeline of = *pipeline;
    of.roles = px_roles_of_axes(&pipeline->roles, turned->roughness.axes);
    const px_roles pictures = px_roles_of_pictures(&of.roles);
    if (of.roles.rank && of.roles.planes <= 1 && px_roles_keep_order(&pictures)) {
        of.axis = px_roles_axis(&of.roles);
        of.roles = (px_roles){.rank = 0};
    }
    return of;
}

prism_status px_part_of(px_survey *part, const px_survey *s, prism_error *error) {
    *part = *s;
    prism_status status =
        px_sample_make(&part->part, &s->part.array, s->part.elements, PX_EFFORT_QUICK, error);
    const px_gaps mask = {s->part.mask.array, s->part.mask.missing};
    if (status == PRISM_OK && mask.missing)
        status = px_sample_mask(&part->part, &s->part.array, &mask, error);
    part->part.share *= s->part.share;
    return status;
}

bool px_is_drawing(const px_survey *s, const prism_options *options) {
    return s->values <= DRAWING_VALUES && px_efforts.palette[options->effort] &&
           options->transform != PRISM_TRANSFORM_CHANNELS && px_may_be_native(options);
}

bool px_is_brisk(const px_survey *s, int effort) {
    return s->part.share == 1 && px_efforts.brisk[effort];
}

double px_side_growth(const px_survey *s, const px_pipeline *pipeline) {
    const double planes = (double)px_pipeline_layout(pipeline, &s->whole).count /
                          (double)px_pipeline_layout(pipeline, &s->part.array).count;
    return pipeline->transform == PRISM_TRANSFORM_CHANNELS ? planes * planes : planes;
}
