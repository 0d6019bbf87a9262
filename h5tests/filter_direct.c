/*
 * Calls the plugin's filter callback without any HDF5 library: `filter_direct PLUGIN`.
 *
 * What HDF5 itself never does, or does too seldom to be tested through it: parameters missing or
 * cut short, buffers larger than their content, every damage to a chunk with the checksums
 * computed and not. A failing callback must return 0 and leave its arguments as they were.
 */
#include <H5PLextern.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { ROWS = 9, COLUMNS = 7, PLANES = 5, COUNT = ROWS * COLUMNS * PLANES, SIZE = 2 * COUNT };

static const unsigned words[] = {1, 2, 2, 1, 6, 0, 0, 0, 0, 1, 3, 3, ROWS, COLUMNS, PLANES};
static const size_t word_count = sizeof words / sizeof *words;

static H5Z_func_t filter;
static int failures;

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition) && failures++ < 20)                                                       \
            printf("%s:%d: %s\\n", __FILE__, __LINE__, #condition);                                \
    } while (0)

typedef struct chunk {
    void *bytes;
    size_t size; /* 0 after a failure */
    size_t capacity;
} chunk;

/* Runs the callback on a copy of `bytes` in a buffer of `capacity`. */
static chunk run(unsigned flags, size_t count, const unsigned *values, const void *bytes,
                 size_t size, size_t capacity) {
    unsigned char *copy = malloc(capacity);
    memset(copy, 0xa5, capacity);
    memcpy(copy, bytes, size);
    chunk result = {.bytes = copy, .capacity = capacity};
    result.size = filter(flags, count, values, size, &result.capacity, &result.bytes);
    if (result.size == 0) {
        CHECK(result.bytes == copy && result.capacity == capacity);
        CHECK(memcmp(copy, bytes, size) == 0);
    } else {
        CHECK(result.capacity >= result.size);
        memset((char *)result.bytes + result.size, 0, result.capacity - result.size);
    }
    return result;
}

static int succeeds(unsigned flags, size_t count, const unsigned *values, const void *bytes,
                    size_t size, size_t capacity) {
    chunk result = run(flags, count, values, bytes, size, capacity);
    free(result.bytes);
    return result.size != 0;
}

/* 1: decodes to `expected`; 0: fails; -1: decodes to something else. */
static int decodes(unsigned flags, const void *bytes, size_t size, const void *expected) {
    chunk result = run(H5Z_FLAG_REVERSE | flags, word_count, words, bytes, size, size);
    int outcome = result.size == 0                                                   ? 0
                  : result.size == SIZE && memcmp(result.bytes, expected, SIZE) == 0 ? 1
                                                                                     : -1;
    free(result.bytes);
    return outcome;
}

static void check_parameters(const short *values, const chunk *coded) {
    for (size_t count = 0; count < word_count; count++)
        CHECK(!succeeds(0, count, words, values, SIZE, SIZE));
    CHECK(!succeeds(0, 0, NULL, values, SIZE, SIZE));
    CHECK(!succeeds(0, word_count, NULL, values, SIZE, SIZE));
    for (size_t count = 0; count <= word_count; count++) {
        int complete = count <= 10 || count == word_count;
        CHECK(succeeds(H5Z_FLAG_REVERSE, count, words, coded->bytes, coded->size, coded->size) ==
              complete);
    }
    CHECK(succeeds(H5Z_FLAG_REVERSE, 0, NULL, coded->bytes, coded->size, coded->size));
    CHECK(succeeds(H5Z_FLAG_REVERSE | H5Z_FLAG_OPTIONAL, word_count, words, coded->bytes,
                   coded->size, coded->size));
    unsigned wrong[sizeof words / sizeof *words];
    for (size_t i = 0; i < word_count; i++)
        for (unsigned change = 1; change; change <<= 1) {
            memcpy(wrong, words, sizeof words);
            wrong[i] ^= change;
            succeeds(0, word_count, wrong, values, SIZE, SIZE);
            succeeds(H5Z_FLAG_REVERSE, word_count, wrong, coded->bytes, coded->size, coded->size);
        }
    memcpy(wrong, words, sizeof words);
    wrong[0] = 2; /* a later layout */
    CHECK(!succeeds(0, word_count, wrong, values, SIZE, SIZE));
    CHECK(!succeeds(H5Z_FLAG_REVERSE, word_count, wrong, coded->bytes, coded->size, coded->size));
}

static void check_sizes(const short *values, const chunk *coded) {
    CHECK(!succeeds(0, word_count, words, values, SIZE - 1, SIZE));
    CHECK(!succeeds(0, word_count, words, values, 0, 1));
    CHECK(succeeds(0, word_count, words, values, SIZE, 10 * SIZE));
    for (size_t size = 0; size < coded->size; size++)
        CHECK(!succeeds(H5Z_FLAG_REVERSE, word_count, words, coded->bytes, size, size + 100));
    CHECK(succeeds(H5Z_FLAG_REVERSE, word_count, words, coded->bytes, coded->size,
                   coded->size + 1000));
}

/* Without checksums a damage may pass, but where only a checksum is damaged the values are right.
 */
static void check_damage(const short *values, const chunk *coded) {
    int only_checksum = 0;
    for (size_t i = 0; i < coded->size; i++)
        for (unsigned change = 1; change < 256; change += 2) {
            unsigned char *bytes = malloc(coded->size);
            memcpy(bytes, coded->bytes, coded->size);
            bytes[i] ^= (unsigned char)change;
            CHECK(decodes(0, bytes, coded->size, values) == 0);
            only_checksum += decodes(H5Z_FLAG_SKIP_EDC, bytes, coded->size, values) == 1;
            free(bytes);
        }
    CHECK(only_checksum >= 8 * 128);
}

/* The chunk with dimensions of 1 KiB each in the place of its own: 2 GiB, in three bytes more. */
static chunk claim(const chunk *coded) {
    enum { DIMS = 9, RANK = 3 };
    unsigned char *bytes = malloc(coded->size + RANK);
    memcpy(bytes, coded->bytes, DIMS);
    for (int i = 0; i < RANK; i++)
        memcpy(bytes + DIMS + 2 * i, "\x80\x08", 2);
    memcpy(bytes + DIMS + 2 * RANK, (char *)coded->bytes + DIMS + RANK, coded->size - DIMS - RANK);
    return (chunk){.bytes = bytes, .size = coded->size + RANK};
}

/* Without parameters, nothing but the limit, or memory that is not there, refuses a claim. */
static void check_memory(const short *values, const chunk *coded) {
    const unsigned flags = H5Z_FLAG_REVERSE | H5Z_FLAG_SKIP_EDC;
    static const char *const refused[] = {
        "1",           "100", "2K", "x", "-1", "5 M", "1T", "1MM", "0x10", "99999999999999999999",
        "99999999999G"};
    static const char *const accepted[] = {"", "0", "10000000", "1000k", "64M", "1g"};
    const chunk claimed = claim(coded);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        setenv("H5PRISM_MEMORY_LIMIT", refused[i], 1);
        CHECK(decodes(0, coded->bytes, coded->size, values) == 0);
        CHECK(succeeds(0, word_count, words, values, SIZE, SIZE)); /* it is for reading */
    }
    for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++) {
        setenv("H5PRISM_MEMORY_LIMIT", accepted[i], 1);
        CHECK(decodes(0, coded->bytes, coded->size, values) == 1);
    }
    setenv("H5PRISM_MEMORY_LIMIT", "2G", 1);
    CHECK(!succeeds(flags, 0, NULL, claimed.bytes, claimed.size, claimed.size));
    unsetenv("H5PRISM_MEMORY_LIMIT");
    struct rlimit kept, low = {.rlim_cur = 1 << 30};
    getrlimit(RLIMIT_AS, &kept);
    low.rlim_max = kept.rlim_max;
    setrlimit(RLIMIT_AS, &low);
    CHECK(!succeeds(flags, 0, NULL, claimed.bytes, claimed.size, claimed.size));
    CHECK(decodes(0, coded->bytes, coded->size, values) == 1);
    setrlimit(RLIMIT_AS, &kept);
    free(claimed.bytes);
}

int main(int count, char **arguments) {
    void *plugin = count == 2 ? dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL) : NULL;
    void *symbol = plugin ? dlsym(plugin, "H5PLget_plugin_info") : NULL;
    if (!symbol)
        return 2;
    const void *(*get_info)(void);
    memcpy(&get_info, &symbol, sizeof symbol);
    const H5Z_class2_t *class = get_info();
    CHECK(class->version == 1 && class->id == 33128 && strncmp(class->name, "prism", 5) == 0);
    CHECK(class->encoder_present && class->decoder_present);
    CHECK(class->can_apply(-1, -1, -1) < 0 && class->set_local(-1, -1, -1) < 0);
    filter = class->filter;

    static short values[COUNT];
    for (int i = 0; i < COUNT; i++)
        values[i] = (short)(i / PLANES * 300 + i % PLANES * i);
    chunk coded = run(0, word_count, words, values, SIZE, SIZE);
    CHECK(coded.size > 0);
    CHECK(decodes(0, coded.bytes, coded.size, values) == 1);
    check_parameters(values, &coded);
    check_sizes(values, &coded);
    check_damage(values, &coded);
    check_memory(values, &coded);
    free(coded.bytes);
    return failures ? 1 : 0;
}
