/*
 * What automatic options are decided on: a sample of the array, and the layouts in which its planes
 * may lie (along which axis, and what ties them together), with estimates. Internal.
 */
#ifndef PX_LAYOUTS_H
#define PX_LAYOUTS_H

#include "pipeline.h"
#include "sample.h"

enum {
    PX_FEW_VALUES = 64,
    PX_MOST_AXES = 8,                  /* that planes may lie along */
    PX_MAX_LAYOUTS = 3 * PX_MOST_AXES, /* as they are, lifted, or as frames */
    PX_SMALLEST_EFFORT = 8             /* from it on, only size counts */
};

typedef struct px_choice_sample {
    px_sample part;
    const uint64_t *dims; /* of the whole array */
    int values;           /* different ones; above PX_FEW_VALUES, PX_FEW_VALUES + 1 */
    bool large;           /* the whole array has 2^22 elements or more */
    bool sparing; /* of time: what estimates rule out is not tried; they say nothing of indices of
                     few values, and small arrays are coded in no time */
    bool noisy;   /* integers of wider elements that only the native coder is for: much of these is
                     stored as it is, and what layouts gain is little of the whole */
} px_choice_sample;

/* `of_wide`: the array stands for one of wider elements. Free with px_sample_free(&s->part). */
prism_status px_choice_sample_make(px_choice_sample *s, const prism_array *array,
                                   const void *elements, const prism_options *options, bool of_wide,
                                   prism_error *error);

/* The options leave the project's own coder open. */
bool px_may_be_native(const prism_options *options);

/* Indices are not predicted by arithmetic: there is nothing to lift, and estimates do not apply. */
bool px_is_drawing(const px_choice_sample *s, const prism_options *options);

/* The plane axis of a pipeline that options ask for, or PRISM_AXIS_AUTO. */
int px_asked_axis(const prism_options *options);

typedef struct px_layouts {
    px_pipeline items[PX_MAX_LAYOUTS];
    /* Channels or frames rarely lie along this axis: it is not tried without a good reason. */
    bool unusual[PX_MAX_LAYOUTS];
    double bytes[PX_MAX_LAYOUTS]; /* estimated, but not those of stacks */
    double flat;                  /* share of flat samples where planes lie best for it */
    size_t count;
} px_layouts;

/* Lifted layouts come right before the same ones without the lift. */
prism_status px_layouts_list(px_layouts *list, const px_choice_sample *s, const px_pipeline *base,
                             const prism_options *options, prism_error *error);

#endif
