/*
 * Taps by weighted least squares. With the target as the last of the variables, the Cholesky factor
 * R of their moments holds it all: the solution by back substitution of the last row, and the
 * deviation of what remains as the last element. Taps are rounded as they are found, so that those
 * found later make up for it (see weights_fit.c); the step of a tap is in proportion to the
 * deviation that remains and to 1 / R_tt. How steps differ among taps is sent once for all planes.
 */
#include "coders/ans/lsq/fit_taps.h"

#include <math.h>
#include <string.h>

#include "base/low_discrepancy.h"
#include "base/rounding.h"
#include "base/sizes.h"
#include "base/sort.h"
#include "base/status.h"
#include "coders/ans/lsq/wave_kernels.h"
#include "linear/least_squares.h"

enum {
    PIECE = 64, /* positions of a row that are looked at together where not all are */
    AROUND = 3, /* positions to either side whose residuals say how rough it is */
    MAX_VARIABLES = (PX_MEAN_TAPS + 1 + 3) / 4 * 4
};

/* Steps against what would be best for each tap by itself. */
static const double COARSENESS = 0.7;

/* What a position counts in the second fit: 1 / sqrt(CALM + the mean square of the residuals around
 * it + OUTLIERS times the square of its own), residuals being those of the first fit, relative to
 * their deviation. */
static const float CALM = 0.1f, OUTLIERS = 0.5f;

/* Moments of taps and their target: [n][n], n rounded up to a multiple of 4. */
typedef struct tap_fit {
    int squares; /* 0, 1 with taps on P, 2 with those on E, too */
    int own_count;
    int taps;  /* all of them */
    int first; /* tap of the model that is the fit's first */
    size_t n;
    double moments[MAX_VARIABLES * MAX_VARIABLES];
} tap_fit;

static void fit_begin(tap_fit *fit, int squares, int own_count) {
    fit->squares = squares;
    fit->own_count = own_count;
    fit->taps = squares * PX_SQUARE_TAPS + own_count;
    fit->first = squares ? 0 : 2 * PX_SQUARE_TAPS;
    fit->n = (size_t)(fit->taps + 1 + 3) / 4 * 4;
}

/* ---- Moments --------------------------------------------------------------------------------- */

/* Squares of the residuals that a first fit leaves, relative to their mean. */
static void square_residuals(float *squares, const float *rows, size_t length, size_t count,
                             const double *taps, int tap_count, double deviation) {
    memcpy(squares, rows + (size_t)tap_count * length, count * sizeof *squares);
    for (int t = 0; t < tap_count; t++) {
        const float *row = rows + (size_t)t * length, tap = (float)taps[t];
        for (size_t i = 0; i < count; i++)
            squares[i] -= tap * row[i];
    }
    const float scale = (float)(1 / deviation);
    for (size_t i = 0; i < count; i++)
        squares[i] *= scale * squares[i] * scale;
}

/* Rough places and outliers count less. */
static void weigh_residuals(float *rows, size_t length, size_t count, const double *taps,
                            int tap_count, double deviation) {
    float squares[PX_MOMENT_ROW], sums[PX_MOMENT_ROW + 1] = {0}, factor[PX_MOMENT_ROW];
    square_residuals(squares, rows, length, count, taps, tap_count, deviation);
    for (size_t i = 0; i < count; i++)
        sums[i + 1] = sums[i] + squares[i];
    for (size_t i = 0; i < count; i++) {
        const size_t from = i < AROUND ? 0 : i - AROUND;
        const size_t to = i + AROUND < count ? i + AROUND + 1 : count;
        const float around = (sums[to] - sums[from]) / (float)(to - from);
        factor[i] = 1 / sqrtf(CALM + around + OUTLIERS * squares[i]);
    }
    for (int t = 0; t <= tap_count; t++) {
        float *row = rows + (size_t)t * length;
        for (size_t i = 0; i < count; i++)
            row[i] *= factor[i];
    }
}

/* Part of a row. */
typedef struct piece {
    size_t y, x, count;
} piece;

/* Importance of a piece of a view; of a halved plane, that of the positions it was taken from. */
static const float *importance_of(const px_lsq_encoder *encoder, const px_wave *wave,
                                  const px_lsq_plane *plane, const piece *at, float *values) {
    const size_t stride = encoder->importance_stride;
    if (wave->holes) {
        const float *all = encoder->importance + at->y * stride + at->x;
        const uint8_t *holes = wave->holes + at->y * wave->width + at->x;
        for (size_t i = 0; i < at->count; i++)
            values[i] = holes[i] ? 0 : all[i];
        return values;
    }
    if (!plane || plane->kind != PX_PLANE_HALVED)
        return encoder->importance + at->y * stride + at->x;
    const float *from = encoder->importance + px_full_place(at->y, plane->phase.rows) * stride;
    for (size_t i = 0; i < at->count; i++)
        values[i] = from[px_full_place(at->x + i, plane->phase.columns)];
    return values;
}

/* First fit's taps, for the second one; NULL in the first. */
typedef struct first_fit {
    double taps[PX_MEAN_TAPS];
    double deviation;
} first_fit;

/* Adds a piece of a plane; returns the sum of the squares of its weights. */
static double add_piece(px_moments *m, const tap_fit *fit, const px_wave *wave, const piece *at,
                        const float *weights, const first_fit *first) {
    double total = 0;
    for (size_t i = 0; i < at->count; i++)
        total += (double)weights[i] * (double)weights[i];
    for (size_t from = 0, count; from < at->count; from += count) {
        count = at->count - from;
        const px_tap_rows to = {.rows = px_moments_room(m, &count),
                                .length = m->length,
                                .squares = fit->squares,
                                .own_count = fit->own_count};
        px_wave_kernels_best()->tap_rows(&to, wave, weights + from, at->y, at->x + from, count);
        if (first)
            weigh_residuals(to.rows, m->length, count, first->taps, fit->taps, first->deviation);
        px_moments_add(m, count);
    }
    return total;
}

/* Rows of taps and their target, which every piece fills, and zeros up to fit->n. */
static float *take_rows(px_pool *pool, const tap_fit *fit, size_t length) {
    float *rows = px_pool_take(pool, px_product(fit->n, length, sizeof *rows));
    const size_t used = (size_t)fit->taps + 1;
    if (rows)
        memset(rows + used * length, 0, (fit->n - used) * length * sizeof *rows);
    return rows;
}

/* From all rows, or from pieces of them; not from the first of many, where neighbours are pads.
 * Blocks have so many first rows that they count, if others say something of what is above them. */
static prism_status gather_moments(tap_fit *fit, const px_lsq_encoder *encoder, const px_wave *wave,
                                   const px_lsq_plane *plane, const first_fit *first,
                                   prism_error *error) {
    const px_group_task *task = &encoder->task;
    const size_t positions = px_lsq_positions(task, wave->height, wave->width);
    const size_t step = 1 + positions / encoder->settings.tap_positions;
    const size_t top = step > 1 && wave->height > 1 && !(task->blocks && task->mixes);
    const size_t length = step > 1 ? PIECE : wave->width;
    const size_t across = (wave->width + length - 1) / length,
                 pieces = (wave->height - top) * across;
    px_pool pool = {.count = 0};
    float *weights = px_pool_take(&pool, px_product(wave->width + 1, sizeof *weights));
    const size_t columns = px_moments_length(wave->height * wave->width);
    float *rows = take_rows(&pool, fit, columns);
    px_moments m = px_moments_begin(rows, fit->moments, fit->n, columns);
    prism_status status = px_pool_status(&pool, error);
    double total = 0;
    for (size_t i = 0, p; (p = px_low_discrepancy(i, step)) < pieces && status == PRISM_OK; i++) {
        const size_t x = p % across * length, left = wave->width - x;
        const piece at = {top + p / across, x, left < length ? left : length};
        total +=
            add_piece(&m, fit, wave, &at, importance_of(encoder, wave, plane, &at, weights), first);
    }
    if (status == PRISM_OK)
        px_moments_end(&m);
    for (size_t i = 0; i < fit->n * fit->n; i++)
        fit->moments[i] /= total > 0 ? total : 1;
    px_pool_free(&pool);
    return status;
}

/* ---- Solving --------------------------------------------------------------------------------- */

/* Moments to their Cholesky factor. */
static prism_status factorise(tap_fit *fit, prism_error *error) {
    double trace = 0;
    for (int t = 0; t < fit->taps; t++)
        trace += fit->moments[(size_t)t * fit->n + (size_t)t];
    return px_factorise(fit->moments, fit->n, 1e-5 * trace / fit->taps + 1e-7, error);
}

/* R_ij of the factor; row `taps` is the target's. */
static double factor_at(const tap_fit *fit, int i, int j) {
    return fit->moments[(size_t)i * fit->n + (size_t)j];
}

static double deviation_of(const tap_fit *fit) {
    return factor_at(fit, fit->taps, fit->taps);
}

static void solve(const tap_fit *fit, double *taps) {
    px_solve_rounded(taps, fit->moments, fit->n, (size_t)fit->taps, NULL, NULL);
}

prism_status px_fit_own_taps(const px_lsq_encoder *encoder, px_wave *wave, prism_error *error) {
    tap_fit fit;
    double taps[PX_MEAN_TAPS];
    fit_begin(&fit, 0, PX_INNOVATION_OWN_TAPS);
    prism_status status = gather_moments(&fit, encoder, wave, NULL, NULL, error);
    if (status == PRISM_OK)
        status = factorise(&fit, error);
    if (status != PRISM_OK)
        return status;
    solve(&fit, taps);
    for (int t = 0; t < PX_INNOVATION_OWN_TAPS; t++) {
        double tap = ldexp(taps[t], PX_TAP_BITS);
        wave->taps_own[t] = px_round_between(tap, INT16_MIN, INT16_MAX);
    }
    return PRISM_OK;
}

/* ---- Quantising ------------------------------------------------------------------------------ */

static double mean_log(const tap_fit *fit) {
    double sum = 0;
    for (int t = 0; t < fit->taps; t++)
        sum += log2(factor_at(fit, t, t));
    return sum / fit->taps;
}

/* How much finer the steps of a tap are than those of others: the median over planes. */
static void set_steps(int *steps, const tap_fit *fits, size_t count, double *values) {
    for (int t = 0; count && t < fits->taps; t++) {
        for (size_t i = 0; i < count; i++)
            values[i] = log2(factor_at(&fits[i], t, t)) - mean_log(&fits[i]);
        px_sort_doubles(values, count);
        double finer = 4 * values[count / 2];
        steps[fits->first + t] = px_round_between(finer, -PX_MAX_TAP_SCALE, PX_MAX_TAP_SCALE);
    }
}

typedef struct quantiser {
    px_taps *taps;
    const int *steps;
    int first;
} quantiser;

static double quantise_tap(void *context, size_t j, double value) {
    const quantiser *q = context;
    const int exponent = px_tap_step(q->taps->scale, q->steps[q->first + (int)j]);
    const double limit = INT16_MAX >> (PX_TAP_BITS - exponent);
    const double level = fmax(fmin(nearbyint(ldexp(value, exponent)), limit), -limit);
    q->taps->levels[q->first + (int)j] = (int)level;
    return ldexp(level, -exponent);
}

static void quantise(px_taps *taps, const tap_fit *fit, const int *steps, size_t samples) {
    double values[PX_MEAN_TAPS];
    double step = COARSENESS * sqrt(12.0 / (double)samples) * deviation_of(fit);
    double scale = 4 * (mean_log(fit) - log2(step));
    taps->scale = px_round_between(scale, -PX_MAX_TAP_SCALE, PX_MAX_TAP_SCALE);
    quantiser q = {taps, steps, fit->first};
    px_solve_rounded(values, fit->moments, fit->n, (size_t)fit->taps, quantise_tap, &q);
}

/* Of errors with so many fractional bits less than the samples of the fit. */
static int start_error_of(const tap_fit *fit, int fraction) {
    static const double MEAN_OF_ABSOLUTE = 0.8;
    return px_start_error_level(ldexp(deviation_of(fit), -fraction) * MEAN_OF_ABSOLUTE);
}

/* ---- All planes ------------------------------------------------------------------------------ */

typedef struct all_fits {
    tap_fit *fits;  /* of planes that are not constant */
    size_t *planes; /* these */
    size_t count;
} all_fits;

static prism_status fit_plane(px_lsq_encoder *encoder, size_t index, void *context,
                              prism_error *error) {
    const all_fits *all = context;
    const size_t k = all->planes[index];
    tap_fit *fit = &all->fits[index];
    const px_lsq_plane *plane = &encoder->model.planes[k];
    px_pool pool = {.count = 0};
    px_view view;
    px_wave wave;
    prism_status status = px_lsq_open(&view, &pool, encoder, k, error);
    if (status == PRISM_OK) {
        px_innovation_wave(&wave, &view, &encoder->model, k);
        px_causal_pads(&wave);
        px_lsq_pad_samples(&encoder->task, &wave);
        status = gather_moments(fit, encoder, &wave, plane, NULL, error);
    }
    if (status == PRISM_OK && encoder->settings.robust && fit->squares != 1) {
        tap_fit once = *fit;
        first_fit first;
        status = factorise(&once, error);
        if (status == PRISM_OK) {
            solve(&once, first.taps);
            first.deviation = deviation_of(&once);
            status = gather_moments(fit, encoder, &wave, plane, &first, error);
        }
    }
    px_pool_free(&pool);
    return status == PRISM_OK ? factorise(fit, error) : status;
}

size_t px_lsq_samples(const px_lsq_encoder *encoder, size_t k) {
    const px_lsq_model *model = &encoder->model;
    const px_lsq_plane *plane = &model->planes[k];
    if (encoder->task.bands)
        return encoder->task.block_width *
               (encoder->task.bands[0].height + encoder->task.bands[1].height);
    if (encoder->planes->holes)
        return px_holes_left(encoder->planes->holes, encoder->task.first + model->order[k]);
    if (plane->kind != PX_PLANE_HALVED)
        return model->height * model->width;
    return px_halved(model->height, plane->phase.rows) *
           px_halved(model->width, plane->phase.columns);
}

prism_status px_lsq_fit_taps(px_lsq_encoder *encoder, bool innovations, prism_error *error) {
    px_lsq_model *model = &encoder->model;
    int *steps = innovations ? model->innovation_steps : model->sample_steps;
    const int squares = innovations ? 1 : model->mixes ? 2 : 0;
    px_pool pool = {.count = 0};
    all_fits all = {.fits = px_pool_take(&pool, px_product(model->count, sizeof *all.fits)),
                    .planes = px_pool_take(&pool, px_product(model->count, sizeof *all.planes))};
    double *values = px_pool_take(&pool, px_product(model->count, sizeof *values));
    prism_status status = px_pool_status(&pool, error);
    for (size_t k = 0; k < model->count && status == PRISM_OK; k++) {
        if (model->planes[k].kind == PX_PLANE_CONSTANT)
            continue;
        fit_begin(&all.fits[all.count], squares,
                  innovations ? PX_INNOVATION_OWN_TAPS : PX_OWN_TAPS);
        all.planes[all.count++] = k;
    }
    if (status == PRISM_OK)
        status = px_lsq_run(encoder, all.count, fit_plane, &all, error);
    if (status == PRISM_OK)
        set_steps(steps, all.fits, all.count, values);
    for (size_t i = 0; i < all.count && status == PRISM_OK; i++) {
        px_lsq_plane *plane = &model->planes[all.planes[i]];
        quantise(innovations ? &plane->innovation : &plane->sample, &all.fits[i], steps,
                 px_lsq_samples(encoder, all.planes[i]));
        plane->start_error = start_error_of(&all.fits[i], plane->fraction - PX_MEAN_BITS);
    }
    px_pool_free(&pool);
    return status;
}

/* ---- Method quick ---------------------------------------------------------------------------- */

/* Taps that a method does not have are independent of all others: their taps become 0. */
static void remove_variable(tap_fit *fit, size_t variable) {
    for (size_t i = 0; i < fit->n; i++)
        if (i != variable)
            fit->moments[i * fit->n + variable] = fit->moments[variable * fit->n + i] = 0;
}

prism_status px_fit_quick_taps(px_lsq_encoder *encoder, const px_view *view, size_t k,
                               prism_error *error) {
    enum { WEST = PX_SQUARE_TAPS, WEST_WEST = PX_SQUARE_TAPS + 4 };
    px_lsq_plane *plane = &encoder->model.planes[k];
    px_wave wave;
    tap_fit fit;
    px_taps taps;
    px_innovation_wave(&wave, view, &encoder->model, k);
    px_lsq_pad_quick(&encoder->task, &wave);
    fit_begin(&fit, 1, PX_OWN_TAPS);
    prism_status status = gather_moments(&fit, encoder, &wave, plane, NULL, error);
    if (status != PRISM_OK)
        return status;
    remove_variable(&fit, WEST);
    remove_variable(&fit, WEST_WEST);
    status = factorise(&fit, error);
    if (status != PRISM_OK)
        return status;
    quantise(&taps, &fit, encoder->model.sample_steps, px_lsq_samples(encoder, k));
    plane->sample = (px_taps){.scale = taps.scale};
    for (int t = 0; t < PX_SQUARE_TAPS; t++)
        plane->sample.levels[t] = taps.levels[t];
    for (int t = 0; t < PX_OWN_TAPS; t++)
        plane->sample.levels[2 * PX_SQUARE_TAPS + t] = taps.levels[PX_SQUARE_TAPS + t];
    plane->start_error = start_error_of(&fit, plane->fraction);
    return PRISM_OK;
}
