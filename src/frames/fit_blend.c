/*
 * Gates of experts and the power of their errors by Gauss-Newton steps on the squared error of the
 * blend, a position counting less where errors are large. With weights w_e = 2^score_e, the blend's
 * mean m moves with the score of an expert by ln 2 w_e (p_e - m) / sum w.
 */
#include <math.h>
#include <string.h>

#include "frames/fit.h"

enum {
    DUMPED_STEPS = 512, /* of a frame, about */
    ITERATIONS = 2,
    UNKNOWNS = PX_BLEND_EXPERTS + 1, /* gates, then the power */
    USUAL_POWER = 96
};

static const double DAMPING = 0.2, OUTLIERS = 0.5, MOST_GATE = 2, MOST_POWER = 1;

static size_t dumped_every(const px_geometry *geometry) {
    size_t steps = px_wave_steps(geometry->height, geometry->width);
    return 1 + steps / DUMPED_STEPS;
}

int32_t *px_frame_dump_take(px_pool *pool, const px_geometry *geometry) {
    size_t steps = px_wave_steps(geometry->height, geometry->width) / dumped_every(geometry) + 1;
    return px_pool_take(pool, steps * PX_BLEND_DUMP * PX_WAVE_LANES * sizeof(int32_t));
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

/* One sample of a dump. */
typedef struct example {
    double means[PX_BLEND_EXPERTS], logs[PX_BLEND_EXPERTS]; /* log2 of energies */
    double sample, error;                                   /* the least energy, as an error */
} example;

static double energy_of(const int32_t *dump, int expert, size_t lane) {
    const int32_t pair = dump[(size_t)(PX_BLEND_EXPERTS + expert / 2) * PX_WAVE_LANES + lane];
    return expert % 2 ? (double)((uint32_t)pair >> 16) : (double)(pair & 0xffff);
}

/* False where the lane is not in the frame. */
static bool example_at(example *x, const int32_t *dump, size_t lane, int experts, int shift) {
    const int32_t *samples = dump + (size_t)(PX_BLEND_EXPERTS + PX_BLEND_PAIRS) * PX_WAVE_LANES;
    const double floor = (16 >> shift) + 1;
    double least = HUGE_VAL;
    if (!samples[PX_WAVE_LANES + lane])
        return false;
    for (int e = 0; e < experts; e++) {
        double energy = energy_of(dump, e, lane);
        x->means[e] = dump[(size_t)e * PX_WAVE_LANES + lane];
        x->logs[e] = log2(energy + floor);
        least = fmin(least, energy);
    }
    x->sample = ldexp(samples[lane], PX_MEAN_BITS);
    x->error = ldexp(least / 9, shift) + 5;
    return true;
}

typedef struct system {
    int experts;
    double gates[PX_BLEND_EXPERTS], power;
    double matrix[UNKNOWNS * UNKNOWNS], vector[UNKNOWNS];
} system;

static void add_example(system *s, const example *x) {
    double shares[PX_BLEND_EXPERTS], slopes[UNKNOWNS] = {0}, best = -HUGE_VAL, sum = 0, mean = 0;
    for (int e = 0; e < s->experts; e++) {
        shares[e] = s->gates[e] - s->power * x->logs[e];
        best = fmax(best, shares[e]);
    }
    for (int e = 0; e < s->experts; e++) {
        shares[e] = exp2(shares[e] - best);
        sum += shares[e];
        mean += shares[e] * x->means[e];
    }
    mean /= sum;
    for (int e = 0; e < s->experts; e++) {
        slopes[e] = M_LN2 * shares[e] / sum * (x->means[e] - mean);
        slopes[PX_BLEND_EXPERTS] -= slopes[e] * x->logs[e];
    }
    double rest = x->sample - mean;
    double weight = 1 / (x->error * x->error + OUTLIERS * rest * rest);
    for (int i = 0; i < UNKNOWNS; i++) {
        double slope = weight * slopes[i];
        for (int j = 0; j <= i; j++)
            s->matrix[i * UNKNOWNS + j] += slope * slopes[j];
        s->vector[i] += slope * rest;
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
    prism_status status = px_factorise(s->matrix, UNKNOWNS, 0, error);
    if (status != PRISM_OK)
        return status;
    double *x = s->vector;
    for (int i = 0; i < UNKNOWNS; i++) {
        for (int j = 0; j < i; j++)
            x[i] -= s->matrix[i * UNKNOWNS + j] * x[j];
        x[i] /= s->matrix[i * UNKNOWNS + i];
    }
    for (int i = UNKNOWNS - 1; i >= 0; i--) {
        for (int j = i + 1; j < UNKNOWNS; j++)
            x[i] -= s->matrix[j * UNKNOWNS + i] * x[j];
        x[i] /= s->matrix[i * UNKNOWNS + i];
    }
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
    px_kernels_best()->blend_analyse(&wave, fit->means, fit->near, &dump);
    prism_status status = PRISM_OK;
    for (int i = 0; i < ITERATIONS && status == PRISM_OK; i++) {
        memset(s.matrix, 0, sizeof s.matrix);
        memset(s.vector, 0, sizeof s.vector);
        for (const int32_t *at = fit->dump; at < dump.next; at += PX_BLEND_DUMP * PX_WAVE_LANES)
            for (size_t lane = 0; lane < PX_WAVE_LANES; lane++) {
                example x;
                if (example_at(&x, at, lane, s.experts, model->error_shift))
                    add_example(&s, &x);
            }
        status = step(&s, error);
    }
    if (status == PRISM_OK)
        to_model(model, &s);
    return status;
}

static void take_fields(px_frame_model *model, const px_frame_model *last) {
    const px_frame_model own = *model;
    *model = *last;
    model->constant = own.constant;
    model->begins = false;
    model->mean = own.mean;
    memset(model->taps, 0, sizeof model->taps);
}

prism_status px_frame_fit_means(px_frame_fit *fit, const px_frame_model *last, prism_error *error) {
    take_fields(fit->model, last);
    prism_status status = px_frame_fit_taps(fit, error);
    return status == PRISM_OK ? px_frame_fit_blend(fit, error) : status;
}
