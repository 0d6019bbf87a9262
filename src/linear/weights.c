/* Inter-plane weights: memory, side information, fixed point. */
#include "linear/weights.h"

#include <stdlib.h>

#include "base/sizes.h"
#include "base/status.h"

enum { LEVEL_CONTEXTS = 6, MAX_TAPS = 9 };

prism_status px_weights_alloc(px_weights *weights, size_t count, size_t plane_size, unsigned depth,
                              prism_error *error) {
    *weights = (px_weights){.count = count,
                            .taps = 1,
                            .plane_size = plane_size,
                            .depth = depth,
                            .scales = calloc(count, sizeof *weights->scales),
                            .rows = calloc(count, sizeof *weights->rows)};
    if (weights->scales && weights->rows)
        return PRISM_OK;
    px_weights_free(weights);
    return px_out_of_memory(error, count * sizeof *weights->rows);
}

uint64_t px_weights_memory(size_t count, size_t taps) {
    const uint64_t groups = count / PX_GROUP, rest = count % PX_GROUP, whole = PX_GROUP;
    const uint64_t before = groups * (whole * (whole - 1) / 2) + rest * (rest - 1) / 2;
    const uint64_t levels = before * taps + count;
    return count * (sizeof(px_weight_row) + 1 + taps) + levels * sizeof(int16_t);
}

prism_status px_weights_widen(px_weights *weights, size_t taps, size_t target, prism_error *error) {
    int8_t *scales = px_alloc_zeroed(weights->count, taps, sizeof *scales);
    if (!scales)
        return px_out_of_memory(error, weights->count * taps * sizeof *scales);
    free(weights->scales);
    weights->scales = scales;
    weights->taps = taps;
    weights->target = target;
    return PRISM_OK;
}

prism_status px_weight_row_alloc(px_weight_row *row, size_t levels, prism_error *error) {
    row->levels = calloc(levels + 1, sizeof *row->levels);
    return row->levels ? PRISM_OK : px_out_of_memory(error, (levels + 1) * sizeof *row->levels);
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
    px_integer scale[MAX_TAPS], shift, offset;
    px_integer levels[MAX_TAPS][LEVEL_CONTEXTS];
    int last_scale[MAX_TAPS], last_shift;
} weight_models;

static void models_init(weight_models *models) {
    const px_bit even = PX_BIT_INIT;
    *models = (weight_models){.used = {even, even}};
    for (int t = 0; t < MAX_TAPS; t++)
        px_integer_init(&models->scale[t]);
    px_integer_init(&models->shift);
    px_integer_init(&models->offset);
    for (int t = 0; t < MAX_TAPS; t++)
        for (int c = 0; c < LEVEL_CONTEXTS; c++)
            px_integer_init(&models->levels[t][c]);
}

static int magnitude_class(int32_t level) {
    return level ? 32 - __builtin_clz((uint32_t)abs(level)) : 0;
}

/* Large levels come in runs: the context is the mean size of the one before in the row, the one
 * before of the same tap, and the one above (that of the same tap in the prediction of plane
 * k - 1). */
static int level_context(const px_weights *weights, size_t k, size_t i) {
    const size_t taps = weights->taps, back = taps > 1 ? taps : 2;
    const px_weight_row *row = &weights->rows[k];
    const px_weight_row *above = i + taps < px_row_size(weights, k) ? row - 1 : NULL;
    int left = i > 0 ? magnitude_class(row->levels[i - 1]) : 0;
    int left2 = i >= back ? magnitude_class(row->levels[i - back]) : left;
    int up = above && above->used ? magnitude_class(above->levels[i]) : left;
    int context = (left + left2 + 2 * up + 1) / 4;
    return context < LEVEL_CONTEXTS ? context : LEVEL_CONTEXTS - 1;
}

static void write_row(const px_weights *weights, size_t k, weight_models *models,
                      px_range_encoder *coder) {
    const px_weight_row *row = &weights->rows[k];
    px_encode_integer(coder, &models->shift, row->shift - models->last_shift);
    models->last_shift = row->shift;
    if (!weights->centred)
        px_encode_integer(coder, &models->offset, row->offset);
    for (size_t i = 0; i < px_row_size(weights, k); i++)
        px_encode_integer(coder, &models->levels[i % weights->taps][level_context(weights, k, i)],
                          row->levels[i]);
}

static void write_rows(const px_weights *weights, px_range_encoder *coder) {
    weight_models models;
    models_init(&models);
    bool last_used = false;
    for (size_t k = 0; k < weights->count; k++) {
        const px_weight_row *row = &weights->rows[k];
        for (size_t t = 0; t < weights->taps; t++) {
            int scale = weights->scales[k * weights->taps + t];
            px_encode_integer(coder, &models.scale[t], scale - models.last_scale[t]);
            models.last_scale[t] = scale;
        }
        px_encode_bit(coder, &models.used[last_used], row->used);
        last_used = row->used;
        if (row->used)
            write_row(weights, k, &models, coder);
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

static prism_status read_row(px_weights *weights, size_t k, weight_models *models,
                             px_range_decoder *coder, prism_error *error) {
    px_weight_row *row = &weights->rows[k];
    if (px_row_size(weights, k) >= weights->plane_size)
        return corrupt(error);
    prism_status status =
        row->levels ? PRISM_OK : px_weight_row_alloc(row, px_row_size(weights, k), error);
    if (status != PRISM_OK)
        return status;
    row->used = true;
    row->shift = models->last_shift + px_decode_integer(coder, &models->shift);
    if (row->shift < PX_MIN_SHIFT || row->shift > px_max_shift(weights->depth))
        return corrupt(error);
    models->last_shift = row->shift;
    if (!weights->centred)
        row->offset = px_decode_integer(coder, &models->offset);
    for (size_t i = 0; i < px_row_size(weights, k); i++) {
        const int32_t level = px_decode_integer(
            coder, &models->levels[i % weights->taps][level_context(weights, k, i)]);
        if (level != (int16_t)level)
            return corrupt(error);
        row->levels[i] = (int16_t)level;
    }
    return PRISM_OK;
}

static bool read_scales(px_weights *weights, size_t k, weight_models *models,
                        px_range_decoder *coder) {
    for (size_t t = 0; t < weights->taps; t++) {
        int scale = models->last_scale[t] + px_decode_integer(coder, &models->scale[t]);
        if (coder->in->failed || abs(scale) > PX_SCALE_LIMIT)
            return false;
        weights->scales[k * weights->taps + t] = (int8_t)scale;
        models->last_scale[t] = scale;
    }
    return true;
}

static prism_status read_rows(px_weights *weights, size_t rows, px_range_decoder *coder,
                              prism_error *error) {
    weight_models models;
    models_init(&models);
    bool last_used = false;
    prism_status status = PRISM_OK;
    for (size_t k = 0; k < rows && status == PRISM_OK; k++) {
        if (!read_scales(weights, k, &models, coder))
            return corrupt(error);
        last_used = px_decode_bit(coder, &models.used[last_used]);
        if (last_used)
            status = read_row(weights, k, &models, coder, error);
    }
    return status == PRISM_OK && coder->in->failed ? corrupt(error) : status;
}

prism_status px_weights_read(px_weights *weights, px_reader *in, prism_error *error) {
    weights->precision = px_get_u8(in);
    px_range_decoder coder = px_range_decoder_make(in);
    return read_rows(weights, weights->count, &coder, error);
}

prism_status px_weights_decode(px_weights *weights, size_t rows, px_range_decoder *coder,
                               prism_error *error) {
    px_integer model;
    px_integer_init(&model);
    weights->precision = px_decode_integer(coder, &model);
    if (weights->precision < 0 || weights->precision > UINT8_MAX)
        return corrupt(error);
    return read_rows(weights, rows, coder, error);
}

prism_status px_weights_expand(const px_weights *weights, size_t k, int16_t *row,
                               size_t *pair_count, prism_error *error) {
    const size_t size = px_row_size(weights, k);
    const px_weight_row *source = &weights->rows[k];
    for (size_t i = 0; i < size; i++) {
        int left = source->shift - px_step_exponent(weights, k, i);
        int64_t weight = (int64_t)source->levels[i] * ((int64_t)1 << left);
        if (weight < INT16_MIN || weight > INT16_MAX)
            return corrupt(error);
        row[i] = (int16_t)weight;
    }
    row[size] = 0;
    *pair_count = (size + 1) / 2;
    return PRISM_OK;
}

prism_status px_weights_expand_all(px_weights *weights, prism_error *error) {
    prism_status status = PRISM_OK;
    for (size_t k = 0, pairs; k < weights->count && status == PRISM_OK; k++)
        if (weights->rows[k].used)
            status = px_weights_expand(weights, k, weights->rows[k].levels, &pairs, error);
    weights->expanded = status == PRISM_OK;
    return status;
}
