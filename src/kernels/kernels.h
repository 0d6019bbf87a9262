/*
 * The hot loops. They are written once (bodies.h, in the lanes of lanes.h) and compiled for each
 * instruction set, so that every set computes the same and chunks do not depend on the machine.
 * Internal.
 */
#ifndef PX_KERNELS_H
#define PX_KERNELS_H

#include <stddef.h>
#include <stdint.h>

struct px_online_model;

typedef struct px_kernels {
    const char *name;

    /*
     * sums[i] = sum over m of weights[2m] * pairs[m][i][0] + weights[2m + 1] * pairs[m][i][1],
     * modulo 2^32. `pairs` are the planes, two by two: pair m begins at pairs + m * 2 * stride and
     * holds `count` <= stride couples of samples. pair_count may be 0.
     */
    void (*mix_pairs)(int32_t *sums, const int16_t *pairs, size_t stride, const int16_t *weights,
                      size_t pair_count, size_t count);

    /*
     * Adds the products of rows to sums[count][count], on and below the diagonal (and some above
     * it). Rows are `length` floats; count is a multiple of 4, length one of 16 and at most 1024,
     * rows are aligned to 64 bytes.
     */
    void (*gram)(double *sums, const float *rows, size_t count, size_t length);

    /* Codes row `y` of the positions, after the rows before it. */
    void (*online_code_row)(struct px_online_model *model, size_t y);

    /*
     * Rows first..first + count - 1 of the Cholesky factor of a matrix of correlations, after the
     * rows before them: 30 fractional bits, from correlations[count][stride] with 60. `first` and
     * `stride` are multiples of 4 and 16. Rows get zeros beyond the diagonal; there is memory for
     * three more of them.
     */
    void (*online_cholesky_rows)(int32_t *factor, size_t stride, const int64_t *correlations,
                                 int first, int count);
} px_kernels;

extern const px_kernels px_kernels_scalar;
#if defined(__x86_64__)
extern const px_kernels px_kernels_avx2;
extern const px_kernels px_kernels_avx512;
#endif

/* The best set that this CPU runs. */
const px_kernels *px_kernels_best(void);

/* Every set that this CPU runs, best last, ended by NULL: for tests that compare them. */
const px_kernels *const *px_kernels_runnable(void);

/* Makes px_kernels_best return `kernels` from now on: for tests. NULL undoes it. */
void px_kernels_force(const px_kernels *kernels);

#endif
