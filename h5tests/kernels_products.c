/* Products of planes with matrices, against sums one product at a time. */
#include <string.h>

#include "kernels_support.h"
#include "linear/product_kernels.h"

enum {
    TILES = 3,
    PAIRS = 5,
    SPAN = PAIRS * PX_TILE + 7, /* tiles need not follow each other */
    SUMS = TILES * PX_PANEL * PX_TILE
};

/* a.low b.low + a.high b.high, modulo 2^32. */
static uint32_t dot(int32_t a, int32_t b) {
    return (uint32_t)(px_couple_low(a) * px_couple_low(b)) +
           (uint32_t)(px_couple_high(a) * px_couple_high(b));
}

static void check_product_mix_pairs(px_simd set) {
    enum { STRIDE = 150 };
    static int16_t pairs[PAIRS * 2 * STRIDE];
    int16_t weights[2 * PAIRS];
    for (int extreme = 0; extreme < 2; extreme++) {
        numbers n = {.random = 12345, .bits = 16, .extreme = extreme};
        fill_16(pairs, PAIRS * 2 * STRIDE, &n);
        fill_16(weights, 2 * PAIRS, &n);
        for (size_t count = 0; count <= STRIDE; count++)
            for (size_t used = 0; used <= PAIRS; used++) {
                int32_t sums[STRIDE + 1];
                memset(sums, 0x55, sizeof sums);
                px_product_kernels_of(set)->mix_pairs(sums, pairs, STRIDE, weights, used, count);
                for (size_t i = 0; i < count; i++) {
                    uint32_t expected = 0;
                    for (size_t m = 0; m < used; m++) {
                        const int16_t *pair = pairs + 2 * (m * STRIDE + i), *w = weights + 2 * m;
                        expected += (uint32_t)(w[0] * pair[0]) + (uint32_t)(w[1] * pair[1]);
                    }
                    assert_int_equal(sums[i], (int32_t)expected);
                }
                assert_int_equal(sums[count], 0x55555555);
            }
    }
}

/* ---- Tiles ---- */

typedef struct tiles {
    int32_t tiles[TILES * SPAN], weights[PAIRS * PX_SQUARE_TAPS * PX_PANEL];
} tiles;

static tiles *tiles_make(int extreme) {
    static tiles t;
    numbers n = {.random = 77, .bits = 16, .extreme = extreme};
    fill_couples(t.tiles, TILES * SPAN, &n);
    fill_couples(t.weights, PAIRS * PX_SQUARE_TAPS * PX_PANEL, &n);
    return &t;
}

static uint32_t panel_sum(const tiles *t, size_t tile, size_t row, size_t i, size_t pairs) {
    uint32_t sum = 0;
    for (size_t m = 0; m < pairs; m++)
        sum += dot(t->tiles[tile * SPAN + m * PX_TILE + i], t->weights[m * PX_PANEL + row]);
    return sum;
}

static px_panel_sums panel_of(int32_t *sums, size_t planes) {
    return (px_panel_sums){sums, PX_PANEL * PX_TILE, PX_TILE, planes};
}

static void check_product_mix_panel(px_simd set) {
    static int32_t sums[SUMS];
    for (int extreme = 0; extreme < 2; extreme++)
        for (size_t pairs = 0; pairs <= PAIRS; pairs++) {
            const tiles *t = tiles_make(extreme);
            const size_t planes = PX_PANEL - pairs % PX_PANEL;
            const px_panel_sums panel = panel_of(sums, planes);
            memset(sums, 0, sizeof sums);
            px_product_kernels_of(set)->mix_panel(&panel, t->tiles, TILES, SPAN, t->weights, pairs);
            for (size_t s = 0; s < SUMS; s++) {
                const size_t row = s / PX_TILE % PX_PANEL;
                const uint32_t sum =
                    panel_sum(t, s / (PX_PANEL * PX_TILE), row, s % PX_TILE, pairs);
                assert_int_equal(sums[s], row < planes ? (int32_t)sum : 0);
            }
        }
}

static int32_t finished(const tiles *t, const int32_t *sums, size_t place, size_t pairs,
                        int shift) {
    const size_t tile = place / PX_TILE, i = place % PX_TILE;
    uint32_t sum = 1u << shift >> 1;
    if (sums)
        sum += (uint32_t)sums[tile * PX_PANEL * PX_TILE + i];
    for (size_t m = 0; m < pairs; m++)
        sum += dot(t->tiles[tile * SPAN + m * PX_TILE + i], t->weights[m]);
    return px_saturate((int32_t)sum >> shift);
}

static void check_product_mix_finish(px_simd set) {
    static int32_t sums[SUMS], mixed[TILES * PX_TILE];
    for (int extreme = 0; extreme < 2; extreme++)
        for (size_t pairs = 0; pairs <= PAIRS; pairs++)
            for (int shift = 0; shift <= 15; shift += 5) {
                const tiles *t = tiles_make(extreme);
                numbers n = {.random = 5, .bits = 30};
                fill_32(sums, SUMS, &n);
                for (int high = 0; high < 2; high++)
                    px_product_kernels_of(set)->mix_finish(mixed, high, high ? NULL : sums,
                                                           PX_PANEL * PX_TILE, t->tiles, TILES,
                                                           SPAN, t->weights, pairs, shift);
                for (size_t i = 0; i < TILES * PX_TILE; i++)
                    assert_int_equal(mixed[i], px_couple(finished(t, sums, i, pairs, shift),
                                                         finished(t, NULL, i, pairs, shift)));
            }
}

static void check_product_tile_store(px_simd set) {
    static int16_t planes[2][TILES * PX_TILE];
    static int32_t stored[TILES * SPAN];
    numbers n = {.random = 8, .bits = 16};
    fill_16(planes[0], 2 * TILES * PX_TILE, &n);
    fill_32(stored, TILES * SPAN, &n);
    for (int high = 0; high < 2; high++)
        px_product_kernels_of(set)->tile_store(stored, TILES, SPAN, high, planes[high]);
    for (size_t i = 0; i < TILES * PX_TILE; i++)
        assert_int_equal(stored[i / PX_TILE * SPAN + i % PX_TILE],
                         px_couple(planes[0][i], planes[1][i]));
}

/* ---- Couples in lines ---- */

static void check_product_mix_squares(px_simd set) {
    enum { STRIDE = 37, GUARD = STRIDE + 1, LINE = TILES * PX_TILE + 2 * GUARD };
    static int32_t couples[PAIRS * LINE], sums[SUMS], before[SUMS];
    for (int extreme = 0; extreme < 2; extreme++)
        for (size_t pairs = 0; pairs <= PAIRS; pairs++)
            for (int add = 0; add < 2; add++) {
                const tiles *t = tiles_make(extreme);
                numbers n = {.random = 31, .bits = 16, .extreme = extreme};
                fill_couples(couples, PAIRS * LINE, &n);
                fill_32(before, SUMS, &n);
                memcpy(sums, before, sizeof sums);
                const size_t planes = PX_PANEL - pairs % PX_PANEL;
                const px_panel_sums panel = panel_of(sums, planes);
                px_product_kernels_of(set)->mix_squares(&panel, couples + GUARD, LINE, STRIDE,
                                                        TILES, t->weights, pairs, add);
                for (size_t s = 0; s < SUMS; s++) {
                    const size_t row = s / PX_TILE % PX_PANEL;
                    const ptrdiff_t at =
                        (ptrdiff_t)(s / (PX_PANEL * PX_TILE) * PX_TILE + s % PX_TILE + GUARD);
                    uint32_t sum = add ? (uint32_t)before[s] : 0;
                    for (size_t m = 0; m < pairs; m++)
                        for (size_t v = 0; v < PX_SQUARE_TAPS; v++)
                            sum += dot(couples[(ptrdiff_t)(m * LINE) + at +
                                               px_square_rows[v] * STRIDE + px_square_columns[v]],
                                       t->weights[(m * PX_SQUARE_TAPS + v) * PX_PANEL + row]);
                    assert_int_equal(sums[s], row < planes ? (int32_t)sum : before[s]);
                }
            }
}

/* ---- Floats: sums of products of small integers are exact in any order ---- */

enum { COUNT = 12, LENGTH = 64 };

static void fill_floats(float *to, size_t count, int bits, float unit) {
    numbers n = {.random = 9, .bits = bits};
    for (size_t i = 0; i < count; i++)
        to[i] = (float)number_next(&n) * unit;
}

static void check_product_gram(px_simd set) {
    static float rows[COUNT * LENGTH] __attribute__((aligned(64)));
    double sums[COUNT * COUNT] = {0}, again[COUNT * COUNT] = {0}, rounded[COUNT * COUNT] = {0};
    fill_floats(rows, COUNT * LENGTH, 8, 1);
    px_product_kernels_of(set)->gram(sums, rows, COUNT, LENGTH, 0, COUNT);
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = 0; j <= i; j++) {
            double expected = 0;
            for (size_t t = 0; t < LENGTH; t++)
                expected += (double)rows[i * LENGTH + t] * (double)rows[j * LENGTH + t];
            assert_true(sums[i * COUNT + j] == expected);
        }
    /* Rounded ones are the same in every set. */
    fill_floats(rows, COUNT * LENGTH, 16, 1.0f / 7);
    px_product_kernels_of(set)->gram(rounded, rows, COUNT, LENGTH, 0, COUNT);
    px_product_kernels_scalar.gram(again, rows, COUNT, LENGTH, 0, COUNT);
    assert_memory_equal(rounded, again, sizeof again);
    /* Rows in two parts are what they are together. */
    double parts[COUNT * COUNT] = {0};
    px_product_kernels_of(set)->gram(parts, rows, COUNT, LENGTH, 8, COUNT);
    for (size_t i = 0; i < 8 * COUNT; i++)
        assert_true(parts[i] == 0);
    px_product_kernels_of(set)->gram(parts, rows, COUNT, LENGTH, 0, 8);
    assert_memory_equal(rounded, parts, sizeof parts);
}

static void check_product_tile_floats(px_simd set) {
    static float rows[2 * PAIRS * LENGTH];
    float weights[PX_TILE];
    const tiles *t = tiles_make(false);
    fill_floats(weights, PX_TILE, 10, 1.0f / 3);
    px_product_kernels_of(set)->tile_floats(rows, LENGTH, t->tiles, PAIRS, weights);
    for (size_t m = 0; m < PAIRS; m++)
        for (size_t i = 0; i < PX_TILE; i++) {
            const int32_t couple = t->tiles[m * PX_TILE + i];
            const float low = (float)px_couple_low(couple) * weights[i];
            const float high = (float)px_couple_high(couple) * weights[i];
            assert_true(rows[2 * m * LENGTH + i] == low);
            assert_true(rows[(2 * m + 1) * LENGTH + i] == high);
        }
}

static void check_product_energies(px_simd set) {
    static float rows[COUNT * PX_TILE] __attribute__((aligned(64)));
    float matrix[COUNT * COUNT], energy[PX_TILE], again[PX_TILE];
    fill_floats(rows, COUNT * PX_TILE, 6, 1);
    fill_floats(matrix, COUNT * COUNT, 3, 1);
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = i + 1; j < COUNT; j++)
            matrix[i * COUNT + j] = 0;
    px_product_kernels_of(set)->energies(energy, rows, matrix, COUNT);
    for (size_t p = 0; p < PX_TILE; p++) {
        double expected = 0;
        for (size_t i = 0; i < COUNT; i++) {
            double z = 0;
            for (size_t j = 0; j < COUNT; j++)
                z += (double)matrix[i * COUNT + j] * (double)rows[j * PX_TILE + p];
            expected += z * z;
        }
        assert_true((double)energy[p] == expected);
    }
    fill_floats(rows, COUNT * PX_TILE, 16, 1.0f / 7);
    px_product_kernels_of(set)->energies(energy, rows, matrix, COUNT);
    px_product_kernels_scalar.energies(again, rows, matrix, COUNT);
    assert_memory_equal(energy, again, sizeof again);
}

const kernel_check product_checks[] = {
    KERNEL(product, mix_pairs),   KERNEL(product, mix_panel),  KERNEL(product, mix_squares),
    KERNEL(product, mix_finish),  KERNEL(product, tile_store), KERNEL(product, gram),
    KERNEL(product, tile_floats), KERNEL(product, energies),   LAST_KERNEL};
