/*
 * transform=channels: each plane less what the planes before it predict of it, at the same
 * position. A lift with an integer unit triangular matrix, after the Cholesky decorrelation of
 * "Compressing embeddings" (tunbury.org); weights.h has the arithmetic, weights_fit.c the fit.
 *
 * Both directions go through tiles of positions: the samples of a tile lie two planes by two, as
 * the kernels want them, and stay in the cache while every plane is predicted from them.
 */
#include <stdlib.h>
#include <string.h>

#include "base/sizes.h"
#include "base/status.h"
#include "linear/product_kernels.h"
#include "linear/weights.h"
#include "linear/weights_fit.h"
#include "planes/estimate.h"
#include "planes/stages.h"
#include "system/memory.h"

enum { TILE = 256 };

/* The rows of one group in fixed point, and a tile of its samples. */
typedef struct lift {
    const px_product_kernels *kernels;
    const px_weights *weights;
    size_t first, count; /* the group */
    int16_t *fixed;      /* [count][count + 1 rounded up to even] */
    size_t fixed_stride;
    size_t *pair_counts; /* [count] */
    int16_t *tile;       /* [(count + 1) / 2][TILE][2] samples */
    int32_t sums[TILE];
} lift;

static void lift_free(lift *l) {
    free(l->fixed);
    free(l->pair_counts);
    free(l->tile);
}

static prism_status lift_make(lift *l, const px_weights *weights, size_t first,
                              prism_error *error) {
    size_t left = weights->count - first;
    size_t count = left < PX_GROUP ? left : PX_GROUP;
    *l = (lift){.kernels = px_product_kernels_best(),
                .weights = weights,
                .first = first,
                .count = count,
                .fixed_stride = (count + 2) & ~(size_t)1};
    size_t tile_bytes = px_product((count + 1) / 2 * 2, TILE, sizeof *l->tile);
    l->fixed = px_alloc(count, l->fixed_stride, sizeof *l->fixed);
    l->pair_counts = px_alloc(count, sizeof *l->pair_counts);
    l->tile = px_alloc_zeroed(tile_bytes);
    if (!l->fixed || !l->pair_counts || !l->tile) {
        lift_free(l);
        return px_out_of_memory(error, tile_bytes);
    }
    prism_status status = PRISM_OK;
    for (size_t i = 0; i < count && status == PRISM_OK; i++)
        if (weights->rows[first + i].used)
            status = px_weights_expand(weights, first + i, l->fixed + i * l->fixed_stride,
                                       &l->pair_counts[i], error);
    if (status != PRISM_OK)
        lift_free(l);
    return status;
}

static inline int16_t *tile_plane(const lift *l, size_t i) {
    return l->tile + (i / 2 * TILE * 2 + i % 2);
}

static void tile_load(lift *l, size_t i, const int16_t *samples, size_t n) {
    int16_t *slot = tile_plane(l, i);
    for (size_t p = 0; p < n; p++)
        slot[2 * p] = samples[p];
}

/* sums[p] becomes the prediction of plane i of the group, clamped to the range of a sample. */
static void predict(lift *l, size_t i, size_t n) {
    const px_weight_row *row = &l->weights->rows[l->first + i];
    const int32_t limit = l->weights->depth == 8 ? INT8_MAX : INT16_MAX;
    const uint32_t offset =
        ((uint32_t)row->offset << (row->shift - PX_MIN_SHIFT)) + (1u << (row->shift - 1));
    l->kernels->mix_pairs(l->sums, l->tile, TILE, l->fixed + i * l->fixed_stride, l->pair_counts[i],
                          n);
    for (size_t p = 0; p < n; p++) {
        int32_t value = (int32_t)((uint32_t)l->sums[p] + offset) >> row->shift;
        value = value > limit ? limit : value;
        l->sums[p] = value < -limit - 1 ? -limit - 1 : value;
    }
}

static void add_wrapped(int16_t *samples, const int32_t *values, size_t n, unsigned depth) {
    if (depth == 8)
        for (size_t p = 0; p < n; p++)
            samples[p] = (int8_t)(samples[p] + values[p]);
    else
        for (size_t p = 0; p < n; p++)
            samples[p] = (int16_t)(samples[p] + values[p]);
}

static void subtract_wrapped(int16_t *samples, const int32_t *values, size_t n, unsigned depth) {
    if (depth == 8)
        for (size_t p = 0; p < n; p++)
            samples[p] = (int8_t)(samples[p] - values[p]);
    else
        for (size_t p = 0; p < n; p++)
            samples[p] = (int16_t)(samples[p] - values[p]);
}

static void lift_tile(lift *l, px_planes *planes, size_t position, size_t n, bool inverse) {
    for (size_t i = 0; i < l->count; i++) {
        int16_t *samples = px_plane(planes, l->first + i) + position;
        bool used = l->weights->rows[l->first + i].used;
        if (!inverse)
            tile_load(l, i, samples, n);
        if (used) {
            predict(l, i, n);
            (inverse ? add_wrapped : subtract_wrapped)(samples, l->sums, n, planes->depth);
        }
        if (inverse)
            tile_load(l, i, samples, n);
    }
}

static prism_status lift_planes(px_planes *planes, const px_weights *weights, bool inverse,
                                prism_error *error) {
    const size_t size = px_plane_size(planes);
    for (size_t first = 0; first < planes->count; first += PX_GROUP) {
        lift l;
        prism_status status = lift_make(&l, weights, first, error);
        if (status != PRISM_OK)
            return status;
        for (size_t p = 0; p < size; p += TILE)
            lift_tile(&l, planes, p, size - p < TILE ? size - p : TILE, inverse);
        lift_free(&l);
    }
    return PRISM_OK;
}

/* Undoes the lift of planes whose residual looks dearer to code than the plane itself. */
static void keep_cheaper(px_planes *lifted, const px_planes *original, px_weights *weights) {
    for (size_t k = 0; k < lifted->count; k++) {
        if (!weights->rows[k].used || px_estimate_plane(lifted, k) < px_estimate_plane(original, k))
            continue;
        px_weight_row_clear(&weights->rows[k]);
        memcpy(px_plane(lifted, k), px_plane(original, k),
               px_plane_size(lifted) * sizeof *lifted->samples);
    }
}

static prism_status lift_selectively(px_planes *planes, px_weights *weights, prism_error *error) {
    px_planes lifted = *planes;
    size_t bytes = px_planes_bytes(planes);
    lifted.samples = px_large_alloc(bytes);
    if (!lifted.samples)
        return px_out_of_memory(error, bytes);
    memcpy(lifted.samples, planes->samples, bytes);
    prism_status status = lift_planes(&lifted, weights, false, error);
    if (status == PRISM_OK) {
        keep_cheaper(&lifted, planes, weights);
        int16_t *samples = planes->samples;
        planes->samples = lifted.samples;
        lifted.samples = samples;
    }
    px_large_free(lifted.samples);
    return status;
}

static bool any_row_used(const px_weights *weights) {
    for (size_t k = 0; k < weights->count; k++)
        if (weights->rows[k].used)
            return true;
    return false;
}

static prism_status forward(px_planes *planes, const px_task *task, px_buffer *parameters,
                            prism_error *error) {
    px_weights weights;
    prism_status status = px_weights_fit(&weights, planes, error);
    if (status != PRISM_OK)
        return status;
    status = task->selective ? lift_selectively(planes, &weights, error)
                             : lift_planes(planes, &weights, false, error);
    if (status == PRISM_OK && any_row_used(&weights))
        px_weights_write(&weights, parameters);
    px_weights_free(&weights);
    return status;
}

static prism_status inverse(px_planes *planes, px_reader *parameters, prism_error *error) {
    px_weights weights;
    prism_status status =
        px_weights_alloc(&weights, planes->count, px_plane_size(planes), planes->depth, error);
    if (status != PRISM_OK)
        return status;
    status = px_weights_read(&weights, parameters, error);
    if (status == PRISM_OK)
        status = lift_planes(planes, &weights, true, error);
    px_weights_free(&weights);
    return status;
}

static uint64_t inverse_memory(const px_planes *planes) {
    const uint64_t group = planes->count < PX_GROUP ? planes->count : PX_GROUP;
    return px_weights_memory(planes->count, 1) + group * (group + 2) * sizeof(int16_t) +
           group * sizeof(size_t) + (group + 1) * TILE * sizeof(int16_t);
}

const px_transform_stage px_channels = {forward, inverse, inverse_memory};
