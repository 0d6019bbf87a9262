#include "lossy/numbers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/sizes.h"
#include "base/status.h"
#include "mapping/exceptions.h"

/* ---- Floats of any size: through the bits of a double ---- */

static double value_of_float(uint64_t word, const px_number *number) {
    const unsigned fraction = number->fraction, bits = 8u * number->size;
    const int bias = (1 << (bits - fraction - 2)) - 1;
    const uint64_t magnitude = word & (px_word_sign(number) - 1);
    const int exponent = (int)(magnitude >> fraction);
    const uint64_t mantissa = magnitude & (((uint64_t)1 << fraction) - 1);
    const double value = exponent ? ldexp((double)(mantissa | (uint64_t)1 << fraction),
                                          exponent - bias - (int)fraction)
                                  : ldexp((double)mantissa, 1 - bias - (int)fraction);
    return word & px_word_sign(number) ? -value : value;
}

/* Of the last bit of a magnitude, as a power of 2. */
static int unit_of(double magnitude, const px_number *number) {
    const unsigned fraction = number->fraction, bits = 8u * number->size;
    const int least = 2 - (1 << (bits - fraction - 2));
    int exponent = least; /* of 0, too */
    if (magnitude > 0)
        frexp(magnitude, &exponent);
    return (exponent - 1 > least ? exponent - 1 : least) - (int)fraction;
}

/* The nearest one, ties to even; the last finite one where that is beyond. */
static uint64_t float_of_value(double value, const px_number *number) {
    const unsigned fraction = number->fraction, bits = 8u * number->size;
    const int bias = (1 << (bits - fraction - 2)) - 1;
    const uint64_t sign = signbit(value) ? px_word_sign(number) : 0;
    const double magnitude = fabs(value);
    const int unit = unit_of(magnitude, number);
    const uint64_t steps = (uint64_t)rint(ldexp(magnitude, -unit)); /* at most 2^(fraction+1) */
    /* A carry into the exponent is right as it is. */
    const uint64_t word = ((uint64_t)(unit + (int)fraction + bias - 1) << fraction) + steps;
    const uint64_t last = px_float_infinity(number) - 1;
    return sign | (word > last ? last : word);
}

/* ---- Integers ---- */

static double value_of_integer(uint64_t word, const px_number *number) {
    const unsigned unused = 64 - 8u * number->size;
    return number->is_signed ? (double)((int64_t)(word << unused) >> unused) : (double)word;
}

static uint64_t integer_of_value(double value, const px_number *number) {
    const uint64_t last = number->is_signed ? px_word_sign(number) - 1 : px_word_last(number);
    const double least = number->is_signed ? -(double)px_word_sign(number) : 0;
    const double rounded = rint(value);
    if (rounded <= least)
        return number->is_signed ? px_word_sign(number) : 0;
    if (rounded >= (double)last)
        return last;
    return number->is_signed ? (uint64_t)(int64_t)rounded & px_word_last(number)
                             : (uint64_t)rounded;
}

double px_value_of_word(uint64_t word, prism_type type) {
    const px_number *number = px_number_of(type);
    return number->fraction ? value_of_float(word, number) : value_of_integer(word, number);
}

uint64_t px_word_of_value(double value, prism_type type) {
    const px_number *number = px_number_of(type);
    return number->fraction ? float_of_value(value, number) : integer_of_value(value, number);
}

double px_value_unit(double value, prism_type type) {
    const px_number *number = px_number_of(type);
    return number->fraction ? ldexp(1, unit_of(fabs(value), number)) : 1;
}

double px_value_distance(uint64_t a, uint64_t b, prism_type type) {
    const px_number *number = px_number_of(type);
    if (number->fraction)
        return fabs(value_of_float(a, number) - value_of_float(b, number));
    const uint64_t first = px_word_rank(a, number), second = px_word_rank(b, number);
    return (double)(first > second ? first - second : second - first);
}

/* ---- Runs ---- */

void px_view_numbers(const px_word_view *view, prism_type type, double *numbers, size_t first,
                     size_t count) {
    const uint8_t *from = (const uint8_t *)view->elements + first * view->size;
    float single;
    switch (view->swapped ? 0 : type) { /* the usual ones need no function */
    case PRISM_INT8:
        for (size_t i = 0; i < count; i++)
            numbers[i] = (int8_t)from[i];
        break;
    case PRISM_UINT8:
        for (size_t i = 0; i < count; i++)
            numbers[i] = from[i];
        break;
    case PRISM_INT16:
        for (size_t i = 0; i < count; i++)
            numbers[i] = (int16_t)px_word_at(from, i, 2, false);
        break;
    case PRISM_UINT16:
        for (size_t i = 0; i < count; i++)
            numbers[i] = (double)px_word_at(from, i, 2, false);
        break;
    case PRISM_FLOAT32:
        for (size_t i = 0; i < count; i++) {
            memcpy(&single, from + i * sizeof single, sizeof single);
            numbers[i] = (double)single;
        }
        break;
    case PRISM_FLOAT64:
        memcpy(numbers, from, count * sizeof *numbers);
        break;
    default:
        for (size_t i = 0; i < count; i++)
            numbers[i] = px_value_of_word(px_view_word(view, first + i), type);
    }
}

void px_numbers_get(const px_numbers *values, double *numbers, size_t first, size_t count) {
    px_view_numbers(&values->words, values->array->type, numbers, first, count);
    for (size_t i = 0; i < count && values->is_exact; i++)
        numbers[i] = values->is_exact[first + i] ? 0 : numbers[i];
}

bool px_numbers_next(const px_numbers *values, px_number_run *run) {
    run->first += run->count;
    run->count = px_smaller(PX_NUMBER_RUN, values->words.count - run->first);
    px_numbers_get(values, run->numbers, run->first, run->count);
    return run->count > 0;
}

/* ---- Missing data ---- */

/* What instruments and libraries write where they have no data; the last is netCDF's. */
static const double FILLS[] = {-9999, -32768, -99999, -999,          32767,
                               65535, -32767, 1e20,   (double)1e20f, 9.969209968386869e36};

/* So far from all others, as a share of their range, is one of these in a range that is not data.
 */
static const double FILL_GAP = 0.25;

static bool is_fill(double number) {
    for (size_t i = 0; i < sizeof FILLS / sizeof *FILLS; i++)
        if (number == FILLS[i])
            return true;
    return false;
}

/* The range of numbers, and how many are `but`, which is not in it. */
typedef struct range {
    double least, most;
    size_t times;
} range;

static void widen(range *r, double number, double but) {
    r->times += number == but;
    r->least = number < r->least && number != but ? number : r->least;
    r->most = number > r->most && number != but ? number : r->most;
}

/* Of those that are not exact. */
static range range_without(const px_numbers *values, double but) {
    range r = {HUGE_VAL, -HUGE_VAL, 0};
    for (px_number_run run = {.count = 0}; px_numbers_next(values, &run);)
        for (size_t i = 0; i < run.count; i++)
            if (!px_is_exact(values, run.first + i))
                widen(&r, run.numbers[i], but);
    return r;
}

/* An extreme that comes more than once, and is what fills gaps. *whole: the range before. */
static void add_fills(px_numbers *values, range *whole) {
    enum { MOST_FILLS = 2 };
    const prism_type type = values->array->type;
    for (int i = 0; i < MOST_FILLS; i++) {
        const range all = range_without(values, NAN);
        *whole = i ? *whole : all;
        const double fill = is_fill(all.least) ? all.least : all.most;
        if (!is_fill(fill))
            return;
        const range rest = range_without(values, fill);
        if (rest.times < 2 || rest.least > rest.most)
            return;
        const double gap = fill < rest.least ? rest.least - fill : fill - rest.most;
        const bool is_far = gap > FILL_GAP * (rest.most - rest.least);
        for (size_t k = 0; k < values->words.count && is_far; k++)
            values->is_exact[k] |= px_value_of_word(px_view_word(&values->words, k), type) == fill;
    }
}

/* The word of an integer of 64 bits; false where the type does not have it. */
static bool wide_word(uint64_t *word, const prism_options *options, bool is_signed) {
    const double least = is_signed ? -0x1p63 : 0, end = is_signed ? 0x1p63 : 0x1p64;
    const double nearest = options->missing;
    const int rest = options->missing_rest;
    if (nearest != rint(nearest) || nearest < least || nearest > end ||
        (nearest == least && rest < 0) || (nearest == end && rest >= 0))
        return false;
    const uint64_t whole = nearest == 0x1p64 ? 0
                           : nearest < 0     ? (uint64_t)(int64_t)nearest
                                             : (uint64_t)nearest;
    *word = whole + (uint64_t)(int64_t)rest;
    return true;
}

/* An integer that the type does not have is no element; floats are rounded as HDF5 rounds them. */
static void set_missing(px_numbers *values, const prism_options *options) {
    const prism_type type = values->array->type;
    if (!options || !options->has_missing)
        return;
    if (px_type_is_wide_integer(type)) {
        values->has_missing = wide_word(&values->missing, options, values->words.number->is_signed);
        return;
    }
    values->missing = px_word_of_value(options->missing, type);
    values->has_missing = values->words.number->fraction ||
                          px_value_of_word(values->missing, type) == options->missing;
}

/* ---- Arrays ---- */

static void numbers_at(double *numbers, const void *context, const bool *is_exact, size_t first,
                       size_t count) {
    const px_numbers *values = context;
    (void)is_exact;
    px_view_numbers(&values->words, values->array->type, numbers, first, count);
}

static void flag_exact(px_numbers *values) {
    const px_number *number = values->words.number;
    if (!number->fraction && !values->has_missing) {
        memset(values->is_exact, 0, values->words.count * sizeof *values->is_exact);
        return;
    }
    for (size_t i = 0; i < values->words.count; i++) {
        const uint64_t word = px_view_word(&values->words, i);
        values->is_exact[i] =
            (number->fraction && !px_float_is_finite(word, number)) || px_is_missing(values, word);
    }
}

/* The range, and whether there are any that must be exact. `whole`: of all, if there are none. */
static void find_range(px_numbers *values, const range *whole) {
    const bool some = memchr(values->is_exact, 1, values->words.count) != NULL;
    const range all = some ? range_without(values, NAN) : *whole;
    const bool any = all.least <= all.most;
    values->least = any ? all.least : 0;
    values->most = any ? all.most : 0;
    if (!some) {
        free(values->is_exact);
        values->is_exact = NULL;
    }
}

prism_status px_numbers_load(px_numbers *values, const prism_array *array, const void *elements,
                             const prism_options *options, prism_error *error) {
    size_t size;
    range whole = {.times = 0};
    *values = (px_numbers){.array = array};
    prism_status status = prism_array_size(array, &size, error);
    if (status != PRISM_OK)
        return status;
    values->words = px_word_view_of(array, elements);
    const size_t count = values->words.count;
    values->is_exact = px_alloc(count, sizeof *values->is_exact);
    if (!values->is_exact)
        return px_out_of_memory(error, count * sizeof *values->is_exact);
    set_missing(values, options);
    flag_exact(values);
    add_fills(values, &whole);
    px_exceptions_add_outliers(values->is_exact, count, numbers_at, values);
    find_range(values, &whole);
    return PRISM_OK;
}

void px_numbers_free(px_numbers *values) {
    free(values->is_exact);
    values->is_exact = NULL;
}
