/* Sums of components, and lifting: plain loops that compilers turn into vectors. */
#include "lossy/component_kernels.h"

#include "simd/lanes.h"

#if PX_LANES_AVX512
#define VECTOR 64
#else
#define VECTOR 32
#endif
typedef double doubles __attribute__((vector_size(VECTOR)));
typedef float floats __attribute__((vector_size(VECTOR)));
typedef double doubles_unaligned __attribute__((vector_size(VECTOR), aligned(8), may_alias));
typedef float floats_unaligned __attribute__((vector_size(VECTOR), aligned(4), may_alias));

/* PX_SUM_PLANES rows of two vectors stay in registers. */
#define SUM(name, scalar, vector, unaligned)                                                       \
    static void name(scalar *sums, const scalar *scores, const scalar *weights, size_t count) {    \
        enum { WIDTH = sizeof(vector) / sizeof(scalar), STEP = 2 * WIDTH };                        \
        for (size_t i = 0; i < PX_SUM_TILE; i += STEP) {                                           \
            vector s[PX_SUM_PLANES][2];                                                            \
            for (size_t p = 0; p < PX_SUM_PLANES; p++)                                             \
                for (size_t v = 0; v < 2; v++)                                                     \
                    s[p][v] =                                                                      \
                        (vector) * (const unaligned *)(sums + p * PX_SUM_TILE + i + v * WIDTH);    \
            for (size_t k = 0; k < count; k++) {                                                   \
                const scalar *z = scores + k * PX_SUM_TILE + i;                                    \
                const vector a = (vector) * (const unaligned *)z;                                  \
                const vector b = (vector) * (const unaligned *)(z + WIDTH);                        \
                for (size_t p = 0; p < PX_SUM_PLANES; p++) {                                       \
                    s[p][0] += weights[p * count + k] * a;                                         \
                    s[p][1] += weights[p * count + k] * b;                                         \
                }                                                                                  \
            }                                                                                      \
            for (size_t p = 0; p < PX_SUM_PLANES; p++)                                             \
                for (size_t v = 0; v < 2; v++)                                                     \
                    *(unaligned *)(sums + p * PX_SUM_TILE + i + v * WIDTH) = (unaligned)s[p][v];   \
        }                                                                                          \
    }

SUM(sum, double, doubles, doubles_unaligned)
SUM(sum_floats, float, floats, floats_unaligned)

/* Adding it and taking it away again leaves the nearest integer. */
static const double ROUNDING = 6755399441055744.0; /* 1.5 * 2^52 */

static void lift(double *to, const double *a, const double *b, double factor, size_t count) {
    for (size_t i = 0; i < count; i++)
        to[i] -= ((a[i] + b[i]) * factor + ROUNDING) - ROUNDING;
}

static void scale(double *to, const double *from, double factor, size_t count) {
    for (size_t i = 0; i < count; i++)
        to[i] = (from[i] * factor + ROUNDING) - ROUNDING;
}

static void lift_free(double *to, const double *a, const double *b, double factor, size_t count) {
    for (size_t i = 0; i < count; i++)
        to[i] += (a[i] + b[i]) * factor;
}

static void filter(int32_t *to, const int32_t *places, size_t span, const int32_t *weights,
                   int shift, size_t count) {
    const int32_t *a[PX_FILTER_TAPS], *b[PX_FILTER_TAPS];
    for (int t = 0; t < PX_FILTER_TAPS; t++) {
        const ptrdiff_t away = px_filter_rows[t] * (ptrdiff_t)span + px_filter_columns[t];
        a[t] = places + away;
        b[t] = places - away;
    }
    for (size_t i = 0; i < count; i++)
        to[i] = weights[0] * a[0][i] + (1 << (shift - 1));
    for (int t = 1; t < PX_FILTER_TAPS; t++)
        for (size_t i = 0; i < count; i++)
            to[i] += weights[t] * (a[t][i] + b[t][i]);
    for (size_t i = 0; i < count; i++)
        to[i] >>= shift;
}

static void moments(int64_t *sums, size_t stride, const int32_t *a, const int32_t *b,
                    size_t count) {
    for (size_t i = 0; i < count; i++)
        if (a[i])
            for (size_t j = 0; j <= i; j++)
                sums[i * stride + j] += (int64_t)a[i] * b[j];
}

const px_component_kernels PX_KERNEL_TABLE(px_component_kernels) = {.sum = sum,
                                                                    .sum_floats = sum_floats,
                                                                    .lift = lift,
                                                                    .scale = scale,
                                                                    .lift_free = lift_free,
                                                                    .filter = filter,
                                                                    .moments = moments};
