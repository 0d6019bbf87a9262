/*
 * Rules that make a float from an integer k, to the last bit, by rounded operations on doubles
 * (IEEE 754, to nearest) and, for float32, the rounding to single precision:
 *
 *   rank      the word whose rank (bit_patterns.h) is k; of integers, too
 *   divided   k / constant: decimals, averaged counts
 *   times     k * constant: integers with a scale
 *   doubles   operations one after the other, as k * scale + offset: integers with both
 *   singles   likewise, each result in single precision
 *
 * Internal.
 */
#ifndef PX_MAPPING_DEQUANTISER_H
#define PX_MAPPING_DEQUANTISER_H

#include "base/bytes.h"
#include "mapping/bit_patterns.h"

typedef enum px_dequantiser_kind {
    PX_RULE_RANK = 0,
    PX_RULE_DIVIDED = 1,
    PX_RULE_TIMES = 2,
    PX_RULE_DOUBLES = 3,
    PX_RULE_SINGLES = 4
} px_dequantiser_kind;

typedef enum px_operation_kind { PX_DIVIDE = 1, PX_MULTIPLY = 2, PX_ADD = 3 } px_operation_kind;

typedef struct px_operation {
    px_operation_kind kind;
    double constant; /* finite; more than 0, if it is not added */
} px_operation;

enum { PX_MOST_OPERATIONS = 3 };

typedef struct px_dequantiser {
    px_dequantiser_kind kind;
    unsigned count; /* of operations: 0 for ranks, 1 for divided and times */
    px_operation operations[PX_MOST_OPERATIONS];
} px_dequantiser;

/* The value of a float32 or float64. */
double px_float_value(uint64_t word, const px_number *number);

/* The value, in double precision, that a rule other than rank makes of an integer. */
static inline double px_dequantiser_value(const px_dequantiser *rule, double integer) {
    double value = integer;
    for (unsigned i = 0; i < rule->count; i++) {
        const double constant = rule->operations[i].constant;
        value = rule->operations[i].kind == PX_DIVIDE     ? value / constant
                : rule->operations[i].kind == PX_MULTIPLY ? value * constant
                                                          : value + constant;
        value = rule->kind == PX_RULE_SINGLES ? (double)(float)value : value;
    }
    return value;
}

/* The word of an integer: a rank, or a number in two's complement. */
uint64_t px_dequantiser_word(const px_dequantiser *rule, uint64_t k, const px_number *number);

/* The integer that the rule makes this word of; false if there is none. */
bool px_dequantiser_integer(const px_dequantiser *rule, uint64_t *k, uint64_t word,
                            const px_number *number);

/* What px_dequantiser_find found for words: several mappings ask for it. */
typedef struct px_found_rule {
    bool known, found;
    px_dequantiser rule;
} px_found_rule;

/* A rule for nearly all of the words, which are float32 or float64, if there is one whose steps are
 * well above those of the type. Looks at a few hundred of them, and at all where these promise
 * much.
 */
bool px_dequantiser_find(px_dequantiser *rule, const px_bit_patterns *words);

void px_dequantiser_write(px_buffer *out, const px_dequantiser *rule);

/* False, or in->failed, where it is damaged or not for these numbers. */
bool px_dequantiser_read(px_dequantiser *rule, px_reader *in, const px_number *number);

#endif
