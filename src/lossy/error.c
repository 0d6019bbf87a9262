#include "lossy/error.h"

#include <math.h>

#include "base/sizes.h"
#include "planes/planes.h"

typedef struct sums {
    double squares; /* of errors */
    double largest; /* error */
    bool exact;     /* those that must be, and no other one says that it is missing */
} sums;

/* One element: `e` is its error. */
static void add_error(sums *s, const px_numbers *values, size_t i, uint64_t word, double e) {
    if (px_is_exact(values, i)) {
        s->exact &= word == px_view_word(&values->words, i);
        return;
    }
    s->exact &= !px_is_missing(values, word);
    e *= px_value_scale(values, i);
    s->squares += e * e;
    s->largest = e <= s->largest ? s->largest : e; /* NaN stays */
}

static sums sum_errors(const px_numbers *values, const void *decoded) {
    const prism_type type = values->array->type;
    const px_word_view back = px_word_view_of(values->array, decoded);
    double numbers[PX_NUMBER_RUN];
    sums s = {.exact = true};
    for (px_number_run run = {.count = 0}; px_numbers_next(values, &run);) {
        px_view_numbers(&back, type, numbers, run.first, run.count);
        for (size_t k = 0; k < run.count; k++) {
            const size_t i = run.first + k;
            const uint64_t word = px_view_word(&back, i);
            add_error(&s, values, i, word,
                      px_type_is_wide_integer(type)
                          ? px_value_distance(word, px_view_word(&values->words, i), type)
                          : fabs(numbers[k] - run.numbers[k]));
        }
    }
    return s;
}

/* Sums over the elements of a plane. */
typedef struct moments {
    double first, second, weights;
} moments;

static void add_run(moments *m, const px_numbers *values, size_t first, size_t count) {
    double numbers[PX_NUMBER_RUN];
    px_numbers_get(values, numbers, first, count);
    for (size_t i = 0; i < count; i++) {
        if (px_is_exact(values, first + i))
            continue;
        const double number = numbers[i] * px_value_scale(values, first + i);
        m->first += number;
        m->second += number * number;
        m->weights++;
    }
}

static moments moments_of(const px_numbers *values, const px_layout *layout, size_t plane) {
    moments m = {0};
    for (size_t o = 0; o < layout->outer; o++)
        for (size_t i = 0; i < layout->inner; i += PX_NUMBER_RUN)
            add_run(&m, values, (o * layout->count + plane) * layout->inner + i,
                    px_smaller(PX_NUMBER_RUN, layout->inner - i));
    return m;
}

static double sum_squares(const px_numbers *values) {
    double sum = 0;
    for (px_number_run run = {.count = 0}; px_numbers_next(values, &run);)
        for (size_t i = 0; i < run.count; i++) {
            const double number = run.numbers[i] * px_value_scale(values, run.first + i);
            sum += number * number;
        }
    return sum;
}

double px_error_reference(prism_bound_of of, const px_numbers *values, int axis) {
    if (of == PRISM_BOUND_OF_RMS)
        return sum_squares(values);
    const px_layout layout = px_layout_make(values->array, axis);
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
