/*
 * An axis is worth what its components would take: half the logarithm of the determinant of the
 * covariance of differences of neighbours, over the noise, for each position, and a basis.
 */
#include "lossy/component_axis.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "linear/cholesky.h"
#include "linear/product_kernels.h"
#include "planes/planes.h"

enum { LENGTH = 256, MOST_ROWS = 512, MOST_POSITIONS = 4096 };

/* Differences of some positions from the ones before them. */
typedef struct differences {
    const px_values *values;
    px_layout layout;
    size_t positions, stride; /* that many, so far apart */
} differences;

static differences differences_of(const px_values *values, int axis) {
    differences d = {.values = values, .layout = px_layout_make(values->words.array, axis)};
    const size_t all = d.layout.height * d.layout.width;
    const size_t most = d.layout.count <= MOST_ROWS ? MOST_POSITIONS : MOST_ROWS;
    d.stride = (all + most - 1) / most;
    d.stride += d.stride > 1 && d.layout.width % d.stride == 0; /* not all in one column */
    d.positions = (all + d.stride - 1) / d.stride;
    return d;
}

static float difference(const differences *d, size_t plane, size_t index) {
    const px_layout *l = &d->layout;
    const size_t p = index * d->stride, near = p % l->width ? p - 1 : p + (l->width > 1);
    const size_t at = (p / l->inner * l->count + plane) * l->inner + p % l->inner;
    const size_t by = (near / l->inner * l->count + plane) * l->inner + near % l->inner;
    return (float)((d->values->numbers[at] - d->values->numbers[by]) * 0.70710678);
}

/* Rows of the smaller side: planes, or positions. */
static void fill(float *rows, const differences *d, bool by_planes, size_t first, size_t count) {
    const size_t height = by_planes ? d->layout.count : d->positions;
    for (size_t r = 0; r < height; r++)
        for (size_t i = 0; i < LENGTH; i++)
            rows[r * LENGTH + i] = i >= count  ? 0
                                   : by_planes ? difference(d, r, first + i)
                                               : difference(d, first + i, r);
}

/* Half the logarithm, to base 2, of the determinant of 1 + sums / scale. */
static double half_log(double *sums, size_t n, size_t stride, double scale) {
    double bits = 0;
    for (size_t i = 0; i < n; i++) {
        memmove(sums + i * n, sums + i * stride, n * sizeof *sums);
        for (size_t j = 0; j <= i; j++)
            sums[i * n + j] = sums[i * n + j] / scale + (i == j);
    }
    if (px_cholesky(sums, n) != 0)
        return HUGE_VAL;
    for (size_t i = 0; i < n; i++)
        bits += log2(sums[i * n + i]);
    return bits;
}

static prism_status bits_of(double *bits, const px_values *values, int axis, double noise,
                            prism_error *error) {
    static const double BASIS_BITS = 2; /* of an entry */
    const differences d = differences_of(values, axis);
    const bool by_planes = d.layout.count <= MOST_ROWS;
    const size_t n = by_planes ? d.layout.count : d.positions, stride = (n + 3) / 4 * 4;
    const size_t columns = by_planes ? d.positions : d.layout.count;
    double *sums = px_alloc_zeroed(stride, stride, sizeof *sums);
    float *rows = px_alloc_zeroed(stride, LENGTH, sizeof *rows);
    if (sums && rows) {
        for (size_t first = 0; first < columns; first += LENGTH) {
            const size_t left = columns - first;
            fill(rows, &d, by_planes, first, left < LENGTH ? left : LENGTH);
            px_product_kernels_best()->gram(sums, rows, stride, LENGTH);
        }
        const double each = half_log(sums, n, stride, (double)d.positions * noise);
        const double positions = (double)d.layout.height * (double)d.layout.width;
        /* As many components as say a bit. */
        *bits = each * positions + BASIS_BITS * fmin(each, (double)n) * (double)d.layout.count;
    }
    const prism_status status =
        sums && rows ? PRISM_OK : px_out_of_memory(error, px_product(stride, stride, 8));
    free(sums);
    free(rows);
    return status;
}

prism_status px_component_axis(int *axis, const px_values *values, double energy,
                               prism_error *error) {
    const int rank = (int)values->words.array->rank;
    const int candidates[] = {rank > 1 ? rank - 1 : PRISM_AXIS_AUTO,
                              rank > 2 ? 0 : PRISM_AXIS_AUTO};
    const double noise = energy / (double)values->words.count;
    double least = HUGE_VAL;
    prism_status status = PRISM_OK;
    *axis = PRISM_AXIS_AUTO;
    for (size_t i = 0; i < 2 && rank > 1 && noise > 0 && status == PRISM_OK; i++) {
        double bits = HUGE_VAL;
        status = bits_of(&bits, values, candidates[i], noise, error);
        if (bits < least) {
            least = bits;
            *axis = candidates[i];
        }
    }
    return status;
}
