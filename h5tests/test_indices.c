/* The coder of indices: every bit comes back, on every instruction set; damage is noticed or
 * decodes to something; what repeats is nearly free. */
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "coders/ans/palette/model.h"
#include "planes/values.h"
#include "simd/simd.h"
#include "support.h"

enum { FAST = 5, STRONG = 9 };

typedef struct shape {
    size_t count, height, width;
    unsigned depth;
} shape;

static px_planes planes_of(shape s) {
    px_planes planes = {.count = s.count,
                        .height = s.height,
                        .width = s.width,
                        .stride = px_plane_stride(s.height * s.width),
                        .depth = s.depth};
    planes.samples = clear_samples(&planes);
    return planes;
}

/* The value number `index` of `values`: far apart, some of them negative. */
static int16_t value_of(int index, int values, unsigned depth) {
    const int32_t step = (depth == 8 ? 255 : 65535) / values;
    return (int16_t)((index - values / 2) * step);
}

/* Boxes of random values that move a little from plane to plane, with specks. */
static px_planes drawing(shape s, int values, uint32_t seed) {
    px_planes planes = planes_of(s);
    uint32_t random = seed;
    for (size_t k = 0; k < s.count; k++)
        for (size_t y = 0; y < s.height; y++)
            for (size_t x = 0; x < s.width; x++) {
                uint32_t box = (uint32_t)((y / 7) * 131 + (x + k) / 9) * 2654435761u + seed;
                uint32_t value = (box >> 16) % (uint32_t)values;
                if (random_below(&random, 97) == 0)
                    value = random_below(&random, (uint32_t)values);
                px_plane(&planes, k)[y * s.width + x] = value_of((int)value, values, s.depth);
            }
    return planes;
}

static px_coded encode(const px_planes *planes, int effort) {
    return encode_by(&px_palette, planes, PRISM_TRANSFORM_NONE, effort, SIZE_MAX);
}

static prism_status decode(px_planes *planes, const px_coded *c) {
    return decode_by(&px_palette, c, c->sections.parameters.size, c->sections.payload.size, planes);
}

static size_t assert_same_back(const px_planes *planes, int effort) {
    px_planes back =
        planes_of((shape){planes->count, planes->height, planes->width, planes->depth});
    px_coded c = encode(planes, effort);
    assert_int_equal(decode(&back, &c), PRISM_OK);
    for (size_t k = 0; k < planes->count; k++)
        assert_memory_equal(px_plane(planes, k), px_plane(&back, k),
                            px_plane_size(planes) * sizeof *back.samples);
    const size_t size = c.sections.parameters.size + c.sections.payload.size;
    px_coded_free(&c);
    px_planes_free(&back);
    return size;
}

static size_t assert_drawing(shape s, int values, uint32_t seed, int effort) {
    px_planes planes = drawing(s, values, seed);
    size_t size = assert_same_back(&planes, effort);
    px_planes_free(&planes);
    return size;
}

static void all_shapes(void **state) {
    (void)state;
    static const size_t shapes[][3] = {{1, 1, 1},   {1, 1, 300}, {1, 300, 1}, {40, 1, 1},
                                       {3, 1, 16},  {2, 2, 15},  {2, 3, 17},  {5, 33, 47},
                                       {700, 2, 3}, {2, 64, 64}, {4, 9, 129}, {1, 150, 200}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (unsigned depth = 8; depth <= 16; depth += 8)
            for (int effort = FAST; effort <= STRONG; effort += STRONG - FAST) {
                shape s = {shapes[i][0], shapes[i][1], shapes[i][2], depth};
                assert_drawing(s, 5, 11, effort);
            }
}

static void all_numbers_of_values(void **state) {
    (void)state;
    for (int values = 1; values <= PX_PALETTE_FEW + 2; values++) {
        assert_drawing((shape){2, 40, 50, 8}, values, 3, FAST);
        assert_drawing((shape){2, 20, 50, 16}, values, 5, STRONG);
    }
}

/* More than 64, than 256, and as many as there are. */
static void many_values(void **state) {
    (void)state;
    static const int numbers[] = {100, 255, 256, 257, 2500, UINT16_MAX};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        for (int effort = FAST; effort <= STRONG; effort += STRONG - FAST) {
            assert_drawing((shape){3, 64, 96, numbers[i] < 256 ? 8 : 16}, numbers[i], 3, effort);
            assert_drawing((shape){2, 20, 50, 16}, numbers[i], 5, effort);
        }
    px_planes planes = planes_of((shape){1, 256, 256, 16});
    for (int p = 0; p <= UINT16_MAX; p++)
        planes.samples[p] = px_wrap(p, 16);
    assert_same_back(&planes, FAST);
    px_planes_free(&planes);
}

static void extreme_values(void **state) {
    (void)state;
    for (unsigned depth = 8; depth <= 16; depth += 8) {
        px_planes planes = planes_of((shape){2, 10, 30, depth});
        for (size_t k = 0; k < planes.count; k++)
            for (size_t p = 0; p < px_plane_size(&planes); p++)
                px_plane(&planes, k)[p] = px_wrap((p + k) % 3 ? 1 << (depth - 1) : -1, depth);
        assert_same_back(&planes, FAST);
        px_planes_free(&planes);
    }
}

static void unsuitable_planes(void **state) {
    (void)state;
    px_planes planes = planes_of((shape){1, 10, 10, 8});
    px_values values;
    for (int i = 0; i < 100; i++)
        planes.samples[i] = (int16_t)(i - 50);
    px_values_of_planes(&values, &planes, PX_PALETTE_FEW);
    assert_true(values.count > PX_PALETTE_FEW);
    for (int i = 0; i < 100; i++)
        planes.samples[i] = (int16_t)(i % 64);
    px_values_of_planes(&values, &planes, PX_PALETTE_FEW);
    assert_int_equal(values.count, PX_PALETTE_FEW);
    assert_true(px_palette_has_room(&planes));
    px_planes_free(&planes);

    planes = planes_of((shape){50000, 1, 1, 8}); /* margins would be more than 100 times of it */
    assert_false(px_palette_has_room(&planes));
    px_planes_free(&planes);
}

/* ---- Sizes ---- */

static void drawings_are_small(void **state) {
    (void)state;
    const shape s = {6, 120, 160, 8};
    const size_t fast = assert_drawing(s, 4, 1, FAST), strong = assert_drawing(s, 4, 1, STRONG);
    assert_in_range(fast, 1, 1600);
    assert_in_range(strong, 1, 1450);
}

/* One screen, of random tiles, again and again, with the tiles shifted by whole tiles. */
static void repetitions_are_nearly_free(void **state) {
    (void)state;
    static uint8_t tiles[6][8][8];
    uint32_t random = 9;
    for (size_t i = 0; i < sizeof tiles; i++)
        ((uint8_t *)tiles)[i] = (uint8_t)random_below(&random, 4);
    px_planes planes = planes_of((shape){8, 96, 128, 8});
    for (size_t k = 0; k < planes.count; k++)
        for (size_t y = 0; y < planes.height; y++)
            for (size_t x = 0; x < planes.width; x++)
                px_plane(&planes, k)[y * planes.width + x] =
                    tiles[(y / 8 * 5 + x / 8) % 6][y % 8][x % 8];
    assert_in_range(assert_same_back(&planes, FAST), 1, 190);
    assert_in_range(assert_same_back(&planes, STRONG), 1, 175);
    px_planes_free(&planes);
}

static void instruction_sets_agree(void **state) {
    (void)state;
    for (int effort = FAST; effort <= STRONG; effort += STRONG - FAST) {
        px_planes planes = drawing((shape){3, 50, 70, 8}, 7, 2);
        px_simd_force(PX_SIMD_SCALAR);
        px_coded expected = encode(&planes, effort);
        for (px_simd set = 0; set < PX_SIMD_SETS && px_simd_runs(set); set++) {
            px_simd_force(set);
            px_coded c = encode(&planes, effort);
            assert_int_equal(c.sections.payload.size, expected.sections.payload.size);
            assert_memory_equal(c.sections.payload.data, expected.sections.payload.data,
                                c.sections.payload.size);
            assert_same_back(&planes, effort);
            px_coded_free(&c);
        }
        px_simd_force(PX_SIMD_SETS);
        px_coded_free(&expected);
        px_planes_free(&planes);
    }
}

/* ---- Damage ---- */

static void damaged_bytes(void **state) {
    (void)state;
    for (int effort = FAST; effort <= STRONG; effort += STRONG - FAST) {
        const shape s = {3, 40, 60, 16};
        px_planes planes = drawing(s, 20, 8), back = planes_of(s);
        px_coded c = encode(&planes, effort);
        uint32_t random = 5;
        for (int i = 0; i < 150; i++) {
            px_buffer *part = i % 30 ? &c.sections.payload : &c.sections.parameters;
            const size_t within = i % 2 && part->size > 30 ? 30 : part->size;
            uint8_t *byte = &part->data[random_below(&random, (uint32_t)within)], kept = *byte;
            *byte = (uint8_t)(*byte ^ (1 + random_below(&random, 255)));
            decode(&back, &c);
            *byte = kept;
        }
        for (size_t i = 0; i < c.sections.payload.size; i++)
            c.sections.payload.data[i] = (uint8_t)random_next(&random);
        decode(&back, &c);
        px_coded_free(&c);
        px_planes_free(&planes);
        px_planes_free(&back);
    }
}

static void truncated_bytes(void **state) {
    (void)state;
    const shape s = {2, 40, 60, 8};
    px_planes planes = drawing(s, 6, 8), back = planes_of(s);
    px_coded c = encode(&planes, FAST);
    const size_t size = c.sections.payload.size;
    for (c.sections.payload.size = 0; c.sections.payload.size < size; c.sections.payload.size++)
        assert_int_equal(decode(&back, &c), PRISM_E_CORRUPT);
    c.sections.parameters.size = 0;
    assert_int_equal(decode(&back, &c), PRISM_E_CORRUPT);
    px_coded_free(&c);
    px_planes_free(&planes);
    px_planes_free(&back);
}

/* What no encoder writes is refused: values in no order, and beyond 8 bits. */
static void wrong_values(void **state) {
    (void)state;
    static const int32_t lists[][3] = {
        {1, 5, 0}, {1, 5, -3}, {1, -128, 256}, {99, 1, 1}, {-5, 1, 1}};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        px_planes back = planes_of((shape){1, 4, 4, 8});
        px_coded c = {0};
        px_integer model;
        px_integer_init(&model);
        px_put_u8(&c.sections.parameters, 1);
        px_range_encoder coder = px_range_encoder_make(&c.sections.payload);
        for (int j = 0; j < 3; j++)
            px_encode_integer(&coder, &model, lists[i][j]);
        px_range_encoder_finish(&coder);
        assert_int_equal(decode(&back, &c), PRISM_E_CORRUPT);
        px_coded_free(&c);
        px_planes_free(&back);
    }
}

static px_coded encode_in_doubt(const px_planes *planes, size_t limit) {
    const px_task task = {.pipeline = {.coder = PRISM_CODER_ANS, .effort = FAST},
                          .method = PRISM_METHOD_PALETTE,
                          .effort = FAST,
                          .doubtful = true,
                          .limit = limit};
    px_coded c = {.pipeline = task.pipeline};
    assert_int_equal(px_palette.encode(planes, &task, &c, NULL), PRISM_OK);
    return c;
}

/* What seven tenths of the bytes are not enough for is given up before they are there: zeros make
 * it too long. With enough bytes, doubt changes nothing. */
static void hopeless_limits(void **state) {
    (void)state;
    px_planes planes = drawing((shape){8, 64, 64, 8}, 20, 3);
    px_coded all = encode(&planes, FAST);
    const size_t size = all.sections.payload.size, limit = size * 7 / 10;
    px_coded enough = encode_in_doubt(&planes, size), fewer = encode_in_doubt(&planes, limit);
    assert_int_equal(enough.sections.payload.size, size);
    assert_memory_equal(enough.sections.payload.data, all.sections.payload.data, size);
    assert_true(fewer.sections.payload.size > limit);
    for (size_t i = limit * 9 / 10; i < limit; i++)
        assert_int_equal(fewer.sections.payload.data[i], 0);
    px_coded_free(&all);
    px_coded_free(&enough);
    px_coded_free(&fewer);
    px_planes_free(&planes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_shapes),
        cmocka_unit_test(all_numbers_of_values),
        cmocka_unit_test(many_values),
        cmocka_unit_test(extreme_values),
        cmocka_unit_test(unsuitable_planes),
        cmocka_unit_test(drawings_are_small),
        cmocka_unit_test(repetitions_are_nearly_free),
        cmocka_unit_test(instruction_sets_agree),
        cmocka_unit_test(damaged_bytes),
        cmocka_unit_test(truncated_bytes),
        cmocka_unit_test(wrong_values),
        cmocka_unit_test(hopeless_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
