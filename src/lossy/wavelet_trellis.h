/*
 * Dependent quantisation: the parities of the steps so far say which of two quantisers comes next,
 * whose numbers lie between each other; together they are as fine as both, and each takes the bits
 * of one. An encoder finds the best steps of a row by A. J. Viterbi's algorithm, with the costs
 * that the models have there. After H. Schwarz et al., "Quantization and entropy coding in the
 * versatile video coding (VVC) standard", 2021. docs/format-components.md, "Two quantisers".
 * Internal.
 */
#ifndef PX_LOSSY_WAVELET_TRELLIS_H
#define PX_LOSSY_WAVELET_TRELLIS_H

#include "lossy/wavelet_models.h"

/* Of the quantisers: begins as 0. */
typedef uint8_t px_quantiser_state;

static inline int px_quantiser_of(px_quantiser_state state) {
    return state >> 1;
}

static inline px_quantiser_state px_quantiser_next(px_quantiser_state state, int32_t steps) {
    static const uint8_t next[4][2] = {{0, 2}, {2, 0}, {1, 3}, {3, 1}};
    return next[state][steps & 1];
}

/* What a number of steps from 0 on stands for, in half steps. */
static inline int32_t px_halves_of(int quantiser, int32_t steps) {
    return 2 * steps - (quantiser && steps > 0);
}

/* A place of a row, without what depends on the steps before it in the row. */
typedef struct px_trellis_place {
    px_wavelet_site site; /* features 0, 3 and 12 lack what lies to the west */
    float number;         /* steps */
    int64_t predicted;    /* px_wavelet_fit_sum without the neighbour to the west */
} px_trellis_place;

/* What lies to the west of a place. */
typedef struct px_trellis_west {
    int32_t coefficient;   /* as fits know it */
    int32_t halves, far;   /* magnitudes one and two places away, in half steps */
    int32_t average, seen; /* see px_wavelet_average */
} px_trellis_west;

typedef struct px_trellis px_trellis;

prism_status px_trellis_make(px_trellis **trellis, size_t width, prism_error *error);
void px_trellis_free(px_trellis *trellis);

/* The places of a row from here on, to be filled. */
px_trellis_place *px_trellis_places(px_trellis *trellis);

/* Features that depend on the row. */
void px_trellis_look_west(px_wavelet_site *site, const px_trellis_west *west);

/* The steps of places[count], with signs: those that cost least in squared steps and `bit`s.
 * `weight` is that of the neighbour to the west. */
const int32_t *px_trellis_run(px_trellis *trellis, px_wavelet_models *models, size_t count,
                              px_quantiser_state state, const px_trellis_west *west, int32_t weight,
                              float bit);

#endif
