/*
 * The elements of an array as numbers, which lossy coding approximates, and those among them that
 * must come back with every bit: NaN, infinities, and values that stand for missing data. Internal.
 */
#ifndef PX_LOSSY_VALUES_H
#define PX_LOSSY_VALUES_H

#include "mapping/bit_patterns.h"

typedef struct px_values {
    px_bit_patterns words;
    double *numbers;    /* [words.count]; of exact ones, 0 */
    bool *is_exact;     /* [words.count] */
    double least, most; /* of those that are not exact; 0 where there is none */
    /* What an error of an element counts: a scale for each run of `run` elements; NULL: 1. */
    const float *scales;
    size_t run;
} px_values;

static inline double px_value_scale(const px_values *values, size_t element) {
    return values->scales ? (double)values->scales[element / values->run] : 1;
}

/* Free with px_values_free, also on failure. Integers must fit a double. */
prism_status px_values_load(px_values *values, const prism_array *array, const void *elements,
                            prism_error *error);
void px_values_free(px_values *values);

/* The number that a word of a type stands for, and the word nearest to a number: the last one of
 * the type where that is beyond. */
double px_value_of_word(uint64_t word, prism_type type);
uint64_t px_word_of_value(double number, prism_type type);

#endif
