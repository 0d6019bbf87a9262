#include "choose/survey.h"

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

prism_status px_survey_make(px_survey *s, const px_mapping_request *request, bool of_wide,
                            prism_error *error) {
    const prism_array *array = request->array;
    const void *elements = request->elements;
    const prism_options *options = request->options;
    const bool quick = of_wide && px_efforts.quick_wide[options->effort];
    const int effort = quick ? PX_EFFORT_QUICK : options->effort;
    const size_t width = prism_type_size(array->type);
    size_t whole;
    prism_status status = prism_array_size(array, &whole, error);
    if (status == PRISM_OK)
        status = px_sample_make(&s->part, array, elements, effort, error);
    if (status == PRISM_OK)
        status = px_sample_mask(&s->part, array, request->mask, error);
    if (status != PRISM_OK)
        return status;
    s->dims = array->dims;
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
    if (pipeline->axis < 0)
        return 1;
    const double planes =
        (double)s->dims[pipeline->axis] / (double)s->part.array.dims[pipeline->axis];
    return pipeline->transform == PRISM_TRANSFORM_CHANNELS ? planes * planes : planes;
}
