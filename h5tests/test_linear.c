/* Cholesky factors, their inverses and solutions, bit by bit: what products, subtracted one after
 * the other, leave of each element, whatever tiles and vectors it lies in. */
#include "linear/cholesky.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

enum { MOST = 133, UNTOUCHED = 1234 };

/* Whole tiles, whole rows of blocks, and one more or less. */
static const size_t sizes[] = {1, 2, 3, 4, 5, 8, 31, 32, 33, 35, 64, 65, 67, 96, 97, 100, MOST};

/* Covariances of numbers that are alike; UNTOUCHED above the diagonal. */
static void make_matrix(double *matrix, size_t n) {
    static float numbers[MOST][MOST + 3];
    uint32_t random = (uint32_t)n;
    for (size_t i = 0; i < n; i++)
        for (size_t t = 0; t < n + 3; t++)
            numbers[i][t] = (float)((int)random_below(&random, 2001) - 1000) / 1000 +
                            (i ? numbers[i - 1][t] / 2 : 0);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            double sum = j > i ? UNTOUCHED : 0;
            for (size_t t = 0; t < n + 3 && j <= i; t++)
                sum += (double)numbers[i][t] * (double)numbers[j][t];
            matrix[i * n + j] = sum;
        }
}

static void plain_cholesky(double *a, size_t n) {
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) {
            volatile double rest = a[i * n + j]; /* rounded after each product */
            for (size_t k = 0; k < j; k++) {
                volatile double product = a[i * n + k] * a[j * n + k];
                rest -= product;
            }
            a[i * n + j] = i == j ? sqrt(rest) : rest / a[j * n + j];
        }
}

static void plain_inverse(double *inverse, const double *factor, size_t n) {
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) {
            volatile double rest = i == j;
            for (size_t k = j; k < i; k++) {
                volatile double product = factor[i * n + k] * inverse[k * n + j];
                rest -= product;
            }
            inverse[i * n + j] = rest / factor[i * n + i];
        }
}

static void assert_same(const double *matrix, const double *expected, size_t n) {
    for (size_t i = 0; i < n; i++) {
        assert_memory_equal(matrix + i * n, expected + i * n, (i + 1) * sizeof *matrix);
        for (size_t j = i + 1; j < n; j++)
            assert_true(matrix[i * n + j] == UNTOUCHED);
    }
}

static void factors_are_those_of_plain_sums(void **state) {
    static double matrix[MOST * MOST], expected[MOST * MOST], inverse[MOST * MOST];
    (void)state;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        const size_t n = sizes[s];
        make_matrix(matrix, n);
        memcpy(expected, matrix, n * n * sizeof *matrix);
        plain_cholesky(expected, n);
        assert_true(px_cholesky(matrix, n));
        assert_same(matrix, expected, n);
        plain_inverse(inverse, matrix, n);
        px_invert_factor(matrix, n);
        assert_same(matrix, inverse, n);
    }
}

static void solutions_solve(void **state) {
    static double matrix[MOST * MOST], kept[MOST * MOST];
    (void)state;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        const size_t n = sizes[s];
        double x[MOST];
        make_matrix(matrix, n);
        memcpy(kept, matrix, n * n * sizeof *matrix);
        for (size_t i = 0; i < n; i++)
            x[i] = (double)i - 3;
        assert_true(px_solve_definite(matrix, n, x));
        for (size_t i = 0; i < n; i++) {
            double product = 0;
            for (size_t j = 0; j < n; j++)
                product += kept[j < i ? i * n + j : j * n + i] * x[j];
            assert_true(fabs(product - ((double)i - 3)) < 1e-6);
        }
    }
}

static void what_is_not_definite_is_refused(void **state) {
    static double matrix[MOST * MOST];
    (void)state;
    for (size_t at = 0; at < MOST; at += 11) {
        const double wrong[] = {0, -1, NAN};
        double x[MOST] = {0};
        for (size_t w = 0; w < sizeof wrong / sizeof *wrong; w++) {
            make_matrix(matrix, MOST);
            matrix[at * MOST + at] = wrong[w];
            assert_false(px_cholesky(matrix, MOST));
        }
        make_matrix(matrix, MOST);
        x[at] = NAN;
        assert_false(px_solve_definite(matrix, MOST, x));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(factors_are_those_of_plain_sums),
        cmocka_unit_test(solutions_solve),
        cmocka_unit_test(what_is_not_definite_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
