/*
 * Lossy chunks from the side of who reads them: what they say of their error, damage, checksums,
 * reduced pictures; and what no bound is kept of.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "loss.h"
#include "pipeline/container.h"
#include "support.h"

typedef struct lossy {
    prism_array array;
    void *elements;
    size_t size;
    uint8_t *chunk;
    size_t chunk_size;
    prism_info info;
} lossy;

static lossy encode_lossy(const prism_array *array, pattern kind, const char *options) {
    lossy l = {.array = *array};
    const prism_options chosen = options_of(options);
    l.elements = make_elements(array, kind, 5, &l.size);
    l.chunk = encode_new(array, l.elements, &chosen, &l.chunk_size);
    assert_int_equal(prism_inspect(l.chunk, l.chunk_size, &l.info, NULL), PRISM_OK);
    return l;
}

static void lossy_free(lossy *l) {
    free(l->elements);
    free(l->chunk);
}

static prism_status decode_with(const lossy *l, void *out, size_t size, int reduce,
                                prism_error *error) {
    const prism_decode_options options = {.threads = 1, .reduce = reduce};
    return prism_decode(l->chunk, l->chunk_size, out, size, &options, error);
}

static prism_status encode_status(const prism_array *array, const char *options,
                                  prism_error *error) {
    size_t size, chunk_size;
    const prism_options chosen = options_of(options);
    void *elements = make_elements(array, PATTERN_RELATED, 1, &size);
    void *chunk = malloc(size + 512);
    const prism_status status =
        prism_encode(array, elements, &chosen, chunk, size + 512, &chunk_size, error);
    free(chunk);
    free(elements);
    return status;
}

/* ---- What cannot be asked for ---- */

static void refusals_give_the_reason(void **state) {
    (void)state;
    static const struct {
        prism_type type;
        const char *options, *part;
        prism_status status;
    } cases[] = {
        {PRISM_FLOAT32, "coder=jxl,distance=1", "float32", PRISM_E_TYPE},
        {PRISM_INT32, "coder=jxl,distance=1", "8 and 16 bits", PRISM_E_TYPE},
        {PRISM_UINT8, "coder=jxl,distance=1,transform=channels", "transform=none", PRISM_E_OPTION},
        {PRISM_UINT8, "coder=jxl,distance=1,predictor=paeth", "predictor=none", PRISM_E_OPTION},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        prism_error error;
        const prism_array array = make_array(cases[i].type, 3, 1, 1, 1);
        assert_int_equal(encode_status(&array, cases[i].options, &error), cases[i].status);
        if (!strstr(error.message, cases[i].part))
            fail_msg("%s: \"%s\" does not say \"%s\"", cases[i].options, error.message,
                     cases[i].part);
    }
}

/* A bound that leaves nothing between the numbers of the type loses nothing, and says so. */
static void bounds_below_the_type_are_lossless(void **state) {
    (void)state;
    const prism_array array = make_array(PRISM_INT16, 3, 20, 30, 4);
    lossy l = encode_lossy(&array, PATTERN_RELATED, "max_error=0.75,effort=1");
    void *back = malloc(l.size);
    assert_int_equal(l.info.bound, PRISM_BOUND_NONE);
    assert_true(l.info.reached == 0 && l.info.bound_value == 0);
    assert_int_equal(decode_with(&l, back, l.size, 0, NULL), PRISM_OK);
    assert_memory_equal(back, l.elements, l.size);
    free(back);
    lossy_free(&l);
}

static void chunks_say_what_they_lost(void **state) {
    (void)state;
    const prism_array array = make_array(PRISM_INT16, 3, 20, 30, 4);
    lossy l = encode_lossy(&array, PATTERN_RELATED, "max_error=30.5,effort=1");
    int16_t *back = malloc(l.size), *elements = l.elements;
    int worst = 0;
    assert_int_equal(l.info.bound, PRISM_BOUND_MAX_ERROR);
    assert_true(l.info.bound_value == 30.5f);
    assert_int_equal(decode_with(&l, back, l.size, 0, NULL), PRISM_OK);
    for (size_t i = 0; i < l.size / sizeof *back; i++)
        worst = abs(back[i] - elements[i]) > worst ? abs(back[i] - elements[i]) : worst;
    assert_true((float)worst == l.info.reached && worst <= 30 && worst > 0);
    free(back);
    lossy_free(&l);
}

/* ---- Pictures ---- */

#define PICTURES_TEXT "coder=jxl,distance=2,effort=3"

static const char *const PICTURES = PICTURES_TEXT;

static lossy encode_pictures(void) {
    const prism_array array = make_array(PRISM_UINT8, 3, 70, 90, 3);
    lossy l = encode_lossy(&array, PATTERN_RELATED, PICTURES);
    assert_int_equal(l.info.mapping, PRISM_MAPPING_DISTANCE);
    assert_int_equal(l.info.bound, PRISM_BOUND_DISTANCE);
    return l;
}

/* Every dimension but that of the planes is halved, rounded up. */
static void reduced_arrays(void **state) {
    (void)state;
    lossy l = encode_pictures();
    static const uint64_t dims[][2] = {{70, 90}, {35, 45}, {18, 23}, {9, 12}};
    for (int by = 0; by <= 3; by++) {
        size_t size;
        prism_array reduced;
        assert_int_equal(prism_reduced_array(l.chunk, l.chunk_size, by, &reduced, NULL), PRISM_OK);
        assert_int_equal(reduced.dims[0], dims[by][0]);
        assert_int_equal(reduced.dims[1], dims[by][1]);
        assert_int_equal(reduced.dims[2], 3);
        assert_int_equal(prism_array_size(&reduced, &size, NULL), PRISM_OK);
        void *out = malloc(size);
        assert_int_equal(decode_with(&l, out, size, by, NULL), PRISM_OK);
        assert_int_equal(decode_with(&l, out, size - 1, by, NULL), PRISM_E_ARGUMENT);
        free(out);
    }
    lossy_free(&l);
}

static void no_such_pictures(void **state) {
    (void)state;
    prism_error error;
    prism_array reduced;
    uint8_t out[4096];
    lossy l = encode_pictures();
    assert_int_equal(prism_reduced_array(l.chunk, l.chunk_size, 4, &reduced, &error),
                     PRISM_E_OPTION);
    assert_int_equal(prism_reduced_array(l.chunk, l.chunk_size, -1, &reduced, &error),
                     PRISM_E_OPTION);
    assert_int_equal(decode_with(&l, out, sizeof out, 4, &error), PRISM_E_OPTION);
    const uint64_t plane = 0;
    const prism_decode_options options = {.threads = 1, .reduce = 1};
    assert_int_equal(
        prism_decode_planes(l.chunk, l.chunk_size, &plane, 1, out, sizeof out, &options, &error),
        PRISM_E_OPTION);
    lossy_free(&l);
    const prism_array array = make_array(PRISM_UINT8, 2, 16, 16);
    l = encode_lossy(&array, PATTERN_RELATED, "");
    assert_int_equal(decode_with(&l, out, 64, 1, &error), PRISM_E_OPTION);
    assert_non_null(strstr(error.message, "no smaller pictures"));
    lossy_free(&l);
}

static void reducing_takes_no_more_than_it_may(void **state) {
    (void)state;
    uint8_t out[35 * 45 * 3];
    lossy l = encode_pictures();
    prism_decode_options options = {.threads = 1, .reduce = 1, .memory_limit = l.info.decode_bytes};
    assert_int_equal(prism_decode(l.chunk, l.chunk_size, out, sizeof out, &options, NULL),
                     PRISM_E_MEMORY);
    options.memory_limit *= 2;
    assert_int_equal(prism_decode(l.chunk, l.chunk_size, out, sizeof out, &options, NULL),
                     PRISM_OK);
    lossy_free(&l);
}

/* Decoders of other machines may differ in the last digit: that is no damage. */
static void elements_of_pictures_are_not_compared(void **state) {
    (void)state;
    lossy l = encode_pictures();
    px_chunk read;
    px_buffer again = {0};
    void *out = malloc(l.size);
    assert_int_equal(px_chunk_read(&read, l.chunk, l.chunk_size, NULL), PRISM_OK);
    assert_true(read.has_checksum);
    read.elements_crc ^= 1;
    assert_int_equal(px_chunk_write(&read, &again, NULL), PRISM_OK);
    assert_int_equal(prism_decode(again.data, again.size, out, l.size, NULL, NULL), PRISM_OK);
    again.data[again.size / 2] ^= 1;
    assert_int_equal(prism_decode(again.data, again.size, out, l.size, NULL, NULL),
                     PRISM_E_CHECKSUM);
    px_buffer_free(&again);
    free(out);
    lossy_free(&l);
}

/* ---- Damage ---- */

/* From a copy of exactly that size, so that the sanitizer sees reads beyond. */
static prism_status decode_copy(const lossy *l, size_t size, int reduce) {
    prism_array reduced;
    size_t out_size = 0;
    uint8_t *copy = malloc(size ? size : 1), *out = NULL;
    memcpy(copy, l->chunk, size);
    const prism_decode_options options = {
        .threads = 1, .skip_checksum = true, .reduce = reduce, .memory_limit = 1 << 28};
    prism_status status = prism_reduced_array(copy, size, reduce, &reduced, NULL);
    if (status == PRISM_OK)
        status = prism_array_size(&reduced, &out_size, NULL);
    if (status == PRISM_OK && out_size < 1 << 22) {
        out = malloc(out_size);
        status = prism_decode(copy, size, out, out_size, &options, NULL);
    }
    free(out);
    free(copy);
    return status;
}

static void damaged_bytes(void **state) {
    (void)state;
    static const char *const options[] = {
        "coder=jxl,distance=2,effort=3,checksum=off", "max_error=3,effort=1,checksum=off",
        "rel_max_error=0.1,effort=5,checksum=off", "rel_rmse=0.1,effort=5,checksum=off"};
    const int turns = SANITIZED ? 100 : 400;
    uint32_t random = 7;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        const prism_array array = make_array(PRISM_UINT8, 3, 40, 50, 3);
        lossy l = encode_lossy(&array, PATTERN_RELATED, options[i]);
        for (int turn = 0; turn < turns; turn++) {
            const size_t first = turn % 2 ? 0 : (size_t)l.info.header_bytes;
            const size_t last = turn % 2 ? l.chunk_size : first + (size_t)l.info.parameter_bytes;
            const size_t at = first + random_below(&random, (uint32_t)(last - first));
            const uint8_t before = l.chunk[at];
            l.chunk[at] ^= (uint8_t)(1 << random_below(&random, 8));
            decode_copy(&l, l.chunk_size, turn / 2 % 2 * 3);
            l.chunk[at] = before;
        }
        for (size_t size = 0; size < l.chunk_size; size += 1 + l.chunk_size / 50)
            assert_int_not_equal(decode_copy(&l, size, 0), PRISM_OK);
        assert_int_equal(decode_copy(&l, l.chunk_size, 0), PRISM_OK);
        lossy_free(&l);
    }
}

/* The axis in the header says how large reduced pictures are, that of the parameters what they
 * hold: a chunk in which they differ must not be written beyond the output. */
static void another_axis_in_the_header(void **state) {
    (void)state;
    lossy l = encode_pictures();
    for (int axis = PRISM_AXIS_AUTO; axis <= 1; axis++) {
        px_chunk read;
        px_buffer again = {0};
        assert_int_equal(px_chunk_read(&read, l.chunk, l.chunk_size, NULL), PRISM_OK);
        read.pipeline.axis = axis;
        assert_int_equal(px_chunk_write(&read, &again, NULL), PRISM_OK);
        lossy other = {.chunk = again.data};
        assert_int_not_equal(decode_copy(&other, again.size, 3), PRISM_OK);
        px_buffer_free(&again);
    }
    lossy_free(&l);
}

/* A part that ends too early, or where nothing ends: an error, whatever its checksum says. */
static void parts_that_end_elsewhere(void **state) {
    (void)state;
    static const char *const options[] = {PICTURES_TEXT, "rel_rmse=0.1,effort=5",
                                          "max_error=30,effort=1"};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        const prism_array array = make_array(PRISM_UINT8, 3, 70, 90, 3);
        lossy l = encode_lossy(&array, PATTERN_RELATED, options[i]);
        px_chunk read;
        assert_int_equal(px_chunk_read(&read, l.chunk, l.chunk_size, NULL), PRISM_OK);
        for (size_t end = read.parameter_size ? read.parameter_size : 1;
             end < read.parameter_size + read.payload_size; end += 1 + read.payload_size / 20) {
            size_t needed;
            px_buffer again = {0};
            read.parts.ends[PX_MOST_REDUCED - 1] = end;
            assert_int_equal(px_chunk_write(&read, &again, NULL), PRISM_OK);
            assert_int_equal(
                prism_reduced_size(again.data, again.size, PX_MOST_REDUCED, &needed, NULL),
                PRISM_OK);
            assert_true(needed < again.size);
            lossy other = {.chunk = again.data};
            decode_copy(&other, needed, PX_MOST_REDUCED);
            assert_int_not_equal(decode_copy(&other, needed - 1, PX_MOST_REDUCED), PRISM_OK);
            assert_int_equal(decode_copy(&other, again.size, 0), PRISM_OK);
            px_buffer_free(&again);
        }
        lossy_free(&l);
    }
}

/* ---- The tool's measure ---- */

/* What the tool accepts of a chunk is measured, whatever the chunk says of itself. */
static void errors_are_measured_not_believed(void **state) {
    (void)state;
    const prism_array array = make_array(PRISM_INT16, 3, 20, 30, 4);
    const prism_options asked = options_of("max_error=30.5"), less = options_of("max_error=29");
    lossy l = encode_lossy(&array, PATTERN_RELATED, "max_error=30.5,effort=1");
    int16_t *back = malloc(l.size);
    assert_int_equal(decode_with(&l, back, l.size, 0, NULL), PRISM_OK);
    assert_true(tool_is_within(&l.info, &asked, l.elements, back));
    assert_false(tool_is_within(&l.info, &less, l.elements, back));
    back[77] = (int16_t)(((int16_t *)l.elements)[77] + 31);
    assert_false(tool_is_within(&l.info, &asked, l.elements, back));
    free(back);
    lossy_free(&l);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals_give_the_reason),
        cmocka_unit_test(bounds_below_the_type_are_lossless),
        cmocka_unit_test(chunks_say_what_they_lost),
        cmocka_unit_test(reduced_arrays),
        cmocka_unit_test(no_such_pictures),
        cmocka_unit_test(reducing_takes_no_more_than_it_may),
        cmocka_unit_test(elements_of_pictures_are_not_compared),
        cmocka_unit_test(damaged_bytes),
        cmocka_unit_test(errors_are_measured_not_believed),
        cmocka_unit_test(another_axis_in_the_header),
        cmocka_unit_test(parts_that_end_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
