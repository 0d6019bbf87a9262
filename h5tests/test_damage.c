/*
 * Damage of golden chunks, which are of every method and mapping. With checksums, every changed bit
 * and every missing byte is found. Without, there is an error or there are elements, and never a
 * crash: the sanitizers look on.
 *
 * Short chunks are damaged everywhere, others at a few places, and as `test_damage full` at all.
 */
#include <stdlib.h>
#include <string.h>

#include "golden.h"
#include "pipeline/container.h"

static golden *all;
static size_t count;
static bool everywhere;

/* Places at most of each chunk. */
enum { FOUND = 2400, DECODED = SANITIZED ? 24 : 120 };

static size_t places(const golden *g, size_t most) {
    const size_t bits = 8 * g->chunk_size;
    return everywhere || bits < most ? bits : most;
}

/* Bit `i` of `of` that are spread over the chunk: all, if these are as many. */
static size_t bit_at(const golden *g, size_t i, size_t of) {
    return (size_t)((unsigned long long)(8 * g->chunk_size) * i / of);
}

static uint8_t *chunk_copy(const golden *g, size_t size) {
    uint8_t *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, g->chunk, size);
    return copy;
}

static int setup(void **state) {
    (void)state;
    all = golden_load(&count);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    golden_free(all, count);
    return 0;
}

static prism_status decode(const uint8_t *chunk, size_t size, uint8_t *output, size_t bytes,
                           bool skip) {
    const prism_decode_options options = {
        .skip_checksum = skip, .threads = 1, .memory_limit = 1 << 27};
    return prism_decode(chunk, size, output, bytes, &options, NULL);
}

static void every_changed_bit_is_found(void **state) {
    (void)state;
    size_t checked = 0;
    for (size_t g = 0; g < count; g++) {
        const golden *one = &all[g];
        if (!one->info.checksum)
            continue;
        uint8_t *chunk = chunk_copy(one, one->chunk_size), *output = malloc(one->size);
        assert_non_null(output);
        for (size_t i = 0, of = places(one, FOUND); i < of; i++, checked++) {
            const size_t bit = bit_at(one, i, of);
            chunk[bit / 8] ^= (uint8_t)(1 << bit % 8);
            if (decode(chunk, one->chunk_size, output, one->size, false) == PRISM_OK)
                fail_msg("%s: bit %zu is changed, and nobody sees it", one->name, bit);
            chunk[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        free(output);
        free(chunk);
    }
    print_message("%zu changed bits\n", checked);
    assert_true(checked > 100000);
}

/* With checksums and without: a chunk says how long it is. */
static void every_truncation_is_found(void **state) {
    (void)state;
    size_t checked = 0;
    for (size_t g = 0; g < count; g++) {
        const golden *one = &all[g];
        uint8_t *output = malloc(one->size);
        assert_non_null(output);
        for (size_t i = 0, of = places(one, FOUND); i < of; i += 8, checked++) {
            const size_t size = bit_at(one, i, of) / 8;
            uint8_t *chunk = chunk_copy(one, size);
            if (decode(chunk, size, output, one->size, i % 16) == PRISM_OK)
                fail_msg("%s: cut to %zu bytes, and nobody sees it", one->name, size);
            free(chunk);
        }
        free(output);
    }
    print_message("%zu truncations\n", checked);
    assert_true(checked > 10000);
}

static void damage_without_checksums_is_no_crash(void **state) {
    (void)state;
    size_t refused = 0, other = 0, same = 0;
    for (size_t g = 0; g < count; g++) {
        const golden *one = &all[g];
        uint8_t *chunk = chunk_copy(one, one->chunk_size), *output = malloc(one->size);
        assert_non_null(output);
        for (size_t i = 0, of = places(one, DECODED); i < of; i++) {
            const size_t bit = bit_at(one, i, of);
            chunk[bit / 8] ^= (uint8_t)(1 << bit % 8);
            if (decode(chunk, one->chunk_size, output, one->size, true) != PRISM_OK)
                refused++;
            else if (memcmp(output, one->elements, one->size) != 0)
                other++;
            else
                same++;
            chunk[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        free(output);
        free(chunk);
    }
    print_message("%zu refused, %zu other elements, %zu the same\n", refused, other, same);
    assert_true(refused > same && refused + other > 20 * same);
}

/* The parts of a chunk that a reader trusts by themselves. */
static void changed_bits_of_parts_are_found(void **state) {
    (void)state;
    const prism_decode_options options = {.threads = 1};
    size_t checked = 0;
    for (size_t g = 0; g < count; g++) {
        const golden *one = &all[g];
        size_t head;
        if (!one->info.checksum || prism_planes_size(one->chunk, one->chunk_size, 0, &head, NULL) ||
            head == one->chunk_size)
            continue;
        uint8_t *chunk = chunk_copy(one, head);
        for (size_t bit = 0; bit < 8 * head; bit += everywhere ? 1 : 5, checked++) {
            prism_reader *reader;
            chunk[bit / 8] ^= (uint8_t)(1 << bit % 8);
            if (prism_open(chunk, head, &options, &reader, NULL) == PRISM_OK)
                fail_msg("%s: bit %zu of the head is changed, and nobody sees it", one->name, bit);
            chunk[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        free(chunk);
    }
    print_message("%zu changed bits of heads\n", checked);
    assert_true(checked > 1000);
}

/* Chunks that say they are in blocks, so that a beginning is enough: of any bytes that follow, none
 * is read. */
static void beginnings_end_where_they_end(void **state) {
    (void)state;
    size_t opened = 0;
    for (size_t g = 0; g < count; g++) {
        px_chunk chunk;
        px_buffer whole = {0};
        assert_int_equal(px_chunk_read(&chunk, all[g].chunk, all[g].chunk_size, NULL), PRISM_OK);
        chunk.has_blocks = true;
        chunk.parts = (px_parts){0};
        assert_int_equal(px_chunk_write(&chunk, &whole, NULL), PRISM_OK);
        for (size_t i = 0; i <= 40; i++) {
            const size_t size = whole.size * i / 40;
            uint8_t *start = malloc(size ? size : 1); /* the sanitizer knows where it ends */
            prism_info info;
            prism_reader *reader;
            assert_non_null(start);
            memcpy(start, whole.data, size);
            opened += prism_inspect(start, size, &info, NULL) == PRISM_OK;
            if (prism_open(start, size, NULL, &reader, NULL) == PRISM_OK)
                prism_close(reader);
            size_t needed;
            prism_planes_size(start, size, 1, &needed, NULL);
            free(start);
        }
        px_buffer_free(&whole);
    }
    assert_true(opened > count);
}

int main(int argc, char **argv) {
    everywhere = argc > 1 && strcmp(argv[1], "full") == 0;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_changed_bit_is_found),
        cmocka_unit_test(every_truncation_is_found),
        cmocka_unit_test(damage_without_checksums_is_no_crash),
        cmocka_unit_test(changed_bits_of_parts_are_found),
        cmocka_unit_test(beginnings_end_where_they_end),
    };
    const filtered_stderr filtered = leave_out_libjxl();
    const int failed = cmocka_run_group_tests(tests, setup, teardown);
    leave_out_nothing(filtered);
    return failed;
}
