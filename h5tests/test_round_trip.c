/* Every pipeline on every kind of array gives back every bit. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simd/simd.h"
#include "support.h"

static const char *const pipelines[] = {
    "",
    "transform=none,predictor=none,coder=deflate",
    "transform=none,predictor=paeth,coder=deflate,effort=9",
    "transform=channels,predictor=paeth,coder=deflate,effort=1",
    "transform=channels,predictor=none,coder=deflate,checksum=off",
    "transform=none,predictor=none,coder=jxl,effort=3",
    "coder=zstd",
    "coder=zstd,effort=1,axis=0",
    "coder=zstd,effort=9,checksum=off",
    "transform=channels,predictor=none,coder=jxl,effort=2",
    "transform=channels,predictor=paeth,coder=jxl,effort=1",
    "transform=channels,predictor=paeth,coder=deflate,axis=0",
    "transform=stack,predictor=none,coder=deflate",
    "transform=stack,predictor=paeth,coder=deflate,axis=0",
    "transform=stack,predictor=none,coder=jxl,effort=3",
    "coder=deflate,verify=on",
    "coder=jxl,effort=1",
    "coder=ans",
    "coder=ans,effort=1",
    "transform=channels,axis=0,coder=ans,effort=3",
    "transform=channels,coder=ans,effort=4",
    "transform=none,predictor=lsq,coder=ans,effort=6,checksum=off",
    "transform=channels,coder=ans,axis=0,effort=6",
};
enum { PIPELINES = sizeof pipelines / sizeof *pipelines };

static const prism_type types[] = {PRISM_INT8, PRISM_UINT8, PRISM_INT16, PRISM_UINT16};

/* Sanitizers see pipelines in turns. */
enum { STEP = SANITIZED ? 3 : 1 };

static void try_everything_on(prism_array array) {
    for (size_t t = 0; t < 4; t++)
        for (int order = 0; order < (int)prism_type_size(types[t]); order++)
            for (int kind = 0; kind < PATTERN_COUNT; kind++) {
                array.type = types[t];
                array.order = (prism_order)order;
                size_t size;
                void *elements = make_elements(&array, (pattern)kind, 5, &size);
                for (size_t p = (t + (size_t)kind) % STEP; p < PIPELINES; p += STEP) {
                    prism_options options = options_of(pipelines[p]);
                    size_t chunk = assert_round_trip(&array, elements, &options);
                    assert_true(chunk <= size + 512);
                }
                free(elements);
            }
}

static void odd_shapes(void **state) {
    (void)state;
    try_everything_on(make_array(PRISM_INT8, 1, 1));
    try_everything_on(make_array(PRISM_INT8, 1, 1000));
    try_everything_on(make_array(PRISM_INT8, 2, 33, 17));
    try_everything_on(make_array(PRISM_INT8, 3, 5, 1, 99));
    try_everything_on(make_array(PRISM_INT8, 3, 1, 1, 40));
    try_everything_on(make_array(PRISM_INT8, 3, 13, 11, 1));
    try_everything_on(make_array(PRISM_INT8, 3, 20, 30, 7));
    try_everything_on(make_array(PRISM_INT8, 4, 3, 9, 2, 8));
    try_everything_on(make_array(PRISM_INT8, 6, 2, 1, 3, 1, 4, 5));
}

static void the_highest_rank(void **state) {
    (void)state;
    prism_array array = {.type = PRISM_INT16, .rank = PRISM_MAX_RANK};
    for (unsigned i = 0; i < array.rank; i++)
        array.dims[i] = i % 5 == 0 ? 2 : 1;
    size_t size;
    void *elements = make_elements(&array, PATTERN_RELATED, 1, &size);
    for (size_t p = 0; p < PIPELINES; p++) {
        prism_options options = options_of(pipelines[p]);
        assert_round_trip(&array, elements, &options);
    }
    free(elements);
}

/* More planes than a JPEG XL image has channels, and than a group of the lift. */
static void many_planes(void **state) {
    (void)state;
    static const int planes[] = {257, 258, 999, 1025};
    for (size_t i = 0; i < sizeof planes / sizeof *planes; i++) {
        prism_array array = make_array(PRISM_INT8, 3, 6, 5, planes[i]);
        size_t size;
        void *elements = make_elements(&array, PATTERN_RELATED, 3, &size);
        for (size_t p = 0; p < PIPELINES; p++) {
            prism_options options = options_of(pipelines[p]);
            assert_round_trip(&array, elements, &options);
        }
        free(elements);
    }
}

static void groups_of_planes_are_lifted(void **state) {
    (void)state;
    prism_array array = make_array(PRISM_INT16, 3, 48, 40, 600);
    size_t size;
    void *elements = make_elements(&array, PATTERN_RELATED, 3, &size);
    prism_options lifted = options_of("transform=channels,predictor=paeth,coder=deflate");
    prism_options plain = options_of("transform=none,axis=2,predictor=paeth,coder=deflate");
    size_t with = assert_round_trip(&array, elements, &lifted);
    size_t without = assert_round_trip(&array, elements, &plain);
    assert_true(with * 10 < without * 9);
    free(elements);
}

static void related_planes_shrink(void **state) {
    (void)state;
    prism_array array = make_array(PRISM_INT8, 3, 64, 64, 32);
    size_t size;
    void *elements = make_elements(&array, PATTERN_RELATED, 9, &size);
    prism_options lifted = options_of("transform=channels,predictor=paeth,coder=deflate");
    prism_options plain = options_of("transform=none,axis=2,predictor=paeth,coder=deflate");
    prism_options automatic = prism_options_default();
    size_t with = assert_round_trip(&array, elements, &lifted);
    size_t without = assert_round_trip(&array, elements, &plain);
    size_t chosen = assert_round_trip(&array, elements, &automatic);
    assert_true(with * 10 < without * 9);
    assert_true(chosen * 100 < (with < without ? with : without) * 102);
    free(elements);
}

/* Four planes show the same random texture, displaced by a row, a column, or both: nothing at the
 * position itself says anything of a plane, but its neighbours in any other do. */
static void *make_displaced_planes(const prism_array *array, size_t *size) {
    uint8_t *elements = make_elements(array, PATTERN_NOISE, 6, size);
    const size_t height = (size_t)array->dims[0], width = (size_t)array->dims[1];
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++)
            for (size_t k = 1; k < 4; k++) {
                size_t row = (y + k / 2) % height, column = (x + k % 2) % width;
                elements[(y * width + x) * 4 + k] = elements[(row * width + column) * 4];
            }
    return elements;
}

static void neighbours_in_other_planes_are_used(void **state) {
    (void)state;
    prism_array array = make_array(PRISM_INT8, 3, 64, 70, 4);
    size_t size;
    void *elements = make_displaced_planes(&array, &size);
    prism_options narrow = options_of("transform=channels,predictor=lsq,coder=ans,effort=5");
    prism_options wide = options_of("transform=channels,predictor=lsq,coder=ans,effort=6");
    size_t without = assert_round_trip(&array, elements, &narrow);
    size_t with = assert_round_trip(&array, elements, &wide);
    assert_true(with * 2 < without);
    uint8_t *reference = NULL;
    size_t reference_size = 0;
    for (px_simd set = 0; set < PX_SIMD_SETS && px_simd_runs(set); set++) {
        px_simd_force(set);
        size_t chunk_size;
        uint8_t *chunk = encode_new(&array, elements, &wide, &chunk_size);
        if (reference) {
            assert_int_equal(chunk_size, reference_size);
            assert_memory_equal(chunk, reference, chunk_size);
        }
        assert_round_trip(&array, elements, &wide);
        free(reference);
        reference = chunk;
        reference_size = chunk_size;
    }
    px_simd_force(PX_SIMD_SETS);
    free(reference);
    free(elements);
}

static void noise_is_stored_raw(void **state) {
    (void)state;
    prism_array array = make_array(PRISM_UINT8, 3, 30, 30, 4);
    size_t size;
    void *elements = make_elements(&array, PATTERN_NOISE, 2, &size);
    for (size_t p = 0; p < PIPELINES; p++) {
        prism_options options = options_of(pipelines[p]);
        size_t chunk_size;
        prism_info info;
        uint8_t *chunk = encode_new(&array, elements, &options, &chunk_size);
        assert_int_equal(prism_inspect(chunk, chunk_size, &info, NULL), PRISM_OK);
        assert_int_equal(info.coder, PRISM_CODER_RAW);
        assert_true(chunk_size < size + 40);
        free(chunk);
    }
    free(elements);
}

static void what_is_asked_for_is_done(void **state) {
    (void)state;
    prism_array array = make_array(PRISM_INT8, 3, 32, 32, 16);
    size_t size, chunk_size;
    void *elements = make_elements(&array, PATTERN_RELATED, 2, &size);
    prism_info info;
    prism_options options = options_of("transform=channels,predictor=paeth,coder=deflate");
    uint8_t *chunk = encode_new(&array, elements, &options, &chunk_size);
    prism_inspect(chunk, chunk_size, &info, NULL);
    assert_int_equal(info.transform, PRISM_TRANSFORM_CHANNELS);
    assert_int_equal(info.predictor, PRISM_PREDICTOR_PAETH);
    assert_int_equal(info.coder, PRISM_CODER_DEFLATE);
    assert_int_equal(info.axis, 2);
    assert_int_equal(info.planes, 16);
    assert_true(info.parameter_bytes > 0);
    free(chunk);
    free(elements);
}

/* Frames first: the axis is found. */
static void the_axis_is_found(void **state) {
    (void)state;
    enum { FRAMES = 9, HEIGHT = 40, WIDTH = 50 };
    prism_array array = make_array(PRISM_UINT8, 3, FRAMES, HEIGHT, WIDTH);
    uint8_t elements[FRAMES * HEIGHT * WIDTH];
    uint32_t random = 99;
    for (size_t f = 0; f < FRAMES; f++)
        for (size_t p = 0; p < HEIGHT * WIDTH; p++) {
            size_t y = p / WIDTH, x = p % WIDTH;
            uint32_t texture = (uint32_t)(y * y / 9 + x * 5 + (x * y) % 37);
            elements[f * HEIGHT * WIDTH + p] = (uint8_t)(texture / 4 + random_below(&random, 3));
        }
    size_t chunk_size;
    prism_info info;
    uint8_t *chunk = encode_new(&array, elements, NULL, &chunk_size);
    prism_inspect(chunk, chunk_size, &info, NULL);
    assert_int_equal(info.axis, 0);
    free(chunk);
    prism_options options = prism_options_default();
    assert_round_trip(&array, elements, &options);
}

static void bad_calls_are_refused(void **state) {
    (void)state;
    prism_array array = make_array(PRISM_INT8, 2, 4, 4);
    int8_t elements[16] = {0};
    uint8_t chunk[1024];
    size_t size;
    prism_error error;
    prism_options options = options_of("axis=2");
    assert_int_equal(prism_encode(&array, elements, &options, chunk, sizeof chunk, &size, &error),
                     PRISM_E_OPTION);
    assert_non_null(strstr(error.message, "rank 2"));
    static const char *const contradictions[] = {
        "predictor=paeth,coder=ans", "predictor=none,coder=ans", "predictor=lsq,coder=deflate"};
    for (size_t i = 0; i < sizeof contradictions / sizeof *contradictions; i++) {
        options = options_of(contradictions[i]);
        assert_int_equal(
            prism_encode(&array, elements, &options, chunk, sizeof chunk, &size, &error),
            PRISM_E_OPTION);
        assert_non_null(strstr(error.message, "belong together"));
    }
    assert_int_equal(prism_encode(&array, elements, NULL, chunk, 10, &size, &error),
                     PRISM_E_CAPACITY);
    assert_int_equal(prism_encode(NULL, elements, NULL, chunk, 10, &size, &error),
                     PRISM_E_ARGUMENT);
    assert_int_equal(prism_encode(&array, elements, NULL, chunk, sizeof chunk, &size, NULL),
                     PRISM_OK);
    assert_int_equal(prism_decode(chunk, size, elements, 15, NULL, &error), PRISM_E_ARGUMENT);
}

static void the_memory_limit_holds(void **state) {
    (void)state;
    prism_array array = make_array(PRISM_INT8, 3, 32, 32, 16);
    size_t size, chunk_size;
    prism_error error;
    uint8_t *elements = make_elements(&array, PATTERN_RELATED, 2, &size);
    uint8_t *chunk = encode_new(&array, elements, NULL, &chunk_size);
    prism_info info;
    assert_int_equal(prism_inspect(chunk, chunk_size, &info, &error), PRISM_OK);
    prism_decode_options limited = {.threads = 1, .memory_limit = info.decode_bytes - 1};
    assert_int_equal(prism_decode(chunk, chunk_size, elements, size, &limited, &error),
                     PRISM_E_MEMORY);
    limited.memory_limit = info.decode_bytes;
    assert_int_equal(prism_decode(chunk, chunk_size, elements, size, &limited, &error), PRISM_OK);
    free(chunk);
    free(elements);
}

/* The same chunks whatever the instruction set, and each set decodes what another wrote. */
static void kernels_write_the_same_chunks(void **state) {
    (void)state;
    static const char *const lifts[] = {"transform=channels,predictor=paeth,coder=deflate",
                                        "",
                                        "transform=channels,coder=ans,effort=1",
                                        "transform=channels,coder=ans,effort=3",
                                        "transform=channels,coder=ans,effort=5",
                                        "transform=channels,coder=ans,effort=6",
                                        "transform=none,coder=ans,effort=4"};
    for (size_t t = 0; t < 4; t++)
        for (size_t p = 0; p < sizeof lifts / sizeof *lifts; p++) {
            prism_array array = make_array(types[t], 3, 37, 23, 19);
            prism_options options = options_of(lifts[p]);
            assert_kernels_agree(&array, &options);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(odd_shapes),
        cmocka_unit_test(the_highest_rank),
        cmocka_unit_test(many_planes),
        cmocka_unit_test(groups_of_planes_are_lifted),
        cmocka_unit_test(related_planes_shrink),
        cmocka_unit_test(neighbours_in_other_planes_are_used),
        cmocka_unit_test(noise_is_stored_raw),
        cmocka_unit_test(what_is_asked_for_is_done),
        cmocka_unit_test(the_axis_is_found),
        cmocka_unit_test(bad_calls_are_refused),
        cmocka_unit_test(the_memory_limit_holds),
        cmocka_unit_test(kernels_write_the_same_chunks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
