/* Inter-plane weights: memory, side information, fixed point. */
#include "weights.h"

#include <stdlib.h>

#include "status.h"

enum { LEVEL_CONTEXTS = 6 };

prism_status px_weights_alloc(px_weights *weights, size_t count, size_t plane_size, unsigned depth,
                              prism_error *error) {
    *weights = (px_weights){.count = count,
                            .plane_size = plane_size,
                            .depth = depth,
                            .scales = calloc(count, sizeof *weights->scales),
                            .rows = calloc(count, sizeof *weights->rows)};
    if (weights->scales && weights->rows)
        return PRISM_OK;
    px_weights_free(weights);
    return px_out_of_memory(error, count * sizeof *weights->rows);
}

prism_status px_weight_row_alloc(px_weight_row *row, size_t index_in_group, prism_error *error) {
    row->levels = calloc(index_in_group + 1, sizeof *row->levels);
    return row->levels ? PRISM_OK
                       : px_out_of_memory(error, (index_in_group + 1) * sizeof *row->levels);
}

void px_weight_row_clear(px_weight_row *row) {
    free(row->levels);
    *row = (px_weight_row){0};
}

void px_weights_free(px_weights *weights) {
    for (size_t k = 0; weights->rows && k < weights->count; k++)
        px_weight_row_clear(&weights->rows[k]);
    free(weights->rows);
    free(weights->scales);
    *weights = (px_weights){0};
}

/* The models of the side information; encoder and decoder go through them in the same order. */
typedef struct weight_models {
    px_bit used[2]; /* by whether the plane before was */
    px_integer scale, shift, offset;
    px_integer levels[LEVEL_CONTEXTS];
} weight_models;

static void models_init(weight_models *models) {
    const px_bit even = PX_BIT_INIT;
    models->used[0] = models->used[1] = even;
    px_integer_init(&models->scale);
    px_integer_init(&models->shift);
    px_integer_init(&models->offset);
    for (int c = 0; c < LEVEL_CONTEXTS; c++)
        px_integer_init(&models->levels[c]);
}

static int magnitude_class(int32_t level) {
    return level ? 32 - __builtin_clz((uint32_t)abs(level)) : 0;
}

/* Large levels come in runs: the context is the mean size of the two before in the row and the one
 * above (that of the same plane j in the prediction of plane k - 1). */
static int level_context(const px_weights *weights, size_t k, size_t i) {
    const px_weight_row *row = &weights->rows[k];
    const px_weight_row *above = i + 1 < px_index_in_group(k) ? row - 1 : NULL;
    int left = i > 0 ? magnitude_class(row->levels[i - 1]) : 0;
    int left2 = i > 1 ? magnitude_class(row->levels[i - 2]) : left;
    int up = above && above->used ? magnitude_class(above->levels[i]) : left;
    int context = (left + left2 + 2 * up + 1) / 4;
    return context < LEVEL_CONTEXTS ? context : LEVEL_CONTEXTS - 1;
}

static void write_row(const px_weights *weights, size_t k, int *last_shift, weight_models *models,
                      px_range_encoder *coder) {
    const px_weight_row *row = &weights->rows[k];
    px_encode_integer(coder, &models->shift, row->shift - *last_shift);
    *last_shift = row->shift;
    if (!weights->centred)
        px_encode_integer(coder, &models->offset, row->offset);
    for (size_t i = 0; i < px_index_in_group(k); i++)
        px_encode_integer(coder, &models->levels[level_context(weights, k, i)], row->levels[i]);
}

static void write_rows(const px_weights *weights, px_range_encoder *coder) {
    weight_models models;
    models_init(&models);
    int last_scale = 0, last_shift = 0;
    bool last_used = false;
    for (size_t k = 0; k < weights->count; k++) {
        const px_weight_row *row = &weights->rows[k];
        px_encode_integer(coder, &models.scale, weights->scales[k] - last_scale);
        last_scale = weights->scales[k];
        px_encode_bit(coder, &models.used[last_used], row->used);
        last_used = row->used;
        if (row->used)
            write_row(weights, k, &last_shift, &models, coder);
    }
}

void px_weights_write(const px_weights *weights, px_buffer *out) {
    px_put_u8(out, (uint8_t)weights->precision);
    px_range_encoder coder = px_range_encoder_make(out);
    write_rows(weights, &coder);
    px_range_encoder_finish(&coder);
}

void px_weights_encode(const px_weights *weights, px_range_encoder *coder) {
    px_integer model;
    px_integer_init(&model);
    px_encode_integer(coder, &model, weights->precision);
    write_rows(weights, coder);
}

static prism_status corrupt(prism_error *error) {
    return px_fail(error, PRISM_E_CORRUPT, "inter-plane weights are out of range");
}

static prism_status read_row(px_weights *weights, size_t k, int *last_shift, weight_models *models,
                             px_range_decoder *coder, prism_error *error) {
    px_weight_row *row = &weights->rows[k];
    if (px_index_in_group(k) >= weights->plane_size)
        return corrupt(error);
    prism_status status = px_weight_row_alloc(row, px_index_in_group(k), error);
    if (status != PRISM_OK)
        return status;
    row->used = true;
    row->shift = *last_shift + px_decode_integer(coder, &models->shift);
    if (row->shift < PX_MIN_SHIFT || row->shift > px_max_shift(weights->depth))
        return corrupt(error);
    *last_shift = row->shift;
    if (!weights->centred)
        row->offset = px_decode_integer(coder, &models->offset);
    for (size_t i = 0; i < px_index_in_group(k); i++)
        row->levels[i] = px_decode_integer(coder, &models->levels[level_context(weights, k, i)]);
    return PRISM_OK;
}

static prism_status read_rows(px_weights *weights, px_range_decoder *coder, prism_error *error) {
    weight_models models;
    models_init(&models);
    int last_scale = 0, last_shift = 0;
    bool last_used = false;
    prism_status status = PRISM_OK;
    for (size_t k = 0; k < weights->count && status == PRISM_OK; k++) {
        last_scale += px_decode_integer(coder, &models.scale);
        if (coder->in->failed || abs(last_scale) > PX_SCALE_LIMIT)
            return corrupt(error);
        weights->scales[k] = (int8_t)last_scale;
        last_used = px_decode_bit(coder, &models.used[last_used]);
        if (last_used)
            status = read_row(weights, k, &last_shift, &models, coder, error);
    }
    return status == PRISM_OK && coder->in->failed ? corrupt(error) : status;
}

prism_status px_weights_read(px_weights *weights, px_reader *in, prism_error *error) {
    weights->precision = px_get_u8(in);
    px_range_decoder coder = px_range_decoder_make(in);
    return read_rows(weights, &coder, error);
}

prism_status px_weights_decode(px_weights *weights, px_range_decoder *coder, prism_error *error) {
    px_integer model;
    px_integer_init(&model);
    weights->precision = px_decode_integer(coder, &model);
    if (weights->precision < 0 || weights->precision > UINT8_MAX)
        return corrupt(error);
    return read_rows(weights, coder, error);
}

prism_status px_weights_expand(const px_weights *weights, size_t k, int16_t *row,
                               size_t *pair_count, prism_error *error) {
    const size_t index = px_index_in_group(k);
    const px_weight_row *source = &weights->rows[k];
    for (size_t i = 0; i < index; i++) {
        int left = source->shift - px_step_exponent(weights, k, k - index + i);
        int64_t weight = (int64_t)source->levels[i] * ((int64_t)1 << left);
        if (weight < INT16_MIN || weight > INT16_MAX)
            return corrupt(error);
        row[i] = (int16_t)weight;
    }
    row[index] = 0;
    *pair_count = (index + 1) / 2;
    return PRISM_OK;
}
