/* Whole rows of a plane, against one sample at a time. */
#include <stdlib.h>
#include <string.h>

#include "coders/ans/lsq/quick_kernels.h"
#include "coders/ans/lsq/wave_kernels.h"
#include "kernels_support.h"

enum { MOST = 48 * 100, GUARD = 256 }; /* elements of a plane and what vectors write behind it */

typedef void (*wave_check)(px_simd set, wave_case *c);

static void for_every_case(px_simd set, wave_check run) {
    wave_case c;
    for (int extreme = 0; extreme < 2; extreme++)
        for (size_t index = 0; wave_case_make(&c, index, extreme ? 16 : 9, extreme); index++) {
            run(set, &c);
            wave_case_free(&c);
        }
}

/* floor(16 log2 value) with a linear mantissa. */
static int32_t log2_16(uint32_t value) {
    int exponent = 31;
    while (!(value >> exponent))
        exponent--;
    return exponent * 16 + (int32_t)((uint64_t)value * 16 >> exponent & 15);
}

static int32_t wrapped(int64_t value) {
    return (int32_t)(uint32_t)(uint64_t)value;
}

/* Sums of taps wrap modulo 2^32, as the kernels' do. */
static int64_t squares_at(const px_wave *w, size_t at, bool low_only) {
    int64_t sum = 0;
    for (int t = 0; t < PX_SQUARE_TAPS; t++) {
        const int32_t couple = w->mixed[(ptrdiff_t)at + px_square_rows[t] * (ptrdiff_t)w->stride +
                                        px_square_columns[t]];
        sum += px_couple_low(couple) * (int64_t)px_couple_low(w->taps_mixed[t]);
        if (!low_only)
            sum += px_couple_high(couple) * (int64_t)px_couple_high(w->taps_mixed[t]);
    }
    return sum;
}

static int64_t own_at(const px_wave *w, size_t at, const int *taps, int count) {
    const ptrdiff_t stride = (ptrdiff_t)w->stride;
    const ptrdiff_t places[PX_OWN_TAPS] = {-1, -stride, -stride - 1, -stride + 1, -2, -2 * stride};
    int64_t sum = 0;
    for (int i = 0; i < count; i++)
        sum += (int64_t)w->samples[(ptrdiff_t)at + places[taps[i]]] * w->taps_own[taps[i]];
    return sum * (1 << w->fraction);
}

static const int all_taps[PX_OWN_TAPS] = {0, 1, 2, 3, 4, 5};

static int32_t clamp(int64_t value, int32_t low, int32_t high) {
    return value < low ? low : value > high ? high : (int32_t)value;
}

#define FOR_EACH_SAMPLE(w, at)                                                                     \
    for (size_t y_ = 0; y_ < (w)->height; y_++)                                                    \
        for (size_t at = y_ * (w)->stride, end_ = at + (w)->width; at < end_; at++)

/* ---- Rows of method lsq ---- */

static void wave_innovations_of(px_simd set, wave_case *c) {
    static int16_t result[MOST + GUARD];
    const px_wave *w = &c->wave;
    px_wave_kernels_of(set)->innovations(result, w);
    FOR_EACH_SAMPLE(w, at) {
        const int64_t sum = squares_at(w, at, true) + (1 << (PX_TAP_BITS - 1)) +
                            own_at(w, at, all_taps, PX_INNOVATION_OWN_TAPS);
        const int32_t predicted = wrapped(sum) >> PX_TAP_BITS;
        assert_int_equal(result[at], clamp(w->samples[at] * (1 << w->fraction) - (int64_t)predicted,
                                           INT16_MIN, INT16_MAX));
    }
}

static int32_t mean_at(const px_wave *w, size_t at) {
    const int shift = w->fraction + PX_TAP_BITS - PX_MEAN_BITS;
    return wrapped(squares_at(w, at, false) + (1 << (shift - 1)) +
                   own_at(w, at, all_taps, PX_OWN_TAPS)) >>
           shift;
}

static void wave_means_of(px_simd set, wave_case *c) {
    static int32_t result[MOST + GUARD];
    const px_wave *w = &c->wave;
    const int64_t excess = px_wave_kernels_of(set)->means(result, w);
    int64_t expected = 0;
    FOR_EACH_SAMPLE(w, at) {
        assert_int_equal(result[at], mean_at(w, at));
        expected += w->samples[at] * 16 - result[at];
    }
    assert_int_equal(excess, expected);
}

static void wave_errors_of(px_simd set, wave_case *c) {
    static int32_t means[MOST + GUARD];
    const px_wave *w = &c->wave;
    numbers n = {.random = 6, .bits = 20};
    fill_32(means, MOST, &n);
    const int64_t sum = px_wave_kernels_of(set)->errors(w, means);
    int64_t expected = 0;
    FOR_EACH_SAMPLE(w, at) {
        const int32_t error =
            clamp(abs(w->samples[at] * 16 - (means[at] + w->bias)), 0, UINT16_MAX);
        assert_int_equal(w->errors[at], error);
        assert_int_equal(w->logs[at], log2_16((uint32_t)error + 1));
        expected += w->logs[at];
    }
    assert_int_equal(sum, expected);
}

static void wave_contexts_of(px_simd set, wave_case *c) {
    int16_t around[GUARD], blur[GUARD];
    const px_wave *w = &c->wave;
    for (size_t y = 0; y < w->height; y++) {
        px_wave_kernels_of(set)->contexts(around, blur, w, y);
        for (size_t x = 0; x < w->width; x++) {
            const uint16_t *e = w->errors + y * w->stride + x, *north = e - w->stride;
            const int16_t *r = w->running + y * w->stride + x;
            int32_t sum = 0;
            for (ptrdiff_t dy = -1; dy <= 1; dy++)
                for (ptrdiff_t dx = -1; dx <= 1; dx++)
                    sum += r[dy * (ptrdiff_t)w->stride + dx];
            assert_int_equal(around[x],
                             log2_16(2u * (e[-1] + north[0]) + north[-1] + north[1] + 6));
            assert_int_equal(blur[x], (int16_t)sum);
        }
    }
}

/* The known part of a scale: lsq adds the blur. */
static int32_t scale_before(const px_wave *w, int32_t running, int32_t blur) {
    return (int16_t)((running * (8 * w->scale_running) + blur * w->scale_blur) >> 8) +
           w->scale_offset;
}

static void wave_symbols_of(px_simd set, wave_case *c) {
    static int32_t means[MOST + GUARD], result[MOST + GUARD];
    int16_t around[GUARD], blur[GUARD];
    const px_wave *w = &c->wave;
    numbers n = {.random = 16, .bits = 20}, logs = {.random = 4, .bits = 12};
    fill_32(means, MOST, &n);
    for (size_t y = 0; y < w->height; y++) {
        fill_16(around, GUARD, &logs);
        fill_16(blur, GUARD, &n);
        int32_t largest = 0;
        const int32_t got = px_wave_kernels_of(set)->symbols(result, w, means, around, blur, y);
        for (size_t x = 0; x < w->width; x++) {
            const size_t at = y * w->stride + x;
            const int32_t before = scale_before(w, w->running[at], blur[x]);
            const int32_t class =
                clamp((before + (around[x] * w->scale_error >> 4)) >> 6, 0, PX_SCALE_CLASSES - 1);
            const int low_bits = class < PX_SHAPE_CLASSES ? 0 : (class - PX_SHAPE_CLASSES + 4) >> 2;
            const int32_t coarse = ((means[at] + w->bias + 8) >> low_bits) - 8;
            const int32_t digit = (w->samples[at] >> low_bits) - (coarse >> PX_MEAN_BITS);
            assert_int_equal((uint32_t)result[at], (uint32_t) class << 25 |
                                                       (uint32_t)(coarse & 15) << 21 |
                                                       (digit & 0x1fffff));
            largest = class > largest ? class : largest;
        }
        assert_int_equal(got, largest);
    }
}

static void wave_tap_rows_of(px_simd set, wave_case *c) {
    enum { LENGTH = 64, MOST_ROWS = 2 * PX_SQUARE_TAPS + PX_OWN_TAPS + 1 };
    static float rows[MOST_ROWS * LENGTH], weights[LENGTH];
    const px_wave *w = &c->wave;
    const ptrdiff_t stride = (ptrdiff_t)w->stride;
    const ptrdiff_t places[] = {-1, -stride, -stride - 1, -stride + 1, -2, -2 * stride};
    const size_t y = w->height - 1, x = w->width / 2, at = y * w->stride + x;
    const size_t count = w->width - x < LENGTH ? w->width - x : LENGTH;
    for (size_t i = 0; i < LENGTH; i++)
        weights[i] = (float)(i + 1) / 3;
    for (int squares = 0; squares <= 2; squares++) {
        const px_tap_rows to = {rows, LENGTH, squares, PX_OWN_TAPS};
        const int used = squares * PX_SQUARE_TAPS + PX_OWN_TAPS + 1;
        assert_int_equal(px_wave_kernels_of(set)->tap_rows(&to, w, weights, y, x, count), used);
        for (int r = 0; r < used; r++)
            for (size_t i = 0; i < count; i++) {
                const int own = r - squares * PX_SQUARE_TAPS, t = r % PX_SQUARE_TAPS;
                const size_t here = at + i;
                const int32_t couple =
                    w->mixed[(ptrdiff_t)here + px_square_rows[t] * stride + px_square_columns[t]];
                const float unit = (float)(1 << w->fraction);
                const int32_t value = own == PX_OWN_TAPS ? w->samples[here]
                                      : own >= 0         ? w->samples[(ptrdiff_t)here + places[own]]
                                      : r < PX_SQUARE_TAPS ? px_couple_low(couple)
                                                           : px_couple_high(couple);
                const float expected = (float)value * weights[i];
                assert_true(rows[r * LENGTH + (int)i] == (own >= 0 ? expected * unit : expected));
            }
    }
}

/* ---- Rows of method quick ---- */

static int32_t quick_around(const px_wave *w, size_t at) {
    const uint16_t *north = w->errors + at - w->stride;
    return log2_16(2u * (north[0] + 1u) + north[-1] + north[1]);
}

static void quick_means_of(px_simd set, wave_case *c) {
    static const int above[] = {1, 2, 3, 5};
    static int32_t result[MOST + GUARD];
    const px_wave *w = &c->wave;
    const int shift = w->fraction + PX_TAP_BITS;
    const int64_t sum = px_quick_kernels_of(set)->means(result, w);
    int64_t expected = 0;
    FOR_EACH_SAMPLE(w, at) {
        const int32_t mean =
            wrapped(squares_at(w, at, false) + (1 << (shift - 1)) + own_at(w, at, above, 4)) >>
            shift;
        const int32_t error = clamp(abs(w->samples[at] - mean), 0, UINT16_MAX);
        assert_int_equal(result[at], mean);
        assert_int_equal(w->errors[at], error);
        assert_int_equal(w->logs[at], log2_16(2u * (uint32_t)error + 1));
        expected += w->logs[at];
    }
    assert_int_equal(sum, expected);
}

static void quick_contexts_of(px_simd set, wave_case *c) {
    int16_t around[GUARD];
    for (size_t y = 0; y < c->wave.height; y++) {
        px_quick_kernels_of(set)->contexts(around, &c->wave, y);
        for (size_t x = 0; x < c->wave.width; x++)
            assert_int_equal(around[x], quick_around(&c->wave, y * c->wave.stride + x));
    }
}

static void quick_symbols_of(px_simd set, wave_case *c) {
    static int32_t means[MOST + GUARD], result[MOST + GUARD];
    const px_wave *w = &c->wave;
    numbers n = {.random = 26, .bits = 16};
    fill_32(means, MOST, &n);
    const int32_t got = px_quick_kernels_of(set)->symbols(result, w, means);
    int32_t largest = 0;
    FOR_EACH_SAMPLE(w, at) {
        const int32_t before = scale_before(w, w->running[at], 0);
        const int32_t class = clamp((before + (quick_around(w, at) * w->scale_error >> 4)) >> 7, 0,
                                    PX_QUICK_CLASSES - 1);
        const int low_bits = class < PX_QUICK_TABLES ? 0 : (class - PX_QUICK_TABLES + 2) >> 1;
        const int32_t digit = (w->samples[at] >> low_bits) - (means[at] >> low_bits);
        assert_int_equal((uint32_t)result[at], (uint32_t) class << 24 | (digit & 0xffffff));
        largest = class > largest ? class : largest;
    }
    assert_int_equal(got, largest);
}

#define OF_EVERY_CASE(table, kernel)                                                               \
    static void check_##table##_##kernel(px_simd set) {                                            \
        for_every_case(set, table##_##kernel##_of);                                                \
    }

OF_EVERY_CASE(wave, innovations)
OF_EVERY_CASE(wave, means)
OF_EVERY_CASE(wave, errors)
OF_EVERY_CASE(wave, contexts)
OF_EVERY_CASE(wave, symbols)
OF_EVERY_CASE(wave, tap_rows)
OF_EVERY_CASE(quick, means)
OF_EVERY_CASE(quick, contexts)
OF_EVERY_CASE(quick, symbols)

/* ---- Without a plane ---- */

enum { COUNT = 600 };

/* Of (1, around, running, blur; log), what is on and below the diagonal. */
static void check_wave_scale_moments(px_simd set) {
    static int16_t values[4][COUNT];
    numbers n = {.random = 41, .bits = 12};
    fill_16(values[0], 4 * COUNT, &n);
    for (size_t count = 0; count <= COUNT; count += 1 + count / 3) {
        int64_t moments[PX_SCALE_MOMENTS], expected[PX_SCALE_MOMENTS];
        for (int m = 0; m < PX_SCALE_MOMENTS; m++)
            moments[m] = expected[m] = m;
        px_wave_kernels_of(set)->scale_moments(moments, values[0], values[1], values[2], values[3],
                                               count);
        for (size_t i = 0; i < count; i++) {
            const int64_t v[] = {1, values[0][i], values[1][i] >> 4, values[2][i] >> 7,
                                 values[3][i]};
            int64_t *to = expected;
            for (int row = 0; row < 5; row++)
                for (int column = 0; column <= row && column < 4; column++)
                    *to++ += v[row] * v[column];
        }
        assert_memory_equal(moments, expected, sizeof moments);
    }
}

static void check_wave_run(px_simd set) {
    int16_t running[COUNT], logs[COUNT], before[COUNT];
    numbers n = {.random = 43, .bits = 12}, small = {.random = 44, .bits = 8};
    for (int32_t rate = 1; rate < 1 << 15; rate *= 5) {
        fill_16(running, COUNT, &n);
        fill_16(logs, COUNT, &small);
        memcpy(before, running, sizeof before);
        px_wave_kernels_of(set)->run(running, logs, COUNT - 1, 1536, rate);
        for (size_t i = 0; i < COUNT - 1; i++) {
            const int16_t difference = (int16_t)(logs[i] * 16 - 1536 - before[i]);
            const int32_t step = (difference * rate + (1 << 14)) >> 15;
            assert_int_equal(running[i], (int16_t)(before[i] + step));
        }
        assert_int_equal(running[COUNT - 1], before[COUNT - 1]);
    }
}

const kernel_check row_checks[] = {
    KERNEL(wave, innovations), KERNEL(wave, means),         KERNEL(wave, errors),
    KERNEL(wave, contexts),    KERNEL(wave, scale_moments), KERNEL(wave, symbols),
    KERNEL(wave, run),         KERNEL(wave, tap_rows),      KERNEL(quick, means),
    KERNEL(quick, contexts),   KERNEL(quick, symbols),      LAST_KERNEL};
