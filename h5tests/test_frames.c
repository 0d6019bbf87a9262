/* The coder of image stacks: every bit comes back, on every instruction set; references help, and
 * damage is noticed or decodes to something. */
#include <stdlib.h>
#include <string.h>

#include "planes/stages.h"
#include "support.h"

static const char usual[] = "transform=stack,predictor=lsq,coder=ans,axis=0,checksum=off";

enum { FIRST_EFFORT = 4, LAST_EFFORT = 7, EFFORTS = LAST_EFFORT - FIRST_EFFORT + 1 };

static prism_options options_at(int effort) {
    prism_options options = options_of(usual);
    options.effort = effort;
    return options;
}

/* ---- Stacks ---------------------------------------------------------------------------------- */

typedef enum content {
    COPIES,     /* one texture, and noise of a few values */
    DRIFT,      /* streaks that move a column a frame, and noise */
    UNRELATED,  /* a texture of its own for each frame */
    DUPLICATES, /* few frames, again and again; some are constant */
    LARGE,      /* over all of the range, with far outliers */
    CONTENTS
} content;

static uint32_t element_of(content kind, size_t k, size_t y, size_t x, unsigned bits,
                           uint32_t *random) {
    switch (kind) {
    case COPIES:
        return texture(y, x, 0) % 101 + random_below(random, 3);
    case DRIFT:
        return streaks(y, x + k) + random_below(random, 3);
    case UNRELATED:
        return texture(y, x, k + 1) % 101;
    case DUPLICATES:
        return k % 4 == 3 ? 9 : texture(y, x, k % 4) % 101;
    default:
        if (random_below(random, 50) == 0)
            return random_next(random);
        return (texture(y, x, 0) >> (19 - bits)) + (uint32_t)((y * x) << (bits - 8));
    }
}

/* Frames along the first axis, in malloc'ed memory. */
static void *make_stack(const prism_array *array, content kind) {
    const size_t height = (size_t)array->dims[1], width = (size_t)array->dims[2];
    const size_t count = (size_t)array->dims[0] * height * width;
    const size_t bytes = prism_type_size(array->type);
    uint8_t *elements = malloc(count * bytes);
    assert_non_null(elements);
    uint32_t random = 11;
    for (size_t i = 0; i < count; i++) {
        uint32_t value = element_of(kind, i / width / height, i / width % height, i % width,
                                    (unsigned)bytes * 8, &random);
        for (size_t b = 0; b < bytes; b++)
            elements[i * bytes + b] = (uint8_t)(value >> 8 * b);
    }
    return elements;
}

static size_t stack_size(const prism_array *array, content kind, const prism_options *options) {
    void *elements = make_stack(array, kind);
    size_t size = assert_round_trip(array, elements, options);
    free(elements);
    return size;
}

/* ---- What comes back ------------------------------------------------------------------------- */

/* Each shape with each type and content; efforts in turns. */
static void everything_comes_back(void **state) {
    (void)state;
    static const int shapes[][3] = {
        {1, 1, 1},   {4, 1, 1},   {3, 1, 300}, {3, 300, 1}, {5, 16, 47},  {4, 17, 48},
        {2, 33, 49}, {40, 5, 7},  {1, 40, 70}, {6, 31, 96}, {3, 15, 130}, {5, 64, 20},
        {2, 2, 2},   {70, 3, 15}, {1, 2, 999}, {18, 8, 64},
    };
    static const prism_type types[] = {PRISM_INT8, PRISM_UINT8, PRISM_INT16, PRISM_UINT16};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int t = 0; t < 4; t++)
            for (int kind = 0; kind < CONTENTS; kind++) {
                prism_array array =
                    make_array(types[t], 3, shapes[i][0], shapes[i][1], shapes[i][2]);
                prism_options options = options_at(FIRST_EFFORT + ((int)i + t + kind) % EFFORTS);
                stack_size(&array, (content)kind, &options);
            }
}

static void patterns_come_back(void **state) {
    (void)state;
    static const prism_type types[] = {PRISM_INT8, PRISM_UINT8, PRISM_INT16, PRISM_UINT16};
    for (int t = 0; t < 4; t++)
        for (int kind = 0; kind < PATTERN_COUNT; kind++)
            for (int axis = 0; axis < 3; axis++) {
                size_t size;
                prism_array array = make_array(types[t], 3, 9, 21, 17);
                array.order = (prism_order)(kind & 1);
                void *elements = make_elements(&array, (pattern)kind, 5, &size);
                prism_options options = options_at(FIRST_EFFORT + axis);
                options.axis = axis;
                assert_round_trip(&array, elements, &options);
                free(elements);
            }
}

/* Two frames, which are decoded with less memory than more of them: either may be constant, and the
 * second one may be the first. */
static uint8_t couple_sample(int first, int second, size_t k, size_t y, size_t x) {
    const int kind = k ? second : first;
    return (uint8_t)(kind == 0   ? 7 + k
                     : kind == 1 ? texture(y, x, 0) % 101
                                 : texture(y, x, 0) % 101 + texture(y, x, k + 1) % 5);
}

static void couples_come_back(void **state) {
    (void)state;
    enum { KINDS = 3, HEIGHT = 40, WIDTH = 70, PLANE = HEIGHT * WIDTH };
    const prism_array array = make_array(PRISM_UINT8, 3, 2, HEIGHT, WIDTH);
    const prism_options options = options_at(5);
    uint8_t elements[2 * PLANE], plane[PLANE];
    for (int i = 0; i < KINDS * KINDS; i++) {
        size_t size;
        for (size_t p = 0; p < sizeof elements; p++)
            elements[p] =
                couple_sample(i / KINDS, i % KINDS, p / PLANE, p / WIDTH % HEIGHT, p % WIDTH);
        assert_round_trip(&array, elements, &options);
        uint8_t *chunk = encode_new(&array, elements, &options, &size);
        for (uint64_t k = 0; k < 2; k++) {
            assert_int_equal(prism_decode_planes(chunk, size, &k, 1, plane, PLANE, NULL, NULL),
                             PRISM_OK);
            assert_memory_equal(plane, elements + k * PLANE, PLANE);
        }
        free(chunk);
    }
}

/* A plan has room for 2^19 frames. */
static void too_many_frames_come_back(void **state) {
    (void)state;
    size_t size;
    prism_array array = make_array(PRISM_INT8, 3, (1 << 19) + 1, 2, 4);
    void *elements = make_elements(&array, PATTERN_CONSTANT, 1, &size);
    prism_options options = options_at(5);
    assert_round_trip(&array, elements, &options);
    free(elements);
}

static void instruction_sets_agree(void **state) {
    (void)state;
    static const prism_type types[] = {PRISM_UINT8, PRISM_INT16};
    static const int shapes[][3] = {{35, 61, 7}, {50, 30, 5}, {5, 48, 3}};
    for (size_t t = 0; t < 2; t++)
        for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
            for (int effort = FIRST_EFFORT; effort <= LAST_EFFORT; effort++) {
                prism_array array =
                    make_array(types[t], 3, shapes[i][0], shapes[i][1], shapes[i][2]);
                prism_options options = options_at(effort);
                options.axis = 2;
                assert_kernels_agree(&array, &options);
            }
}

/* ---- Size ------------------------------------------------------------------------------------ */

/* A texture is said once, not once for each of eight frames; the noise takes 0.2 bytes. */
static void references_help(void **state) {
    (void)state;
    prism_array array = make_array(PRISM_UINT8, 3, 8, 64, 80);
    const size_t samples = 8 * 64 * 80;
    prism_options together = options_at(5), apart = options_at(5);
    apart.transform = PRISM_TRANSFORM_NONE;
    assert_true(stack_size(&array, COPIES, &together) * 2 < stack_size(&array, COPIES, &apart));
    assert_true(stack_size(&array, COPIES, &together) < samples * 4 / 10);
    assert_true(stack_size(&array, DUPLICATES, &together) < samples * 4 / 10);
}

/* Neighbours of the reference tell of a frame that has moved. */
static void moved_references_help(void **state) {
    (void)state;
    prism_array array = make_array(PRISM_UINT8, 3, 8, 64, 80);
    prism_options together = options_at(5), apart = options_at(5);
    apart.transform = PRISM_TRANSFORM_NONE;
    assert_true(stack_size(&array, DRIFT, &together) * 10 < stack_size(&array, DRIFT, &apart) * 8);
}

/* ---- Damage ---------------------------------------------------------------------------------- */

/* Of a chunk without checksums, from a copy of its size, so that the sanitizer sees reads beyond.
 */
static void decode_flipped(const uint8_t *chunk, size_t chunk_size, size_t at, uint8_t flips,
                           uint8_t *decoded, size_t size) {
    uint8_t *copy = malloc(chunk_size);
    assert_non_null(copy);
    memcpy(copy, chunk, chunk_size);
    copy[at] ^= flips;
    prism_decode(copy, chunk_size, decoded, size, NULL, NULL);
    free(copy);
}

/* All bits of the parameters, and some of the payload. */
static void flip_bits(const uint8_t *chunk, size_t chunk_size, uint8_t *decoded, size_t size) {
    prism_info info;
    prism_error error;
    uint32_t random = 5;
    assert_int_equal(prism_inspect(chunk, chunk_size, &info, &error), PRISM_OK);
    assert_int_equal(info.coder, PRISM_CODER_ANS);
    const size_t header = (size_t)info.header_bytes;
    for (size_t i = 0; i < 8 * info.parameter_bytes; i++)
        decode_flipped(chunk, chunk_size, header + i / 8, (uint8_t)(1 << i % 8), decoded, size);
    const size_t payload = header + (size_t)info.parameter_bytes;
    for (int i = 0; i < 300; i++) {
        size_t at = random_below(&random, (uint32_t)(i % 2 ? 80 : info.payload_bytes));
        decode_flipped(chunk, chunk_size, payload + at, (uint8_t)(1 + random_below(&random, 255)),
                       decoded, size);
    }
}

static void damaged_chunks(void **state) {
    (void)state;
    static const prism_type types[] = {PRISM_UINT8, PRISM_INT16};
    for (int t = 0; t < 2; t++)
        for (int kind = 0; kind < CONTENTS; kind++) {
            size_t size, chunk_size;
            prism_array array = make_array(types[t], 3, 5, 18, 53);
            assert_int_equal(prism_array_size(&array, &size, NULL), PRISM_OK);
            void *elements = make_stack(&array, (content)kind);
            prism_options options = options_at(5);
            uint8_t *chunk = encode_new(&array, elements, &options, &chunk_size);
            uint8_t *decoded = malloc(size);
            assert_non_null(decoded);
            flip_bits(chunk, chunk_size, decoded, size);
            free(decoded);
            free(chunk);
            free(elements);
        }
}

/* ---- The method by itself -------------------------------------------------------------------- */

/* Frames 12 x 50, in memory that the caller frees. */
static px_planes make_planes(size_t count) {
    px_planes planes = {.count = count, .height = 12, .width = 50, .depth = 8};
    planes.stride = px_plane_stride(px_plane_size(&planes));
    planes.samples = calloc(1, px_planes_bytes(&planes));
    assert_non_null(planes.samples);
    uint32_t random = 3;
    for (size_t k = 0; k < count; k++)
        for (size_t p = 0; p < px_plane_size(&planes); p++)
            px_plane(&planes, k)[p] = px_wrap(
                (int32_t)element_of(DRIFT, k, p / planes.width, p % planes.width, 8, &random),
                planes.depth);
    return planes;
}

/* Of two segments. */
static void cut_bytes_are_refused(void **state) {
    (void)state;
    px_planes planes = make_planes(20);
    px_coded c = encode_by(&px_frames, &planes, PRISM_TRANSFORM_STACK, 5, 1 << 20);
    const size_t parameters = c.sections.parameters.size, payload = c.sections.payload.size;
    px_planes decoded = make_planes(20);
    memset(decoded.samples, 0, px_planes_bytes(&decoded));
    assert_int_equal(decode_by(&px_frames, &c, parameters, payload, &decoded), PRISM_OK);
    for (size_t k = 0; k < planes.count; k++)
        assert_memory_equal(px_plane(&decoded, k), px_plane(&planes, k),
                            px_plane_size(&planes) * sizeof *planes.samples);
    for (size_t size = 0; size < parameters; size++)
        assert_int_not_equal(decode_by(&px_frames, &c, size, payload, &decoded), PRISM_OK);
    for (size_t size = 0; size < payload; size += 1 + size / 16)
        assert_int_not_equal(decode_by(&px_frames, &c, parameters, size, &decoded), PRISM_OK);
    for (size_t left = 1; left < 70; left++)
        assert_int_not_equal(decode_by(&px_frames, &c, parameters, payload - left, &decoded),
                             PRISM_OK);
    px_coded_free(&c);
    free(planes.samples);
    free(decoded.samples);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_comes_back),  cmocka_unit_test(patterns_come_back),
        cmocka_unit_test(couples_come_back),      cmocka_unit_test(too_many_frames_come_back),
        cmocka_unit_test(instruction_sets_agree), cmocka_unit_test(references_help),
        cmocka_unit_test(moved_references_help),  cmocka_unit_test(damaged_chunks),
        cmocka_unit_test(cut_bytes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
