/* Sizes that chunks claim: what this machine has no room for is an error, also where size_t has 32
 * bits (scripts/test-machines). */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/sizes.h"
#include "pipeline/container.h"
#include "support.h"

enum { FACTORS = 4, ROUNDS = 20000 };

/* Factors of all magnitudes, zeros among them. */
static uint64_t random_factor(uint32_t *random) {
    const uint64_t bits = (uint64_t)random_next(random) << 32 | random_next(random);
    return bits >> random_below(random, 64) >> random_below(random, 2);
}

/* Divides as long as there is something left, so that nothing overflows. */
static size_t expected_product(const uint64_t *factors, size_t count) {
    uint64_t room = SIZE_MAX, product = 1;
    for (size_t i = 0; i < count; i++)
        if (factors[i] == 0)
            return 0;
    for (size_t i = 0; i < count; i++) {
        room /= factors[i];
        product *= factors[i];
    }
    return room ? (size_t)product : SIZE_MAX;
}

static void products_and_sums_do_not_wrap(void **state) {
    (void)state;
    uint32_t random = 5;
    size_t limited = 0;
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t f[FACTORS];
        for (size_t i = 0; i < FACTORS; i++)
            f[i] = random_factor(&random);
        const size_t product = px_product(f[0], f[1], f[2], f[3]), sum = px_sum(f[0], f[1]);
        assert_int_equal(product, expected_product(f, FACTORS));
        assert_int_equal(px_product(f[0]), f[0] > SIZE_MAX ? SIZE_MAX : (size_t)f[0]);
        assert_true(f[0] > SIZE_MAX || f[1] > SIZE_MAX - f[0] ? sum == SIZE_MAX
                                                              : sum == f[0] + f[1]);
        limited += product == SIZE_MAX;
    }
    assert_in_range(limited, ROUNDS / 10, ROUNDS * 19 / 20);
}

static void memory_for_no_elements_is_memory(void **state) {
    (void)state;
    void *const none[] = {px_alloc(0, 8), px_alloc_zeroed(7, 0)};
    for (size_t i = 0; i < 2; i++) {
        assert_non_null(none[i]);
        free(none[i]);
    }
    assert_null(px_alloc(SIZE_MAX / 2, 3));
    assert_null(px_alloc_zeroed(SIZE_MAX, SIZE_MAX));
}

/* What decodes to 8 bytes on one machine must not decode to 4 on another. */
static void sizes_do_not_lose_bits(void **state) {
    (void)state;
    const uint64_t values[] = {0, 127, 128, UINT32_MAX, (uint64_t)UINT32_MAX + 6, UINT64_MAX / 2};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        px_buffer buffer = {0};
        px_put_varint(&buffer, values[i]);
        px_reader reader = px_reader_make(buffer.data, buffer.size);
        const size_t size = px_get_size(&reader);
        assert_int_equal(reader.failed, values[i] > SIZE_MAX);
        assert_int_equal(size, reader.failed ? 0 : values[i]);
        px_buffer_free(&buffer);
    }
}

/* ---- Chunks ---- */

static const prism_array claims[] = {
    {.type = PRISM_UINT8, .rank = 2, .dims = {65536, 65535}},
    {.type = PRISM_UINT8, .rank = 2, .dims = {1 << 26, 1}},
    {.type = PRISM_INT16, .rank = 3, .dims = {1 << 28, 1, 7}},
    {.type = PRISM_INT8, .rank = 3, .dims = {1, 1 << 28, 1}},
    {.type = PRISM_INT8, .rank = 3, .dims = {1, 1 << 29, 3}},
    {.type = PRISM_UINT8, .rank = 1, .dims = {UINT32_MAX}},
};

static const px_pipeline claiming[] = {
    {PRISM_TRANSFORM_NONE,
     PRISM_PREDICTOR_PAETH,
     PRISM_CODER_DEFLATE,
     5,
     0,
     {0, 0, {0}},
     0,
     false,
     1},
    {PRISM_TRANSFORM_CHANNELS,
     PRISM_PREDICTOR_NONE,
     PRISM_CODER_JXL,
     5,
     0,
     {0, 0, {0}},
     0,
     false,
     1},
    {PRISM_TRANSFORM_STACK,
     PRISM_PREDICTOR_PAETH,
     PRISM_CODER_DEFLATE,
     5,
     0,
     {0, 0, {0}},
     0,
     false,
     1},
    {PRISM_TRANSFORM_CHANNELS,
     PRISM_PREDICTOR_LSQ,
     PRISM_CODER_ANS,
     5,
     0,
     {0, 0, {0}},
     0,
     false,
     1},
};

/* A chunk of few bytes with that array and pipeline; `first` is where the coder's parameters
 * begin. */
static px_buffer write_claim(const prism_array *array, const px_pipeline *pipeline, uint8_t first) {
    uint8_t content[16] = {first};
    for (size_t i = 1; i < sizeof content; i++)
        content[i] = (uint8_t)(i * 37 + first);
    px_buffer out = {0};
    const px_chunk chunk = {.array = *array,
                            .pipeline = *pipeline,
                            .parameters = content,
                            .parameter_size = sizeof content,
                            .payload = content,
                            .payload_size = sizeof content};
    assert_int_equal(px_chunk_write(&chunk, &out, NULL), PRISM_OK);
    return out;
}

/* A machine of 64 bits would try: it may have the memory. */
static prism_decode_options few_bytes(void) {
    const uint64_t limit = sizeof(size_t) == sizeof(uint64_t) ? 1 << 20 : 0;
    return (prism_decode_options){.threads = 1, .memory_limit = limit};
}

static void refuse(const px_buffer *chunk, const prism_array *array) {
    const prism_decode_options options = few_bytes();
    const uint64_t one = 0;
    uint8_t decoded[64];
    size_t size;
    prism_error error;
    assert_int_equal(prism_array_size(array, &size, NULL), PRISM_OK);
    assert_int_not_equal(prism_decode(chunk->data, chunk->size, decoded, size, &options, &error),
                         PRISM_OK);
    assert_true(error.message[0] != '\0');
    const size_t plane = size / (size_t)array->dims[0];
    assert_int_not_equal(
        prism_decode_planes(chunk->data, chunk->size, &one, 1, decoded, plane, &options, &error),
        PRISM_OK);
    assert_true(error.message[0] != '\0');
}

/* Every method of the native coder, and numbers of methods that there are not. */
static void large_claims_of_small_chunks_are_refused(void **state) {
    (void)state;
    enum { METHODS = 12 };
    for (size_t c = 0; c < sizeof claims / sizeof *claims; c++)
        for (size_t p = 0; p < sizeof claiming / sizeof *claiming; p++)
            for (uint8_t method = 0; method < METHODS; method++) {
                px_buffer chunk = write_claim(&claims[c], &claiming[p], method);
                refuse(&chunk, &claims[c]);
                px_buffer_free(&chunk);
            }
}

/* 65535 bytes a plane, 65538 times, are 65534 modulo 2^32. */
static void repeated_planes_do_not_wrap(void **state) {
    (void)state;
    enum { PLANES = 65538 };
    px_buffer chunk = write_claim(&claims[0], &claiming[0], 0);
    const prism_decode_options options = few_bytes();
    uint64_t *planes = calloc(PLANES, sizeof *planes);
    uint8_t *decoded = malloc(65534);
    assert_non_null(planes);
    assert_non_null(decoded);
    assert_int_equal(
        prism_decode_planes(chunk.data, chunk.size, planes, PLANES, decoded, 65534, &options, NULL),
        PRISM_E_ARGUMENT);
    free(planes);
    free(decoded);
    px_buffer_free(&chunk);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_and_sums_do_not_wrap),
        cmocka_unit_test(memory_for_no_elements_is_memory),
        cmocka_unit_test(sizes_do_not_lose_bits),
        cmocka_unit_test(large_claims_of_small_chunks_are_refused),
        cmocka_unit_test(repeated_planes_do_not_wrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
