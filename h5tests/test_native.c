/* The native coder's methods by themselves: without the container, whatever they make of the
 * planes, and on damaged input. */
#include <stdlib.h>
#include <string.h>

#include "coders/ans/lsq/model.h"
#include "planes/stages.h"
#include "simd/simd.h"
#include "support.h"

static const px_coder_stage *const methods[] = {&px_quick, &px_lsq};
enum { METHODS = 2 };

/* ---- Planes ---------------------------------------------------------------------------------- */

typedef enum content { NOISE, EXTREMES, RELATED, DOUBLED, CONSTANTS, STEPS, CONTENTS } content;

/* Noise as wide as the depth allows, and everything that is less. */
static int16_t sample_of(content kind, size_t k, size_t y, size_t x, unsigned depth,
                         uint32_t *random) {
    const int top = depth == 8 ? INT8_MAX : INT16_MAX;
    uint32_t bits = random_next(random);
    switch (kind) {
    case NOISE:
        return px_wrap((int32_t)bits, depth);
    case EXTREMES:
        return (int16_t)((x + y + k) % 2 ? top : -top - 1);
    case RELATED:
        return (int16_t)((int)((y * 3 + x * x / 4 + k * 7) % 50) - 25 + (int)(bits % 3) +
                         (int)(y * x % 7 * (k + 1)) % 40);
    case DOUBLED: /* by phases that depend on the plane, with a few patches */
        y = (y + k % 2) / 2, x = (x + k / 2 % 2) / 2;
        return (int16_t)((int)((y * 37 + x * 101 + y * x) % 90) + (bits % 97 == 0 ? 3 : 0));
    case CONSTANTS:
        return px_wrap(k % 3 == 1 ? (int32_t)((y + x) % 5) : (int32_t)k, depth);
    default:
        return (int16_t)(x > y ? top / 2 : (int)(bits & 1));
    }
}

static px_planes make_planes(content kind, size_t count, size_t height, size_t width,
                             unsigned depth) {
    px_planes planes = {.count = count, .height = height, .width = width, .depth = depth};
    planes.stride = px_plane_stride(height * width);
    planes.samples = calloc(1, px_planes_bytes(&planes));
    assert_non_null(planes.samples);
    uint32_t random = 77;
    for (size_t k = 0; k < count; k++)
        for (size_t y = 0; y < height; y++)
            for (size_t x = 0; x < width; x++)
                px_plane(&planes, k)[y * width + x] = sample_of(kind, k, y, x, depth, &random);
    return planes;
}

static px_coded encode_planes(const px_coder_stage *method, const px_planes *planes, int effort,
                              prism_transform transform) {
    size_t limit = planes->count * px_plane_size(planes) * 8 + 4096; /* no chunk is too long */
    px_coded c = encode_by(method, planes, transform, effort, limit);
    assert_false(c.sections.parameters.failed || c.sections.payload.failed);
    assert_true(c.sections.payload.size <= limit);
    return c;
}

static void assert_decodes(const px_coder_stage *method, const px_coded *c,
                           const px_planes *planes) {
    px_planes decoded =
        make_planes(NOISE, planes->count, planes->height, planes->width, planes->depth);
    assert_int_equal(
        decode_by(method, c, c->sections.parameters.size, c->sections.payload.size, &decoded),
        PRISM_OK);
    for (size_t k = 0; k < planes->count; k++)
        assert_memory_equal(px_plane(&decoded, k), px_plane(planes, k),
                            px_plane_size(planes) * sizeof *planes->samples);
    free(decoded.samples);
}

static const size_t shapes[][3] = {
    {1, 1, 1},    {1, 1, 300},  {1, 300, 1},  {3, 1, 1},   {2, 2, 2},    {5, 16, 47},
    {4, 17, 48},  {3, 33, 49},  {7, 40, 3},   {20, 5, 1},  {1, 70, 70},  {9, 31, 80},
    {2, 1, 1024}, {3, 2345, 1}, {1, 1, 1025}, {600, 2, 3}, {1000, 5, 1}, {513, 8, 80},
};

static void everything_comes_back(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int kind = 0; kind < CONTENTS; kind++)
            for (unsigned depth = 8; depth <= 16; depth += 8) {
                px_planes planes =
                    make_planes((content)kind, shapes[i][0], shapes[i][1], shapes[i][2], depth);
                for (int effort = 1; effort <= 6; effort++) {
                    if (shapes[i][0] > 500 && effort % 3 != 2)
                        continue; /* slow enough as it is */
                    if (SANITIZED && (i + (size_t)kind + (size_t)effort) % 3)
                        continue; /* in turns */
                    const px_coder_stage *method = methods[effort > 3];
                    prism_transform transform =
                        effort % 3 ? PRISM_TRANSFORM_CHANNELS : PRISM_TRANSFORM_NONE;
                    px_coded c = encode_planes(method, &planes, effort, transform);
                    assert_decodes(method, &c, &planes);
                    px_coded_free(&c);
                }
                free(planes.samples);
            }
}

/* What is said of doubled planes is a quarter of what there is. */
static void doubled_planes_shrink(void **state) {
    (void)state;
    px_planes planes = make_planes(DOUBLED, 6, 64, 64, 16);
    for (int m = 0; m < METHODS; m++) {
        px_coded c = encode_planes(methods[m], &planes, 3 * m + 2, PRISM_TRANSFORM_CHANNELS);
        assert_true(c.sections.payload.size + c.sections.parameters.size < 6 * 32 * 32 * 7 / 8);
        assert_decodes(methods[m], &c, &planes);
        px_coded_free(&c);
    }
    free(planes.samples);
}

static void sets_of_kernels_agree(void **state) {
    (void)state;
    for (int kind = 0; kind < CONTENTS; kind++)
        for (int effort = 1; effort <= 6; effort++) {
            const px_coder_stage *method = methods[effort > 3];
            px_planes planes = make_planes((content)kind, 9, 37, 83, effort % 2 ? 8 : 16);
            px_simd_force(PX_SIMD_SCALAR);
            px_coded reference = encode_planes(method, &planes, effort, PRISM_TRANSFORM_CHANNELS);
            for (px_simd set = 0; set < PX_SIMD_SETS && px_simd_runs(set); set++) {
                px_simd_force(set);
                px_coded c = encode_planes(method, &planes, effort, PRISM_TRANSFORM_CHANNELS);
                assert_int_equal(c.sections.parameters.size, reference.sections.parameters.size);
                assert_memory_equal(c.sections.parameters.data, reference.sections.parameters.data,
                                    c.sections.parameters.size);
                assert_int_equal(c.sections.payload.size, reference.sections.payload.size);
                assert_memory_equal(c.sections.payload.data, reference.sections.payload.data,
                                    c.sections.payload.size);
                assert_decodes(method, &reference, &planes);
                px_coded_free(&c);
            }
            px_simd_force(PX_SIMD_SETS);
            px_coded_free(&reference);
            free(planes.samples);
        }
}

static void any_limit_will_do(void **state) {
    (void)state;
    px_planes planes = make_planes(NOISE, 4, 100, 100, 16);
    const px_coder_stage *const all[] = {&px_quick, &px_lsq, &px_frames};
    for (size_t m = 0; m < sizeof all / sizeof *all; m++) {
        px_coded c = encode_by(all[m], &planes, PRISM_TRANSFORM_CHANNELS, 5, SIZE_MAX);
        px_coded same = encode_planes(all[m], &planes, 5, PRISM_TRANSFORM_CHANNELS);
        assert_int_equal(c.sections.payload.size, same.sections.payload.size);
        assert_true(c.sections.payload.size > 70000);
        px_coded_free(&same);
        px_coded_free(&c);
    }
    free(planes.samples);
}

/* A chunk that would be too long is given up, with more than the limit in the payload. */
static void long_chunks_are_given_up(void **state) {
    (void)state;
    px_planes planes = make_planes(NOISE, 4, 50, 50, 8);
    for (int m = 0; m < METHODS; m++) {
        px_coded c = encode_by(methods[m], &planes, PRISM_TRANSFORM_CHANNELS, 3 * m + 2, 5000);
        assert_true(c.sections.payload.size > 5000);
        px_coded_free(&c);
    }
    free(planes.samples);
}

/* ---- Damage ---------------------------------------------------------------------------------- */

static void damage_does_not_crash(void **state) {
    (void)state;
    static const content contents[] = {RELATED, DOUBLED, STEPS};
    uint32_t random = 3;
    for (size_t i = 0; i < 3 * METHODS; i++) {
        const px_coder_stage *method = methods[i % METHODS];
        px_planes planes = make_planes(contents[i / METHODS], 7, 30, 21, i / METHODS == 1 ? 16 : 8);
        px_coded c = encode_planes(method, &planes, i % METHODS ? 5 : 1, PRISM_TRANSFORM_CHANNELS);
        size_t refused = 0, bytes = c.sections.parameters.size + c.sections.payload.size;
        for (size_t at = 0; at < bytes; at += at < c.sections.parameters.size ? 1 : 7) {
            uint8_t *byte = at < c.sections.parameters.size
                                ? c.sections.parameters.data + at
                                : c.sections.payload.data + (at - c.sections.parameters.size);
            uint8_t kept = *byte;
            *byte = (uint8_t)(*byte ^ (1 + random_below(&random, 255)));
            refused += decode_by(method, &c, c.sections.parameters.size, c.sections.payload.size,
                                 &planes) != PRISM_OK;
            *byte = kept;
        }
        assert_true(refused * 10 > 9 * bytes / 7); /* states that do not end as they began */
        px_coded_free(&c);
        free(planes.samples);
    }
}

static void random_parameters_do_not_crash(void **state) {
    (void)state;
    uint32_t random = 11;
    px_planes planes = make_planes(NOISE, 40, 12, 9, 16);
    for (int round = 0; round < 300; round++) {
        px_coded c = {
            .pipeline = {.transform = round % 3 ? PRISM_TRANSFORM_CHANNELS : PRISM_TRANSFORM_NONE}};
        /* Zeros are likely decisions: with many of them the decoder gets farther. */
        for (size_t i = 0; i < 3000; i++)
            px_put_u8(&c.sections.parameters, random_below(&random, (uint32_t)round / 30 + 1)
                                                  ? 0
                                                  : (uint8_t)random_next(&random));
        for (size_t i = 0; i < 9000; i++)
            px_put_u8(&c.sections.payload, (uint8_t)random_next(&random));
        for (int m = 0; m < METHODS; m++)
            assert_int_not_equal(decode_by(methods[m], &c, c.sections.parameters.size,
                                           c.sections.payload.size, &planes),
                                 PRISM_OK);
        px_coded_free(&c);
    }
    free(planes.samples);
}

static void truncation_is_noticed(void **state) {
    (void)state;
    px_planes planes = make_planes(RELATED, 5, 24, 50, 8);
    for (int m = 0; m < METHODS; m++) {
        px_coded c = encode_planes(methods[m], &planes, 3 * m + 2, PRISM_TRANSFORM_CHANNELS);
        for (size_t size = 0; size < c.sections.payload.size; size += 1 + size / 64)
            assert_int_equal(decode_by(methods[m], &c, c.sections.parameters.size, size, &planes),
                             PRISM_E_CORRUPT);
        for (size_t size = 0; size < c.sections.parameters.size; size++)
            assert_int_equal(decode_by(methods[m], &c, size, c.sections.payload.size, &planes),
                             PRISM_E_CORRUPT);
        px_coded_free(&c);
    }
    free(planes.samples);
}

/* ---- Parts ----------------------------------------------------------------------------------- */

/* Every digit has a slot, and slots and digits find each other. */
static void shapes_are_distributions(void **state) {
    (void)state;
    for (int shape = 0; shape < PX_SHAPE_COUNT; shape += 3)
        for (int scale = 0; scale < 37; scale++)
            for (int bits = 11; bits <= 12; bits++) {
                px_slots slots;
                px_slots_make(&slots, bits, shape, scale);
                const int last = 16 * slots.limit + 7;
                assert_true(slots.limit >= 2 && slots.limit <= PX_MAX_DIGIT);
                assert_true(px_slot_of(&slots, -last) >= 1);
                assert_true(px_slot_of(&slots, last) < 1 << bits);
                for (int z = -last; z < last; z++)
                    assert_true(px_slot_of(&slots, z) <= px_slot_of(&slots, z + 1));
                for (int z = -last; z + 16 <= last; z++)
                    assert_true(px_slot_of(&slots, z) < px_slot_of(&slots, z + 16));
            }
}

static void fill_taps(px_taps *taps, int count, uint32_t *random) {
    taps->scale = (int)random_below(random, 40) - 20;
    for (int t = 0; t < count; t++)
        taps->levels[t] = (int)random_below(random, 60) - 30;
}

static void fill_model(px_lsq_model *model, uint32_t *random) {
    for (int c = 0; c < PX_SHAPE_CLASSES; c++)
        model->shapes[c] = (uint8_t)random_below(random, PX_SHAPE_COUNT);
    for (int t = 0; t < PX_MEAN_TAPS; t++)
        model->sample_steps[t] = (int)random_below(random, 20) - 10;
    for (size_t k = 0; k < model->count; k++) {
        px_lsq_plane *plane = &model->planes[k];
        model->order[k] = (uint16_t)(model->count - 1 - k);
        plane->kind = (px_plane_kind)random_below(random, 3);
        plane->mean = (int)random_below(random, 60000) - 30000;
        if (plane->kind == PX_PLANE_CONSTANT)
            continue;
        plane->fraction = (int)random_below(random, 6);
        plane->start_error = (int)random_below(random, 32);
        plane->bias = (int)random_below(random, 100) - 50;
        plane->scale_offset = (int)random_below(random, 4000) - 2000;
        plane->scale_error = 8 * ((int)random_below(random, 200) - 100);
        plane->scale_running = (int)random_below(random, 200) - 100;
        plane->scale_blur = (int)random_below(random, 200) - 100;
        fill_taps(&plane->innovation, PX_INNOVATION_TAPS, random);
        fill_taps(&plane->sample, PX_MEAN_TAPS, random);
        if (plane->kind != PX_PLANE_HALVED)
            continue;
        plane->phase = (px_phase){(int)random_below(random, 2), (int)random_below(random, 2)};
        plane->patches = malloc(2 * sizeof *plane->patches);
        assert_non_null(plane->patches);
        plane->patch_count = 2;
        plane->patches[0] = (px_patch){random_below(random, 300), -70000};
        plane->patches[1] = (px_patch){plane->patches[0].position + 1, 5};
    }
}

static void assert_same_planes(const px_lsq_plane *a, const px_lsq_plane *b) {
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->mean, b->mean);
    if (a->kind == PX_PLANE_CONSTANT)
        return;
    assert_int_equal(a->fraction, b->fraction);
    assert_int_equal(a->start_error, b->start_error);
    assert_int_equal(a->bias, b->bias);
    assert_int_equal(a->scale_offset, b->scale_offset);
    assert_int_equal(a->scale_error, b->scale_error);
    assert_int_equal(a->scale_running, b->scale_running);
    assert_int_equal(a->scale_blur, b->scale_blur);
    assert_memory_equal(&a->innovation, &b->innovation, sizeof a->innovation);
    assert_memory_equal(&a->sample, &b->sample, sizeof a->sample);
    assert_int_equal(a->patch_count, b->patch_count);
    assert_int_equal(a->phase.rows, b->phase.rows);
    assert_int_equal(a->phase.columns, b->phase.columns);
    if (a->patch_count)
        assert_memory_equal(a->patches, b->patches, a->patch_count * sizeof *a->patches);
}

static void models_are_written_and_read(void **state) {
    (void)state;
    uint32_t random = 5;
    for (int quick = 0; quick < 2; quick++) {
        px_planes planes = make_planes(NOISE, 30, 20, 20, 16);
        px_lsq_model model, again;
        assert_int_equal(px_model_alloc(&model, &planes, 30, quick, true, NULL), PRISM_OK);
        assert_int_equal(px_model_alloc(&again, &planes, 30, quick, true, NULL), PRISM_OK);
        fill_model(&model, &random);
        px_buffer bytes = {0};
        px_model_write(&model, &bytes);
        px_reader in = px_reader_make(bytes.data, bytes.size);
        assert_int_equal(px_model_read(&again, &in, NULL), PRISM_OK);
        assert_int_equal(px_reader_left(&in), 0);
        assert_memory_equal(model.shapes, again.shapes, sizeof model.shapes);
        assert_memory_equal(model.sample_steps, again.sample_steps, sizeof model.sample_steps);
        for (size_t k = 0; k < model.count; k++) {
            assert_int_equal(again.order[k], quick ? k : model.order[k]);
            assert_same_planes(&model.planes[k], &again.planes[k]);
        }
        px_buffer_free(&bytes);
        px_model_free(&model);
        px_model_free(&again);
        free(planes.samples);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_comes_back),
        cmocka_unit_test(doubled_planes_shrink),
        cmocka_unit_test(sets_of_kernels_agree),
        cmocka_unit_test(any_limit_will_do),
        cmocka_unit_test(long_chunks_are_given_up),
        cmocka_unit_test(damage_does_not_crash),
        cmocka_unit_test(random_parameters_do_not_crash),
        cmocka_unit_test(truncation_is_noticed),
        cmocka_unit_test(shapes_are_distributions),
        cmocka_unit_test(models_are_written_and_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
