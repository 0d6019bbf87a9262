/*
 * Products of planes with matrices, in integers for prediction and in floats for fitting. Planes
 * are multiplied two by two (a lane holds a sample of each), since CPUs add two 16-bit products at
 * a time.
 */
#include "linear/product_kernels.h"

#include "simd/lanes.h"

static void mix_pairs(int32_t *sums, const int16_t *pairs, size_t stride, const int16_t *weights,
                      size_t pair_count, size_t count) {
    enum { UNROLL = 4 }; /* sums that hide the latency of the additions */
    size_t i = 0;
    for (; i + UNROLL * PX_LANES <= count; i += UNROLL * PX_LANES) {
        px_lanes s[UNROLL] = {{0}};
        const int16_t *pair = pairs + 2 * i;
        for (size_t m = 0; m < pair_count; m++, pair += 2 * stride) {
            int32_t w;
            memcpy(&w, weights + 2 * m, sizeof w);
            for (int v = 0; v < UNROLL; v++)
                s[v] = lanes_dot_pairs(s[v], lanes_load(pair + 2 * PX_LANES * v), lanes_all(w));
        }
        for (int v = 0; v < UNROLL; v++)
            lanes_store(sums + i + PX_LANES * v, s[v]);
    }
    for (; i < count; i++) {
        uint32_t sum = 0;
        for (size_t m = 0; m < pair_count; m++) {
            const int16_t *pair = pairs + 2 * (m * stride + i);
            sum += (uint32_t)(weights[2 * m] * pair[0]) + (uint32_t)(weights[2 * m + 1] * pair[1]);
        }
        sums[i] = (int32_t)sum;
    }
}

/* How many sums fit the registers: planes of a panel x vectors of positions. */
#if PX_LANES_AVX512
enum { PANEL_ROWS = 8, PANEL_VECTORS = 2 };
#else
enum { PANEL_ROWS = 4, PANEL_VECTORS = 2 };
#endif
_Static_assert(PX_PANEL % PANEL_ROWS == 0, "a panel is whole blocks of rows");

/* A block of a panel: PANEL_ROWS planes, or as many as there are. */
typedef struct sums_block {
    int32_t *elements;
    size_t span, rows;
} sums_block;

PX_INLINE sums_block block_of(const px_panel_sums *sums, size_t tile, size_t row, size_t place) {
    const size_t left = sums->planes - row;
    return (sums_block){.elements = sums->elements + tile * sums->tile_span +
                                    row * sums->plane_span + place,
                        .span = sums->plane_span,
                        .rows = left < PANEL_ROWS ? left : PANEL_ROWS};
}

PX_INLINE void store_sums(sums_block sums, px_part s[PANEL_ROWS][PANEL_VECTORS]) {
    for (size_t r = 0; r < PANEL_ROWS; r++)
        for (int v = 0; v < PANEL_VECTORS && r < sums.rows; v++)
            part_store(sums.elements + r * sums.span + v * PX_PART_LANES, s[r][v]);
}

PX_INLINE void panel_block(sums_block sums, const int32_t *tile, const int32_t *weights,
                           size_t pair_count, size_t next) {
    px_part s[PANEL_ROWS][PANEL_VECTORS] = {{{0}}};
    for (size_t m = 0; m < pair_count; m++, tile += PX_TILE, weights += PX_PANEL) {
        px_part x[PANEL_VECTORS];
        for (int v = 0; v < PANEL_VECTORS; v++) {
            __builtin_prefetch(tile + next + v * PX_PART_LANES);
            x[v] = part_load(tile + v * PX_PART_LANES);
        }
        for (int r = 0; r < PANEL_ROWS; r++)
            for (int v = 0; v < PANEL_VECTORS; v++)
                s[r][v] = part_dot_pairs(s[r][v], x[v], part_all(weights[r]));
    }
    store_sums(sums, s);
}

static void mix_panel(const px_panel_sums *sums, const int32_t *tiles, size_t tile_count,
                      size_t span, const int32_t *weights, size_t pair_count) {
    for (size_t t = 0; t < tile_count; t++, tiles += span)
        for (size_t r = 0; r < sums->planes; r += PANEL_ROWS)
            for (size_t v = 0; v < PX_TILE; v += PANEL_VECTORS * PX_PART_LANES)
                panel_block(block_of(sums, t, r, v), tiles + v, weights + r, pair_count, span);
}

/* Tiles of one pair lie too far apart for the CPU to see what comes next. */
enum { AHEAD = 4 };

static void mix_finish(int32_t *mixed, bool high, const int32_t *sums, size_t sum_span,
                       const int32_t *tiles, size_t tile_count, size_t span, const int32_t *weights,
                       size_t pair_count, int shift) {
    const int32_t half = 1 << shift >> 1;
    for (size_t t = 0; t < tile_count; t++, tiles += span, mixed += PX_TILE)
        for (size_t v = 0; v < PX_TILE; v += PX_PART_LANES) {
            px_part s = (px_part){0} + half;
            if (sums)
                s += part_load(sums + t * sum_span + v);
            for (size_t m = 0; m < pair_count; m++)
                __builtin_prefetch(tiles + AHEAD * span + m * PX_TILE + v);
            for (size_t m = 0; m < pair_count; m++)
                s = part_dot_pairs(s, part_load(tiles + m * PX_TILE + v), part_all(weights[m]));
            s = part_saturate(s >> shift);
            s = high ? (part_load(mixed + v) & 0xffff) | s << 16 : s & 0xffff;
            part_store(mixed + v, s);
        }
}

static void tile_store(int32_t *tiles, size_t tile_count, size_t span, bool high,
                       const int16_t *plane) {
    for (size_t t = 0; t < tile_count; t++, tiles += span, plane += PX_TILE)
        for (size_t v = 0; v < PX_TILE; v += PX_LANES) {
            px_lanes x = lanes_load_u16((const uint16_t *)plane + v);
            __builtin_prefetch(tiles + AHEAD * span + v, 1);
            lanes_store(tiles + v, high ? (lanes_load(tiles + v) & 0xffff) | x << 16 : x);
        }
}

/* PX_SQUARE_TAPS samples of each pair, for 8 planes x 2 vectors of positions. */
PX_INLINE void square_block(sums_block sums, const int32_t *couples, size_t span, ptrdiff_t stride,
                            const int32_t *weights, size_t pair_count, bool add) {
    px_part s[PANEL_ROWS][PANEL_VECTORS] = {{{0}}};
    for (size_t r = 0; r < PANEL_ROWS && add; r++)
        for (int v = 0; v < PANEL_VECTORS && r < sums.rows; v++)
            s[r][v] = part_load(sums.elements + r * sums.span + v * PX_PART_LANES);
    for (size_t m = 0; m < pair_count; m++, couples += span)
        for (int t = 0; t < PX_SQUARE_TAPS; t++, weights += PX_PANEL) {
            const int32_t *at = couples + px_square_rows[t] * stride + px_square_columns[t];
            px_part x[PANEL_VECTORS];
            for (int v = 0; v < PANEL_VECTORS; v++)
                x[v] = part_load(at + v * PX_PART_LANES);
            for (int r = 0; r < PANEL_ROWS; r++)
                for (int v = 0; v < PANEL_VECTORS; v++)
                    s[r][v] = part_dot_pairs(s[r][v], x[v], part_all(weights[r]));
        }
    store_sums(sums, s);
}

static void mix_squares(const px_panel_sums *sums, const int32_t *couples, size_t span,
                        size_t stride, size_t tile_count, const int32_t *weights, size_t pair_count,
                        bool add) {
    for (size_t t = 0; t < tile_count; t++, couples += PX_TILE)
        for (size_t r = 0; r < sums->planes; r += PANEL_ROWS)
            for (size_t v = 0; v < PX_TILE; v += PANEL_VECTORS * PX_PART_LANES)
                square_block(block_of(sums, t, r, v), couples + v, span, (ptrdiff_t)stride,
                             weights + r, pair_count, add);
}

/* ---- Floats ---------------------------------------------------------------------------------- */

enum { GRAM_BLOCK = 4, GRAM_COLUMNS = PX_PARTS == 1 ? 4 : 2 };

/*
 * The products of rows i..i+3 and j..j+3. Each of sixteen partial sums takes every sixteenth
 * product, however wide the vectors are, and -ffp-contract=off keeps each of them the same.
 */
PX_INLINE void gram_block(double *sums, size_t stride, const float *a, const float *b,
                          size_t length) {
    float partial[GRAM_BLOCK][GRAM_COLUMNS][PX_LANES];
    for (size_t p = 0; p < PX_LANES; p += PX_PART_LANES) {
        px_float_part s[GRAM_BLOCK][GRAM_COLUMNS] = {{{0}}};
        for (size_t t = p; t < length; t += PX_LANES)
            for (size_t i = 0; i < GRAM_BLOCK; i++) {
                px_float_part x = float_part_load(a + i * length + t);
                for (size_t j = 0; j < GRAM_COLUMNS; j++)
                    s[i][j] += x * float_part_load(b + j * length + t);
            }
        for (size_t i = 0; i < GRAM_BLOCK; i++)
            for (size_t j = 0; j < GRAM_COLUMNS; j++)
                float_part_store(partial[i][j] + p, s[i][j]);
    }
    for (size_t i = 0; i < GRAM_BLOCK; i++)
        for (size_t j = 0; j < GRAM_COLUMNS; j++) {
            double sum = 0;
            for (size_t p = 0; p < PX_LANES; p++)
                sum += partial[i][j][p];
            sums[i * stride + j] += sum;
        }
}

static void gram(double *sums, const float *rows, size_t count, size_t length, size_t first,
                 size_t end) {
    for (size_t i = first; i < end; i += GRAM_BLOCK)
        for (size_t j = 0; j < i + GRAM_BLOCK; j += GRAM_COLUMNS)
            gram_block(sums + i * count + j, count, rows + i * length, rows + j * length, length);
}

static void tile_floats(float *rows, size_t length, const int32_t *tile, size_t pair_count,
                        const float *weights) {
    for (size_t m = 0; m < pair_count; m++, tile += PX_TILE, rows += 2 * length)
        for (size_t i = 0; i < PX_TILE; i++) {
            rows[i] = (float)(int16_t)tile[i] * weights[i];
            rows[length + i] = (float)(tile[i] >> 16) * weights[i];
        }
}

enum { ENERGY_VECTORS = 2 };

PX_INLINE void energies_of(float *energy, const float *rows, const float *matrix, size_t count) {
    px_float_part sum[ENERGY_VECTORS] = {{0}};
    for (size_t k = 0; k < count; k += GRAM_BLOCK) {
        px_float_part z[GRAM_BLOCK][ENERGY_VECTORS] = {{{0}}};
        for (size_t j = 0; j < k + GRAM_BLOCK; j++)
            for (size_t v = 0; v < ENERGY_VECTORS; v++) {
                px_float_part x = float_part_load(rows + j * PX_TILE + v * PX_PART_LANES);
                for (size_t i = 0; i < GRAM_BLOCK; i++)
                    z[i][v] += matrix[(k + i) * count + j] * x;
            }
        for (size_t i = 0; i < GRAM_BLOCK; i++)
            for (size_t v = 0; v < ENERGY_VECTORS; v++)
                sum[v] += z[i][v] * z[i][v];
    }
    for (size_t v = 0; v < ENERGY_VECTORS; v++)
        float_part_store(energy + v * PX_PART_LANES, sum[v]);
}

static void energies(float *energy, const float *rows, const float *matrix, size_t count) {
    for (size_t p = 0; p < PX_TILE; p += ENERGY_VECTORS * PX_PART_LANES)
        energies_of(energy + p, rows + p, matrix, count);
}

const px_product_kernels PX_KERNEL_TABLE(px_product_kernels) = {
    .mix_pairs = mix_pairs,
    .mix_panel = mix_panel,
    .mix_squares = mix_squares,
    .mix_finish = mix_finish,
    .tile_store = tile_store,
    .gram = gram,
    .tile_floats = tile_floats,
    .energies = energies,
};
