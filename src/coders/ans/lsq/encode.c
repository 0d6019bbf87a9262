/* Method lsq: pass after pass over all planes of a group, each pass fitting what those before
 * allow. */
#include "coders/ans/lsq/encode.h"

#include "base/effort.h"
#include "coders/ans/lsq/encoder.h"
#include "coders/ans/lsq/wave_kernels.h"

/* Without planes that say something of a plane, its own neighbours count for more, and fitting
 * their taps is quick. */
static px_lsq_settings settings_of(int effort, bool mixes) {
    return (px_lsq_settings){.tap_positions = px_efforts.lsq_taps[effort],
                             .gram_positions = px_efforts.lsq_gram[effort],
                             .robust =
                                 (mixes ? px_efforts.robust : px_efforts.robust_alone)[effort]};
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
            px_wave_kernels_best()->innovations(view.logs, &wave);
            px_view_close(&view, &encoder->group, k);
            px_replicate_pads(&full->geometry, full->logs);
            px_tiles_store(&encoder->group.innovations, &full->geometry, k, full->logs);
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

/* Of a tiny chunk: enough for its taps, of which more would take as long as coding it. */
enum { SWIFT_POSITIONS = 2000 };

static prism_status encode_group(const px_planes *planes, size_t first, size_t count,
                                 const px_group_task *task, px_sections *out, bool *too_long,
                                 prism_error *error) {
    px_lsq_encoder encoder;
    prism_status status = px_lsq_encoder_make(&encoder, planes, first, count, false, task, error);
    encoder.settings = settings_of(task->effort, task->mixes);
    encoder.settings.swift = task->swift;
    if (task->swift)
        encoder.settings.tap_positions = SWIFT_POSITIONS;
    if (status == PRISM_OK)
        status = px_lsq_analyse(&encoder, error);
    if (status == PRISM_OK && task->mixes)
        status = fit_mixing(&encoder, error);
    px_pool_free(&encoder.group.tiles);
    if (status == PRISM_OK)
        status = px_lsq_fit_taps(&encoder, false, error);
    if (status == PRISM_OK)
        status = px_lsq_symbols(&encoder, error);
    if (status == PRISM_OK)
        status = px_lsq_encoder_write(&encoder, task->limit, out, too_long, error);
    px_lsq_encoder_free(&encoder);
    return status;
}

typedef struct coded_group {
    px_sections sections;
    bool too_long;
} coded_group;

static prism_status encode_apart(coded_group *coded, const px_planes *planes, size_t first,
                                 size_t count, const px_group_task *task, prism_error *error) {
    *coded = (coded_group){.too_long = false};
    prism_status status =
        encode_group(planes, first, count, task, &coded->sections, &coded->too_long, error);
    return status == PRISM_OK ? px_sections_status(&coded->sections, error) : status;
}

static size_t coded_size(const coded_group *coded) {
    return coded->too_long ? SIZE_MAX : px_sections_size(&coded->sections);
}

/* Whether squares pay for their weights is not to be told from covariances: both ways are gone. */
static prism_status encode_both(const px_planes *planes, size_t first, size_t count,
                                const px_group_task *task, px_sections *out, bool *too_long,
                                prism_error *error) {
    px_group_task wide_task = *task;
    wide_task.wide = true;
    coded_group narrow, wide = {.too_long = true};
    prism_status status = encode_apart(&narrow, planes, first, count, task, error);
    if (status == PRISM_OK)
        status = encode_apart(&wide, planes, first, count, &wide_task, error);
    const coded_group *better = coded_size(&wide) < coded_size(&narrow) ? &wide : &narrow;
    if (status == PRISM_OK) {
        *too_long = better->too_long;
        px_sections_append(out, &better->sections);
    }
    px_sections_free(&narrow.sections);
    px_sections_free(&wide.sections);
    return status;
}

prism_status px_lsq_encode_group(const px_planes *planes, size_t first, size_t count,
                                 const px_group_task *task, px_sections *out, bool *too_long,
                                 prism_error *error) {
    bool both = task->mixes && px_efforts.wide[task->effort] && count <= PX_WIDE_PLANES;
    return (both ? encode_both : encode_group)(planes, first, count, task, out, too_long, error);
}
