/*
 * The encoder's side of components: principal components of planes (Karhunen-Loeve), those that
 * a step of the quantiser leaves over the noise, a basis as coarse as that step allows, and scores
 * by least squares on it. Internal.
 */
#ifndef PX_LOSSY_COMPONENT_FIT_H
#define PX_LOSSY_COMPONENT_FIT_H

#include "lossy/components.h"
#include "lossy/numbers.h"

typedef struct px_component_fit {
    px_layout layout;
    size_t positions;
    float *numbers;    /* [planes][span], less the means; NULL where they are not at hand */
    size_t span;       /* positions at hand: all, in order, but in a part */
    size_t extra;      /* of a part: where the positions lie that were asked for */
    double *means;     /* [planes] */
    size_t rank;       /* of the components that are known */
    double *variances; /* [rank], falling */
    float *vectors;    /* [rank][planes] */

    px_components components; /* of the last px_component_fit_at */
    float *scores;            /* [components][positions], in the unit of the elements */
} px_component_fit;

/* Free also on failure. *suits: whether floats hold the elements. */
prism_status px_component_fit_make(px_component_fit *fit, const px_numbers *values, int axis,
                                   int effort, bool *suits, prism_error *error);
/* The same with few positions at hand: those that components are found from, and these. Nothing
 * else but px_component_fit_step goes with it. */
typedef struct px_position_run {
    size_t first, count;
} px_position_run;

prism_status px_component_fit_make_part(px_component_fit *fit, const px_numbers *values, int axis,
                                        int effort, const px_position_run *runs, size_t run_count,
                                        bool *suits, prism_error *error);
void px_component_fit_free(px_component_fit *fit);

/* Numbers of all positions, where they are not at hand. */
prism_status px_component_fit_load(px_component_fit *fit, const px_numbers *values,
                                   prism_error *error);

/* The step with which reverse water-filling leaves `energy` as the sum of squares of errors. */
double px_component_fit_step(const px_component_fit *fit, double energy);

/* Components and scores for a step: components with at least `share` of the variance of
 * its noise. */
prism_status px_component_fit_at(px_component_fit *fit, const px_numbers *values, double step,
                                 double share, prism_error *error);

/* Frees scores and numbers: px_component_fit_at finds them again. */
void px_component_fit_shed(px_component_fit *fit);

/* The same components and scores with another step, which is as fine as that one or little else. */
void px_component_fit_restep(px_component_fit *fit, double step);

#endif
