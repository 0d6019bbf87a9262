#include "linear/cholesky.h"

#include <lapacke.h>

/* From rows to columns, as LAPACK has them, or back. */
static void transpose(double *matrix, size_t n) {
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++) {
            const double kept = matrix[i * n + j];
            matrix[i * n + j] = matrix[j * n + i];
            matrix[j * n + i] = kept;
        }
}

int px_cholesky(double *matrix, size_t n) {
    transpose(matrix, n);
    const lapack_int info =
        LAPACKE_dpotrf(LAPACK_COL_MAJOR, 'L', (lapack_int)n, matrix, (lapack_int)n);
    transpose(matrix, n);
    return (int)info;
}

bool px_invert_lower(double *matrix, size_t n) {
    transpose(matrix, n);
    const lapack_int info =
        LAPACKE_dtrtri(LAPACK_COL_MAJOR, 'L', 'N', (lapack_int)n, matrix, (lapack_int)n);
    transpose(matrix, n);
    return info == 0;
}

bool px_solve_definite(double *matrix, size_t n, double *sides) {
    transpose(matrix, n);
    return LAPACKE_dposv(LAPACK_COL_MAJOR, 'L', (lapack_int)n, 1, matrix, (lapack_int)n, sides,
                         (lapack_int)n) == 0;
}

bool px_eigenvectors(double *matrix, size_t n, double *values) {
    return LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'U', (lapack_int)n, matrix, (lapack_int)n,
                          values) == 0;
}
