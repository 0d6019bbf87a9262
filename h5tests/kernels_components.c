/* Sums of components, lifting and filters, against plain C. */
#include <math.h>

#include "kernels_inputs.h"
#include "lossy/component_kernels.h"

enum { COUNT = 37, LONG = 203, SPAN = LONG + 4 };

static double some(uint32_t *random, int range) {
    return (double)((int)random_below(random, 2 * (uint32_t)range + 1) - range);
}

static void check_component_sum(px_simd set) {
    static double scores[COUNT * PX_SUM_TILE], weights[PX_SUM_PLANES * COUNT];
    double sums[PX_SUM_PLANES * PX_SUM_TILE], expected[PX_SUM_PLANES * PX_SUM_TILE];
    uint32_t random = 5;
    for (size_t i = 0; i < COUNT * PX_SUM_TILE; i++)
        scores[i] = some(&random, 1 << 20);
    for (size_t i = 0; i < PX_SUM_PLANES * COUNT; i++)
        weights[i] = some(&random, 1 << 20);
    for (size_t i = 0; i < PX_SUM_PLANES * PX_SUM_TILE; i++)
        sums[i] = expected[i] = some(&random, 1 << 20);
    for (size_t p = 0; p < PX_SUM_PLANES; p++)
        for (size_t k = 0; k < COUNT; k++)
            for (size_t i = 0; i < PX_SUM_TILE; i++)
                expected[p * PX_SUM_TILE + i] +=
                    weights[p * COUNT + k] * scores[k * PX_SUM_TILE + i];
    px_component_kernels_of(set)->sum(sums, scores, weights, COUNT);
    assert_memory_equal(sums, expected, sizeof sums);
}

static void check_component_sum_floats(px_simd set) {
    static float scores[COUNT * PX_SUM_TILE], weights[PX_SUM_PLANES * COUNT];
    float sums[PX_SUM_PLANES * PX_SUM_TILE] = {0}, expected[PX_SUM_PLANES * PX_SUM_TILE] = {0};
    uint32_t random = 6;
    for (size_t i = 0; i < COUNT * PX_SUM_TILE; i++)
        scores[i] = (float)some(&random, 1000) / 7;
    for (size_t i = 0; i < PX_SUM_PLANES * COUNT; i++)
        weights[i] = (float)some(&random, 1000) / 7;
    for (size_t p = 0; p < PX_SUM_PLANES; p++)
        for (size_t k = 0; k < COUNT; k++)
            for (size_t i = 0; i < PX_SUM_TILE; i++)
                expected[p * PX_SUM_TILE + i] +=
                    weights[p * COUNT + k] * scores[k * PX_SUM_TILE + i];
    px_component_kernels_of(set)->sum_floats(sums, scores, weights, COUNT);
    assert_memory_equal(sums, expected, sizeof sums);
}

/* Halves, too, which go to the even neighbour. */
static void check_component_lift(px_simd set) {
    double a[LONG], b[LONG], rounded[LONG], free[LONG], scaled[LONG];
    static const double factor = 14466 / 16384.0;
    uint32_t random = 7;
    for (size_t i = 0; i < LONG; i++) {
        a[i] = some(&random, 1 << 30);
        b[i] = some(&random, 1 << 30);
        rounded[i] = free[i] = 5;
    }
    px_component_kernels_of(set)->lift(rounded, a, b, factor, LONG);
    px_component_kernels_of(set)->lift_free(free, a, b, factor, LONG);
    px_component_kernels_of(set)->scale(scaled, a, 0.5, LONG);
    for (size_t i = 0; i < LONG; i++) {
        assert_true(rounded[i] == 5 - rint((a[i] + b[i]) * factor));
        assert_true(free[i] == 5 + (a[i] + b[i]) * factor);
        assert_true(scaled[i] == rint(a[i] * 0.5));
    }
}

static void check_component_filter(px_simd set) {
    static int32_t places[5 * SPAN], sums[LONG];
    int32_t weights[PX_FILTER_TAPS];
    uint32_t random = 8;
    for (size_t i = 0; i < 5 * SPAN; i++)
        places[i] = (int32_t)some(&random, 1 << 15);
    for (int t = 0; t < PX_FILTER_TAPS; t++)
        weights[t] = (int32_t)some(&random, 1000);
    const int32_t *middle = places + 2 * SPAN + 2;
    px_component_kernels_of(set)->filter(sums, middle, SPAN, weights, 4, LONG);
    for (ptrdiff_t i = 0; i < LONG; i++) {
        int32_t expected = weights[0] * middle[i] + 8;
        for (int t = 1; t < PX_FILTER_TAPS; t++) {
            const ptrdiff_t away = px_filter_rows[t] * SPAN + px_filter_columns[t];
            expected += weights[t] * (middle[i + away] + middle[i - away]);
        }
        assert_int_equal(sums[i], expected >> 4);
    }
}

static void check_component_moments(px_simd set) {
    enum { STRIDE = 40 };
    static int64_t sums[COUNT * STRIDE], expected[COUNT * STRIDE];
    int32_t a[COUNT], b[COUNT];
    uint32_t random = 9;
    for (size_t i = 0; i < COUNT; i++) {
        a[i] = i % 5 ? (int32_t)some(&random, 1 << 22) : 0;
        b[i] = (int32_t)some(&random, 1 << 22);
    }
    for (size_t i = 0; i < COUNT * STRIDE; i++)
        sums[i] = expected[i] = (int64_t)1 << 40;
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = 0; j <= i; j++)
            expected[i * STRIDE + j] += (int64_t)a[i] * b[j];
    px_component_kernels_of(set)->moments(sums, STRIDE, a, b, COUNT);
    assert_memory_equal(sums, expected, sizeof sums);
}

#define check_component_lift_free check_component_lift
#define check_component_scale     check_component_lift

const kernel_check component_checks[] = {KERNEL(component, sum),     KERNEL(component, sum_floats),
                                         KERNEL(component, lift),    KERNEL(component, lift_free),
                                         KERNEL(component, scale),   KERNEL(component, filter),
                                         KERNEL(component, moments), LAST_KERNEL};
