#include "lossy/error.h"

#include <math.h>
#include <string.h>

#include "planes/planes.h"

typedef struct sums {
    double squares; /* of errors */
    double largest; /* error */
    bool exact;     /* those that must be, and no other one says that it is missing */
} sums;

/* The types that come most often need no function. */
static inline double number_of(uint64_t word, prism_type type) {
    float number;
    uint32_t bits;
    switch (type) {
    case PRISM_INT8:
        return (double)(int8_t)word;
    case PRISM_UINT8:
    case PRISM_UINT16:
        return (double)word;
    case PRISM_FLOAT32:
        bits = (uint32_t)word;
        memcpy(&number, &bits, sizeof number);
        return (double)number;
    default:
        return px_value_of_word(word, type);
    }
}

/* Doubles do not tell all integers of 64 bits apart. */
static inline double distance_of(const px_numbers *values, size_t i, uint64_t word) {
    const prism_type type = values->words.array->type;
    return type == PRISM_INT64 || type == PRISM_UINT64
               ? px_value_distance(word, values->words.bits[i], type)
               : fabs(number_of(word, type) - values->numbers[i]);
}

static sums sum_errors(const px_numbers *values, const void *decoded) {
    const px_bit_patterns *words = &values->words;
    const bool swapped = words->array->order != px_native_order();
    sums s = {.exact = true};
    for (size_t i = 0; i < words->count; i++) {
        const uint64_t word = px_word_at(decoded, i, words->number->size, swapped);
        if (values->is_exact[i]) {
            s.exact &= word == words->bits[i];
            continue;
        }
        s.exact &= !px_is_missing(values, word);
        const double e = distance_of(values, i, word) * px_value_scale(values, i);
        s.squares += e * e;
        s.largest = e <= s.largest ? s.largest : e; /* NaN stays */
    }
    return s;
}

/* Sums over the elements of a plane. */
typedef struct moments {
    double first, second, weights;
} moments;

static moments moments_of(const px_numbers *values, const px_layout *layout, size_t plane) {
    moments m = {0};
    for (size_t o = 0; o < layout->outer; o++)
        for (size_t i = 0; i < layout->inner; i++) {
            const size_t at = (o * layout->count + plane) * layout->inner + i;
            if (values->is_exact[at])
                continue;
            const double number = values->numbers[at] * px_value_scale(values, at);
            m.first += number;
            m.second += number * number;
            m.weights++;
        }
    return m;
}

static double sum_squares(const px_numbers *values) {
    double sum = 0; /* numbers of exact ones are 0 */
    for (size_t i = 0; i < values->words.count; i++) {
        const double number = values->numbers[i] * px_value_scale(values, i);
        sum += number * number;
    }
    return sum;
}

double px_error_reference(prism_bound_of of, const px_numbers *values, int axis) {
    if (of == PRISM_BOUND_OF_RMS)
        return sum_squares(values);
    const px_layout layout = px_layout_make(values->words.array, axis);
    double sum = 0;
    for (size_t k = 0; k < layout.count; k++) {
        const moments m = moments_of(values, &layout, k);
        sum += m.weights > 0 ? m.second - m.first * m.first / m.weights : 0;
    }
    return sum;
}

double px_error_squares(const px_numbers *values, const void *decoded, bool may) {
    const sums s = sum_errors(values, decoded);
    return (s.exact || may) && !isnan(s.largest) ? s.squares : HUGE_VAL;
}

static double share(double part, double whole) {
    return part == 0 ? 0 : whole > 0 ? part / whole : HUGE_VAL;
}

double px_error_reached(const px_bound *bound, const px_numbers *values, int axis,
                        const void *decoded) {
    const sums s = sum_errors(values, decoded);
    if (!s.exact || isnan(s.largest))
        return HUGE_VAL;
    switch (bound->kind) {
    case PRISM_BOUND_REL_MAX_ERROR:
        return share(s.largest, values->most - values->least);
    case PRISM_BOUND_REL_RMSE:
    case PRISM_BOUND_DISTANCE:
        return sqrt(share(s.squares, px_error_reference(bound->of, values, axis)));
    default:
        return s.largest;
    }
}
