/* The largest step of a quantiser that keeps a relative RMSE. Internal. */
#ifndef PX_LOSSY_STEP_SEARCH_H
#define PX_LOSSY_STEP_SEARCH_H

#include "lossy/bound.h"

/* Does all that `step` decides, and tells the error that it comes to. */
typedef prism_status (*px_step_attempt)(void *context, double step, double *reached,
                                        prism_error *error);

/* The error that a search for at most `wanted` aims at. */
double px_step_aim(double wanted);

/* Attempts steps, from *step on, about `attempts` of them. *found: whether the error of the last
 * one is at most `wanted`; *step is where the error would be just that. */
prism_status px_step_search(bool *found, double *step, double wanted, int attempts,
                            px_step_attempt attempt, void *context, prism_error *error);

#endif
