/* Every instruction set computes what the scalar kernels do, at every length and at the extremes.
 */
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"
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
        cmocka_unit_test(the_best_set_is_the_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
