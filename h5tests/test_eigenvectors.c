/* Eigenvectors of symmetric matrices of every kind: that they are such, orthonormal and in order.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "linear/eigenvectors.h"
#include "support.h"

static double random_double(void) {
    static uint32_t state = 7;
    return random_next(&state) / 4294967296.0;
}

static double element(int kind, size_t n, size_t i, size_t j) {
    switch (kind) {
    case 0:
        return random_double() - 0.5;
    case 1: /* covariances of neighbours, large */
        return 1e90 * exp(-fabs((double)i - (double)j) / 20);
    case 2: /* rank 1 */
        return (double)(i + 1) * (double)(j + 1);
    case 3: /* graded */
        return i == j ? pow(10, -(double)i / 4) : 1e-9 * random_double();
    case 4: /* one value only */
        return i == j ? 3 : 0;
    case 5: /* two halves that know nothing of each other, small */
        return i >= n / 2 && j < n / 2 ? 0 : 1e-90 * (double)((i * j) % 7);
    default:
        return 0;
    }
}

/* Only the lower triangle is a matrix. */
static double *make_matrix(int kind, size_t n) {
    double *matrix = malloc(n * n * sizeof *matrix);
    assert_non_null(matrix);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            matrix[i * n + j] = j <= i ? element(kind, n, i, j) : NAN;
    return matrix;
}

/* (matrix x vector)[i], by the lower triangle. */
static double product(const double *matrix, size_t n, const double *vector, size_t i) {
    double sum = 0;
    for (size_t j = 0; j < n; j++)
        sum += (j <= i ? matrix[i * n + j] : matrix[j * n + i]) * vector[j];
    return sum;
}

static void check(int kind, size_t n) {
    const double near = 1e-13 * (double)(n + 8);
    double *matrix = make_matrix(kind, n), *vectors = malloc(n * n * sizeof *vectors);
    double *values = malloc(n * sizeof *values), largest = 0;
    assert_true(vectors && values);
    memcpy(vectors, matrix, n * n * sizeof *vectors);
    assert_true(px_eigenvectors(vectors, n, values));
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, fabs(values[i]));
    for (size_t k = 0; k < n; k++) {
        const double *vector = vectors + k * n;
        assert_true(k == 0 || values[k] >= values[k - 1]);
        for (size_t i = 0; i < n; i++)
            assert_true(fabs(product(matrix, n, vector, i) - values[k] * vector[i]) <=
                        near * largest);
        for (size_t other = 0; other <= k; other++) {
            double sum = 0;
            for (size_t i = 0; i < n; i++)
                sum += vector[i] * vectors[other * n + i];
            assert_true(fabs(sum - (other == k)) <= near);
        }
    }
    free(values);
    free(vectors);
    free(matrix);
}

static void test_all_kinds(void **state) {
    (void)state;
    const size_t sizes[] = {1, 2, 3, 7, 8, 9, 64, 65, 130};
    for (int kind = 0; kind < 7; kind++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            check(kind, sizes[i]);
}

static void test_nothing(void **state) {
    (void)state;
    assert_true(px_eigenvectors(NULL, 0, NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_kinds),
                                       cmocka_unit_test(test_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
