/* Every instruction set computes what the scalar kernels do, at every length and at the extremes.
 */
#include <stdlib.h>
#include <string.h>

#include "estimate.h"
#include "kernels/kernels.h"
#include "stack/mutual.h"
#include "support.h"

enum { PAIRS = 9, STRIDE = 150 };

typedef void (*check)(const px_kernels *kernels, const int16_t *samples, const int16_t *weights);

static void for_every_set(check run) {
    int16_t *samples = malloc(PAIRS * STRIDE * 2 * sizeof *samples);
    int16_t weights[2 * PAIRS];
    assert_non_null(samples);
    uint32_t random = 12345;
    for (int extreme = 0; extreme < 2; extreme++) {
        for (size_t i = 0; i < PAIRS * STRIDE * 2; i++)
            samples[i] = extreme ? INT16_MIN : (int16_t)random_next(&random);
        for (size_t i = 0; i < 2 * PAIRS; i++)
            weights[i] = extreme ? INT16_MIN : (int16_t)random_next(&random);
        for (const px_kernels *const *set = px_kernels_runnable(); *set; set++)
            run(*set, samples, weights);
    }
    free(samples);
}

static void check_mix_pairs(const px_kernels *kernels, const int16_t *samples,
                            const int16_t *weights) {
    for (size_t count = 0; count <= STRIDE; count++)
        for (size_t pairs = 0; pairs <= PAIRS; pairs += 3) {
            int32_t expected[STRIDE + 1], sums[STRIDE + 1];
            memset(sums, 0x55, sizeof sums);
            memset(expected, 0x55, sizeof expected);
            px_kernels_scalar.mix_pairs(expected, samples, STRIDE, weights, pairs, count);
            kernels->mix_pairs(sums, samples, STRIDE, weights, pairs, count);
            assert_memory_equal(sums, expected, sizeof sums);
        }
}

/* Sums of products of small integers are exact in any order. */
static void gram_is_right(void **state) {
    (void)state;
    enum { COUNT = 12, LENGTH = 64 };
    static float rows[COUNT * LENGTH] __attribute__((aligned(64)));
    uint32_t random = 9;
    for (size_t i = 0; i < COUNT * LENGTH; i++)
        rows[i] = (float)((int)random_below(&random, 201) - 100);
    for (const px_kernels *const *set = px_kernels_runnable(); *set; set++) {
        double sums[COUNT * COUNT] = {0};
        (*set)->gram(sums, rows, COUNT, LENGTH);
        for (size_t i = 0; i < COUNT; i++)
            for (size_t j = 0; j <= i; j++) {
                double expected = 0;
                for (size_t t = 0; t < LENGTH; t++)
                    expected += (double)rows[i * LENGTH + t] * (double)rows[j * LENGTH + t];
                assert_true(sums[i * COUNT + j] == expected);
            }
    }
}

/* And rounded ones are the same in every set. */
static void gram_agrees(void **state) {
    (void)state;
    enum { COUNT = 8, LENGTH = 256 };
    static float rows[COUNT * LENGTH] __attribute__((aligned(64)));
    uint32_t random = 11;
    for (size_t i = 0; i < COUNT * LENGTH; i++)
        rows[i] = (float)((int)random_below(&random, 65536) - 32768) / 7;
    double expected[COUNT * COUNT] = {0};
    px_kernels_scalar.gram(expected, rows, COUNT, LENGTH);
    for (const px_kernels *const *set = px_kernels_runnable(); *set; set++) {
        double sums[COUNT * COUNT] = {0};
        (*set)->gram(sums, rows, COUNT, LENGTH);
        assert_memory_equal(sums, expected, sizeof sums);
    }
}

static void mix_pairs_agrees(void **state) {
    (void)state;
    for_every_set(check_mix_pairs);
}

/* ---- What frames tell of each other ---- */

enum { ROWS = 7, LONG = 41 * PX_MUTUAL_STEP, LEVELS = 4095 };

static void fill_rows(int16_t rows[ROWS][LONG], const int16_t *pointers[ROWS], bool extreme) {
    uint32_t random = 3;
    for (size_t r = 0; r < ROWS; r++) {
        pointers[r] = rows[r];
        for (size_t i = 0; i < LONG; i++)
            rows[r][i] =
                (int16_t)(extreme ? -LEVELS : (int)random_below(&random, 2 * LEVELS + 1) - LEVELS);
    }
}

static void mutual_products_are_right(void **state) {
    (void)state;
    static int16_t rows[ROWS][LONG];
    const int16_t *pointers[ROWS];
    for (int extreme = 0; extreme < 2; extreme++) {
        fill_rows(rows, pointers, extreme);
        for (const px_kernels *const *set = px_kernels_runnable(); *set; set++) {
            double sums[ROWS * ROWS];
            (*set)->mutual_products(sums, pointers, ROWS, LONG);
            for (size_t i = 0; i < ROWS; i++)
                for (size_t j = 0; j <= i; j++) {
                    double expected = 0;
                    for (size_t t = 0; t < LONG; t++)
                        expected += rows[i][t] * rows[j][t];
                    assert_true(sums[i * ROWS + j] == expected);
                }
        }
    }
}

/* Weights of halves and quarters leave nothing to rounding. */
static void mutual_linear_symbols_are_right(void **state) {
    (void)state;
    static int16_t rows[ROWS][LONG];
    static const float weights[] = {0.5f, -1, 0.25f};
    const int16_t *pointers[ROWS];
    fill_rows(rows, pointers, false);
    for (const px_kernels *const *set = px_kernels_runnable(); *set; set++) {
        uint8_t symbols[LONG];
        (*set)->mutual_linear_symbols(symbols, pointers, weights, 3, rows[3], LONG);
        for (size_t i = 0; i < LONG; i++) {
            const int sum = 2 * rows[0][i] - 4 * rows[1][i] + rows[2][i];
            assert_int_equal(symbols[i], px_histogram_symbol(rows[3][i] - ((sum + 2) >> 2)));
        }
    }
}

static void mutual_edge_symbols_are_right(void **state) {
    (void)state;
    enum { WIDTH = LONG / 2 - PX_MUTUAL_STEP };
    static int16_t rows[ROWS][LONG];
    const int16_t *pointers[ROWS];
    fill_rows(rows, pointers, false);
    for (const px_kernels *const *set = px_kernels_runnable(); *set; set++)
        for (int differs = 0; differs < 2; differs++) {
            uint8_t symbols[LONG];
            const int16_t *a = rows[0] + 1, *b = differs ? rows[1] + 1 : NULL;
            (*set)->mutual_edge_symbols(symbols, a, b, WIDTH, WIDTH);
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

/* Means and samples that are near each other, energies of all magnitudes. */
static void fill_dump(int32_t *dump) {
    uint32_t random = 17;
    for (size_t i = 0; i < STEPS * PX_BLEND_DUMP * PX_WAVE_LANES; i++) {
        const size_t vector = i / PX_WAVE_LANES % PX_BLEND_DUMP;
        const uint32_t any = random_next(&random) << 16 ^ random_next(&random);
        dump[i] = vector < PX_BLEND_EXPERTS     ? (int32_t)(any % 4000) - 2000
                  : vector + 2 < PX_BLEND_DUMP  ? (int32_t)(any >> (any & 15))
                  : vector + 2 == PX_BLEND_DUMP ? (int32_t)(any % 250) - 125
                                                : (int32_t)(any % 8 != 0);
    }
}

static void blend_slopes_agree(void **state) {
    (void)state;
    static int32_t dump[STEPS * PX_BLEND_DUMP * PX_WAVE_LANES];
    px_blend_scores scores = {
        .experts = PX_BLEND_EXPERTS, .power = 6, .floor = 17, .unit = 1.0f / 9, .outliers = 0.5f};
    for (int e = 0; e < PX_BLEND_EXPERTS; e++)
        scores.gates[e] = (float)(e % 5) - 2;
    fill_dump(dump);
    static float expected[SLOPE_ROWS][LENGTH_OF_ROWS], rows[SLOPE_ROWS][LENGTH_OF_ROWS];
    px_kernels_scalar.blend_slopes(expected[0], LENGTH_OF_ROWS, dump, STEPS, &scores);
    for (const px_kernels *const *set = px_kernels_runnable(); *set; set++) {
        (*set)->blend_slopes(rows[0], LENGTH_OF_ROWS, dump, STEPS, &scores);
        assert_memory_equal(rows, expected, sizeof rows);
    }
    /* Moving all gates by the same changes nothing. */
    for (size_t i = 0; i < LENGTH_OF_ROWS; i++) {
        float sum = 0;
        for (int e = 0; e < PX_BLEND_EXPERTS; e++)
            sum += expected[e][i];
        assert_true(sum < 1e-3f && sum > -1e-3f);
    }
}

static void the_best_set_is_the_last(void **state) {
    (void)state;
    const px_kernels *const *sets = px_kernels_runnable();
    size_t count = 0;
    while (sets[count])
        count++;
    assert_true(count >= 1);
    assert_ptr_equal(sets[0], &px_kernels_scalar);
    assert_ptr_equal(px_kernels_best(), sets[count - 1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mix_pairs_agrees),
        cmocka_unit_test(gram_is_right),
        cmocka_unit_test(gram_agrees),
        cmocka_unit_test(mutual_products_are_right),
        cmocka_unit_test(mutual_linear_symbols_are_right),
        cmocka_unit_test(mutual_edge_symbols_are_right),
        cmocka_unit_test(blend_slopes_agree),
        cmocka_unit_test(the_best_set_is_the_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
