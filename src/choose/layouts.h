/*
 * The layouts in which the planes of an array may lie (along which axis, and what ties them
 * together), with estimates of what each costs. Internal.
 */
#ifndef PX_CHOOSE_LAYOUTS_H
#define PX_CHOOSE_LAYOUTS_H

#include "choose/axes.h"

enum { PX_MAX_LAYOUTS = 3 * PX_MOST_AXES /* as they are, lifted, or as frames */ };

/* A layout that may be tried. */
typedef struct px_candidate {
    px_pipeline pipeline; /* but for predictor and coder */
    double bytes;         /* estimated; HUGE_VAL where nothing is to be estimated */
} px_candidate;

typedef struct px_layouts {
    px_candidate items[PX_MAX_LAYOUTS];
    size_t count;
    double flat; /* share of flat samples where planes lie best for it */
} px_layouts;

prism_status px_layouts_list(px_layouts *list, const px_choice_sample *s, const px_pipeline *base,
                             const prism_options *options, prism_error *error);

void px_leave_out(px_layouts *list, size_t i);

/* The index of the layout with the best estimate. */
size_t px_least_estimate(const px_layouts *list);

#endif
