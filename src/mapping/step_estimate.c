/*
 * The step is found from differences of values that are neighbours once they are sorted: the
 * smallest one is a small multiple of it. Each larger one that is a multiple of what the step may
 * be says more closely what it is, so that multiples of the next one can be told apart: differences
 * between neighbours from the smallest on, then between those that are 2, 4, 8, ... places apart.
 * Where there is no step, nearly every guess is wrong after a few differences.
 */
#include "mapping/step_estimate.h"

#include <math.h>
#include <string.h>

#include "base/sort.h"

enum {
    LEAST_VALUES = 24, /* different ones */
    MOST_FAR = 4,      /* values far from all others, like that of missing data */
    MOST_MULTIPLE = 16,
    SMALLEST_GAPS = 4, /* that are tried, each the second one after the last */
    REFERENCES = 3
};

static const double STEPS_OF_TYPE = 4, LARGEST_INTEGER = 4294967296.0;

/* Of the differences, so many may be of values off the lattice. */
static const double MOST_MISSES = 1.0 / 16;

static size_t sort_different(double *values, size_t count) {
    size_t different = 0;
    px_sort_doubles(values, count);
    for (size_t i = 0; i < count; i++)
        if (!different || values[i] != values[different - 1])
            values[different++] = values[i];
    return different;
}

/* Without values that lie further from all others than these from each other. */
static size_t drop_far(double *values, size_t count) {
    for (int i = 0; i < MOST_FAR && count > LEAST_VALUES; i++) {
        const double half = values[count - 1] / 2 - values[0] / 2;
        if (values[1] - values[0] > half)
            memmove(values, values + 1, (count - 1) * sizeof *values);
        else if (!(values[count - 1] - values[count - 2] > half))
            break;
        count--;
    }
    return count;
}

/* What the step may be. */
typedef struct range {
    double low, high;
    double tolerance; /* of a difference */
    double left;      /* differences that may be looked at */
} range;

static double middle(const range *r) {
    return (r->low + r->high) / 2;
}

/* How far a value so many steps away may be from where it is thought to be. */
static double slack(const range *r, double steps) {
    return steps * (r->high - r->low) / 2;
}

/* False if the difference is no multiple. */
static bool narrow(range *r, double difference) {
    const double step = middle(r), steps = rint(difference / step), unsure = slack(r, steps);
    if (unsure > step / 4)
        return true;
    if (steps < 1 || fabs(difference - steps * step) > r->tolerance + unsure)
        return false;
    r->low = fmax(r->low, (difference - r->tolerance) / steps);
    r->high = fmin(r->high, (difference + r->tolerance) / steps);
    return true;
}

static bool narrow_by_gaps(range *r, const double *gaps, size_t count, size_t first) {
    size_t misses = first;
    for (size_t i = first; i < count; i++) {
        misses += !narrow(r, gaps[i]);
        r->left--;
        if ((double)misses > MOST_MISSES * (double)count)
            return false;
    }
    return true;
}

static bool narrow_by_distances(range *r, const double *values, size_t count, size_t apart) {
    size_t misses = 0;
    for (size_t i = apart; i < count; i++)
        misses += !narrow(r, values[i] - values[i - apart]);
    r->left -= (double)(count - apart);
    return (double)misses <= 2 * MOST_MISSES * (double)count;
}

static bool grow(range *r, const double *values, const double *gaps, size_t count, size_t first) {
    if (!narrow_by_gaps(r, gaps, count - 1, first))
        return false;
    for (size_t apart = 2; apart < count; apart *= 2)
        if (!narrow_by_distances(r, values, count, apart))
            return false;
    return true;
}

static bool try_step(range *r, const double *values, const double *gaps, size_t count, size_t first,
                     int multiple, double tolerance) {
    r->tolerance = tolerance;
    r->low = (gaps[first] - tolerance) / multiple;
    r->high = (gaps[first] + tolerance) / multiple;
    return grow(r, values, gaps, count, first);
}

/* Values that were rounded once are closer to the lattice than others. */
static bool find_step(range *r, const double *values, size_t count, double ulp) {
    double gaps[PX_SPACED];
    for (size_t i = 1; i < count; i++)
        gaps[i - 1] = values[i] - values[i - 1];
    px_sort_doubles(gaps, count - 1);
    for (size_t g = 0; g < SMALLEST_GAPS; g++)
        for (int multiple = 1; multiple <= MOST_MULTIPLE; multiple++) {
            const double step = gaps[2 * g] / multiple;
            if (!(step > (STEPS_OF_TYPE - 1) * ulp) || r->left < 0)
                break;
            if (try_step(r, values, gaps, count, 2 * g, multiple, ulp) ||
                try_step(r, values, gaps, count, 2 * g, multiple, fmax(2 * ulp, step / 32)))
                return middle(r) >= STEPS_OF_TYPE * ulp;
        }
    return false;
}

/* Steps from a value that lies on the lattice itself to those that do. */
static bool number_from(px_spacing *s, const range *r, const double *values, size_t count,
                        double from) {
    s->count = 0;
    for (size_t i = 0; i < count; i++) {
        const double steps = rint((values[i] - from) / s->step);
        const double off = fabs(fma(-steps, s->step, values[i] - from));
        if (off > r->tolerance + slack(r, fabs(steps)))
            continue;
        s->values[s->count] = values[i];
        s->integers[s->count++] = steps;
    }
    return (double)s->count >= (1 - MOST_MISSES) * (double)count;
}

/* Small values say more than large ones, as they were rounded less, up to a point. */
static double weight_of(double value, double largest) {
    const double relative = value / largest;
    return 1 / (relative * relative + 1.0 / 64);
}

typedef struct moments {
    double weights, integers, rests, squares, products;
} moments;

/* With integers from `mean` on, and rests of the values from the line with the step so far. */
static moments moments_of(const px_spacing *s, double mean, double largest) {
    moments m = {0};
    for (size_t i = 0; i < s->count; i++) {
        const double weight = weight_of(s->values[i], largest);
        const double steps = s->integers[i] - s->integers[0], k = s->integers[i] - mean;
        const double rest = weight * fma(-steps, s->step, s->values[i] - s->values[0]);
        m.weights += weight;
        m.integers += weight * k;
        m.rests += rest;
        m.squares += weight * k * k;
        m.products += k * rest;
    }
    return m;
}

void px_step_fit(px_spacing *s) {
    double largest = 0;
    for (size_t i = 0; i < s->count; i++)
        largest = fmax(largest, fabs(s->values[i]));
    moments m = moments_of(s, 0, largest);
    s->mean = m.integers / m.weights;
    m = moments_of(s, s->mean, largest);
    s->variance = m.squares / m.weights;
    const double more = m.products / m.squares, step = s->step + more;
    const double away = m.rests / m.weights - s->mean * more;
    s->start = fma(-s->integers[0], s->step, s->values[0]) + away;
    s->rest = fma(-s->integers[0], s->step, s->values[0] - s->start) + away;
    s->step_rest = more - (step - s->step);
    s->step = step;
}

bool px_step_find(px_spacing *s, double *values, size_t count, unsigned fraction, double most) {
    range r = {.left = most};
    count = sort_different(values, count);
    if (count < LEAST_VALUES)
        return false;
    count = drop_far(values, count);
    const double largest = fmax(fabs(values[0]), fabs(values[count - 1]));
    if (!find_step(&r, values, count, ldexp(1, ilogb(largest) - (int)fraction)))
        return false;
    s->step = middle(&r);
    const double last = (values[count - 1] - values[0]) / s->step;
    if (last > LARGEST_INTEGER || slack(&r, last) > s->step / 4)
        return false;
    for (size_t i = 0; i < REFERENCES; i++)
        if (number_from(s, &r, values, count, values[count / (i + 2)])) {
            for (size_t k = s->count; k-- > 0;)
                s->integers[k] -= s->integers[0];
            px_step_fit(s);
            return true;
        }
    return false;
}
