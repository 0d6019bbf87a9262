/*
 * Elements that a mapping cannot say by its rule: NaNs, infinities, -0.0, values off the lattice.
 * They come in runs of equal bits, since what is missing is missing in regions. Internal.
 */
#ifndef PX_MAPPING_EXCEPTIONS_H
#define PX_MAPPING_EXCEPTIONS_H

#include "base/bytes.h"
#include "mapping/bit_patterns.h"
#include "planes/box.h"
#include "planes/holes.h"

/* There are no more runs than one for so many elements: other mappings do better. */
enum { PX_ELEMENTS_PER_RUN = 32 };

/* The values of words, in any unit; of those that are exceptions, any. */
typedef void (*px_values_of)(double *values, const void *context, const bool *is_exception,
                             size_t first, size_t count);

/*
 * Makes exceptions of the words that a value stands for which is far from all others, like the one
 * of missing data: without it, integers of 16 bits say more of the rest.
 */
void px_exceptions_add_outliers(bool *is_exception, size_t count, px_values_of values_of,
                                const void *context);

/* Integers for exceptions that cost little: the one before, or, in long runs, the usual one. */
void px_exceptions_fill(uint16_t *integers, const bool *is_exception, size_t count);

/* How many runs there are; `is_exception` has an entry for each word. */
size_t px_exception_runs(const px_word_view *words, const bool *is_exception);

/* A range-coded section: all runs of the words. */
void px_exceptions_write(px_buffer *out, const px_word_view *words, const bool *is_exception);

/*
 * Words of an array, of which exceptions are those of the runs, if there are any, and elements
 * without data: they have word 0, unless a run has another for them. All else is to be filled.
 * *is_exception has an entry for each word, or is NULL: malloc'ed, the caller's, also on failure.
 */
prism_status px_exceptions_take(px_bit_patterns *words, bool **is_exception,
                                const prism_array *array, px_reader *runs, const px_gaps *mask,
                                prism_error *error);

/* Puts the exceptions of all runs into the elements of an array. */
prism_status px_exceptions_restore(px_reader *in, const prism_array *array, void *elements,
                                   prism_error *error);

/* The same for parts of an array: all runs, and those of a part put in their places. Zeroed at
 * first; px_exception_list_free also after a failure. */
typedef struct px_exception_run {
    size_t start, length; /* in elements of the array */
    uint64_t pattern;
} px_exception_run;

typedef struct px_exception_list {
    px_exception_run *runs;
    size_t count, capacity;
} px_exception_list;

prism_status px_exception_list_read(px_exception_list *list, px_reader *in,
                                    const prism_array *array, prism_error *error);
void px_exception_list_free(px_exception_list *list);

/* `elements`: those of the box, in C order. */
void px_exception_list_put(const px_exception_list *list, const px_box *box,
                           const prism_array *array, void *elements);

#endif
