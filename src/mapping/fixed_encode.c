/* Where floats are cut, and what stands above and below the cut. */
#include <math.h>
#include <stdlib.h>

#include "base/sizes.h"
#include "base/status.h"
#include "mapping/bypass_bits.h"
#include "mapping/dequantiser.h"
#include "mapping/differences.h"
#include "mapping/exceptions.h"
#include "mapping/fixed.h"

enum { MOST_INTEGER = UINT16_MAX };

/* Wide integers are left to a lattice, where differences make smooth ones small. They are tried
 * where differences leave less than so many bits above the cut of the others. */
static const int64_t MOST_WIDE_INTEGER = (int64_t)1 << 53, LARGEST_WIDE_INTEGER = (int64_t)1 << 60;
static const double NOISE_BITS = 2;

/* Runs of exceptions, and zeros that put_rest writes, for an element: with more, ranks do better.
 */
static const double MANY_EXCEPTIONS = 1.0 / PX_ELEMENTS_PER_RUN, MANY_ZEROS = 2;

/* A finite magnitude is mantissa * 2^unit of the least ones that the type has. */
typedef struct magnitude {
    uint64_t mantissa;
    unsigned unit;
} magnitude;

static magnitude magnitude_of(uint64_t word, const px_number *number) {
    const uint64_t bits = word & (px_word_sign(number) - 1);
    const unsigned exponent = (unsigned)(bits >> number->fraction);
    if (!exponent)
        return (magnitude){bits, 0};
    const uint64_t one = (uint64_t)1 << number->fraction;
    return (magnitude){(bits & (one - 1)) | one, exponent - 1};
}

static bool is_regular(uint64_t word, const px_number *number) {
    return px_float_is_finite(word, number) && word != px_word_sign(number);
}

static uint64_t shifted(magnitude v, unsigned shift) {
    if (v.unit >= shift)
        return v.unit - shift + px_bit_length(v.mantissa) < 63 ? v.mantissa << (v.unit - shift)
                                                               : INT64_MAX / 4;
    return shift - v.unit < 64 ? v.mantissa >> (shift - v.unit) : 0;
}

/* The integer of a word, 0 only for 0: where bits follow, magnitudes below the cut count as 1. */
static int64_t integer_of(const px_fixed *f, uint64_t word, const px_number *number) {
    const magnitude v = magnitude_of(word, number);
    if (!v.mantissa)
        return 0;
    const int64_t integer = (int64_t)shifted(v, f->shift) + px_fixed_has_rest(f);
    return word & px_word_sign(number) ? -integer : integer;
}

typedef struct plan {
    px_fixed fixed;
    bool *is_exception;
    uint16_t *integers;
    uint64_t smallest, largest; /* values, as words */
} plan;

static void plan_free(plan *p) {
    free(p->is_exception);
    free(p->integers);
}

/* A quarter of it, so that the range of doubles holds differences. */
static double value_of(const px_bit_patterns *words, uint64_t word) {
    if (words->number->size >= 4)
        return px_float_value(word, words->number) / 4;
    const magnitude v = magnitude_of(word, words->number);
    const double value = ldexp((double)v.mantissa, (int)v.unit);
    return word & px_word_sign(words->number) ? -value : value;
}

static void values_of(double *values, const void *context, const bool *is_exception, size_t first,
                      size_t count) {
    const px_bit_patterns *words = context;
    for (size_t i = 0; i < count; i++)
        values[i] = is_exception[first + i] ? 0 : value_of(words, words->bits[first + i]);
}

static void find_exceptions(plan *p, const px_bit_patterns *words) {
    for (size_t i = 0; i < words->count; i++)
        p->is_exception[i] = !is_regular(words->bits[i], words->number);
    px_exceptions_add_outliers(p->is_exception, words->count, values_of, words);
}

/* Extremes, and which bits are never set. */
static void look(plan *p, const px_bit_patterns *words) {
    const px_number *number = words->number;
    unsigned zeros = number->fraction, floor = PX_LONGEST_SHIFT;
    uint64_t least = UINT64_MAX, most = 0;
    for (size_t i = 0; i < words->count; i++) {
        const uint64_t word = words->bits[i];
        p->fixed.has_exceptions |= p->is_exception[i];
        if (p->is_exception[i])
            continue;
        const uint64_t rank = px_word_rank(word, number);
        least = rank < least ? rank : least;
        most = rank > most ? rank : most;
        const magnitude v = magnitude_of(word, number);
        if (!v.mantissa)
            continue;
        const unsigned low = (unsigned)__builtin_ctzll(v.mantissa);
        zeros = low < zeros ? low : zeros;
        floor = v.unit + low < floor ? v.unit + low : floor;
    }
    p->fixed.zeros = zeros;
    p->fixed.floor = floor < PX_LONGEST_SHIFT ? floor : 0;
    p->smallest = least <= most ? px_word_of_rank(least, number) : 0;
    p->largest = least <= most ? px_word_of_rank(most, number) : 0;
}

/* What does not depend on the shift. */
static prism_status plan_make(plan *p, const px_bit_patterns *words, prism_error *error) {
    const size_t count = words->count;
    *p = (plan){.is_exception = px_alloc(count, sizeof *p->is_exception),
                .integers = px_alloc(count, sizeof *p->integers)};
    if (!p->is_exception || !p->integers)
        return px_out_of_memory(error, count * 3);
    find_exceptions(p, words);
    look(p, words);
    return PRISM_OK;
}

static bool fits(px_fixed *f, const plan *p, const px_number *number) {
    const int64_t least = integer_of(f, p->smallest, number);
    f->least = (int32_t)least;
    return integer_of(f, p->largest, number) - least <= MOST_INTEGER &&
           least >= -PX_LARGEST_LEAST && least < PX_LARGEST_LEAST;
}

static bool fits_in(px_fixed *f, const plan *p, const px_number *number, int64_t most) {
    f->least = 0;
    return integer_of(f, p->smallest, number) >= -most && integer_of(f, p->largest, number) <= most;
}

static bool fits_wide(px_fixed *f, const plan *p, const px_number *number) {
    return fits_in(f, p, number, MOST_WIDE_INTEGER);
}

static unsigned highest_bit(uint64_t word, const px_number *number) {
    const magnitude v = magnitude_of(word, number);
    return v.unit + px_bit_length(v.mantissa | 1) - 1;
}

/* The lowest cut that leaves integers that fit, but not below what the largest numbers can have:
 * integers with gaps would be harder to code. */
static void choose_shift(plan *p, const px_number *number,
                         bool (*fit)(px_fixed *, const plan *, const px_number *)) {
    px_fixed *f = &p->fixed;
    const unsigned low = px_fixed_lowest_bit(f, highest_bit(p->smallest, number), number);
    const unsigned high = px_fixed_lowest_bit(f, highest_bit(p->largest, number), number);
    for (f->shift = low > high ? low : high; !fit(f, p, number); f->shift++)
        ;
}

/* No bits below the cut, if that leaves integers of 16 bits. */
static void choose_narrow_shift(plan *p, const px_number *number) {
    p->fixed.shift = p->fixed.floor;
    if (!fits(&p->fixed, p, number))
        choose_shift(p, number, fits);
}

/* Zeros that are written before the highest bit of a number that lies below the cut. */
static size_t zeros_below(const px_fixed *f, int64_t integer, uint64_t word,
                          const px_number *number) {
    const bool below = px_fixed_has_rest(f) && (integer == 1 || integer == -1);
    return below ? f->shift - 1 - highest_bit(word, number) : 0;
}

/* Fills integers. Returns how many zeros numbers below the cut need. */
static size_t fill_integers(plan *p, const px_bit_patterns *words) {
    const px_fixed *f = &p->fixed;
    size_t zeros = 0;
    for (size_t i = 0; i < words->count; i++) {
        if (p->is_exception[i])
            continue;
        const int64_t integer = integer_of(f, words->bits[i], words->number);
        zeros += zeros_below(f, integer, words->bits[i], words->number);
        p->integers[i] = (uint16_t)(integer - f->least);
    }
    if (f->has_exceptions)
        px_exceptions_fill(p->integers, p->is_exception, words->count);
    return zeros;
}

/* What an element has below the cut, from the highest bit on; ones that have none above it begin
 * with the number of zeros before their highest bit, in unary. */
static void put_rest(px_bit_writer *writer, const px_fixed *f, uint64_t word,
                     const px_number *number) {
    const magnitude v = magnitude_of(word, number);
    const unsigned highest = v.unit + px_bit_length(v.mantissa) - 1;
    unsigned from = f->shift;
    if (highest < f->shift) {
        for (; from - 1 > highest; from--)
            px_put_bits(writer, 0, 1);
        px_put_bits(writer, 1, 1);
        from = highest;
    }
    const unsigned lowest = px_fixed_lowest_bit(f, highest, number);
    if (from > lowest)
        px_put_bits(writer,
                    v.mantissa >> (lowest - v.unit) & (((uint64_t)1 << (from - lowest)) - 1),
                    from - lowest);
}

static void write_parameters(px_buffer *out, const px_fixed *f) {
    px_put_varint(out, f->shift);
    px_put_varint(out, f->floor);
    px_put_u8(out, (uint8_t)f->zeros);
    px_put_u32(out, (uint32_t)f->least);
    px_put_u8(out, f->has_exceptions);
}

static void begin_writing(px_coded *mapped, const plan *p, const px_bit_patterns *words) {
    const px_word_view view = px_bit_patterns_view(words);
    mapped->is_mapped = true;
    write_parameters(&mapped->sections.parameters, &p->fixed);
    if (p->fixed.has_exceptions)
        px_exceptions_write(&mapped->sections.parameters, &view, p->is_exception);
}

static void write_rest(px_coded *mapped, const plan *p, const px_bit_patterns *words,
                       const px_gaps *mask) {
    if (px_gaps_for(mask, words->array))
        px_gaps_flag(p->is_exception, mask, words->array);
    px_bit_writer writer = {.out = &mapped->sections.payload};
    if (px_fixed_has_rest(&p->fixed))
        for (size_t i = 0; i < words->count; i++)
            if (words->bits[i] && !p->is_exception[i])
                put_rest(&writer, &p->fixed, words->bits[i], words->number);
    px_finish_bits(&writer);
}

static prism_status write_all(px_coded *mapped, const px_mapping_request *request, const plan *p,
                              const px_bit_patterns *words, prism_error *error) {
    begin_writing(mapped, p, words);
    prism_status status =
        px_inner_encode_integers(mapped, request, p->integers, px_fixed_has_rest(&p->fixed), error);
    write_rest(mapped, p, words, request->mask);
    return status;
}

static bool has_few_exceptions(const plan *p, const px_bit_patterns *words) {
    const px_word_view view = px_bit_patterns_view(words);
    return !p->fixed.has_exceptions || (double)px_exception_runs(&view, p->is_exception) <=
                                           MANY_EXCEPTIONS * (double)words->count;
}

enum { WITHOUT_REST, WITH_REST };

static prism_status encode(px_coded *mapped, const px_mapping_request *request,
                           const px_bit_patterns *words, int variant, prism_error *error) {
    const bool rest = variant == WITH_REST;
    plan p;
    prism_status status = plan_make(&p, words, error);
    if (status == PRISM_OK) {
        choose_narrow_shift(&p, words->number);
        if ((rest || !px_fixed_has_rest(&p.fixed)) && has_few_exceptions(&p, words) &&
            (double)fill_integers(&p, words) <= MANY_ZEROS * (double)words->count &&
            (rest || px_integers_are_dense(p.integers, words->count)))
            status = write_all(mapped, request, &p, words, error);
    }
    plan_free(&p);
    return status;
}

/* ---- Smooth floats ---- */

/* Exceptions get the integer before them. Returns how many zeros numbers below the cut need. */
static size_t fill_wide(int64_t *integers, const plan *p, const px_bit_patterns *words) {
    int64_t before = 0;
    size_t zeros = 0;
    for (size_t i = 0; i < words->count; i++) {
        if (!p->is_exception[i]) {
            before = integer_of(&p->fixed, words->bits[i], words->number);
            zeros += zeros_below(&p->fixed, before, words->bits[i], words->number);
        }
        integers[i] = before;
    }
    return zeros;
}

static prism_status write_wide(px_coded *mapped, const px_mapping_request *request, const plan *p,
                               const px_bit_patterns *words, prism_error *error) {
    prism_array array = *words->array;
    array.type = PRISM_INT64;
    array.order = px_native_order();
    int64_t *integers = px_alloc(words->count, sizeof *integers);
    if (!integers)
        return px_out_of_memory(error, words->count * sizeof *integers);
    prism_status status = PRISM_OK;
    if ((double)fill_wide(integers, p, words) <= MANY_ZEROS * (double)words->count) {
        begin_writing(mapped, p, words);
        status = px_inner_encode(mapped, request, &array, integers, error);
        write_rest(mapped, p, words, request->mask);
    }
    free(integers);
    return status;
}

/* Bits of an element: those of what differences leave above the cut, and those below it. */
static double bits_by(uint64_t *numbers, const plan *p, const px_bit_patterns *words,
                      const px_differences *differences) {
    double bits = 0;
    for (size_t i = 0; i < words->count; i++)
        numbers[i] =
            p->is_exception[i] ? 0 : (uint64_t)integer_of(&p->fixed, words->bits[i], words->number);
    px_differences_apply(numbers, words->array, differences);
    for (size_t i = 0; i < words->count; i++)
        bits += px_bit_length((uint64_t)llabs((int64_t)numbers[i]));
    return bits / (double)words->count;
}

/* *least: by the best candidate, of integers above the wide cut. */
static prism_status bits_of_differences(double *least, px_differences *best, const plan *p,
                                        const px_bit_patterns *words, prism_error *error) {
    enum { CANDIDATES = 5 };
    px_differences list[CANDIDATES];
    const size_t count = px_differences_candidates(list, CANDIDATES, words->array);
    uint64_t *numbers = px_alloc(words->count, sizeof *numbers);
    if (!numbers)
        return px_out_of_memory(error, words->count * sizeof *numbers);
    *least = HUGE_VAL;
    for (size_t c = 0; c < count; c++) {
        const double bits = bits_by(numbers, p, words, &list[c]);
        if (bits < *least)
            *best = list[c];
        *least = fmin(*least, bits);
    }
    free(numbers);
    return PRISM_OK;
}

/* Mean bits below the cut. */
static double bits_below(const plan *p, const px_bit_patterns *words) {
    const px_fixed *f = &p->fixed;
    double bits = 0;
    for (size_t i = 0; i < words->count; i++) {
        if (!words->bits[i] || p->is_exception[i])
            continue;
        const unsigned lowest =
            px_fixed_lowest_bit(f, highest_bit(words->bits[i], words->number), words->number);
        bits += f->shift > lowest ? f->shift - lowest : 0;
    }
    return bits / (double)words->count;
}

/* Small numbers have bits below what the largest ones have: of what is smooth, differences say more
 * of these than what they cost the others. */
static prism_status lower_cut(plan *p, const px_bit_patterns *words, prism_error *error) {
    enum { STEP = 2 };
    px_differences differences = {.count = 0};
    double least;
    prism_status status = bits_of_differences(&least, &differences, p, words, error);
    uint64_t *numbers = px_alloc(words->count, sizeof *numbers);
    if (status == PRISM_OK && !numbers)
        status = px_out_of_memory(error, words->count * sizeof *numbers);
    least += bits_below(p, words);
    while (status == PRISM_OK && p->fixed.shift >= p->fixed.floor + STEP) {
        p->fixed.shift -= STEP;
        const bool fit = fits_in(&p->fixed, p, words->number, LARGEST_WIDE_INTEGER);
        const double bits =
            fit ? bits_by(numbers, p, words, &differences) + bits_below(p, words) : HUGE_VAL;
        if (bits >= least) {
            p->fixed.shift += STEP;
            break;
        }
        least = bits;
    }
    free(numbers);
    return status;
}

static prism_status encode_wide(px_coded *mapped, const px_mapping_request *request,
                                const px_bit_patterns *words, int variant, prism_error *error) {
    plan p;
    (void)variant;
    prism_status status = plan_make(&p, words, error);
    if (status == PRISM_OK) {
        choose_shift(&p, words->number, fits_wide);
        status = lower_cut(&p, words, error);
        if (status == PRISM_OK && has_few_exceptions(&p, words))
            status = write_wide(mapped, request, &p, words, error);
    }
    plan_free(&p);
    return status;
}

/* Whether differences reach below the cut for integers of 16 bits, in the sample. */
static prism_status look_at_smooth(px_verdict *verdict, const px_mapping_request *request,
                                   const px_bit_patterns *words, const px_bit_patterns *part,
                                   prism_error *error) {
    const bool tiny = px_inner_is_tiny(request);
    plan p;
    px_differences best;
    double bits = HUGE_VAL;
    (void)words;
    prism_status status = plan_make(&p, part, error);
    if (status == PRISM_OK) {
        choose_narrow_shift(&p, part->number);
        const unsigned narrow = p.fixed.shift;
        choose_shift(&p, part->number, fits_wide);
        if (narrow > p.fixed.shift)
            status = bits_of_differences(&bits, &best, &p, part, error);
        const bool smooth = bits < narrow - p.fixed.shift + (tiny ? 0 : NOISE_BITS);
        *verdict = !smooth ? PX_UNLIKELY : tiny ? PX_SURE : PX_POSSIBLE;
    }
    plan_free(&p);
    return status;
}

const px_mapping_encoder px_by_grid = {
    .stage = &px_mapping_fixed, .encode = encode, .variant = WITHOUT_REST};
const px_mapping_encoder px_by_fixed = {
    .stage = &px_mapping_fixed, .encode = encode, .variant = WITH_REST};
const px_mapping_encoder px_by_smooth_fixed = {
    .stage = &px_mapping_fixed, .look = look_at_smooth, .encode = encode_wide, .whole = true};
