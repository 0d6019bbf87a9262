/* Values that lie at even distances, but for rounding, wherever they begin. Internal. */
#ifndef PX_MAPPING_STEP_ESTIMATE_H
#define PX_MAPPING_STEP_ESTIMATE_H

#include <stdbool.h>
#include <stddef.h>

enum { PX_SPACED = 1024 };

/* About values[i] = start + integers[i] * step. */
typedef struct px_spacing {
    size_t count;
    double values[PX_SPACED], integers[PX_SPACED];
    double start, step;
    double rest, step_rest; /* that one number does not hold */
    double mean, variance;  /* of the integers, with the weights of the fit */
} px_spacing;

/*
 * Finds it for nearly all of the values, at most PX_SPACED, which become sorted; the others are
 * left out. `fraction`: bits of the fraction that the values were rounded to; the step is several
 * times the last of them. Integers begin at 0. So many differences are compared with a step, about,
 * at most.
 */
bool px_step_find(px_spacing *spacing, double *values, size_t count, unsigned fraction,
                  double most);

/* Start and step of the line that is nearest to the values, by least squares, weighted. */
void px_step_fit(px_spacing *spacing);

#endif
