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
#include "lossy/component_kernels.h"
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
    size_t size, count; /* positions of a tile; components that say more than the noise */
    float *weights;     /* [count, rounded up][planes] */
    float *numbers;     /* [planes][PX_SUM_TILE] */
    float *scores;      /* [count, rounded up][size, rounded up] */
    float *bands;       /* [size] */
    double energy;      /* squares that no component says */
} tiles;

static size_t rounded(size_t count, size_t to) {
    return (count + to - 1) / to * to;
}

static size_t tiles_along(size_t length, size_t side) {
    return length / side < MOST_TILES ? length / side : MOST_TILES;
}

static prism_status tiles_make(tiles *t, const px_component_fit *fit, double step,
                               prism_error *error) {
    const px_layout *l = &fit->layout;
    *t = (tiles){.fit = fit};
    prism_status status = px_wavelet_make(&t->wavelet, px_smaller(l->height, SIDE),
                                          px_smaller(l->width, SIDE), error);
    if (status != PRISM_OK)
        return status;
    while (t->count < fit->rank && fit->variances[t->count] > step * step / 12)
        t->count++;
    t->size = t->wavelet.height * t->wavelet.width;
    t->down = tiles_along(l->height, t->wavelet.height);
    t->across = tiles_along(l->width, t->wavelet.width);
    const size_t rows = rounded(t->count, PX_SUM_PLANES);
    const size_t columns = rounded(t->size, PX_SUM_TILE);
    t->weights = px_alloc_zeroed(rows ? rows : 1, l->count, sizeof *t->weights);
    t->numbers = px_alloc_zeroed(l->count, PX_SUM_TILE, sizeof *t->numbers);
    t->scores = px_alloc_zeroed(rows ? rows : 1, columns, sizeof *t->scores);
    t->bands = px_alloc(t->size, sizeof *t->bands);
    if (!t->weights || !t->numbers || !t->scores || !t->bands)
        return px_out_of_memory(error, px_product(rows + 1, l->count + columns, sizeof(float)));
    memcpy(t->weights, fit->vectors, t->count * l->count * sizeof *t->weights);
    return PRISM_OK;
}

static void tiles_free(tiles *t) {
    px_wavelet_free(&t->wavelet);
    free(t->weights);
    free(t->numbers);
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
        sum += (double)(numbers[i] * numbers[i]);
    return sum;
}

/* Places at..at + count - 1 of a tile that begins at position `first`. */
static void load_numbers(tiles *t, size_t first, size_t at, size_t count) {
    const px_component_fit *fit = t->fit;
    for (size_t p = 0; p < fit->layout.count; p++) {
        const float *from = fit->numbers + p * fit->positions + first;
        float *to = t->numbers + p * PX_SUM_TILE;
        for (size_t i = 0; i < count; i++) {
            const size_t y = (at + i) / t->wavelet.width, x = (at + i) % t->wavelet.width;
            to[i] = from[y * fit->layout.width + x];
        }
        t->energy += sum_squares(to, count);
    }
}

/* Scores of all components in a tile. */
static void project(tiles *t, size_t tile) {
    const size_t planes = t->fit->layout.count, stride = rounded(t->size, PX_SUM_TILE);
    for (size_t at = 0; at < t->size; at += PX_SUM_TILE) {
        const size_t count = px_smaller(PX_SUM_TILE, t->size - at);
        load_numbers(t, tile_position(t, tile), at, count);
        for (size_t k = 0; k < t->count; k += PX_SUM_PLANES) {
            float sums[PX_SUM_PLANES][PX_SUM_TILE] = {0};
            px_component_kernels_best()->sum_floats(sums[0], t->numbers, t->weights + k * planes,
                                                    planes);
            for (size_t i = 0; i < PX_SUM_PLANES; i++)
                memcpy(t->scores + (k + i) * stride + at, sums[i], count * sizeof(float));
        }
    }
    for (size_t k = 0; k < t->count; k++)
        t->energy -= sum_squares(t->scores + k * stride, t->size);
}

/* How much of the plane the tiles are. */
static double tiles_share(const tiles *t) {
    return (double)(t->down * t->across * t->size) / (double)t->fit->positions;
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

/* Of all components, for the whole plane. */
static double score_bits(tiles *t, double step) {
    const size_t stride = rounded(t->size, PX_SUM_TILE);
    double bits = 0;
    for (size_t i = 0; i < t->down * t->across; i++) {
        project(t, i);
        for (size_t k = 0; k < t->count; k++) {
            px_wavelet_forward(&t->wavelet, t->bands, t->scores + k * stride);
            for (int b = 0; b < t->wavelet.band_count; b++)
                bits += band_bits(t, &t->wavelet.bands[b], step);
        }
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

/* HUGE_VAL where components leave too much: few positions do not tell all of them. */
static prism_status fit_bits(double *bits, const px_component_fit *fit, double energy,
                             prism_error *error) {
    const double step = px_component_fit_step(fit, energy);
    tiles t;
    prism_status status = tiles_make(&t, fit, step, error);
    if (status == PRISM_OK) {
        *bits = mean_bits(fit, step) + score_bits(&t, step);
        for (size_t k = 0; k < t.count; k++)
            *bits += basis_bits(fit, k, step);
        if (t.energy > 2 * energy * tiles_share(&t))
            *bits = HUGE_VAL;
    }
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
    const int rank = (int)values->array->rank;
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
