#include "mapping/places.h"

#include <stdlib.h>

#include "base/low_discrepancy.h"
#include "base/sizes.h"
#include "base/status.h"
#include "mapping/stage.h"
#include "mapping/value_set.h"

enum { ELEMENTS_PER_PLACE = 2, LOOKED_AT_FIRST = 1 << 12 };

/* Of some elements all over the array that differ from those before them, that many at least are
 * the same as others where a table may pay. */
static const double LEAST_REPEATED = 0.15;

static bool may_repeat(const prism_array *array, const void *elements) {
    enum { BITS = 13 };
    const size_t width = prism_type_size(array->type), count = (size_t)px_array_count(array);
    const size_t step = count / LOOKED_AT_FIRST + 1;
    uint64_t some[1 << BITS] = {0};
    size_t looked = 0, repeated = 0;
    for (size_t i = 0; i < count / step; i++) {
        const size_t at = px_low_discrepancy(i, step);
        const uint64_t word = px_word_at(elements, at, width, false);
        uint64_t *slot = &some[word * 0x9e3779b97f4a7c15u >> (64 - BITS)];
        if (at > 0 && px_word_at(elements, at - 1, width, false) == word)
            continue;
        looked++;
        repeated += *slot == word;
        *slot = word;
    }
    return (double)repeated > LEAST_REPEATED * (double)looked;
}

/* About the bytes of the table, by some of it: to code all takes long. */
static prism_status guess_table(size_t *bytes, const px_value_set *set, prism_error *error) {
    enum { SOME = 1 << 10 };
    const size_t some = set->count < SOME ? set->count : SOME;
    const px_value_set part = {.ranks = set->ranks + (set->count - some) / 2, .count = some};
    px_buffer table = {0};
    px_table_write(&table, &part);
    *bytes = (size_t)((double)table.size * (double)set->count / (double)some);
    prism_status status = px_buffer_status(&table, error);
    px_buffer_free(&table);
    return status;
}

static prism_status number_elements(px_places *places, const px_bit_patterns *words,
                                    prism_error *error) {
    px_value_set set;
    prism_status status = px_value_set_make(&set, words, words->count / ELEMENTS_PER_PLACE, error);
    if (status == PRISM_OK && set.fits) {
        places->elements = px_alloc(words->count, sizeof *places->elements);
        status = places->elements ? guess_table(&places->table_bytes, &set, error)
                                  : px_out_of_memory(error, words->count);
        if (status == PRISM_OK)
            px_value_set_places(places->elements, &set, words);
    }
    px_value_set_free(&set);
    return status;
}

prism_status px_places_make(px_places *places, const prism_array *array, const void *elements,
                            prism_error *error) {
    px_bit_patterns words;
    *places = (px_places){.array = *array};
    places->array.type = PRISM_UINT16;
    places->array.order = px_native_order();
    if (prism_type_size(array->type) < sizeof(uint32_t) || !may_repeat(array, elements))
        return PRISM_OK;
    prism_status status = px_bit_patterns_alloc(&words, array, error);
    if (status != PRISM_OK)
        return status;
    px_bit_patterns_load(&words, elements);
    status = number_elements(places, &words, error);
    px_bit_patterns_free(&words);
    return status;
}

void px_places_free(px_places *places) {
    free(places->elements);
    *places = (px_places){.elements = NULL};
}

prism_status px_places_encode(px_coded *mapped, const px_mapping_request *request,
                              prism_error *error) {
    prism_options options = *request->options;
    px_mapping_request by_zstd = *request;
    px_bit_patterns words;
    *mapped = (px_coded){.is_mapped = false};
    options.coder = PRISM_CODER_ZSTD;
    by_zstd.options = &options;
    prism_status status = px_bit_patterns_alloc(&words, request->array, error);
    if (status != PRISM_OK)
        return status;
    px_bit_patterns_load(&words, request->elements);
    px_put_u8(&mapped->sections.parameters, PRISM_MAPPING_TABLE);
    status = px_by_table.encode(mapped, &by_zstd, &words, 0, error);
    px_bit_patterns_free(&words);
    return px_coded_finish(mapped, status, error);
}
