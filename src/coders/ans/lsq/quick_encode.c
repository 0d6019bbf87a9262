/* Method quick: one pass over the planes of a group, in which each is fitted and turned to symbols.
 */
#include <math.h>

#include "base/effort.h"
#include "base/sizes.h"
#include "coders/ans/lsq/encoder.h"
#include "coders/ans/lsq/fit_taps.h"
#include "coders/ans/lsq/quick_kernels.h"
#include "coders/ans/lsq/wave_kernels.h"
#include "entropy/quick_shapes.h"

/* Classes, of two an octave, begin so many octaves above the mean log of errors. */
static const double LOG_TO_CLASS = 2.3;

enum { SAMPLED_ROWS = 8 }; /* one in so many, for scales and shapes */

static px_lsq_settings settings_of(const px_group_task *task) {
    return (px_lsq_settings){.tap_positions = px_efforts.quick_taps[task->effort],
                             .gram_positions = px_efforts.quick_gram[task->effort],
                             .swift = task->swift};
}

typedef struct quick_task {
    px_lsq_encoder *encoder;
    px_mixer mixer;
    int32_t *means;                  /* padded planes */
    int16_t *around, *blur;          /* rows; there is no blur */
    px_symbol_histograms histograms; /* [PX_QUICK_TABLES] */
} quick_task;

static void fit_scale(const quick_task *task, const px_wave *wave, px_lsq_plane *plane) {
    const px_quick_kernels *kernels = px_quick_kernels_best();
    int64_t moments[PX_SCALE_MOMENTS] = {0};
    for (size_t y = 0; y < wave->height; y += SAMPLED_ROWS) {
        kernels->contexts(task->around, wave, y);
        px_lsq_add_moments(moments, wave, task->around, task->blur, y);
    }
    px_lsq_set_scale(plane, moments, LOG_TO_CLASS);
    plane->scale_blur = 0;
}

static void add_to_histograms(quick_task *task, const px_wave *wave, const int32_t *symbols) {
    for (size_t y = 0; y < wave->height; y += SAMPLED_ROWS)
        for (size_t x = 0; x < wave->width; x++) {
            uint32_t symbol = (uint32_t)symbols[y * wave->stride + x];
            if ((int32_t)symbol == PX_NO_SYMBOL)
                continue;
            int32_t z = 16 * ((int32_t)(symbol << 8) >> 8);
            int class = (int)(symbol >> 24);
            class = class < PX_QUICK_TABLES ? class : PX_QUICK_TABLES - 2 + (class & 1);
            z = z < -PX_SYMBOL_RANGE   ? -PX_SYMBOL_RANGE
                : z >= PX_SYMBOL_RANGE ? PX_SYMBOL_RANGE - 16
                                       : z;
            px_histogram_count(&task->histograms, (uint32_t) class, z);
        }
}

/* Returns the sum of the logs of errors. */
static int64_t code_view(quick_task *task, const px_view *view, size_t k) {
    px_lsq_encoder *encoder = task->encoder;
    const px_quick_kernels *kernels = px_quick_kernels_best();
    px_lsq_plane *plane = &encoder->model.planes[k];
    px_wave wave;
    px_sample_wave(&wave, view, &encoder->model, k);
    px_quick_pads(&wave);
    int64_t log_sum = kernels->means(task->means, &wave);
    px_quick_pads(&wave);
    fit_scale(task, &wave, plane);
    px_sample_wave(&wave, view, &encoder->model, k);
    int32_t *symbols = px_lsq_mixed(encoder, &view->geometry, k);
    encoder->low_bits[k] = kernels->symbols(symbols, &wave, task->means) >= PX_QUICK_TABLES;
    add_to_histograms(task, &wave, symbols);
    return log_sum;
}

static prism_status code_plane(quick_task *task, size_t k, prism_error *error) {
    px_lsq_encoder *encoder = task->encoder;
    px_lsq_group *group = &encoder->group;
    px_lsq_plane *plane = &encoder->model.planes[k];
    px_pool pool = {.count = 0};
    px_view view;
    if (encoder->model.mixes)
        px_mixer_predict(&task->mixer, &group->full.geometry, k, plane->fraction, false,
                         group->full.mixed);
    if (plane->kind == PX_PLANE_CONSTANT)
        return PRISM_OK;
    prism_status status = px_lsq_open(&view, &pool, encoder, k, error);
    if (status == PRISM_OK)
        status = px_fit_quick_taps(encoder, &view, k, error);
    if (status == PRISM_OK) {
        int64_t log_sum = code_view(task, &view, k);
        px_view_close(&view, group, k);
        px_running_update(group, group->full.logs,
                          px_log_average(log_sum, view.geometry.height * view.geometry.width));
    }
    px_pool_free(&pool);
    return status;
}

static prism_status fit_matrix(quick_task *task, prism_error *error) {
    px_lsq_encoder *encoder = task->encoder;
    px_lsq_group *group = &encoder->group;
    prism_status status = px_lsq_store_samples(encoder, error);
    if (status == PRISM_OK)
        status = px_lsq_fit_weights(encoder, &encoder->model.samples, &group->samples,
                                    encoder->settings.gram_positions, 0, error);
    if (status == PRISM_OK)
        status = px_mixer_make(&task->mixer, &group->pool, &encoder->model.samples, &group->samples,
                               NULL, &group->full.geometry, true, error);
    return status;
}

static prism_status code_planes(px_lsq_encoder *encoder, prism_error *error) {
    const px_geometry *geometry = &encoder->group.full.geometry;
    px_pool pool = {.count = 0};
    quick_task task = {.encoder = encoder,
                       .means = px_padded_take(&pool, geometry, sizeof *task.means),
                       .around = px_zero_row_take(&pool, geometry, sizeof *task.around),
                       .blur = px_zero_row_take(&pool, geometry, sizeof *task.blur)};
    task.histograms = px_symbol_histograms_take(&pool, PX_QUICK_TABLES);
    prism_status status = px_pool_status(&pool, error);
    if (status == PRISM_OK && encoder->model.mixes)
        status = fit_matrix(&task, error);
    for (size_t k = 0; k < encoder->model.count && status == PRISM_OK; k++)
        status = code_plane(&task, k, error);
    if (status == PRISM_OK)
        px_lsq_choose_shapes(encoder->model.shapes, &task.histograms, PX_QUICK_TABLES,
                             px_quick_scale, encoder->settings.swift);
    px_pool_free(&pool);
    return status;
}

prism_status px_quick_fit(px_lsq_encoder *encoder, prism_error *error) {
    encoder->settings = settings_of(&encoder->task);
    prism_status status = px_lsq_analyse(encoder, error);
    return status == PRISM_OK ? code_planes(encoder, error) : status;
}
