/*
 * Counters of context mixing: how probable it is that a bit is 1 (22 bits), and how often one was
 * seen (10 bits), in one word. A counter moves towards the bit by a rate that falls with the count.
 * After the state counters of M. Mahoney's PAQ. Internal.
 */
#ifndef PX_ENTROPY_COUNTER_H
#define PX_ENTROPY_COUNTER_H

#include "entropy/logistic.h"

typedef uint32_t px_counter;

enum { PX_COUNTER_COUNTS = 1 << 10, PX_COUNTER_ONE = 1 << 22 };

static inline px_counter px_counter_make(uint32_t probability, uint32_t count) {
    return probability << 10 | count;
}

static inline uint32_t px_counter_count(px_counter counter) {
    return counter & (PX_COUNTER_COUNTS - 1);
}

/* Log odds of a 1. */
static inline int32_t px_counter_odds(px_counter counter) {
    return px_logistic_tables.stretch[counter >> (32 - PX_STRETCH_BITS)];
}

/* `rate` / 2^16 of the way to the bit, which stays `least` away from certainty; counts end at
 * `most`. */
static inline px_counter px_counter_update(px_counter counter, int bit, int32_t rate, int32_t least,
                                           uint32_t most) {
    const int32_t target = bit ? PX_COUNTER_ONE - least : least;
    const uint32_t count = px_counter_count(counter);
    int32_t probability = (int32_t)(counter >> 10);
    probability += (int32_t)((int64_t)(target - probability) * rate >> 16);
    return px_counter_make((uint32_t)probability, count + (count < most));
}

/* rates[count]: 1 / (count + 3/2), the rate after so many bits. */
static inline void px_counter_rates(int32_t *rates, int count) {
    for (int i = 0; i < count; i++)
        rates[i] = 131072 / (2 * i + 3);
}

#endif
