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
#include "system/memory.h"

enum { SAMPLES = 1 << 15, PARTS = 4 };

prism_status px_trial_make(px_trial *trial, const px_planes *planes, const px_task *task,
                           prism_error *error) {
    const size_t rows = (SAMPLES / planes->width / PARTS + 1) * PARTS;
    *trial = (px_trial){.task = *task, .band = *planes};
    trial->task.pipeline.transform = PRISM_TRANSFORM_NONE;
    trial->task.effort = px_efforts.frame_trial[task->effort];
    trial->band.count = 1;
    trial->band.height = rows < planes->height ? rows : planes->height;
    trial->band.stride = px_plane_stride(px_plane_size(&trial->band));
    trial->band.samples = px_large_alloc(px_planes_bytes(&trial->band));
    trial->task.limit = 2 * px_planes_bytes(&trial->band);
    return trial->band.samples ? PRISM_OK : px_out_of_memory(error, px_planes_bytes(&trial->band));
}

void px_trial_free(px_trial *trial) {
    px_large_free(trial->band.samples);
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
    const px_pipeline *pipeline = &trial->task.pipeline;
    const px_predictor_stage *predictor = px_predictor_stage_of(pipeline->predictor);
    px_coded coded = {.is_mapped = false};
    if (pipeline->coder == PRISM_CODER_AUTO) {
        *size = px_estimate_plane(planes, index);
        return PRISM_OK;
    }
    cut_band(&trial->band, planes, index);
    if (predictor)
        predictor->forward(&trial->band);
    prism_status status = px_try(&coded, &trial->band, &trial->task, error);
    *size = (double)coded.sections.payload.size;
    px_coded_free(&coded);
    return status;
}
