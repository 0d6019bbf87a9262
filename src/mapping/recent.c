#include "mapping/recent.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/effort.h"
#include "base/sizes.h"
#include "base/sort.h"
#include "base/status.h"
#include "mapping/stage.h"

/* Values in use, as words of elements; what comes often gets to the front. */
enum { MOST_RECENT = UINT8_MAX, RECENT = 16 };

typedef struct recent {
    uint64_t words[MOST_RECENT];
    size_t count, most;
} recent;

static void put_at(recent *r, size_t place, size_t from, uint64_t word) {
    memmove(r->words + place + 1, r->words + place, (from - place) * sizeof *r->words);
    r->words[place] = word;
}

static void use(recent *r, size_t place) {
    put_at(r, place / 2, place, r->words[place]);
}

static void add(recent *r, uint64_t word) {
    const size_t place = r->count / 4;
    r->count += r->count < r->most;
    put_at(r, place, r->count - 1, word);
}

/* r->most if the word is not in use. */
static size_t find(const recent *r, uint64_t word) {
    size_t place = 0;
    while (place < r->count && r->words[place] != word)
        place++;
    return place < r->count ? place : r->most;
}

/* The place of a word in the list, which then knows it. */
static size_t place_of(recent *r, uint64_t word) {
    const size_t place = find(r, word);
    if (place < r->most)
        use(r, place);
    else
        add(r, word);
    return place;
}

/* ---- Is it worth it? ---- */

enum { PARTS = 8, PART = 1 << 9, LEAST_VALUES = 64 };

/* So many elements of a part must be in use, and so many not be the one before: coders get runs. Of
 * rows that share numbers with the rows before, as cells of a mesh do, half are enough. */
static const double USED = 0.6, USED_OF_ROWS = 0.5, OTHERS = 0.25;
enum { LONGEST_ROW = 16 };

static bool promises(const prism_array *array, const void *elements) {
    const size_t size = prism_type_size(array->type), count = (size_t)px_array_count(array);
    uint64_t words[PARTS * PART];
    size_t used = 0, others = 0;
    for (size_t p = 0; p < PARTS; p++) {
        recent r = {.most = RECENT};
        for (size_t i = 0; i < PART; i++) {
            const size_t at = (count - PART) / (PARTS - 1) * p + i;
            uint64_t *word = words + p * PART + i;
            *word = px_word_at(elements, at, size, false);
            const bool known = place_of(&r, *word) < RECENT;
            used += known;
            others += known && *word != word[i ? -1 : 0];
        }
    }
    const double least = array->rank > 1 ? USED_OF_ROWS : USED;
    return (double)used >= least * PARTS * PART && (double)others >= OTHERS * PARTS * PART &&
           px_count_different(words, PARTS * PART) > LEAST_VALUES;
}

/* A column, or short rows of integers, which may be the corners of cells. */
static bool is_list(const prism_array *array) {
    return array->rank == 1 || (array->rank == 2 && array->dims[1] <= LONGEST_ROW &&
                                !px_number_of(array->type)->fraction);
}

/* Lists of wide elements that nothing is asked for. */
static bool suits(const px_mapping_request *request) {
    const prism_options *o = request->options;
    const prism_array *array = request->array;
    return request->depth == 0 && !request->mask && is_list(array) &&
           prism_type_size(array->type) >= sizeof(uint32_t) &&
           px_array_count(array) >= PARTS * PART && !px_efforts.brisk[o->effort] &&
           o->axis == PRISM_AXIS_AUTO && px_options_are_open(o);
}

/* ---- Encoding ---- */

/* *fresh: elements that were not in use, at the beginning of `values`. */
static void map(uint8_t *places, uint8_t *values, size_t *fresh, const prism_array *array,
                const uint8_t *elements) {
    const size_t size = prism_type_size(array->type), count = (size_t)px_array_count(array);
    recent r = {.most = RECENT};
    *fresh = 0;
    for (size_t i = 0; i < count; i++) {
        places[i] = (uint8_t)place_of(&r, px_word_at(elements, i, size, false));
        if (places[i] == RECENT)
            memcpy(values + (*fresh)++ * size, elements + i * size, size);
    }
}

static prism_status put_chunks(px_coded *mapped, const px_mapping_request *request,
                               const uint8_t *places, const uint8_t *values, size_t fresh,
                               prism_error *error) {
    const px_chunk_role role = {.depth = request->depth + 1, .distinct = true};
    px_buffer *payload = &mapped->sections.payload;
    prism_array array = {request->array->type, request->array->order, 1, {fresh}};
    px_pipeline of_values;
    prism_status status =
        px_inner_put(payload, &of_values, request, &array, values, request->options, role, error);
    array = *request->array;
    array.type = PRISM_UINT8;
    array.order = PRISM_LITTLE_ENDIAN;
    return status == PRISM_OK ? px_inner_put(payload, &mapped->pipeline, request, &array, places,
                                             request->options, role, error)
                              : status;
}

static prism_status encode(px_coded *mapped, const px_mapping_request *request,
                           prism_error *error) {
    const size_t count = (size_t)px_array_count(request->array);
    const size_t size = prism_type_size(request->array->type);
    uint8_t *places = px_alloc(count), *values = px_alloc(count, size);
    prism_status status = places && values ? PRISM_OK : px_out_of_memory(error, count * size);
    if (status == PRISM_OK) {
        size_t fresh;
        map(places, values, &fresh, request->array, request->elements);
        px_put_u8(&mapped->sections.parameters, PRISM_MAPPING_RECENT);
        px_put_u8(&mapped->sections.parameters, RECENT);
        px_put_varint(&mapped->sections.parameters, fresh);
        status = put_chunks(mapped, request, places, values, fresh, error);
    }
    free(places);
    free(values);
    return status;
}

prism_status px_recent_encode(px_coded *mapped, const px_mapping_request *request,
                              prism_error *error) {
    *mapped = (px_coded){.is_mapped = false};
    if (!suits(request) || !promises(request->array, request->elements))
        return PRISM_OK;
    mapped->is_mapped = true;
    return px_coded_finish(mapped, encode(mapped, request, error), error);
}

/* ---- Decoding ---- */

static prism_status restore(uint8_t *elements, const prism_array *array, recent *r,
                            const uint8_t *places, const uint8_t *values, size_t fresh,
                            prism_error *error) {
    const size_t size = prism_type_size(array->type), count = (size_t)px_array_count(array);
    size_t taken = 0;
    for (size_t i = 0; i < count; i++) {
        const size_t place = places[i];
        if (place == r->most ? taken == fresh : place >= r->count)
            return px_fail(error, PRISM_E_CORRUPT, "place %zu of %zu recent elements", place,
                           r->count);
        if (place < r->most) {
            px_word_put(elements, i, size, false, r->words[place]);
            use(r, place);
        } else {
            memcpy(elements + i * size, values + taken * size, size);
            add(r, px_word_at(values, taken++, size, false));
        }
    }
    return taken == fresh ? PRISM_OK
                          : px_fail(error, PRISM_E_CORRUPT, "fresh elements that are not used");
}

static prism_status decode(void *elements, px_mapping_source *source, prism_error *error) {
    const prism_array *array = &source->chunk->array;
    recent r = {.most = px_get_u8(&source->parameters)};
    const uint64_t fresh = px_get_varint(&source->parameters);
    prism_array values = {.type = array->type, .rank = 1, .dims = {fresh}}, places = *array;
    void *of_values = NULL, *of_places = NULL;
    if (source->depth || source->chunk->mask || !r.most || !fresh || fresh > px_array_count(array))
        return px_fail(error, PRISM_E_CORRUPT, "recent elements are not those of this array");
    prism_status status = px_inner_decode(source, &values, 1u << array->type, &of_values, error);
    if (status == PRISM_OK && values.order != array->order)
        status = px_fail(error, PRISM_E_CORRUPT, "fresh elements have another byte order");
    if (status == PRISM_OK)
        status = px_inner_decode(source, &places, 1u << PRISM_UINT8, &of_places, error);
    if (status == PRISM_OK)
        status = restore(elements, array, &r, of_places, of_values, (size_t)fresh, error);
    free(of_values);
    free(of_places);
    return status;
}

const px_mapping_stage px_mapping_recent = {
    .number = PRISM_MAPPING_RECENT, .decode = decode, .chunks = 2};
