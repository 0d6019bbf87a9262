/*
 * An axis is worth what its components would take: for each level of the wavelet of a part of the
 * positions, half the logarithm of the determinant of the planes' covariance over the noise, for
 * each coefficient; and a basis.
 */
#include "lossy/component_axis.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/effort.h"
#include "base/status.h"
#include "linear/cholesky.h"
#include "linear/product_kernels.h"
#include "lossy/wavelet_transform.h"
#include "planes/planes.h"

enum { LENGTH = 256, MOST_ROWS = 512, SIDE = 64 };

/* Wavelets of the planes, of a part from the middle. */
typedef struct part {
    px_layout layout;
    size_t planes, stride; /* that many, so far apart */
    px_wavelet wavelet;
    float *bands; /* [planes][height][width] */
} part;

static void part_free(part *p) {
    px_wavelet_free(&p->wavelet);
    free(p->bands);
}

/* Means are not the components' business. */
static void take_mean(float *numbers, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (double)numbers[i];
    for (size_t i = 0; i < count; i++)
        numbers[i] -= (float)(sum / (double)count);
}

static void load_plane(part *p, const px_numbers *values, size_t plane, double *last) {
    const px_layout *l = &p->layout;
    const px_wavelet *w = &p->wavelet;
    const size_t top = (l->height - w->height) / 2, left = (l->width - w->width) / 2;
    float *to = p->bands + plane * w->height * w->width;
    for (size_t y = 0; y < w->height; y++)
        for (size_t x = 0; x < w->width; x++) {
            const size_t at = (top + y) * l->width + left + x;
            const size_t element =
                (at / l->inner * l->count + plane * p->stride) * l->inner + at % l->inner;
            if (!values->is_exact[element])
                *last = values->numbers[element];
            to[y * w->width + x] = (float)*last;
        }
    take_mean(to, w->height * w->width);
}

static prism_status part_make(part *p, const px_numbers *values, int axis, prism_error *error) {
    double last = 0;
    *p = (part){.layout = px_layout_make(values->words.array, axis)};
    const px_layout *l = &p->layout;
    p->stride = (l->count + 4 * MOST_ROWS - 1) / (4 * MOST_ROWS);
    p->planes = (l->count + p->stride - 1) / p->stride;
    prism_status status = px_wavelet_make(&p->wavelet, l->height < SIDE ? l->height : SIDE,
                                          l->width < SIDE ? l->width : SIDE, error);
    if (status != PRISM_OK)
        return status;
    const size_t size = p->wavelet.height * p->wavelet.width;
    p->bands = px_alloc(p->planes, size, sizeof *p->bands);
    if (!p->bands)
        return px_out_of_memory(error, px_product(p->planes, size, sizeof *p->bands));
    for (size_t k = 0; k < p->planes; k++) {
        load_plane(p, values, k, &last);
        px_wavelet_forward(&p->wavelet, p->bands + k * size, p->bands + k * size);
    }
    return PRISM_OK;
}

/* ---- Determinants ---- */

/* Sums of products of the smaller side of the matrix of a band: planes, or coefficients. */
typedef struct products {
    double *sums;
    float *rows;
    size_t n;
    bool by_planes;
} products;

static float entry(const part *p, const px_band *b, size_t plane, size_t index) {
    const size_t at = (b->y + index / b->width) * p->wavelet.width + b->x + index % b->width;
    return p->bands[plane * p->wavelet.height * p->wavelet.width + at];
}

static void add_band(products *s, const part *p, const px_band *b) {
    const size_t columns = s->by_planes ? b->height * b->width : p->planes;
    for (size_t first = 0; first < columns; first += LENGTH) {
        for (size_t r = 0; r < s->n; r++)
            for (size_t i = 0; i < LENGTH; i++)
                s->rows[r * LENGTH + i] = first + i >= columns ? 0
                                          : s->by_planes       ? entry(p, b, r, first + i)
                                                               : entry(p, b, first + i, r);
        px_product_kernels_best()->gram(s->sums, s->rows, (s->n + 3) / 4 * 4, LENGTH);
    }
}

/* Half the logarithm, to base 2, of the determinant of 1 + sums / scale; *directions becomes how
 * many say more than the noise. */
static double half_log(products *s, double scale, double *directions) {
    const size_t n = s->n, stride = (n + 3) / 4 * 4;
    double bits = 0;
    *directions = 0;
    for (size_t i = 0; i < n; i++) {
        memmove(s->sums + i * n, s->sums + i * stride, n * sizeof *s->sums);
        for (size_t j = 0; j <= i; j++)
            s->sums[i * n + j] = s->sums[i * n + j] / scale + (i == j);
    }
    if (px_cholesky(s->sums, n) != 0)
        return HUGE_VAL;
    for (size_t i = 0; i < n; i++) {
        const double each = log2(s->sums[i * n + i]);
        bits += each;
        *directions += each > 0.5;
    }
    return bits;
}

/* What a covariance that was found from few coefficients promises too much, for each of them: half
 * a nat for each free number (H. Akaike, 1974). */
static double optimism(double directions, double planes, double coefficients) {
    const double numbers = directions * planes - directions * (directions - 1) / 2;
    return numbers / coefficients / 2 * M_LOG2E;
}

/* Bits for a coefficient of all planes; *excess becomes what they promise too much. */
static prism_status band_bits(double *bits, double *excess, const part *p, const px_band *b,
                              double noise, prism_error *error) {
    const size_t size = b->height * b->width;
    products s = {.by_planes = p->planes <= MOST_ROWS || p->planes <= size};
    s.n = s.by_planes ? p->planes : size;
    s.n = s.n < MOST_ROWS ? s.n : MOST_ROWS;
    const size_t stride = (s.n + 3) / 4 * 4;
    s.sums = px_alloc_zeroed(stride, stride, sizeof *s.sums);
    s.rows = px_alloc_zeroed(stride, LENGTH, sizeof *s.rows);
    const bool done = s.sums && s.rows;
    if (done) {
        add_band(&s, p, b);
        double directions;
        *bits = half_log(&s, (double)size * noise, &directions);
        const size_t all = s.by_planes ? p->planes : size; /* a part stands for all */
        *bits *= (double)all / (double)s.n;
        *excess = optimism(directions, (double)p->planes, (double)size);
    }
    free(s.sums);
    free(s.rows);
    return done ? PRISM_OK : px_out_of_memory(error, px_product(stride, stride, 8));
}

/* Bands have bases of their own here. Where coefficients are predicted, they nearly have, and what
 * few of them promise too much decides; elsewhere the chunk has one basis, and the two errors
 * make up for each other. */
static prism_status bits_of(double *bits, const px_numbers *values, int axis, double noise,
                            int effort, prism_error *error) {
    static const double ENTRY_BITS = 2;
    part p;
    double most = 0;
    prism_status status = part_make(&p, values, axis, error);
    const double share = (double)p.layout.height * (double)p.layout.width /
                         ((double)p.wavelet.height * (double)p.wavelet.width);
    *bits = 0;
    for (int i = 0; i < p.wavelet.band_count && status == PRISM_OK; i++) {
        const px_band *b = &p.wavelet.bands[i];
        double each = 0, excess = 0;
        status = band_bits(&each, &excess, &p, b, noise, error);
        excess = px_efforts.predicted_coefficients[effort] ? excess : 0;
        *bits += (each + excess) * (double)(b->height * b->width) * share * (double)p.stride;
        most = fmax(most, each);
    }
    /* As many components as say a bit in some band, and means. */
    const double planes = (double)p.layout.count;
    *bits += planes > 1 ? ENTRY_BITS * most * planes : 0;
    *bits += planes * (ENTRY_BITS + log2((double)p.layout.height * (double)p.layout.width) / 2);
    part_free(&p);
    return status;
}

prism_status px_component_axis(int *axis, const px_numbers *values, double energy, int effort,
                               prism_error *error) {
    const int rank = (int)values->words.array->rank;
    const int candidates[] = {rank > 1 ? rank - 1 : PRISM_AXIS_AUTO,
                              rank > 2 ? 0 : PRISM_AXIS_AUTO};
    const double noise = energy / (double)values->words.count;
    double least = HUGE_VAL;
    prism_status status = PRISM_OK;
    *axis = PRISM_AXIS_AUTO;
    for (size_t i = 0; i < 2 && rank > 1 && noise > 0 && status == PRISM_OK; i++) {
        double bits = HUGE_VAL;
        status = bits_of(&bits, values, candidates[i], noise, effort, error);
        if (bits < least) {
            least = bits;
            *axis = candidates[i];
        }
    }
    return status;
}
