/*
 * Taps by least squares, twice: in the second fit a position counts by how small the errors of the
 * first one are around it and at it, so that noisy places and edges do not speak for the rest.
 */
#include <math.h>
#include <string.h>

#include "base/effort.h"
#include "base/low_discrepancy.h"
#include "base/rounding.h"
#include "base/sizes.h"
#include "coders/ans/frames/fit.h"
#include "coders/ans/lsq/group.h"
#include "coders/ans/lsq/wave_kernels.h"
#include "linear/least_squares.h"

enum {
    FIRST_SHARE = 2, /* of the positions, one in so many is enough for the first fit */
    VARIABLES = (PX_FRAME_TAPS + 1 + 3) / 4 * 4
};

static const double RIDGE = 1e-6;

/* Errors are in sixteenths. */
static const float ERROR_FLOOR = 24, OUTLIERS = 0.5f;

prism_status px_frame_fit_make(px_frame_fit *fit, px_pool *pool, px_frame_view *view, int effort,
                               prism_error *error) {
    const px_geometry *geometry = &view->geometry;
    *fit = (px_frame_fit){.view = view, .tap_positions = px_efforts.frame_taps[effort]};
    fit->means = px_padded_take(pool, geometry, sizeof *fit->means);
    for (int i = 0; i < PX_CONTEXT_ROWS; i++) {
        fit->contexts[i] = px_zero_row_take(pool, geometry, sizeof **fit->contexts);
        fit->blur[i] = px_zero_row_take(pool, geometry, sizeof **fit->blur);
    }
    fit->rows = px_pool_take_zeroed(pool, px_product(VARIABLES, PX_MOMENT_ROW, sizeof *fit->rows));
    px_frame_blend_take(fit, pool, geometry);
    return px_pool_status(pool, error);
}

static void add_row(px_moments *m, const px_wave *wave, const float *weights, size_t y) {
    for (size_t x = 0, count; x < wave->width; x += count) {
        count = wave->width - x;
        const px_tap_rows to = {.rows = px_moments_room(m, &count),
                                .length = PX_MOMENT_ROW,
                                .squares = 2,
                                .own_count = PX_OWN_TAPS};
        px_wave_kernels_best()->tap_rows(&to, wave, weights + x, y, x, count);
        px_moments_add(m, count);
    }
}

/* Square roots of what positions of row y count. */
static void weigh_row(float *weights, const px_wave *wave, size_t y, bool first) {
    const uint16_t *e = wave->errors + y * wave->stride;
    const ptrdiff_t stride = (ptrdiff_t)wave->stride;
    for (ptrdiff_t x = 0; x < (ptrdiff_t)wave->width; x++) {
        float around =
            (float)(2 * (e[x - 1] + e[x - stride]) + e[x - stride - 1] + e[x - stride + 1]) / 6 +
            ERROR_FLOOR;
        float own = e[x];
        weights[x] = first ? 1 : 1 / sqrtf(around * around + OUTLIERS * own * own);
    }
}

/* From some rows, but not from the first: there neighbours are pads. */
static void gather(double *sums, const px_frame_fit *fit, const px_wave *wave, bool first) {
    const size_t positions = fit->tap_positions / (first ? FIRST_SHARE : 1);
    const size_t sparse = 1 + wave->height * wave->width / positions;
    const size_t step = sparse < wave->height ? sparse : wave->height;
    const size_t top = wave->height > 1;
    float *weights = (float *)fit->near;
    px_moments m = px_moments_begin(fit->rows, sums, VARIABLES, PX_MOMENT_ROW);
    for (size_t i = 0, y; (y = top + px_low_discrepancy(i, step)) < wave->height; i++) {
        weigh_row(weights, wave, y, first);
        add_row(&m, wave, weights, y);
    }
    px_moments_end(&m);
}

static double round_tap(void *levels, size_t j, double value) {
    const double level = nearbyint(ldexp(value, PX_FRAME_TAP_BITS));
    const double kept = fmax(fmin(level, PX_FRAME_TAP_LIMIT), -PX_FRAME_TAP_LIMIT);
    ((int *)levels)[j] = (int)kept;
    return ldexp(kept, -PX_FRAME_TAP_BITS);
}

/* Bias, and errors without it. */
static void find_errors(px_frame_fit *fit) {
    const px_wave_kernels *kernels = px_wave_kernels_best();
    px_frame_model *model = fit->model;
    px_blend blend;
    model->bias = 0;
    px_wave wave = px_frame_wave(fit->view, &blend, model, fit->frame);
    px_causal_pads(&wave);
    const double count = (double)(wave.height * wave.width);
    double bias = (double)kernels->means(fit->means, &wave) / count;
    wave.bias = model->bias = px_round_between(bias, -PX_FRAME_BIAS_LIMIT, PX_FRAME_BIAS_LIMIT);
    double mean_log = (double)kernels->errors(&wave, fit->means) / count;
    model->start_error = px_start_error_level(exp2(mean_log / 16));
    wave = px_frame_wave(fit->view, &blend, model, fit->frame);
    px_causal_error_pads(&wave);
}

static prism_status fit_once(px_frame_fit *fit, bool first, prism_error *error) {
    double sums[VARIABLES * VARIABLES], values[PX_FRAME_TAPS];
    px_blend blend;
    px_wave wave = px_frame_wave(fit->view, &blend, fit->model, fit->frame);
    px_causal_pads(&wave);
    gather(sums, fit, &wave, first);
    double trace = 0;
    for (size_t t = 0; t < PX_FRAME_TAPS; t++)
        trace += sums[t * VARIABLES + t];
    const double ridge = RIDGE * trace / PX_FRAME_TAPS + 1e-12;
    for (size_t t = 0; t < VARIABLES; t++)
        if (sums[t * VARIABLES + t] <= ridge)
            sums[t * VARIABLES + t] = trace + 1; /* a tap on nothing */
    prism_status status = px_factorise(sums, VARIABLES, ridge, error);
    if (status == PRISM_OK) {
        px_solve_rounded(values, sums, VARIABLES, PX_FRAME_TAPS, round_tap, fit->model->taps);
        find_errors(fit);
    }
    return status;
}

prism_status px_frame_fit_taps(px_frame_fit *fit, prism_error *error) {
    prism_status status = fit_once(fit, true, error);
    return status == PRISM_OK ? fit_once(fit, false, error) : status;
}
