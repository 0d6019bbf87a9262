/* Adaptive integers and inter-plane weights: what is written is read, and what cannot be is
 * refused. */
#include "linear/weights.h"

#include <stdlib.h>
#include <string.h>

#include "entropy/range_coder.h"
#include "linear/weights_fit.h"
#include "support.h"

static void integers_round_trip(void **state) {
    (void)state;
    enum { COUNT = 20000 };
    static int32_t values[COUNT];
    uint32_t random = 7;
    for (size_t i = 0; i < COUNT; i++) {
        int32_t size = (int32_t)(random_next(&random) >> (12 + random_below(&random, 20)));
        values[i] = random_next(&random) & 1 ? -size : size;
    }
    values[0] = (1 << 20) - 1;
    values[1] = -values[0];
    px_buffer bytes = {0};
    px_integer model;
    px_integer_init(&model);
    px_range_encoder encoder = px_range_encoder_make(&bytes);
    for (size_t i = 0; i < COUNT; i++)
        px_encode_integer(&encoder, &model, values[i]);
    px_range_encoder_finish(&encoder);
    px_reader in = px_reader_make(bytes.data, bytes.size);
    px_range_decoder decoder = px_range_decoder_make(&in);
    px_integer_init(&model);
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(px_decode_integer(&decoder, &model), values[i]);
    assert_false(in.failed);
    px_buffer_free(&bytes);
}

/* A carry that runs through many bytes: improbable bits after a long run of probable ones. */
static void carries_propagate(void **state) {
    (void)state;
    enum { COUNT = 200000 };
    px_buffer bytes = {0};
    px_bit model = PX_BIT_INIT;
    px_range_encoder encoder = px_range_encoder_make(&bytes);
    for (size_t i = 0; i < COUNT; i++)
        px_encode_bit(&encoder, &model, i % 1000 != 0);
    px_range_encoder_finish(&encoder);
    px_reader in = px_reader_make(bytes.data, bytes.size);
    px_range_decoder decoder = px_range_decoder_make(&in);
    model = (px_bit)PX_BIT_INIT;
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(px_decode_bit(&decoder, &model), i % 1000 != 0);
    assert_true(bytes.size < COUNT / 8 / 20);
    px_buffer_free(&bytes);
}

static px_planes make_planes(size_t count, size_t height, size_t width) {
    px_planes planes = {.count = count, .height = height, .width = width, .depth = 16};
    planes.stride = px_plane_stride(height * width);
    planes.samples = clear_samples(&planes);
    return planes;
}

static void fill_related(px_planes *planes) {
    uint32_t random = 3;
    for (size_t p = 0; p < px_plane_size(planes); p++) {
        int32_t base = (int32_t)random_below(&random, 4000) - 2000;
        for (size_t k = 0; k < planes->count; k++)
            px_plane(planes, k)[p] =
                (int16_t)(base * (int32_t)(k + 1) / 3 + (int32_t)random_below(&random, 5));
    }
}

static void assert_same_weights(const px_weights *a, const px_weights *b) {
    assert_int_equal(a->precision, b->precision);
    assert_memory_equal(a->scales, b->scales, a->count);
    for (size_t k = 0; k < a->count; k++) {
        assert_int_equal(a->rows[k].used, b->rows[k].used);
        if (!a->rows[k].used)
            continue;
        assert_int_equal(a->rows[k].shift, b->rows[k].shift);
        assert_int_equal(a->rows[k].offset, b->rows[k].offset);
        assert_memory_equal(a->rows[k].levels, b->rows[k].levels,
                            px_index_in_group(k) * sizeof *a->rows[k].levels);
    }
}

static void fitted_weights_are_written_and_read(void **state) {
    (void)state;
    px_planes planes = make_planes(12, 40, 50);
    fill_related(&planes);
    px_weights weights, again;
    assert_int_equal(px_weights_fit(&weights, &planes, NULL), PRISM_OK);
    assert_true(weights.rows[11].used);
    px_buffer bytes = {0};
    px_weights_write(&weights, &bytes);
    px_reader in = px_reader_make(bytes.data, bytes.size);
    assert_int_equal(px_weights_alloc(&again, 12, 2000, 16, NULL), PRISM_OK);
    assert_int_equal(px_weights_read(&again, &in, NULL), PRISM_OK);
    assert_same_weights(&weights, &again);
    px_weights_free(&again);

    for (size_t size = 0; size < bytes.size; size++) {
        prism_error error;
        in = px_reader_make(bytes.data, size);
        assert_int_equal(px_weights_alloc(&again, 12, 2000, 16, NULL), PRISM_OK);
        prism_status status = px_weights_read(&again, &in, &error);
        assert_true(status == PRISM_E_CORRUPT || in.failed || size + 4 > bytes.size);
        px_weights_free(&again);
    }
    px_buffer_free(&bytes);
    px_weights_free(&weights);
    px_planes_free(&planes);
}

/* Copies, zeros, constants and more planes than samples: the matrix is singular. */
static void singular_planes_can_be_fitted(void **state) {
    (void)state;
    static const size_t shapes[][3] = {{30, 3, 5}, {8, 20, 20}, {40, 1, 1}, {5, 1, 999}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int kind = 0; kind < 3; kind++) {
            px_planes planes = make_planes(shapes[i][0], shapes[i][1], shapes[i][2]);
            const size_t size = px_plane_size(&planes);
            for (size_t k = 0; k < planes.count; k++)
                for (size_t p = 0; p < size; p++)
                    px_plane(&planes, k)[p] = kind == 0   ? (int16_t)(p * 37 % 251)
                                              : kind == 1 ? (int16_t)k
                                                          : (int16_t)(p == k ? INT16_MIN : 0);
            px_weights weights;
            assert_int_equal(px_weights_fit(&weights, &planes, NULL), PRISM_OK);
            for (size_t k = 0; k < planes.count; k++)
                assert_true(!weights.rows[k].used || px_index_in_group(k) < size);
            px_weights_free(&weights);
            px_planes_free(&planes);
        }
}

static void a_copy_is_predicted_exactly(void **state) {
    (void)state;
    px_planes planes = make_planes(2, 50, 50);
    uint32_t random = 5;
    for (size_t p = 0; p < 2500; p++)
        px_plane(&planes, 0)[p] = px_plane(&planes, 1)[p] =
            (int16_t)((int32_t)random_below(&random, 2000) - 1000);
    px_weights weights;
    int16_t row[2];
    size_t pairs;
    assert_int_equal(px_weights_fit(&weights, &planes, NULL), PRISM_OK);
    assert_true(weights.rows[1].used);
    assert_int_equal(px_weights_expand(&weights, 1, row, &pairs, NULL), PRISM_OK);
    assert_int_equal(pairs, 1);
    assert_int_equal(row[0], 1 << weights.rows[1].shift);
    assert_int_equal(row[1], 0);
    px_weights_free(&weights);
    px_planes_free(&planes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_round_trip),
        cmocka_unit_test(carries_propagate),
        cmocka_unit_test(fitted_weights_are_written_and_read),
        cmocka_unit_test(singular_planes_can_be_fitted),
        cmocka_unit_test(a_copy_is_predicted_exactly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
