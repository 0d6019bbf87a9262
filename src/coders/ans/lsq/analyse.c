/* What every plane is by itself, and in which order planes are coded. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/sizes.h"
#include "base/status.h"
#include "coders/ans/lsq/encoder.h"
#include "linear/gram.h"

enum {
    FRACTION_ROOM = 1 << 13, /* samples with their fraction stay below: innovations fit 16 bits */
    PATCH_LIMIT = 1 << 19
};

typedef struct extent {
    int32_t low, high;
    int64_t sum;
    size_t count;
} extent;

static extent extent_of(const int16_t *samples, const uint8_t *holes, size_t size) {
    extent e = {.low = INT16_MAX, .high = INT16_MIN};
    for (size_t i = 0; i < size; i++) {
        if (holes && holes[i])
            continue;
        e.count++;
        e.low = samples[i] < e.low ? samples[i] : e.low;
        e.high = samples[i] > e.high ? samples[i] : e.high;
        e.sum += samples[i];
    }
    return e.count ? e : (extent){.count = 1};
}

/* The mean, as near as differences from it stay 16-bit numbers. */
static int mean_of(extent e) {
    int mean = (int)lrint((double)e.sum / (double)e.count);
    mean = e.low - mean < INT16_MIN ? e.low - INT16_MIN : mean;
    return e.high - mean > INT16_MAX ? e.high - INT16_MAX : mean;
}

static int fraction_of(extent e, int mean) {
    int largest = e.high - mean > mean - e.low ? e.high - mean : mean - e.low;
    int fraction = 0;
    while (fraction < PX_MAX_FRACTION && largest << (fraction + 1) < FRACTION_ROOM)
        fraction++;
    return fraction;
}

/* ---- Doubled planes ---- */

/* Samples of one line that differ from the one before, by the parity of their place. */
static void count_changes(size_t changes[2], const int16_t *samples, size_t count, size_t step) {
    for (size_t i = 1; i < count; i++)
        changes[i & 1] += samples[i * step] != samples[(i - 1) * step];
}

/* The parity whose places mostly repeat the one before, or -1. */
static int phase_from(const size_t changes[2], size_t total) {
    for (int odd = 0; odd < 2; odd++)
        if (changes[odd] * 10 < total && changes[!odd] * 10 > total)
            return !odd;
    return -1;
}

enum { SAMPLED_LINES = 16 }; /* rows, and columns, in which doubling is looked for */

static bool find_phase(px_phase *phase, const int16_t *samples, size_t height, size_t width) {
    if (height < 4 || width < 4)
        return false;
    const size_t skip_rows = 1 + height / SAMPLED_LINES, skip_columns = 1 + width / SAMPLED_LINES;
    size_t across[2] = {0}, down[2] = {0}, across_count = 0, down_count = 0;
    for (size_t y = 0; y < height; y += skip_rows, across_count += width / 2)
        count_changes(across, samples + y * width, width, 1);
    phase->columns = phase_from(across, across_count);
    if (phase->columns < 0)
        return false;
    for (size_t x = 0; x < width; x += skip_columns, down_count += height / 2)
        count_changes(down, samples + x, height, width);
    phase->rows = phase_from(down, down_count);
    return phase->rows >= 0;
}

/* How sample (y, x) differs from the one that stands for it. */
static int32_t patch_at(const int16_t *samples, size_t width, px_phase phase, size_t y, size_t x) {
    size_t source_y = px_full_place(px_half_place(y, phase.rows), phase.rows);
    size_t source_x = px_full_place(px_half_place(x, phase.columns), phase.columns);
    return samples[y * width + x] - samples[source_y * width + source_x];
}

/* Leaves the plane as it is if patches would be too many. */
static prism_status find_patches(px_lsq_plane *plane, const int16_t *samples, size_t height,
                                 size_t width, px_phase phase, prism_error *error) {
    const size_t most = height * width / PX_SAMPLES_PER_PATCH;
    size_t last = 0;
    px_patch *patches = px_alloc(most + 1, sizeof *patches);
    if (!patches)
        return px_out_of_memory(error, (most + 1) * sizeof *patches);
    plane->patches = patches;
    plane->kind = PX_PLANE_HALVED;
    plane->phase = phase;
    for (size_t position = 0; position < height * width; position++) {
        int32_t difference = patch_at(samples, width, phase, position / width, position % width);
        if (!difference)
            continue;
        if (plane->patch_count == most || position - last >= PATCH_LIMIT) {
            plane->kind = PX_PLANE_FULL;
            plane->patch_count = 0;
            return PRISM_OK;
        }
        patches[plane->patch_count++] = (px_patch){(uint32_t)position, difference};
        last = position;
    }
    return PRISM_OK;
}

static prism_status analyse(px_lsq_encoder *encoder, size_t k, void *context, prism_error *error) {
    const px_planes *planes = encoder->source;
    px_lsq_plane *plane = &encoder->model.planes[k];
    const int16_t *samples = px_plane(planes, encoder->task.first + k);
    const uint8_t *holes = px_holes_of(planes->holes, encoder->task.first + k);
    const extent e = extent_of(samples, holes, px_plane_size(planes));
    px_phase phase;
    (void)context;
    plane->mean = mean_of(e);
    plane->fraction = fraction_of(e, plane->mean);
    plane->kind = e.low == e.high ? PX_PLANE_CONSTANT : PX_PLANE_FULL;
    return plane->kind == PX_PLANE_FULL && !holes && !encoder->model.blocks &&
                   find_phase(&phase, samples, planes->height, planes->width)
               ? find_patches(plane, samples, planes->height, planes->width, phase, error)
               : PRISM_OK;
}

bool px_lsq_has_doubled(const px_planes *planes, size_t first, size_t count) {
    px_phase phase;
    for (size_t k = first; k < first + count; k++)
        if (find_phase(&phase, px_plane(planes, k), planes->height, planes->width))
            return true;
    return false;
}

prism_status px_lsq_analyse(px_lsq_encoder *encoder, prism_error *error) {
    return px_lsq_run(encoder, encoder->model.count, analyse, NULL, error);
}

/* ---- Order ---- */

/* Pivoted Cholesky factorisation: at each step the plane with the largest variance that the planes
 * before it leave (N. Higham, "Cholesky factorization", 2009). */
static void pivot(uint16_t *order, const px_gram *gram, double *factor, double *variance) {
    static const double FLOOR = 0.1; /* less is noise of rounding to integers */
    const size_t n = gram->count;
    for (size_t i = 0; i < n; i++)
        variance[i] = gram->moments[i * gram->stride + i];
    for (size_t k = 0; k < n; k++) {
        size_t best = k;
        for (size_t i = k + 1; i < n; i++)
            if (variance[order[i]] > variance[order[best]])
                best = i;
        uint16_t chosen = order[best];
        memmove(order + k + 1, order + k, (best - k) * sizeof *order);
        order[k] = chosen;
        double scale = 1 / sqrt(fmax(variance[chosen], 0) + FLOOR);
        for (size_t i = k + 1; i < n; i++) {
            size_t other = order[i];
            size_t high = other > chosen ? other : chosen, low = other > chosen ? chosen : other;
            double product = gram->moments[high * gram->stride + low];
            for (size_t q = 0; q < k; q++)
                product -= factor[other * n + q] * factor[(size_t)chosen * n + q];
            factor[other * n + k] = product * scale;
            variance[other] -= factor[other * n + k] * factor[other * n + k];
        }
    }
}

prism_status px_lsq_order(px_lsq_encoder *encoder, prism_error *error) {
    px_lsq_model *model = &encoder->model;
    const size_t n = model->count;
    px_gram gram;
    prism_status status =
        px_gram_make(&gram, encoder->source, encoder->task.first, n,
                     encoder->settings.gram_positions, encoder->task.threads, error);
    if (status != PRISM_OK)
        return status;
    px_pool pool = {.count = 0};
    double *factor = px_pool_take_zeroed(&pool, px_product(n, n, sizeof *factor));
    double *variance = px_pool_take(&pool, px_product(n, sizeof *variance));
    px_lsq_plane *sorted = px_pool_take(&pool, px_product(n, sizeof *sorted));
    status = px_pool_status(&pool, error);
    if (status == PRISM_OK) {
        pivot(model->order, &gram, factor, variance);
        for (size_t k = 0; k < n; k++)
            sorted[k] = model->planes[model->order[k]];
        memcpy(model->planes, sorted, n * sizeof *sorted);
    }
    px_pool_free(&pool);
    px_gram_free(&gram);
    return status;
}
