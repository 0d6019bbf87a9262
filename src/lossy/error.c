#include "lossy/error.h"

#include <math.h>

#include "planes/planes.h"

typedef struct sums {
    double squares; /* of errors */
    double largest; /* error */
    bool exact;     /* those that must be */
} sums;

static sums sum_errors(const px_values *values, const void *decoded) {
    const px_bit_patterns *words = &values->words;
    const bool swapped = words->array->order != px_native_order();
    sums s = {.exact = true};
    for (size_t i = 0; i < words->count; i++) {
        const uint64_t word = px_word_at(decoded, i, words->number->size, swapped);
        if (values->is_exact[i]) {
            s.exact &= word == words->bits[i];
            continue;
        }
        const double e = px_value_distance(word, words->bits[i], words->array->type);
        s.squares += e * e;
        s.largest = e <= s.largest ? s.largest : e; /* NaN stays */
    }
    return s;
}

/* The sum of squares that a relative RMSE is a share of. */
static double reference(const px_bound *bound, const px_values *values, int axis) {
    const px_layout layout = px_layout_make(values->words.array, axis);
    double sum = 0;
    for (size_t k = 0; k < layout.count; k++) {
        double first = 0, second = 0, n = 0;
        for (size_t o = 0; o < layout.outer; o++)
            for (size_t i = 0; i < layout.inner; i++) {
                const size_t at = (o * layout.count + k) * layout.inner + i;
                if (values->is_exact[at])
                    continue;
                first += values->numbers[at];
                second += values->numbers[at] * values->numbers[at];
                n++;
            }
        sum += bound->of == PRISM_BOUND_OF_DEVIATION && n > 0 ? second - first * first / n : second;
    }
    return sum;
}

static double share(double part, double whole) {
    return part == 0 ? 0 : whole > 0 ? part / whole : HUGE_VAL;
}

double px_error_reached(const px_bound *bound, const px_values *values, int axis,
                        const void *decoded) {
    const sums s = sum_errors(values, decoded);
    if (!s.exact || isnan(s.largest))
        return HUGE_VAL;
    switch (bound->kind) {
    case PRISM_BOUND_REL_MAX_ERROR:
        return share(s.largest, values->most - values->least);
    case PRISM_BOUND_REL_RMSE:
    case PRISM_BOUND_DISTANCE:
        return sqrt(share(s.squares, reference(bound, values, axis)));
    default:
        return s.largest;
    }
}
