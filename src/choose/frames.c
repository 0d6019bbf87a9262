/*
 * Samples that are spread over some planes are predicted by least squares, from neighbours in their
 * plane, and from these and the planes most like it. Both predictions come from one matrix of
 * products: the first is the solution of its leading part.
 */
#include "choose/frames.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/low_discrepancy.h"
#include "linear/cholesky.h"
#include "planes/estimate.h"

enum {
    ALONE = 5,      /* a constant and four neighbours */
    TIED = 11,      /* with those in two other planes */
    LEAST_ROWS = 4, /* of a plane; a little more than that */
    SOME_PLANES = 12,
    MOST_OTHERS = 64,      /* planes among which the most alike are found */
    FEW_SAMPLES = 64,      /* by which */
    SOME_SAMPLES = 1 << 10 /* of a plane */
};

/* What the fits of a plane take in a chunk. */
static const double PLANE_BITS = 100;

/* Of the mean of the diagonal: where neighbours are all the same, any weights do. */
static const double RIDGE = 1e-9;

typedef struct sums {
    double products[TIED][TIED]; /* the lower half */
    double targets[TIED];
} sums;

/* Samples of a plane but for its edges, one of every `step`. Rows of one or two are all edge: they
 * follow each other as one. */
typedef struct places {
    const px_planes *planes;
    size_t plane, step, count;
    ptrdiff_t nearest, second; /* from the plane to those that are most like it */
} places;

static const int16_t *sample_at(const places *p, size_t i) {
    const size_t width = p->planes->width, place = width + 1 + px_low_discrepancy(i, p->step);
    const size_t x = place % width;
    const ptrdiff_t inwards = width < 3 ? 0 : x == 0 ? 1 : x == width - 1 ? -1 : 0;
    return px_plane(p->planes, p->plane) + place + inwards;
}

static uint64_t distance(const places *p, size_t other) {
    const ptrdiff_t to = ((ptrdiff_t)other - (ptrdiff_t)p->plane) * (ptrdiff_t)p->planes->stride;
    const size_t skip = 1 + p->count / FEW_SAMPLES;
    uint64_t sum = 0;
    for (size_t i = 0; i < p->count; i += skip) {
        const int16_t *at = sample_at(p, i);
        sum += (uint64_t)abs(at[0] - at[to]);
    }
    return sum;
}

/* Frames may be in any order; of two that are coded from each other, one comes first. */
static void find_nearest(places *p) {
    const size_t step = 1 + p->plane / MOST_OTHERS;
    uint64_t least = UINT64_MAX, less = UINT64_MAX;
    size_t nearest = p->plane - 1, second = nearest;
    for (size_t k = (p->plane - 1) % step; k < p->plane; k += step) {
        const uint64_t far = distance(p, k);
        if (far < least) {
            second = nearest;
            less = least;
            nearest = k;
            least = far;
        } else if (far < less) {
            second = k;
            less = far;
        }
    }
    p->nearest = ((ptrdiff_t)nearest - (ptrdiff_t)p->plane) * (ptrdiff_t)p->planes->stride;
    p->second = ((ptrdiff_t)second - (ptrdiff_t)p->plane) * (ptrdiff_t)p->planes->stride;
}

static places places_of(const px_planes *planes, size_t plane) {
    const size_t inner = px_plane_size(planes) - 2 * (planes->width + 2);
    const size_t step = 1 + inner / SOME_SAMPLES;
    places p = {.planes = planes, .plane = plane, .step = step, .count = inner / step};
    if (plane)
        find_nearest(&p);
    return p;
}

/* Differences, which stay small where samples are large. */
static void regressors(double values[TIED], const places *p, const int16_t *at) {
    const ptrdiff_t width = (ptrdiff_t)p->planes->width;
    const int16_t *like = at + p->nearest, *other = at + p->second;
    const int west = at[-1], here = like[0];
    const double filled[TIED] = {1,
                                 at[-width] - west,
                                 at[-width - 1] - west,
                                 at[1 - width] - west,
                                 at[-2] - west,
                                 here - like[-1],
                                 like[1] - here,
                                 like[-width] - here,
                                 like[width] - here,
                                 west - like[-1],
                                 other[0] - other[-1]};
    memcpy(values, filled, sizeof filled);
}

static void add_sample(sums *s, const double values[TIED], double target) {
    for (size_t i = 0; i < TIED; i++) {
        for (size_t j = 0; j <= i; j++)
            s->products[i][j] += values[i] * values[j];
        s->targets[i] += values[i] * target;
    }
}

/* Weights of the first `count` regressors; none where these are of no use. */
static void solve(double weights[TIED], const sums *s, size_t count) {
    double matrix[TIED * TIED], trace = 0;
    for (size_t i = 0; i < TIED; i++)
        trace += s->products[i][i];
    for (size_t i = 0; i < count; i++) {
        memcpy(matrix + i * count, s->products[i], count * sizeof *matrix);
        matrix[i * count + i] += RIDGE * trace / TIED;
    }
    memset(weights, 0, TIED * sizeof *weights);
    memcpy(weights, s->targets, count * sizeof *weights);
    if (!px_solve_definite(matrix, count, weights))
        memset(weights, 0, TIED * sizeof *weights);
}

static int32_t residual_of(const double weights[TIED], const double values[TIED], int32_t target,
                           int32_t west, unsigned depth) {
    double guess = west;
    for (size_t i = 0; i < TIED; i++)
        guess += weights[i] * values[i];
    const double largest = (double)(1 << (depth - 1));
    return px_wrap(target - (int32_t)lrint(fmin(fmax(guess, -largest), largest - 1)), depth);
}

/* Whether neighbours are all the same, or all as far from those in the other plane; *guess is what
 * the sample is then. */
static bool is_flat(int32_t *guess, const places *p, const int16_t *at, bool tied) {
    const size_t width = p->planes->width, corner = width + 1;
    const int16_t *like = at + p->nearest;
    *guess = at[-1];
    if (at[-1] == at[-(ptrdiff_t)width] && at[-1] == at[-(ptrdiff_t)corner])
        return true;
    if (!tied)
        return false;
    const int32_t step = at[-1] - like[-1];
    *guess = like[0] + step;
    return step == at[-(ptrdiff_t)width] - like[-(ptrdiff_t)width] &&
           step == at[-(ptrdiff_t)corner] - like[-(ptrdiff_t)corner];
}

static double bits_by(const double weights[TIED], const places *p, bool tied) {
    px_histogram rough = {.counts = {0}}, flat = {.counts = {0}};
    double values[TIED];
    int32_t guess;
    for (size_t i = 0; i < p->count; i++) {
        const int16_t *at = sample_at(p, i);
        if (is_flat(&guess, p, at, tied)) {
            px_histogram_add(&flat, px_wrap(*at - guess, p->planes->depth));
        } else {
            regressors(values, p, at);
            px_histogram_add(&rough, residual_of(weights, values, at[0], at[-1], p->planes->depth));
        }
    }
    return px_histogram_unbiased_bits(&rough) + px_histogram_unbiased_bits(&flat);
}

/* What weights take beside their residuals, and what fits to few samples promise too much. */
static double bits_of_weights(size_t weights, size_t samples) {
    const double few = 2 * (double)weights, n = fmax((double)samples, few);
    return n * log2(n / (n - (double)weights));
}

static void add_samples(sums *s, const places *p) {
    double values[TIED];
    for (size_t i = 0; i < p->count; i++) {
        const int16_t *at = sample_at(p, i);
        regressors(values, p, at);
        add_sample(s, values, at[0] - at[-1]);
    }
}

/* By the first so many regressors. */
static double measure(const sums *s, const places *p, size_t count) {
    double weights[TIED];
    solve(weights, s, count);
    return bits_by(weights, p, count == TIED) + bits_of_weights(count, p->count);
}

double px_picture_bits(const px_planes *planes) {
    sums s = {.targets = {0}};
    if (planes->count > 1 || px_plane_size(planes) < LEAST_ROWS * (planes->width + 1))
        return HUGE_VAL;
    const places p = places_of(planes, 0);
    add_samples(&s, &p);
    return measure(&s, &p, ALONE) / (double)p.count * (double)px_plane_size(planes) + PLANE_BITS;
}

double px_frames_bits(const px_planes *planes, uint64_t count) {
    double alone = 0, tied = 0, samples = 0;
    const size_t step = 1 + planes->count / SOME_PLANES;
    if (px_plane_size(planes) < LEAST_ROWS * (planes->width + 1))
        return HUGE_VAL;
    for (size_t i = 0, k; (k = 1 + px_low_discrepancy(i, step)) < planes->count; i++) {
        const places p = places_of(planes, k);
        sums s = {.targets = {0}};
        add_samples(&s, &p);
        alone += measure(&s, &p, ALONE);
        tied += measure(&s, &p, TIED);
        samples += (double)p.count;
    }
    const double later = (double)(count - 1) / (double)count;
    const double each = samples > 0 ? (alone + later * (fmin(tied, alone) - alone)) / samples : 0;
    return (each * (double)px_plane_size(planes) + PLANE_BITS) * (double)planes->count;
}
