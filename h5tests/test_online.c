/* The coder that learns: every bit comes back, on every instruction set; damage is noticed or
 * decodes to something, and its arithmetic is what the format says. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "coders/ans/adaptive/adaptive_kernels.h"
#include "coders/ans/adaptive/plan.h"
#include "entropy/logistic.h"
#include "simd/simd.h"
#include "support.h"

static const char joint[] = "transform=channels,predictor=lsq,coder=ans,effort=9,checksum=off";
static const char apart[] = "transform=none,predictor=lsq,coder=ans,effort=8,checksum=off";

static void try_patterns(prism_array array) {
    static const prism_type types[] = {PRISM_INT8, PRISM_UINT8, PRISM_INT16, PRISM_UINT16};
    for (size_t t = 0; t < 4; t++)
        for (int kind = 0; kind < PATTERN_COUNT; kind++) {
            array.type = types[t];
            array.order = (prism_order)(kind & 1);
            size_t size;
            void *elements = make_elements(&array, (pattern)kind, 7, &size);
            prism_options options = options_of(joint);
            assert_round_trip(&array, elements, &options);
            options = options_of(apart);
            options.axis = (int)array.rank - 1;
            assert_round_trip(&array, elements, &options);
            free(elements);
        }
}

static void odd_shapes(void **state) {
    (void)state;
    try_patterns(make_array(PRISM_INT8, 1, 1));
    try_patterns(make_array(PRISM_INT8, 1, 300));
    try_patterns(make_array(PRISM_INT8, 3, 1, 1, 40));
    try_patterns(make_array(PRISM_INT8, 3, 33, 1, 2));
    try_patterns(make_array(PRISM_INT8, 3, 1, 70, 3));
    try_patterns(make_array(PRISM_INT8, 3, 2, 2, 5));
    try_patterns(make_array(PRISM_INT8, 3, 9, 35, 7));
    try_patterns(make_array(PRISM_INT8, 2, 19, 17));
}

/* More planes than an engine takes, and than there are positions. */
static void many_planes(void **state) {
    (void)state;
    static const int shapes[][2] = {{5, 1000}, {1, 700}, {12, 257}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        prism_array array = make_array(PRISM_INT8, 3, 1, shapes[i][0], shapes[i][1]);
        size_t size;
        void *elements = make_elements(&array, PATTERN_RELATED, 3, &size);
        prism_options options = options_of(joint);
        assert_round_trip(&array, elements, &options);
        free(elements);
    }
}

/* Related planes cost less together than apart. */
static void planes_predict_each_other(void **state) {
    (void)state;
    prism_array array = make_array(PRISM_INT8, 3, 32, 32, 16);
    size_t size;
    void *elements = make_elements(&array, PATTERN_RELATED, 9, &size);
    prism_options options = options_of(joint);
    size_t together = assert_round_trip(&array, elements, &options);
    options = options_of(apart);
    options.axis = 2;
    size_t alone = assert_round_trip(&array, elements, &options);
    assert_true(together * 10 < alone * 7);
    free(elements);
}

/* Every sample four times, but for a few: copies are nearly free. */
static void doubled_planes(void **state) {
    (void)state;
    enum { HEIGHT = 37, WIDTH = 41, PLANES = 6 };
    prism_array array = make_array(PRISM_INT16, 3, HEIGHT, WIDTH, PLANES);
    static int16_t samples[HEIGHT][WIDTH][PLANES];
    uint32_t random = 5;
    for (size_t y = 0; y < HEIGHT; y++)
        for (size_t x = 0; x < WIDTH; x++)
            for (size_t k = 0; k < PLANES; k++) {
                bool even = y % 2 == 0 && x % 2 == 0;
                int16_t fresh = (int16_t)(random_below(&random, 4000) + 1000 * k);
                samples[y][x][k] = k == 5 ? 7 : even ? fresh : samples[y & ~1u][x & ~1u][k];
                if (k < 5 && random_below(&random, 200) == 0)
                    samples[y][x][k] = fresh;
            }
    prism_options options = options_of(joint);
    size_t size = assert_round_trip(&array, samples, &options);
    assert_true(size < sizeof samples / 4);
}

static void instruction_sets_agree(void **state) {
    (void)state;
    static const prism_type types[] = {PRISM_INT8, PRISM_UINT16};
    for (size_t t = 0; t < 2; t++) {
        prism_array array = make_array(types[t], 3, 11, 19, 21);
        prism_options options = options_of(joint);
        assert_kernels_agree(&array, &options);
    }
}

/* ---- Damage ---- */

static void damage(const uint8_t *chunk, size_t chunk_size, size_t size) {
    uint8_t *copy = malloc(chunk_size), *decoded = malloc(size);
    assert_non_null(copy);
    assert_non_null(decoded);
    for (size_t left = 0; left < chunk_size; left += 1 + chunk_size / 23)
        assert_int_not_equal(prism_decode(chunk, left, decoded, size, NULL, NULL), PRISM_OK);
    uint32_t random = 77;
    for (int i = 0; i < 60; i++) {
        /* Half of the time in the header and the parameters. */
        size_t at = random_below(&random, (uint32_t)(i % 2 && chunk_size > 60 ? 60 : chunk_size));
        memcpy(copy, chunk, chunk_size);
        copy[at] = (uint8_t)(copy[at] ^ (1 + random_below(&random, 255)));
        prism_decode(copy, chunk_size, decoded, size, NULL, NULL);
    }
    free(copy);
    free(decoded);
}

static void damaged_chunks(void **state) {
    (void)state;
    static const prism_type types[] = {PRISM_INT8, PRISM_INT16};
    for (size_t t = 0; t < 2; t++) {
        prism_array array = make_array(types[t], 3, 6, 9, 12);
        size_t size, chunk_size;
        void *elements = make_elements(&array, PATTERN_RELATED, 4, &size);
        prism_options options = options_of(joint);
        uint8_t *chunk = encode_new(&array, elements, &options, &chunk_size);
        damage(chunk, chunk_size, size);
        free(chunk);
        free(elements);
    }
}

/* ---- Arithmetic ---- */

/* Correlations r^|i - j| have the factor r^(i - j) sqrt(1 - r^2), r^i in column 0. */
static void cholesky_of_known_matrix(void **state) {
    (void)state;
    enum { SIZE = 37, STRIDE = 48, ROWS = 8 };
    const double r = 0.75;
    static int32_t factor[(SIZE + 3) * STRIDE] __attribute__((aligned(64)));
    static int64_t correlations[ROWS * STRIDE];
    for (px_simd set = 0; set < PX_SIMD_SETS && px_simd_runs(set); set++) {
        memset(factor, 0x33, sizeof factor);
        for (int first = 0; first < SIZE; first += ROWS) {
            int count = SIZE - first < ROWS ? SIZE - first : ROWS;
            for (int i = 0; i < count; i++)
                for (int j = 0; j <= first + i; j++)
                    correlations[i * STRIDE + j] = (int64_t)ldexp(pow(r, first + i - j), 60);
            px_adaptive_kernels_of(set)->cholesky_rows(factor, STRIDE, correlations, first, count);
        }
        for (int i = 0; i < SIZE; i++)
            for (int j = 0; j <= i; j++) {
                double expected = pow(r, i - j) * (j ? sqrt(1 - r * r) : 1);
                assert_true(fabs(ldexp(factor[i * STRIDE + j], -30) - expected) < 1e-7);
            }
    }
}

/* A matrix that is no covariance gives some factor, the same on every instruction set. */
static void cholesky_of_nonsense(void **state) {
    (void)state;
    enum { SIZE = 16, STRIDE = 16 };
    static int32_t expected[SIZE * STRIDE] __attribute__((aligned(64)));
    static int32_t factor[SIZE * STRIDE] __attribute__((aligned(64)));
    static int64_t correlations[SIZE * STRIDE];
    uint32_t random = 3;
    for (size_t i = 0; i < SIZE * STRIDE; i++)
        correlations[i] =
            (int64_t)((uint64_t)random_next(&random) << 32) >> random_below(&random, 4);
    px_adaptive_kernels_scalar.cholesky_rows(expected, STRIDE, correlations, 0, SIZE);
    for (px_simd set = 0; set < PX_SIMD_SETS && px_simd_runs(set); set++) {
        px_adaptive_kernels_of(set)->cholesky_rows(factor, STRIDE, correlations, 0, SIZE);
        assert_memory_equal(factor, expected, sizeof factor);
    }
}

static void assert_near(double value, double expected, double tolerance) {
    if (fabs(value - expected) > tolerance)
        fail_msg("%g instead of %g", value, expected);
}

static void tables_are_right(void **state) {
    (void)state;
    const px_logistic *tables = &px_logistic_tables;
    for (int i = 0; i < PX_SQUASH_SIZE; i++) {
        double chance = 65536 / (1 + exp(12 - i / 128.0));
        assert_near(tables->squash[i], fmin(fmax(chance, 2), 65534), 0.51);
    }
    for (int i = 0; i < 1 << PX_STRETCH_BITS; i++) {
        double p = (i + 0.5) / 4096, odds = 4096 * log(p / (1 - p));
        assert_near(tables->stretch[i], fmin(fmax(odds, -32760), 32760), 0.51);
    }
    for (int i = 0; i < 32; i++) {
        assert_near(tables->tail.values[i], 4096 * log1p(exp(-i / 4.0)), 0.51);
        assert_near(tables->gap.values[i], 4096 * log(-expm1(-exp2(i / 2.0) / 4096)), 1.1);
    }
}

static void plans_survive(void **state) {
    (void)state;
    static const size_t shapes[][3] = {{1, 1, 1},       {128, 240, 240}, {256, 1, 5},  {600, 9, 9},
                                       {3, 2000, 2000}, {0, 4, 4},       {128, 16, 16}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int effort = 7; effort <= 9; effort++) {
            px_adaptive_plan plan, read;
            px_buffer bytes = {0};
            prism_error error;
            const size_t bands = shapes[i][0], height = shapes[i][1], width = shapes[i][2];
            px_adaptive_plan_make(&plan, bands, height, height * width, 8, true, false, effort);
            px_adaptive_plan_write(&plan, &bytes);
            px_reader in = px_reader_make(bytes.data, bytes.size);
            if (px_adaptive_plan_read(&read, bands, height, width, &in, &error) != PRISM_OK)
                fail_msg("%zu bands: %s", bands, error.message);
            assert_int_equal(px_reader_left(&in), 0);
            assert_int_equal(read.group_bands, plan.group_bands);
            assert_int_equal(read.fit_bits, plan.fit_bits);
            assert_int_equal(read.mixes_by_scale, plan.mixes_by_scale);
            for (int g = 0; g < PX_ENGINES; g++) {
                assert_int_equal(read.engines[g].neighbours, plan.engines[g].neighbours);
                assert_int_equal(read.engines[g].classes, plan.engines[g].classes);
                assert_int_equal(read.engines[g].share, plan.engines[g].share);
                assert_int_equal(read.engines[g].ridge, plan.engines[g].ridge);
                assert_int_equal(read.engines[g].forgets, plan.engines[g].forgets);
                assert_int_equal(read.engines[g].residual, plan.engines[g].residual);
            }
            px_buffer_free(&bytes);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(odd_shapes),
        cmocka_unit_test(many_planes),
        cmocka_unit_test(planes_predict_each_other),
        cmocka_unit_test(doubled_planes),
        cmocka_unit_test(instruction_sets_agree),
        cmocka_unit_test(damaged_chunks),
        cmocka_unit_test(cholesky_of_known_matrix),
        cmocka_unit_test(cholesky_of_nonsense),
        cmocka_unit_test(tables_are_right),
        cmocka_unit_test(plans_survive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
