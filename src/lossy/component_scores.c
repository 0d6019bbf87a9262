/*
 * Components for a step: those that it leaves over its noise, bases and means as fine as it needs,
 * and scores by least squares on what the decoder has of these.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/sizes.h"
#include "base/status.h"
#include "linear/cholesky.h"
#include "lossy/component_fit.h"
#include "lossy/component_kernels.h"

static double basis_step(int fineness) {
    return (fineness & 1 ? 181.0 / 256 : 1) * ldexp(1, -(fineness / 2));
}

/* The fineness whose step is about `step`. */
static int fineness_of(double step) {
    const double halves = rint(-2 * log2(step));
    return halves < 0 ? 0 : halves > PX_MOST_FINENESS ? PX_MOST_FINENESS : (int)halves;
}

static void quantise_basis(px_component_fit *fit, double step) {
    px_components *c = &fit->components;
    const size_t planes = fit->layout.count;
    for (size_t k = 0; k < c->count; k++) {
        const double ideal = step / sqrt((double)fit->positions * fit->variances[k]);
        c->fineness[k] = planes == 1 ? 0 : fineness_of(ideal);
        for (size_t p = 0; p < planes; p++)
            c->basis[k * planes + p] =
                (int32_t)rint((double)fit->vectors[k * planes + p] / basis_step(c->fineness[k]));
    }
}

static void quantise_means(px_component_fit *fit, double step) {
    px_components *c = &fit->components;
    const double fineness = rint(log2((double)fit->positions) / 2);
    c->mean_fineness = fineness > PX_MOST_MEAN_FINENESS ? PX_MOST_MEAN_FINENESS : (int)fineness;
    const double unit = ldexp(step, -c->mean_fineness);
    for (size_t p = 0; p < fit->layout.count; p++) {
        const double mean = rint(fit->means[p] / unit);
        c->means[p] = (int64_t)fmax(-0x1p51, fmin(0x1p51, mean));
    }
}

/* basis[count][planes] as it is decoded. */
static void decoded_basis(float *basis, const px_components *c) {
    const size_t planes = c->layout.count;
    for (size_t k = 0; k < c->count; k++)
        for (size_t p = 0; p < planes; p++)
            basis[k * planes + p] = (float)(c->basis[k * planes + p] * basis_step(c->fineness[k]));
}

/* matrix[count][planes]: planes to scores, by least squares. */
static prism_status least_squares(float *matrix, const float *basis, size_t count, size_t planes,
                                  prism_error *error) {
    double *g = px_alloc_zeroed(count, count, sizeof *g);
    if (!g)
        return px_out_of_memory(error, count * count * sizeof *g);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j <= i; j++) {
            double sum = i == j ? 1e-9 : 0;
            for (size_t p = 0; p < planes; p++)
                sum += (double)basis[i * planes + p] * (double)basis[j * planes + p];
            g[i * count + j] = sum;
        }
    const bool solved = count && px_cholesky(g, count);
    if (solved)
        px_invert_factor(g, count);
    double *column = px_alloc(count, 2, sizeof *column);
    prism_status status = column ? PRISM_OK : px_out_of_memory(error, count * 16);
    for (size_t p = 0; p < planes && column && solved; p++) {
        for (size_t i = 0; i < count; i++) {
            double sum = 0;
            for (size_t j = 0; j <= i; j++)
                sum += g[i * count + j] * (double)basis[j * planes + p];
            column[i] = sum;
        }
        for (size_t j = 0; j < count; j++) {
            double sum = 0;
            for (size_t i = j; i < count; i++)
                sum += g[i * count + j] * column[i];
            matrix[j * planes + p] = (float)sum;
        }
    }
    if (!solved)
        memcpy(matrix, basis, count * planes * sizeof *matrix);
    free(column);
    free(g);
    return status;
}

/* What a tile takes on its way to scores. */
typedef struct projection {
    float *matrix;         /* [rounded][planes] */
    float *numbers, *tile; /* [planes][PX_SUM_TILE], [count rounded][PX_SUM_TILE] */
    float *shift;          /* [planes]: what quantising took from the means */
} projection;

static size_t whole(size_t count) {
    return (count + PX_SUM_PLANES - 1) / PX_SUM_PLANES * PX_SUM_PLANES;
}

static void projection_free(projection *p) {
    free(p->matrix);
    free(p->numbers);
    free(p->tile);
    free(p->shift);
}

static prism_status projection_make(projection *p, px_component_fit *fit, double step,
                                    prism_error *error) {
    const px_components *c = &fit->components;
    const size_t planes = fit->layout.count, count = c->count;
    *p = (projection){.matrix = px_alloc_zeroed(whole(count), planes, sizeof(float)),
                      .numbers = px_alloc_zeroed(planes, PX_SUM_TILE, sizeof(float)),
                      .tile = px_alloc_zeroed(whole(count), PX_SUM_TILE, sizeof(float)),
                      .shift = px_alloc(planes, sizeof(float))};
    float *basis = px_alloc(count, planes, sizeof *basis);
    prism_status status = p->matrix && p->numbers && p->tile && p->shift && basis
                              ? PRISM_OK
                              : px_out_of_memory(error, count * planes * sizeof(float));
    if (status == PRISM_OK) {
        decoded_basis(basis, c);
        for (size_t i = 0; i < planes; i++)
            p->shift[i] =
                (float)(fit->means[i] - ldexp((double)c->means[i] * step, -c->mean_fineness));
        status = least_squares(p->matrix, basis, count, planes, error);
    }
    free(basis);
    return status;
}

static void project_tile(projection *p, px_component_fit *fit, size_t first, size_t length) {
    const px_component_kernels *kernels = px_component_kernels_best();
    const size_t planes = fit->layout.count, count = fit->components.count;
    for (size_t i = 0; i < planes; i++)
        for (size_t x = 0; x < length; x++)
            p->numbers[i * PX_SUM_TILE + x] =
                fit->numbers[i * fit->positions + first + x] + p->shift[i];
    memset(p->tile, 0, whole(count) * PX_SUM_TILE * sizeof *p->tile);
    for (size_t k = 0; k < count; k += PX_SUM_PLANES)
        kernels->sum_floats(p->tile + k * PX_SUM_TILE, p->numbers, p->matrix + k * planes, planes);
    for (size_t k = 0; k < count; k++)
        memcpy(fit->scores + k * fit->positions + first, p->tile + k * PX_SUM_TILE,
               length * sizeof *p->tile);
}

static prism_status find_scores(px_component_fit *fit, double step, prism_error *error) {
    projection p;
    free(fit->scores);
    fit->scores = px_alloc(fit->components.count, fit->positions, sizeof *fit->scores);
    if (!fit->scores && fit->components.count)
        return px_out_of_memory(error, fit->components.count * fit->positions * sizeof(float));
    prism_status status = projection_make(&p, fit, step, error);
    for (size_t first = 0; first < fit->positions && status == PRISM_OK; first += PX_SUM_TILE)
        project_tile(&p, fit, first, px_smaller(PX_SUM_TILE, fit->positions - first));
    projection_free(&p);
    return status;
}

prism_status px_component_fit_at(px_component_fit *fit, const px_numbers *values, double step,
                                 double share, prism_error *error) {
    prism_status status = fit->numbers ? PRISM_OK : px_component_fit_load(fit, values, error);
    if (status != PRISM_OK)
        return status;
    size_t count = 0;
    while (count < fit->rank && count < fit->positions &&
           fit->variances[count] > share * step * step / 12)
        count++;
    /* One at least: it may turn out to be nothing. */
    count += count == 0 && fit->rank > 0 && fit->variances[0] > 0;
    px_components_free(&fit->components);
    status = px_components_alloc(&fit->components, &fit->layout, count, error);
    if (status != PRISM_OK)
        return status;
    fit->components.step = (float)step;
    quantise_basis(fit, step);
    quantise_means(fit, (double)fit->components.step);
    return find_scores(fit, (double)fit->components.step, error);
}

void px_component_fit_restep(px_component_fit *fit, double step) {
    fit->components.step = (float)step;
    quantise_means(fit, (double)fit->components.step);
}
