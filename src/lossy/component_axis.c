/*
 * An axis is worth what its components would take: those of a part of the positions, and for each
 * level of the wavelet of a few tiles, half the logarithm of the variance over the noise, for each
 * coefficient; and a basis. The step is the one with which the tiles keep the error: components
 * that few positions told say less of other ones, and coefficients that vanish leave less than the
 * noise.
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
enum { FIT_EFFORT = 1, SIDE = 32, BLOCK = 4, TILES_DOWN = 4, MOST_TILES = 16 };

/* Steps are tried that are by so much smaller or larger than what the fit says. */
static const double REACH = 4;

/* The variance of the noise of quantising. */
static double noise_of(double step) {
    return step * step / 12;
}

/* Bits of a number, by its variance over that of the noise, below which it takes none. */
static double bits_of(double variance, double noise) {
    return fmax(0, log2(variance / noise) / 2);
}

/* ---- Tiles ---- */

typedef struct tiles {
    const px_layout *layout;
    const px_component_fit *fit;
    px_wavelet wavelet; /* of a tile */
    size_t down, across;
    px_position_run *rows; /* [down * across][height of a tile] */
    size_t size, count;    /* positions of a tile; components that may say more than the noise */
    size_t blocks;         /* of all bands of all tiles */
    float *weights;        /* [count, rounded up][planes] */
    float *numbers;        /* [planes][PX_SUM_TILE] */
    float *scores;         /* [count, rounded up][size, rounded up] */
    float *bands;          /* [size] */
    float *squares;        /* [count][blocks]: means over blocks of coefficients */
    float *sizes;          /* [blocks]: how many coefficients */
    uint8_t *levels;       /* [blocks]: of the wavelet */
    double *energies;      /* [count]: squares of scores */
    double energy;         /* squares of all numbers */
} tiles;

static size_t rounded(size_t count, size_t to) {
    return (count + to - 1) / to * to;
}

static size_t tiles_along(size_t length, size_t side, size_t most) {
    return px_smaller(length / side, most);
}

static size_t blocks_of(const px_band *band) {
    return (rounded(band->height, BLOCK) / BLOCK) * (rounded(band->width, BLOCK) / BLOCK);
}

/* In the middle of its part of the plane. */
static size_t tile_start(size_t length, size_t side, size_t parts, size_t index) {
    return (2 * index + 1) * length / (2 * parts) - side / 2;
}

static size_t tile_position(const tiles *t, size_t tile) {
    const px_layout *l = t->layout;
    const size_t y = tile_start(l->height, t->wavelet.height, t->down, tile / t->across);
    return y * l->width + tile_start(l->width, t->wavelet.width, t->across, tile % t->across);
}

static size_t tile_count(const tiles *t) {
    return t->down * t->across;
}

static size_t row_count(const tiles *t) {
    return tile_count(t) * t->wavelet.height;
}

/* Where the tiles are. */
static prism_status tiles_place(tiles *t, const px_layout *l, prism_error *error) {
    *t = (tiles){.layout = l};
    prism_status status = px_wavelet_make(&t->wavelet, px_smaller(l->height, SIDE),
                                          px_smaller(l->width, SIDE), error);
    if (status != PRISM_OK)
        return status;
    t->size = t->wavelet.height * t->wavelet.width;
    t->down = tiles_along(l->height, t->wavelet.height, TILES_DOWN);
    t->across = tiles_along(l->width, t->wavelet.width, MOST_TILES / t->down);
    t->rows = px_alloc(row_count(t), sizeof *t->rows);
    if (!t->rows)
        return px_out_of_memory(error, row_count(t) * sizeof *t->rows);
    for (size_t i = 0; i < row_count(t); i++)
        t->rows[i] = (px_position_run){tile_position(t, i / t->wavelet.height) +
                                           i % t->wavelet.height * l->width,
                                       t->wavelet.width};
    return PRISM_OK;
}

/* Of a fit that has the rows of the tiles. */
static prism_status tiles_make(tiles *t, const px_component_fit *fit, double step,
                               prism_error *error) {
    const px_layout *l = t->layout;
    t->fit = fit;
    while (t->count < fit->rank && fit->variances[t->count] > noise_of(step / REACH))
        t->count++;
    const size_t rows = rounded(t->count, PX_SUM_PLANES);
    const size_t columns = rounded(t->size, PX_SUM_TILE);
    t->weights = px_alloc_zeroed(rows ? rows : 1, l->count, sizeof *t->weights);
    t->numbers = px_alloc_zeroed(l->count, PX_SUM_TILE, sizeof *t->numbers);
    t->scores = px_alloc_zeroed(rows ? rows : 1, columns, sizeof *t->scores);
    t->bands = px_alloc(t->size, sizeof *t->bands);
    for (int b = 0; b < t->wavelet.band_count; b++)
        t->blocks += blocks_of(&t->wavelet.bands[b]) * tile_count(t);
    t->squares = px_alloc(rows ? rows : 1, t->blocks, sizeof *t->squares);
    t->sizes = px_alloc(t->blocks, sizeof *t->sizes);
    t->levels = px_alloc(t->blocks, sizeof *t->levels);
    t->energies = px_alloc_zeroed(rows ? rows : 1, sizeof *t->energies);
    if (!t->weights || !t->numbers || !t->scores || !t->bands || !t->squares || !t->sizes ||
        !t->levels || !t->energies)
        return px_out_of_memory(error, px_product(rows + 1, l->count + columns, sizeof(float)));
    memcpy(t->weights, fit->vectors, t->count * l->count * sizeof *t->weights);
    return PRISM_OK;
}

static void tiles_free(tiles *t) {
    px_wavelet_free(&t->wavelet);
    free(t->rows);
    free(t->weights);
    free(t->numbers);
    free(t->scores);
    free(t->bands);
    free(t->squares);
    free(t->sizes);
    free(t->levels);
    free(t->energies);
}

static double sum_squares(const float *numbers, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (double)numbers[i] * (double)numbers[i];
    return sum;
}

/* Places at..at + count - 1 of a tile. */
static void load_numbers(tiles *t, size_t tile, size_t at, size_t count) {
    const px_component_fit *fit = t->fit;
    const float *from = fit->numbers + fit->extra + tile * t->size + at;
    for (size_t p = 0; p < fit->layout.count; p++) {
        float *to = t->numbers + p * PX_SUM_TILE;
        memcpy(to, from + p * fit->span, count * sizeof *to);
        t->energy += sum_squares(to, count);
    }
}

/* Scores of all components in a tile. */
static void project(tiles *t, size_t tile) {
    const size_t planes = t->fit->layout.count, stride = rounded(t->size, PX_SUM_TILE);
    for (size_t at = 0; at < t->size; at += PX_SUM_TILE) {
        const size_t count = px_smaller(PX_SUM_TILE, t->size - at);
        load_numbers(t, tile, at, count);
        for (size_t k = 0; k < t->count; k += PX_SUM_PLANES) {
            float sums[PX_SUM_PLANES][PX_SUM_TILE] = {0};
            px_component_kernels_best()->sum_floats(sums[0], t->numbers, t->weights + k * planes,
                                                    planes);
            for (size_t i = 0; i < PX_SUM_PLANES; i++)
                memcpy(t->scores + (k + i) * stride + at, sums[i], count * sizeof(float));
        }
    }
}

/* How much of the plane the tiles are. */
static double tiles_share(const tiles *t) {
    return (double)(tile_count(t) * t->size) / (double)t->fit->positions;
}

/* A block of a band: where much happens differs from place to place. Returns its mean square. */
static double block_square(const tiles *t, const px_band *b, size_t y, size_t x, float *size) {
    const size_t bottom = px_smaller(y + BLOCK, b->height), right = px_smaller(x + BLOCK, b->width);
    double sum = 0;
    for (size_t v = y; v < bottom; v++)
        sum += sum_squares(t->bands + (b->y + v) * t->wavelet.width + b->x + x, right - x);
    *size = (float)((bottom - y) * (right - x));
    return sum / (double)*size;
}

/* The blocks of t->bands: their number `at` is that of the first one. Returns that behind the last.
 */
static size_t measure_blocks(tiles *t, size_t component, size_t at) {
    float *squares = t->squares + component * t->blocks;
    for (int i = 0; i < t->wavelet.band_count; i++) {
        const px_band *b = &t->wavelet.bands[i];
        for (size_t y = 0; y < b->height; y += BLOCK)
            for (size_t x = 0; x < b->width; x += BLOCK, at++) {
                squares[at] = (float)block_square(t, b, y, x, &t->sizes[at]);
                t->levels[at] = (uint8_t)b->level;
            }
    }
    return at;
}

static void measure(tiles *t) {
    const size_t stride = rounded(t->size, PX_SUM_TILE);
    size_t first = 0;
    for (size_t i = 0; i < tile_count(t); i++) {
        size_t end = first;
        project(t, i);
        for (size_t k = 0; k < t->count; k++) {
            t->energies[k] += sum_squares(t->scores + k * stride, t->size);
            px_wavelet_forward(&t->wavelet, t->bands, t->scores + k * stride);
            end = measure_blocks(t, k, first);
        }
        first = end;
    }
}

/* ---- Axes ---- */

/* Entries of a column are as fine as scores: components are the larger the more positions. */
static double basis_bits(const px_component_fit *fit, size_t k, double noise) {
    const double planes = (double)fit->layout.count;
    const double entry = (double)fit->positions * fit->variances[k] / planes;
    return planes > 1 ? planes * bits_of(entry, noise) : 0;
}

static double mean_bits(const px_component_fit *fit, double noise) {
    double bits = 0;
    for (size_t p = 0; p < fit->layout.count; p++)
        bits += bits_of(fit->means[p] * fit->means[p] * (double)fit->positions, noise);
    return bits;
}

/* What a step comes to for all positions. */
typedef struct estimate {
    double bits, error;  /* the sum of squares of errors */
    double coefficients; /* of components' levels that are more than zeros */
} estimate;

/* Of a component. */
static double coded_coefficients(const tiles *t, const float *squares, double noise) {
    double sizes[PX_WAVELET_LEVELS] = {0}, sum = 0;
    bool coded[PX_WAVELET_LEVELS] = {false};
    for (size_t b = 0; b < t->blocks; b++) {
        sizes[t->levels[b]] += (double)t->sizes[b];
        coded[t->levels[b]] |= (double)squares[b] > noise;
    }
    for (int i = 0; i < PX_WAVELET_LEVELS; i++)
        sum += coded[i] ? sizes[i] : 0;
    return sum;
}

/* Components that say more than the noise. */
static size_t used_at(const tiles *t, double step) {
    size_t count = 0;
    while (count < t->count && t->fit->variances[count] > noise_of(step))
        count++;
    return count;
}

static estimate estimate_step(const tiles *t, double step) {
    const px_component_fit *fit = t->fit;
    const double noise = noise_of(step), share = tiles_share(t);
    estimate e = {.bits = mean_bits(fit, noise), .error = t->energy / share};
    for (size_t k = 0; k < used_at(t, step); k++) {
        const float *squares = t->squares + k * t->blocks;
        e.bits += basis_bits(fit, k, noise);
        e.error -= t->energies[k] / share;
        e.coefficients += coded_coefficients(t, squares, noise) / share;
        for (size_t b = 0; b < t->blocks; b++) {
            const double size = (double)t->sizes[b] / share, square = (double)squares[b];
            e.bits += size * bits_of(square, noise);
            e.error += size * fmin(square, noise);
        }
    }
    return e;
}

/* Of the largest step that keeps the error; HUGE_VAL where none does: few positions do not tell all
 * components. */
static double least_bits(const tiles *t, double step, const px_axis_request *request) {
    enum { HALVINGS = 8 };
    static const double LEAST_BITS = 0.3; /* of a score that is coded where it lies */
    double low = step / REACH, high = step * REACH;
    estimate best = {.bits = HUGE_VAL};
    for (int i = 0; i <= HALVINGS; i++) {
        const double tried = i ? sqrt(low * high) : low;
        const estimate e = estimate_step(t, tried);
        const bool keeps = e.error <= request->energy;
        if (!keeps && !i)
            break;
        best = keeps ? e : best;
        *(keeps ? &low : &high) = tried;
    }
    const double least = LEAST_BITS * (double)used_at(t, step) * (double)t->fit->positions;
    return best.coefficients > request->coefficients ? fmax(best.bits, least) : best.bits;
}

static prism_status fit_bits(double *bits, tiles *t, const px_component_fit *fit,
                             const px_axis_request *request, prism_error *error) {
    const double step = px_component_fit_step(fit, request->energy);
    const prism_status status = tiles_make(t, fit, step, error);
    if (status == PRISM_OK) {
        measure(t);
        *bits = least_bits(t, step, request);
    }
    return status;
}

/* HUGE_VAL where components do not suit. */
static prism_status axis_bits(double *bits, const px_numbers *values, int axis,
                              const px_axis_request *request, prism_error *error) {
    const px_layout layout = px_layout_make(values->array, axis);
    px_component_fit fit = {.rank = 0};
    tiles t;
    bool suits = false;
    *bits = HUGE_VAL;
    prism_status status = tiles_place(&t, &layout, error);
    if (status == PRISM_OK)
        status = px_component_fit_make_part(&fit, values, axis, FIT_EFFORT, t.rows, row_count(&t),
                                            &suits, error);
    if (status == PRISM_OK && suits)
        status = fit_bits(bits, &t, &fit, request, error);
    px_component_fit_free(&fit);
    tiles_free(&t);
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

/* Up to how many times what the best axis promises another one is near it. */
static double near_within(const px_axis_request *request, double bits) {
    static const double FEW = 8 << 14, MANY = 8 << 17;
    static const double FARTHEST = 8, FAR = 1.5, CLOSE = 1.1;
    if (!request->comparable)
        return 1;
    if (request->trust == PX_AXES_CLOSE || (request->trust == PX_AXES_LIKELY && bits > MANY))
        return CLOSE;
    return bits < FEW ? FARTHEST : FAR;
}

prism_status px_component_axes(px_axis_list *list, const px_numbers *values,
                               const px_axis_request *request, prism_error *error) {
    const int rank = (int)values->array->rank;
    double all[PRISM_MAX_RANK + 1];
    prism_status status = PRISM_OK;
    *list = (px_axis_list){.axes = {PRISM_AXIS_AUTO}, .count = 1, .near = 1};
    if (rank < 2)
        return PRISM_OK;
    list->count = 0;
    /* The last axis first: of equal ones, it is the usual one. */
    for (int axis = rank - 1; axis >= (rank > 2 ? 0 : PRISM_AXIS_AUTO) && status == PRISM_OK;
         axis--) {
        double bits;
        status = axis_bits(&bits, values, axis, request, error);
        add_axis(list, all, axis, bits);
    }
    list->near = list->count;
    while (list->near > 1 && all[list->near - 1] > all[0] * near_within(request, all[0]))
        list->near--;
    return status;
}
