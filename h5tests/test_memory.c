/*
 * What decoding allocates: never more than a chunk's decode_bytes, nothing at all beyond the limit,
 * whatever a chunk claims; and not much more than the array.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "counting.h"
#include "golden.h"
#include "pipeline/container.h"

static counts counted;

static prism_status decode_counted(const uint8_t *chunk, size_t chunk_size, void *elements,
                                   size_t size, uint64_t limit) {
    const prism_decode_options options = {.threads = 1, .memory_limit = limit};
    counting_start((refusal){0});
    const prism_status status = prism_decode(chunk, chunk_size, elements, size, &options, NULL);
    counted = counting_stop();
    return status;
}

/* The limit is exact; returns what the chunk says that decoding takes. */
static uint64_t assert_limit(const char *name, const uint8_t *chunk, size_t chunk_size,
                             const void *elements, size_t size) {
    prism_info info;
    void *back = malloc(size);
    assert_non_null(back);
    assert_int_equal(prism_inspect(chunk, chunk_size, &info, NULL), PRISM_OK);
    if (info.decode_bytes > 1) {
        assert_int_equal(decode_counted(chunk, chunk_size, back, size, info.decode_bytes - 1),
                         PRISM_E_MEMORY);
        assert_int_equal(counted.calls, 0);
    }
    assert_int_equal(decode_counted(chunk, chunk_size, back, size, info.decode_bytes), PRISM_OK);
    if (info.bound == PRISM_BOUND_NONE)
        assert_memory_equal(back, elements, size);
    if (counted.peak > info.decode_bytes)
        fail_msg("%s: %zu bytes taken, decode_bytes %llu", name, counted.peak,
                 (unsigned long long)info.decode_bytes);
    free(back);
    return info.decode_bytes;
}

static void golden_chunks(void **state) {
    (void)state;
    size_t count;
    golden *all = golden_load(&count);
    for (size_t i = 0; i < count; i++)
        assert_limit(all[i].name, all[i].chunk, all[i].chunk_size, all[i].elements, all[i].size);
    golden_free(all, count);
}

/* Arrays of every mapping in other dimensions: each with one of 1 more, in front, as the last or in
 * between. */
static void golden_arrays_with_dimensions_of_1(void **state) {
    (void)state;
    size_t count, chunk_size;
    golden *all = golden_load(&count);
    for (size_t i = 0; i < count; i += SANITIZED ? 4 : 1) {
        prism_array array = all[i].info.array;
        prism_options options = golden_options(&all[i]);
        const unsigned at = (unsigned)(i % (array.rank + 1));
        if (array.rank == PRISM_MAX_RANK || options.effort > 7)
            continue;
        memmove(array.dims + at + 1, array.dims + at, (array.rank++ - at) * sizeof *array.dims);
        array.dims[at] = 1;
        options.axis = PRISM_AXIS_AUTO;
        uint8_t *chunk = encode_new(&array, all[i].elements, &options, &chunk_size);
        assert_limit(all[i].name, chunk, chunk_size, all[i].elements, all[i].size);
        free(chunk);
    }
    golden_free(all, count);
}

/* ---- Shapes ---- */

static const char *const pipelines[] = {
    "transform=channels,predictor=paeth,coder=deflate",
    "transform=stack,predictor=paeth,coder=deflate,axis=0",
    "transform=channels,predictor=lsq,coder=ans,effort=1",
    "transform=none,predictor=lsq,coder=ans,effort=1",
    "transform=channels,predictor=lsq,coder=ans,effort=5",
    "transform=channels,predictor=lsq,coder=ans,effort=6",
    "transform=none,predictor=lsq,coder=ans,effort=5",
    "transform=stack,predictor=lsq,coder=ans,effort=5,axis=0",
    "transform=channels,predictor=lsq,coder=ans,effort=8",
    "transform=stack,predictor=lsq,coder=ans,effort=9,axis=0",
    "block=4,effort=1",
    "block=8,effort=5",
    "block=32,effort=5",
    "transform=none,predictor=none,coder=jxl,effort=3",
    "coder=zstd",
    "coder=zstd,axis=0,effort=7",
    "max_error=3,effort=5",
    "rel_max_error=0.3,effort=9",
    "rel_rmse=0.02,effort=6",
    "rel_rmse=0.2,effort=9",
    "effort=1",
};
enum { PIPELINES = sizeof pipelines / sizeof *pipelines };

enum { MIB = 1 << 20 }; /* what tables may take besides is a few of them */

static const uint64_t shapes[][3] = {
    {1, 1, 5000}, {5000, 1, 1}, {1, 5000, 1}, {16, 16, 16}, {3, 64, 64}, {64, 64, 3}, {2, 3, 1100},
    {1100, 2, 3}, {200, 40, 1}, {1, 90, 90},  {40, 4, 64},  {6, 2, 300}, {5, 5, 5}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static const prism_type types[] = {PRISM_INT8, PRISM_UINT16, PRISM_FLOAT32, PRISM_INT64};
enum { TYPES = sizeof types / sizeof *types };

/* What decoding may take: tables of any size of array, and so many times the array. */
static uint64_t most_decoding(const prism_options *options, size_t size) {
    const bool slow = options->effort > 7;
    const int tables = slow ? 12 : options->bound == PRISM_BOUND_REL_RMSE ? 4 : 2;
    return (uint64_t)(slow ? 12 : 8) * size + (uint64_t)tables * MIB;
}

static void assert_shape(const uint64_t dims[3], prism_type type, pattern kind,
                         const char *options) {
    char name[160];
    size_t size, chunk_size;
    prism_array array = {.type = type, .rank = 3};
    const prism_options chosen = options_of(options);
    memcpy(array.dims, dims, 3 * sizeof *dims);
    void *elements = make_elements(&array, kind, 3, &size);
    uint8_t *chunk = encode_new(&array, elements, &chosen, &chunk_size);
    snprintf(name, sizeof name, "%dx%dx%d %s %d %s", (int)dims[0], (int)dims[1], (int)dims[2],
             prism_type_name(type), (int)kind, options);
    const uint64_t bytes = assert_limit(name, chunk, chunk_size, elements, size);
    if (chosen.coder != PRISM_CODER_JXL && bytes > most_decoding(&chosen, size))
        fail_msg("%s: tables take decode_bytes to %llu", name, (unsigned long long)bytes);
    free(chunk);
    free(elements);
}

/* Each shape with each pipeline; types and patterns in turns. */
static void shapes_of_all_kinds(void **state) {
    (void)state;
    static const pattern kinds[] = {PATTERN_RELATED, PATTERN_FEW, PATTERN_HOLES, PATTERN_TILES};
    for (size_t s = 0; s < SHAPES; s += SANITIZED ? 3 : 1)
        for (size_t p = 0; p < PIPELINES; p++)
            assert_shape(shapes[s], types[(s + p) % TYPES], kinds[(s + p) / TYPES % 4],
                         pipelines[p]);
}

/* ---- Arrays of ordinary sizes ---- */

/* Sanitizers see some of these only: how much memory is taken is the same without them. */
enum { STEP = SANITIZED ? 16 : 1 };

enum { TIMES = 8, ENCODING_TIMES = 20, LARGE = 8 << 20, SMALL = 1 << 20, SMALL_PEAK = 64 << 20 };

/* Numbers of two related pictures and more, of a quarter of 16 bits or of 8: wide integers and
 * floats of them are mapped to those. */
static void *make_ordinary(const prism_array *array, pattern kind, size_t *size) {
    prism_array narrow = *array;
    const size_t width = prism_type_size(array->type);
    if (width < sizeof(int32_t) || kind == PATTERN_FEW || kind == PATTERN_NOISE)
        return make_elements(array, kind, 3, size);
    narrow.type = PRISM_INT16;
    int16_t *numbers = make_elements(&narrow, kind, 3, size);
    const size_t count = *size / sizeof *numbers;
    *size = count * width;
    uint8_t *elements = malloc(*size);
    assert_non_null(elements);
    for (size_t i = 0; i < count; i++) {
        const float single = numbers[i] * 0.01f;
        const double number = numbers[i] * 0.01;
        const int32_t word = numbers[i];
        const int64_t wide = numbers[i];
        const void *from = array->type == PRISM_FLOAT32   ? (const void *)&single
                           : array->type == PRISM_FLOAT64 ? (const void *)&number
                           : width == sizeof word         ? (const void *)&word
                                                          : (const void *)&wide;
        memcpy(elements + i * width, from, width);
    }
    free(numbers);
    return elements;
}

/* What encoding takes is counted, too; whether decoding takes what it says is tested above.
 * `times`: what decoding may take, 0 for what may be taken with tables. */
static void assert_times_of(const prism_array *array, const void *elements, size_t size,
                            const char *options, double times) {
    char name[120];
    size_t chunk_size;
    prism_info info;
    const uint64_t *dims = array->dims;
    const prism_options chosen = options_of(options);
    counting_start((refusal){0});
    uint8_t *chunk = encode_new(array, elements, &chosen, &chunk_size);
    const size_t encoding = counting_stop().peak;
    const uint64_t most =
        times > 0 ? (uint64_t)(times * (double)size) : most_decoding(&chosen, size);
    snprintf(name, sizeof name, "%dx%dx%d %s %s", (int)dims[0], (int)dims[1], (int)dims[2],
             prism_type_name(array->type), options);
    assert_int_equal(prism_inspect(chunk, chunk_size, &info, NULL), PRISM_OK);
    if (info.decode_bytes > most)
        fail_msg("%s: decode_bytes are %.2f times the array", name,
                 (double)info.decode_bytes / (double)size);
    if ((size >= LARGE && encoding > ENCODING_TIMES * size) ||
        (size < SMALL && encoding > SMALL_PEAK))
        fail_msg("%s: encoding takes %.2f times the array", name, (double)encoding / (double)size);
    free(chunk);
}

static void assert_times(const uint64_t dims[3], prism_type type, pattern kind, const char *options,
                         double times) {
    size_t size;
    prism_array array = {.type = type, .rank = 3};
    memcpy(array.dims, dims, 3 * sizeof *dims);
    void *elements = make_ordinary(&array, kind, &size);
    assert_times_of(&array, elements, size, options, times);
    free(elements);
}

static void ordinary_arrays_take_a_few_times_their_size(void **state) {
    (void)state;
    static const uint64_t ordinary[][3] = {{1024, 1024, 1}, {1024, 1024, 3}, {256, 256, 8},
                                           {96, 96, 128},   {30, 256, 256},  {1, 1, 1 << 20},
                                           {300, 400, 4}};
    static const struct {
        prism_type type;
        const char *options;
    } ways[] = {{PRISM_UINT8, "predictor=lsq,coder=ans,effort=3"},
                {PRISM_UINT8, "predictor=lsq,coder=ans,effort=5"},
                {PRISM_INT16, "predictor=lsq,coder=ans,effort=5"},
                {PRISM_FLOAT32, "predictor=lsq,coder=ans,effort=3"},
                {PRISM_UINT8, "predictor=paeth,coder=deflate,effort=3"},
                {PRISM_UINT8, "predictor=none,effort=5"}}; /* which libjxl is for */
    for (size_t i = 0; i < sizeof ordinary / sizeof *ordinary; i++)
        for (size_t w = i % STEP; w < sizeof ways / sizeof *ways; w += STEP)
            assert_times(ordinary[i], ways[w].type, PATTERN_RELATED, ways[w].options, TIMES);
}

typedef struct ordinary_case {
    uint64_t dims[3];
    prism_type type;
    pattern kind;
    int effort;
    double times;
} ordinary_case;

/* Each kind of array that took most of its size. */
static const ordinary_case hard[] = {
    /* two planes */
    {{731, 731, 2}, PRISM_UINT8, PATTERN_RELATED, 5, TIMES},
    {{731, 731, 2}, PRISM_INT8, PATTERN_RELATED, 1, TIMES},
    {{1, 2, 1 << 19}, PRISM_UINT8, PATTERN_RELATED, 5, TIMES},
    {{1, 2, 1 << 19}, PRISM_UINT8, PATTERN_RELATED, 2, TIMES},
    /* many planes of few rows */
    {{2, 731, 731}, PRISM_UINT8, PATTERN_RELATED, 4, TIMES},
    {{3, 585, 585}, PRISM_UINT8, PATTERN_RELATED, 5, TIMES},
    {{3, 413, 413}, PRISM_INT16, PATTERN_RELATED, 6, TIMES},
    {{16, 1 << 16, 1}, PRISM_UINT8, PATTERN_RELATED, 5, TIMES},
    /* squares of few planes */
    {{341, 341, 8}, PRISM_UINT8, PATTERN_RELATED, 7, TIMES},
    /* few values, of one picture, whose blanks take most, and of many */
    {{1024, 1024, 1}, PRISM_UINT8, PATTERN_FEW, 5, TIMES},
    {{93, 93, 128}, PRISM_UINT8, PATTERN_FEW, 7, TIMES},
    {{1150, 1150, 1}, PRISM_UINT8, PATTERN_FEW, 5, TIMES},
    {{18, 58255, 1}, PRISM_UINT8, PATTERN_FEW, 5, TIMES},
    {{1260, 1260, 1}, PRISM_UINT8, PATTERN_FEW, 5, TIMES},
    /* planes of a few rows or columns */
    {{131072, 2, 4}, PRISM_UINT8, PATTERN_RELATED, 1, TIMES},
    {{131072, 2, 4}, PRISM_UINT8, PATTERN_RELATED, 7, TIMES},
    {{4, 2, 131072}, PRISM_UINT8, PATTERN_RELATED, 5, TIMES},
    {{5, 52428, 4}, PRISM_INT8, PATTERN_RELATED, 7, TIMES},
    {{16384, 16, 4}, PRISM_UINT8, PATTERN_RELATED, 6, TIMES},
    {{3, 2, 87381}, PRISM_INT16, PATTERN_RELATED, 6, TIMES},
    /* places without data */
    {{1024, 1024, 1}, PRISM_UINT8, PATTERN_HOLES, 5, TIMES},
    {{1, 1024, 1024}, PRISM_UINT8, PATTERN_HOLES, 3, TIMES},
    {{2048, 2048, 1}, PRISM_UINT8, PATTERN_HOLES, 5, TIMES},
    {{724, 724, 2}, PRISM_INT8, PATTERN_HOLES, 5, TIMES},
    {{724, 724, 2}, PRISM_INT8, PATTERN_HOLES, 1, TIMES},
    {{128, 128, 64}, PRISM_INT8, PATTERN_HOLES, 5, TIMES},
    {{300, 300, 12}, PRISM_INT16, PATTERN_HOLES, 1, TIMES},
    {{600, 600, 1}, PRISM_FLOAT32, PATTERN_HOLES, 5, TIMES},
    {{1, 16, 65536}, PRISM_UINT8, PATTERN_HOLES, 5, TIMES},
    {{1 << 20, 1, 1}, PRISM_UINT8, PATTERN_HOLES, 5, TIMES},
    {{1 << 19, 2, 1}, PRISM_UINT8, PATTERN_HOLES, 5, TIMES},
    {{24, 210, 210}, PRISM_UINT8, PATTERN_HOLES, 5, TIMES},
    /* what comes again */
    {{1024, 1024, 1}, PRISM_UINT8, PATTERN_TILES, 5, TIMES},
    {{256, 256, 16}, PRISM_INT16, PATTERN_TILES, 5, TIMES},
    /* other types, through mappings */
    {{512, 512, 1}, PRISM_INT32, PATTERN_RELATED, 5, TIMES},
    {{300, 300, 3}, PRISM_FLOAT32, PATTERN_RELATED, 7, TIMES},
    {{2, 360, 360}, PRISM_FLOAT32, PATTERN_RELATED, 5, TIMES},
    {{362, 362, 1}, PRISM_FLOAT64, PATTERN_RELATED, 5, TIMES},
    {{170, 170, 4}, PRISM_INT64, PATTERN_RELATED, 1, TIMES},
    /* 4 MiB */
    {{2048, 2048, 1}, PRISM_UINT8, PATTERN_RELATED, 5, TIMES},
    {{1448, 1448, 2}, PRISM_INT8, PATTERN_RELATED, 1, TIMES},
    /* the slowest efforts */
    {{204, 204, 30}, PRISM_UINT8, PATTERN_RELATED, 8, 12},
    {{30, 204, 204}, PRISM_UINT8, PATTERN_RELATED, 9, 12},
    {{1090, 1090, 1}, PRISM_UINT8, PATTERN_FEW, 9, 12},
    {{2, 5, 104858}, PRISM_UINT8, PATTERN_RELATED, 8, 12},
    {{16, 65536, 1}, PRISM_UINT8, PATTERN_RELATED, 9, 12},
    /* for encoding: a large picture, two lines, and narrow planes */
    {{2900, 2900, 1}, PRISM_UINT8, PATTERN_RELATED, 5, TIMES},
    {{1, 2, 1 << 22}, PRISM_UINT8, PATTERN_RELATED, 4, TIMES},
    {{524288, 4, 4}, PRISM_UINT8, PATTERN_RELATED, 5, TIMES},
};

static void hard_arrays_take_a_few_times_their_size(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof hard / sizeof *hard; i += STEP) {
        char options[64];
        snprintf(options, sizeof options, "predictor=lsq,coder=ans,effort=%d", hard[i].effort);
        assert_times(hard[i].dims, hard[i].type, hard[i].kind, options, hard[i].times);
    }
}

#define CHANNELS "transform=channels,predictor=lsq,coder=ans,effort=5,axis=2"

/* Planes of a few rows, by options that are asked for: pads count most there. Where a method would
 * take more, another one is chosen. */
static void planes_of_few_rows_take_a_few_times_their_size(void **state) {
    (void)state;
    static const struct {
        uint64_t dims[3];
        pattern kind;
        const char *options;
        double times;
    } thin[] = {
        /* hundreds of planes, in one group and in more */
        {{3, 585, 585}, PATTERN_RELATED, "predictor=lsq,coder=ans,effort=5,axis=2", 6},
        {{3, 681, 513}, PATTERN_RELATED, "predictor=lsq,coder=ans,effort=5,axis=2", 6},
        {{2, 1022, 513}, PATTERN_RELATED, "predictor=lsq,coder=ans,effort=5,axis=2", 6},
        {{3, 681, 513}, PATTERN_RELATED, "predictor=lsq,coder=ans,effort=1,axis=2", 6},
        /* a few planes: frames, or predicted from each other; the last two may be in bands */
        {{2, 17, 30841}, PATTERN_RELATED, "predictor=lsq,coder=ans,effort=5,axis=0", TIMES},
        {{17, 30841, 2}, PATTERN_RELATED, "predictor=lsq,coder=ans,effort=5,axis=2", TIMES},
        {{17, 30841, 2}, PATTERN_HOLES, "predictor=lsq,coder=ans,effort=5,axis=2", TIMES},
        {{64, 8192, 2}, PATTERN_HOLES, "predictor=lsq,coder=ans,effort=5,axis=2", TIMES},
        {{17, 20000, 3}, PATTERN_RELATED, "predictor=lsq,coder=ans,effort=5,axis=2", TIMES},
        {{17, 20000, 3}, PATTERN_RELATED, CHANNELS, TIMES},
        {{17, 20000, 4}, PATTERN_RELATED, CHANNELS, TIMES},
        {{17, 200000, 2}, PATTERN_RELATED, "predictor=lsq,coder=ans,effort=5,axis=2", TIMES},
        {{17, 200000, 2}, PATTERN_HOLES, "predictor=lsq,coder=ans,effort=5,axis=2", TIMES},
        /* one picture; the last one may be in bands */
        {{8, 131072, 1}, PATTERN_RELATED, "transform=none,predictor=lsq,coder=ans,effort=5", 6},
        {{3, 349525, 1}, PATTERN_RELATED, "transform=none,predictor=lsq,coder=ans,effort=1", TIMES},
        {{3, 349525, 1}, PATTERN_RELATED, "transform=none,predictor=lsq,coder=ans,effort=5", TIMES},
        {{3, 349525, 1}, PATTERN_HOLES, "transform=none,predictor=lsq,coder=ans,effort=5", TIMES},
        {{4, 1100000, 1},
         PATTERN_RELATED,
         "transform=none,predictor=lsq,coder=ans,effort=5",
         TIMES},
    };
    for (size_t i = 0; i < sizeof thin / sizeof *thin; i += STEP)
        assert_times(thin[i].dims, PRISM_UINT8, thin[i].kind, thin[i].options, thin[i].times);
}

/* Sums of random numbers, of which little can be saved, with places of zeros: four rows by 64
 * columns. */
static uint8_t *make_rough(const prism_array *array, bool holes, size_t *size) {
    uint32_t random = 7;
    const uint64_t width = array->dims[1], planes = array->dims[2];
    assert_int_equal(prism_array_size(array, size, NULL), PRISM_OK);
    uint8_t *elements = malloc(*size);
    assert_non_null(elements);
    for (size_t i = 0; i < *size; i++) {
        const size_t tile = i / planes / width / 4 * (width / 64 + 1) + i / planes % width / 64;
        const bool hole = holes && ((uint32_t)tile * 2654435761u) >> 31;
        uint32_t sum = 1;
        for (int n = 0; n < 3; n++)
            sum += random_below(&random, 64);
        elements[i] = hole ? 0 : (uint8_t)sum;
    }
    return elements;
}

/* Chunks that are hardly smaller than the array lie beside what decoding takes. */
static void rough_planes_of_few_rows_take_a_few_times_their_size(void **state) {
    (void)state;
    static const struct {
        uint64_t dims[3];
        bool holes;
        const char *options;
    } rough[] = {
        {{24, 43691, 1}, true, "predictor=lsq,coder=ans,effort=1"},
        {{18, 58255, 1}, true, "predictor=lsq,coder=ans,effort=5"},
        {{17, 30841, 2}, true, "predictor=lsq,coder=ans,effort=1"},
        {{18, 29128, 2}, true, CHANNELS},
        {{5, 104858, 2}, true, "transform=none,predictor=lsq,coder=ans,effort=5"},
        {{3, 174763, 2}, false, "transform=none,predictor=lsq,coder=ans,effort=5"},
        {{17, 20561, 3}, false, "transform=stack,predictor=lsq,coder=ans,effort=5,axis=2"},
    };
    for (size_t i = 0; i < sizeof rough / sizeof *rough; i += STEP) {
        size_t size;
        prism_array array = {.type = PRISM_UINT8, .rank = 3};
        memcpy(array.dims, rough[i].dims, sizeof rough[i].dims);
        uint8_t *elements = make_rough(&array, rough[i].holes, &size);
        assert_times_of(&array, elements, size, rough[i].options, TIMES);
        free(elements);
    }
}

/* ---- Bounds ---- */

/* Ways of losing, on large arrays, of which bytes are hardest, and on small ones, which are enough
 * for sanitizers. */
static const struct {
    uint64_t dims[3];
    prism_type type;
    pattern kind;
    const char *options;
} bounded[] = {
    {{256, 256, 128}, PRISM_INT8, PATTERN_NOISE, "rel_rmse=0.1,axis=2"},
    {{256, 256, 128}, PRISM_INT8, PATTERN_NOISE, "rel_rmse=0.8,axis=2"},
    {{256, 256, 128}, PRISM_INT8, PATTERN_RELATED, "rel_rmse=0.4,axis=2"},
    {{12, 840, 840}, PRISM_UINT8, PATTERN_RELATED, "rel_rmse=0.1,effort=1"},
    {{12, 840, 840}, PRISM_UINT8, PATTERN_RELATED, "max_error=3"},
    {{256, 256, 128}, PRISM_UINT8, PATTERN_RELATED, "max_error=1,axis=2"},
    {{512, 512, 32}, PRISM_INT16, PATTERN_RELATED, "rel_max_error=0.01"},
    {{256, 256, 32}, PRISM_FLOAT32, PATTERN_RELATED, "rel_rmse=0.05"},
    {{2900, 2900, 1}, PRISM_UINT8, PATTERN_RELATED, "rel_rmse=0.2,effort=4"},
    {{64, 64, 128}, PRISM_INT8, PATTERN_NOISE, "rel_rmse=0.02"},
    {{64, 64, 128}, PRISM_INT8, PATTERN_NOISE, "rel_rmse=0.6,effort=9"},
    {{64, 64, 128}, PRISM_UINT8, PATTERN_RELATED, "max_error=3,effort=9"},
    {{12, 200, 200}, PRISM_UINT8, PATTERN_RELATED, "max_error=2,effort=9"},
    {{128, 128, 7}, PRISM_FLOAT64, PATTERN_RELATED, "rel_max_error=0.001,effort=7"},
};

enum { FIRST_SMALL = 9 };

static void bounds_take_no_more_memory(void **state) {
    (void)state;
    for (size_t i = SANITIZED ? FIRST_SMALL : 0; i < sizeof bounded / sizeof *bounded; i += STEP)
        assert_times(bounded[i].dims, bounded[i].type, bounded[i].kind, bounded[i].options, 0);
}

/* ---- Claims ---- */

enum { LIMIT = 1 << 20, PROBES = 400 };

/* A chunk with other dimensions in its header and random parameters: bytes that were never
 * encoded. The container is written anew, so that it is valid. */
static size_t claim(uint8_t *bytes, const golden *g, uint32_t *random) {
    px_chunk chunk;
    px_buffer out = {0};
    assert_int_equal(px_chunk_read(&chunk, g->chunk, g->chunk_size, NULL), PRISM_OK);
    for (unsigned i = 0; i < chunk.array.rank; i++)
        chunk.array.dims[i] = 1 + random_below(random, 1u << random_below(random, 12));
    chunk.has_checksum = false;
    const size_t parameters = chunk.parameter_size < 2000 ? chunk.parameter_size : 2000;
    uint8_t damaged[2000];
    memcpy(damaged, chunk.parameters, parameters);
    for (uint32_t i = random_below(random, 4); i-- > 0 && parameters > 1;)
        damaged[1 + random_below(random, (uint32_t)parameters - 1)] = (uint8_t)random_next(random);
    chunk.parameters = damaged;
    chunk.parameter_size = parameters;
    const bool written = px_chunk_write(&chunk, &out, NULL) == PRISM_OK;
    assert_true(written);
    memcpy(bytes, out.data, out.size);
    const size_t size = out.size;
    px_buffer_free(&out);
    return size;
}

/* Decoding fails before it allocates, or stays within what it said. */
static void assert_claim(const uint8_t *chunk, size_t chunk_size, const char *name) {
    enum { LARGEST = 1 << 23 };
    prism_info info;
    size_t size;
    if (prism_inspect(chunk, chunk_size, &info, NULL) != PRISM_OK ||
        prism_array_size(&info.array, &size, NULL) != PRISM_OK || size > LARGEST)
        return;
    void *elements = malloc(size);
    assert_non_null(elements);
    const prism_status status = decode_counted(chunk, chunk_size, elements, size, LIMIT);
    if (info.decode_bytes > LIMIT) {
        assert_int_equal(status, PRISM_E_MEMORY);
        assert_int_equal(counted.calls, 0);
        if (size < LARGEST / 16)
            decode_counted(chunk, chunk_size, elements, size, info.decode_bytes);
    }
    if (counted.peak > info.decode_bytes)
        fail_msg("%s: %zu bytes taken, decode_bytes %llu", name, counted.peak,
                 (unsigned long long)info.decode_bytes);
    free(elements);
}

static void claims_are_not_believed(void **state) {
    (void)state;
    size_t count;
    uint32_t random = 5;
    golden *all = golden_load(&count);
    uint8_t *bytes = malloc(1 << 20);
    assert_non_null(bytes);
    for (size_t i = 0; i < PROBES; i++) {
        const golden *g = &all[i % count];
        assert_claim(bytes, claim(bytes, g, &random), g->name);
    }
    free(bytes);
    golden_free(all, count);
}

/* From 4 MiB on, libzstd's tables follow the size of the array; a size above a power of two is what
 * would take most. */
static void tables_of_zstd_do_not_outgrow_large_arrays(void **state) {
    (void)state;
    static const struct {
        uint64_t dims[3];
        prism_type type;
    } large[] = {{{2900, 2900, 1}, PRISM_UINT8}, {{1024, 1024, 4}, PRISM_INT16}};
    for (size_t i = 0; i < (SANITIZED ? 1 : sizeof large / sizeof *large); i++)
        assert_times(large[i].dims, large[i].type, PATTERN_FEW, "coder=zstd,effort=9", TIMES);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_chunks),
        cmocka_unit_test(golden_arrays_with_dimensions_of_1),
        cmocka_unit_test(shapes_of_all_kinds),
        cmocka_unit_test(ordinary_arrays_take_a_few_times_their_size),
        cmocka_unit_test(hard_arrays_take_a_few_times_their_size),
        cmocka_unit_test(planes_of_few_rows_take_a_few_times_their_size),
        cmocka_unit_test(rough_planes_of_few_rows_take_a_few_times_their_size),
        cmocka_unit_test(tables_of_zstd_do_not_outgrow_large_arrays),
        cmocka_unit_test(bounds_take_no_more_memory),
        cmocka_unit_test(claims_are_not_believed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
