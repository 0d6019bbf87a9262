#include "mapping/bit_patterns.h"

#include <stdlib.h>
#include <string.h>

#include "base/sizes.h"
#include "base/status.h"

prism_status px_bit_patterns_alloc(px_bit_patterns *words, const prism_array *array,
                                   prism_error *error) {
    size_t size;
    *words = (px_bit_patterns){.array = array};
    prism_status status = prism_array_size(array, &size, error);
    if (status != PRISM_OK)
        return status;
    words->number = px_number_of(array->type);
    words->count = size / words->number->size;
    words->bits = px_alloc(words->count, sizeof *words->bits);
    return words->bits ? PRISM_OK : px_out_of_memory(error, words->count * sizeof *words->bits);
}

void px_bit_patterns_free(px_bit_patterns *words) {
    free(words->bits);
    words->bits = NULL;
}

px_word_view px_word_view_of(const prism_array *array, const void *elements) {
    const px_number *number = px_number_of(array->type);
    return (px_word_view){.elements = elements,
                          .count = (size_t)px_array_count(array),
                          .size = number->size,
                          .swapped = px_is_swapped(array),
                          .number = number};
}

px_word_view px_bit_patterns_view(const px_bit_patterns *words) {
    return (px_word_view){.elements = words->bits,
                          .count = words->count,
                          .size = sizeof *words->bits,
                          .number = words->number};
}

/* One loop for each size: which it is, the compiler knows. */
void px_bit_patterns_load(px_bit_patterns *words, const void *elements) {
    const bool swapped = px_is_swapped(words->array);
    const size_t count = words->count;
    switch (words->number->size) {
    case 1:
        for (size_t i = 0; i < count; i++)
            words->bits[i] = px_word_at(elements, i, 1, false);
        break;
    case 2:
        for (size_t i = 0; i < count; i++)
            words->bits[i] = px_word_at(elements, i, 2, swapped);
        break;
    case 4:
        for (size_t i = 0; i < count; i++)
            words->bits[i] = px_word_at(elements, i, 4, swapped);
        break;
    default:
        for (size_t i = 0; i < count; i++)
            words->bits[i] = px_word_at(elements, i, 8, swapped);
    }
}

void px_bit_patterns_store(const px_bit_patterns *words, void *elements) {
    const bool swapped = px_is_swapped(words->array);
    const size_t count = words->count;
    switch (words->number->size) {
    case 1:
        for (size_t i = 0; i < count; i++)
            px_word_put(elements, i, 1, false, words->bits[i]);
        break;
    case 2:
        for (size_t i = 0; i < count; i++)
            px_word_put(elements, i, 2, swapped, words->bits[i]);
        break;
    case 4:
        for (size_t i = 0; i < count; i++)
            px_word_put(elements, i, 4, swapped, words->bits[i]);
        break;
    default:
        for (size_t i = 0; i < count; i++)
            px_word_put(elements, i, 8, swapped, words->bits[i]);
    }
}
