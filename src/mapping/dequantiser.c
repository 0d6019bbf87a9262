#include "mapping/dequantiser.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/array.h"
#include "base/sort.h"
#include "mapping/offset_search.h"

enum {
    SAMPLES = 256,
    TINY_SAMPLES = 64,
    SMALL_BYTES = 1 << 14, /* arrays below: pairs of values are taken */
    LOOKED_AT = 4096,      /* to see how good a rule is */
    LARGEST_EXPONENT = 53, /* of integers that doubles hold */
    LARGEST_PART = 1 << 26 /* denominator of a single sample */
};

/* Of the samples, the rule must make at least so many. */
static const double NEARLY_ALL = 0.97;

/* A step of the lattice is at least so many steps of the type, or anything would lie on it. */
static const double STEPS_OF_TYPE = 4;

static const double LARGEST_DIVISOR = 1e12;

double px_float_value(uint64_t word, const px_number *number) {
    if (number->size == 4) {
        const uint32_t bits = (uint32_t)word;
        float value;
        memcpy(&value, &bits, sizeof value);
        return value;
    }
    double value;
    memcpy(&value, &word, sizeof value);
    return value;
}

static uint64_t word_of(double value, const px_number *number) {
    if (number->size == 4) {
        const float single = (float)value;
        uint32_t bits;
        memcpy(&bits, &single, sizeof bits);
        return bits;
    }
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

uint64_t px_dequantiser_word(const px_dequantiser *rule, uint64_t k, const px_number *number) {
    return rule->kind == PX_RULE_RANK
               ? px_word_of_rank(k, number)
               : word_of(px_dequantiser_value(rule, (double)(int64_t)k), number);
}

/* About what the rule made the value of. */
static double undone(const px_dequantiser *rule, double value) {
    for (unsigned i = rule->count; i-- > 0;) {
        const double constant = rule->operations[i].constant;
        value = rule->operations[i].kind == PX_DIVIDE     ? value * constant
                : rule->operations[i].kind == PX_MULTIPLY ? value / constant
                                                          : value - constant;
    }
    return value;
}

bool px_dequantiser_integer(const px_dequantiser *rule, uint64_t *k, uint64_t word,
                            const px_number *number) {
    if (rule->kind == PX_RULE_RANK) {
        *k = px_word_rank(word, number);
        return true;
    }
    if (!px_float_is_normal(word, number))
        return false;
    const double near = rint(undone(rule, px_float_value(word, number)));
    if (!(fabs(near) < (double)((int64_t)1 << LARGEST_EXPONENT)))
        return false;
    *k = (uint64_t)(int64_t)near;
    return px_dequantiser_word(rule, *k, number) == word;
}

/* ---- Side information ---- */

static bool is_chain(const px_dequantiser *rule) {
    return rule->kind == PX_RULE_DOUBLES || rule->kind == PX_RULE_SINGLES;
}

void px_dequantiser_write(px_buffer *out, const px_dequantiser *rule) {
    px_put_u8(out, (uint8_t)rule->kind);
    if (is_chain(rule))
        px_put_u8(out, (uint8_t)rule->count);
    for (unsigned i = 0; i < rule->count; i++) {
        if (is_chain(rule))
            px_put_u8(out, (uint8_t)rule->operations[i].kind);
        px_put_double(out, rule->operations[i].constant);
    }
}

/* With these, infinities may come up, but no NaN, whose bits are not the same everywhere. */
static bool is_operation(const px_operation *o) {
    return o->kind >= PX_DIVIDE && o->kind <= PX_ADD && isfinite(o->constant) &&
           (o->kind == PX_ADD || o->constant > 0);
}

bool px_dequantiser_read(px_dequantiser *rule, px_reader *in, const px_number *number) {
    *rule = (px_dequantiser){.kind = (px_dequantiser_kind)px_get_u8(in)};
    if (rule->kind == PX_RULE_RANK)
        return true;
    if (rule->kind > PX_RULE_SINGLES || !number->fraction || number->size < 4 ||
        (rule->kind == PX_RULE_SINGLES && number->size != 4))
        return false;
    rule->count = is_chain(rule) ? px_get_u8(in) : 1;
    if (!rule->count || rule->count > PX_MOST_OPERATIONS)
        return false;
    for (unsigned i = 0; i < rule->count; i++) {
        px_operation *o = &rule->operations[i];
        o->kind = is_chain(rule) ? (px_operation_kind)px_get_u8(in) : (px_operation_kind)rule->kind;
        o->constant = px_get_double(in);
        if (!is_operation(o))
            return false;
    }
    return true;
}

/* ---- Finding one ---- */

typedef struct samples {
    const px_number *number;
    uint64_t words[SAMPLES]; /* finite, not 0 */
    size_t count;
    double largest; /* magnitude */
} samples;

static void take_sample(samples *s, uint64_t word) {
    if (!(word & (px_word_sign(s->number) - 1)) || !px_float_is_finite(word, s->number))
        return;
    s->words[s->count++] = word;
    s->largest = fmax(s->largest, fabs(px_float_value(word, s->number)));
}

/* Pairs of neighbours: of a ramp, single ones would show multiples of its step only. */
static void take_pairs(samples *s, const px_bit_patterns *words) {
    const size_t most = px_is_tiny(words->array) ? TINY_SAMPLES : SAMPLES;
    const size_t step = words->count > most ? 2 * words->count / most + 1 : 2;
    for (size_t i = 0; i < words->count && s->count + 1 < most; i += step) {
        take_sample(s, words->bits[i]);
        if (i + 1 < words->count)
            take_sample(s, words->bits[i + 1]);
    }
}

static void take_single(samples *s, const px_bit_patterns *words) {
    const size_t step = words->count / SAMPLES + 1;
    for (size_t i = 0; i < words->count && s->count < SAMPLES; i++) {
        const size_t before = s->count;
        take_sample(s, words->bits[i]);
        i += s->count > before ? step - 1 : 0;
    }
}

static void take_samples(samples *s, const px_bit_patterns *words) {
    *s = (samples){.number = words->number};
    if (words->count * words->number->size < SMALL_BYTES)
        take_pairs(s, words);
    else
        take_single(s, words);
}

/* Whether the lattice is coarser than the type where the samples are. */
static bool is_coarse(const samples *s, double step) {
    const double ulp = ldexp(1, ilogb(s->largest) - s->number->fraction);
    return step >= STEPS_OF_TYPE * ulp;
}

/* Samples that the rule does not make, no more of which are counted than make it useless. */
static size_t count_bad(const samples *s, const px_dequantiser *rule) {
    const double most = (double)s->count - NEARLY_ALL * (double)s->count;
    size_t bad = 0;
    uint64_t k;
    for (size_t i = 0; i < s->count && (double)bad <= most; i++)
        bad += !px_dequantiser_integer(rule, &k, s->words[i], s->number);
    return (double)bad <= most ? bad : SIZE_MAX;
}

static bool fits(const samples *s, const px_dequantiser *rule) {
    return count_bad(s, rule) < SIZE_MAX;
}

/* These are the business of fixed-point numbers. */
static bool is_power_of_two(double value) {
    int exponent;
    return frexp(value, &exponent) == 0.5;
}

static bool try_divisor(px_dequantiser *rule, const samples *s, double divisor) {
    *rule = (px_dequantiser){PX_RULE_DIVIDED, 1, {{PX_DIVIDE, divisor}}};
    return !is_power_of_two(divisor) && is_coarse(s, 1 / divisor) && fits(s, rule);
}

static bool find_decimals(px_dequantiser *rule, const samples *s) {
    for (double divisor = 10; divisor < LARGEST_DIVISOR; divisor *= 10)
        if (try_divisor(rule, s, divisor))
            return true;
    return try_divisor(rule, s, UINT8_MAX) || try_divisor(rule, s, UINT16_MAX);
}

/* The smallest denominator of a fraction that rounds to the word: by its continued fraction. */
static double denominator_of(uint64_t word, const px_number *number) {
    const double value = fabs(px_float_value(word, number));
    double above = 1, last_above = 0, below = 0, last_below = 1, rest = value;
    for (int i = 0; i < 40 && below <= LARGEST_PART; i++) {
        const double whole = floor(rest);
        const double next_above = whole * above + last_above;
        const double next_below = whole * below + last_below;
        last_above = above, above = next_above;
        last_below = below, below = next_below;
        if (word_of(above / below, number) == word_of(value, number))
            return below;
        rest = 1 / (rest - whole);
    }
    return HUGE_VAL;
}

static double greatest_common_divisor(double a, double b) {
    while (b > 0) {
        const double rest = fmod(a, b);
        a = b;
        b = rest;
    }
    return a;
}

static bool find_divisor(px_dequantiser *rule, const samples *s) {
    double divisor = 1;
    for (size_t i = 0; i < s->count && is_coarse(s, 1 / divisor); i++) {
        const double part = denominator_of(s->words[i], s->number);
        divisor = part < HUGE_VAL ? divisor / greatest_common_divisor(divisor, part) * part : part;
    }
    return divisor > 1 && divisor < LARGEST_DIVISOR && try_divisor(rule, s, divisor);
}

/* About the greatest step that all magnitudes are multiples of, within some steps of the type. */
static double common_step(const double *values, size_t count, double tolerance) {
    double step = values[0];
    for (size_t i = 1; i < count && step > tolerance; i++) {
        double rest = values[i];
        while (rest > tolerance && step > tolerance) {
            const double next = fabs(remainder(step, rest));
            step = rest;
            rest = next;
        }
    }
    return step;
}

/* What samples leave for a constant. */
typedef struct range {
    double low, high;
} range;

/* Each sample leaves a range; they have to meet. Limits are rounded, too, which counts for doubles:
 * so much more of them is left. */
static bool meet(range *left, const samples *s, double step) {
    const double more = s->number->size == sizeof(double) ? DBL_EPSILON : 0;
    double low = 0, high = HUGE_VAL;
    for (size_t i = 0; i < s->count; i++) {
        const double value = fabs(px_float_value(s->words[i], s->number));
        const double half = ldexp(0.5, ilogb(value) - s->number->fraction);
        const double k = rint(value / step);
        if (k < 1)
            return false;
        low = fmax(low, (value - half) / k * (1 - more));
        high = fmin(high, (value + half) / k * (1 + more));
    }
    *left = (range){low, high};
    return low <= high;
}

/* The constant that makes most samples: a short decimal, or one of the doubles next to the middle.
 */
static bool find_constant(px_dequantiser *rule, const samples *s, const range *left) {
    enum { NEIGHBOURS = 2 };
    px_dequantiser other = *rule;
    double *constant = &other.operations[0].constant;
    *constant = rule->operations[0].constant = px_simplest_between(left->low, left->high);
    size_t least = count_bad(s, rule);
    if (!least || s->number->size < sizeof(double))
        return least < SIZE_MAX;
    *constant = left->low + (left->high - left->low) / 2;
    for (int i = 0; i < NEIGHBOURS; i++)
        *constant = nextafter(*constant, 0);
    for (int i = -NEIGHBOURS; i <= NEIGHBOURS && least; i++) {
        const size_t bad = count_bad(s, &other);
        if (bad < least)
            *rule = other;
        least = bad < least ? bad : least;
        *constant = nextafter(*constant, HUGE_VAL);
    }
    return least < SIZE_MAX;
}

static bool find_scale(px_dequantiser *rule, const samples *s) {
    double values[SAMPLES];
    for (size_t i = 0; i < s->count; i++)
        values[i] = fabs(px_float_value(s->words[i], s->number));
    px_sort_doubles(values, s->count);
    const double ulp = ldexp(1, ilogb(s->largest) - s->number->fraction);
    const double step = common_step(values, s->count, 64 * ulp);
    *rule = (px_dequantiser){PX_RULE_TIMES, 1, {{PX_MULTIPLY, 0}}};
    range left;
    if (!(step > 64 * ulp) || !meet(&left, s, step) || !find_constant(rule, s, &left))
        return false;
    const double scale = rule->operations[0].constant;
    return scale >= DBL_MIN && !is_power_of_two(scale) && is_coarse(s, scale);
}

/* Of many words. */
static size_t count_misses(const px_dequantiser *rule, const px_bit_patterns *words) {
    const size_t step = words->count / LOOKED_AT + 1;
    size_t misses = 0;
    uint64_t k;
    for (size_t i = 0; i < words->count; i += step)
        misses += px_float_is_normal(words->bits[i], words->number) &&
                  !px_dequantiser_integer(rule, &k, words->bits[i], words->number);
    return misses;
}

static bool find_offset(px_dequantiser *rule, const samples *s, const px_bit_patterns *words) {
    double values[SAMPLES];
    for (size_t i = 0; i < s->count; i++)
        values[i] = px_float_value(s->words[i], s->number);
    return px_offset_find(rule, values, s->count, words);
}

static bool find_rule(px_dequantiser *rule, const px_bit_patterns *words) {
    samples s;
    px_dequantiser other;
    if (words->number->size < 4)
        return false;
    take_samples(&s, words);
    if (!s.count || s.largest >= DBL_MAX / LARGEST_DIVISOR)
        return false;
    const bool found = find_decimals(rule, &s) || find_divisor(rule, &s) || find_scale(rule, &s);
    const size_t misses = found ? count_misses(rule, words) : SIZE_MAX;
    if (!misses || !find_offset(&other, &s, words) || count_misses(&other, words) >= misses)
        return found;
    *rule = other;
    return true;
}

bool px_dequantiser_find(px_dequantiser *rule, const px_bit_patterns *words) {
    px_found_rule *kept = words->found, found;
    if (kept && kept->known) {
        *rule = kept->rule;
        return kept->found;
    }
    found = (px_found_rule){.known = true};
    found.found = find_rule(&found.rule, words);
    *rule = found.rule;
    if (kept)
        *kept = found;
    return found.found;
}
