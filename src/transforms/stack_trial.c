/*
 * Differences of frames that no entropy of residuals finds dear may be: contours of two drawings in
 * place of one, which deflate and libjxl cannot use as context. So a few runs of rows are coded.
 */
#include "transforms/stack_trial.h"

#include <stdlib.h>
#include <string.h>

#include "base/effort.h"
#include "base/status.h"
#include "planes/estimate.h"

enum { SAMPLES = 1 << 15, PARTS = 4 };

prism_status px_trial_make(px_trial *trial, const px_planes *planes, const px_pipeline *pipeline,
                           prism_error *error) {
    const size_t rows = (SAMPLES / planes->width / PARTS + 1) * PARTS;
    *trial = (px_trial){.pipeline = *pipeline, .band = *planes};
    trial->pipeline.transform = PRISM_TRANSFORM_NONE;
    trial->pipeline.effort = px_efforts.frame_trial[pipeline->effort];
    trial->band.count = 1;
    trial->band.height = rows < planes->height ? rows : planes->height;
    trial->band.stride = px_plane_stride(px_plane_size(&trial->band));
    trial->band.samples = px_alloc(px_planes_bytes(&trial->band));
    return trial->band.samples ? PRISM_OK : px_out_of_memory(error, px_planes_bytes(&trial->band));
}

void px_trial_free(px_trial *trial) {
    free(trial->band.samples);
}

/* Runs of rows, evenly spread. */
static void cut_band(px_planes *band, const px_planes *planes, size_t index) {
    const size_t parts = band->height < planes->height ? PARTS : 1;
    const size_t rows = band->height / parts, room = planes->height - rows;
    for (size_t i = 0; i < parts; i++)
        memcpy(band->samples + i * rows * planes->width,
               px_plane(planes, index) + room * (2 * i + 1) / (2 * parts) * planes->width,
               rows * planes->width * sizeof *band->samples);
}

/* While the coder is not chosen yet, the entropy has to do. */
prism_status px_trial_size(double *size, px_trial *trial, const px_planes *planes, size_t index,
                           prism_error *error) {
    px_planes *band = &trial->band;
    const px_predictor_stage *predictor = px_predictor_stage_of(trial->pipeline.predictor);
    const px_coder_stage *coder = px_coder_stage_of(trial->pipeline.coder);
    px_sections sections = {.payload = {0}};
    if (!coder) {
        *size = px_estimate_plane(planes, index);
        return PRISM_OK;
    }
    cut_band(band, planes, index);
    if (predictor)
        predictor->forward(band);
    prism_status status =
        coder->encode(band, &trial->pipeline, 2 * px_planes_bytes(band), &sections, error);
    if (status == PRISM_OK)
        status = px_sections_status(&sections, error);
    *size = (double)sections.payload.size;
    px_sections_free(&sections);
    return status;
}
