/*
 * Few different values: a table of them in the order of their values, and places in it. For
 * integers of 8 and 16 bits it pays where the values in use are spread unevenly, as after an
 * equalisation of the contrast.
 */
#include <math.h>
#include <stdlib.h>

#include "base/effort.h"
#include "base/low_discrepancy.h"
#include "base/sizes.h"
#include "base/status.h"
#include "entropy/field_coder.h"
#include "mapping/places.h"
#include "mapping/stage.h"
#include "planes/sample.h"

enum {
    ELEMENTS_PER_VALUE = 8, /* of wide types, at least: the table itself must not count */
    SURELY_VALUES = 1 << 9,
    INDEX_VALUES =
        64, /* that many are numbered by the coder of indices itself, where it is tried */
    LOOKED_AT = 1 << 18 /* elements, to see whether there are gaps */
};

/* Bits for an element that closing the gaps must promise to be tried, and what it must save then.
 */
static const double WORTH_TRYING = 0.03, WORTH_DOING = 0.995;

/* Different words. A slot of the hash is taken if its place is not 0. */
typedef struct value_set {
    unsigned bits;    /* of places in the hash: at least twice as many as values */
    uint64_t *words;  /* [1 << bits] */
    uint32_t *places; /* [1 << bits], the place in the table + 1 */
    uint64_t *ranks;  /* [most] the table */
    size_t count, most;
} value_set;

/* For at most so many values. */
static prism_status set_alloc(value_set *set, size_t most, prism_error *error) {
    enum { LEAST_BITS = 4 };
    *set = (value_set){.bits = LEAST_BITS, .most = most < PX_MOST_VALUES ? most : PX_MOST_VALUES};
    while ((size_t)1 << set->bits < 4 * set->most)
        set->bits++;
    const size_t slots = (size_t)1 << set->bits;
    set->words = px_alloc(slots, sizeof *set->words);
    set->places = calloc(slots, sizeof *set->places);
    set->ranks = px_alloc(set->most + 1, sizeof *set->ranks);
    return set->words && set->places && set->ranks ? PRISM_OK : px_out_of_memory(error, slots * 16);
}

static void set_free(value_set *set) {
    free(set->words);
    free(set->places);
    free(set->ranks);
}

/* Where the word is, or would be. */
static size_t slot_of(const value_set *set, uint64_t word) {
    const size_t mask = ((size_t)1 << set->bits) - 1;
    size_t slot = (size_t)(word * 0x9e3779b97f4a7c15u >> (64 - set->bits));
    while (set->places[slot] && set->words[slot] != word)
        slot = (slot + 1) & mask;
    return slot;
}

static int compare_ranks(const void *a, const void *b) {
    const uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;
    return (first > second) - (first < second);
}

/* Sorts the values and numbers them. */
static void set_number(value_set *set, const px_number *number) {
    qsort(set->ranks, set->count, sizeof *set->ranks, compare_ranks);
    for (size_t i = 0; i < set->count; i++)
        set->places[slot_of(set, px_word_of_rank(set->ranks[i], number))] = (uint32_t)i + 1;
}

/* False if there are more values than the set has room for. */
static bool set_collect(value_set *set, const px_bit_patterns *words) {
    for (size_t i = 0; i < words->count; i++) {
        const uint64_t word = words->bits[i];
        if (i && word == words->bits[i - 1])
            continue;
        const size_t slot = slot_of(set, word);
        if (set->places[slot])
            continue;
        if (set->count == set->most)
            return false;
        set->words[slot] = word;
        set->places[slot] = 1;
        set->ranks[set->count++] = px_word_rank(word, words->number);
    }
    set_number(set, words->number);
    return true;
}

static void places_of(uint16_t *places, const value_set *set, const px_bit_patterns *words) {
    for (size_t i = 0; i < words->count; i++)
        places[i] = (uint16_t)(set->places[slot_of(set, words->bits[i])] - 1);
}

/* ---- The table ---- */

/* The first rank, then by how much each one passes the one before it, less 1. */
static void code_table(px_field_coder *side, uint64_t *ranks, size_t count) {
    px_integer first, step;
    px_integer_init(&first);
    px_integer_init(&step);
    uint64_t next = 0; /* the least that a rank can be */
    for (size_t i = 0; i < count; i++) {
        uint64_t more = side->out ? ranks[i] - next : 0;
        px_field_number(side, i ? &step : &first, &more);
        side->bad |= more > UINT64_MAX - next;
        ranks[i] = next + more;
        side->bad |= ranks[i] == UINT64_MAX && i + 1 < count;
        next = ranks[i] + 1;
    }
}

/* The number of values, and the values. */
static void write_table(px_buffer *out, const value_set *set) {
    px_put_varint(out, set->count);
    px_range_encoder encoder = px_range_encoder_make(out);
    code_table(&(px_field_coder){.out = &encoder}, set->ranks, set->count);
    px_range_encoder_finish(&encoder);
}

static prism_status write_places(px_coded *mapped, const px_mapping_request *request,
                                 const px_bit_patterns *words, const value_set *set,
                                 prism_error *error) {
    uint16_t *places = px_alloc(words->count, sizeof *places);
    if (!places)
        return px_out_of_memory(error, words->count * sizeof *places);
    places_of(places, set, words);
    write_table(&mapped->sections.parameters, set);
    prism_status status = px_inner_encode_integers(mapped, request, places, false, error);
    mapped->is_mapped = true;
    free(places);
    return status;
}

static prism_status encode_any_table(px_coded *mapped, const px_mapping_request *request,
                                     const px_bit_patterns *words, prism_error *error) {
    value_set set;
    prism_status status = set_alloc(&set, words->count, error);
    if (status == PRISM_OK && set_collect(&set, words))
        status = write_places(mapped, request, words, &set, error);
    set_free(&set);
    return status;
}

static const px_mapping_stage any_table = {.encode = encode_any_table};

/* Many values may be noise, which other mappings leave to plain bits. */
static prism_status is_worth_it(bool *worth, const value_set *set,
                                const px_mapping_request *request, const px_bit_patterns *words,
                                prism_error *error) {
    *worth = set->count <= SURELY_VALUES;
    return *worth
               ? PRISM_OK
               : px_mapping_compare(worth, request, words, &any_table,
                                    words->number->fraction ? &px_mapping_fixed : &px_mapping_ranks,
                                    error);
}

static prism_status encode_table(px_coded *mapped, const px_mapping_request *request,
                                 const px_bit_patterns *words, prism_error *error) {
    value_set set;
    bool worth = false;
    prism_status status = set_alloc(&set, words->count / ELEMENTS_PER_VALUE, error);
    if (status == PRISM_OK && set_collect(&set, words))
        status = is_worth_it(&worth, &set, request, words, error);
    if (status == PRISM_OK && worth)
        status = write_places(mapped, request, words, &set, error);
    set_free(&set);
    return status;
}

/* ---- For coder zstd ---- */

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
static prism_status guess_table(size_t *bytes, const value_set *set, prism_error *error) {
    enum { SOME = 1 << 10 };
    const size_t some = set->count < SOME ? set->count : SOME;
    const value_set part = {.ranks = set->ranks + (set->count - some) / 2, .count = some};
    px_buffer table = {0};
    write_table(&table, &part);
    *bytes = (size_t)((double)table.size * (double)set->count / (double)some);
    prism_status status = px_buffer_status(&table, error);
    px_buffer_free(&table);
    return status;
}

static prism_status number_elements(px_places *places, const px_bit_patterns *words,
                                    prism_error *error) {
    value_set set;
    prism_status status = set_alloc(&set, words->count / ELEMENTS_PER_PLACE, error);
    if (status == PRISM_OK && set_collect(&set, words)) {
        places->elements = px_alloc(words->count, sizeof *places->elements);
        status = places->elements ? guess_table(&places->table_bytes, &set, error)
                                  : px_out_of_memory(error, words->count);
        if (status == PRISM_OK)
            places_of(places->elements, &set, words);
    }
    set_free(&set);
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
    status = encode_any_table(mapped, &by_zstd, &words, error);
    if (status == PRISM_OK)
        status = px_sections_status(&mapped->sections, error);
    px_bit_patterns_free(&words);
    return status;
}

/* ---- Integers of 8 and 16 bits ---- */

/* How often each rank comes, in `step`s over the elements. */
static size_t count_ranks(uint32_t *counts, const prism_array *array, const uint8_t *elements,
                          size_t count, size_t step) {
    const bool wide = prism_type_size(array->type) == 2;
    const bool big = array->order == PRISM_BIG_ENDIAN;
    size_t looked = 0;
    for (size_t i = 0; i < count; i += step, looked++) {
        const uint64_t bits =
            wide ? (uint64_t)(elements[2 * i + big] | elements[2 * i + !big] << 8) : elements[i];
        counts[px_word_rank(bits, px_number_of(array->type))]++;
    }
    return looked;
}

/* Bits for an element that closing the gaps between values may save: the logarithm of the room
 * that each of them has, where they occur. *values: how many there are. */
static double worth_of_gaps(const uint32_t *counts, long long ranks, size_t elements,
                            size_t *values) {
    double bits = 0;
    long long before = -1, last = -1; /* the last two ranks in use */
    *values = 0;
    for (long long rank = 0; rank < ranks; rank++) {
        if (!counts[rank])
            continue;
        if (before >= 0)
            bits += counts[last] * log2((double)(rank - before) / 2);
        before = last;
        last = rank;
        ++*values;
    }
    return bits / (double)elements;
}

prism_status px_levels_promise(bool *promise, const px_mapping_request *request,
                               prism_error *error) {
    const prism_array *array = request->array;
    size_t size, values;
    prism_status status = prism_array_size(array, &size, error);
    const size_t ranks = (size_t)1 << 8 * prism_type_size(array->type);
    uint32_t *counts = calloc(ranks, sizeof *counts);
    if (!counts)
        return px_out_of_memory(error, ranks * sizeof *counts);
    const size_t elements = size / prism_type_size(array->type);
    const size_t looked =
        count_ranks(counts, array, request->elements, elements, elements / LOOKED_AT + 1);
    const double worth = worth_of_gaps(counts, (long long)ranks, looked, &values);
    *promise = worth > WORTH_TRYING &&
               (values > INDEX_VALUES || !px_efforts.palette[request->options->effort]);
    free(counts);
    return status;
}

static int trial_axis(const prism_array *array, const prism_options *options) {
    if (options->axis != PRISM_AXIS_AUTO || array->rank < 3)
        return options->axis;
    const int last = (int)array->rank - 1;
    return array->dims[0] < array->dims[last] ? 0 : last;
}

static prism_status trial(size_t *size, const px_sample *sample, const px_mapping_request *request,
                          prism_error *error) {
    const prism_options *options = request->options;
    const int axis = trial_axis(&sample->array, options);
    const int effort = px_efforts.trial[options->effort];
    const bool frames = axis == 0 && sample->array.rank >= 3 && !px_efforts.brisk[options->effort];
    const px_task task = {.pipeline = {frames ? PRISM_TRANSFORM_STACK : PRISM_TRANSFORM_NONE,
                                       PRISM_PREDICTOR_LSQ, PRISM_CODER_ANS, effort, axis},
                          .effort = effort,
                          .limit = 2 * sample->size};
    px_coded coded = {.is_mapped = false};
    prism_status status =
        request->inner->encode_by(&coded, &sample->array, sample->elements, &task, error);
    *size = px_coded_size(&coded);
    px_coded_free(&coded);
    return status;
}

/* The elements become their places. */
static prism_status close_gaps(px_sample *sample, const value_set *set, prism_error *error) {
    px_bit_patterns words;
    prism_status status = px_bit_patterns_alloc(&words, &sample->array, error);
    if (status != PRISM_OK)
        return status;
    px_bit_patterns_load(&words, sample->elements);
    for (size_t i = 0; i < words.count; i++)
        words.bits[i] = px_word_of_rank(set->places[slot_of(set, words.bits[i])] - 1, words.number);
    px_bit_patterns_store(&words, sample->elements);
    px_bit_patterns_free(&words);
    return PRISM_OK;
}

static prism_status try_places(bool *smaller, const px_mapping_request *request,
                               const value_set *set, prism_error *error) {
    px_sample sample;
    size_t plain = 0, closed = 0;
    prism_status status =
        px_sample_make(&sample, request->array, request->elements, request->options->effort, error);
    if (status == PRISM_OK)
        status = trial(&plain, &sample, request, error);
    if (status == PRISM_OK)
        status = close_gaps(&sample, set, error);
    if (status == PRISM_OK)
        status = trial(&closed, &sample, request, error);
    px_buffer table = {0};
    write_table(&table, set);
    *smaller = (double)closed + (double)table.size * sample.share < WORTH_DOING * (double)plain;
    if (status == PRISM_OK)
        status = px_buffer_status(&table, error);
    px_buffer_free(&table);
    px_sample_free(&sample);
    return status;
}

static prism_status encode_levels(px_coded *mapped, const px_mapping_request *request,
                                  const px_bit_patterns *words, prism_error *error) {
    value_set set;
    bool smaller = false;
    prism_status status = set_alloc(&set, words->count, error);
    if (status == PRISM_OK && set_collect(&set, words))
        status = try_places(&smaller, request, &set, error);
    if (status == PRISM_OK && smaller)
        status = write_places(mapped, request, words, &set, error);
    set_free(&set);
    return status;
}

/* ---- Decoding ---- */

static prism_status read_table(uint64_t *table, size_t count, const px_number *number,
                               px_mapping_source *source, prism_error *error) {
    px_range_decoder decoder = px_range_decoder_make(&source->parameters);
    px_field_coder side = {.in = &decoder};
    code_table(&side, table, count);
    const bool passed = number->size < 8 && table[count - 1] >> 8 * number->size;
    if (side.bad || passed || source->parameters.failed)
        return px_fail(error, PRISM_E_CORRUPT, "the table of values is damaged");
    for (size_t i = 0; i < count; i++)
        table[i] = px_word_of_rank(table[i], number);
    return PRISM_OK;
}

static prism_status look_up(void *elements, const prism_array *array, const uint64_t *table,
                            size_t count, const px_integers *places, const px_gaps *mask,
                            prism_error *error) {
    const size_t size = prism_type_size(array->type), all = (size_t)px_array_count(array);
    const bool swapped = array->order != px_native_order();
    for (size_t i = 0; i < all; i++) {
        uint64_t place = px_integer_at(places, i);
        if (place >= count && mask && px_gaps_at(mask, array, i))
            place = 0;
        if (place >= count)
            return px_fail(error, PRISM_E_CORRUPT, "place %llu of a table of %zu",
                           (unsigned long long)place, count);
        px_word_put(elements, i, size, swapped, table[place]);
    }
    return PRISM_OK;
}

static prism_status decode(void *elements, px_mapping_source *source, prism_error *error) {
    const prism_array *array = &source->chunk->array;
    const uint64_t count = px_get_varint(&source->parameters);
    if (!count || count > PX_MOST_VALUES)
        return px_fail(error, PRISM_E_CORRUPT, "a table of %llu values", (unsigned long long)count);
    uint64_t *table = px_alloc(count, sizeof *table);
    px_integers places = {.elements = NULL};
    prism_status status =
        table ? read_table(table, (size_t)count, px_number_of(array->type), source, error)
              : px_out_of_memory(error, (size_t)count * sizeof *table);
    if (status == PRISM_OK)
        status = px_inner_decode_integers(source, false, &places, error);
    if (status == PRISM_OK)
        status =
            look_up(elements, array, table, (size_t)count, &places, source->chunk->mask, error);
    free(table);
    free(places.elements);
    return status;
}

const px_mapping_stage px_mapping_table = {encode_table, decode, 0, 1, NULL};
const px_mapping_stage px_mapping_levels = {encode_levels, decode, 0, 1, NULL};
