#include "mapping/value_set.h"

#include <stdlib.h>

#include "base/sizes.h"
#include "base/sort.h"
#include "base/status.h"

static bool are_slots(const px_number *number) {
    return number->size <= sizeof(uint16_t);
}

static prism_status set_alloc(px_value_set *set, size_t most, const px_number *number,
                              prism_error *error) {
    enum { LEAST_BITS = 4 };
    const bool direct = are_slots(number);
    *set = (px_value_set){.bits = direct ? 8 * number->size : LEAST_BITS,
                          .most = most < PX_MOST_VALUES ? most : PX_MOST_VALUES};
    while (!direct && (size_t)1 << set->bits < 4 * set->most)
        set->bits++;
    const size_t slots = (size_t)1 << set->bits;
    set->words = direct ? NULL : px_alloc(slots, sizeof *set->words);
    set->places = calloc(slots, sizeof *set->places);
    set->ranks = px_alloc(set->most + 1, sizeof *set->ranks);
    return (direct || set->words) && set->places && set->ranks
               ? PRISM_OK
               : px_out_of_memory(error, slots * 16);
}

void px_value_set_free(px_value_set *set) {
    free(set->words);
    free(set->places);
    free(set->ranks);
    *set = (px_value_set){.count = 0};
}

/* Where the word is, or would be. */
static size_t slot_of(const px_value_set *set, uint64_t word) {
    if (!set->words)
        return (size_t)word;
    const size_t mask = ((size_t)1 << set->bits) - 1;
    size_t slot = (size_t)(word * 0x9e3779b97f4a7c15u >> (64 - set->bits));
    while (set->places[slot] && set->words[slot] != word)
        slot = (slot + 1) & mask;
    return slot;
}

/* Of words that are slots: false if there are more than the set has room for. */
static bool set_count(px_value_set *set, const px_bit_patterns *words) {
    for (size_t i = 0; i < words->count; i++)
        set->places[words->bits[i]] = 1;
    for (uint64_t rank = 0; rank >> set->bits == 0; rank++) {
        uint32_t *place = &set->places[px_word_of_rank(rank, words->number)];
        if (!*place)
            continue;
        if (set->count == set->most)
            return false;
        set->ranks[set->count++] = rank;
        *place = (uint32_t)set->count;
    }
    return true;
}

/* Sorts the values and numbers them. */
static void set_number(px_value_set *set, const px_number *number) {
    px_sort_words(set->ranks, set->count);
    for (size_t i = 0; i < set->count; i++)
        set->places[slot_of(set, px_word_of_rank(set->ranks[i], number))] = (uint32_t)i + 1;
}

/* False if there are more values than the set has room for. */
static bool set_collect(px_value_set *set, const px_bit_patterns *words) {
    for (size_t i = 0; i < words->count; i++) {
        const uint64_t word = words->bits[i];
        if (i && word == words->bits[i - 1])
            continue;
        const size_t slot = slot_of(set, word);
        if (set->places[slot])
            continue;
        if (set->count == set->most)
            return false;
        set->words[slot] = word;
        set->places[slot] = 1;
        set->ranks[set->count++] = px_word_rank(word, words->number);
    }
    set_number(set, words->number);
    return true;
}

prism_status px_value_set_make(px_value_set *set, const px_bit_patterns *words, size_t most,
                               prism_error *error) {
    prism_status status = set_alloc(set, most, words->number, error);
    if (status == PRISM_OK && (set->words ? set_collect : set_count)(set, words))
        set->fits = true;
    else
        px_value_set_free(set);
    return status;
}

uint16_t px_value_set_place(const px_value_set *set, uint64_t word) {
    return (uint16_t)(set->places[slot_of(set, word)] - 1);
}

void px_value_set_places(uint16_t *places, const px_value_set *set, const px_bit_patterns *words) {
    for (size_t i = 0; i < words->count; i++)
        places[i] = px_value_set_place(set, words->bits[i]);
}
