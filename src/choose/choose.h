/* From options to a coded array. Internal. */
#ifndef PX_CHOOSE_CHOOSE_H
#define PX_CHOOSE_CHOOSE_H

#include "mapping/mapping.h"
#include "pipeline/pipeline.h"
#include "survey/survey.h"

/* Whether a survey with a sample is needed to code integers: not for tiny chunks, nor where options
 * leave nothing open. */
bool px_choice_needs_sample(const prism_array *array, const prism_options *options);

/* Integers of 8 and 16 bits, coded by options: every AUTO becomes what does best. Free with
 * px_coded_free. */
prism_status px_encode_integers(px_coded *coded, const px_mapping_request *request,
                                prism_error *error);

#endif
