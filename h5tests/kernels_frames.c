/* What frames tell of each other and the equations of a blend, against plain C. */
#include "coders/ans/frames/blend_kernels.h"
#include "kernels_inputs.h"
#include "planes/estimate.h"
#include "similarity/conditional_cost.h"
#include "similarity/conditional_kernels.h"

enum { ROWS = 7, LONG = 41 * PX_CONDITIONAL_STEP, LEVELS = 4095 };

static void fill_rows(int16_t rows[ROWS][LONG], const int16_t *pointers[ROWS], bool extreme) {
    uint32_t random = 3;
    for (size_t r = 0; r < ROWS; r++) {
        pointers[r] = rows[r];
        for (size_t i = 0; i < LONG; i++)
            rows[r][i] =
                (int16_t)(extreme ? -LEVELS : (int)random_below(&random, 2 * LEVELS + 1) - LEVELS);
    }
}

static void check_conditional_products(px_simd set) {
    static int16_t rows[ROWS][LONG];
    const int16_t *pointers[ROWS];
    for (int extreme = 0; extreme < 2; extreme++) {
        fill_rows(rows, pointers, extreme);
        double sums[ROWS * ROWS];
        px_conditional_kernels_of(set)->products(sums, pointers, ROWS, LONG);
        for (size_t i = 0; i < ROWS; i++)
            for (size_t j = 0; j <= i; j++) {
                double expected = 0;
                for (size_t t = 0; t < LONG; t++)
                    expected += rows[i][t] * rows[j][t];
                assert_true(sums[i * ROWS + j] == expected);
            }
    }
}

/* Weights of halves and quarters leave nothing to rounding. */
static void check_conditional_linear_symbols(px_simd set) {
    static int16_t rows[ROWS][LONG];
    static const float weights[] = {0.5f, -1, 0.25f};
    const int16_t *pointers[ROWS];
    fill_rows(rows, pointers, false);
    uint8_t symbols[LONG];
    px_conditional_kernels_of(set)->linear_symbols(symbols, pointers, weights, 3, rows[3], LONG);
    for (size_t i = 0; i < LONG; i++) {
        const int sum = 2 * rows[0][i] - 4 * rows[1][i] + rows[2][i];
        assert_int_equal(symbols[i], px_histogram_symbol(rows[3][i] - ((sum + 2) >> 2)));
    }
}

static void check_conditional_edge_symbols(px_simd set) {
    enum { WIDTH = LONG / 2 - PX_CONDITIONAL_STEP };
    static int16_t rows[ROWS][LONG];
    const int16_t *pointers[ROWS];
    fill_rows(rows, pointers, false);
    for (int differs = 0; differs < 2; differs++) {
        uint8_t symbols[LONG];
        const int16_t *a = rows[0] + 1, *b = differs ? rows[1] + 1 : NULL;
        px_conditional_kernels_of(set)->edge_symbols(symbols, a, b, WIDTH, WIDTH);
        for (ptrdiff_t i = 0; i < WIDTH; i++) {
            const ptrdiff_t at[] = {i + WIDTH, i + WIDTH - 1, i, i - 1};
            int v[4];
            for (int k = 0; k < 4; k++)
                v[k] = a[at[k]] - (b ? b[at[k]] : 0);
            assert_int_equal(symbols[i],
                             px_histogram_symbol(v[0] - px_median_edge(v[1], v[2], v[3])));
        }
    }
}

/* ---- Equations of a blend ---- */

enum { STEPS = 3, LENGTH_OF_ROWS = STEPS * PX_WAVE_LANES, SLOPE_ROWS = PX_BLEND_EXPERTS + 2 };

static void check_blend_slopes(px_simd set) {
    static int32_t dump[STEPS * PX_BLEND_DUMP * PX_WAVE_LANES];
    px_blend_scores scores = {
        .experts = PX_BLEND_EXPERTS, .power = 6, .floor = 17, .unit = 1.0f / 9, .outliers = 0.5f};
    for (int e = 0; e < PX_BLEND_EXPERTS; e++)
        scores.gates[e] = (float)(e % 5) - 2;
    fill_dump(dump, STEPS);
    static float expected[SLOPE_ROWS][LENGTH_OF_ROWS], rows[SLOPE_ROWS][LENGTH_OF_ROWS];
    plain_blend_slopes(expected[0], LENGTH_OF_ROWS, dump, STEPS, &scores);
    px_blend_kernels_of(set)->slopes(rows[0], LENGTH_OF_ROWS, dump, STEPS, &scores);
    assert_memory_equal(rows, expected, sizeof rows);
    /* Moving all gates by the same changes nothing. */
    for (size_t i = 0; i < LENGTH_OF_ROWS; i++) {
        float sum = 0;
        for (int e = 0; e < PX_BLEND_EXPERTS; e++)
            sum += expected[e][i];
        assert_true(sum < 1e-3f && sum > -1e-3f);
    }
}

const kernel_check frame_checks[] = {
    KERNEL(conditional, products), KERNEL(conditional, linear_symbols),
    KERNEL(conditional, edge_symbols), KERNEL(blend, slopes), LAST_KERNEL};
