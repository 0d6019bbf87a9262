/* Hostile and damaged chunks: an error, never a crash, and never wrong elements while the checksum
 * is on. */
#include "pipeline/container.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

typedef struct specimen {
    prism_array array;
    uint8_t *elements, *chunk, *decoded;
    size_t size, chunk_size;
} specimen;

static specimen make_specimen(const char *options_text) {
    specimen s = {.array = make_array(PRISM_INT8, 3, 9, 8, 6)};
    prism_options options = options_of(options_text);
    s.elements = make_elements(&s.array, PATTERN_RELATED, 8, &s.size);
    s.chunk = encode_new(&s.array, s.elements, &options, &s.chunk_size);
    s.decoded = malloc(s.size);
    assert_non_null(s.decoded);
    return s;
}

static void free_specimen(specimen *s) {
    free(s->elements);
    free(s->chunk);
    free(s->decoded);
}

static const char *const pipelines[] = {
    "transform=channels,predictor=paeth,coder=deflate",
    "transform=channels,predictor=none,coder=jxl",
    "coder=zstd",
    "transform=none,predictor=none,coder=deflate",
    "transform=stack,predictor=paeth,coder=deflate",
    "transform=none,predictor=paeth,coder=jxl",
};
enum { PIPELINES = sizeof pipelines / sizeof *pipelines };

static void every_changed_byte_is_noticed(void **state) {
    (void)state;
    for (size_t p = 0; p < PIPELINES; p++) {
        if (!is_built(pipelines[p]))
            continue;
        specimen s = make_specimen(pipelines[p]);
        for (size_t i = 0; i < s.chunk_size; i++)
            for (unsigned change = 1; change < 256; change++) {
                prism_error error;
                s.chunk[i] = (uint8_t)(s.chunk[i] ^ change);
                prism_status status =
                    prism_decode(s.chunk, s.chunk_size, s.decoded, s.size, NULL, &error);
                assert_int_not_equal(status, PRISM_OK);
                assert_int_equal(error.status, status);
                assert_true(error.message[0] != '\0');
                s.chunk[i] = (uint8_t)(s.chunk[i] ^ change);
            }
        free_specimen(&s);
    }
}

/* Without checksums damage may go unnoticed, but must not crash (run under the sanitizers). */
static void changed_bytes_without_checksum_do_not_crash(void **state) {
    (void)state;
    for (size_t p = 0; p < PIPELINES; p++) {
        char text[100];
        if (!is_built(pipelines[p]))
            continue;
        snprintf(text, sizeof text, "%s,checksum=off", pipelines[p]);
        specimen s = make_specimen(text);
        size_t refused = 0;
        for (size_t i = 0; i < s.chunk_size; i++)
            for (unsigned change = 1; change < 256; change += 6) {
                s.chunk[i] = (uint8_t)(s.chunk[i] ^ change);
                refused +=
                    prism_decode(s.chunk, s.chunk_size, s.decoded, s.size, NULL, NULL) != PRISM_OK;
                s.chunk[i] = (uint8_t)(s.chunk[i] ^ change);
            }
        assert_true(refused > 0);
        free_specimen(&s);
    }
}

static void truncated_chunks_are_refused(void **state) {
    (void)state;
    for (size_t p = 0; p < PIPELINES; p++) {
        if (!is_built(pipelines[p]))
            continue;
        specimen s = make_specimen(pipelines[p]);
        for (size_t size = 0; size < s.chunk_size; size++) {
            uint8_t *exact = malloc(size ? size : 1); /* so that the sanitizer sees reads beyond */
            assert_non_null(exact);
            memcpy(exact, s.chunk, size);
            assert_int_equal(prism_decode(exact, size, s.decoded, s.size, NULL, NULL),
                             PRISM_E_TRUNCATED);
            free(exact);
        }
        free_specimen(&s);
    }
}

static void longer_chunks_are_refused(void **state) {
    (void)state;
    specimen s = make_specimen(pipelines[0]);
    uint8_t *longer = calloc(1, s.chunk_size + 1);
    assert_non_null(longer);
    memcpy(longer, s.chunk, s.chunk_size);
    assert_int_equal(prism_decode(longer, s.chunk_size + 1, s.decoded, s.size, NULL, NULL),
                     PRISM_E_CORRUPT);
    free(longer);
    free_specimen(&s);
}

static void skipping_the_checksum_skips_it(void **state) {
    (void)state;
    specimen s = make_specimen(pipelines[0]);
    prism_decode_options skip = {.skip_checksum = true, .threads = 1};
    s.chunk[s.chunk_size - 1] ^= 1;
    assert_int_equal(prism_decode(s.chunk, s.chunk_size, s.decoded, s.size, NULL, NULL),
                     PRISM_E_CHECKSUM);
    assert_int_equal(prism_decode(s.chunk, s.chunk_size, s.decoded, s.size, &skip, NULL), PRISM_OK);
    assert_memory_equal(s.decoded, s.elements, s.size);
    free_specimen(&s);
}

/* Whatever stands behind the version. */
static void later_versions_are_named(void **state) {
    (void)state;
    char sentence[80];
    for (unsigned version = PX_FORMAT_VERSION + 1; version < 256; version++) {
        specimen s = make_specimen(pipelines[0]);
        prism_error error;
        prism_info info;
        uint32_t random = version;
        s.chunk[4] = (uint8_t)version;
        for (size_t i = 5; i < s.chunk_size; i++)
            s.chunk[i] = (uint8_t)random_next(&random);
        snprintf(sentence, sizeof sentence,
                 "the chunk has format version %u, this library reads up to %d", version,
                 PX_FORMAT_VERSION);
        assert_int_equal(prism_decode(s.chunk, s.chunk_size, s.decoded, s.size, NULL, &error),
                         PRISM_E_VERSION);
        assert_string_equal(error.message, sentence);
        assert_int_equal(prism_inspect(s.chunk, s.chunk_size, &info, &error), PRISM_E_VERSION);
        assert_string_equal(error.message, sentence);
        free_specimen(&s);
    }
}

/* The first chunk within a chunk. */
static uint8_t *find_inner(uint8_t *chunk, size_t size) {
    for (size_t i = 1; i + 5 <= size; i++)
        if (memcmp(chunk + i, "PRSM\1", 5) == 0)
            return chunk + i;
    return NULL;
}

static void later_versions_of_chunks_within_are_named(void **state) {
    (void)state;
    const prism_array array = make_array(PRISM_FLOAT32, 2, 40, 50);
    const prism_options options = options_of("checksum=off,predictor=lsq,coder=ans");
    const prism_decode_options skip = {.skip_checksum = true, .threads = 1};
    prism_error error;
    size_t size, chunk_size;
    uint32_t random = 3;
    float *elements = make_elements(&array, PATTERN_CONSTANT, 1, &size);
    for (size_t i = 0; i < size / sizeof *elements; i++)
        elements[i] = (float)random_below(&random, 50) / 10;
    uint8_t *chunk = encode_new(&array, elements, &options, &chunk_size);
    uint8_t *inner = find_inner(chunk, chunk_size);
    assert_non_null(inner);
    inner[4] = PX_FORMAT_VERSION + 1;
    assert_int_equal(prism_decode(chunk, chunk_size, elements, size, &skip, &error),
                     PRISM_E_VERSION);
    assert_non_null(strstr(error.message, "format version 2"));
    free(chunk);
    free(elements);
}

static void random_bytes_are_refused(void **state) {
    (void)state;
    uint32_t random = 77;
    uint8_t bytes[64], decoded[64];
    for (int i = 0; i < 100000; i++) {
        size_t size = random_below(&random, sizeof bytes);
        for (size_t b = 0; b < size; b++)
            bytes[b] = (uint8_t)random_next(&random);
        if (size > 8 && i % 2)
            memcpy(bytes, "PRSM\1\0\1\0\1", 9);
        assert_int_not_equal(prism_decode(bytes, size, decoded, sizeof decoded, NULL, NULL),
                             PRISM_OK);
    }
}

/* The worked example of docs/FORMAT.md: lines of its block "example" are hexadecimal bytes, then
 * text after "|". */
static size_t read_example(uint8_t *bytes, size_t capacity) {
    FILE *file = fopen("../docs/FORMAT.md", "r");
    assert_non_null(file);
    char line[400];
    size_t size = 0;
    bool inside = false;
    while (fgets(line, sizeof line, file)) {
        if (strncmp(line, "```", 3) == 0) {
            inside = strncmp(line, "```example", 10) == 0;
            continue;
        }
        char *end = strchr(line, '|');
        if (!inside || !end)
            continue;
        *end = '\0';
        for (char *token = strtok(line, " "); token; token = strtok(NULL, " ")) {
            assert_true(size < capacity);
            bytes[size++] = (uint8_t)strtoul(token, NULL, 16);
        }
    }
    fclose(file);
    return size;
}

static void the_documented_example_decodes(void **state) {
    (void)state;
    uint8_t bytes[200];
    size_t size = read_example(bytes, sizeof bytes);
    assert_true(size > 30);
    uint8_t expected[128], decoded[128];
    for (unsigned p = 0; p < 64; p++) {
        expected[2 * p] = (uint8_t)(p * p * 7 % 97);
        expected[2 * p + 1] = (uint8_t)(2 * expected[2 * p] + 1);
    }
    prism_error error;
    prism_info info;
    if (prism_decode(bytes, size, decoded, sizeof decoded, NULL, &error) != PRISM_OK)
        fail_msg("%s", error.message);
    assert_memory_equal(decoded, expected, sizeof expected);
    assert_int_equal(prism_inspect(bytes, size, &info, &error), PRISM_OK);
    assert_int_equal(info.transform, PRISM_TRANSFORM_CHANNELS);
    assert_int_equal(info.parameter_bytes, 15);
    assert_int_equal(info.payload_bytes, 82);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_changed_byte_is_noticed),
        cmocka_unit_test(changed_bytes_without_checksum_do_not_crash),
        cmocka_unit_test(truncated_chunks_are_refused),
        cmocka_unit_test(longer_chunks_are_refused),
        cmocka_unit_test(skipping_the_checksum_skips_it),
        cmocka_unit_test(later_versions_are_named),
        cmocka_unit_test(later_versions_of_chunks_within_are_named),
        cmocka_unit_test(random_bytes_are_refused),
        cmocka_unit_test(the_documented_example_decodes),
    };
    const filtered_stderr filtered = leave_out_libjxl();
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    leave_out_nothing(filtered);
    return failed;
}
