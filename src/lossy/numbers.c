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

/* The range of those that are not exact and not `but`; how many are that. */
static size_t range_without(const px_numbers *values, double but, double *least, double *most) {
    size_t times = 0;
    *least = HUGE_VAL;
    *most = -HUGE_VAL;
    for (size_t i = 0; i < values->words.count; i++) {
        const double number = values->numbers[i];
        if (values->is_exact[i])
            continue;
        times += number == but;
        *least = number < *least && number != but ? number : *least;
        *most = number > *most && number != but ? number : *most;
    }
    return times;
}

/* An extreme that comes more than once, and is what fills gaps. */
static void add_fills(px_numbers *values) {
    enum { MOST_FILLS = 2 };
    for (int i = 0; i < MOST_FILLS; i++) {
        double least, most;
        range_without(values, NAN, &least, &most);
        const double fill = is_fill(least) ? least : most;
        if (!is_fill(fill) || range_without(values, fill, &least, &most) < 2 || least > most)
            return;
        const double gap = fill < least ? least - fill : fill - most;
        for (size_t k = 0; k < values->words.count && gap > FILL_GAP * (most - least); k++)
            values->is_exact[k] |= values->numbers[k] == fill;
    }
}

/* An integer that the type does not have is no element; floats are rounded as HDF5 rounds them. */
static void set_missing(px_numbers *values, const prism_options *options) {
    const prism_type type = values->words.array->type;
    if (!options || !options->has_missing)
        return;
    values->missing = px_word_of_value(options->missing, type);
    values->has_missing = values->words.number->fraction ||
                          px_value_of_word(values->missing, type) == options->missing;
}

static double number_at(const void *context, size_t i) {
    return ((const double *)context)[i];
}

/* ---- Arrays ---- */

static bool is_exact(uint64_t word, const px_number *number) {
    return number->fraction && !px_float_is_finite(word, number);
}

static void find_range(px_numbers *values) {
    values->least = HUGE_VAL;
    values->most = -HUGE_VAL;
    for (size_t i = 0; i < values->words.count; i++) {
        if (values->is_exact[i]) {
            values->numbers[i] = 0;
            continue;
        }
        const double number = values->numbers[i];
        values->least = number < values->least ? number : values->least;
        values->most = number > values->most ? number : values->most;
    }
    if (values->least > values->most)
        values->least = values->most = 0;
}

prism_status px_numbers_load(px_numbers *values, const prism_array *array, const void *elements,
                             const prism_options *options, prism_error *error) {
    *values = (px_numbers){.numbers = NULL};
    prism_status status = px_bit_patterns_alloc(&values->words, array, error);
    if (status != PRISM_OK)
        return status;
    const size_t count = values->words.count;
    values->numbers = px_alloc(count, sizeof *values->numbers);
    values->is_exact = px_alloc(count, sizeof *values->is_exact);
    if (!values->numbers || !values->is_exact)
        return px_out_of_memory(error, count * sizeof *values->numbers);
    px_bit_patterns_load(&values->words, elements);
    set_missing(values, options);
    for (size_t i = 0; i < count; i++) {
        const uint64_t word = values->words.bits[i];
        values->is_exact[i] = is_exact(word, values->words.number) || px_is_missing(values, word);
        values->numbers[i] = values->is_exact[i] ? 0 : px_value_of_word(word, array->type);
    }
    add_fills(values);
    px_exceptions_add_outliers(values->is_exact, count, number_at, values->numbers);
    find_range(values);
    return PRISM_OK;
}

void px_numbers_free(px_numbers *values) {
    px_bit_patterns_free(&values->words);
    free(values->numbers);
    free(values->is_exact);
    *values = (px_numbers){.numbers = NULL};
}
