/*
 * The layouts in which the planes of an array may lie (along which axis, and what ties them
 * together), with estimates of what each costs. Internal.
 */
#ifndef PX_CHOOSE_CANDIDATES_H
#define PX_CHOOSE_CANDIDATES_H

#include "choose/axes.h"

enum { PX_MAX_LAYOUTS = 3 * PX_MOST_ROLES /* as they are, lifted, or as frames */ };

/* What may be tried: a layout, all stages, or a method of coder ans. */
typedef struct px_candidate {
    px_pipeline pipeline; /* of a layout, before a trial: but for predictor and coder */
    prism_method method;  /* once it is chosen, */
    bool selective, swift, no_palette; /* as in px_task */
    px_verdict verdict;                /* of a method */
    bool rather_lifted; /* frames that are more likely channels: to be compared with a lift */
    bool likely;        /* to be tried, whatever estimates say */
    double still; /* of frames: what they take less in the whole than in the sample, a share */
    double bytes; /* estimated, HUGE_VAL where nothing is to be estimated; or tried */
} px_candidate;

typedef struct px_layouts {
    px_candidate items[PX_MAX_LAYOUTS];
    size_t count;
    double flat, copies; /* share of flat samples, and of copies, where planes lie best for these */
} px_layouts;

prism_status px_layouts_list(px_layouts *list, const px_survey *s, const prism_options *options,
                             prism_error *error);

/* What to encode: at an effort, with no more payload than the limit. */
px_task px_task_of(const px_candidate *candidate, int effort, size_t limit);

void px_leave_out(px_layouts *list, size_t i);

/* The index of the layout with the best estimate. */
size_t px_least_estimate(const px_layouts *list);

#endif
