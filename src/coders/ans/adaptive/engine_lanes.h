/*
 * Prediction of all bands from one covariance. docs/format-adaptive.md, "Engines".
 *
 * With S the weighted second moments of z = [1, neighbours of all bands, the position's own bands]
 * and L the Cholesky factor of its correlations, u = L^-1 z is white, and the least squares
 * prediction of entry j from all entries before it is the product of row j of L with u, diagonal
 * left out, times the entry's standard deviation: recursive least squares for every band at once,
 * without an inverse, with rows of unit length that 16 bits hold. u grows entry by entry, since the
 * decoder knows entry j only after its prediction. Entries of the rows above are known before, so a
 * strip of positions goes through them at once. (Normalised joint-process lattice and Cholesky
 * forms of recursive least squares: S. Haykin, "Adaptive Filter Theory".)
 */
#ifndef PX_ADAPTIVE_ENGINE_LANES_H
#define PX_ADAPTIVE_ENGINE_LANES_H

#include "coders/ans/adaptive/cholesky_lanes.h"

PX_INLINE bool engine_exists(const px_engine *e) {
    return e->plan->classes;
}

/* There is a factor for the position. */
PX_INLINE bool engine_is_ready(const px_engine *e) {
    return engine_exists(e) && e->factors[e->used].ready;
}

PX_INLINE const int16_t *factor_row(const px_engine *e, const px_factor *f, int row) {
    return f->rows + (size_t)row * (size_t)e->stride;
}

/* ---- Vectors ---- */

/* The position (dy, dx) away, pulled in at the borders; (size_t)-1 at the first position. */
static size_t neighbour_of(const px_adaptive_model *m, size_t y, size_t x, int dy, int dx) {
    if (y == 0 && x == 0)
        return SIZE_MAX;
    if (y == 0 && (dy < 0 || x == 0))
        return x - 1;
    int64_t column = (int64_t)x + dx, last = (int64_t)m->width - 1;
    if (dy == 0 && column < 0 && x == 0)
        return (y - 1) * m->width;
    size_t row = (size_t)-dy > y ? 0 : y - (size_t)-dy;
    return row * m->width + (size_t)(column < 0 ? 0 : column > last ? last : column);
}

/* Samples as entries: less the offset of their band. */
static void copy_entries(const px_adaptive_model *m, int16_t *entries, size_t position) {
    if (position == SIZE_MAX) {
        memset(entries, 0, (size_t)m->bands * sizeof *entries);
        return;
    }
    const int16_t *samples = m->samples + position * (size_t)m->bands;
    if (!m->decisions.wide) {
        memcpy(entries, samples, (size_t)m->bands * sizeof *entries);
        return;
    }
    for (int k = 0; k < m->bands; k++)
        entries[k] = (int16_t)clamp32(samples[k] - m->band[k].offset, -32767, 32767);
}

PX_INLINE int16_t *engine_vector(const px_engine *e) {
    const px_factor *f = &e->factors[e->current];
    return f->batch + (size_t)f->batched * (size_t)e->stride;
}

static void fill_vector(const px_adaptive_model *m, px_engine *e, size_t y, size_t x) {
    int16_t *z = engine_vector(e);
    z[0] = e->wide ? 256 : 16;
    for (int i = 0; i < e->plan->neighbours; i++)
        copy_entries(m, z + 1 + i * e->bands,
                     neighbour_of(m, y, x, e->steps[i][0], e->steps[i][1]));
}

/* ---- Whitening ---- */

/* (z / scale - sum) / pivot with 11 fractional bits; sums have 26. */
PX_INLINE int32_t whiten(int32_t z, int32_t inverse_scale, int exponent, int32_t sum,
                         int32_t inverse_pivot) {
    int64_t scaled = (int64_t)z * inverse_scale >> (4 + exponent);
    int64_t rest = clamp32(scaled, -(1 << 30), 1 << 30) - (int64_t)sum;
    return clamp32((int64_t)clamp32(rest, -INT32_MAX, INT32_MAX) * inverse_pivot >> 29, -32767,
                   32767);
}

PX_INLINE px_eight whiten_eight(px_eight z, int32_t inverse_scale, int exponent, px_eight sum,
                                int32_t inverse_pivot) {
    px_wide scaled = wide_multiply(wide_of(z), wide_all(inverse_scale)) >> (4 + exponent);
    px_wide rest = wide_clamp(scaled, -(1 << 30), 1 << 30) - wide_of(sum);
    rest = wide_clamp(rest, -INT32_MAX, INT32_MAX);
    return eight_of(wide_clamp(wide_multiply(rest, wide_all(inverse_pivot)) >> 29, -32767, 32767));
}

/* A lane for each position of a strip. Several rows at a time share the loads of what they are
 * multiplied with. */
enum { ROWS = 4 };

/* Where 32 bits of memory have the first of two 16-bit numbers. */
enum { PAIR_SHIFT = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 16 : 0 };

PX_INLINE void strip_products(px_lanes sums[ROWS], const int16_t *rows, size_t stride,
                              const int32_t *pairs, int pair_count) {
    for (int r = 0; r < ROWS; r++)
        sums[r] = (px_lanes){0};
    for (int m = 0; m < pair_count; m++) {
        px_lanes pair = lanes_load(pairs + m * PX_LANES);
        for (int r = 0; r < ROWS; r++)
            sums[r] = lanes_dot_pairs(sums[r], pair, pair_of_row(rows + (size_t)r * stride, m));
    }
}

/* Whitens row `row` for all positions of the strip. */
PX_INLINE void strip_whiten(px_engine *e, const px_factor *f, int row, px_lanes sum) {
    px_lanes z = lanes_load_i16(e->strip_vectors + row * PX_LANES);
    px_eight low = whiten_eight(lanes_low(z), f->inverse_scale[row], f->exponent[row],
                                lanes_low(sum), f->inverse_pivot[row]);
    px_eight high = whiten_eight(lanes_high(z), f->inverse_scale[row], f->exponent[row],
                                 lanes_high(sum), f->inverse_pivot[row]);
    px_lanes u = lanes_join(low, high);
    int32_t *pairs = e->strip_pairs + row / 2 * PX_LANES;
    /* The even row of a pair comes first, and leaves 0 where the odd one will be. */
    px_lanes half = (u & 0xffff) << (row % 2 ? 16 - PAIR_SHIFT : PAIR_SHIFT);
    lanes_store(pairs, row % 2 ? lanes_load(pairs) | half : half);
}

static void fill_strip(const px_adaptive_model *m, px_engine *e, size_t y, size_t x, int count) {
    int16_t *entries = e->strip_vectors;
    memset(entries, 0, (size_t)e->ahead * PX_LANES * sizeof *entries);
    for (int p = 0; p < count; p++) {
        entries[p] = e->wide ? 256 : 16;
        for (int i = 0; i < (e->ahead - 1) / e->bands; i++) {
            int16_t row[PX_GROUP_BANDS];
            copy_entries(m, row, neighbour_of(m, y, x + (size_t)p, e->steps[i][0], e->steps[i][1]));
            for (int k = 0; k < e->bands; k++)
                entries[(1 + i * e->bands + k) * PX_LANES + p] = row[k];
        }
    }
}

/* All that can be done of `count` positions from (y, x) on before the first of them is coded. */
static void engine_strip(const px_adaptive_model *m, px_engine *e, size_t y, size_t x, int count) {
    const px_factor *f = e->factors;
    if (!e->ahead || !f->ready)
        return;
    const size_t stride = (size_t)e->stride;
    px_lanes sums[ROWS];
    fill_strip(m, e, y, x, count);
    for (int row = 0; row < e->ahead; row += ROWS) {
        strip_products(sums, factor_row(e, f, row), stride, e->strip_pairs, row / 2);
        for (int r = 0; r < ROWS && row + r < e->ahead; r++) {
            for (int pair = row / 2; pair < (row + r + 1) / 2; pair++)
                sums[r] = lanes_dot_pairs(sums[r], lanes_load(e->strip_pairs + pair * PX_LANES),
                                          pair_of_row(factor_row(e, f, row + r), pair));
            strip_whiten(e, f, row + r, sums[r]);
        }
    }
    for (int row = e->ahead; row < e->size; row += ROWS) {
        strip_products(sums, factor_row(e, f, row), stride, e->strip_pairs, (e->ahead + 1) / 2);
        for (int r = 0; r < ROWS && row + r < e->size; r++)
            lanes_store(e->strip_sums + (row + r - e->ahead) * PX_LANES, sums[r]);
    }
}

/* Products of the rows from `row` to the end of its block with what is whitened before `row`. */
static void enter_block(px_engine *e, const px_factor *f, int row, int strip_lane) {
    int end = (row / PX_ENGINE_BLOCK + 1) * PX_ENGINE_BLOCK;
    if (end > e->size)
        end = e->size;
    /* Entries ahead are 0 in `whitened`; those from `row` on are not yet of this position. */
    const int from = e->ahead / PX_ENGINE_BLOCK * PX_ENGINE_BLOCK;
    const int to = row / PX_ENGINE_BLOCK * PX_ENGINE_BLOCK;
    for (int r = row; r < end; r += ROWS) {
        px_lanes sums[ROWS] = {{0}};
        const int16_t *rows = factor_row(e, f, r);
        for (int i = from; i < to; i += 2 * PX_LANES)
            for (int q = 0; q < ROWS; q++)
                sums[q] = lanes_dot_pairs(sums[q], lanes_load(e->whitened + i),
                                          lanes_load(rows + q * e->stride + i));
        for (int q = 0; q < ROWS && r + q < end; q++)
            e->products[(r + q) % PX_ENGINE_BLOCK] =
                lanes_sum(sums[q]) +
                (e->ahead ? e->strip_sums[(r + q - e->ahead) * PX_LANES + strip_lane] : 0);
    }
}

/* The product of row `row` with all that is before it, 26 bits. */
PX_INLINE int32_t engine_product(px_engine *e, int row, int strip_lane) {
    if (row % PX_ENGINE_BLOCK == 0 || row == e->ahead)
        enter_block(e, &e->factors[e->used], row, strip_lane);
    return e->products[row % PX_ENGINE_BLOCK];
}

/* Entry `row` has become known. */
PX_INLINE int32_t engine_whiten(px_engine *e, int row, int32_t z, int32_t product) {
    const px_factor *f = &e->factors[e->used];
    int32_t u = whiten(z, f->inverse_scale[row], f->exponent[row], product, f->inverse_pivot[row]);
    e->whitened[row] = (int16_t)u;
    const int16_t *column = f->columns + (size_t)row * PX_ENGINE_BLOCK;
    for (int half = 0; half < PX_ENGINE_BLOCK; half += PX_LANES)
        lanes_store(e->products + half,
                    lanes_load(e->products + half) + lanes_load_i16(column + half) * u);
    return u;
}

/* The prediction of row `row` from its product, in the unit of entries with 8 fractional bits. */
PX_INLINE int32_t engine_mean(const px_engine *e, int row, int32_t product) {
    const px_factor *f = &e->factors[e->used];
    int shift = 48 - f->exponent[row];
    int64_t mean = ((int64_t)product * f->scale[row] + (1ll << (shift - 1))) >> shift;
    return clamp32(mean, -(1 << 25), 1 << 25);
}

/* ---- Positions ---- */

/* Chooses the factor and goes through the neighbours that the strip left. */
static void engine_begin(const px_adaptive_model *m, px_engine *e, size_t y, size_t x, int class,
                         int strip_lane) {
    if (!engine_exists(e))
        return;
    e->current = e->used = e->plan->classes > 1 ? class : 0;
    for (int c = 0; c < e->plan->classes && !e->factors[e->used].ready; c++)
        e->used = c;
    e->energy = 0;
    fill_vector(m, e, y, x);
    if (!engine_is_ready(e))
        return;
    const int16_t *z = engine_vector(e);
    for (int row = e->ahead; row < e->own; row++)
        engine_whiten(e, row, z[row], engine_product(e, row, strip_lane));
}

/* The sample of band `k`, as an entry, has become known. */
PX_INLINE void engine_learn(px_engine *e, int k, int32_t z, int32_t product) {
    engine_vector(e)[e->own + k] = (int16_t)z;
    if (!engine_is_ready(e)) {
        e->energy += 1 << 22;
        return;
    }
    int64_t u = engine_whiten(e, e->own + k, z, product);
    e->energy += u * u;
}

/* A position weighs 1 / (0.3 + its mean squared whitened sample), 6 bits. */
static void engine_end(px_engine *e) {
    if (!engine_exists(e))
        return;
    px_factor *f = &e->factors[e->current];
    int64_t weight = (64ll << 22) / (1258291 + e->energy / e->bands);
    f->weights[f->batched++] = weight < 1 ? 1 : (int32_t)weight;
    f->seen++;
    if (f->batched == PX_ENGINE_BATCH)
        factor_add_batch(e, f);
}

/* Factors anew where enough has come: a sixteenth of all, but no more than some rows, and no less
 * than the size is worth. */
static void engine_refresh(px_engine *e, size_t width) {
    uint32_t most = (uint32_t)(width < 64 ? 64 : width > 256 ? 256 : width);
    const uint32_t least = 8 + (uint32_t)e->size / 32;
    if (e->plan->forgets)
        most *= 4;
    for (int c = 0; c < e->plan->classes; c++) {
        px_factor *f = &e->factors[c];
        if (f->seen < f->due)
            continue;
        factor_refresh(e, f);
        f->due = f->seen + least + (f->seen / 16 > most ? most : f->seen / 16);
    }
}

#endif
