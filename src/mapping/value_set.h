/* The different words of an array, and where each stands in their order. Internal. */
#ifndef PX_MAPPING_VALUE_SET_H
#define PX_MAPPING_VALUE_SET_H

#include "mapping/bit_patterns.h"

enum { PX_MOST_VALUES = 1 << 16 };

/* A slot of the hash is taken if its place is not 0. Words of 16 bits and less are their own
 * slots. */
typedef struct px_value_set {
    bool fits;        /* there are no more values than were wanted: else the set is empty */
    unsigned bits;    /* of places in the hash: at least twice as many as values */
    uint64_t *words;  /* [1 << bits]; NULL where they are slots */
    uint32_t *places; /* [1 << bits], the place in the table + 1 */
    uint64_t *ranks;  /* [most] the table: values in ascending order */
    size_t count, most;
} px_value_set;

/* At most so many values, and PX_MOST_VALUES. Free with px_value_set_free, after a failure, too. */
prism_status px_value_set_make(px_value_set *set, const px_bit_patterns *words, size_t most,
                               prism_error *error);
void px_value_set_free(px_value_set *set);

/* The place of a word of the set. */
uint16_t px_value_set_place(const px_value_set *set, uint64_t word);

/* places[count]: of all words. */
void px_value_set_places(uint16_t *places, const px_value_set *set, const px_bit_patterns *words);

#endif
