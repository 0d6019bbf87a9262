/*
 * The two matrices, and which positions they are fitted to.
 *
 * Least squares minimise squares, a coder pays logarithms: where all planes are rough, a better
 * prediction saves few bits. Positions therefore count by the inverse of their roughness, the mean
 * energy of the planes' innovations (differences from a prediction by causal neighbours) after
 * decorrelation. Decoding does not see it.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/sizes.h"
#include "base/status.h"
#include "base/threads.h"
#include "coders/ans/lsq/encoder.h"
#include "coders/ans/lsq/fit_taps.h"
#include "coders/ans/lsq/wave_kernels.h"
#include "linear/cholesky.h"
#include "linear/least_squares.h"
#include "linear/product_kernels.h"
#include "linear/weights_fit.h"

/* Added to the energy, so that smooth places do not rule. 0.03 and 0.2 do about as well. */
static const double ENERGY_FLOOR = 0.1;

/* Steps of the second matrix against what would be best for it by itself, in quarter octaves. */
enum { INNOVATION_COARSENESS = 1 };

/* A rough innovation of every plane: of four causal neighbours, without other planes. */
static prism_status rough_innovation(px_lsq_encoder *encoder, size_t k, void *context,
                                     prism_error *error) {
    px_lsq_group *group = &encoder->group;
    px_view *view = &group->full;
    px_wave wave;
    (void)context;
    px_lsq_load(encoder, k);
    px_innovation_wave(&wave, view, &encoder->model, k);
    px_causal_pads(&wave);
    prism_status status = px_fit_own_taps(encoder, &wave, error);
    px_wave_kernels_best()->innovations(view->logs, &wave);
    px_tiles_store(&group->innovations, &view->geometry, k, view->logs);
    return status;
}

/* The inverse of the Cholesky factor of covariances, as floats with zeros above the diagonal. */
static prism_status whitening(float *matrix, const px_gram *gram, double *factor,
                              prism_error *error) {
    const size_t n = gram->count, stride = gram->stride;
    double trace = 0;
    for (size_t i = 0; i < n; i++) {
        trace += gram->moments[i * stride + i];
        for (size_t j = 0; j <= i; j++)
            factor[i * n + j] = gram->moments[i * stride + j];
    }
    prism_status status = px_factorise(factor, n, 1e-5 * trace / (double)n + 1e-6, error);
    if (status != PRISM_OK)
        return status;
    px_invert_factor(factor, n);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++)
            matrix[i * stride + j] = (float)factor[i * n + j];
    return PRISM_OK;
}

typedef struct importance_task {
    px_lsq_encoder *encoder;
    const float *matrix;
    size_t stride, varying;
    float *rows; /* [workers][stride][PX_TILE] */
} importance_task;

enum { TILES_AT_ONCE = 64 };

static prism_status set_importance(void *context, size_t index, size_t worker, prism_error *error) {
    const px_product_kernels *kernels = px_product_kernels_best();
    const importance_task *task = context;
    const px_lsq_encoder *encoder = task->encoder;
    const px_tiles *tiles = &encoder->group.innovations;
    const size_t first = index * TILES_AT_ONCE;
    const size_t end = px_smaller(first + TILES_AT_ONCE, tiles->count);
    float ones[PX_TILE], energy[PX_TILE];
    float *rows = task->rows + worker * task->stride * PX_TILE;
    (void)error;
    for (size_t i = 0; i < PX_TILE; i++)
        ones[i] = 1;
    for (size_t t = first; t < end; t++) {
        float *importance = encoder->importance - encoder->group.full.geometry.origin + t * PX_TILE;
        kernels->tile_floats(rows, PX_TILE, tiles->elements + t * tiles->span, tiles->pairs, ones);
        kernels->energies(energy, rows, task->matrix, task->stride);
        for (size_t i = 0; i < PX_TILE; i++)
            if (importance[i] > 0)
                importance[i] =
                    (float)(1 / sqrt((double)energy[i] / (double)task->varying + ENERGY_FLOOR));
    }
    return PRISM_OK;
}

prism_status px_lsq_importance(px_lsq_encoder *encoder, prism_error *error) {
    const px_lsq_model *model = &encoder->model;
    size_t varying = 0;
    for (size_t k = 0; k < model->count; k++)
        varying += model->planes[k].kind != PX_PLANE_CONSTANT;
    if (!model->mixes || !varying)
        return PRISM_OK;
    const int threads = encoder->task.threads;
    prism_status status = px_lsq_run_planes(encoder, rough_innovation, NULL, error);
    px_gram gram;
    if (status == PRISM_OK)
        status = px_gram_of_tiles(&gram, &encoder->group.innovations, model->count,
                                  encoder->importance - encoder->group.full.geometry.origin,
                                  encoder->settings.gram_positions, threads, error);
    if (status != PRISM_OK)
        return status;
    const size_t jobs = (encoder->group.innovations.count - 1) / TILES_AT_ONCE + 1;
    px_pool pool = {.count = 0};
    const size_t n = gram.count, stride = gram.stride;
    double *factor = px_pool_take_zeroed(&pool, px_product(n, n, sizeof *factor));
    float *matrix = px_pool_take_zeroed(&pool, px_product(stride, stride, sizeof *matrix));
    float *rows = px_pool_take_zeroed(
        &pool, px_product(px_workers(jobs, threads), stride, PX_TILE, sizeof *rows));
    importance_task task = {encoder, matrix, stride, varying, rows};
    status = px_pool_status(&pool, error);
    if (status == PRISM_OK)
        status = whitening(matrix, &gram, factor, error);
    if (status == PRISM_OK)
        status = px_run(jobs, threads, set_importance, &task, error);
    px_pool_free(&pool);
    px_gram_free(&gram);
    return status;
}

/* That planes have data at: of the plane with most of them. */
static size_t most_positions(const px_lsq_encoder *encoder) {
    size_t most = 1;
    if (!encoder->planes->holes)
        return px_plane_size(encoder->planes);
    for (size_t k = 0; k < encoder->model.count; k++) {
        const size_t samples = px_lsq_samples(encoder, k);
        most = samples > most ? samples : most;
    }
    return most;
}

prism_status px_lsq_fit_weights(px_lsq_encoder *encoder, px_weights *weights, const px_tiles *tiles,
                                size_t positions, int coarseness, prism_error *error) {
    const px_geometry *geometry = &encoder->group.full.geometry;
    const float *importance = encoder->importance - geometry->origin;
    const size_t count = encoder->model.count;
    px_gram gram;
    prism_status status = weights->taps == 1
                              ? px_gram_of_tiles(&gram, tiles, count, importance, positions,
                                                 encoder->task.threads, error)
                              : px_gram_of_squares(&gram, &encoder->group.couples, geometry, count,
                                                   importance, positions, error);
    if (status != PRISM_OK)
        return status;
    weights->precision = px_best_precision(most_positions(encoder)) - coarseness;
    weights->precision = weights->precision < 0 ? 0 : weights->precision;
    status = px_weights_fit_group(weights, &gram, error);
    px_gram_free(&gram);
    return status;
}

static void mix_plane(const px_lsq_encoder *encoder, px_mixer *mixer, bool innovations, size_t k) {
    const px_geometry *geometry = &encoder->group.full.geometry;
    int32_t *mixed = px_lsq_mixed(encoder, geometry, k);
    const int fraction = innovations ? 0 : encoder->model.planes[k].fraction;
    px_mixer_predict(mixer, geometry, k, fraction, innovations, mixed);
    px_lsq_pad_mixed(&encoder->task, geometry, mixed);
    px_mixer_take(mixer, geometry, k);
}

typedef struct mixing_task {
    const px_lsq_encoder *encoder;
    px_mixer *mixers; /* [workers] */
    bool innovations;
} mixing_task;

/* Panels do not depend on each other where all planes are known. */
static prism_status mix_panel(void *context, size_t index, size_t worker, prism_error *error) {
    const mixing_task *task = context;
    const size_t first = index * PX_PANEL;
    const size_t end = px_smaller(first + PX_PANEL, task->encoder->model.count);
    (void)error;
    for (size_t k = first; k < end; k++)
        mix_plane(task->encoder, &task->mixers[worker], task->innovations, k);
    return PRISM_OK;
}

static prism_status mix_at_once(const px_lsq_encoder *encoder, const px_weights *weights,
                                const px_tiles *tiles, bool innovations, prism_error *error) {
    const size_t panels = (encoder->model.count - 1) / PX_PANEL + 1;
    const size_t workers = px_workers(panels, encoder->task.threads);
    px_pool *pools = px_alloc_zeroed(workers, sizeof *pools);
    px_mixer *mixers = px_alloc(workers, sizeof *mixers);
    mixing_task task = {encoder, mixers, innovations};
    prism_status status =
        pools && mixers ? PRISM_OK : px_out_of_memory(error, px_product(workers, sizeof *mixers));
    for (size_t i = 0; i < workers && status == PRISM_OK; i++)
        status = px_mixer_make(&mixers[i], &pools[i], weights, tiles, &encoder->group.couples,
                               &encoder->group.full.geometry, true, error);
    if (status == PRISM_OK)
        status = px_run(panels, (int)workers, mix_panel, &task, error);
    for (size_t i = 0; pools && i < workers; i++)
        px_pool_free(&pools[i]);
    free(pools);
    free(mixers);
    return status;
}

struct px_lsq_mixing {
    px_mixer mixer;
    px_pool pool;
    bool innovations;
    size_t done; /* planes that are predicted */
};

prism_status px_lsq_mix(px_lsq_encoder *encoder, const px_weights *weights, const px_tiles *tiles,
                        bool innovations, prism_error *error) {
    px_lsq_mix_end(encoder);
    if (px_workers(encoder->model.count, encoder->task.threads) > 1)
        return mix_at_once(encoder, weights, tiles, innovations, error);
    px_lsq_mixing *mixing = px_alloc_zeroed(1, sizeof *mixing);
    encoder->mixing = mixing;
    if (!mixing)
        return px_out_of_memory(error, sizeof *mixing);
    mixing->innovations = innovations;
    return px_mixer_make(&mixing->mixer, &mixing->pool, weights, tiles, &encoder->group.couples,
                         &encoder->group.full.geometry, true, error);
}

void px_lsq_mix_plane(px_lsq_encoder *encoder, size_t k) {
    px_lsq_mixing *mixing = encoder->mixing;
    for (; mixing && mixing->done <= k; mixing->done++)
        mix_plane(encoder, &mixing->mixer, mixing->innovations, mixing->done);
}

void px_lsq_mix_end(px_lsq_encoder *encoder) {
    if (encoder->mixing)
        px_pool_free(&encoder->mixing->pool);
    free(encoder->mixing);
    encoder->mixing = NULL;
}

prism_status px_lsq_fit_matrix(px_lsq_encoder *encoder, px_weights *weights, const px_tiles *tiles,
                               bool innovations, prism_error *error) {
    const prism_status status = px_lsq_fit_weights(encoder, weights, tiles, SIZE_MAX,
                                                   innovations ? INNOVATION_COARSENESS : 0, error);
    return status == PRISM_OK ? px_lsq_mix(encoder, weights, tiles, innovations, error) : status;
}
