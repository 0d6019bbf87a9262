/* Ascending order of numbers. None of the doubles is NaN. Internal. */
#ifndef PX_BASE_SORT_H
#define PX_BASE_SORT_H

#include <stddef.h>
#include <stdint.h>

void px_sort_words(uint64_t *words, size_t count);

void px_sort_doubles(double *values, size_t count);

/* How many different words there are; sorts them. */
size_t px_count_different(uint64_t *words, size_t count);

#endif
