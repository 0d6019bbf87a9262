/*
 * Eigenvectors by LAPACK. Their last bits differ between machines (see cholesky.c), so what is
 * lossless does without them: they are for components within a bound of the error.
 *
 * Rows of a symmetric matrix are its columns, which spares LAPACKE the copy that it would make.
 */
#include "linear/eigenvectors.h"

#include <lapacke.h>

bool px_eigenvectors(double *matrix, size_t n, double *values) {
    return LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'U', (lapack_int)n, matrix, (lapack_int)n,
                          values) == 0;
}
