/* What a plane takes with the predictor and the coder of a pipeline, tried on a part of it.
 * Internal. */
#ifndef PX_TRANSFORMS_STACK_TRIAL_H
#define PX_TRANSFORMS_STACK_TRIAL_H

#include "planes/stages.h"

typedef struct px_trial {
    px_task task;
    px_planes band; /* one plane of some rows */
} px_trial;

prism_status px_trial_make(px_trial *trial, const px_planes *planes, const px_task *task,
                           prism_error *error);
void px_trial_free(px_trial *trial);

/* *size: of plane `index`, in units of its own: for comparisons only. */
prism_status px_trial_size(double *size, px_trial *trial, const px_planes *planes, size_t index,
                           prism_error *error);

#endif
