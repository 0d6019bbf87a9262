/*
 * What a coefficient comes to, by those that are known: the components before at its place, and
 * its neighbours to the west and to the north. Components are of all bands together; within one
 * they say a good deal of each other. Least squares that both sides learn alike, in integers.
 * docs/format-components.md, "What is predicted". Internal.
 */
#ifndef PX_LOSSY_WAVELET_FIT_H
#define PX_LOSSY_WAVELET_FIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PX_FIT_NEIGHBOURS = 2,
    PX_FIT_BEFORE = 22, /* components */
    PX_FIT_INPUTS = PX_FIT_NEIGHBOURS + PX_FIT_BEFORE,
    PX_FIT_LIMIT = 1 << 22 /* of inputs and targets */
};

typedef struct px_wavelet_fit {
    int64_t sums[PX_FIT_INPUTS + 1][PX_FIT_INPUTS + 1]; /* on and below the diagonal */
    int32_t weights[PX_FIT_INPUTS];                     /* in 2^24 */
    uint32_t count;                                     /* of what is in the sums, */
    uint32_t seen, due;                                 /* of this level, and when to solve again */
} px_wavelet_fit;

/* Where the input of a component, behind the neighbours, comes from: the nearest components before
 * it, and the first ones. */
static inline size_t px_fit_component(size_t component, size_t input) {
    enum { NEAREST = PX_FIT_BEFORE / 2 };
    return component <= PX_FIT_BEFORE || input < NEAREST ? component - 1 - input : input - NEAREST;
}

/* A level begins: what the one before taught counts a little. */
void px_wavelet_fit_carry(px_wavelet_fit *fit);

/* Of inputs within PX_FIT_LIMIT; what is predicted by a sum is within 2^26. */
int64_t px_wavelet_fit_sum(const px_wavelet_fit *fit, const int32_t *inputs, int count);
int32_t px_wavelet_fit_rounded(int64_t sum);

/* The coefficient behind `count` inputs, of which a magnitude of expected / 64 steps was expected.
 * Returns whether the weights are others now. */
bool px_wavelet_fit_learn(px_wavelet_fit *fit, const int32_t *numbers, int count, int32_t expected);

#endif
