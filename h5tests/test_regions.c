/* Chunks in blocks of which only some bytes are there: those that the library asks for are enough,
 * and no others are looked at. */
#include <stdlib.h>
#include <string.h>

#include "support.h"

enum { SIDE = 40, PLANES = 6, MOST = 64 };

typedef struct specimen {
    prism_array array;
    uint8_t *elements, *chunk, *sparse;
    size_t size, chunk_size, head;
    prism_reader *reader; /* of the sparse chunk */
} specimen;

/* Opened with its head alone; all other bytes are wrong. */
static specimen make_specimen(const char *options_text) {
    specimen s = {.array = make_array(PRISM_INT8, 3, SIDE, SIDE, PLANES)};
    const prism_options options = options_of(options_text);
    size_t whole;
    s.elements = make_elements(&s.array, PATTERN_RELATED, 3, &s.size);
    s.chunk = encode_new(&s.array, s.elements, &options, &s.chunk_size);
    s.sparse = malloc(s.chunk_size);
    assert_non_null(s.sparse);
    assert_true(s.chunk_size > PRISM_START_BYTES);
    assert_int_equal(prism_planes_size(s.chunk, PRISM_START_BYTES, 0, &s.head, NULL), PRISM_OK);
    assert_int_equal(prism_reduced_size(s.chunk, PRISM_START_BYTES, 0, &whole, NULL), PRISM_OK);
    assert_int_equal(whole, s.chunk_size);
    for (size_t i = 0; i < s.chunk_size; i++)
        s.sparse[i] = (uint8_t)(i < s.head ? s.chunk[i] : ~s.chunk[i]);
    assert_int_equal(prism_open(s.sparse, s.chunk_size, NULL, &s.reader, NULL), PRISM_OK);
    return s;
}

static void free_specimen(specimen *s) {
    prism_close(s->reader);
    free(s->elements);
    free(s->chunk);
    free(s->sparse);
}

/* Bytes of the ranges, which are filled in. */
static size_t fill(specimen *s, const prism_range *ranges, size_t count) {
    size_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        assert_true(ranges[i].size > 0);
        assert_true(ranges[i].offset >=
                    (i ? ranges[i - 1].offset + ranges[i - 1].size + 1 : s->head));
        assert_true(ranges[i].offset + ranges[i].size <= s->chunk_size);
        memcpy(s->sparse + ranges[i].offset, s->chunk + ranges[i].offset, (size_t)ranges[i].size);
        sum += (size_t)ranges[i].size;
    }
    return sum;
}

static void assert_region(const specimen *s, const uint64_t *start, const uint64_t *count) {
    uint8_t found[SIDE * SIDE * PLANES];
    const size_t line = (size_t)(count[1] * PLANES), lines = (size_t)count[0];
    assert_int_equal(prism_read_region(s->reader, start, count, found, lines * line, NULL),
                     PRISM_OK);
    for (size_t y = 0; y < lines; y++) {
        const size_t at = (size_t)((start[0] + y) * SIDE + start[1]) * PLANES;
        assert_memory_equal(found + y * line, s->elements + at, line);
    }
}

static const char *const in_blocks[] = {"block=4,axis=2", "block=8,axis=2,checksum=off",
                                        "block=16,axis=2,effort=1"};
enum { KINDS = sizeof in_blocks / sizeof *in_blocks };

static void ranges_are_all_that_is_needed(void **state) {
    (void)state;
    const uint64_t starts[][3] = {{0, 0, 0}, {39, 39, 0}, {3, 17, 0}}, count[] = {1, 1, PLANES};
    for (size_t i = 0; i < KINDS; i++) {
        specimen s = make_specimen(in_blocks[i]);
        prism_range ranges[MOST];
        uint8_t found[PLANES];
        size_t ranges_count;
        assert_int_equal(prism_read_region(s.reader, starts[0], count, found, PLANES, NULL),
                         PRISM_E_CHECKSUM);
        assert_int_equal(
            prism_region_ranges(s.reader, starts[0], 3, count, ranges, MOST, &ranges_count, NULL),
            PRISM_OK);
        assert_in_range(ranges_count, 2, 3);
        assert_true(fill(&s, ranges, ranges_count) < (s.chunk_size - s.head) / 2);
        for (size_t p = 0; p < 3; p++)
            assert_region(&s, starts[p], count);
        free_specimen(&s);
    }
}

static void blocks_side_by_side_are_one_range(void **state) {
    (void)state;
    specimen s = make_specimen("block=8,axis=2");
    const uint64_t all[] = {0, 0, 0}, rows[] = {2, 0, 0},
                   counts[][3] = {{SIDE, SIDE, PLANES}, {12, 20, PLANES}};
    prism_range ranges[MOST];
    size_t found;
    assert_int_equal(prism_region_ranges(s.reader, rows, 1, counts[1], ranges, MOST, &found, NULL),
                     PRISM_OK);
    assert_int_equal(found, 2);
    fill(&s, ranges, found);
    assert_region(&s, rows, counts[1]);
    assert_int_equal(prism_region_ranges(s.reader, all, 1, counts[0], ranges, MOST, &found, NULL),
                     PRISM_OK);
    assert_int_equal(found, 1);
    assert_int_equal(ranges[0].offset, s.head);
    assert_int_equal(ranges[0].size, s.chunk_size - s.head - 4); /* the checksum of the chunk */
    free_specimen(&s);
}

static void ranges_are_counted_and_limited(void **state) {
    (void)state;
    specimen s = make_specimen("block=4,axis=2");
    const uint64_t starts[][3] = {{0, 0, 0}, {20, 20, 0}, {1, 1, 0}}, count[] = {1, 1, PLANES};
    prism_range ranges[2];
    size_t found;
    assert_int_equal(prism_region_ranges(s.reader, starts[0], 3, count, NULL, 0, &found, NULL),
                     PRISM_OK);
    assert_int_equal(found, 2);
    assert_int_equal(prism_region_ranges(s.reader, starts[0], 3, count, ranges, 1, &found, NULL),
                     PRISM_E_CAPACITY);
    assert_int_equal(found, 0);
    const uint64_t outside[] = {SIDE, 0, 0};
    assert_int_equal(prism_region_ranges(s.reader, outside, 1, count, ranges, 2, &found, NULL),
                     PRISM_E_ARGUMENT);
    free_specimen(&s);
}

static void other_chunks_are_all_head(void **state) {
    (void)state;
    specimen s = make_specimen("coder=deflate");
    const uint64_t start[] = {5, 6, 0}, count[] = {3, 4, PLANES};
    size_t found = 7;
    assert_int_equal(s.head, s.chunk_size);
    assert_int_equal(prism_region_ranges(s.reader, start, 1, count, NULL, 0, &found, NULL),
                     PRISM_OK);
    assert_int_equal(found, 0);
    assert_region(&s, start, count);
    free_specimen(&s);
}

static void the_first_planes_have_layers_of_their_own(void **state) {
    (void)state;
    specimen s = make_specimen("block=8,axis=2,order=stored");
    const uint64_t start[] = {3, 17, 0}, all[] = {1, 1, PLANES};
    prism_range few[MOST], many[MOST];
    uint8_t found[2];
    size_t few_count, many_count, sizes[2];
    const uint64_t two[] = {1, 1, 2};
    assert_int_equal(prism_region_ranges(s.reader, start, 1, two, few, MOST, &few_count, NULL),
                     PRISM_OK);
    sizes[0] = fill(&s, few, few_count);
    assert_int_equal(prism_read_region(s.reader, start, two, found, 2, NULL), PRISM_OK);
    assert_memory_equal(found, s.elements + (3 * SIDE + 17) * PLANES, 2);
    assert_int_equal(prism_region_ranges(s.reader, start, 1, all, many, MOST, &many_count, NULL),
                     PRISM_OK);
    sizes[1] = fill(&s, many, many_count);
    assert_region(&s, start, all);
    assert_true(sizes[0] < sizes[1]);
    free_specimen(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_are_all_that_is_needed),
        cmocka_unit_test(blocks_side_by_side_are_one_range),
        cmocka_unit_test(ranges_are_counted_and_limited),
        cmocka_unit_test(other_chunks_are_all_head),
        cmocka_unit_test(the_first_planes_have_layers_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
