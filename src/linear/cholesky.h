/* Symmetric positive definite matrices by LAPACK, within the memory that is there: LAPACKE would
 * allocate for matrices that lie by rows, as ours do, and fail where it finds none. Internal. */
#ifndef PX_LINEAR_CHOLESKY_H
#define PX_LINEAR_CHOLESKY_H

#include <stdbool.h>
#include <stddef.h>

/* The lower triangle of an n x n matrix, by rows, becomes its Cholesky factor L; what lies above it
 * is of no use. Returns 0, or what dpotrf found: more than 0 if the matrix is not definite. */
int px_cholesky(double *matrix, size_t n);

/* The inverse of a lower triangle. False if it has none. */
bool px_invert_lower(double *matrix, size_t n);

/* Solves matrix * x = sides[n] in place; `matrix` is used up. False if it is not definite. */
bool px_solve_definite(double *matrix, size_t n, double *sides);

/* The eigenvalues of a symmetric matrix, of which the lower triangle counts, growing; its rows
 * become the vectors. False where LAPACK finds no memory or no end. */
bool px_eigenvectors(double *matrix, size_t n, double *values);

#endif
