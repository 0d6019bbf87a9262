#include "lossy/error.h"

#include <math.h>

#include "base/sizes.h"
#include "planes/planes.h"

typedef struct sums {
    double squares; /* of errors */
    double largest; /* error */
    bool exact;     /* those that must be, and no other one says that it is missing */
} sums;

/* NaN is larger than all. */
static double larger(double a, double b) {
    return b <= a || isnan(a) ? a : b;
}

static void add_to(sums *s, double error) {
    s->squares += error * error;
    s->largest = larger(s->largest, error);
}

/* One element: `e` is its error. */
static void add_error(sums *s, const px_numbers *values, size_t i, uint64_t word, double e) {
    if (px_is_exact(values, i)) {
        s->exact &= word == px_view_word(&values->words, i);
        return;
    }
    s->exact &= !px_is_missing(values, word);
    add_to(s, e * px_value_scale(values, i));
}

enum { LANES = 8 }; /* of which a run has a whole number */

static size_t rounded_up(size_t count) {
    return (count + LANES - 1) / LANES * LANES;
}

/* Errors of a run whose elements all count the same. Several sums: one would wait for itself. */
static void add_run_of_errors(sums *s, const double *a, const double *b, size_t count) {
    double squares[LANES] = {0}, largest[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        for (size_t k = 0; k < LANES; k++) {
            const double e = fabs(a[i + k] - b[i + k]);
            squares[k] += e * e;
            largest[k] = e <= largest[k] ? largest[k] : e;
        }
    for (; i < count; i++)
        add_to(s, fabs(a[i] - b[i]));
    for (size_t k = 0; k < LANES; k++) {
        s->squares += squares[k];
        s->largest = larger(s->largest, isnan(squares[k]) ? squares[k] : largest[k]);
    }
}

static void add_each_error(sums *s, const px_numbers *values, const px_word_view *back,
                           const px_number_run *run, const double *numbers) {
    const prism_type type = values->array->type;
    for (size_t k = 0; k < run->count; k++) {
        const size_t i = run->first + k;
        const uint64_t word = px_view_word(back, i);
        add_error(s, values, i, word,
                  px_type_is_wide_integer(type)
                      ? px_value_distance(word, px_view_word(&values->words, i), type)
                      : fabs(numbers[k] - run->numbers[k]));
    }
}

static sums sum_errors(const px_numbers *values, const void *decoded) {
    const prism_type type = values->array->type;
    const px_word_view back = px_word_view_of(values->array, decoded);
    const bool alike = !values->is_exact && !values->has_missing && !values->scales.scales &&
                       !px_type_is_wide_integer(type);
    double numbers[PX_NUMBER_RUN];
    sums s = {.exact = true};
    for (px_number_run run = {.count = 0}; px_numbers_next(values, &run);) {
        px_view_numbers(&back, type, numbers, run.first, run.count);
        if (alike)
            add_run_of_errors(&s, numbers, run.numbers, run.count);
        else
            add_each_error(&s, values, &back, &run, numbers);
    }
    return s;
}

/* Sums over the elements of a plane, of what they are more than `about`. */
typedef struct moments {
    double about, first, second, weights;
} moments;

static void add_run(moments *m, const px_numbers *values, size_t first, size_t count) {
    double numbers[PX_NUMBER_RUN];
    px_numbers_get(values, numbers, first, count);
    for (size_t i = 0; i < count; i++) {
        if (px_is_exact(values, first + i))
            continue;
        const double number = numbers[i] * px_value_scale(values, first + i) - m->about;
        m->first += number;
        m->second += number * number;
        m->weights++;
    }
}

static moments moments_of(const px_numbers *values, const px_layout *layout, size_t plane,
                          double about) {
    moments m = {.about = about};
    for (size_t o = 0; o < layout->outer; o++)
        for (size_t i = 0; i < layout->inner; i += PX_NUMBER_RUN)
            add_run(&m, values, (o * layout->count + plane) * layout->inner + i,
                    px_smaller(PX_NUMBER_RUN, layout->inner - i));
    return m;
}

static void weigh(px_number_run *run, const px_numbers *values) {
    for (size_t i = 0; i < run->count && values->scales.scales; i++)
        run->numbers[i] *= px_value_scale(values, run->first + i);
}

static double sum_squares(const px_numbers *values) {
    double squares[LANES] = {0}, sum = 0;
    for (px_number_run run = {.count = 0}; px_numbers_next(values, &run);) {
        weigh(&run, values);
        for (size_t i = run.count; i < rounded_up(run.count); i++)
            run.numbers[i] = 0;
        for (size_t i = 0; i < run.count; i += LANES)
            for (size_t k = 0; k < LANES; k++)
                squares[k] += run.numbers[i + k] * run.numbers[i + k];
    }
    for (size_t k = 0; k < LANES; k++)
        sum += squares[k];
    return sum;
}

double px_error_reference(prism_bound_of of, const px_numbers *values, int axis) {
    if (of == PRISM_BOUND_OF_RMS)
        return sum_squares(values);
    const px_layout layout = px_layout_make(values->array, axis);
    double sum = 0;
    for (size_t k = 0; k < layout.count; k++) {
        moments m = moments_of(values, &layout, k, 0);
        if (!(m.weights > 0))
            continue;
        m = moments_of(values, &layout, k, m.first / m.weights); /* small sums lose no digits */
        sum += m.second - m.first * m.first / m.weights;
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
