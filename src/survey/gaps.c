#include "survey/gaps.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/fast_math.h"
#include "base/sizes.h"
#include "base/status.h"

enum {
    LOOKED_AT = 1 << 18, /* elements */
    STEPS = 256,         /* between values, of different lengths */
    VALUES = 1 << 16,
    WORD_BITS = 64
};

/* How often each value comes, of which some are not in use: of short arrays, most. */
typedef struct value_counts {
    uint64_t used[VALUES / WORD_BITS];
    uint32_t counts[VALUES]; /* of those in use */
} value_counts;

static void count_value(value_counts *c, unsigned value) {
    uint64_t *word = &c->used[value / WORD_BITS];
    const uint64_t bit = (uint64_t)1 << value % WORD_BITS;
    c->counts[value] = *word & bit ? c->counts[value] + 1 : 1;
    *word |= bit;
}

/* In `step`s over the elements, values in ascending order. */
static size_t count_values(value_counts *c, const prism_array *array, const uint8_t *elements,
                           size_t step) {
    const size_t width = prism_type_size(array->type), count = (size_t)px_array_count(array);
    const bool is_signed = array->type == PRISM_INT8 || array->type == PRISM_INT16;
    const unsigned sign = is_signed ? 1u << (8 * width - 1) : 0;
    const bool big = array->order == PRISM_BIG_ENDIAN;
    size_t looked = 0;
    for (size_t i = 0; i < count; i += step, looked++)
        count_value(c, (width == 2 ? (unsigned)(elements[2 * i + big] | elements[2 * i + !big] << 8)
                                   : elements[i]) ^
                           sign);
    return looked;
}

/* What a table of values takes at least: the entropy of the steps between them. Long ones are as
 * good as one. */
static double bits_of_table(const uint32_t steps[STEPS]) {
    double bits = 0, all = 0;
    for (size_t i = 0; i < STEPS; i++)
        all += steps[i];
    for (size_t i = 0; i < STEPS; i++)
        if (steps[i])
            bits += steps[i] * log2(all / steps[i]);
    return bits;
}

/* The logarithm of the room that each of the values has, where they occur, but for the table that
 * says so, of which the elements that were looked at pay a share. */
static double bits_of_gaps(const value_counts *c, size_t looked, double share) {
    double bits = 0;
    uint32_t steps[STEPS] = {0};
    long long before = -1, last = -1; /* the last two values in use */
    for (size_t w = 0; w < VALUES / WORD_BITS; w++)
        for (uint64_t left = c->used[w]; left; left &= left - 1) {
            const long long value = (long long)(w * WORD_BITS) + __builtin_ctzll(left);
            if (before >= 0)
                bits += c->counts[last] * (double)px_fast_log2((float)(value - before) / 2);
            if (last >= 0)
                steps[px_smaller((size_t)(value - last), STEPS) - 1]++;
            before = last;
            last = value;
        }
    return (bits - share * bits_of_table(steps)) / (double)looked;
}

prism_status px_gaps_find(double *bits, const prism_array *array, const void *elements,
                          prism_error *error) {
    const size_t step = (size_t)px_array_count(array) / LOOKED_AT + 1;
    value_counts *c = malloc(sizeof *c);
    if (!c)
        return px_out_of_memory(error, sizeof *c);
    memset(c->used, 0, sizeof c->used);
    const size_t looked = count_values(c, array, elements, step);
    *bits = bits_of_gaps(c, looked, 1 / (double)step);
    free(c);
    return PRISM_OK;
}
