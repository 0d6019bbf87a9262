/* Eigenvectors of symmetric matrices, by LAPACK. Internal. */
#ifndef PX_LINEAR_EIGENVECTORS_H
#define PX_LINEAR_EIGENVECTORS_H

#include <stdbool.h>
#include <stddef.h>

/* The eigenvalues of a symmetric n x n matrix, of which the lower triangle counts, growing; its
 * rows become the vectors. False where LAPACK finds no memory or no end. */
bool px_eigenvectors(double *matrix, size_t n, double *values);

#endif
