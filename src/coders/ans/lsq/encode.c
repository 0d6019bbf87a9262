/* Method lsq: pass after pass over all planes of a group, each pass fitting what those before
 * allow. */
#include "coders/ans/lsq/encoder.h"

#include "base/effort.h"
#include "coders/ans/lsq/wave_kernels.h"

/* Of a tiny chunk: enough for its taps, of which more would take as long as coding it. */
enum { SWIFT_POSITIONS = 2000 };

/* Without planes that say something of a plane, its own neighbours count for more, and fitting
 * their taps is quick. */
static px_lsq_settings settings_of(const px_group_task *task) {
    const int effort = task->effort;
    return (px_lsq_settings){
        .tap_positions = task->swift ? SWIFT_POSITIONS : px_efforts.lsq_taps[effort],
        .gram_positions = px_efforts.lsq_gram[effort],
        .robust = (task->mixes ? px_efforts.robust : px_efforts.robust_alone)[effort],
        .swift = task->swift};
}

static prism_status store_innovation(px_lsq_encoder *encoder, size_t k, void *context,
                                     prism_error *error) {
    px_view *full = &encoder->group.full;
    px_pool pool = {.count = 0};
    px_view view;
    px_wave wave;
    (void)context;
    prism_status status = px_lsq_open(&view, &pool, encoder, k, error);
    if (status == PRISM_OK) {
        px_innovation_wave(&wave, &view, &encoder->model, k);
        px_causal_pads(&wave);
        px_lsq_pad_samples(&encoder->task, &wave);
        px_wave_kernels_best()->innovations(view.logs, &wave);
        px_view_close(&view, &encoder->group, k);
        px_replicate_pads(&full->geometry, full->logs);
        px_tiles_store(&encoder->group.innovations, &full->geometry, k, full->logs);
    }
    px_pool_free(&pool);
    return status;
}

static prism_status fit_mixing(px_lsq_encoder *encoder, prism_error *error) {
    px_lsq_model *model = &encoder->model;
    px_lsq_group *group = &encoder->group;
    prism_status status = encoder->task.stored ? PRISM_OK : px_lsq_order(encoder, error);
    if (status == PRISM_OK)
        status = px_lsq_store_samples(encoder, error);
    if (status == PRISM_OK)
        status = px_lsq_importance(encoder, error);
    if (status == PRISM_OK)
        status = px_lsq_fit_matrix(encoder, &model->samples, &group->samples, false, error);
    if (status == PRISM_OK)
        status = px_lsq_fit_taps(encoder, true, error);
    if (status == PRISM_OK)
        status = px_lsq_run_planes(encoder, store_innovation, NULL, error);
    if (status == PRISM_OK)
        status = px_lsq_fit_matrix(encoder, &model->innovations, &group->innovations, true, error);
    return status;
}

prism_status px_lsq_fit(px_lsq_encoder *encoder, prism_error *error) {
    encoder->settings = settings_of(&encoder->task);
    prism_status status = px_lsq_analyse(encoder, error);
    if (status == PRISM_OK && encoder->task.mixes)
        status = fit_mixing(encoder, error);
    if (status == PRISM_OK)
        status = px_lsq_fit_taps(encoder, false, error);
    px_lsq_mix_end(encoder);
    px_pool_free(&encoder->group.tiles);
    if (status == PRISM_OK)
        status = px_lsq_symbols(encoder, error);
    return status;
}
