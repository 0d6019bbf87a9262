/*
 * Which numbers of 16 bits occur: a bit for each, so that looking through a small array does not
 * cost more than the array. Internal.
 */
#ifndef PX_BASE_BIT_SET_H
#define PX_BASE_BIT_SET_H

#include <stdbool.h>
#include <stdint.h>

enum { PX_BIT_SET_WORDS = (1 << 16) / 64 };

typedef struct px_bit_set {
    uint64_t words[PX_BIT_SET_WORDS];
} px_bit_set;

/* False if it was there before. */
static inline bool px_bit_set_add(px_bit_set *set, uint16_t number) {
    uint64_t *word = &set->words[number / 64];
    const uint64_t bit = (uint64_t)1 << number % 64;
    const bool added = !(*word & bit);
    *word |= bit;
    return added;
}

#endif
