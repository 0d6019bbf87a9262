#include "linear/least_squares.h"

#include <stdlib.h>
#include <string.h>

#include "base/sizes.h"
#include "linear/cholesky.h"
#include "linear/product_kernels.h"

size_t px_moments_length(size_t columns) {
    enum { UNIT = 16 }; /* of the product kernels */
    return columns < PX_MOMENT_ROW ? (columns + UNIT - 1) / UNIT * UNIT : PX_MOMENT_ROW;
}

px_moments px_moments_begin(float *rows, double *sums, size_t count, size_t length) {
    memset(sums, 0, count * count * sizeof *sums);
    return (px_moments){.rows = rows, .sums = sums, .count = count, .length = length};
}

float *px_moments_room(const px_moments *m, size_t *wanted) {
    const size_t room = m->length - m->filled;
    *wanted = *wanted < room ? *wanted : room;
    return m->rows + m->filled;
}

static void multiply(px_moments *m) {
    px_product_kernels_best()->gram(m->sums, m->rows, m->count, m->length, 0, m->count);
    m->filled = 0;
}

void px_moments_add(px_moments *m, size_t columns) {
    m->filled += columns;
    if (m->filled == m->length)
        multiply(m);
}

void px_moments_end(px_moments *m) {
    if (!m->filled)
        return;
    for (size_t i = 0; i < m->count; i++)
        memset(m->rows + i * m->length + m->filled, 0, (m->length - m->filled) * sizeof *m->rows);
    multiply(m);
}

/* The half above the diagonal, which is not factorised, keeps the one below for the next attempt.
 */
prism_status px_factorise(double *matrix, size_t n, double ridge, prism_error *error) {
    double *diagonal = px_alloc(n, sizeof *diagonal);
    if (!diagonal)
        return px_out_of_memory(error, n * sizeof *diagonal);
    bool solved = false;
    for (size_t i = 0; i < n; i++) {
        diagonal[i] = matrix[i * n + i];
        for (size_t j = 0; j < i; j++)
            matrix[j * n + i] = matrix[i * n + j];
    }
    for (int attempt = 0; !solved && attempt < 20; attempt++, ridge *= 10) {
        for (size_t i = 0; i < n; i++) {
            matrix[i * n + i] = diagonal[i] + ridge;
            for (size_t j = 0; j < i && attempt; j++)
                matrix[i * n + j] = matrix[j * n + i];
        }
        solved = px_cholesky(matrix, n);
    }
    free(diagonal);
    return solved ? PRISM_OK : px_fail(error, PRISM_E_INTERNAL, "covariances are not definite");
}

void px_solve_rounded(double *x, const double *factor, size_t stride, size_t unknowns,
                      px_rounding round, void *context) {
    for (size_t j = unknowns; j-- > 0;) {
        double rest = factor[unknowns * stride + j];
        for (size_t i = j + 1; i < unknowns; i++)
            rest -= factor[i * stride + j] * x[i];
        x[j] = rest / factor[j * stride + j];
        if (round)
            x[j] = round(context, j, x[j]);
    }
}
