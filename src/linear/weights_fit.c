/*
 * Weights from data. With S the covariance of the planes and S = L L' its Cholesky factor, the best
 * linear predictor w of plane k from the planes before it solves S_{<k,<k} w = S_{<k,k}, that is
 * L_{<k,<k}' w = (row k of L): one back substitution a plane. Its residual has the standard
 * deviation L_kk.
 *
 * Rounding each weight as soon as it is found, so that those found later make up for it, leaves
 * only the part of plane j that the planes before it do not explain, L_jj, to carry the error of
 * weight j (nearest-plane rounding, L. Babai, "On Lovasz' lattice reduction and the nearest lattice
 * point problem", 1986). Steps can therefore be as coarse as L_kk / L_jj: the more alike the
 * planes, the cheaper their weights.
 */
#include "linear/weights_fit.h"

#include <math.h>
#include <stdlib.h>

#include "base/rounding.h"
#include "base/sizes.h"
#include "base/status.h"
#include "linear/least_squares.h"

enum { STATISTICS_POSITIONS = 1 << 16 }; /* of a plane, at most, for the covariance */

/* Correlations of planes that are copies of each other must stay positive definite. */
static const double RIDGE = 1e-7;

/* Samples are integers: no residual is taken to be smaller than this part of their unit. */
static const double MIN_DEVIATION = 0.05;

/* The variables of one group, and their correlations factorised. */
typedef struct group {
    size_t first; /* plane */
    size_t count; /* variables */
    size_t taps, target;
    const double *mean; /* [count] */
    double *factor;     /* [count][count] Cholesky factor L (lower, row-major) of correlations, in
                           the memory of the covariances */
    double *deviation;  /* [count]; 1 where a plane is constant */
} group;

static void group_free(group *g) {
    free(g->deviation);
    *g = (group){0};
}

static prism_status group_alloc(group *g, px_gram *gram, const px_weights *weights,
                                prism_error *error) {
    *g = (group){.first = gram->first,
                 .count = gram->count,
                 .taps = weights->taps,
                 .target = weights->target,
                 .mean = gram->mean,
                 .factor = gram->moments,
                 .deviation = calloc(gram->count, sizeof *g->deviation)};
    return g->deviation ? PRISM_OK : px_out_of_memory(error, gram->count * sizeof *g->deviation);
}

/* Covariances to deviations and correlations. Rows of `count` end before those of `stride` that are
 * still to be read. */
static void normalise(group *g, const px_gram *gram) {
    const size_t n = g->count;
    for (size_t k = 0; k < n; k++) {
        double variance = gram->moments[k * gram->stride + k];
        g->deviation[k] = variance > 1e-9 ? sqrt(variance) : 0;
        for (size_t j = 0; j < k; j++) {
            double scale = g->deviation[k] * g->deviation[j];
            double covariance = gram->moments[k * gram->stride + j];
            g->factor[k * n + j] = scale > 0 ? covariance / scale : 0;
        }
        g->factor[k * n + k] = 1;
    }
    for (size_t k = 0; k < n; k++)
        if (g->deviation[k] == 0)
            g->deviation[k] = 1;
}

/* L_vv in sample units: the deviation that the variables before v leave of it. */
static double residual_deviation(const group *g, size_t v) {
    return fmax(g->factor[v * g->count + v] * g->deviation[v], MIN_DEVIATION);
}

/* The variable that is plane k itself. */
static size_t target_of(const group *g, size_t k) {
    return k * g->taps + g->target;
}

/*
 * Finer steps cost weights log2 of the ratio, coarser ones cost each sample: with a step of `c`
 * residual deviations, positions * c^2 / 24 nats a weight. The sum is least at c = sqrt(12 / n).
 */
int px_best_precision(size_t plane_size) {
    double c = sqrt(12.0 / (double)plane_size);
    double quarter_octaves = -4 * log2(fmin(c, 1));
    return (int)lrint(quarter_octaves);
}

static void set_scales(px_weights *weights, const group *g) {
    for (size_t v = 0; v < g->count; v++) {
        double scale = 4 * log2(residual_deviation(g, v));
        weights->scales[g->first * g->taps + v] =
            (int8_t)px_round_between(scale, -PX_SCALE_LIMIT, PX_SCALE_LIMIT);
    }
}

/* Of many taps most say next to nothing: rounding them towards 0 costs less than their bits. */
static double rounded(double level, size_t taps) {
    const double dead = taps > 1 ? 0.1 : 0;
    return level < 0 ? -floor(0.5 - dead - level) : floor(0.5 - dead + level);
}

/*
 * Back substitution of L' w = l_v with rounding, in units of samples, v being the variable of plane
 * k. The plane's own variables before it are not weights of the row: they are left as they are.
 * Returns false if a weight does not fit 16 bits with row->shift fractional bits.
 */
static bool substitute(px_weights *weights, const group *g, size_t k, double *rest) {
    const size_t n = g->count, plane = g->first + k, v = target_of(g, k);
    px_weight_row *row = &weights->rows[plane];
    const double *l = g->factor;
    for (size_t j = 0; j < v; j++)
        rest[j] = l[v * n + j];
    for (size_t j = v; j-- > 0;) {
        double weight = rest[j] / l[j * n + j];
        if (j < k * g->taps) {
            int step = px_step_exponent(weights, plane, j);
            double unit = ldexp(g->deviation[j] / g->deviation[v], -step);
            double level = rounded(weight / unit, g->taps);
            if (fabs(level) > ldexp(INT16_MAX, step - row->shift))
                return false;
            row->levels[j] = (int16_t)level;
            weight = level * unit;
        }
        for (size_t i = 0; i < j && weight != 0; i++)
            rest[i] -= l[j * n + i] * weight;
    }
    return true;
}

static double weight_value(const px_weights *weights, const group *g, size_t k, size_t j) {
    int step = px_step_exponent(weights, g->first + k, j);
    return ldexp(weights->rows[g->first + k].levels[j], -step);
}

/* About what the row's side information costs, in bits. */
static double row_cost(const px_weight_row *row, size_t levels) {
    double bits = 16;
    for (size_t j = 0; j < levels; j++)
        bits += 1 + 1.5 * log2(1 + abs(row->levels[j]));
    return bits;
}

/* Bits that predicting plane k saves over all its samples, with the fit's optimism taken off
 * (H. Akaike, "Fitting autoregressive models for prediction", 1969). */
static double row_gain(const group *g, size_t k, size_t plane_size) {
    const size_t v = target_of(g, k);
    double samples = (double)plane_size, taps = (double)v;
    if (samples <= taps + 1)
        return 0;
    double before = fmax(g->deviation[v], MIN_DEVIATION);
    double after = residual_deviation(g, v) * sqrt((samples + taps) / (samples - taps));
    return samples * log2(before / after);
}

static prism_status fit_row(px_weights *weights, const group *g, size_t k, size_t plane_size,
                            double *rest, prism_error *error) {
    px_weight_row *row = &weights->rows[g->first + k];
    double gain = row_gain(g, k, plane_size);
    if (gain <= 0)
        return PRISM_OK;
    prism_status status = px_weight_row_alloc(row, k * g->taps, error);
    if (status != PRISM_OK)
        return status;
    row->shift = px_max_shift(weights->depth);
    bool fits = substitute(weights, g, k, rest);
    while (!fits && row->shift > PX_MIN_SHIFT) {
        row->shift--;
        fits = substitute(weights, g, k, rest);
    }
    double offset = g->mean[target_of(g, k)];
    for (size_t j = 0; j < k * g->taps; j++)
        offset -= weight_value(weights, g, k, j) * g->mean[j];
    row->offset = px_round_between(8 * offset, -(1 << 19), 1 << 19);
    row->used = fits && gain > row_cost(row, k * g->taps);
    if (!row->used)
        px_weight_row_clear(row);
    return PRISM_OK;
}

prism_status px_weights_fit_group(px_weights *weights, px_gram *gram, prism_error *error) {
    group g;
    prism_status status = group_alloc(&g, gram, weights, error);
    if (status != PRISM_OK)
        return status;
    double *rest = px_alloc(g.count, sizeof *rest);
    if (rest) {
        normalise(&g, gram);
        status = px_factorise(g.factor, g.count, RIDGE, error);
    } else {
        status = px_out_of_memory(error, g.count * sizeof *rest);
    }
    if (status == PRISM_OK)
        set_scales(weights, &g);
    for (size_t k = 1; k < g.count / g.taps && status == PRISM_OK; k++)
        status = fit_row(weights, &g, k, weights->plane_size, rest, error);
    free(rest);
    group_free(&g);
    return status;
}

/* Planes of the group from `first` on that may be predicted: the k-th takes more than k samples. */
static size_t predictable(const px_planes *planes, size_t first) {
    size_t left = planes->count - first, samples = px_plane_size(planes);
    size_t count = left < PX_GROUP ? left : PX_GROUP;
    return count < samples ? count : samples;
}

prism_status px_weights_fit(px_weights *weights, const px_planes *planes, prism_error *error) {
    prism_status status =
        px_weights_alloc(weights, planes->count, px_plane_size(planes), planes->depth, error);
    if (status != PRISM_OK)
        return status;
    weights->precision = px_best_precision(px_plane_size(planes));
    for (size_t first = 0; first < planes->count && status == PRISM_OK; first += PX_GROUP) {
        px_gram gram;
        size_t count = predictable(planes, first);
        if (count < 2)
            break;
        status = px_gram_make(&gram, planes, first, count, STATISTICS_POSITIONS, 1, error);
        if (status == PRISM_OK) {
            status = px_weights_fit_group(weights, &gram, error);
            px_gram_free(&gram);
        }
    }
    if (status != PRISM_OK)
        px_weights_free(weights);
    return status;
}
