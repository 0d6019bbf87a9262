/*
 * Logistic mixing: log odds of a bit from several models are added with weights that follow the
 * gradient of the code length. (M. Mahoney, "Adaptive weighing of context models for lossless data
 * compression", 2005.)
 */
#ifndef PX_ENTROPY_MIXING_LANES_H
#define PX_ENTROPY_MIXING_LANES_H

#include "entropy/logistic.h"
#include "simd/lanes_wide.h"

/* The weighted sum of `count` inputs, a multiple of PX_LANES; weights have `bits` fractional bits.
 */
PX_INLINE int32_t mixed_odds(const int32_t *weights, const int32_t *inputs, int count, int bits) {
    px_wide sums = {0};
    for (int i = 0; i < count; i += PX_LANES)
        sums = wide_add_products(sums, lanes_load(weights + i), lanes_load(inputs + i));
    return clamp32(wide_sum(sums) >> bits, -PX_ODDS_LIMIT, PX_ODDS_LIMIT);
}

/* `error`: the bit less its probability, in 2^16; the weights move by inputs * error / 2^shift. */
PX_INLINE void mixing_learn(int32_t *weights, const int32_t *inputs, int count, int32_t error,
                            int shift) {
    for (int i = 0; i < count; i += PX_LANES)
        lanes_store(weights + i,
                    lanes_load(weights + i) +
                        ((lanes_load(inputs + i) * error + lanes_all(1 << (shift - 1))) >> shift));
}

#endif
