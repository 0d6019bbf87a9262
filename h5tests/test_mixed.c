/* The coder of mixed frames: every bit comes back, on every instruction set; it needs less than the
 * coder of frames, and damage is noticed or decodes to something. */
#include <stdlib.h>
#include <string.h>

#include "planes/stages.h"
#include "simd/simd.h"
#include "support.h"

/* ---- Stacks ---------------------------------------------------------------------------------- */

typedef enum content {
    DRIFT,      /* streaks that move a column a frame, and noise */
    DUPLICATES, /* few frames, again and again; some are constant */
    LARGE,      /* over all of the range, with far outliers */
    CONSTANT,   /* every frame is */
    CONTENTS
} content;

static uint32_t sample_of(content kind, size_t k, size_t y, size_t x, uint32_t *random) {
    switch (kind) {
    case DRIFT:
        return streaks(y, x + k) + random_below(random, 3);
    case DUPLICATES:
        return k % 4 == 3 ? 9 : texture(y, x, k % 4) % 101;
    case CONSTANT:
        return (uint32_t)k * 3;
    default:
        return random_below(random, 9) ? texture(y, x, 0) : random_next(random);
    }
}

static px_planes empty_planes(size_t count, size_t height, size_t width, unsigned depth) {
    px_planes planes = {.count = count, .height = height, .width = width, .depth = depth};
    planes.stride = px_plane_stride(px_plane_size(&planes));
    planes.samples = calloc(1, px_planes_bytes(&planes));
    assert_non_null(planes.samples);
    return planes;
}

/* Samples are signed here, whatever the elements were. */
static px_planes make_planes(content kind, size_t count, size_t height, size_t width,
                             unsigned depth) {
    px_planes planes = empty_planes(count, height, width, depth);
    uint32_t random = 3;
    for (size_t k = 0; k < count; k++)
        for (size_t p = 0; p < px_plane_size(&planes); p++)
            px_plane(&planes, k)[p] =
                px_wrap((int32_t)sample_of(kind, k, p / width, p % width, &random), depth);
    return planes;
}

/* ---- The method by itself -------------------------------------------------------------------- */

/* With windows or, if the width is even, without. */
static px_coded encode_planes(const px_coder_stage *method, const px_planes *planes, size_t limit) {
    return encode_by(method, planes, PRISM_TRANSFORM_STACK, 8 + (int)(planes->width % 2), limit);
}

static prism_status decode_planes(const px_coded *c, px_planes *planes) {
    return decode_by(&px_mixed, c, c->sections.parameters.size, c->sections.payload.size, planes);
}

static void assert_same(const px_planes *a, const px_planes *b, size_t k) {
    assert_memory_equal(px_plane(a, k), px_plane(b, k), px_plane_size(a) * sizeof *a->samples);
}

static void assert_comes_back(const px_planes *planes) {
    px_planes decoded = empty_planes(planes->count, planes->height, planes->width, planes->depth);
    px_coded c = encode_planes(&px_mixed, planes, SIZE_MAX);
    assert_int_equal(decode_planes(&c, &decoded), PRISM_OK);
    for (size_t k = 0; k < planes->count; k++)
        assert_same(planes, &decoded, k);
    px_coded_free(&c);
    free(decoded.samples);
}

static void everything_comes_back(void **state) {
    (void)state;
    static const size_t shapes[][3] = {{1, 1, 1},   {3, 1, 1},   {3, 1, 200}, {3, 200, 1},
                                       {5, 16, 47}, {4, 17, 48}, {40, 5, 7},  {6, 31, 96},
                                       {2, 2, 2},   {1, 2, 300}, {1, 40, 70}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int kind = 0; kind < CONTENTS; kind++)
            for (unsigned depth = 8; depth <= 16; depth += 8) {
                px_planes planes =
                    make_planes((content)kind, shapes[i][0], shapes[i][1], shapes[i][2], depth);
                assert_comes_back(&planes);
                free(planes.samples);
            }
}

static void every_width_comes_back(void **state) {
    (void)state;
    for (size_t width = 1; width <= 50; width++) {
        px_planes planes = make_planes(width % 2 ? DRIFT : LARGE, 3, 1 + width % 5, width, 8);
        assert_comes_back(&planes);
        free(planes.samples);
    }
}

/* Samples less the mean of their frame need 17 bits. */
static void far_samples_come_back(void **state) {
    (void)state;
    px_planes planes = make_planes(DRIFT, 3, 20, 30, 16);
    for (size_t k = 0; k < planes.count; k++)
        for (size_t p = 0; p < px_plane_size(&planes); p++) {
            int16_t *sample = px_plane(&planes, k) + p;
            *sample = p % 50 == k ? INT16_MIN : (int16_t)(INT16_MAX - *sample);
        }
    assert_comes_back(&planes);
    free(planes.samples);
}

static void instruction_sets_agree(void **state) {
    (void)state;
    for (int kind = 0; kind < CONTENTS; kind++)
        for (unsigned depth = 8; depth <= 16; depth += 8) {
            px_planes planes = make_planes((content)kind, 5, 23, 37, depth);
            px_planes decoded = empty_planes(5, 23, 37, depth);
            px_simd_force(PX_SIMD_SCALAR);
            px_coded first = encode_planes(&px_mixed, &planes, SIZE_MAX);
            for (px_simd set = 0; set < PX_SIMD_SETS && px_simd_runs(set); set++) {
                px_simd_force(set);
                px_coded c = encode_planes(&px_mixed, &planes, SIZE_MAX);
                assert_int_equal(c.sections.parameters.size, first.sections.parameters.size);
                assert_int_equal(c.sections.payload.size, first.sections.payload.size);
                assert_memory_equal(c.sections.parameters.data, first.sections.parameters.data,
                                    c.sections.parameters.size);
                assert_memory_equal(c.sections.payload.data, first.sections.payload.data,
                                    c.sections.payload.size);
                assert_int_equal(decode_planes(&first, &decoded), PRISM_OK);
                for (size_t k = 0; k < planes.count; k++)
                    assert_same(&planes, &decoded, k);
                px_coded_free(&c);
            }
            px_simd_force(PX_SIMD_SETS);
            px_coded_free(&first);
            free(planes.samples);
            free(decoded.samples);
        }
}

static void wanted_planes_come_back(void **state) {
    (void)state;
    px_planes planes = make_planes(DRIFT, 6, 20, 30, 8);
    px_coded c = encode_planes(&px_mixed, &planes, SIZE_MAX);
    for (size_t k = 0; k < planes.count; k++) {
        bool wanted[6] = {false};
        px_planes decoded = empty_planes(6, 20, 30, 8);
        wanted[k] = true;
        px_reader parameters =
            px_reader_make(c.sections.parameters.data, c.sections.parameters.size);
        px_reader payload = px_reader_make(c.sections.payload.data, c.sections.payload.size);
        assert_int_equal(px_mixed.decode(&decoded, &c.pipeline, &parameters, &payload,
                                         &(px_request){wanted, 1}, NULL),
                         PRISM_OK);
        assert_same(&planes, &decoded, k);
        free(decoded.samples);
    }
    px_coded_free(&c);
    free(planes.samples);
}

/* ---- Size ------------------------------------------------------------------------------------ */

static size_t size_of(const px_coder_stage *method, const px_planes *planes) {
    px_coded c = encode_planes(method, planes, 1 << 20);
    const size_t size = c.sections.parameters.size + c.sections.payload.size;
    px_coded_free(&c);
    return size;
}

static void mixed_frames_are_smaller(void **state) {
    (void)state;
    px_planes planes = make_planes(DRIFT, 6, 100, 120, 8);
    assert_true(size_of(&px_mixed, &planes) < size_of(&px_frames, &planes));
    free(planes.samples);
}

static void encoding_stops_at_the_limit(void **state) {
    (void)state;
    px_planes planes = make_planes(DRIFT, 6, 100, 120, 8);
    px_coded c = encode_planes(&px_mixed, &planes, 1000);
    assert_in_range(c.sections.payload.size, 1001, 2000);
    px_coded_free(&c);
    free(planes.samples);
}

/* A chunk keeps the smaller one of the two methods. */
static void chunks_are_of_the_method(void **state) {
    (void)state;
    static const prism_type types[] = {PRISM_INT8, PRISM_UINT16};
    prism_options options =
        options_of("transform=stack,predictor=lsq,coder=ans,axis=0,checksum=off");
    for (int effort = 7; effort <= 9; effort++)
        for (size_t t = 0; t < 2; t++) {
            prism_array array = make_array(types[t], 3, 4, 60, 60);
            size_t size, chunk_size;
            void *elements = make_elements(&array, PATTERN_RELATED, 5, &size);
            prism_info info;
            prism_error error;
            options.effort = effort;
            assert_round_trip(&array, elements, &options);
            uint8_t *chunk = encode_new(&array, elements, &options, &chunk_size);
            assert_int_equal(prism_inspect(chunk, chunk_size, &info, &error), PRISM_OK);
            assert_int_equal(info.coder, PRISM_CODER_ANS);
            const uint8_t method = chunk[info.header_bytes];
            assert_true(method == 4 || (method == 6 && effort > 7));
            free(chunk);
            free(elements);
        }
}

/* ---- Damage ---------------------------------------------------------------------------------- */

static void cut_bytes_are_refused(void **state) {
    (void)state;
    px_planes planes = make_planes(DRIFT, 5, 12, 50, 8), decoded = empty_planes(5, 12, 50, 8);
    px_coded c = encode_planes(&px_mixed, &planes, SIZE_MAX);
    const size_t parameters = c.sections.parameters.size, payload = c.sections.payload.size;
    for (size_t size = 0; size < parameters; size++)
        assert_int_not_equal(decode_by(&px_mixed, &c, size, payload, &decoded), PRISM_OK);
    for (size_t size = 0; size < payload; size += 1 + size / 16)
        assert_int_not_equal(decode_by(&px_mixed, &c, parameters, size, &decoded), PRISM_OK);
    px_put_u8(&c.sections.payload, 0);
    assert_int_not_equal(decode_planes(&c, &decoded), PRISM_OK);
    px_coded_free(&c);
    free(planes.samples);
    free(decoded.samples);
}

/* Every bit of the parameters and many bytes of the payload. */
static void flipped_bits_do_no_harm(void **state) {
    (void)state;
    for (int kind = 0; kind < CONTENTS; kind++)
        for (unsigned depth = 8; depth <= 16; depth += 8) {
            px_planes planes = make_planes((content)kind, 4, 4, 21, depth);
            px_planes decoded = empty_planes(4, 4, 21, depth);
            uint32_t random = 5;
            px_coded c = encode_planes(&px_mixed, &planes, SIZE_MAX);
            for (size_t i = 0; i < 8 * c.sections.parameters.size; i++) {
                c.sections.parameters.data[i / 8] ^= (uint8_t)(1 << i % 8);
                decode_planes(&c, &decoded);
                c.sections.parameters.data[i / 8] ^= (uint8_t)(1 << i % 8);
            }
            for (int i = 0; i < 100 && c.sections.payload.size; i++) {
                size_t most = i % 2 && c.sections.payload.size > 16 ? 16 : c.sections.payload.size;
                size_t at = random_below(&random, (uint32_t)most);
                uint8_t flips = (uint8_t)(1 + random_below(&random, 255));
                c.sections.payload.data[at] ^= flips;
                decode_planes(&c, &decoded);
                c.sections.payload.data[at] ^= flips;
            }
            assert_int_equal(decode_planes(&c, &decoded), PRISM_OK);
            px_coded_free(&c);
            free(planes.samples);
            free(decoded.samples);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_comes_back),       cmocka_unit_test(every_width_comes_back),
        cmocka_unit_test(far_samples_come_back),       cmocka_unit_test(instruction_sets_agree),
        cmocka_unit_test(wanted_planes_come_back),     cmocka_unit_test(mixed_frames_are_smaller),
        cmocka_unit_test(encoding_stops_at_the_limit), cmocka_unit_test(chunks_are_of_the_method),
        cmocka_unit_test(cut_bytes_are_refused),       cmocka_unit_test(flipped_bits_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
