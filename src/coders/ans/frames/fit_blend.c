/*
 * Gates of experts and the power of their errors by Gauss-Newton steps on the squared error of the
 * blend, a position counting less where errors are large. With weights w_e = 2^score_e, the blend's
 * mean m moves with the score of an expert by ln 2 w_e (p_e - m) / sum w.
 */
#include <math.h>
#include <string.h>

#include "base/sizes.h"
#include "base/status.h"
#include "coders/ans/frames/blend_kernels.h"
#include "coders/ans/frames/fit.h"
#include "linear/cholesky.h"
#include "linear/least_squares.h"
#include "linear/product_kernels.h"

enum {
    USUALLY = 5, /* of the steps of a frame, one in so many is dumped, but not fewer ... */
    FEW_STEPS = 512,
    MANY_STEPS = 2048, /* ... or more than these */
    ITERATIONS = 3,
    UNKNOWNS = PX_BLEND_EXPERTS + 1, /* gates, then the power */
    ROWS = (UNKNOWNS + 1 + 3) / 4 * 4,
    USUAL_POWER = 96
};

static const double DAMPING = 0.2, MOST_GATE = 2, MOST_POWER = 1;
static const float OUTLIERS = 0.5f;

/* Odd, so that all columns have their turns. */
static size_t dumped_every(const px_geometry *geometry) {
    const size_t steps = px_wave_steps(geometry->height, geometry->width);
    const size_t most = 1 + steps / FEW_STEPS, least = 1 + steps / MANY_STEPS;
    return (most < USUALLY ? most : least > USUALLY ? least : USUALLY) | 1;
}

/* Errors much larger than usual ones would fill the energies. */
static int error_shift_of(const px_frame_model *model) {
    enum { USUAL = 256 };
    int32_t error = 1 << (model->start_error >> 1);
    int shift = 0;
    while (error >> shift > USUAL && shift < PX_ERROR_SHIFT_LIMIT)
        shift++;
    return shift;
}

void px_frame_blend_take(px_frame_fit *fit, px_pool *pool, const px_geometry *geometry) {
    const size_t steps =
        px_wave_steps(geometry->height, geometry->width) / dumped_every(geometry) + 1;
    fit->dump =
        px_pool_take(pool, px_product(steps, PX_BLEND_DUMP, PX_WAVE_LANES, sizeof *fit->dump));
    fit->slopes = px_pool_take(pool, px_product(ROWS, PX_MOMENT_ROW, sizeof *fit->slopes));
}

typedef struct system {
    int experts;
    double gates[PX_BLEND_EXPERTS], power;
    double matrix[UNKNOWNS * UNKNOWNS], vector[UNKNOWNS];
} system;

static px_blend_scores scores_of(const system *s, int shift) {
    px_blend_scores scores = {.experts = s->experts,
                              .power = (float)s->power,
                              .floor = (float)(16 >> shift) + 1,
                              .unit = (float)(1 << shift) / 9,
                              .outliers = OUTLIERS};
    for (int e = 0; e < s->experts; e++)
        scores.gates[e] = (float)s->gates[e];
    return scores;
}

/* From the steps dump..end. */
static void set_equations(system *s, const px_frame_fit *fit, const int32_t *end) {
    const size_t step_size = PX_BLEND_DUMP * PX_WAVE_LANES, block = PX_MOMENT_ROW / PX_WAVE_LANES;
    const px_blend_scores scores = scores_of(s, fit->model->error_shift);
    double sums[ROWS * ROWS] = {0};
    size_t left = (size_t)(end - fit->dump) / step_size, steps;
    for (const int32_t *at = fit->dump; left; at += steps * step_size, left -= steps) {
        steps = left < block ? left : block;
        memset(fit->slopes, 0, ROWS * PX_MOMENT_ROW * sizeof *fit->slopes);
        px_blend_kernels_best()->slopes(fit->slopes, PX_MOMENT_ROW, at, steps, &scores);
        px_product_kernels_best()->gram(sums, fit->slopes, ROWS, PX_MOMENT_ROW, 0, ROWS);
    }
    for (int i = 0; i < UNKNOWNS; i++) {
        for (int j = 0; j <= i; j++)
            s->matrix[i * UNKNOWNS + j] = sums[i * ROWS + j];
        s->vector[i] = sums[UNKNOWNS * ROWS + i];
    }
}

static double between(double value, double low, double high) {
    return fmax(fmin(value, high), low);
}

static prism_status step(system *s, prism_error *error) {
    double trace = 0;
    for (int i = 0; i < UNKNOWNS; i++)
        trace += s->matrix[i * UNKNOWNS + i];
    for (int i = 0; i < UNKNOWNS; i++)
        s->matrix[i * UNKNOWNS + i] +=
            DAMPING * s->matrix[i * UNKNOWNS + i] + 1e-2 * trace / UNKNOWNS + 1e-9;
    double *x = s->vector;
    if (!px_solve_definite(s->matrix, UNKNOWNS, x))
        return px_fail(error, PRISM_E_INTERNAL, "the blend's equations have no solution");
    for (int e = 0; e < s->experts; e++)
        s->gates[e] = between(s->gates[e] + between(x[e], -MOST_GATE, MOST_GATE), -12, 12);
    s->power = between(s->power + between(x[PX_BLEND_EXPERTS], -MOST_POWER, MOST_POWER), 1, 12);
    return PRISM_OK;
}

static void from_model(system *s, const px_frame_model *model) {
    for (int e = 0; e < s->experts; e++)
        s->gates[e] = ldexp(model->gates[e] * PX_GATE_UNIT, -PX_BLEND_BITS);
    s->power = ldexp(model->power ? model->power : USUAL_POWER, -PX_BLEND_POWER_BITS);
}

/* Only differences of gates count: the first one is 0. */
static void to_model(px_frame_model *model, const system *s) {
    for (int e = 0; e < s->experts; e++) {
        double level = ldexp(s->gates[e] - s->gates[0], PX_BLEND_BITS) / PX_GATE_UNIT;
        model->gates[e] = (int)lrint(between(level, -PX_GATE_LIMIT, PX_GATE_LIMIT));
    }
    model->power = (int)lrint(ldexp(s->power, PX_BLEND_POWER_BITS));
}

prism_status px_frame_fit_blend(px_frame_fit *fit, prism_error *error) {
    px_frame_model *model = fit->model;
    px_blend blend;
    model->error_shift = error_shift_of(model);
    system s = {.experts = px_frame_experts(fit->frame)};
    from_model(&s, model);
    const px_wave wave = px_frame_wave(fit->view, &blend, model, fit->frame);
    px_blend_dump dump = {.next = fit->dump, .every = dumped_every(&fit->view->geometry)};
    px_blend_kernels_best()->analyse(&wave, fit->means, fit->near, &dump);
    prism_status status = PRISM_OK;
    for (int i = 0; i < ITERATIONS && status == PRISM_OK; i++) {
        set_equations(&s, fit, dump.next);
        status = step(&s, error);
    }
    if (status == PRISM_OK)
        to_model(model, &s);
    return status;
}

/* What fits begin with. The mean is not touched: other threads may be looking at it. */
static void take_fields(px_frame_model *model, const px_frame_model *last) {
    model->power = last->power;
    memcpy(model->gates, last->gates, sizeof model->gates);
    memset(model->taps, 0, sizeof model->taps);
}

prism_status px_frame_fit_means(px_frame_fit *fit, const px_frame_model *last, prism_error *error) {
    take_fields(fit->model, last);
    prism_status status = px_frame_fit_taps(fit, error);
    return status == PRISM_OK ? px_frame_fit_blend(fit, error) : status;
}
