/* The first look before coder zstd: what it says of arrays whose repetitions and entropy are known.
 */
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "survey/byte_look.h"

enum { COUNT = 1 << 17, PERIOD = 5000, SHORT_PERIOD = 40 };

/* Numbers as a function of their place. */
typedef uint32_t (*content)(size_t i, uint32_t *random);

static uint32_t noise(size_t i, uint32_t *random) {
    (void)i;
    return random_next(random);
}

static uint32_t constant(size_t i, uint32_t *random) {
    (void)i, (void)random;
    return 3;
}

static uint32_t progression(size_t i, uint32_t *random) {
    (void)random;
    return (uint32_t)(i * 12345);
}

static uint32_t hashed(size_t i) {
    return (uint32_t)(i * 2654435761u ^ (i * i * 40503u) >> 3);
}

static uint32_t repeated_far(size_t i, uint32_t *random) {
    (void)random;
    return hashed(i % PERIOD);
}

static uint32_t repeated_nearby(size_t i, uint32_t *random) {
    (void)random;
    return hashed(i % SHORT_PERIOD);
}

static px_byte_look look_at(content kind, prism_type type, size_t count) {
    const size_t width = prism_type_size(type);
    uint8_t *elements = malloc(count * width);
    const prism_array array = make_array(type, 1, (int)count);
    uint32_t random = 7;
    px_byte_look look;
    assert_non_null(elements);
    for (size_t i = 0; i < count; i++) {
        const uint64_t word = kind(i, &random) * (width > 4 ? 0x100000001u : UINT64_C(1));
        memcpy(elements + i * width, &word, width);
    }
    assert_int_equal(px_byte_look_make(&look, &array, elements, PRISM_AXIS_AUTO, NULL), PRISM_OK);
    free(elements);
    return look;
}

static const prism_type types[] = {PRISM_UINT8, PRISM_UINT16, PRISM_UINT32, PRISM_FLOAT64};
enum { TYPES = sizeof types / sizeof *types };

static double bytes_of(prism_type type) {
    return (double)COUNT * (double)prism_type_size(type);
}

/* Of 64 bits, half repeat the other half, but bytes are looked at one by one. */
static void noise_promises_nothing(void **state) {
    (void)state;
    for (size_t i = 0; i < TYPES; i++) {
        const px_byte_look look = look_at(noise, types[i], COUNT);
        assert_true(look.entropy > 0.98 * bytes_of(types[i]));
        assert_true(look.nearby < 0.02 && look.far < 0.02);
        assert_false(look.is_small);
        assert_false(px_byte_look_promises(&look, bytes_of(types[i])));
    }
}

static void what_is_constant_or_a_progression_promises_all(void **state) {
    (void)state;
    static const content kinds[] = {constant, progression};
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 2 * k; i < TYPES; i++) { /* a progression of narrow words wraps */
            const px_byte_look look = look_at(kinds[k], types[i], COUNT);
            assert_true(look.entropy < 0.02 * bytes_of(types[i]));
            assert_true(look.nearby > 0.95);
            assert_true(px_byte_look_promises(&look, 0.01 * bytes_of(types[i])));
        }
}

static void what_comes_again_far_away_is_seen(void **state) {
    (void)state;
    for (size_t i = 0; i < TYPES; i++) {
        const px_byte_look look = look_at(repeated_far, types[i], COUNT);
        assert_true(look.far > 0.8);
        assert_true(px_byte_look_promises(&look, 0.3 * bytes_of(types[i])));
    }
}

static void what_comes_again_nearby_is_seen(void **state) {
    (void)state;
    for (size_t i = 0; i < TYPES; i++) {
        const px_byte_look look = look_at(repeated_nearby, types[i], COUNT);
        assert_true(look.nearby > 0.7);
        assert_true(px_byte_look_promises(&look, 0.3 * bytes_of(types[i])));
    }
}

/* Two values at each place of a grid, the second one of which is the first one of the next row, or
 * any other. */
static px_byte_look look_at_pairs(bool again) {
    enum { ROWS = 400, COLUMNS = 300 };
    const prism_array array = make_array(PRISM_UINT32, 3, ROWS, COLUMNS, 2);
    uint32_t *pairs = malloc(2 * ROWS * COLUMNS * sizeof *pairs), random = 5;
    px_byte_look look;
    assert_non_null(pairs);
    for (size_t i = ROWS * COLUMNS; i-- > 0;) {
        const bool below = again && i + COLUMNS < ROWS * COLUMNS;
        pairs[2 * i] = random_next(&random);
        pairs[2 * i + 1] = below ? pairs[2 * (i + COLUMNS)] : random_next(&random);
    }
    assert_int_equal(px_byte_look_make(&look, &array, pairs, PRISM_AXIS_AUTO, NULL), PRISM_OK);
    free(pairs);
    return look;
}

static void what_comes_again_in_other_planes_is_seen(void **state) {
    (void)state;
    const px_byte_look again = look_at_pairs(true), other = look_at_pairs(false);
    assert_int_equal(again.turns, 2);
    assert_true(again.new < 0.55 && again.far > 0.8);
    assert_true(other.new > 0.95 && other.far < 0.05);
}

/* Trials of a small array take so little time that a part that comes again is enough. */
static uint32_t half_noise(size_t i, uint32_t *random) {
    return i % 400 < 200 ? hashed(i % 400) : random_next(random);
}

static void small_arrays_are_tried_early(void **state) {
    (void)state;
    enum { SMALL = 2000 };
    const px_byte_look look = look_at(half_noise, PRISM_UINT32, SMALL);
    assert_true(look.is_small);
    assert_true(px_byte_look_promises(&look, 1));
    const px_byte_look nothing = look_at(noise, PRISM_UINT32, SMALL);
    assert_true(nothing.is_small);
    assert_false(px_byte_look_promises(&nothing, SMALL * 4));
}

static void entropy_of_bytes(void **state) {
    (void)state;
    uint8_t bytes[4096];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i % 16);
    const double entropy = px_entropy_of_bytes(bytes, sizeof bytes);
    assert_true(entropy >= 2048 && entropy < 2048 + 16);
    memset(bytes, 9, sizeof bytes);
    assert_true(px_entropy_of_bytes(bytes, sizeof bytes) < 1);
}

/* Fewer elements than a window has bytes, and shapes whose rows are the whole. */
static void tiny_and_slim_arrays(void **state) {
    (void)state;
    for (size_t count = 1; count < 20; count++)
        for (size_t i = 0; i < TYPES; i++) {
            const px_byte_look look = look_at(constant, types[i], count);
            assert_true(look.entropy >= 0 && look.nearby >= 0 && look.nearby <= 1 && look.far >= 0);
        }
    static const uint16_t elements[64] = {0};
    for (int axis = PRISM_AXIS_AUTO; axis < 3; axis++) {
        const prism_array array = make_array(PRISM_UINT16, 3, 1, 64, 1);
        px_byte_look look;
        assert_int_equal(px_byte_look_make(&look, &array, elements, axis, NULL), PRISM_OK);
        assert_true(px_byte_look_promises(&look, 64));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(noise_promises_nothing),
        cmocka_unit_test(what_is_constant_or_a_progression_promises_all),
        cmocka_unit_test(what_comes_again_far_away_is_seen),
        cmocka_unit_test(what_comes_again_nearby_is_seen),
        cmocka_unit_test(what_comes_again_in_other_planes_is_seen),
        cmocka_unit_test(small_arrays_are_tried_early),
        cmocka_unit_test(entropy_of_bytes),
        cmocka_unit_test(tiny_and_slim_arrays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
