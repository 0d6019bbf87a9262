/*
 * Values that are all multiples of a step from the least one: integers of 32 and 64 bits, decimals
 * and other floats that a rule makes from integers. A place on the lattice is coded in up to 16
 * bits; what is left below them is noise, as a rule, and stored plain.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "exceptions.h"
#include "plain_bits.h"
#include "rule.h"
#include "stage.h"
#include "status.h"

enum { CODED_BITS = 16, MOST_PLAIN_BITS = 64 - CODED_BITS };

/* Runs of exceptions that are too many: another mapping does better. */
static const double MANY_EXCEPTIONS = 1.0 / 32;

static const uint64_t TOP = (uint64_t)1 << 63;

typedef struct lattice {
    px_rule rule;
    uint64_t least, step;
    unsigned plain; /* bits of a place that are not coded */
    bool has_exceptions;
} lattice;

/* Integers of a rule in an order of their own: ranks are, others are signed. */
static uint64_t ordered(const px_rule *rule, uint64_t k) {
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
    *p = (plan){.places = malloc(count * sizeof *p->places),
                .coded = malloc(count * sizeof *p->coded),
                .is_exception = malloc(count * sizeof *p->is_exception)};
    return p->places && p->coded && p->is_exception ? PRISM_OK
                                                    : px_out_of_memory(error, count * 11);
}

static double value_of(const void *context, size_t i) {
    const plan *p = context;
    return (double)p->places[i];
}

/* Ordered integers in `places`. False if there are too many exceptions. */
static bool apply_rule(plan *p, const px_words *words, bool with_outliers) {
    const px_rule *rule = &p->lattice.rule;
    p->lattice.has_exceptions = false;
    for (size_t i = 0; i < words->count; i++) {
        uint64_t k = 0;
        p->is_exception[i] = !px_rule_integer(rule, &k, words->bits[i], words->number);
        p->places[i] = ordered(rule, k);
    }
    if (with_outliers)
        px_exceptions_add_outliers(p->is_exception, words->count, value_of, p);
    for (size_t i = 0; i < words->count; i++)
        p->lattice.has_exceptions |= p->is_exception[i];
    return !p->lattice.has_exceptions || (double)px_exception_runs(words, p->is_exception) <=
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

/* Ordered integers to places, 0 for exceptions. Returns the last place of all. */
static uint64_t find_places(plan *p, size_t count) {
    lattice *l = &p->lattice;
    l->least = UINT64_MAX;
    for (size_t i = 0; i < count; i++)
        if (!p->is_exception[i] && p->places[i] < l->least)
            l->least = p->places[i];
    uint64_t last = 0;
    l->step = 0;
    for (size_t i = 0; i < count; i++) {
        const uint64_t place = p->places[i] = p->is_exception[i] ? 0 : p->places[i] - l->least;
        last = last > place ? last : place;
        if (l->step != 1)
            l->step = greatest_common_divisor(l->step, place);
    }
    l->step = l->step ? l->step : 1;
    if (l->step > 1)
        for (size_t i = 0; i < count; i++)
            p->places[i] /= l->step;
    return last / l->step;
}

/* False if the rule leaves too many exceptions. */
static bool make_plan(plan *p, const px_words *words, const px_rule *rule) {
    p->lattice = (lattice){.rule = *rule};
    if (!apply_rule(p, words, true) && !apply_rule(p, words, false))
        return false;
    const unsigned bits = px_bit_length(find_places(p, words->count));
    p->lattice.plain = bits > CODED_BITS ? bits - CODED_BITS : 0;
    for (size_t i = 0; i < words->count; i++)
        p->coded[i] = (uint16_t)(p->places[i] >> p->lattice.plain);
    if (p->lattice.has_exceptions)
        px_exceptions_fill(p->coded, p->is_exception, words->count);
    return true;
}

static void write_parameters(px_buffer *out, const lattice *l) {
    uint64_t constant;
    memcpy(&constant, &l->rule.constant, sizeof constant);
    px_put_u8(out, (uint8_t)l->rule.kind);
    if (l->rule.kind != PX_RULE_RANK)
        px_put_u64(out, constant);
    px_put_wide(out, l->least - (l->rule.kind == PX_RULE_RANK ? 0 : TOP));
    px_put_wide(out, l->step);
    px_put_u8(out, (uint8_t)l->plain);
    px_put_u8(out, l->has_exceptions);
}

static prism_status write_all(px_mapped *mapped, const px_mapping_request *request, const plan *p,
                              const px_words *words, prism_error *error) {
    const unsigned plain = p->lattice.plain;
    mapped->used = true;
    write_parameters(&mapped->parameters, &p->lattice);
    if (p->lattice.has_exceptions)
        px_exceptions_write(&mapped->parameters, words, p->is_exception);
    prism_status status = px_nested_encode_integers(mapped, request, p->coded, plain > 0, error);
    px_bit_writer writer = {.out = &mapped->payload};
    for (size_t i = 0; plain && i < words->count; i++)
        if (!p->is_exception[i])
            px_put_bits(&writer, p->places[i] & (((uint64_t)1 << plain) - 1), plain);
    px_finish_bits(&writer);
    return status;
}

/* Narrow: all of a place is coded, and most of the places occur. */
static prism_status encode_by(px_mapped *mapped, const px_mapping_request *request,
                              const px_words *words, const px_rule *rule, bool narrow,
                              prism_error *error) {
    plan p;
    prism_status status = plan_alloc(&p, words->count, error);
    if (status == PRISM_OK && make_plan(&p, words, rule) &&
        (!narrow || (!p.lattice.plain && px_integers_are_dense(p.coded, words->count))))
        status = write_all(mapped, request, &p, words, error);
    plan_free(&p);
    return status;
}

static const px_rule by_rank = {.kind = PX_RULE_RANK};

static prism_status encode_narrow(px_mapped *mapped, const px_mapping_request *request,
                                  const px_words *words, prism_error *error) {
    px_rule rule = by_rank;
    if (words->number->fraction && !px_rule_find(&rule, words))
        return PRISM_OK;
    return encode_by(mapped, request, words, &rule, true, error);
}

static prism_status encode_decimals(px_mapped *mapped, const px_mapping_request *request,
                                    const px_words *words, prism_error *error) {
    px_rule rule;
    return px_rule_find(&rule, words) ? encode_by(mapped, request, words, &rule, false, error)
                                      : PRISM_OK;
}

static prism_status encode_ranks(px_mapped *mapped, const px_mapping_request *request,
                                 const px_words *words, prism_error *error) {
    return encode_by(mapped, request, words, &by_rank, false, error);
}

/* ---- Decoding ---- */

static bool rule_is_valid(const px_rule *rule, const px_number *number) {
    return rule->kind == PX_RULE_RANK ||
           (rule->kind <= PX_RULE_TIMES && number->fraction && number->size >= 4 &&
            isfinite(rule->constant) && rule->constant > 0);
}

static prism_status read_parameters(lattice *l, px_reader *in, const px_number *number,
                                    prism_error *error) {
    *l = (lattice){.rule.kind = (px_rule_kind)px_get_u8(in)};
    const uint64_t constant = l->rule.kind == PX_RULE_RANK ? 0 : px_get_u64(in);
    memcpy(&l->rule.constant, &constant, sizeof constant);
    l->least = px_get_wide(in) + (l->rule.kind == PX_RULE_RANK ? 0 : TOP);
    l->step = px_get_wide(in);
    l->plain = px_get_u8(in);
    const uint8_t exceptions = px_get_u8(in);
    l->has_exceptions = exceptions == 1;
    return !in->failed && rule_is_valid(&l->rule, number) && l->plain <= MOST_PLAIN_BITS &&
                   exceptions <= 1
               ? PRISM_OK
               : px_fail(error, PRISM_E_CORRUPT, "the lattice is damaged");
}

static void place_words(px_words *words, const lattice *l, const bool *is_exception,
                        const uint16_t *coded, px_bit_reader *reader) {
    const px_number *number = words->number;
    const uint64_t mask = (px_word_sign(number) << 1) - 1;
    for (size_t i = 0; i < words->count; i++) {
        if (is_exception && is_exception[i])
            continue;
        const uint64_t low = l->plain ? px_get_bits(reader, l->plain) : 0;
        const uint64_t k = l->least + l->step * ((uint64_t)coded[i] << l->plain | low);
        words->bits[i] = px_rule_word(&l->rule, ordered(&l->rule, k), number) & mask;
    }
}

static prism_status decode_places(px_words *words, const lattice *l, const bool *is_exception,
                                  px_mapping_source *source, prism_error *error) {
    uint16_t *coded;
    prism_status status = px_nested_decode_integers(source, &coded, error);
    if (status != PRISM_OK)
        return status;
    px_bit_reader reader = px_bit_reader_make(&source->payload);
    place_words(words, l, is_exception, coded, &reader);
    px_bits_end(&reader, &source->payload);
    free(coded);
    return PRISM_OK;
}

static prism_status decode(px_words *words, px_mapping_source *source, prism_error *error) {
    lattice l;
    bool *is_exception = NULL;
    prism_status status = read_parameters(&l, &source->parameters, words->number, error);
    if (status == PRISM_OK && l.has_exceptions)
        status = px_exceptions_read(&source->parameters, words, &is_exception, error);
    if (status == PRISM_OK)
        status = decode_places(words, &l, is_exception, source, error);
    free(is_exception);
    return status;
}

const px_mapping_stage px_mapping_lattice = {encode_narrow, decode};
const px_mapping_stage px_mapping_decimals = {encode_decimals, decode};
const px_mapping_stage px_mapping_ranks = {encode_ranks, decode};
