/*
 * Values that are all multiples of a step from the least one: integers of 32 and 64 bits, decimals
 * and other floats that a rule makes from integers. A place on the lattice is coded in up to 16
 * bits; what is left below them is noise, as a rule, and stored plain.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/sizes.h"
#include "base/status.h"
#include "mapping/bypass_bits.h"
#include "mapping/dequantiser.h"
#include "mapping/differences.h"
#include "mapping/exceptions.h"
#include "mapping/stage.h"

enum { CODED_BITS = 16, MOST_PLAIN_BITS = 64 - CODED_BITS };

/* Runs of exceptions that are too many: another mapping does better. */
static const double MANY_EXCEPTIONS = 1.0 / PX_ELEMENTS_PER_RUN;

static const uint64_t TOP = (uint64_t)1 << 63;

typedef struct lattice {
    px_dequantiser rule;
    uint64_t least, step;
    unsigned plain; /* bits of a place that are not coded */
    bool has_exceptions;
    px_differences differences; /* of places; not with exceptions */
    uint64_t lowest;            /* of the differences */
} lattice;

/* The integer of a rule as an unsigned number in the same order: ranks are so already, others are
 * signed. */
static uint64_t ordered(const px_dequantiser *rule, uint64_t k) {
    return rule->kind == PX_RULE_RANK ? k : k ^ TOP;
}

/* ---- Encoding ---- */

typedef struct plan {
    lattice lattice;
    uint64_t *places; /* [words] */
    uint16_t *coded;  /* their upper bits */
    bool *is_exception;
} plan;

static void plan_free(plan *p) {
    free(p->places);
    free(p->coded);
    free(p->is_exception);
}

static prism_status plan_alloc(plan *p, size_t count, prism_error *error) {
    *p = (plan){.places = px_alloc(count, sizeof *p->places),
                .coded = px_alloc(count, sizeof *p->coded),
                .is_exception = px_alloc(count, sizeof *p->is_exception)};
    return p->places && p->coded && p->is_exception ? PRISM_OK
                                                    : px_out_of_memory(error, count * 11);
}

static void values_of(double *values, const void *context, const bool *is_exception, size_t first,
                      size_t count) {
    const plan *p = context;
    for (size_t i = 0; i < count; i++)
        values[i] = is_exception[first + i] ? 0 : (double)p->places[first + i];
}

/* Ordered integers in `places`. False if there are too many exceptions. */
static bool apply_rule(plan *p, const px_bit_patterns *words, bool with_outliers) {
    const px_dequantiser *rule = &p->lattice.rule;
    const px_word_view view = px_bit_patterns_view(words);
    p->lattice.has_exceptions = false;
    for (size_t i = 0; i < words->count; i++) {
        uint64_t k = 0;
        p->is_exception[i] = !px_dequantiser_integer(rule, &k, words->bits[i], words->number);
        p->places[i] = ordered(rule, k);
    }
    if (with_outliers)
        px_exceptions_add_outliers(p->is_exception, words->count, values_of, p);
    for (size_t i = 0; i < words->count; i++)
        p->lattice.has_exceptions |= p->is_exception[i];
    return !p->lattice.has_exceptions || (double)px_exception_runs(&view, p->is_exception) <=
                                             MANY_EXCEPTIONS * (double)words->count;
}

static uint64_t greatest_common_divisor(uint64_t a, uint64_t b) {
    while (b) {
        const uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Division that leaves no rest, by a product with the inverse modulo 2^64 (T. Granlund and
 * P. Montgomery, "Division by invariant integers using multiplication", 1994). */
typedef struct divisor {
    uint64_t inverse; /* of the odd part */
    uint64_t most;    /* quotients are at most that; products of others are more */
    unsigned zeros;
} divisor;

static divisor divisor_of(uint64_t number) {
    divisor d = {.zeros = (unsigned)__builtin_ctzll(number)};
    const uint64_t odd = number >> d.zeros;
    d.inverse = odd; /* right in three bits, then in twice as many with each step */
    for (int bits = 3; bits < 64; bits *= 2)
        d.inverse *= 2 - odd * d.inverse;
    d.most = UINT64_MAX / odd;
    return d;
}

static uint64_t quotient(const divisor *d, uint64_t multiple) {
    return (multiple >> d->zeros) * d->inverse;
}

static bool divides(const divisor *d, uint64_t number) {
    return !(number & (((uint64_t)1 << d->zeros) - 1)) && quotient(d, number) <= d->most;
}

/* Of all places; 1 if all are 0. */
static uint64_t common_step(const uint64_t *places, size_t count) {
    uint64_t step = 0;
    divisor d = {0};
    for (size_t i = 0; i < count && step != 1; i++) {
        if (!places[i] || (step && divides(&d, places[i])))
            continue;
        step = greatest_common_divisor(step, places[i]);
        d = divisor_of(step);
    }
    return step ? step : 1;
}

/* Ordered integers to places, 0 for exceptions. Returns the last place of all. */
static uint64_t find_places(plan *p, size_t count) {
    lattice *l = &p->lattice;
    l->least = UINT64_MAX;
    for (size_t i = 0; i < count; i++)
        if (!p->is_exception[i] && p->places[i] < l->least)
            l->least = p->places[i];
    uint64_t last = 0;
    for (size_t i = 0; i < count; i++) {
        const uint64_t place = p->places[i] = p->is_exception[i] ? 0 : p->places[i] - l->least;
        last = last > place ? last : place;
    }
    l->step = common_step(p->places, count);
    const divisor d = divisor_of(l->step);
    if (l->step > 1)
        for (size_t i = 0; i < count; i++)
            p->places[i] = quotient(&d, p->places[i]);
    return last / l->step;
}

/* Sets what is coded of places up to the last one. */
static void cut(plan *p, uint64_t last, size_t count) {
    const unsigned bits = px_bit_length(last);
    p->lattice.plain = bits > CODED_BITS ? bits - CODED_BITS : 0;
    for (size_t i = 0; i < count; i++)
        p->coded[i] = (uint16_t)(p->places[i] >> p->lattice.plain);
}

/* False if the rule leaves too many exceptions. */
static bool make_plan(plan *p, const px_bit_patterns *words, const px_dequantiser *rule) {
    p->lattice = (lattice){.rule = *rule};
    if (!apply_rule(p, words, true) && !apply_rule(p, words, false))
        return false;
    cut(p, find_places(p, words->count), words->count);
    if (p->lattice.has_exceptions)
        px_exceptions_fill(p->coded, p->is_exception, words->count);
    return true;
}

/* ---- Differences ---- */

/* Numbers that are small and signed, modulo 2^64, less the lowest of them; returns the last one. */
static uint64_t from_lowest(uint64_t *numbers, size_t count, uint64_t *lowest) {
    int64_t low = INT64_MAX, high = INT64_MIN;
    for (size_t i = 0; i < count; i++) {
        const int64_t number = (int64_t)numbers[i];
        low = number < low ? number : low;
        high = number > high ? number : high;
    }
    for (size_t i = 0; i < count; i++)
        numbers[i] -= (uint64_t)low;
    *lowest = (uint64_t)low;
    return (uint64_t)high - (uint64_t)low;
}

/* Places become the differences that have the smallest range, if it is clearly smaller: *taken. */
static prism_status take_differences(bool *taken, plan *p, const px_bit_patterns *words,
                                     prism_error *error) {
    enum { CANDIDATES = 5, CLEARLY_BITS = 2 };
    const size_t bytes = px_product(words->count, sizeof *p->places);
    const unsigned before = CODED_BITS + p->lattice.plain;
    px_differences list[CANDIDATES];
    unsigned least = before - CLEARLY_BITS + 1;
    uint64_t *best = NULL, last = 0;
    const size_t candidates = px_differences_candidates(list, CANDIDATES, words->array);
    for (size_t i = 0; i < candidates; i++) {
        uint64_t lowest, *numbers = px_alloc(bytes);
        if (!numbers) {
            free(best);
            return px_out_of_memory(error, bytes);
        }
        memcpy(numbers, p->places, bytes);
        list[i].base = numbers[0];
        px_differences_apply(numbers, words->array, &list[i]);
        const uint64_t range = from_lowest(numbers, words->count, &lowest);
        const bool better = px_bit_length(range) < least;
        if (better) {
            p->lattice.differences = list[i];
            p->lattice.lowest = lowest;
            least = px_bit_length(range);
            last = range;
        }
        free(better ? best : numbers);
        best = better ? numbers : best;
    }
    *taken = best != NULL;
    if (!best)
        return PRISM_OK;
    free(p->places);
    p->places = best;
    cut(p, last, words->count);
    return PRISM_OK;
}

static void write_parameters(px_buffer *out, const lattice *l) {
    px_dequantiser_write(out, &l->rule);
    px_put_wide(out, l->least - (l->rule.kind == PX_RULE_RANK ? 0 : TOP));
    px_put_wide(out, l->step);
    px_put_u8(out, (uint8_t)l->plain);
    px_put_u8(out, l->has_exceptions);
    px_differences_write(out, &l->differences);
    if (l->differences.count)
        px_put_wide(out, l->lowest);
}

static prism_status write_all(px_coded *mapped, const px_mapping_request *request, const plan *p,
                              const px_bit_patterns *words, prism_error *error) {
    const unsigned plain = p->lattice.plain;
    const px_word_view view = px_bit_patterns_view(words);
    mapped->is_mapped = true;
    write_parameters(&mapped->sections.parameters, &p->lattice);
    if (p->lattice.has_exceptions)
        px_exceptions_write(&mapped->sections.parameters, &view, p->is_exception);
    px_mapping_request inner = *request;
    if (p->lattice.differences.count)
        inner.mask = NULL; /* integers at places without data count for those after */
    prism_status status = px_inner_encode_integers(
        mapped, &inner, p->coded, plain > 0 || p->lattice.differences.count, error);
    if (px_gaps_for(inner.mask, words->array))
        px_gaps_flag(p->is_exception, inner.mask, words->array);
    px_bit_writer writer = {.out = &mapped->sections.payload};
    for (size_t i = 0; plain && i < words->count; i++)
        if (!p->is_exception[i])
            px_put_bits(&writer, p->places[i] & (((uint64_t)1 << plain) - 1), plain);
    px_finish_bits(&writer);
    return status;
}

/* Narrow: all of a place is coded, and most of the places occur. Smooth: only by differences.
 * Ranks: of floats, too. */
enum { NARROW, WIDE, SMOOTH, RANKS };

static prism_status may_be(bool *may, int variant, plan *p, const px_bit_patterns *words,
                           prism_error *error) {
    *may = true;
    if (variant == NARROW)
        *may = !p->lattice.plain && px_integers_are_dense(p->coded, words->count);
    if (variant == SMOOTH)
        *may = p->lattice.plain && !p->lattice.has_exceptions;
    return variant == SMOOTH && *may ? take_differences(may, p, words, error) : PRISM_OK;
}

/* Integers are their own ranks, and floats may be taken for theirs; else they need a rule. */
static bool find_rule(px_dequantiser *rule, const px_bit_patterns *words, int variant) {
    *rule = (px_dequantiser){.kind = PX_RULE_RANK};
    return variant == RANKS || !words->number->fraction || px_dequantiser_find(rule, words);
}

static prism_status encode(px_coded *mapped, const px_mapping_request *request,
                           const px_bit_patterns *words, int variant, prism_error *error) {
    plan p;
    px_dequantiser rule;
    bool may = false;
    if (!find_rule(&rule, words, variant))
        return PRISM_OK;
    prism_status status = plan_alloc(&p, words->count, error);
    if (status == PRISM_OK && make_plan(&p, words, &rule))
        status = may_be(&may, variant, &p, words, error);
    if (status == PRISM_OK && may)
        status = write_all(mapped, request, &p, words, error);
    plan_free(&p);
    return status;
}

/* Of tiny chunks, differences are taken wherever they are clearly smaller. */
static prism_status look_at_differences(px_verdict *verdict, const px_mapping_request *request,
                                        const px_bit_patterns *words, const px_bit_patterns *part,
                                        prism_error *error) {
    px_dequantiser rule;
    (void)part;
    (void)error;
    *verdict = !find_rule(&rule, words, SMOOTH) ? PX_UNLIKELY
               : px_inner_is_tiny(request)      ? PX_SURE
                                                : PX_POSSIBLE;
    return PRISM_OK;
}

/* ---- Decoding ---- */

static prism_status read_parameters(lattice *l, px_reader *in, const prism_array *array,
                                    prism_error *error) {
    *l = (lattice){.plain = 0};
    const bool valid = px_dequantiser_read(&l->rule, in, px_number_of(array->type));
    l->least = px_get_wide(in) + (l->rule.kind == PX_RULE_RANK ? 0 : TOP);
    l->step = px_get_wide(in);
    l->plain = px_get_u8(in);
    const uint8_t exceptions = px_get_u8(in);
    l->has_exceptions = exceptions == 1;
    px_differences_read(&l->differences, in, array);
    l->lowest = l->differences.count ? px_get_wide(in) : 0;
    const bool mixed = l->differences.count && l->has_exceptions;
    return !in->failed && valid && !mixed && l->plain <= MOST_PLAIN_BITS && exceptions <= 1
               ? PRISM_OK
               : px_fail(error, PRISM_E_CORRUPT, "the lattice is damaged");
}

/* What is left of the places, or of their differences, in words->bits. */
static void join_bits(px_bit_patterns *words, const lattice *l, const bool *is_exception,
                      const px_integers *coded, px_bit_reader *reader) {
    for (size_t i = 0; i < words->count; i++) {
        if (is_exception && is_exception[i])
            continue;
        const uint64_t low = l->plain && reader ? px_get_bits(reader, l->plain) : 0;
        words->bits[i] = (px_integer_at(coded, i) << l->plain | low) + l->lowest;
    }
}

static void place_words(px_bit_patterns *words, const lattice *l, const bool *is_exception) {
    const px_number *number = words->number;
    for (size_t i = 0; i < words->count; i++) {
        if (is_exception && is_exception[i])
            continue;
        const uint64_t k = l->least + l->step * words->bits[i];
        words->bits[i] =
            px_dequantiser_word(&l->rule, ordered(&l->rule, k), number) & px_word_last(number);
    }
}

static prism_status decode_words(px_bit_patterns *words, const lattice *l, const px_integers *coded,
                                 px_mapping_source *source, prism_error *error) {
    bool *is_exception;
    const px_chunk *chunk = source->chunk;
    px_reader *runs = l->has_exceptions ? &source->parameters : NULL;
    prism_status status =
        px_exceptions_take(words, &is_exception, &chunk->array, runs, chunk->mask, error);
    if (status == PRISM_OK) {
        px_bit_reader reader = px_bit_reader_make(&source->payload);
        join_bits(words, l, is_exception, coded, &reader);
        px_bits_end(&reader, &source->payload);
        px_differences_undo(words->bits, words->array, &l->differences);
        place_words(words, l, is_exception);
    }
    free(is_exception);
    return status;
}

static prism_status decode(void *elements, px_mapping_source *source, prism_error *error) {
    lattice l;
    px_bit_patterns words = {.bits = NULL};
    px_integers coded = {.elements = NULL};
    const px_chunk *whole = source->chunk;
    px_chunk chunk = *whole;
    prism_status status = read_parameters(&l, &source->parameters, &whole->array, error);
    if (l.differences.count)
        chunk.mask = NULL;
    source->chunk = &chunk;
    if (status == PRISM_OK)
        status = px_inner_decode_integers(source, &whole->array, PX_NARROW_INTEGERS, &coded, error);
    if (status == PRISM_OK)
        status = decode_words(&words, &l, &coded, source, error);
    if (status == PRISM_OK)
        px_bit_patterns_store(&words, elements);
    source->chunk = whole;
    px_bit_patterns_free(&words);
    free(coded.elements);
    return status;
}

/* ---- Parts ---- */

static bool fits_regions(px_reader parameters, const prism_array *array) {
    lattice l = {.plain = 0};
    return read_parameters(&l, &parameters, array, NULL) == PRISM_OK && !l.plain &&
           !l.differences.count;
}

static prism_status open_regions(px_opened_mapping *opened, px_mapping_source *source,
                                 prism_error *error) {
    const prism_array *array = &source->chunk->array;
    lattice *l = opened->rule = px_alloc(sizeof *l);
    if (!l)
        return px_out_of_memory(error, sizeof *l);
    prism_status status = read_parameters(l, &source->parameters, array, error);
    return status == PRISM_OK && l->has_exceptions
               ? px_exception_list_read(&opened->exceptions, &source->parameters, array, error)
               : status;
}

static prism_status map_region(const void *rule, const px_mapped_region *region, void *elements,
                               prism_error *error) {
    px_bit_patterns words;
    prism_status status = px_bit_patterns_alloc(&words, &region->array, error);
    if (status != PRISM_OK)
        return status;
    join_bits(&words, rule, NULL, &region->integers, NULL);
    place_words(&words, rule, NULL);
    px_bit_patterns_store(&words, elements);
    px_bit_patterns_free(&words);
    return PRISM_OK;
}

static const px_mapping_regions regions = {.fit = fits_regions,
                                           .open = open_regions,
                                           .close = free,
                                           .map = map_region,
                                           .types = PX_NARROW_INTEGERS};

const px_mapping_stage px_mapping_lattice = {.number = PRISM_MAPPING_LATTICE,
                                             .decode = decode,
                                             .decode_bytes = PX_WORD_BYTES,
                                             .chunks = 1,
                                             .regions = &regions};

const px_mapping_encoder px_by_lattice = {
    .stage = &px_mapping_lattice, .encode = encode, .variant = NARROW};
const px_mapping_encoder px_by_decimals = {
    .stage = &px_mapping_lattice, .encode = encode, .variant = WIDE};
const px_mapping_encoder px_by_smooth = {.stage = &px_mapping_lattice,
                                         .look = look_at_differences,
                                         .encode = encode,
                                         .variant = SMOOTH,
                                         .whole = true};
const px_mapping_encoder px_by_ranks = {
    .stage = &px_mapping_lattice, .encode = encode, .variant = RANKS};
