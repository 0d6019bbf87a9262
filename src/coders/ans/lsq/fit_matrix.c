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
static prism_status rough_innovations(px_lsq_encoder *encoder, prism_error *error) {
    px_lsq_group *group = &encoder->group;
    px_view *view = &group->full;
    prism_status status = PRISM_OK;
    for (size_t k = 0; k < encoder->model.count && status == PRISM_OK; k++) {
        px_wave wave;
        px_lsq_load(encoder, k);
        px_innovation_wave(&wave, view, &encoder->model, k);
        px_causal_pads(&wave);
        status = px_fit_own_taps(encoder, &wave, error);
        px_wave_kernels_best()->innovations(view->logs, &wave);
        px_tiles_store(&group->innovations, &view->geometry, k, view->logs);
    }
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
    if (!px_invert_lower(factor, n))
        return px_fail(error, PRISM_E_INTERNAL, "dtrtri failed");
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++)
            matrix[i * stride + j] = (float)factor[i * n + j];
    return PRISM_OK;
}

static void set_importance(px_lsq_encoder *encoder, const float *matrix, size_t stride, float *rows,
                           size_t varying) {
    const px_product_kernels *kernels = px_product_kernels_best();
    const px_tiles *tiles = &encoder->group.innovations;
    float ones[PX_TILE], energy[PX_TILE];
    float *importance = encoder->importance - encoder->group.full.geometry.origin;
    for (size_t i = 0; i < PX_TILE; i++)
        ones[i] = 1;
    for (size_t t = 0; t < tiles->count; t++, importance += PX_TILE) {
        kernels->tile_floats(rows, PX_TILE, tiles->elements + t * tiles->span, tiles->pairs, ones);
        kernels->energies(energy, rows, matrix, stride);
        for (size_t i = 0; i < PX_TILE; i++)
            if (importance[i] > 0)
                importance[i] =
                    (float)(1 / sqrt((double)energy[i] / (double)varying + ENERGY_FLOOR));
    }
}

prism_status px_lsq_importance(px_lsq_encoder *encoder, prism_error *error) {
    const px_lsq_model *model = &encoder->model;
    size_t varying = 0;
    for (size_t k = 0; k < model->count; k++)
        varying += model->planes[k].kind != PX_PLANE_CONSTANT;
    if (!model->mixes || !varying)
        return PRISM_OK;
    prism_status status = rough_innovations(encoder, error);
    px_gram gram;
    if (status == PRISM_OK)
        status = px_gram_of_tiles(&gram, &encoder->group.innovations, model->count,
                                  encoder->importance - encoder->group.full.geometry.origin,
                                  encoder->settings.gram_positions, error);
    if (status != PRISM_OK)
        return status;
    px_pool pool = {.count = 0};
    const size_t n = gram.count, stride = gram.stride;
    double *factor = px_pool_take_zeroed(&pool, px_product(n, n, sizeof *factor));
    float *matrix = px_pool_take_zeroed(&pool, px_product(stride, stride, sizeof *matrix));
    float *rows = px_pool_take_zeroed(&pool, px_product(stride, PX_TILE, sizeof *rows));
    status = px_pool_status(&pool, error);
    if (status == PRISM_OK)
        status = whitening(matrix, &gram, factor, error);
    if (status == PRISM_OK)
        set_importance(encoder, matrix, stride, rows, varying);
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
                              ? px_gram_of_tiles(&gram, tiles, count, importance, positions, error)
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

prism_status px_lsq_fit_matrix(px_lsq_encoder *encoder, px_weights *weights, const px_tiles *tiles,
                               bool innovations, prism_error *error) {
    const px_lsq_model *model = &encoder->model;
    const px_geometry *geometry = &encoder->group.full.geometry;
    px_pool pool = {.count = 0};
    px_mixer mixer;
    prism_status status = px_lsq_fit_weights(encoder, weights, tiles, SIZE_MAX,
                                             innovations ? INNOVATION_COARSENESS : 0, error);
    if (status == PRISM_OK)
        status = px_mixer_make(&mixer, &pool, weights, tiles, &encoder->group.couples, geometry,
                               true, error);
    for (size_t k = 0; k < model->count && status == PRISM_OK; k++) {
        px_mixer_predict(&mixer, geometry, k, innovations ? 0 : model->planes[k].fraction,
                         innovations, px_lsq_mixed(encoder, geometry, k));
        px_mixer_take(&mixer, geometry, k);
    }
    px_pool_free(&pool);
    return status;
}
