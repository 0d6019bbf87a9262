/* What a plane takes with the predictor and the coder of a pipeline, tried on a part of it.
 * Internal. */
#ifndef PX_STACK_TRIAL_H
#define PX_STACK_TRIAL_H

#include "stages.h"

typedef struct px_trial {
    px_pipeline pipeline;
    px_planes band; /* one plane of some rows */
} px_trial;

prism_status px_trial_make(px_trial *trial, const px_planes *planes, const px_pipeline *pipeline,
                           prism_error *error);
void px_trial_free(px_trial *trial);

/* In units of its own: for comparisons only. */
double px_trial_size(px_trial *trial, const px_planes *planes, size_t index);

#endif
