/*
 * Sums of products, and the Cholesky factor of their correlations, in fixed point.
 * docs/format-adaptive.md, "Engines".
 *
 * Correlations and the products of rows have 60 fractional bits, rows 30: no sum of products of two
 * rows can pass 1 (Cauchy-Schwarz), so 64 bits hold all, in any order. Sums are kept with
 * guard bits; without them the rounding of the forgetting makes matrices indefinite.
 */
#ifndef PX_ADAPTIVE_CHOLESKY_LANES_H
#define PX_ADAPTIVE_CHOLESKY_LANES_H

#include "coders/ans/adaptive/model.h"
#include "simd/lanes_wide.h"

enum { PIVOT_BITS = 30, TILE = 4, SUM_ROWS = 8 };

/* Numbers 2 pair and 2 pair + 1 of a row of 16-bit numbers, in all lanes. */
PX_INLINE px_lanes pair_of_row(const int16_t *row, int pair) {
    int32_t both;
    memcpy(&both, row + 2 * pair, sizeof both);
    return lanes_all(both);
}

/* ---- Sums ---- */

/* Vectors, and vectors times weights, as pairs of positions. */
static void pair_batch(px_engine *e, const px_factor *f) {
    const size_t stride = (size_t)e->stride;
    for (int b = 0; b < f->batched; b += 2) {
        const int16_t *z0 = f->batch + (size_t)b * stride, *z1 = z0 + stride;
        const bool odd = b + 1 == f->batched;
        int32_t w0 = f->weights[b], w1 = odd ? 0 : f->weights[b + 1];
        int16_t *pairs = e->pairs + (size_t)b * stride;
        int16_t *weighted = e->weighted_pairs + (size_t)b * stride;
        for (size_t i = 0; i < stride; i++) {
            pairs[2 * i] = z0[i];
            pairs[2 * i + 1] = odd ? 0 : z1[i];
            weighted[2 * i] = (int16_t)(z0[i] * w0);
            weighted[2 * i + 1] = (int16_t)(odd ? 0 : z1[i] * w1);
        }
    }
}

/* Adds to 16 columns of SUM_ROWS rows. Entries of 8 bits times weights of 8 fit 16 bits. */
PX_INLINE void add_tile(int64_t *sums, size_t stride, const int16_t *pairs, const int16_t *weighted,
                        int pair_count, int guard) {
    px_lanes s[SUM_ROWS] = {{0}};
    for (int b = 0; b < pair_count; b++) {
        px_lanes z = lanes_load(pairs + (size_t)b * 2 * stride);
        for (int r = 0; r < SUM_ROWS; r++)
            s[r] = lanes_dot_pairs(s[r], z, pair_of_row(weighted + (size_t)b * 2 * stride, r));
    }
    for (int r = 0; r < SUM_ROWS; r++) {
        int64_t *row = sums + (size_t)r * stride;
        wide_store(row, wide_load(row) + (wide_of(lanes_low(s[r])) << guard));
        wide_store(row + 8, wide_load(row + 8) + (wide_of(lanes_high(s[r])) << guard));
    }
}

static void add_batch_8(px_engine *e, px_factor *f) {
    const size_t stride = (size_t)e->stride;
    pair_batch(e, f);
    for (int i = 0; i < e->size; i += SUM_ROWS)
        for (int j = 0; j < i + SUM_ROWS; j += PX_LANES)
            add_tile(f->sums + (size_t)i * stride + (size_t)j, stride, e->pairs + 2 * j,
                     e->weighted_pairs + 2 * i, (f->batched + 1) / 2, e->guard);
}

/* Entries of 16 bits need products of 64. */
static void add_batch_16(px_engine *e, px_factor *f) {
    const size_t stride = (size_t)e->stride;
    for (int i = 0; i < e->size; i++)
        for (int j = 0; j <= i; j += PX_EIGHT) {
            int64_t *sums = f->sums + (size_t)i * stride + (size_t)j;
            px_wide sum = wide_load(sums);
            for (int b = 0; b < f->batched; b++) {
                const int16_t *z = f->batch + (size_t)b * stride;
                int64_t weighted = (int64_t)z[i] * f->weights[b] * (1 << e->guard);
                px_wide row = wide_of(eight_load_i16(z + j));
                sum += wide_multiply(row, wide_all(weighted));
            }
            wide_store(sums, sum);
        }
}

static void factor_add_batch(px_engine *e, px_factor *f) {
    (e->wide ? add_batch_16 : add_batch_8)(e, f);
    for (int b = 0; b < f->batched; b++)
        f->weight += (int64_t)f->weights[b] * (1 << e->guard);
    f->undamped += (uint32_t)f->batched;
    f->batched = 0;
}

/* ---- Factor ---- */

typedef struct pivot {
    int32_t bits;    /* of the diagonal */
    int64_t inverse; /* 2^(30 + bits) / it */
} pivot;

static pivot pivot_of(int32_t diagonal) {
    int bits = 32 - __builtin_clz((uint32_t)diagonal);
    return (pivot){bits, (1ll << (PIVOT_BITS + bits)) / diagonal};
}

/* value / diagonal, 60 bits over 30. */
PX_INLINE int32_t over_pivot(int64_t value, pivot p) {
    return clamp32((value >> p.bits) * p.inverse >> PIVOT_BITS, -(1 << 30), 1 << 30);
}

static uint64_t square_root(uint64_t value) {
    if (!value)
        return 0;
    int bits = (65 - __builtin_clzll(value)) / 2;
    uint64_t root = bits >= 32 ? UINT32_MAX : 1ull << bits;
    for (;;) { /* Newton's steps fall until they reach the root */
        uint64_t next = (root + value / root) >> 1;
        if (next >= root)
            return root;
        root = next;
    }
}

/* dots[r][c] = products of row r of `a` and row c of `b`, of the first `columns`. */
PX_INLINE void row_products(int64_t dots[TILE][TILE], const int32_t *a, const int32_t *b,
                            size_t stride, int columns) {
    px_wide sums[TILE][TILE] = {{{0}}};
    for (int i = 0; i < columns; i += PX_LANES) {
        px_wide y[TILE], y_odd[TILE];
        for (int c = 0; c < TILE; c++) {
            y[c] = (px_wide)lanes_load(b + (size_t)c * stride + i);
            y_odd[c] = y[c] >> 32;
        }
        for (int r = 0; r < TILE; r++) {
            px_wide x = (px_wide)lanes_load(a + (size_t)r * stride + i), x_odd = x >> 32;
            for (int c = 0; c < TILE; c++)
                sums[r][c] += wide_multiply(x, y[c]) + wide_multiply(x_odd, y_odd[c]);
        }
    }
    for (int r = 0; r < TILE; r++)
        for (int c = 0; c < TILE; c++)
            dots[r][c] = wide_sum(sums[r][c]);
}

/* Columns column..column + 3 of the rows `own` of the factor, count <= TILE, whose correlations are
 * given; up to the diagonal if `other`, the rows with the columns' numbers, are the rows
 * themselves.
 */
static void cholesky_tile(int32_t *own, const int32_t *other, size_t stride,
                          const int64_t *correlations, int column, int count) {
    const bool diagonal = own == other;
    int64_t dots[TILE][TILE];
    row_products(dots, own, other, stride, column);
    for (int c = 0; c < (diagonal ? count : TILE); c++) {
        const int32_t *row = other + (size_t)c * stride;
        pivot p = {0, 0};
        if (!diagonal)
            p = pivot_of(row[column + c]);
        for (int r = diagonal ? c : 0; r < count; r++) {
            int32_t *target = own + (size_t)r * stride + column;
            int64_t value = correlations[(size_t)r * stride + (size_t)(column + c)] - dots[r][c];
            for (int q = 0; q < c; q++)
                value -= (int64_t)target[q] * row[column + q];
            if (diagonal && r == c) {
                value = clamp64(value, 1ll << 34, 1ll << 60);
                target[c] = (int32_t)square_root((uint64_t)value);
                p = pivot_of(target[c]);
            } else {
                target[c] = over_pivot(value, p);
            }
        }
    }
}

/* See adaptive_kernels.h. Several tiles of rows at once, so that the rows before are loaded less
 * often. */
static void cholesky_rows(int32_t *factor, size_t stride, const int64_t *correlations, int first,
                          int count) {
    memset(factor + (size_t)first * stride, 0,
           (size_t)((count + TILE - 1) / TILE * TILE) * stride * sizeof *factor);
    for (int column = 0; column < first + count; column += TILE)
        for (int row = 0; row < count; row += TILE)
            if (first + row >= column)
                cholesky_tile(factor + (size_t)(first + row) * stride,
                              factor + (size_t)column * stride, stride,
                              correlations + (size_t)row * stride, column,
                              count - row < TILE ? count - row : TILE);
}

/* value / 4^exponent with 30 fractional bits, in 1..4. */
static uint64_t mantissa_of(int64_t value, int *exponent) {
    *exponent = (63 - __builtin_clzll((uint64_t)value)) / 2;
    int shift = 30 - 2 * *exponent;
    return shift >= 0 ? (uint64_t)value << shift : (uint64_t)value >> -shift;
}

/* Eight sums of the class, with a share of all classes' together. */
PX_INLINE px_wide shared_sums(const px_engine *e, const px_factor *f, size_t index) {
    px_wide sums = wide_load(f->sums + index), all = {0};
    if (e->plan->classes == 1)
        return sums;
    for (int c = 0; c < e->plan->classes; c++)
        all += wide_load(e->factors[c].sums + index);
    return sums + (all >> 4) * e->plan->share;
}

static int64_t shared_weight(const px_engine *e, const px_factor *f) {
    int64_t weight = f->weight, all = 0;
    for (int c = 0; c < e->plan->classes; c++)
        all += e->factors[c].weight;
    if (e->plan->classes > 1)
        weight += (all >> 4) * e->plan->share;
    return weight < 1 ? 1 : weight;
}

/* Standard deviations of the entries. */
static void find_scales(px_engine *e, px_factor *f) {
    const int64_t weight = shared_weight(e, f), ridge = (int64_t)e->plan->ridge * (1 << e->guard);
    int weight_exponent;
    uint64_t weight_root = square_root(mantissa_of(weight, &weight_exponent) << 30);
    for (int i = 0; i < e->size; i++) {
        int64_t sum = shared_sums(e, f, (size_t)i * (size_t)e->stride + (size_t)i)[0];
        sum += sum / weight * ridge + sum % weight * ridge / weight;
        if (sum < weight / 64 + 1)
            sum = weight / 64 + 1;
        int exponent;
        uint64_t root = square_root(mantissa_of(sum, &exponent) << 30);
        e->reciprocal[i] = (int32_t)((1ull << 60) / root);
        e->root_exponent[i] = exponent;
        uint64_t scale = (root << 30) / weight_root, inverse = (1ull << 60) / scale;
        f->scale[i] = (int32_t)(scale > INT32_MAX ? INT32_MAX : scale);
        f->inverse_scale[i] = (int32_t)(inverse > INT32_MAX ? INT32_MAX : inverse);
        f->exponent[i] = (int8_t)(exponent - weight_exponent);
    }
}

/* Row `i` of the correlations, with 1 on the diagonal. Sums over the powers of two next to the
 * roots have 28 bits and are below 4. */
static void correlate_row(px_engine *e, const px_factor *f, int i, int64_t *row) {
    const size_t first = (size_t)i * (size_t)e->stride;
    const px_wide reciprocal = wide_all(e->reciprocal[i]);
    for (int j = 0; j < i; j += PX_EIGHT) {
        px_wide sum = shared_sums(e, f, first + (size_t)j);
        px_wide shift = 28 - e->root_exponent[i] - wide_of(eight_load(e->root_exponent + j));
        px_wide up = shift > 0, left = shift & up, right = -shift & ~up;
        sum = wide_clamp((sum << left) >> right, -(1 << 30), 1 << 30);
        px_wide half = wide_multiply(sum, reciprocal) >> 28;
        half = wide_clamp(half, INT32_MIN, INT32_MAX);
        wide_store(row + j, wide_multiply(half, wide_of(eight_load(e->reciprocal + j))));
    }
    row[i] = 1ll << 60;
}

/* Row `i` as prediction takes it. */
static void round_row(px_engine *e, px_factor *f, int i) {
    const int32_t *exact = e->exact + (size_t)i * (size_t)e->stride;
    int16_t *row = f->rows + (size_t)i * (size_t)e->stride;
    for (int j = 0; j < i; j++) {
        int32_t value = (exact[j] + (1 << 14)) >> 15;
        row[j] = (int16_t)(value > INT16_MAX ? INT16_MAX : value);
    }
    for (int j = i / PX_ENGINE_BLOCK * PX_ENGINE_BLOCK; j < i; j++)
        f->columns[(size_t)j * PX_ENGINE_BLOCK + (size_t)(i % PX_ENGINE_BLOCK)] = row[j];
    f->inverse_pivot[i] = (int32_t)((1ll << 44) / exact[i]);
}

/* Forgets `positions` / 2^13 of the sums. */
static void forget(px_engine *e, px_factor *f, uint32_t positions) {
    const size_t count = (size_t)e->size * (size_t)e->stride;
    for (size_t i = 0; i < count; i++)
        f->sums[i] -= ((f->sums[i] + (1 << 12)) >> 13) * positions;
    f->weight -= (f->weight * positions) >> 13;
}

/* Keeps sums within 62 bits whatever the samples. */
static void halve(px_engine *e, px_factor *f) {
    const size_t count = (size_t)e->size * (size_t)e->stride;
    for (size_t i = 0; i < count; i++)
        f->sums[i] >>= 1;
    f->weight >>= 1;
    f->undamped = 0;
}

static void factor_refresh(px_engine *e, px_factor *f) {
    const size_t stride = (size_t)e->stride;
    for (int c = 0; c < e->plan->classes; c++)
        factor_add_batch(e, &e->factors[c]);
    if (e->plan->forgets)
        forget(e, f, f->seen - f->factored);
    if (f->undamped >= 1u << 17)
        halve(e, f);
    find_scales(e, f);
    for (int first = 0; first < e->size; first += PX_FACTOR_ROWS) {
        int count = e->size - first < PX_FACTOR_ROWS ? e->size - first : PX_FACTOR_ROWS;
        for (int r = 0; r < count; r++)
            correlate_row(e, f, first + r, e->row_block + (size_t)r * stride);
        cholesky_rows(e->exact, stride, e->row_block, first, count);
        for (int r = 0; r < count; r++)
            round_row(e, f, first + r);
    }
    f->factored = f->seen;
    f->ready = true;
}

#endif
