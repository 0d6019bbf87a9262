/*
 * The window of mixed frames: for every sample, a weighted least squares over the samples around it
 * that are coded already, with its neighbours and those positions in its references as inputs. What
 * a texture or an edge is like just here says more than any fit that follows the frame.
 * docs/format-frames.md, "Window". (X. Wu et al., "Piecewise 2D autoregression for predictive image
 * coding", 1998; weights by distance and by trust as in later coders of that kind.)
 *
 * Inputs have 11 bits and sign, weighted ones 15, so that the moments of all samples of a window
 * fit 32 bits. They are eliminated in 32 bits, too: what wraps is no use, but the same everywhere.
 */
#ifndef PX_FRAMES_FRAME_WINDOW_LANES_H
#define PX_FRAMES_FRAME_WINDOW_LANES_H

#include "coders/ans/frames/mixer.h"
#include "simd/lanes_wide.h"

enum {
    WINDOW_RADIUS = PX_WINDOW_ROWS - 1,
    WINDOW_SAMPLES = WINDOW_RADIUS * (2 * WINDOW_RADIUS + 2),
    WINDOW_OWN = 10,         /* neighbours */
    WINDOW_LIMIT = 2047,     /* of inputs, in eighths of a sample */
    WINDOW_WEIGHT_BITS = 11, /* weights have 15, weighted inputs 4 more bits than inputs */
    WINDOW_FLOOR = 77,       /* errors up to that, of 256ths, are trusted alike */
    WINDOW_RIDGE = 3072,
    WINDOW_BITS = 26, /* of scaled moments, whose diagonal is 1..4 */
    WINDOW_PIVOT = 1 << 16,
    WINDOW_L_BITS = 24,
    WINDOW_L_LIMIT = 1 << 29,
    WINDOW_G_BITS = 20,
    WINDOW_G_LIMIT = 1 << 28
};

/* Two vectors of lanes: the inputs, the target last. */
typedef struct window_row {
    int32_t values[PX_WINDOW_VALUES];
} window_row;

typedef struct window_sums {
    window_row moments[PX_WINDOW_VALUES];
    int inputs; /* that there are */
} window_sums;

/* Samples two by two: a couple of each value, and of each weighted one. */
typedef struct window_pairs {
    int count;
    window_row values[WINDOW_SAMPLES / 2], weighted[WINDOW_SAMPLES / 2];
} window_pairs;

/* ---- Inputs ---- */

PX_INLINE size_t window_place(const px_frame_mixer *m, size_t y, size_t x) {
    return y % m->past_rows * m->wave->width + x;
}

PX_INLINE int window_inputs(const px_wave *w) {
    const int experts = w->blend->experts;
    const int references = experts > PX_EXPERTS_ONE ? 2 : experts > PX_EXPERTS_ALONE;
    return WINDOW_OWN + references * PX_SQUARE_TAPS;
}

/* A sample less the blend of the one at work. */
PX_INLINE int16_t window_input(const px_frame_mixer *m, int32_t sample, int32_t blend) {
    return (int16_t)clamp32((sample * 16 - blend) >> (1 + m->window_shift), -WINDOW_LIMIT,
                            WINDOW_LIMIT);
}

static void window_look_around(const px_frame_mixer *m, size_t x, const int16_t *s, int32_t blend,
                               int16_t *to) {
    const ptrdiff_t stride = (ptrdiff_t)m->wave->stride, far = x + 1 < m->wave->width ? 2 : 1;
    const int32_t neighbours[WINDOW_OWN] = {
        s[-1],          s[-stride],       s[-stride - 1], s[-stride + 1],     s[-2],
        s[-2 * stride], s[-stride + far], s[-stride - 2], s[-2 * stride + 1], s[-2 * stride - 1]};
    for (int i = 0; i < WINDOW_OWN; i++)
        to[i] = window_input(m, neighbours[i], blend);
}

/* The inputs for a sample. */
static void window_look(const px_frame_mixer *m, size_t y, size_t x, const int16_t *s,
                        int32_t blend, px_window_past *to) {
    const px_wave *w = m->wave;
    const int32_t *r = w->mixed + y * w->mixed_stride + x;
    const int references = (window_inputs(w) - WINDOW_OWN) / PX_SQUARE_TAPS;
    int16_t *first = to->values + WINDOW_OWN, *second = first + PX_SQUARE_TAPS;
    memset(to, 0, sizeof *to);
    window_look_around(m, x, s, blend, to->values);
    for (int t = 0; t < PX_SQUARE_TAPS && references; t++) {
        const int32_t couple =
            r[px_square_rows[t] * (ptrdiff_t)w->mixed_stride + px_square_columns[t]];
        first[t] = window_input(m, px_couple_low(couple), blend);
        second[t] = references > 1 ? window_input(m, px_couple_high(couple), blend) : 0;
    }
}

/* ---- Moments ---- */

/* Adds a sample to the pairs, as the low or the high halves of couples. */
PX_INLINE void window_add(window_pairs *pairs, int number, const px_window_past *past,
                          int32_t weight) {
    window_row *values = pairs->values + (number >> 1), *weighted = pairs->weighted + (number >> 1);
    for (int i = 0; i < PX_WINDOW_VALUES; i += PX_LANES) {
        const px_lanes v = lanes_load_i16(past->values + i);
        const px_lanes u = (v * weight + (1 << (WINDOW_WEIGHT_BITS - 1))) >> WINDOW_WEIGHT_BITS;
        if (number & 1) {
            lanes_store(values->values + i, lanes_load(values->values + i) | v << 16);
            lanes_store(weighted->values + i, lanes_load(weighted->values + i) | u << 16);
        } else {
            lanes_store(values->values + i, v & 0xffff);
            lanes_store(weighted->values + i, u & 0xffff);
        }
    }
}

/* Weights by distance: 2^15 0.8^(rows + columns). */
static const int32_t window_distances[] = {32768, 26214, 20972, 16777, 13422, 10737, 8590,
                                           6872,  5498,  4398,  3518,  2815,  2252};

static void window_gather(const px_frame_mixer *m, size_t y, size_t x, window_pairs *pairs) {
    const size_t width = m->wave->width, rows = y < WINDOW_RADIUS ? y : WINDOW_RADIUS;
    const size_t from = x < WINDOW_RADIUS ? 0 : x - WINDOW_RADIUS;
    int number = 0;
    for (size_t up = 0; up <= rows; up++) {
        const size_t end = up == 0 ? x : x + WINDOW_RADIUS < width ? x + WINDOW_RADIUS + 1 : width;
        for (size_t k = from; k < end; k++, number++) {
            const size_t place = window_place(m, y - up, k);
            const size_t distance = up + (k < x ? x - k : k - x);
            window_add(pairs, number, m->past + place,
                       m->trusts[place] * window_distances[distance] >> 15);
        }
    }
    pairs->count = (number + 1) >> 1;
}

/* Rows `row`.. of moments, eight of them, in the columns from `column` on. */
PX_INLINE void window_tile(window_sums *sums, const window_pairs *pairs, int row, int column) {
    px_lanes tile[8] = {{0}};
    for (int p = 0; p < pairs->count; p++) {
        const px_lanes values = lanes_load(pairs->values[p].values + column);
        for (int i = 0; i < 8; i++)
            tile[i] =
                lanes_dot_pairs(tile[i], values, lanes_all(pairs->weighted[p].values[row + i]));
    }
    for (int i = 0; i < 8; i++)
        lanes_store(sums->moments[row + i].values + column, tile[i]);
}

static void window_sum(window_sums *sums, const window_pairs *pairs) {
    for (int row = 0; row < PX_WINDOW_VALUES; row += 8) {
        if (row < PX_LANES)
            window_tile(sums, pairs, row, 0);
        window_tile(sums, pairs, row, PX_LANES);
    }
}

/* ---- Solution ---- */

/* Scales moments by powers of two; on the diagonal stand 1..4. */
static void window_scale(window_sums *sums, int32_t exponents[PX_WINDOW_VALUES]) {
    for (int i = 0; i < PX_WINDOW_VALUES; i++) {
        int32_t *diagonal = &sums->moments[i].values[i];
        if (i < sums->inputs)
            *diagonal += (*diagonal >> 10) + WINDOW_RIDGE;
        exponents[i] = (31 - __builtin_clz((uint32_t)*diagonal | 1)) / 2;
    }
    for (int i = 0; i < sums->inputs; i++)
        for (int k = 0; k < PX_WINDOW_VALUES; k += PX_LANES) {
            int32_t *moments = sums->moments[i].values + k;
            const px_lanes shift = WINDOW_BITS - exponents[i] - lanes_load(exponents + k);
            const px_lanes left = lanes_max(shift, lanes_all(0)), right = left - shift;
            const px_lanes limit = lanes_all(1 << (WINDOW_BITS + 2)) >> left;
            const px_lanes value =
                lanes_min(lanes_max(lanes_load(moments) >> right, -limit), limit);
            lanes_store(moments, value << left);
        }
}

/* What row j, divided by its pivot, has in all columns. */
PX_INLINE void window_divide(const window_row *row, int j, window_row *l) {
    const int32_t divisor = row->values[j] > WINDOW_PIVOT ? row->values[j] : WINDOW_PIVOT;
    const int bits = 32 - __builtin_clz((uint32_t)divisor);
    const px_wide inverse = wide_all((1ll << (29 + bits)) / divisor);
    for (int k = 0; k < PX_WINDOW_VALUES; k += PX_EIGHT) {
        const px_wide quotient = wide_multiply(wide_of(eight_load(row->values + k)), inverse) >>
                                 (29 + bits - WINDOW_L_BITS);
        eight_store(l->values + k,
                    eight_clamp(eight_saturated(quotient), -WINDOW_L_LIMIT, WINDOW_L_LIMIT));
    }
}

/* (a b) >> WINDOW_L_BITS, modulo 2^32. */
PX_INLINE px_lanes window_product(px_lanes a, px_wide b) {
    const px_wide even = wide_multiply((px_wide)a, b) >> WINDOW_L_BITS;
    const px_wide odd = wide_multiply((px_wide)a >> 32, b) << (32 - WINDOW_L_BITS);
    return (px_lanes)((even & 0xffffffff) | (odd & (int64_t)0xffffffff00000000));
}

static void window_eliminate(window_sums *sums, window_row l[PX_WINDOW_VALUES]) {
    for (int j = 0; j < sums->inputs; j++) {
        const window_row *row = &sums->moments[j];
        window_divide(row, j, &l[j]);
        for (int i = j + 1; i < sums->inputs; i++) {
            const px_wide factor = wide_all(l[j].values[i]);
            for (int k = i & -PX_LANES; k < PX_WINDOW_VALUES; k += PX_LANES) {
                int32_t *below = sums->moments[i].values + k;
                lanes_store(below, lanes_load(below) -
                                       window_product(lanes_load(row->values + k), factor));
            }
        }
    }
}

/* Weights of the inputs, 16 bits; zeros after them. */
static void window_substitute(const window_row *l, int inputs, const int32_t *exponents,
                              window_row *weights) {
    window_row solution = {{0}};
    const int target = PX_WINDOW_TARGET;
    memset(weights, 0, sizeof *weights);
    for (int j = inputs - 1; j >= 0; j--) {
        px_wide sum = {0};
        for (int k = 0; k < PX_WINDOW_VALUES; k += PX_LANES)
            sum = wide_add_products(sum, lanes_load(l[j].values + k),
                                    lanes_load(solution.values + k));
        const int64_t rest = ((int64_t)l[j].values[target] << WINDOW_G_BITS) - wide_sum(sum);
        solution.values[j] = clamp32(rest >> WINDOW_L_BITS, -WINDOW_G_LIMIT, WINDOW_G_LIMIT);
        weights->values[j] = clamp32(
            scaled_down(solution.values[j], WINDOW_G_BITS - 16 + exponents[j] - exponents[target]),
            -(1 << 22), 1 << 22);
    }
}

/* ---- The expert ---- */

/* What the window says of a sample, more than the blend; 8 fractional bits. */
static int64_t window_predict(const px_frame_mixer *m, size_t y, size_t x) {
    const px_window_past *inputs = m->past + window_place(m, y, x);
    window_pairs pairs;
    window_sums sums = {.inputs = window_inputs(m->wave)};
    window_row l[PX_WINDOW_VALUES], weights;
    int32_t exponents[PX_WINDOW_VALUES];
    window_gather(m, y, x, &pairs);
    window_sum(&sums, &pairs);
    window_scale(&sums, exponents);
    window_eliminate(&sums, l);
    window_substitute(l, sums.inputs, exponents, &weights);
    px_wide sum = {0};
    for (int k = 0; k < PX_WINDOW_VALUES; k += PX_LANES)
        sum = wide_add_products(sum, lanes_load(weights.values + k),
                                lanes_load_i16(inputs->values + k));
    return wide_sum(sum) >> (11 - m->window_shift);
}

/* Keeps the sample, whose error and scale have 8 fractional bits. */
PX_INLINE void window_keep(const px_frame_mixer *m, size_t place, int32_t sample, int32_t blend,
                           int32_t error, int32_t scale) {
    const int32_t size = (int32_t)(((int64_t)abs(error) + scale) >> m->window_shift);
    m->past[place].values[PX_WINDOW_TARGET] = window_input(m, sample, blend);
    m->trusts[place] = (int32_t)(((int64_t)WINDOW_FLOOR << 15) / (size + WINDOW_FLOOR));
}

#endif
