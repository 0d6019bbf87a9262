/* What coders make of a layout: trials on the sample, slow and unlikely ones after quick looks.
 * Internal. */
#ifndef PX_CHOOSE_TRIAL_H
#define PX_CHOOSE_TRIAL_H

#include "choose/subject.h"

typedef struct px_choice {
    const px_choice_sample *sample;
    const prism_options *options;
    px_pipeline best;
    double bytes; /* of the best one; 0 before the first */
    double last;  /* of the one tried last */
    /* Least sizes relative to estimates, without and with the lift; 0 before the first. */
    double relative[2];
    bool flat; /* enough for libjxl to have a chance */
} px_choice;

/* A later candidate must be clearly better: the earlier ones decode faster. Deflate gains least
 * from what the sample does not show. */
#define PX_CLEARLY 0.995

/* Bytes of the whole array if it codes like the sample. The transform of *pipeline becomes none
 * where not even a part of the sample was worth it to a coder of residuals. */
prism_status px_trial(double *bytes, const px_choice_sample *s, px_pipeline *pipeline, int effort,
                      prism_error *error);

/* Sets the stages of a pipeline; whether the options allow these. */
bool px_may_use(const px_choice *c, px_pipeline *pipeline, prism_predictor predictor,
                prism_coder coder);

/* Tries a layout by the project's own coder, and by others unless the own is better for sure. */
prism_status px_consider_layout(px_choice *c, const px_pipeline *layout, prism_error *error);
prism_status px_consider_others(px_choice *c, const px_pipeline *layout, prism_error *error);

#endif
