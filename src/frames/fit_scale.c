/* Scales by regression of log errors on errors around, those of the references, the experts'
 * spread and the blend's errors in a larger neighbourhood; then symbols. */
#include <lapacke.h>
#include <math.h>
#include <string.h>

#include "frames/fit.h"
#include "lsq/group.h"

enum {
    VARIABLES = 6, /* 1, around, running, blur, spread, energy; logs in 1/256 octaves */
    SAMPLED_POSITIONS = 1 << 15,
    HISTOGRAM_POSITIONS = 1 << 14
};

/* Classes begin at 2^-4.5 and errors are in sixteenths; the deviation is 0.62 octaves more than the
 * mean log. */
static const double LOG_TO_CLASS = 256 * (0.62 + 4.5 - PX_MEAN_BITS);

static const double RIDGE = 1e4;

typedef struct regression {
    double matrix[VARIABLES * VARIABLES], vector[VARIABLES];
} regression;

static void add_row(regression *r, const px_frame_fit *fit, const px_wave *wave, size_t y) {
    const size_t at = y * wave->stride;
    for (size_t x = at; x < at + wave->width; x++) {
        const double v[VARIABLES] = {1,
                                     16.0 * fit->contexts[x],
                                     wave->running[x],
                                     fit->blur[x] / 9.0,
                                     8.0 * px_couple_low(fit->near[x]),
                                     16.0 * px_couple_high(fit->near[x])};
        const double log = 16.0 * wave->logs[x];
        for (int i = 0; i < VARIABLES; i++) {
            for (int j = 0; j <= i; j++)
                r->matrix[i * VARIABLES + j] += v[i] * v[j];
            r->vector[i] += v[i] * log;
        }
    }
}

static int rounded(double value, int low, int high) {
    return (int)lrint(fmax(fmin(value, high), low));
}

static void set_scale(px_frame_model *model, const regression *r) {
    double factor[VARIABLES * VARIABLES], c[VARIABLES];
    memcpy(factor, r->matrix, sizeof factor);
    memcpy(c, r->vector, sizeof c);
    for (int i = 1; i < VARIABLES; i++)
        factor[i * VARIABLES + i] += RIDGE;
    if (LAPACKE_dposv(LAPACK_ROW_MAJOR, 'L', VARIABLES, 1, factor, VARIABLES, c, 1) != 0)
        memset(c, 0, sizeof c);
    const int unit = PX_FRAME_SCALE_UNIT, limit = PX_FRAME_SCALE_LIMIT;
    model->scale_error = rounded(256 * c[1] / unit, -limit, limit);
    model->scale_running = rounded(32 * c[2], -127, 127);
    model->scale_blur = rounded(256 * c[3] / 9, -127, 127);
    model->scale_spread = rounded(128 * c[4] / unit, -limit, limit);
    model->scale_energy = rounded(256 * c[5] / unit, -limit, limit);
    const double n = r->matrix[0];
    const double explained = (model->scale_error * unit / 256.0 * r->matrix[1 * VARIABLES] +
                              model->scale_running / 32.0 * r->matrix[2 * VARIABLES] +
                              model->scale_blur * 9 / 256.0 * r->matrix[3 * VARIABLES] +
                              model->scale_spread * unit / 128.0 * r->matrix[4 * VARIABLES] +
                              model->scale_energy * unit / 256.0 * r->matrix[5 * VARIABLES]) /
                             n;
    /* Logs, and those of errors around, are cut at a sixteenth of an octave. */
    model->scale_offset = rounded((r->vector[0] / n + 8 + LOG_TO_CLASS - explained) / 16,
                                  -PX_FRAME_OFFSET_LIMIT, PX_FRAME_OFFSET_LIMIT);
}

/* What errors nearby and the spread say of the scale, as blend_decode has it. */
static void join_contexts(const px_frame_fit *fit, const px_wave *wave, size_t y) {
    const px_blend *blend = wave->blend;
    const size_t at = y * wave->stride;
    for (size_t x = at; x < at + wave->width; x++) {
        int32_t sum = fit->contexts[x] * wave->scale_error +
                      px_couple_low(fit->near[x]) * blend->scale_spread +
                      px_couple_high(fit->near[x]) * blend->scale_energy;
        fit->contexts[x] = (int16_t)px_saturate(sum >> 4);
    }
}

static int32_t make_symbols(px_frame_fit *fit, px_wave wave, int32_t *symbols,
                            px_histogram *histograms) {
    const px_kernels *kernels = px_kernels_best();
    const size_t sparse = 1 + wave.height * wave.width / HISTOGRAM_POSITIONS;
    int32_t largest = 0;
    for (size_t y = 0; y < wave.height; y++) {
        join_contexts(fit, &wave, y);
        px_wave joined = wave;
        joined.scale_error = 16;
        const size_t at = y * wave.stride;
        int32_t class =
            kernels->symbols(symbols, &joined, fit->means, fit->contexts + at, fit->blur + at, y);
        largest = class > largest ? class : largest;
        if (y % sparse == 0)
            px_add_symbols(histograms, symbols + at, wave.width);
    }
    return largest;
}

bool px_frame_fit_scale(px_frame_fit *fit, int32_t *symbols, px_histogram *histograms) {
    const px_kernels *kernels = px_kernels_best();
    px_blend blend;
    px_wave wave = px_frame_wave(fit->view, &blend, fit->model, fit->frame);
    px_causal_pads(&wave);
    kernels->blend_analyse(&wave, fit->means, fit->near, NULL);
    wave.bias = 0; /* it is in the means */
    kernels->errors(&wave, fit->means);
    px_causal_error_pads(&wave);
    regression r = {{0}, {0}};
    const size_t sparse = 1 + wave.height * wave.width / SAMPLED_POSITIONS;
    for (size_t y = 0; y < wave.height; y++) {
        const size_t at = y * wave.stride;
        kernels->contexts(fit->contexts + at, fit->blur + at, &wave, y);
        if (y % sparse == sparse / 2)
            add_row(&r, fit, &wave, y);
    }
    set_scale(fit->model, &r);
    wave = px_frame_wave(fit->view, &blend, fit->model, fit->frame);
    wave.bias = 0;
    return make_symbols(fit, wave, symbols, histograms) >= PX_SHAPE_CLASSES;
}
