/*
 * Rules that make a float from an integer k, to the last bit, by one rounded operation on doubles
 * (IEEE 754, to nearest) and, for float32, the rounding to single precision:
 *
 *   rank      the word whose rank (words.h) is k; of integers, too
 *   divided   k / constant: decimals, averaged counts
 *   times     k * constant: integers with a scale
 *
 * Internal.
 */
#ifndef PX_MAPPING_RULE_H
#define PX_MAPPING_RULE_H

#include "words.h"

typedef enum px_rule_kind { PX_RULE_RANK = 0, PX_RULE_DIVIDED = 1, PX_RULE_TIMES = 2 } px_rule_kind;

typedef struct px_rule {
    px_rule_kind kind;
    double constant; /* finite, more than 0 */
} px_rule;

/* The value of a float32 or float64. */
double px_float_value(uint64_t word, const px_number *number);

/* The word of an integer: a rank, or a number in two's complement below 2^53. */
uint64_t px_rule_word(const px_rule *rule, uint64_t k, const px_number *number);

/* The integer that the rule makes this word of; false if there is none. */
bool px_rule_integer(const px_rule *rule, uint64_t *k, uint64_t word, const px_number *number);

/* A rule for nearly all of the words, which are float32 or float64, if there is one whose steps are
 * well above those of the type. Looks at a few hundred of them. */
bool px_rule_find(px_rule *rule, const px_words *words);

#endif
