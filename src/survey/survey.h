/*
 * What an array is like: looked at once, before anything is decided, and read by all that decides:
 * mappings, layouts, methods and coder zstd. Internal.
 */
#ifndef PX_SURVEY_SURVEY_H
#define PX_SURVEY_SURVEY_H

#include "planes/sample.h"
#include "planes/stages.h"
#include "survey/byte_look.h"
#include "survey/roughness.h"

enum { PX_FEW_VALUES = 64 };

/* Whether a candidate is to be coded, as far as a look says. */
typedef enum px_verdict { PX_UNLIKELY, PX_POSSIBLE, PX_SURE } px_verdict;

typedef struct px_survey_request {
    bool gaps;    /* of integers of 8 and 16 bits are looked for */
    bool of_wide; /* the array stands for one of wider elements */
} px_survey_request;

typedef struct px_survey {
    px_byte_look look;
    double gaps;    /* bits of an element that values in use, without gaps, may save */
    int values;     /* different ones; above PX_FEW_VALUES, PX_FEW_VALUES + 1 */
    px_sample part; /* the middle */
    int effort;     /* by which that has its size */
    prism_array whole;
    px_roughness roughness;       /* of a survey that is turned */
    double still[PRISM_MAX_RANK]; /* of one, how much less moves along each axis than in the
                                     sample: a share */
    bool small;                   /* the whole array has so few bytes that trials are short */
    bool large;                   /* the whole array has 2^22 elements or more */
    bool holed;                   /* it has places without data, of a survey that is turned */
    bool sparing; /* of time: what estimates rule out is not tried; they say nothing of indices of
                     few values, and small arrays are coded in no time */
    bool noisy;   /* integers of wider elements that only the native coder is for: much of these is
                     stored as it is, and what layouts gain is little of the whole */
} px_survey;

/* What comes again in the array, which outlives the survey, and how many values it has: enough to
 * see whether coder zstd is alone. Free with px_survey_free, after a failure, too. */
prism_status px_survey_begin(px_survey *s, const prism_array *array, const void *elements,
                             const prism_options *options, prism_error *error);
void px_survey_free(px_survey *s);

/* All else. */
prism_status px_survey_finish(px_survey *s, const prism_array *array, const void *elements,
                              const prism_options *options, const px_survey_request *request,
                              prism_error *error);

/*
 * The same with its axes in another order, from the roughest to the smoothest, so that permutations
 * of an array are the same to whatever goes by it: sample and `whole` have that order. Integers of
 * 8 and 16 bits, and where these have no data. Free with px_survey_free, after a failure, too.
 */
prism_status px_survey_turn(px_survey *turned, const px_survey *s, const prism_array *array,
                            const void *elements, const px_gaps *mask, prism_error *error);

/* A pipeline for the whole of a turned survey as one for the array itself. */
px_pipeline px_survey_pipeline(const px_survey *turned, const px_pipeline *pipeline);

/* A part of the sample, as another sample of the array. Free with px_survey_free. */
prism_status px_part_of(px_survey *part, const px_survey *s, prism_error *error);

/* Small arrays at low efforts: to try everything with all of one would take many times what coding
 * it does. */
bool px_is_brisk(const px_survey *s, int effort);

/* So few values that indices are tried for sure, to which estimates do not apply. */
bool px_is_drawing(const px_survey *s, const prism_options *options);

/* How the side information grows from the sample to the whole: with each plane, and if planes are
 * predicted from planes, with each pair of them. */
double px_side_growth(const px_survey *s, const px_pipeline *pipeline);

/* The plane axis of a pipeline that options ask for, or PRISM_AXIS_AUTO. */
int px_asked_axis(const prism_options *options);

/* The options leave the project's own coder open. */
bool px_may_be_native(const prism_options *options);

#endif
