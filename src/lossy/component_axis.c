/*
 * An axis is worth what its components would take: those of a part of the positions, and for each
 * level of the wavelet of a few tiles, half the logarithm of the variance over the noise, for each
 * coefficient; and a basis.
 */
#include "lossy/component_axis.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/sizes.h"
#include "base/status.h"
#include "lossy/component_fit.h"
#include "lossy/wavelet_transform.h"

/* The fit is that of the fastest effort. */
enum { FIT_EFFORT = 1, SIDE = 32, BLOCK = 4, MOST_TILES = 4 };

/* Bits of a number, by its variance over the noise of quantising; below the noise it takes none. */
static double bits_of(double variance, double step) {
    return fmax(0, log2(12 * variance / (step * step)) / 2);
}

/* ---- Tiles ---- */

typedef struct tiles {
    const px_component_fit *fit;
    px_wavelet wavelet; /* of a tile */
    size_t down, across;
    float *scores, *bands; /* of one */
    double explained;      /* squares of all scores */
} tiles;

static size_t tiles_along(size_t length, size_t side) {
    return length / side < MOST_TILES ? length / side : MOST_TILES;
}

static prism_status tiles_make(tiles *t, const px_component_fit *fit, prism_error *error) {
    const px_layout *l = &fit->layout;
    *t = (tiles){.fit = fit};
    prism_status status = px_wavelet_make(&t->wavelet, l->height < SIDE ? l->height : SIDE,
                                          l->width < SIDE ? l->width : SIDE, error);
    if (status != PRISM_OK)
        return status;
    const size_t size = t->wavelet.height * t->wavelet.width;
    t->down = tiles_along(l->height, t->wavelet.height);
    t->across = tiles_along(l->width, t->wavelet.width);
    t->scores = px_alloc(size, sizeof *t->scores);
    t->bands = px_alloc(size, sizeof *t->bands);
    return t->scores && t->bands ? PRISM_OK : px_out_of_memory(error, size * sizeof(float));
}

static void tiles_free(tiles *t) {
    px_wavelet_free(&t->wavelet);
    free(t->scores);
    free(t->bands);
}

/* In the middle of its part of the plane. */
static size_t tile_start(size_t length, size_t side, size_t parts, size_t index) {
    return (2 * index + 1) * length / (2 * parts) - side / 2;
}

static size_t tile_position(const tiles *t, size_t tile) {
    const px_layout *l = &t->fit->layout;
    const size_t y = tile_start(l->height, t->wavelet.height, t->down, tile / t->across);
    return y * l->width + tile_start(l->width, t->wavelet.width, t->across, tile % t->across);
}

static double sum_squares(const float *numbers, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (double)numbers[i] * (double)numbers[i];
    return sum;
}

/* Scores of a component in a tile. */
static void project(tiles *t, size_t k, size_t tile) {
    const px_component_fit *fit = t->fit;
    const size_t height = t->wavelet.height, width = t->wavelet.width,
                 first = tile_position(t, tile);
    memset(t->scores, 0, height * width * sizeof *t->scores);
    for (size_t p = 0; p < fit->layout.count; p++) {
        const float weight = fit->vectors[k * fit->layout.count + p];
        for (size_t y = 0; y < height; y++) {
            const float *from = fit->numbers + p * fit->positions + first + y * fit->layout.width;
            float *to = t->scores + y * width;
            for (size_t x = 0; x < width; x++)
                to[x] += weight * from[x];
        }
    }
    t->explained += sum_squares(t->scores, height * width);
}

/* Squares of the elements in all tiles. */
static double tiles_energy(const tiles *t) {
    const px_component_fit *fit = t->fit;
    double sum = 0;
    for (size_t i = 0; i < t->down * t->across; i++)
        for (size_t p = 0; p < fit->layout.count; p++)
            for (size_t y = 0; y < t->wavelet.height; y++)
                sum += sum_squares(fit->numbers + p * fit->positions + tile_position(t, i) +
                                       y * fit->layout.width,
                                   t->wavelet.width);
    return sum;
}

/* How much of the plane the tiles are. */
static double tiles_share(const tiles *t) {
    return (double)(t->down * t->across * t->wavelet.height * t->wavelet.width) /
           (double)t->fit->positions;
}

/* Of a block of a band: where much happens differs from place to place. */
static double block_bits(const tiles *t, const px_band *b, size_t y, size_t x, double step) {
    const size_t bottom = px_smaller(y + BLOCK, b->height), right = px_smaller(x + BLOCK, b->width);
    const double count = (double)((bottom - y) * (right - x));
    double sum = 0;
    for (size_t v = y; v < bottom; v++)
        for (size_t u = x; u < right; u++) {
            const double c = (double)t->bands[(b->y + v) * t->wavelet.width + b->x + u];
            sum += c * c;
        }
    return count * bits_of(sum / count, step);
}

static double band_bits(const tiles *t, const px_band *b, double step) {
    double bits = 0;
    for (size_t y = 0; y < b->height; y += BLOCK)
        for (size_t x = 0; x < b->width; x += BLOCK)
            bits += block_bits(t, b, y, x, step);
    return bits;
}

/* Of a component, for the whole plane. */
static double component_bits(tiles *t, size_t k, double step) {
    const px_wavelet *w = &t->wavelet;
    const size_t count = t->down * t->across;
    double bits = 0;
    for (size_t i = 0; i < count; i++) {
        project(t, k, i);
        px_wavelet_forward(&t->wavelet, t->bands, t->scores);
        for (int b = 0; b < w->band_count; b++)
            bits += band_bits(t, &w->bands[b], step);
    }
    return bits / tiles_share(t);
}

/* ---- Axes ---- */

/* Entries of a column are as fine as scores: components are the larger the more positions. */
static double basis_bits(const px_component_fit *fit, size_t k, double step) {
    const double planes = (double)fit->layout.count;
    const double entry = (double)fit->positions * fit->variances[k] / planes;
    return planes > 1 ? planes * bits_of(entry, step) : 0;
}

static double mean_bits(const px_component_fit *fit, double step) {
    double bits = 0;
    for (size_t p = 0; p < fit->layout.count; p++)
        bits += bits_of(fit->means[p] * fit->means[p] * (double)fit->positions, step);
    return bits;
}

/* HUGE_VAL where no component says what is left: few positions do not tell all components. */
static prism_status fit_bits(double *bits, const px_component_fit *fit, double energy,
                             prism_error *error) {
    const double step = px_component_fit_step(fit, energy);
    tiles t;
    size_t k = 0;
    prism_status status = tiles_make(&t, fit, error);
    if (status != PRISM_OK) {
        tiles_free(&t);
        return status;
    }
    *bits = mean_bits(fit, step);
    for (; k < fit->rank && fit->variances[k] > step * step / 12; k++)
        *bits += component_bits(&t, k, step) + basis_bits(fit, k, step);
    if (tiles_energy(&t) - t.explained > 2 * energy * tiles_share(&t))
        *bits = HUGE_VAL;
    tiles_free(&t);
    return status;
}

/* HUGE_VAL where components do not suit. */
static prism_status axis_bits(double *bits, const px_numbers *values, int axis, double energy,
                              prism_error *error) {
    px_component_fit fit;
    bool suits;
    *bits = HUGE_VAL;
    prism_status status = px_component_fit_make(&fit, values, axis, FIT_EFFORT, &suits, error);
    if (status == PRISM_OK && suits)
        status = fit_bits(bits, &fit, energy, error);
    px_component_fit_free(&fit);
    return status;
}

static void add_axis(px_axis_list *list, double *all, int axis, double bits) {
    int i = list->count++;
    for (; i > 0 && bits < all[i - 1]; i--) {
        all[i] = all[i - 1];
        list->axes[i] = list->axes[i - 1];
    }
    all[i] = bits;
    list->axes[i] = axis;
}

prism_status px_component_axes(px_axis_list *list, const px_numbers *values, double energy,
                               double within, prism_error *error) {
    const int rank = (int)values->words.array->rank;
    double all[PRISM_MAX_RANK + 1];
    prism_status status = PRISM_OK;
    *list = (px_axis_list){.axes = {PRISM_AXIS_AUTO}, .count = 1};
    if (rank < 2)
        return PRISM_OK;
    list->count = 0;
    /* The last axis first: of equal ones, it is the usual one. */
    for (int axis = rank - 1; axis >= (rank > 2 ? 0 : PRISM_AXIS_AUTO) && status == PRISM_OK;
         axis--) {
        double bits;
        status = axis_bits(&bits, values, axis, energy, error);
        add_axis(list, all, axis, bits);
    }
    while (list->count > 1 && all[list->count - 1] > all[0] * within)
        list->count--;
    return status;
}
