/* Chunks in parts: blocks, the first planes, and threads, on which no byte depends. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/threads.h"
#include "support.h"
#include "system/threads.h"

/* ---- Threads ---- */

typedef struct marks {
    size_t failing; /* tasks from that on, every third one */
    int done[64];
} marks;

static prism_status mark(void *context, size_t index, size_t worker, prism_error *error) {
    marks *m = context;
    assert_true(worker < 5);
    m->done[index]++;
    if (index >= m->failing && index % 3 == 0) {
        error->status = PRISM_E_CORRUPT;
        snprintf(error->message, sizeof error->message, "task %zu", index);
        return PRISM_E_CORRUPT;
    }
    return PRISM_OK;
}

static void tasks_run_once(void **state) {
    (void)state;
    for (int threads = 0; threads <= 5; threads++)
        for (size_t count = 0; count <= 64; count += 7) {
            marks m = {.failing = SIZE_MAX};
            prism_error error;
            assert_int_equal(px_run(count, threads, mark, &m, &error), PRISM_OK);
            for (size_t i = 0; i < 64; i++)
                assert_int_equal(m.done[i], i < count);
        }
    assert_int_equal(px_workers(3, 8), 3);
    assert_int_equal(px_workers(8, 3), 3);
    assert_int_equal(px_workers(0, 3), 1);
    assert_int_equal(px_workers(8, -1), 1);
    assert_true(px_processors() >= 1);
}

static void the_first_failure_is_told(void **state) {
    (void)state;
    for (int threads = 1; threads <= 5; threads++)
        for (int turn = 0; turn < 20; turn++) {
            marks m = {.failing = 13};
            prism_error error;
            assert_int_equal(px_run(64, threads, mark, &m, &error), PRISM_E_CORRUPT);
            assert_string_equal(error.message, "task 15");
        }
}

/* ---- Arrays ---- */

typedef struct sample {
    prism_array array;
    void *elements;
    size_t size;
} sample;

static sample make_sample(prism_type type, uint64_t height, uint64_t width, uint64_t planes,
                          uint32_t seed) {
    sample s = {.array = make_array(type, 3, height, width, planes)};
    s.elements = make_elements(&s.array, PATTERN_RELATED, seed, &s.size);
    return s;
}

static uint8_t *encode_with(const sample *s, const char *text, size_t *size) {
    const prism_options options = options_of(text);
    return encode_new(&s->array, s->elements, &options, size);
}

static uint8_t *decode_new(const sample *s, const uint8_t *chunk, size_t size, int threads) {
    const prism_decode_options options = {.threads = threads};
    uint8_t *decoded = malloc(s->size);
    prism_error error;
    if (prism_decode(chunk, size, decoded, s->size, &options, &error) != PRISM_OK)
        fail_msg("%d threads: %s", threads, error.message);
    return decoded;
}

static void assert_threads_agree(const sample *s, const char *text) {
    size_t size, other_size;
    char many[128];
    uint8_t *chunk = encode_with(s, text, &size), *decoded = decode_new(s, chunk, size, 1);
    if (!strstr(text, "max_error"))
        assert_memory_equal(decoded, s->elements, s->size);
    for (int threads = 2; threads <= 5; threads += 3) {
        snprintf(many, sizeof many, "%s,threads=%d", text, threads);
        uint8_t *other = encode_with(s, many, &other_size);
        if (size != other_size || memcmp(chunk, other, size) != 0)
            fail_msg("%s: other bytes, %zu of them instead of %zu", many, other_size, size);
        free(other);
        other = decode_new(s, chunk, size, threads);
        assert_memory_equal(other, decoded, s->size);
        free(other);
    }
    free(decoded);
    free(chunk);
}

static void bytes_do_not_depend_on_threads(void **state) {
    static const char *const texts[] = {
        "effort=5",          "effort=1",          "effort=6,axis=2,transform=channels",
        "effort=8",          "block=4",           "block=16,axis=2",
        "block=32,effort=4", "order=stored",      "order=stored,block=8",
        "transform=none",    "block=64,effort=7", "max_error=2"};
    (void)state;
    const size_t step = SANITIZED ? 3 : 1;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i += step) {
        sample s = make_sample(i % 2 ? PRISM_INT16 : PRISM_UINT8, 71 + i, 90, 5 + 7 * (i % 4),
                               (uint32_t)i);
        assert_threads_agree(&s, texts[i]);
        free(s.elements);
    }
}

static void large_stacks_do_not_depend_on_threads(void **state) {
    (void)state;
    sample s = make_sample(PRISM_UINT8, 20, 460, 460, 6);
    assert_threads_agree(&s, "axis=0,transform=stack,predictor=lsq,coder=ans,effort=4");
    free(s.elements);
}

static void floats_and_halved_planes_do_not_depend_on_threads(void **state) {
    (void)state;
    sample s = make_sample(PRISM_FLOAT32, 60, 50, 6, 3);
    assert_threads_agree(&s, "effort=5");
    free(s.elements);
    s = make_sample(PRISM_INT8, 80, 80, 9, 4);
    int8_t *elements = s.elements;
    for (size_t i = 0; i < s.size; i++) /* of each four positions one is left, in some planes */
        if (i % 9 % 2)
            elements[i] = elements[i / 9 / 80 / 2 * 2 * 80 * 9 + i / 9 % 80 / 2 * 2 * 9 + i % 9];
    assert_threads_agree(&s, "axis=2,transform=channels");
    free(s.elements);
}

/* ---- The first planes ---- */

/* Region of the first planes, or of those from `first` on, of part of the positions. */
static prism_status read_planes(const uint8_t *chunk, size_t size, const sample *s, uint64_t first,
                                uint64_t end, prism_error *error) {
    const uint64_t start[] = {3, 1, first}, count[] = {11, 9, end - first};
    const size_t element = prism_type_size(s->array.type);
    const size_t row = (size_t)(s->array.dims[1] * s->array.dims[2]) * element;
    const size_t run = (size_t)(end - first) * element;
    uint8_t *found = malloc(11 * 9 * run);
    const prism_status status =
        prism_decode_region(chunk, size, start, count, found, 11 * 9 * run, NULL, error);
    const uint8_t *at = found;
    for (size_t y = 3; y < 14 && status == PRISM_OK; y++)
        for (size_t x = 1; x < 10; x++, at += run)
            assert_memory_equal(at,
                                (const uint8_t *)s->elements + y * row +
                                    (x * (size_t)s->array.dims[2] + (size_t)first) * element,
                                run);
    free(found);
    return status;
}

static uint8_t *copy_of(const uint8_t *bytes, size_t size) {
    uint8_t *copy = malloc(size);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    return copy;
}

/* No more is needed than what is said, and no less. */
static void assert_prefix(const sample *s, const uint8_t *chunk, size_t size, uint64_t planes) {
    size_t head, needed;
    prism_error error;
    const size_t start = size < PRISM_START_BYTES ? size : PRISM_START_BYTES;
    assert_int_equal(prism_planes_size(chunk, start, 0, &head, NULL), PRISM_OK);
    assert_true(head <= size);
    uint8_t *copy = copy_of(chunk, head);
    assert_int_equal(prism_planes_size(copy, head, planes, &needed, NULL), PRISM_OK);
    assert_in_range(needed, head, size);
    if (head > start)
        assert_int_equal(prism_planes_size(chunk, head - 1, planes, &needed, NULL),
                         PRISM_E_TRUNCATED);
    assert_int_equal(prism_planes_size(copy, head, planes, &needed, NULL), PRISM_OK);
    free(copy);
    copy = copy_of(chunk, needed);
    assert_int_equal(read_planes(copy, needed, s, 0, planes, &error), PRISM_OK);
    assert_int_equal(read_planes(copy, needed, s, planes - 1, planes, &error), PRISM_OK);
    free(copy);
    if (needed > head && needed < size) {
        copy = copy_of(chunk, needed - 1);
        const uint64_t last[] = {s->array.dims[0] - 1, s->array.dims[1] - 1, 0};
        const uint64_t count[] = {1, 1, planes};
        uint8_t found[2 * 64];
        assert_int_equal(prism_decode_region(copy, needed - 1, last, count, found,
                                             (size_t)planes * prism_type_size(s->array.type), NULL,
                                             &error),
                         PRISM_E_TRUNCATED);
        free(copy);
    }
}

static void the_first_planes_need_a_beginning(void **state) {
    static const char *const texts[] = {"order=stored,axis=2", "order=stored,axis=2,block=4",
                                        "order=stored,axis=2,block=8,checksum=off",
                                        "order=stored,axis=2,block=16,transform=none",
                                        "order=stored,axis=2,block=64,effort=7"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        sample s = make_sample(i % 2 ? PRISM_INT8 : PRISM_UINT16, 70, 67, 33, (uint32_t)i + 7);
        size_t size;
        uint8_t *chunk = encode_with(&s, texts[i], &size);
        for (uint64_t planes = 1; planes <= 33; planes += planes < 6 ? 1 : 9)
            assert_prefix(&s, chunk, size, planes);
        free(chunk);
        free(s.elements);
    }
}

static void a_few_planes_are_a_small_part(void **state) {
    (void)state;
    sample s = make_sample(PRISM_INT8, 128, 128, 64, 5);
    size_t size, needed, head;
    uint8_t *chunk = encode_with(&s, "order=stored,axis=2,block=16", &size);
    assert_int_equal(prism_planes_size(chunk, size, 0, &head, NULL), PRISM_OK);
    assert_int_equal(prism_planes_size(chunk, size, 4, &needed, NULL), PRISM_OK);
    assert_in_range(needed - head, 1,
                    (size - head) / 3); /* planes after are nearly functions of them */
    assert_int_equal(prism_planes_size(chunk, size, 64, &needed, NULL), PRISM_OK);
    assert_int_equal(needed, size);
    free(chunk);
    free(s.elements);
}

static void groups_of_planes_have_layers_of_their_own(void **state) {
    (void)state;
    sample s = make_sample(PRISM_INT8, 24, 32, 530, 6);
    size_t size;
    uint8_t *chunk = encode_with(&s, "order=stored,axis=2,block=16", &size);
    prism_info info;
    assert_int_equal(prism_inspect(chunk, size, &info, NULL), PRISM_OK);
    assert_int_equal(info.method, PRISM_METHOD_BLOCKS);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(read_planes(chunk, size, &s, (uint64_t[]){0, 510, 512}[i],
                                     (uint64_t[]){2, 514, 513}[i], NULL),
                         PRISM_OK);
    uint8_t *decoded = decode_new(&s, chunk, size, 3);
    assert_memory_equal(decoded, s.elements, s.size);
    free(decoded);
    free(chunk);
    free(s.elements);
}

static void sizes_that_are_not_to_be_had(void **state) {
    (void)state;
    sample s = make_sample(PRISM_INT8, 40, 40, 9, 8);
    size_t size, needed = 7;
    uint8_t *chunk = encode_with(&s, "order=stored,axis=2", &size);
    assert_int_equal(prism_planes_size(NULL, 1, 1, &needed, NULL), PRISM_E_ARGUMENT);
    assert_int_equal(prism_planes_size(chunk, size, 1, NULL, NULL), PRISM_E_ARGUMENT);
    assert_int_equal(prism_planes_size(chunk, size, 10, &needed, NULL), PRISM_E_ARGUMENT);
    assert_int_equal(needed, 0);
    assert_int_equal(prism_planes_size(chunk, 5, 0, &needed, NULL), PRISM_E_TRUNCATED);
    chunk[60] ^= 1;
    assert_int_equal(prism_planes_size(chunk, size, 1, &needed, NULL), PRISM_E_CHECKSUM);
    free(chunk);
    chunk = encode_with(&s, "effort=5", &size);
    assert_int_equal(prism_planes_size(chunk, size, 1, &needed, NULL), PRISM_OK);
    assert_int_equal(needed, size);
    free(chunk);
    free(s.elements);
}

/* ---- Damage ---- */

/* Whatever the bytes are, reading ends, and well-formed chunks give what was stored. */
static void damage_is_survived(void **state) {
    static const char *const texts[] = {"order=stored,axis=2,block=8,checksum=off",
                                        "axis=2,block=8,checksum=off",
                                        "order=stored,axis=2,checksum=off"};
    (void)state;
    uint32_t random = 11;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        sample s = make_sample(PRISM_INT8, 26, 24, 7, (uint32_t)i);
        size_t size;
        prism_info info;
        uint8_t *chunk = encode_with(&s, texts[i], &size), *out = malloc(s.size);
        assert_int_equal(prism_inspect(chunk, size, &info, NULL), PRISM_OK);
        for (int turn = 0; turn < (SANITIZED ? 300 : 3000); turn++) {
            uint8_t *copy = copy_of(chunk, size);
            const size_t cut =
                random_below(&random, 8) ? size : random_below(&random, (uint32_t)size);
            for (uint32_t k = random_below(&random, 4) + 1; k-- > 0;)
                copy[9 + random_below(&random, (uint32_t)size - 9)] ^=
                    (uint8_t)(1u << random_below(&random, 8));
            uint8_t *exact = copy_of(copy, cut ? cut : 1);
            const prism_decode_options options = {.threads = 1 + turn % 2, .memory_limit = 1 << 26};
            const uint64_t start[] = {4, 4, 1}, count[] = {9, 9, 3};
            uint8_t part[9 * 9 * 3];
            size_t needed;
            prism_decode_region(exact, cut, start, count, part, sizeof part, &options, NULL);
            prism_decode(exact, cut, out, s.size, &options, NULL);
            prism_planes_size(exact, cut, 2, &needed, NULL);
            free(exact);
            free(copy);
        }
        free(out);
        free(chunk);
        free(s.elements);
    }
}

/* Damage to one layer of a block leaves the planes before it, and the other blocks. */
static void a_damaged_layer_leaves_the_planes_before(void **state) {
    (void)state;
    sample s = make_sample(PRISM_INT8, 48, 48, 32, 9);
    size_t size, needed;
    prism_error error;
    uint8_t *chunk = encode_with(&s, "order=stored,axis=2,block=16", &size);
    assert_int_equal(prism_planes_size(chunk, size, 8, &needed, NULL), PRISM_OK);
    chunk[needed] ^= 4; /* the first byte of the next layer, which is of block 0 */
    assert_int_equal(read_planes(chunk, size, &s, 0, 8, &error), PRISM_OK);
    assert_int_equal(read_planes(chunk, size, &s, 0, 9, &error), PRISM_E_CHECKSUM);
    assert_string_equal(error.message, "block 0 is damaged");
    const uint64_t start[] = {16, 0, 0}, count[] = {32, 48, 32};
    uint8_t *found = malloc(32 * 48 * 32);
    assert_int_equal(
        prism_decode_region(chunk, size, start, count, found, 32 * 48 * 32, NULL, &error),
        PRISM_OK);
    assert_memory_equal(found, (uint8_t *)s.elements + 16 * 48 * 32, 32 * 48 * 32);
    free(found);
    free(chunk);
    free(s.elements);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tasks_run_once),
        cmocka_unit_test(the_first_failure_is_told),
        cmocka_unit_test(bytes_do_not_depend_on_threads),
        cmocka_unit_test(large_stacks_do_not_depend_on_threads),
        cmocka_unit_test(floats_and_halved_planes_do_not_depend_on_threads),
        cmocka_unit_test(the_first_planes_need_a_beginning),
        cmocka_unit_test(a_few_planes_are_a_small_part),
        cmocka_unit_test(groups_of_planes_have_layers_of_their_own),
        cmocka_unit_test(sizes_that_are_not_to_be_had),
        cmocka_unit_test(damage_is_survived),
        cmocka_unit_test(a_damaged_layer_leaves_the_planes_before),
    };
    return cmocka_run_group_tests_name("parts", tests, NULL, NULL);
}
