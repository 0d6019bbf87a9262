/* Rules with a scale and an offset. Internal. */
#ifndef PX_MAPPING_OFFSET_SEARCH_H
#define PX_MAPPING_OFFSET_SEARCH_H

#include "mapping/dequantiser.h"

/* A short decimal in the interval, if it is not there by chance; else the middle. */
double px_simplest_between(double low, double high);

/* A rule for nearly all of the words, float32 or float64, from values of some of them, at most
 * PX_SPACED (step_estimate.h), which become sorted. Where these are not evenly spaced, nothing else
 * is looked at. */
bool px_offset_find(px_dequantiser *rule, double *values, size_t count,
                    const px_bit_patterns *words);

#endif
