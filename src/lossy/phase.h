/* Where the cells of a grid of integers begin. Internal. */
#ifndef PX_LOSSY_PHASE_H
#define PX_LOSSY_PHASE_H

#include "lossy/quantiser.h"

/* Sets q->phase to the one that costs least, by an estimate from some of the elements. */
void px_phase_choose(px_quantiser *q, const px_numbers *values);

/* Bits of an element in its cell, by that estimate. */
double px_phase_bits(const px_quantiser *q, const px_numbers *values);

#endif
