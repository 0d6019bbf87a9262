#include "coders/ans/blocks/cell.h"

#include <string.h>

#include "base/sizes.h"
#include "base/status.h"
#include "coders/ans/lsq/group.h"

/* Weights of the planes before, in fixed point, as couples: those for P and for E by turns. */
static prism_status put_weights(int32_t *couples, const px_weights *weights, size_t k,
                                prism_error *error) {
    int16_t row[PX_GROUP + 1];
    size_t pairs;
    if (!weights->rows[k].used)
        return PRISM_OK;
    const prism_status status = px_weights_expand(weights, k, row, &pairs, error);
    for (size_t m = 0; m < pairs && status == PRISM_OK; m++)
        couples[2 * m] = px_couple(row[2 * m], row[2 * m + 1]);
    return status;
}

static prism_status put_all_weights(px_cell *cell, const px_lsq_model *model, prism_error *error) {
    int32_t *couples = cell->weights;
    prism_status status = PRISM_OK;
    for (size_t k = 0; k < cell->planes && status == PRISM_OK; k++) {
        status = put_weights(couples, &model->samples, k, error);
        if (status == PRISM_OK)
            status = put_weights(couples + 1, &model->innovations, k, error);
        couples += 2 * px_cell_pairs(k);
    }
    return status;
}

static uint8_t shift_of(const px_weight_row *row, int fraction) {
    return (uint8_t)(row->used ? row->shift - fraction : 0);
}

/* Taps fit (px_blocks_open has seen to it). */
static px_cell_plane plane_of(const px_lsq_model *model, size_t k) {
    const px_view nowhere = {.mixed_stride = 0};
    const px_lsq_plane *plane = &model->planes[k];
    px_wave wave, innovation;
    px_sample_wave(&wave, &nowhere, model, k);
    px_innovation_wave(&innovation, &nowhere, model, k);
    px_cell_plane made = {.bias = wave.bias,
                          .scale_offset = (int16_t)plane->scale_offset,
                          .start_error = (uint16_t)wave.start_error,
                          .mean = (int16_t)plane->mean,
                          .average = (int16_t)plane->average,
                          .scale_error = (int16_t)wave.scale_error,
                          .scale_running = (int16_t)wave.scale_running,
                          .scale_blur = (int16_t)wave.scale_blur,
                          .fraction = (uint8_t)wave.fraction,
                          .sample_shift = shift_of(&model->samples.rows[k], wave.fraction),
                          .innovation_shift = shift_of(&model->innovations.rows[k], 0),
                          .constant = plane->kind == PX_PLANE_CONSTANT};
    memcpy(made.taps_mixed, wave.taps_mixed, sizeof made.taps_mixed);
    memcpy(made.taps_innovation, innovation.taps_mixed, sizeof made.taps_innovation);
    for (int t = 0; t < PX_CELL_OWN_TAPS; t++)
        made.taps_own[t] = wave.taps_own[t] * (1 << wave.fraction);
    for (int t = 0; t < PX_CELL_INNOVATION_OWN_TAPS; t++)
        made.innovation_own[t] = (int16_t)innovation.taps_own[t];
    return made;
}

static size_t all_weights(size_t planes) {
    size_t couples = 0;
    for (size_t k = 0; k < planes; k++)
        couples += 2 * px_cell_pairs(k);
    return couples;
}

static size_t pair_elements(size_t planes) {
    return 2 * px_cell_pairs(planes) * PX_CELL_SIZE;
}

static void put_planes(px_cell *cell, const px_lsq_model *model) {
    int coded = 0;
    for (size_t k = 0; k < cell->planes; k++) {
        cell->each[k] = plane_of(model, k);
        if (!cell->each[k].constant)
            cell->each[k].rate = (int16_t)px_running_rate(++coded);
    }
}

prism_status px_cell_make(px_cell **made, px_pool *pool, const px_lsq_model *model, size_t planes,
                          prism_error *error) {
    const size_t weights = model->mixes ? all_weights(planes) : 0, pairs = pair_elements(planes);
    px_cell *cell = px_pool_take(pool, sizeof *cell);
    if (!cell)
        return px_pool_status(pool, error);
    *cell = (px_cell){
        .planes = planes,
        .depth = model->depth,
        .mixes = model->mixes,
        .each = px_pool_take(pool, px_product(planes, sizeof *cell->each)),
        .weights = px_pool_take_zeroed(pool, px_product(weights, sizeof *cell->weights)),
        .pairs = px_pool_take_zeroed(pool, px_product(pairs, sizeof *cell->pairs)),
        .samples = px_pool_take(pool, px_product(planes, PX_CELL_SIZE, sizeof *cell->samples)),
        .ladders = px_ladders_make(pool, model->shapes)};
    *made = cell;
    const prism_status status = px_pool_status(pool, error);
    if (status != PRISM_OK)
        return status;
    put_planes(cell, model);
    return model->mixes ? put_all_weights(cell, model, error) : PRISM_OK;
}

uint64_t px_cell_memory(size_t planes) {
    return sizeof(px_cell) + planes * (sizeof(px_cell_plane) + PX_CELL_SIZE * sizeof(int16_t)) +
           (all_weights(planes) + pair_elements(planes)) * sizeof(int32_t) + px_ladders_memory();
}
