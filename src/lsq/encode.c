/* Method lsq: pass after pass over all planes of a group, each pass fitting what those before
 * allow. */
#include "lsq/encode.h"

#include "lsq/encoder.h"

static px_lsq_settings settings_of(int effort) {
    if (effort <= 4)
        return (px_lsq_settings){.tap_positions = 6000, .gram_positions = 10000};
    if (effort == 5)
        return (px_lsq_settings){.tap_positions = 24000, .gram_positions = 20000};
    return (px_lsq_settings){.tap_positions = SIZE_MAX, .gram_positions = 1 << 16, .robust = true};
}

static prism_status store_innovations(px_lsq_encoder *encoder, prism_error *error) {
    px_view *full = &encoder->group.full;
    prism_status status = PRISM_OK;
    for (size_t k = 0; k < encoder->model.count && status == PRISM_OK; k++) {
        px_pool pool = {.count = 0};
        px_view view;
        px_wave wave;
        status = px_lsq_open(&view, &pool, encoder, k, error);
        if (status == PRISM_OK) {
            px_innovation_wave(&wave, &view, &encoder->model, k);
            px_causal_pads(&wave);
            px_kernels_best()->innovations(view.innovations, &wave);
            px_view_close(&view, &encoder->group, k);
            px_replicate_pads(&full->geometry, full->innovations);
            px_tiles_store(&encoder->group.innovations, &full->geometry, k, full->innovations);
        }
        px_pool_free(&pool);
    }
    return status;
}

static prism_status fit_mixing(px_lsq_encoder *encoder, prism_error *error) {
    px_lsq_model *model = &encoder->model;
    px_lsq_group *group = &encoder->group;
    prism_status status = px_lsq_order(encoder, error);
    if (status != PRISM_OK)
        return status;
    px_lsq_store_samples(encoder);
    status = px_lsq_importance(encoder, error);
    if (status == PRISM_OK)
        status = px_lsq_fit_matrix(encoder, &model->samples, &group->samples, false, error);
    if (status == PRISM_OK)
        status = px_lsq_fit_taps(encoder, true, error);
    if (status == PRISM_OK)
        status = store_innovations(encoder, error);
    if (status == PRISM_OK)
        status = px_lsq_fit_matrix(encoder, &model->innovations, &group->innovations, true, error);
    return status;
}

prism_status px_lsq_encode_group(const px_planes *planes, size_t first, size_t count,
                                 const px_group_task *task, px_buffer *parameters,
                                 px_buffer *payload, bool *too_long, prism_error *error) {
    px_lsq_encoder encoder;
    prism_status status =
        px_lsq_encoder_make(&encoder, planes, first, count, false, task->mixes, error);
    encoder.settings = settings_of(task->effort);
    if (status == PRISM_OK)
        status = px_lsq_analyse(&encoder, error);
    if (status == PRISM_OK && task->mixes)
        status = fit_mixing(&encoder, error);
    if (status == PRISM_OK)
        status = px_lsq_fit_taps(&encoder, false, error);
    if (status == PRISM_OK)
        status = px_lsq_symbols(&encoder, error);
    if (status == PRISM_OK)
        status = px_lsq_encoder_write(&encoder, task->limit, parameters, payload, too_long, error);
    px_lsq_encoder_free(&encoder);
    return status;
}
