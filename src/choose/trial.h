/* What coders make of a layout: trials on the sample, slow and unlikely ones after quick looks.
 * Internal. */
#ifndef PX_CHOOSE_TRIAL_H
#define PX_CHOOSE_TRIAL_H

#include "choose/candidates.h"
#include "pipeline/pipeline.h"

typedef struct px_choice {
    const px_survey *sample;
    const prism_options *options;
    px_candidate best; /* with the bytes of its trial; 0 before the first */
    double last;       /* of the one tried last */
    double native;     /* of the layout tried last, by the native coder */
    /* Least sizes relative to estimates, by transforms; 0 before the first. */
    double relative[PRISM_TRANSFORM_STACK + 1];
    px_coded kept; /* what `best` makes of the whole array, where a trial was just that; or empty */
    px_roles tried[PX_MOST_ROLES]; /* by the native coder, among it method palette */
    size_t tried_count;
    bool flat;       /* enough for libjxl to have a chance */
    bool by_indices; /* `best` is by method palette, for which a lift or an order of frames is
                        nothing */
} px_choice;

/* What is no better than that deserves no trial, and no slower coder. */
#define PX_CLEARLY 0.995

/* Bytes of the whole array if it codes like the sample. The transform of the candidate becomes none
 * where not even a part of the sample was worth it to a coder of residuals. */
prism_status px_trial(double *bytes, const px_survey *s, px_candidate *candidate, int effort,
                      prism_error *error);

/* Whether method palette coded it. */
bool px_is_by_indices(const px_coded *coded);

/* Prefers a candidate of which the whole array has not been coded. */
void px_prefer(px_choice *c, const px_candidate *candidate, double bytes);

/* Sets the stages of a candidate; whether the options allow these. */
bool px_may_use(const px_choice *c, px_candidate *candidate, prism_predictor predictor,
                prism_coder coder);

/* Tries a layout by the project's own coder, and by others unless the own is better for sure. */
prism_status px_consider_layout(px_choice *c, const px_candidate *layout, prism_error *error);

/* Whether deflate may make more of repetitions by the planes of `candidate` than the best so far.
 */
prism_status px_may_repeat(bool *chance, const px_choice *c, const px_candidate *candidate,
                           prism_error *error);

/* Whether other coders are tried at last, by the planes that suit the native one best. */
bool px_others_come_last(const px_survey *s, const prism_options *options);
prism_status px_consider_others(px_choice *c, const px_candidate *layout, prism_error *error);

#endif
