/* What automatic options are decided on: a sample of the array, and what is known of all of it.
 * Internal. */
#ifndef PX_CHOOSE_SURVEY_H
#define PX_CHOOSE_SURVEY_H

#include "mapping/mapping.h"
#include "planes/sample.h"
#include "planes/stages.h"

enum { PX_FEW_VALUES = 64 };

typedef struct px_survey {
    px_sample part;
    const uint64_t *dims; /* of the whole array */
    int values;           /* different ones; above PX_FEW_VALUES, PX_FEW_VALUES + 1 */
    bool large;           /* the whole array has 2^22 elements or more */
    bool sparing; /* of time: what estimates rule out is not tried; they say nothing of indices of
                     few values, and small arrays are coded in no time */
    bool noisy;   /* integers of wider elements that only the native coder is for: much of these is
                     stored as it is, and what layouts gain is little of the whole */
} px_survey;

/* `of_wide`: the array stands for one of wider elements. Free with px_sample_free(&s->part). */
prism_status px_survey_make(px_survey *s, const px_mapping_request *request, bool of_wide,
                            prism_error *error);

/* A part of the sample, as another sample of the array. Free with px_sample_free(&part->part). */
prism_status px_part_of(px_survey *part, const px_survey *s, prism_error *error);

/* Small arrays at low efforts: to try everything with all of one would take many times what coding
 * it does. */
bool px_is_brisk(const px_survey *s, int effort);

/* The options leave the project's own coder open. */
bool px_may_be_native(const prism_options *options);

/* Indices are not predicted by arithmetic: there is nothing to lift, and estimates do not apply. */
bool px_is_drawing(const px_survey *s, const prism_options *options);

/* How the side information grows from the sample to the whole: with each plane, and if planes are
 * predicted from planes, with each pair of them. */
double px_side_growth(const px_survey *s, const px_pipeline *pipeline);

#endif
