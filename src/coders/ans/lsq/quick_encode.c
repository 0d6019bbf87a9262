/* Method quick: one pass over the planes of a group, in which each is fitted and turned to symbols,
 * once what planes say of each other is known. */
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

/* The first row of all counts twice as often in bands: it is not one of those. */
static size_t first_sampled(const px_lsq_encoder *encoder) {
    return encoder->task.bands ? SAMPLED_ROWS / 2 : 0;
}

static void fit_scale(px_symbol_plane *at, const px_wave *wave) {
    const px_quick_kernels *kernels = px_quick_kernels_best();
    const px_group_task *task = &at->encoder.task;
    px_lsq_plane *plane = &at->encoder.model.planes[at->k];
    int64_t moments[PX_SCALE_MOMENTS] = {0};
    for (size_t y = first_sampled(&at->encoder); y < wave->height; y += SAMPLED_ROWS)
        for (size_t i = 0; i < px_lsq_across(task); i++) {
            px_wave row;
            px_lsq_row(&row, task, wave, y, i);
            if (!row.height)
                continue;
            kernels->contexts(at->around, &row, 0);
            px_lsq_add_moments(moments, &row, at->around, at->blur); /* there is no blur */
        }
    px_lsq_set_scale(plane, moments, LOG_TO_CLASS);
    plane->scale_blur = 0;
}

static void add_row(px_symbol_histograms *histograms, const int32_t *symbols, size_t count) {
    for (size_t x = 0; x < count; x++) {
        uint32_t symbol = (uint32_t)symbols[x];
        if (symbols[x] == PX_NO_SYMBOL)
            continue;
        int32_t z = 16 * ((int32_t)(symbol << 8) >> 8);
        int class = (int)(symbol >> 24);
        class = class < PX_QUICK_TABLES ? class : PX_QUICK_TABLES - 2 + (class & 1);
        z = z < -PX_SYMBOL_RANGE   ? -PX_SYMBOL_RANGE
            : z >= PX_SYMBOL_RANGE ? PX_SYMBOL_RANGE - 16
                                   : z;
        px_histogram_count(histograms, (uint32_t) class, z);
    }
}

static void add_to_histograms(px_symbol_plane *at, px_symbol_histograms *histograms,
                              const px_wave *wave, const int32_t *symbols) {
    const px_group_task *task = &at->encoder.task;
    for (size_t y = first_sampled(&at->encoder); y < wave->height; y += SAMPLED_ROWS)
        for (size_t i = 0; i < px_lsq_across(task); i++) {
            px_wave row;
            const size_t begin = px_lsq_row(&row, task, wave, y, i);
            add_row(histograms, symbols + begin, row.height ? row.width : 0);
        }
}

static prism_status find_errors(px_symbol_plane *at, prism_error *error) {
    px_lsq_encoder *encoder = &at->encoder;
    px_wave wave;
    const prism_status status = px_fit_quick_taps(encoder, &at->view, at->k, error);
    if (status != PRISM_OK)
        return status;
    px_sample_wave(&wave, &at->view, &encoder->model, at->k);
    px_lsq_pad_quick(&encoder->task, &wave);
    int64_t log_sum = 0;
    for (size_t i = 0; i < px_lsq_parts(&encoder->task, &wave); i++) {
        px_wave part;
        const size_t begin = px_lsq_part(&part, &encoder->task, &wave, i);
        log_sum += px_quick_kernels_best()->means(at->means + begin, &part);
    }
    px_lsq_pad_quick(&encoder->task, &wave);
    encoder->model.planes[at->k].average = px_lsq_average(encoder, &wave, at->k, log_sum);
    return PRISM_OK;
}

static void find_symbols(px_symbol_plane *at, px_symbol_histograms *histograms) {
    px_lsq_encoder *encoder = &at->encoder;
    int32_t *symbols = px_lsq_mixed(encoder, &at->view.geometry, at->k);
    px_wave wave;
    px_sample_wave(&wave, &at->view, &encoder->model, at->k);
    fit_scale(at, &wave);
    px_sample_wave(&wave, &at->view, &encoder->model, at->k);
    encoder->low_bits[at->k] = false;
    for (size_t i = 0; i < px_lsq_parts(&encoder->task, &wave); i++) {
        px_wave part;
        const size_t begin = px_lsq_part(&part, &encoder->task, &wave, i);
        encoder->low_bits[at->k] |=
            px_quick_kernels_best()->symbols(symbols + begin, &part, at->means + begin) >=
            PX_QUICK_TABLES;
    }
    add_to_histograms(at, histograms, &wave, symbols);
}

static prism_status fit_mixing(px_lsq_encoder *encoder, prism_error *error) {
    px_weights *weights = &encoder->model.samples;
    const px_tiles *tiles = &encoder->group.samples;
    prism_status status = px_lsq_store_samples(encoder, error);
    if (status == PRISM_OK)
        status =
            px_lsq_fit_weights(encoder, weights, tiles, encoder->settings.gram_positions, 0, error);
    return status == PRISM_OK ? px_lsq_mix(encoder, weights, tiles, false, error) : status;
}

prism_status px_quick_fit(px_lsq_encoder *encoder, prism_error *error) {
    static const px_symbol_method quick = {PX_QUICK_TABLES, px_quick_scale, find_errors,
                                           find_symbols};
    bool used[PX_SHAPE_CLASSES];
    encoder->settings = settings_of(&encoder->task);
    prism_status status = px_lsq_analyse(encoder, error);
    if (status == PRISM_OK && encoder->model.mixes)
        status = fit_mixing(encoder, error);
    if (status == PRISM_OK)
        status = px_symbols_make(encoder, &quick, used, error);
    px_lsq_mix_end(encoder);
    px_pool_free(&encoder->group.tiles);
    return status;
}
