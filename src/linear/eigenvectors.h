/* Eigenvectors of symmetric matrices: the same bits on every machine. Internal. */
#ifndef PX_LINEAR_EIGENVECTORS_H
#define PX_LINEAR_EIGENVECTORS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The eigenvalues of a symmetric n x n matrix by rows, of which the lower triangle counts, growing;
 * its rows become the vectors, of length 1. Takes 5 n numbers of memory; false where there is none,
 * or where the iteration comes to no end, which matrices of finite numbers do not bring about.
 */
bool px_eigenvectors(double *matrix, size_t n, double *values);

#endif
