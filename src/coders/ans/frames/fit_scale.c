/* Scales by regression of log errors on errors around, those of the references, the experts'
 * spread and the blend's errors in a larger neighbourhood; then symbols. */
#include <math.h>
#include <string.h>

#include "base/rounding.h"
#include "coders/ans/frames/blend_kernels.h"
#include "coders/ans/frames/fit.h"
#include "coders/ans/lsq/group.h"
#include "coders/ans/lsq/wave_kernels.h"
#include "linear/cholesky.h"
#include "linear/least_squares.h"

enum {
    ROWS = 8,
    VARIABLES = 6, /* 1, around, running, blur, spread, energy; logs in 1/256 octaves */
    SAMPLED_POSITIONS = 1 << 17,
    HISTOGRAM_POSITIONS = 1 << 16
};

/* Classes begin at 2^-4.5 and errors are in sixteenths; the deviation is 0.62 octaves more than the
 * mean log. */
static const double LOG_TO_CLASS = 256 * (0.62 + 4.5 - PX_MEAN_BITS);

static const double RIDGE = 1e4;

static void add_part(float *rows, const px_frame_fit *fit, const px_wave *wave, size_t y, size_t x,
                     size_t count) {
    const int16_t *running = wave->running + y * wave->running_stride + x;
    const int16_t *contexts = fit->contexts[y % PX_CONTEXT_ROWS] + x,
                  *blur = fit->blur[y % PX_CONTEXT_ROWS] + x;
    const size_t at = y * wave->stride + x;
    for (size_t i = 0; i < count; i++, rows++) {
        rows[0] = 1;
        rows[PX_MOMENT_ROW] = 16.0f * contexts[i];
        rows[2 * PX_MOMENT_ROW] = running[i];
        rows[3 * PX_MOMENT_ROW] = blur[i] * (1 / 9.0f);
        rows[4 * PX_MOMENT_ROW] = 8.0f * (float)px_couple_low(fit->near[at + i]);
        rows[5 * PX_MOMENT_ROW] = 16.0f * (float)px_couple_high(fit->near[at + i]);
        rows[VARIABLES * PX_MOMENT_ROW] = 16.0f * wave->logs[at + i];
        rows[(VARIABLES + 1) * PX_MOMENT_ROW] = 0;
    }
}

static void add_row(px_moments *m, const px_frame_fit *fit, const px_wave *wave, size_t y) {
    for (size_t x = 0, count; x < wave->width; x += count) {
        count = wave->width - x;
        float *columns = px_moments_room(m, &count);
        add_part(columns, fit, wave, y, x, count);
        px_moments_add(m, count);
    }
}

/* sums[ROWS][ROWS]: products of the variables and, after them, the log. */
static void set_scale(px_frame_model *model, const double *sums) {
    double factor[VARIABLES * VARIABLES], c[VARIABLES];
    for (int i = 0; i < VARIABLES; i++) {
        memcpy(factor + i * VARIABLES, sums + i * ROWS, VARIABLES * sizeof *factor);
        factor[i * VARIABLES + i] += i ? RIDGE : 0;
        c[i] = sums[VARIABLES * ROWS + i];
    }
    if (!px_solve_definite(factor, VARIABLES, c))
        memset(c, 0, sizeof c);
    const int unit = PX_FRAME_SCALE_UNIT, limit = PX_FRAME_SCALE_LIMIT;
    model->scale_error = px_round_between(256 * c[1] / unit, -limit, limit);
    model->scale_running = px_round_between(32 * c[2], -127, 127);
    model->scale_blur = px_round_between(256 * c[3] / 9, -127, 127);
    model->scale_spread = px_round_between(128 * c[4] / unit, -limit, limit);
    model->scale_energy = px_round_between(256 * c[5] / unit, -limit, limit);
    const double n = sums[0];
    const double explained = (model->scale_error * unit / 256.0 * sums[1 * ROWS] +
                              model->scale_running / 32.0 * sums[2 * ROWS] +
                              model->scale_blur * 9 / 256.0 * sums[3 * ROWS] +
                              model->scale_spread * unit / 128.0 * sums[4 * ROWS] +
                              model->scale_energy * unit / 256.0 * sums[5 * ROWS]) /
                             n;
    /* Logs, and those of errors around, are cut at a sixteenth of an octave. */
    model->scale_offset =
        px_round_between((sums[VARIABLES * ROWS] / n + 8 + LOG_TO_CLASS - explained) / 16,
                         -PX_FRAME_OFFSET_LIMIT, PX_FRAME_OFFSET_LIMIT);
}

static void find_contexts(const px_frame_fit *fit, const px_wave *wave, size_t y) {
    px_wave_kernels_best()->contexts(fit->contexts[y % PX_CONTEXT_ROWS],
                                     fit->blur[y % PX_CONTEXT_ROWS], wave, y);
}

/* What errors nearby and the spread say of the scale, as blend_decode has it; where there is such a
 * row. */
static void join_contexts(const px_frame_fit *fit, const px_wave *wave, size_t y) {
    const px_blend *blend = wave->blend;
    const int32_t *near = fit->near + y * wave->stride;
    int16_t *contexts = fit->contexts[y % PX_CONTEXT_ROWS];
    if (y >= wave->height)
        return;
    find_contexts(fit, wave, y);
    for (size_t x = 0; x < wave->width; x++) {
        int32_t sum = contexts[x] * wave->scale_error +
                      px_couple_low(near[x]) * blend->scale_spread +
                      px_couple_high(near[x]) * blend->scale_energy;
        contexts[x] = (int16_t)px_saturate(sum >> 4);
    }
}

/* Symbols take the place of what is near, by whole vectors: beyond the end of a row, too, so that
 * the rows that they may reach are joined before. */
static int32_t make_symbols(px_frame_fit *fit, px_wave wave, int32_t *symbols,
                            px_symbol_histograms *histograms) {
    const px_wave_kernels *kernels = px_wave_kernels_best();
    const size_t sparse = 1 + wave.height * wave.width / HISTOGRAM_POSITIONS;
    int32_t largest = 0;
    const size_t ahead = 1 + PX_WAVE_LANES / wave.stride;
    for (size_t y = 0; y < ahead; y++)
        join_contexts(fit, &wave, y);
    for (size_t y = 0; y < wave.height; y++) {
        join_contexts(fit, &wave, y + ahead);
        px_wave joined = wave;
        joined.scale_error = 16;
        const size_t at = y * wave.stride;
        int32_t class =
            kernels->symbols(symbols, &joined, fit->means, fit->contexts[y % PX_CONTEXT_ROWS],
                             fit->blur[y % PX_CONTEXT_ROWS], y);
        largest = class > largest ? class : largest;
        if (y % sparse == 0)
            px_add_symbols(histograms, symbols + at, wave.width);
    }
    return largest;
}

void px_frame_fit_errors(px_frame_fit *fit) {
    px_blend blend;
    px_wave wave = px_frame_wave(fit->view, &blend, fit->model, fit->frame);
    px_causal_pads(&wave);
    px_blend_kernels_best()->analyse(&wave, fit->means, fit->near, NULL);
    wave.bias = 0; /* it is in the means */
    px_wave_kernels_best()->errors(&wave, fit->means);
    px_causal_error_pads(&wave);
}

bool px_frame_fit_scale(px_frame_fit *fit, int32_t *symbols, px_symbol_histograms *histograms) {
    px_blend blend;
    px_wave wave = px_frame_wave(fit->view, &blend, fit->model, fit->frame);
    wave.bias = 0;
    double sums[ROWS * ROWS];
    px_moments m = px_moments_begin(fit->slopes, sums, ROWS, PX_MOMENT_ROW);
    const size_t sparse = 1 + wave.height * wave.width / SAMPLED_POSITIONS;
    for (size_t y = sparse / 2; y < wave.height; y += sparse) {
        find_contexts(fit, &wave, y);
        add_row(&m, fit, &wave, y);
    }
    px_moments_end(&m);
    set_scale(fit->model, sums);
    wave = px_frame_wave(fit->view, &blend, fit->model, fit->frame);
    wave.bias = 0;
    return make_symbols(fit, wave, symbols, histograms) >= PX_SHAPE_CLASSES;
}
