/* Symmetric positive definite matrices: the same bits on every machine. Internal. */
#ifndef PX_LINEAR_CHOLESKY_H
#define PX_LINEAR_CHOLESKY_H

#include <stdbool.h>
#include <stddef.h>

/* The lower triangle of an n x n matrix, by rows, becomes its Cholesky factor L. What lies above it
 * is neither read nor written. False if the matrix is not definite: it is used up then. */
bool px_cholesky(double *matrix, size_t n);

/* The inverse of a Cholesky factor, in its place. */
void px_invert_factor(double *factor, size_t n);

/* Solves matrix * x = sides[n] in place; both are used up. False if the matrix is not definite or
 * the solution not finite. */
bool px_solve_definite(double *matrix, size_t n, double *sides);

#endif
