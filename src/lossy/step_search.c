#include "lossy/step_search.h"

#include <math.h>

static const double NEAR = 0.001; /* less error than wanted that is as good as none */

typedef struct point {
    double step, reached;
} point;

typedef struct search {
    double wanted;
    point below, above; /* the nearest ones on either side; of step 0 where there is none */
} search;

double px_step_aim(double wanted) {
    return wanted * (1 - NEAR / 2);
}

/* Errors grow like a power of the step, between linearly and by its root. */
static double next_step(const search *s) {
    const double aim = log(px_step_aim(s->wanted));
    if (s->below.step > 0 && s->above.step > 0) {
        const double low = log(s->below.step), high = log(s->above.step);
        const double from = log(s->below.reached), to = log(s->above.reached);
        const double part = to > from ? (aim - from) / (to - from) : 0.5;
        return exp(low + (high - low) * fmin(0.97, fmax(0.03, part)));
    }
    const point p = s->below.step > 0 ? s->below : s->above;
    const double ratio = exp(aim - log(p.reached));
    const double beyond = s->below.step > 0 ? 1.0005 : 0.9995;
    return p.step * fmin(4, fmax(0.25, ratio)) * beyond;
}

static prism_status try_step(search *s, double step, px_step_attempt attempt, void *context,
                             bool *holds, prism_error *error) {
    point p = {.step = step};
    prism_status status = attempt(context, step, &p.reached, error);
    *holds = p.reached <= s->wanted;
    p.reached = fmax(p.reached, s->wanted * 1e-6);
    p.reached = fmin(p.reached, s->wanted * 1e6);
    *(*holds ? &s->below : &s->above) = p;
    return status;
}

prism_status px_step_search(bool *found, double *step, double wanted, int attempts,
                            px_step_attempt attempt, void *context, prism_error *error) {
    search s = {.wanted = wanted};
    bool holds = false;
    prism_status status = PRISM_OK;
    for (int i = 0; i < attempts && status == PRISM_OK; i++) {
        status = try_step(&s, *step, attempt, context, &holds, error);
        if (holds && s.below.reached >= wanted * (1 - NEAR))
            break;
        *step = next_step(&s);
    }
    *found = s.below.step > 0;
    if (status == PRISM_OK && *found && !holds)
        status = try_step(&s, s.below.step, attempt, context, &holds, error);
    return status;
}
