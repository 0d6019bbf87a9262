#include "survey/gaps.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/fast_math.h"
#include "base/sizes.h"
#include "base/status.h"

enum {
    LOOKED_AT = 1 << 18, /* elements */
    STEPS = 256,         /* between values, of different lengths */
    AT_ONCE = 32         /* values; of short arrays most do not occur */
};

/* How often each value comes, in ascending order, in `step`s over the elements. */
static size_t count_values(uint32_t *counts, const prism_array *array, const uint8_t *elements,
                           size_t step) {
    const size_t width = prism_type_size(array->type), count = (size_t)px_array_count(array);
    const bool is_signed = array->type == PRISM_INT8 || array->type == PRISM_INT16;
    const unsigned sign = is_signed ? 1u << (8 * width - 1) : 0;
    const bool big = array->order == PRISM_BIG_ENDIAN;
    size_t looked = 0;
    for (size_t i = 0; i < count; i += step, looked++)
        counts[(width == 2 ? (unsigned)(elements[2 * i + big] | elements[2 * i + !big] << 8)
                           : elements[i]) ^
               sign]++;
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

static bool is_empty(const uint32_t counts[AT_ONCE]) {
    uint32_t any = 0;
    for (size_t i = 0; i < AT_ONCE; i++)
        any |= counts[i];
    return !any;
}

/* The logarithm of the room that each of the values has, where they occur, but for the table that
 * says so, of which the elements that were looked at pay a share. */
static double bits_of_gaps(const uint32_t *counts, long long values, size_t looked, double share) {
    double bits = 0;
    uint32_t steps[STEPS] = {0};
    long long before = -1, last = -1; /* the last two values in use */
    for (long long value = 0; value < values; value++) {
        if (value % AT_ONCE == 0 && is_empty(counts + value))
            value += AT_ONCE - 1;
        if (!counts[value])
            continue;
        if (before >= 0)
            bits += counts[last] * (double)px_fast_log2((float)(value - before) / 2);
        if (last >= 0)
            steps[px_smaller((size_t)(value - last), STEPS) - 1]++;
        before = last;
        last = value;
    }
    return (bits - share * bits_of_table(steps)) / (double)looked;
}

prism_status px_gaps_find(double *bits, const prism_array *array, const void *elements,
                          prism_error *error) {
    const size_t values = (size_t)1 << 8 * prism_type_size(array->type);
    const size_t step = (size_t)px_array_count(array) / LOOKED_AT + 1;
    uint32_t *counts = calloc(values, sizeof *counts);
    if (!counts)
        return px_out_of_memory(error, values * sizeof *counts);
    const size_t looked = count_values(counts, array, elements, step);
    *bits = bits_of_gaps(counts, (long long)values, looked, 1 / (double)step);
    free(counts);
    return PRISM_OK;
}
