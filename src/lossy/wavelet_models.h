/*
 * How large a coefficient of a wavelet is: expected from its neighbours, from the band above it,
 * from the other bands and from the components before; and binary decisions, "larger than that?",
 * coded by mixed probabilities. docs/format-components.md, "Coefficients". Internal.
 */
#ifndef PX_LOSSY_WAVELET_MODELS_H
#define PX_LOSSY_WAVELET_MODELS_H

#include <stddef.h>

#include "entropy/counter.h"
#include "entropy/range_coder.h"

enum {
    PX_MAGNITUDE_FEATURES = 16,
    PX_MAGNITUDE_CONTEXTS = 6,
    PX_MAGNITUDE_SLOTS = 1 << 12, /* of a context */
    PX_MAGNITUDE_BINS = 16,       /* decisions of a magnitude that have counters of their own */
    PX_MAGNITUDE_INPUTS = 16,     /* two odds for each context, a constant, and nothing */
    PX_MAGNITUDE_CLASSES = 16,    /* of bands */
    PX_MAGNITUDE_GROUPS = 3,      /* of components: the first, the next five, the rest */
    PX_MAGNITUDE_LEVELS = 64,     /* of an expected magnitude */
    PX_MAGNITUDE_COUNTS = 331,    /* that counters tell apart */
    PX_MAGNITUDE_ONE = 64,        /* a step, in features */
    PX_MAGNITUDE_HALF = PX_MAGNITUDE_ONE / 2,
    PX_LAST_HALVES = 2 * 1023 /* magnitudes in half steps, as features know them */
};

/* Two estimates with different memories. */
typedef struct px_magnitude_counters {
    px_counter fast, slow;
} px_magnitude_counters;

typedef struct px_wavelet_models {
    px_magnitude_counters contexts[PX_MAGNITUDE_CONTEXTS][PX_MAGNITUDE_SLOTS][PX_MAGNITUDE_BINS];
    int32_t weights[2][PX_MAGNITUDE_LEVELS][PX_MAGNITUDE_BINS][PX_MAGNITUDE_INPUTS];
    /* Of features, in 2^16. */
    int32_t blends[PX_MAGNITUDE_CLASSES][PX_MAGNITUDE_GROUPS][PX_MAGNITUDE_FEATURES];
    int32_t rates[PX_MAGNITUDE_COUNTS];
    px_bit upper[32][3]; /* bits below the leading one */
} px_wavelet_models;

/* Where a coefficient is, and what is known of it. */
typedef struct px_wavelet_site {
    int class, group;
    size_t component;
    bool dependent;   /* there are two quantisers: */
    int quantiser;    /* 1 has no even halves but 0 */
    int32_t expected; /* magnitude, in features' unit */
    int expected_level;
    uint32_t contexts[PX_MAGNITUDE_CONTEXTS]; /* slots */
    int32_t features[PX_MAGNITUDE_FEATURES];
} px_wavelet_site;

void px_wavelet_models_init(px_wavelet_models *models);

/* What is expected by the features, and the contexts. */
void px_wavelet_expect(const px_wavelet_models *models, px_wavelet_site *site);

/* Codes a number of steps from 0 on, which it returns. */
int32_t px_wavelet_code_magnitude(px_wavelet_models *models, px_range_coder *bits,
                                  const px_wavelet_site *site, int32_t magnitude);

/* What is expected learns from a magnitude that is known, in half steps. */
void px_wavelet_learn_expected(px_wavelet_models *models, const px_wavelet_site *site,
                               int32_t halves);

/* What each magnitude would take, its sign included, but for the decisions before the first one's,
 * which all have in common; they ascend. */
void px_wavelet_costs(px_wavelet_models *models, const px_wavelet_site *site,
                      const int32_t *magnitudes, int count, float *bits);

/* A bit of a model of its own, and one without. */
int px_code_bit(px_range_coder *bits, px_bit *model, int bit);
int px_code_plain(px_range_coder *bits, int bit);

/* The mean of a band: after `seen` coefficients, one of so many half steps. In 2^8 features' units.
 */
static inline int32_t px_wavelet_average(int32_t average, int32_t seen, int32_t halves) {
    const int32_t rate = seen < 49 ? 65536 / (seen + 2) : 1311;
    return average + (int32_t)(((int64_t)halves * PX_MAGNITUDE_HALF * 256 - average) * rate >> 16);
}

#endif
