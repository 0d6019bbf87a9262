#include "base/sort.h"

#include <stdlib.h>

static int compare_words(const void *a, const void *b) {
    const uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;
    return (first > second) - (first < second);
}

static int compare_doubles(const void *a, const void *b) {
    const double first = *(const double *)a, second = *(const double *)b;
    return (first > second) - (first < second);
}

void px_sort_words(uint64_t *words, size_t count) {
    qsort(words, count, sizeof *words, compare_words);
}

void px_sort_doubles(double *values, size_t count) {
    qsort(values, count, sizeof *values, compare_doubles);
}

size_t px_count_different(uint64_t *words, size_t count) {
    size_t different = count > 0;
    px_sort_words(words, count);
    for (size_t i = 1; i < count; i++)
        different += words[i] != words[i - 1];
    return different;
}
