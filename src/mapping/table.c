/*
 * Few different values: a table of them in the order of their values, and places in it. For
 * integers of 8 and 16 bits it pays where the values in use are spread unevenly, as after an
 * equalisation of the contrast.
 */
#include <math.h>
#include <stdlib.h>

#include "base/effort.h"
#include "base/sizes.h"
#include "base/status.h"
#include "entropy/field_coder.h"
#include "mapping/stage.h"
#include "planes/sample.h"

enum {
    ELEMENTS_PER_VALUE = 8, /* of wide types, at least: the table itself must not count */
    SURELY_VALUES = 1 << 9
};

/* Bits for an element that closing the gaps must promise to be tried, and what it must save then.
 */
static const double WORTH_TRYING = 0.03, WORTH_DOING = 0.995;

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

void px_table_write(px_buffer *out, const px_value_set *set) {
    px_put_varint(out, set->count);
    px_range_encoder encoder = px_range_encoder_make(out);
    code_table(&(px_field_coder){.out = &encoder}, set->ranks, set->count);
    px_range_encoder_finish(&encoder);
}

static prism_status write_places(px_coded *mapped, const px_mapping_request *request,
                                 const px_bit_patterns *words, const px_value_set *set,
                                 prism_error *error) {
    uint16_t *places = px_alloc(words->count, sizeof *places);
    if (!places)
        return px_out_of_memory(error, words->count * sizeof *places);
    px_value_set_places(places, set, words);
    px_table_write(&mapped->sections.parameters, set);
    prism_status status = px_inner_encode_integers(mapped, request, places, false, error);
    mapped->is_mapped = true;
    free(places);
    return status;
}

static prism_status encode(px_coded *mapped, const px_mapping_request *request,
                           const px_bit_patterns *words, int variant, prism_error *error) {
    px_value_set own = {.fits = false};
    (void)variant;
    const bool kept = words->values && words->values->fits;
    const px_value_set *set = kept ? words->values : &own;
    prism_status status = kept ? PRISM_OK : px_value_set_make(&own, words, words->count, error);
    if (status == PRISM_OK && set->fits)
        status = write_places(mapped, request, words, set, error);
    px_value_set_free(&own);
    return status;
}

/* Many values may be noise, which other mappings leave to plain bits. */
static prism_status look(px_verdict *verdict, const px_mapping_request *request,
                         const px_bit_patterns *words, const px_bit_patterns *part,
                         prism_error *error) {
    (void)request;
    (void)part;
    prism_status status =
        px_value_set_make(words->values, words, words->count / ELEMENTS_PER_VALUE, error);
    *verdict = !words->values->fits                    ? PX_UNLIKELY
               : words->values->count <= SURELY_VALUES ? PX_SURE
                                                       : PX_POSSIBLE;
    return status;
}

/* ---- Integers of 8 and 16 bits ---- */

bool px_levels_promise(const px_mapping_request *request) {
    const px_survey *s = request->survey;
    return s->gaps > WORTH_TRYING &&
           (s->values > PX_FEW_VALUES || !px_efforts.palette[request->options->effort]);
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
    const px_task task = {
        .pipeline = {.transform = frames ? PRISM_TRANSFORM_STACK : PRISM_TRANSFORM_NONE,
                     .predictor = PRISM_PREDICTOR_LSQ,
                     .coder = PRISM_CODER_ANS,
                     .effort = effort,
                     .axis = axis},
        .effort = effort,
        .limit = 2 * sample->size};
    px_coded coded = {.is_mapped = false};
    prism_status status =
        request->inner->encode_by(&coded, &sample->array, sample->elements, &task, error);
    *size = px_coded_size(&coded);
    px_coded_free(&coded);
    return status;
}

/* A sample of places instead of elements. Free with px_sample_free. */
static prism_status close_gaps(px_sample *closed, const px_sample *sample, const px_value_set *set,
                               prism_error *error) {
    px_bit_patterns words;
    prism_status status =
        px_sample_cut(closed, &sample->array, sample->elements, &sample->array, error);
    if (status == PRISM_OK)
        status = px_bit_patterns_alloc(&words, &sample->array, error);
    if (status != PRISM_OK)
        return status;
    px_bit_patterns_load(&words, sample->elements);
    for (size_t i = 0; i < words.count; i++)
        words.bits[i] = px_word_of_rank(px_value_set_place(set, words.bits[i]), words.number);
    px_bit_patterns_store(&words, closed->elements);
    px_bit_patterns_free(&words);
    return PRISM_OK;
}

static prism_status try_places(bool *smaller, const px_mapping_request *request,
                               const px_value_set *set, prism_error *error) {
    const px_sample *sample = &request->survey->part;
    px_sample of_places = {.elements = NULL};
    size_t plain = 0, closed = 0;
    prism_status status = trial(&plain, sample, request, error);
    if (status == PRISM_OK)
        status = close_gaps(&of_places, sample, set, error);
    if (status == PRISM_OK)
        status = trial(&closed, &of_places, request, error);
    px_buffer table = {0};
    px_table_write(&table, set);
    *smaller = (double)closed + (double)table.size * sample->share < WORTH_DOING * (double)plain;
    if (status == PRISM_OK)
        status = px_buffer_status(&table, error);
    px_buffer_free(&table);
    px_sample_free(&of_places);
    return status;
}

static prism_status look_at_levels(px_verdict *verdict, const px_mapping_request *request,
                                   const px_bit_patterns *words, const px_bit_patterns *part,
                                   prism_error *error) {
    bool smaller = false;
    (void)part;
    prism_status status = px_value_set_make(words->values, words, words->count, error);
    if (status == PRISM_OK && words->values->fits)
        status = try_places(&smaller, request, words->values, error);
    *verdict = smaller ? PX_SURE : PX_UNLIKELY;
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

typedef struct table {
    size_t count;
    uint64_t values[];
} table;

static prism_status open_table(px_opened_mapping *opened, px_mapping_source *source,
                               prism_error *error) {
    const uint64_t count = px_get_varint(&source->parameters);
    if (!count || count > PX_MOST_VALUES)
        return px_fail(error, PRISM_E_CORRUPT, "a table of %llu values", (unsigned long long)count);
    const size_t size = sizeof(table) + px_product(count, sizeof(uint64_t));
    table *t = opened->rule = px_alloc(size);
    if (!t)
        return px_out_of_memory(error, size);
    t->count = (size_t)count;
    return read_table(t->values, t->count, px_number_of(source->chunk->array.type), source, error);
}

/* Places of what is no data may be anything. */
static prism_status look_up(void *elements, const prism_array *array, const table *t,
                            const px_integers *places, const px_gaps *mask, bool lenient,
                            prism_error *error) {
    const size_t size = prism_type_size(array->type), all = (size_t)px_array_count(array);
    const bool swapped = px_is_swapped(array);
    for (size_t i = 0; i < all; i++) {
        uint64_t place = px_integer_at(places, i);
        if (place >= t->count && (lenient || (mask && px_gaps_at(mask, array, i))))
            place = 0;
        if (place >= t->count)
            return px_fail(error, PRISM_E_CORRUPT, "place %llu of a table of %zu",
                           (unsigned long long)place, t->count);
        px_word_put(elements, i, size, swapped, t->values[place]);
    }
    return PRISM_OK;
}

static prism_status decode(void *elements, px_mapping_source *source, prism_error *error) {
    px_opened_mapping opened = {.rule = NULL};
    px_integers places = {.elements = NULL};
    prism_status status = open_table(&opened, source, error);
    if (status == PRISM_OK)
        status = px_inner_decode_integers(source, &source->chunk->array, PX_NARROW_INTEGERS,
                                          &places, error);
    if (status == PRISM_OK)
        status = look_up(elements, &source->chunk->array, opened.rule, &places, source->chunk->mask,
                         false, error);
    free(opened.rule);
    free(places.elements);
    return status;
}

static prism_status map_region(const void *rule, const px_mapped_region *region, void *elements,
                               prism_error *error) {
    return look_up(elements, &region->array, rule, &region->integers, NULL, region->has_gaps,
                   error);
}

static uint64_t table_memory(const px_chunk *chunk) {
    px_reader parameters = px_reader_make(chunk->parameters, chunk->parameter_size);
    px_get_u8(&parameters); /* the mapping */
    return sizeof(table) + px_get_varint(&parameters) % (PX_MOST_VALUES + 1) * sizeof(uint64_t);
}

static const px_mapping_regions regions = {.memory = table_memory,
                                           .open = open_table,
                                           .close = free,
                                           .map = map_region,
                                           .types = PX_NARROW_INTEGERS};

const px_mapping_stage px_mapping_table = {
    .number = PRISM_MAPPING_TABLE, .decode = decode, .chunks = 1, .regions = &regions};

const px_mapping_encoder px_by_table = {.stage = &px_mapping_table, .look = look, .encode = encode};
const px_mapping_encoder px_by_levels = {
    .stage = &px_mapping_table, .look = look_at_levels, .encode = encode, .whole = true};
