/*
 * Memory that runs out: whichever allocation fails, encoding and decoding say PRISM_E_MEMORY and
 * keep nothing. They never make do with what is left: that would be another chunk.
 */
#include <stdlib.h>
#include <string.h>

#include "counting.h"
#include "golden.h"

enum { MOST_CALLS = 1 << 16, MOST_WAYS = 1 << 14, MOST_TRIES = SANITIZED ? 6 : 40 };

/* A call of the library, which can be made again. */
typedef struct task {
    const char *name;
    prism_array array;
    const void *elements;
    size_t size;
    prism_options options;
    const uint8_t *chunk;
    size_t chunk_size;
} task;

typedef prism_status (*action)(const task *t, void *out, prism_error *error);

static prism_status encode(const task *t, void *out, prism_error *error) {
    size_t size;
    const prism_status status =
        prism_encode(&t->array, t->elements, &t->options, out, t->size + 512, &size, error);
    assert_true(status == PRISM_OK || !size);
    return status;
}

static prism_status decode(const task *t, void *out, prism_error *error) {
    return prism_decode(t->chunk, t->chunk_size, out, t->size, NULL, error);
}

static prism_status decode_first(const task *t, void *out, prism_error *error) {
    prism_info info;
    assert_int_equal(prism_inspect(t->chunk, t->chunk_size, &info, NULL), PRISM_OK);
    const uint64_t first = 0;
    return prism_decode_planes(t->chunk, t->chunk_size, &first, 1, out,
                               t->size / (size_t)info.planes, NULL, error);
}

static prism_status decode_part(const task *t, void *out, prism_error *error) {
    const uint64_t start[PRISM_MAX_RANK] = {0};
    return prism_decode_region(t->chunk, t->chunk_size, start, t->array.dims, out, t->size, NULL,
                               error);
}

/* Ways by which allocations were reached that have failed in some task. */
static uint64_t known[MOST_WAYS];
static size_t known_count;

static bool is_known(uint64_t way) {
    for (size_t i = 0; i < known_count; i++)
        if (known[i] == way)
            return true;
    return false;
}

/* Which allocations fail: the first and the last one, and those that are reached by ways of their
 * own, evenly spread if they are more than `most`. Sets the ways of the others to 0. */
static void choose(uint64_t *ways, size_t calls, size_t most) {
    size_t fresh = 0, taken = 0;
    for (size_t i = 0; i < calls; i++)
        fresh += !is_known(ways[i]);
    for (size_t i = 0, seen = 0; i < calls; i++) {
        const bool is_new = !is_known(ways[i]);
        const bool due = is_new && (fresh <= most || seen * most / fresh >= taken);
        seen += is_new;
        if (due && known_count < MOST_WAYS) {
            known[known_count++] = ways[i];
            taken++;
        } else if (i && i + 1 < calls) {
            ways[i] = 0;
        }
    }
}

/* One allocation fails, or, in turns, all from it on. */
static void fail_each(const task *t, action act, const char *what) {
    static uint64_t ways[MOST_CALLS];
    uint8_t *out = malloc(t->size + 512);
    prism_error error;
    assert_non_null(out);
    counting_start((refusal){0});
    counting_trace(ways, MOST_CALLS);
    prism_status status = act(t, out, &error);
    const size_t calls = counting_stop().calls;
    if (status != PRISM_OK)
        fail_msg("%s %s: %s", what, t->name, error.message);
    assert_in_range(calls, 1, MOST_CALLS);
    choose(ways, calls, MOST_TRIES);
    for (size_t n = 1; n <= calls; n++) {
        if (!ways[n - 1])
            continue;
        counting_start((refusal){.first = n, .lasting = n % 2 == 0});
        status = act(t, out, &error);
        const counts after = counting_stop();
        if (status != PRISM_E_MEMORY || after.blocks)
            fail_msg("%s %s, allocation %zu of %zu: %s, %zu blocks are left", what, t->name, n,
                     calls, prism_status_name(status), after.blocks);
    }
    free(out);
}

static void golden_chunks(void **state) {
    (void)state;
    size_t count;
    golden *all = golden_load(&count);
    for (size_t i = 0; i < count; i++) {
        const golden *g = &all[i];
        const task t = {.name = g->name,
                        .array = g->info.array,
                        .elements = g->elements,
                        .size = g->size,
                        .options = golden_options(g),
                        .chunk = g->chunk,
                        .chunk_size = g->chunk_size};
        if (g->info.coder != PRISM_CODER_RAW)
            fail_each(&t, decode, "decoding");
        fail_each(&t, decode_first, "decoding a plane of");
        fail_each(&t, decode_part, "decoding a part of");
        fail_each(&t, encode, "encoding");
    }
    golden_free(all, count);
}

/* What no golden chunk is made by: libjxl's lossy coding, whose bytes are its own, and efforts and
 * options of which there is none. */
static void other_options(void **state) {
    (void)state;
    static const struct {
        prism_type type;
        uint64_t dims[3];
        const char *options;
    } cases[] = {{PRISM_UINT8, {2, 24, 20}, "distance=1,coder=jxl,axis=0"},
                 {PRISM_INT16, {20, 24, 3}, "distance=2,coder=jxl,axis=2"},
                 {PRISM_UINT16, {20, 24, 8}, "rel_rmse=0.05,effort=3,axis=2"},
                 {PRISM_FLOAT64, {30, 26, 6}, "rel_rmse=0.02,effort=8,of=deviation"},
                 {PRISM_FLOAT32, {20, 24, 8}, "rel_max_error=0.01,effort=7"},
                 {PRISM_UINT8, {4, 30, 40}, "max_error=2,effort=8,axis=0"},
                 {PRISM_INT32, {20, 24, 8}, "max_error=100000,effort=1"},
                 {PRISM_FLOAT64, {20, 24, 4}, "coder=zstd,effort=9"},
                 {PRISM_UINT16, {3000, 1, 1}, "coder=zstd,effort=3"},
                 {PRISM_UINT8, {1100, 3, 2}, "effort=8"},
                 {PRISM_UINT8, {24, 20, 6}, "effort=5"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        task t = {.name = cases[i].options,
                  .array = {.type = cases[i].type, .rank = 3},
                  .options = options_of(cases[i].options)};
        memcpy(t.array.dims, cases[i].dims, sizeof cases[i].dims);
        void *elements = make_elements(&t.array, PATTERN_RELATED, 7, &t.size);
        t.elements = elements;
        uint8_t *chunk = encode_new(&t.array, elements, &t.options, &t.chunk_size);
        t.chunk = chunk;
        prism_info info;
        assert_int_equal(prism_inspect(chunk, t.chunk_size, &info, NULL), PRISM_OK);
        if (info.coder == PRISM_CODER_RAW)
            fail_msg("%s: the chunk is raw", t.name);
        fail_each(&t, encode, "encoding by");
        fail_each(&t, decode, "decoding");
        free(chunk);
        free(elements);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_chunks),
        cmocka_unit_test(other_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
