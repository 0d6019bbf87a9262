/*
 * Weighted least squares. Observations are columns of rows of numbers, one row a variable and the
 * target last. The Cholesky factor of the rows' products holds it all: the solution by back
 * substitution of its last row, and what remains of the target as its last element. Internal.
 */
#ifndef PX_LINEAR_LEAST_SQUARES_H
#define PX_LINEAR_LEAST_SQUARES_H

#include "base/status.h"

enum { PX_MOMENT_ROW = 1024 }; /* floats: columns that are multiplied at once, at most */

/* Sums of products of rows. Both arrays are the caller's. */
typedef struct px_moments {
    float *rows;   /* [count][length], aligned, zero at first unless all columns are written */
    double *sums;  /* [count][count], on and below the diagonal */
    size_t count;  /* of rows: a multiple of 4 */
    size_t length; /* of rows: PX_MOMENT_ROW, or what px_moments_length says */
    size_t filled; /* columns */
} px_moments;

/* Of rows that have room for so many columns, or for as many as are multiplied at once. */
size_t px_moments_length(size_t columns);

/* Sets the sums to 0. */
px_moments px_moments_begin(float *rows, double *sums, size_t count, size_t length);

/* Where the next columns are to be written; *wanted becomes smaller if there is less room. */
float *px_moments_room(const px_moments *m, size_t *wanted);

/* They have been written. */
void px_moments_add(px_moments *m, size_t columns);

/* All columns are in the sums. */
void px_moments_end(px_moments *m);

/* Cholesky factor (lower, row-major, n x n) in place, with a ridge on the diagonal that is raised
 * until rounding errors no longer make the matrix indefinite. Above the diagonal is no zero. */
prism_status px_factorise(double *matrix, size_t n, double ridge, prism_error *error);

/* Makes unknown j something that can be stored. */
typedef double (*px_rounding)(void *context, size_t j, double value);

/*
 * The solution x[unknowns] from a factor[][stride] whose row `unknowns` is the target's, from the
 * last unknown to the first. With `round`, each is rounded as it is found, so that those found
 * later make up for it (nearest-plane rounding, L. Babai, 1986).
 */
void px_solve_rounded(double *x, const double *factor, size_t stride, size_t unknowns,
                      px_rounding round, void *context);

#endif
