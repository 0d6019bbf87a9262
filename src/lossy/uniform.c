/*
 * Multiples of a step from the least number on: the nearest one to each element. With a step of
 * twice the error, and one more for integers, each is within the error.
 */
#include <math.h>
#include <stdlib.h>

#include "base/sizes.h"
#include "base/status.h"
#include "lossy/stage.h"
#include "mapping/exceptions.h"

enum { LAST_PLACE = UINT16_MAX };

typedef struct quantiser {
    double origin, step; /* a place k stands for origin + k * step */
    bool has_exceptions;
} quantiser;

static uint64_t word_at(const quantiser *g, uint64_t place, prism_type type) {
    const double product = (double)place * g->step;
    return px_word_of_value(g->origin + product, type);
}

/* ---- Encoding ---- */

static bool is_integer(const px_values *values) {
    return !values->words.number->fraction;
}

/* The largest error of an element. */
static double error_of(const px_lossy_request *request) {
    const px_values *values = request->values;
    const double bound = request->bound.value;
    const double error = request->bound.kind == PRISM_BOUND_REL_MAX_ERROR
                             ? bound * (values->most - values->least)
                             : bound;
    return is_integer(values) ? floor(error) : error;
}

static quantiser quantiser_of(const px_values *values, double error) {
    const bool integer = is_integer(values);
    return (quantiser){.origin = values->least + (integer ? error : 0),
                       .step = 2 * error + (integer ? 1 : 0)};
}

/* What no place says within the error becomes an exception. */
static void find_places(uint16_t *places, bool *is_exception, quantiser *g,
                        const px_lossy_request *request, double error) {
    const px_values *values = request->values;
    const prism_type type = values->words.array->type;
    for (size_t i = 0; i < values->words.count; i++) {
        const double place = rint((values->numbers[i] - g->origin) / g->step);
        places[i] = place < 0 ? 0 : place > LAST_PLACE ? LAST_PLACE : (uint16_t)place;
        const double decoded = px_value_of_word(word_at(g, places[i], type), type);
        is_exception[i] = values->is_exact[i] || !(fabs(decoded - values->numbers[i]) <= error);
        g->has_exceptions |= is_exception[i];
    }
}

static prism_status write_all(px_coded *mapped, const px_lossy_request *request, const quantiser *g,
                              uint16_t *places, const bool *is_exception, prism_error *error) {
    const px_bit_patterns *words = &request->values->words;
    px_buffer *out = &mapped->sections.parameters;
    uint64_t bits[2];
    memcpy(&bits[0], &g->origin, sizeof bits[0]);
    memcpy(&bits[1], &g->step, sizeof bits[1]);
    px_put_u64(out, bits[0]);
    px_put_u64(out, bits[1]);
    px_put_u8(out, g->has_exceptions);
    if (g->has_exceptions) {
        px_exceptions_write(out, words, is_exception);
        px_exceptions_fill(places, is_exception, words->count);
    }
    mapped->is_mapped = true;
    return px_inner_encode_integers(mapped, request->mapping, places, false, error);
}

static prism_status encode(px_coded *mapped, const px_lossy_request *request, prism_error *error) {
    const size_t count = request->values->words.count;
    const double largest = error_of(request);
    quantiser g = quantiser_of(request->values, largest);
    if (!(largest > 0) || !isfinite(g.step) ||
        (request->values->most - request->values->least) / g.step > LAST_PLACE)
        return PRISM_OK;
    uint16_t *places = px_alloc(count, sizeof *places);
    bool *is_exception = px_alloc(count, sizeof *is_exception);
    prism_status status = places && is_exception ? PRISM_OK : px_out_of_memory(error, count * 3);
    if (status == PRISM_OK) {
        find_places(places, is_exception, &g, request, largest);
        status = write_all(mapped, request, &g, places, is_exception, error);
    }
    free(places);
    free(is_exception);
    return status;
}

/* ---- Decoding ---- */

static bool read_quantiser(quantiser *g, px_reader *in) {
    px_bound bound;
    const bool valid = px_bound_read(&bound, in);
    const uint64_t bits[2] = {px_get_u64(in), px_get_u64(in)};
    memcpy(&g->origin, &bits[0], sizeof g->origin);
    memcpy(&g->step, &bits[1], sizeof g->step);
    const uint8_t exceptions = px_get_u8(in);
    g->has_exceptions = exceptions == 1;
    return valid && !in->failed && exceptions <= 1 && isfinite(g->origin) && isfinite(g->step) &&
           g->step > 0;
}

static void restore(px_bit_patterns *words, const quantiser *g, const px_integers *places) {
    for (size_t i = 0; i < words->count; i++)
        words->bits[i] = word_at(g, px_integer_at(places, i), words->array->type);
}

static prism_status decode_words(px_bit_patterns *words, const quantiser *g,
                                 const px_integers *places, px_mapping_source *source,
                                 prism_error *error) {
    bool *is_exception = NULL;
    restore(words, g, places);
    prism_status status = PRISM_OK;
    if (g->has_exceptions)
        status = px_exceptions_read(&source->parameters, words, &is_exception, error);
    free(is_exception);
    return status;
}

static prism_status decode(void *elements, px_mapping_source *source, prism_error *error) {
    quantiser g;
    if (!read_quantiser(&g, &source->parameters))
        return px_fail(error, PRISM_E_CORRUPT, "the quantiser of the elements is damaged");
    px_integers places;
    prism_status status = px_inner_decode_integers(source, false, &places, error);
    if (status != PRISM_OK)
        return status;
    px_bit_patterns words;
    status = px_bit_patterns_alloc(&words, &source->chunk->array, error);
    if (status == PRISM_OK)
        status = decode_words(&words, &g, &places, source, error);
    if (status == PRISM_OK)
        px_bit_patterns_store(&words, elements);
    px_bit_patterns_free(&words);
    free(places.elements);
    return status;
}

const px_lossy_stage px_lossy_uniform = {
    .number = PRISM_MAPPING_UNIFORM,
    .suits = {[PRISM_BOUND_MAX_ERROR] = true, [PRISM_BOUND_REL_MAX_ERROR] = true},
    .encode = encode,
    .decoder = {.decode = decode, .decode_bytes = PX_WORD_BYTES, .chunks = 1}};
