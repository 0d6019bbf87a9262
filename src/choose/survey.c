#include "choose/survey.h"

#include <stdlib.h>

#include "base/array.h"
#include "base/effort.h"
#include "base/status.h"
#include "planes/values.h"

enum {
    DRAWING_VALUES = 8,    /* so few that the project's own coder of indices is the smallest */
    SMALL_ARRAY = 1 << 12, /* elements */
    LARGE_ARRAY = 1 << 22
};

bool px_may_be_native(const prism_options *options) {
    return (options->predictor == PRISM_PREDICTOR_AUTO ||
            options->predictor == PRISM_PREDICTOR_LSQ) &&
           (options->coder == PRISM_CODER_AUTO || options->coder == PRISM_CODER_ANS);
}

/* The axes of the array in the order of the survey. */
static px_roles order_of(const px_survey *s) {
    px_roles order = {.rank = (uint8_t)s->whole.rank};
    for (unsigned i = 0; i < order.rank; i++)
        order.axes[i] = (uint8_t)s->roughness.axes[i];
    return order;
}

/* Puts the elements of the sample in the order of the survey. */
static prism_status turn_sample(px_survey *s, const px_roles *order, prism_error *error) {
    px_sample *part = &s->part;
    if (px_roles_keep_order(order))
        return PRISM_OK;
    void *turned = malloc(part->size);
    if (!turned)
        return px_out_of_memory(error, part->size);
    px_arrange(turned, &part->array, order, part->elements);
    free(part->elements);
    part->elements = turned;
    part->array = px_arranged_array(&part->array, order);
    return PRISM_OK;
}

/* Where axes are equally long, which of them a sample is shorter along depends on their order, too:
 * it is that of the survey. */
static prism_status take_sample(px_survey *s, const prism_array *array, const void *elements,
                                int effort, prism_error *error) {
    s->roughness = px_roughness_of(array, elements);
    s->whole = *array;
    const px_roles order = order_of(s);
    s->whole = px_arranged_array(array, &order);
    prism_array shape = s->whole, cut = *array;
    px_sample_shape(&shape, effort);
    for (unsigned i = 0; i < order.rank; i++)
        cut.dims[order.axes[i]] = shape.dims[i];
    prism_status status = px_sample_cut(&s->part, array, elements, &cut, error);
    return status == PRISM_OK ? turn_sample(s, &order, error) : status;
}

prism_status px_survey_make(px_survey *s, const prism_array *array, const void *elements,
                            const prism_options *options, bool of_wide, prism_error *error) {
    const bool quick = of_wide && px_efforts.quick_wide[options->effort];
    const int effort = quick ? PX_EFFORT_QUICK : options->effort;
    const size_t width = prism_type_size(array->type);
    size_t whole;
    prism_status status = prism_array_size(array, &whole, error);
    if (status == PRISM_OK)
        status = take_sample(s, array, elements, effort, error);
    if (status != PRISM_OK)
        return status;
    s->noisy =
        quick && options->predictor == PRISM_PREDICTOR_LSQ && options->coder == PRISM_CODER_ANS;
    px_values values;
    px_values_of_elements(&values, elements, whole, width, PX_FEW_VALUES);
    s->values = (int)values.count;
    s->sparing = !s->noisy && px_may_be_native(options) && s->values > PX_FEW_VALUES &&
                 whole / width >= SMALL_ARRAY && !px_efforts.brisk[options->effort] &&
                 !px_efforts.only_size[options->effort];
    s->large = whole / width >= LARGE_ARRAY;
    return PRISM_OK;
}

prism_status px_part_of(px_survey *part, const px_survey *s, prism_error *error) {
    *part = *s;
    prism_status status =
        px_sample_make(&part->part, &s->part.array, s->part.elements, PX_EFFORT_QUICK, error);
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

px_pipeline px_survey_pipeline(const px_survey *s, const px_pipeline *pipeline) {
    px_pipeline of = *pipeline;
    of.roles = px_roles_of_axes(&pipeline->roles, s->roughness.axes);
    const px_roles pictures = px_roles_of_pictures(&of.roles);
    if (of.roles.rank && of.roles.planes <= 1 && px_roles_keep_order(&pictures)) {
        of.axis = px_roles_axis(&of.roles);
        of.roles = (px_roles){.rank = 0};
    }
    return of;
}

double px_side_growth(const px_survey *s, const px_pipeline *pipeline) {
    const double planes = (double)px_pipeline_layout(pipeline, &s->whole).count /
                          (double)px_pipeline_layout(pipeline, &s->part.array).count;
    return pipeline->transform == PRISM_TRANSFORM_CHANNELS ? planes * planes : planes;
}
