/*
 * The elements of an array as numbers, which lossy coding approximates, and those among them that
 * must come back with every bit: NaN, infinities, and values that stand for missing data: the one
 * that the options name, and extremes that lie far from all others. Elements stay where they are:
 * numbers of all of them would take eight times as much memory as bytes do. Internal.
 */
#ifndef PX_LOSSY_NUMBERS_H
#define PX_LOSSY_NUMBERS_H

#include "mapping/bit_patterns.h"
#include "mapping/mapping.h"

typedef struct px_numbers {
    const prism_array *array;
    px_word_view words;
    bool *is_exact;     /* [words.count]; NULL where none is */
    double least, most; /* of those that are not exact; 0 where there is none */
    px_scales scales;
    bool has_missing;
    uint64_t missing; /* the word of missing data */
} px_numbers;

static inline double px_value_scale(const px_numbers *values, size_t element) {
    const px_scales *s = &values->scales;
    return s->scales ? (double)s->scales[element / s->run] : 1;
}

/* Of an array and elements that must stay where they are. Free with px_numbers_free, also on
 * failure. `options`: what is missing; NULL: nothing that is not NaN or far from all others. */
prism_status px_numbers_load(px_numbers *values, const prism_array *array, const void *elements,
                             const prism_options *options, prism_error *error);
void px_numbers_free(px_numbers *values);

static inline bool px_is_exact(const px_numbers *values, size_t element) {
    return values->is_exact && values->is_exact[element];
}

/* Numbers of elements from `first` on. */
enum { PX_NUMBER_RUN = 512 };

typedef struct px_number_run {
    size_t first, count;
    double numbers[PX_NUMBER_RUN]; /* of exact ones, 0 */
} px_number_run;

/* The run behind this one, after that of no elements the first one; false behind the last one. */
bool px_numbers_next(const px_numbers *values, px_number_run *run);

/* numbers[count] of elements from `first` on. */
void px_numbers_get(const px_numbers *values, double *numbers, size_t first, size_t count);

/* The same of any elements. */
void px_view_numbers(const px_word_view *view, prism_type type, double *numbers, size_t first,
                     size_t count);

/* Whether a word says that there are no data: zeros of either sign are alike. */
static inline bool px_is_missing(const px_numbers *values, uint64_t word) {
    const px_number *number = values->words.number;
    const uint64_t sign = number->fraction ? px_word_sign(number) : 0;
    return values->has_missing &&
           (word == values->missing || (((word | values->missing) & ~sign) == 0));
}

/* Doubles do not tell all integers of 64 bits apart. */
static inline bool px_type_is_wide_integer(prism_type type) {
    return type == PRISM_INT64 || type == PRISM_UINT64;
}

/* The number that a word of a type stands for, and the word nearest to a number: the last one of
 * the type where that is beyond. */
double px_value_of_word(uint64_t word, prism_type type);
uint64_t px_word_of_value(double number, prism_type type);

/* How far apart neighbours of the type are at a number. */
double px_value_unit(double number, prism_type type);

/* How far apart two words are: integers exactly, but for the rounding to a double. */
double px_value_distance(uint64_t a, uint64_t b, prism_type type);

#endif
