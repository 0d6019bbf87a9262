/*
 * Dequantised embeddings: at each position, all channels (the last axis) are integers of 8 bits
 * times one scale, rounded to float32. The scales are what the largest magnitude of a position
 * leaves when it is divided by its integer, often 127.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/sizes.h"
#include "base/status.h"
#include "mapping/dequantiser.h"
#include "mapping/stage.h"

enum {
    LARGEST = 127,
    LEAST_CHANNELS = 4, /* fewer say too little of the scale */
    NEIGHBOURS = 2      /* floats to either side that a rounded quotient may miss */
};

typedef struct scaled {
    size_t positions, channels;
    int8_t *integers; /* [positions][channels] */
    float *scales;    /* [positions] */
    int last;         /* the largest integer of the position before */
} scaled;

static prism_status scaled_alloc(scaled *s, const prism_array *array, size_t count,
                                 prism_error *error) {
    s->channels = (size_t)array->dims[array->rank - 1];
    s->positions = count / s->channels;
    s->integers = px_alloc(count, sizeof *s->integers);
    s->scales = px_alloc(s->positions, sizeof *s->scales);
    s->last = LARGEST;
    return s->integers && s->scales ? PRISM_OK : px_out_of_memory(error, count * 2);
}

static void scaled_free(scaled *s) {
    free(s->integers);
    free(s->scales);
}

static uint64_t word_of(int integer, float scale) {
    const float product = (float)integer * scale;
    uint32_t bits;
    memcpy(&bits, &product, sizeof bits);
    return bits;
}

/* ---- Encoding ---- */

static bool holds(int8_t *integers, const uint64_t *words, size_t channels, float scale,
                  const px_number *number) {
    for (size_t c = 0; c < channels; c++) {
        const double near = rint(px_float_value(words[c], number) / scale);
        if (!(fabs(near) <= LARGEST + 1) || near > LARGEST || word_of((int)near, scale) != words[c])
            return false;
        integers[c] = (int8_t)near;
    }
    return true;
}

/* Scales that make `most` of this integer: its quotient, and its neighbours. */
static bool try_integer(scaled *s, size_t position, const uint64_t *words, double most, int integer,
                        const px_number *number) {
    float scale = (float)(most / integer);
    for (int i = 0; i < NEIGHBOURS; i++)
        scale = nextafterf(scale, 0);
    for (int i = -NEIGHBOURS; i <= NEIGHBOURS; i++, scale = nextafterf(scale, INFINITY))
        if (scale >= FLT_MIN &&
            holds(s->integers + position * s->channels, words, s->channels, scale, number)) {
            s->scales[position] = scale;
            s->last = integer;
            return true;
        }
    return false;
}

static int common_divisor(const int8_t *integers, size_t channels) {
    int divisor = 0;
    for (size_t c = 0; c < channels; c++)
        for (int other = abs(integers[c]); other;) {
            const int rest = divisor % other;
            divisor = other;
            other = rest;
        }
    return divisor;
}

/* Twice the integers at half the scale are the same elements, but not like their neighbours. */
static bool reduce(scaled *s, size_t position, const uint64_t *words, double most,
                   const px_number *number) {
    const int integer = s->last;
    const int divisor = common_divisor(s->integers + position * s->channels, s->channels);
    return divisor <= 1 || try_integer(s, position, words, most, integer / divisor, number) ||
           try_integer(s, position, words, most, integer, number);
}

static bool find_scale(scaled *s, size_t position, const uint64_t *words, const px_number *number) {
    double most = 0;
    for (size_t c = 0; c < s->channels; c++) {
        if (!px_float_is_normal(words[c], number) || words[c] == px_word_sign(number))
            return false;
        most = fmax(most, fabs(px_float_value(words[c], number)));
    }
    if (most == 0) {
        memset(s->integers + position * s->channels, 0, s->channels);
        s->scales[position] = position ? s->scales[position - 1] : 1;
        return true;
    }
    if (try_integer(s, position, words, most, s->last, number))
        return reduce(s, position, words, most, number);
    for (int integer = LARGEST + 1; integer > 0; integer--)
        if (integer != s->last && try_integer(s, position, words, most, integer, number))
            return reduce(s, position, words, most, number);
    return false;
}

/* The scales have the shape of the array with one channel. */
static prism_array scales_array(const prism_array *array) {
    prism_array scales = *array;
    scales.dims[scales.rank - 1] = 1;
    scales.order = px_native_order();
    return scales;
}

static prism_status write_all(px_coded *mapped, const px_mapping_request *request, const scaled *s,
                              prism_error *error) {
    prism_array integers = *request->array;
    const prism_array scales = scales_array(request->array);
    const prism_options as_found = {.effort = request->options->effort,
                                    .axis = PRISM_AXIS_AUTO,
                                    .threads = request->options->threads};
    px_mapping_request for_scales = *request;
    for_scales.options = &as_found;
    integers.type = PRISM_INT8;
    prism_status status = px_inner_encode(mapped, &for_scales, &scales, s->scales, error);
    if (status == PRISM_OK) /* the pipeline of the integers is that of the chunk */
        status = px_inner_encode(mapped, request, &integers, s->integers, error);
    mapped->is_mapped = true;
    return status;
}

static bool may_be_scaled(const prism_array *array) {
    return array->type == PRISM_FLOAT32 && array->rank >= 2 &&
           array->dims[array->rank - 1] >= LEAST_CHANNELS;
}

static prism_status encode(px_coded *mapped, const px_mapping_request *request,
                           const px_bit_patterns *words, int variant, prism_error *error) {
    (void)variant;
    if (!may_be_scaled(words->array))
        return PRISM_OK;
    scaled s;
    size_t found = 0;
    prism_status status = scaled_alloc(&s, request->array, words->count, error);
    while (status == PRISM_OK && found < s.positions &&
           find_scale(&s, found, words->bits + found * s.channels, words->number))
        found++;
    if (status == PRISM_OK && found == s.positions)
        status = write_all(mapped, request, &s, error);
    scaled_free(&s);
    return status;
}

/* ---- Decoding ---- */

/* The scales of all positions. */
typedef struct scales {
    prism_array array;
    void *elements; /* owned */
} scales;

static float scale_at(const scales *s, size_t position) {
    const bool swapped = px_is_swapped(&s->array);
    const uint64_t word = px_word_at(s->elements, position, sizeof(float), swapped);
    return (float)px_float_value(word, px_number_of(s->array.type));
}

/* Those of places without data may be anything. */
static prism_status check_scales(const scales *s, const px_gaps *mask, prism_error *error) {
    const px_gaps *gaps = px_gaps_for(mask, &s->array);
    const size_t positions = (size_t)px_array_count(&s->array);
    for (size_t p = 0; p < positions; p++) {
        const float scale = scale_at(s, p);
        if ((!(scale > 0) || !isfinite(scale)) && !(gaps && px_gaps_at(gaps, &s->array, p)))
            return px_fail(error, PRISM_E_CORRUPT, "a scale is not above 0");
    }
    return PRISM_OK;
}

static prism_status open_scales(px_opened_mapping *opened, px_mapping_source *source,
                                prism_error *error) {
    if (!may_be_scaled(&source->chunk->array))
        return px_fail(error, PRISM_E_CORRUPT, "these elements have no scales");
    scales *s = opened->rule = px_alloc_zeroed(sizeof *s);
    if (!s)
        return px_out_of_memory(error, sizeof *s);
    s->array = scales_array(&source->chunk->array);
    prism_status status =
        px_inner_decode(source, &s->array, 1u << PRISM_FLOAT32, &s->elements, error);
    return status == PRISM_OK ? check_scales(s, source->chunk->mask, error) : status;
}

static void close_scales(void *rule) {
    scales *s = rule;
    if (s)
        free(s->elements);
    free(s);
}

/* Products of integers[positions][channels] in the elements, scales[positions]. */
static void multiply(void *elements, const prism_array *array, const int8_t *integers,
                     const scales *s) {
    const size_t channels = (size_t)array->dims[array->rank - 1];
    const size_t positions = (size_t)px_array_count(&s->array), size = sizeof(float);
    const bool swapped = px_is_swapped(array);
    for (size_t p = 0; p < positions; p++) {
        const float scale = scale_at(s, p);
        for (size_t i = p * channels; i < (p + 1) * channels; i++)
            px_word_put(elements, i, size, swapped, word_of(integers[i], scale));
    }
}

static prism_status decode(void *elements, px_mapping_source *source, prism_error *error) {
    prism_array array = source->chunk->array;
    px_opened_mapping opened = {.rule = NULL};
    void *integers = NULL;
    prism_status status = open_scales(&opened, source, error);
    if (status == PRISM_OK)
        status = px_inner_decode(source, &array, 1u << PRISM_INT8, &integers, error);
    if (status == PRISM_OK)
        multiply(elements, &source->chunk->array, integers, opened.rule);
    close_scales(opened.rule);
    free(integers);
    return status;
}

static prism_status map_region(const void *rule, const px_mapped_region *region, void *elements,
                               prism_error *error) {
    const scales *all = rule;
    scales s = {.array = all->array};
    px_box box = *region->box;
    const unsigned last = s.array.rank - 1;
    memcpy(s.array.dims, box.count, s.array.rank * sizeof *box.count);
    box.start[last] = 0;
    box.count[last] = s.array.dims[last] = 1;
    const size_t size = px_product(px_array_count(&s.array), sizeof(float));
    s.elements = px_alloc(size);
    if (!s.elements)
        return px_out_of_memory(error, size);
    px_box_copy(&box, &all->array, all->elements, s.elements);
    multiply(elements, &region->array, region->integers.elements, &s);
    free(s.elements);
    return PRISM_OK;
}

static uint64_t scales_memory(const px_chunk *chunk) {
    (void)chunk;
    return sizeof(scales);
}

static const px_mapping_regions regions = {.memory = scales_memory,
                                           .open = open_scales,
                                           .close = close_scales,
                                           .map = map_region,
                                           .types = 1u << PRISM_INT8};

const px_mapping_stage px_mapping_scaled = {
    .number = PRISM_MAPPING_SCALED, .decode = decode, .chunks = 2, .regions = &regions};

const px_mapping_encoder px_by_scaled = {.stage = &px_mapping_scaled, .encode = encode};
