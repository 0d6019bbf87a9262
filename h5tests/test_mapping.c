/* Mappings: every bit of elements of every type comes back; where the values say which mapping they
 * want, it is taken, and it brings something; damage is noticed or decodes to something. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/array.h"
#include "support.h"

enum { HEIGHT = 30, WIDTH = 40, CHANNELS = 8, COUNT = HEIGHT * WIDTH * CHANNELS };

/* The value of an element, all of whose bits count. */
typedef uint64_t (*maker)(size_t index, const px_number *number);

/* Elements in the array's type and byte order; malloc'ed. */
static uint8_t *make_words(const prism_array *array, maker make, size_t *size) {
    assert_int_equal(prism_array_size(array, size, NULL), PRISM_OK);
    const px_number *number = px_number_of(array->type);
    uint8_t *bytes = malloc(*size);
    assert_non_null(bytes);
    for (size_t i = 0; i < *size / number->size; i++) {
        const uint64_t word = make(i, number);
        for (size_t b = 0; b < number->size; b++) {
            const size_t at = array->order == PRISM_LITTLE_ENDIAN ? b : number->size - 1 - b;
            bytes[i * number->size + at] = (uint8_t)(word >> 8 * b);
        }
    }
    return bytes;
}

/* The word of a value, which small types round down. */
static uint64_t word_of(double value, const px_number *number) {
    if (!number->fraction)
        return (uint64_t)(int64_t)value;
    uint64_t bits;
    if (number->size == 8) {
        memcpy(&bits, &value, sizeof bits);
        return bits;
    }
    const float single = (float)value;
    uint32_t narrow;
    memcpy(&narrow, &single, sizeof narrow);
    if (number->size == 4)
        return narrow;
    if (number->fraction == 7)
        return narrow >> 16;
    const int exponent = (int)(narrow >> 23 & 255) - 127 + 15;
    if (exponent <= 0)
        return narrow >> 31 << 15;
    if (exponent >= 31)
        return narrow >> 31 << 15 | 31 << 10 | (isnan(value) ? 512 : 0);
    return narrow >> 31 << 15 | (uint32_t)exponent << 10 | (narrow >> 13 & 1023);
}

/* ---- Values ---- */

static uint64_t hash(uint64_t index) {
    uint64_t bits = (index + 1) * 0x9e3779b97f4a7c15u;
    bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9u;
    return bits ^ bits >> 27;
}

/* A scene of whole numbers in about -1000..1000: smooth, the same for all channels but for noise.
 */
static double scene(size_t index) {
    const double y = (double)(index / CHANNELS / WIDTH), x = (double)(index / CHANNELS % WIDTH);
    return rint(500 * sin(x / 9) + 400 * cos(y / 7) + (double)(hash(index) % 8));
}

static uint64_t noise(size_t index, const px_number *number) {
    (void)number;
    return hash(index);
}

static uint64_t whole_numbers(size_t index, const px_number *number) {
    return word_of(scene(index), number);
}

static double divisor = 1;

/* k / d, as it is rounded. */
static uint64_t quotients(size_t index, const px_number *number) {
    return word_of(scene(index) / divisor, number);
}

/* Integers by a scale and an offset, in the arithmetic of the type. */
static uint64_t unpacked(size_t index, const px_number *number) {
    const volatile float single = (float)scene(index) * 0.00317f; /* without a fused sum */
    const volatile double value = scene(index) * 0.00317;
    return word_of(number->size == 4 ? (double)(single + 273.15f) : value + 273.15, number);
}

/* Likewise, less their mean, by their deviation. */
static uint64_t standardised(size_t index, const px_number *number) {
    const float single = (float)scene(index) - 103.94f;
    const double value = scene(index) - 103.94;
    return word_of(number->size == 4 ? (double)(single / 57.375f) : value / 57.375, number);
}

static uint64_t unpacked_oddities(size_t index, const px_number *number) {
    static const double values[] = {INFINITY, -0.0, NAN, -9999};
    if (hash(index) % 97 == 0)
        return word_of(values[hash(index) % 4], number);
    return unpacked(index, number);
}

static uint64_t thirds_of_powers(size_t index, const px_number *number) {
    static const double values[] = {-1e3, 1.0 / 3, 7e-3, 40, 0.1, 5e4};
    return word_of(values[hash(index / 5) % 6], number);
}

static uint64_t one_value(size_t index, const px_number *number) {
    (void)index;
    return word_of(77, number);
}

static uint64_t missing(size_t index, const px_number *number) {
    (void)index;
    return word_of(NAN, number) | 5;
}

static uint64_t missing_in_regions(size_t index, const px_number *number) {
    return index / 100 % 5 == 3 ? missing(index, number) : whole_numbers(index, number);
}

static uint64_t zeros_of_both_signs(size_t index, const px_number *number) {
    return word_of(index % 2 ? 0.0 : -0.0, number);
}

static uint64_t all_exponents(size_t index, const px_number *number) {
    const uint64_t exponent = hash(index) << number->fraction;
    return word_of(scene(index) / 3, number) ^ exponent;
}

static uint64_t denormal(size_t index, const px_number *number) {
    const uint64_t magnitude = (uint64_t)fabs(scene(index)) >> (number->size == 2 ? 4 : 0);
    return magnitude | word_of(scene(index) < 0 && magnitude ? -0.0 : 0.0, number);
}

static uint64_t waves(size_t index, const px_number *number) {
    return word_of(scene(index) + sin((double)index) / 2, number);
}

static uint64_t odd_ones(size_t index, const px_number *number) {
    static const double values[] = {INFINITY, -INFINITY, -0.0, NAN};
    if (hash(index) % 97 == 0)
        return word_of(values[hash(index) % 4], number) ^ (hash(index) % 3 == 0);
    return quotients(index, number);
}

/* Float16 that were widened. */
static uint64_t halves(size_t index, const px_number *number) {
    const float value = (float)exp(scene(index) / 300);
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits &= ~0u << 13;
    float half;
    memcpy(&half, &bits, sizeof half);
    return word_of(half, number);
}

/* Integers of 8 bits by a scale for each position. */
static uint64_t dequantised(size_t index, const px_number *number) {
    const size_t position = index / CHANNELS, channel = index % CHANNELS;
    const float scale = (float)exp(sin((double)position / 30)) / 127;
    const int integer = channel ? (int)(scene(index) / 12) + (int)channel : 127;
    const float product = (float)integer * scale;
    return word_of(product, number);
}

static uint64_t counters(size_t index, const px_number *number) {
    return word_of(9e8 + (double)index * 1000 + (double)(hash(index) % 500), number);
}

static uint64_t hours(size_t index, const px_number *number) {
    return word_of(3600 * (400000 + scene(index)), number);
}

/* Quotients of which two of three do not come. */
static uint64_t stretched(size_t index, const px_number *number) {
    const int level = (int)(scene(index) / 4);
    return word_of((3 * level + (int)(hash((size_t)(level + 1000)) % 3)) / divisor, number);
}

static const maker all_makers[] = {noise,
                                   whole_numbers,
                                   quotients,
                                   unpacked,
                                   standardised,
                                   unpacked_oddities,
                                   thirds_of_powers,
                                   one_value,
                                   missing,
                                   missing_in_regions,
                                   zeros_of_both_signs,
                                   all_exponents,
                                   denormal,
                                   waves,
                                   odd_ones,
                                   halves,
                                   dequantised,
                                   counters,
                                   hours};
enum { MAKERS = sizeof all_makers / sizeof *all_makers };

/* ---- Round trips ---- */

static prism_array cube(prism_type type) {
    return make_array(type, 3, HEIGHT, WIDTH, CHANNELS);
}

static void assert_same_back(const prism_array *array, maker make, const char *options) {
    size_t size;
    uint8_t *elements = make_words(array, make, &size);
    const prism_options chosen = options_of(options);
    assert_in_range(assert_round_trip(array, elements, &chosen), 1, size + 512);
    free(elements);
}

static void all_types_orders_and_values(void **state) {
    (void)state;
    divisor = 100;
    for (int type = PRISM_INT8; type <= PRISM_FLOAT64; type++)
        for (size_t i = 0; i < MAKERS; i++) {
            prism_array array = make_array((prism_type)type, 3, 11, 13, CHANNELS);
            array.order = i % 2 ? PRISM_BIG_ENDIAN : PRISM_LITTLE_ENDIAN;
            assert_same_back(&array, all_makers[i], "effort=4");
            array.order = i % 2 ? PRISM_LITTLE_ENDIAN : PRISM_BIG_ENDIAN;
            assert_same_back(&array, all_makers[i], "effort=2,coder=deflate,predictor=paeth");
        }
}

static void all_efforts_and_pipelines(void **state) {
    (void)state;
    static const char *const texts[] = {"effort=1",
                                        "effort=5",
                                        "effort=9",
                                        "transform=channels,predictor=paeth,coder=deflate,axis=2",
                                        "transform=none,predictor=none,coder=jxl,effort=3",
                                        "transform=channels,predictor=lsq,coder=ans,axis=2",
                                        "transform=stack,predictor=lsq,coder=ans,axis=0",
                                        "verify=on,checksum=off"};
    static const maker makers[] = {odd_ones, waves, dequantised, thirds_of_powers};
    divisor = 10;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (size_t m = 0; m < sizeof makers / sizeof *makers; m++) {
            const prism_type type = (i + m) % 2 ? PRISM_FLOAT32 : PRISM_FLOAT64;
            prism_array array = make_array(type, 3, 6, 20, CHANNELS);
            array.order = m % 2 ? PRISM_BIG_ENDIAN : PRISM_LITTLE_ENDIAN;
            assert_same_back(&array, makers[m], texts[i]);
        }
}

static void all_shapes(void **state) {
    (void)state;
    const prism_array shapes[] = {
        make_array(PRISM_FLOAT32, 1, 1),        make_array(PRISM_FLOAT64, 1, 7),
        make_array(PRISM_FLOAT32, 2, 1, 4),     make_array(PRISM_FLOAT32, 2, 3, 5),
        make_array(PRISM_INT64, 4, 2, 3, 4, 5), make_array(PRISM_FLOAT16, 2, 400, 1),
        make_array(PRISM_BFLOAT16, 2, 1, 400),  make_array(PRISM_FLOAT32, 5, 2, 3, 1, 5, 8)};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        for (size_t i = 0; i < MAKERS; i++)
            assert_same_back(&shapes[s], all_makers[i], "effort=4");
}

/* ---- Other modes of floating-point arithmetic ---- */

#if defined(__SSE2__)
static uint64_t tiny_products(size_t index, const px_number *number) {
    return word_of(scene(index) * (number->size == 4 ? 3.1e-39 : 3.1e-309), number);
}

static uint64_t tiny_dequantised(size_t index, const px_number *number) {
    const float scale = (float)(index / CHANNELS % 50 + 100) * 3e-40f;
    const float product = (float)(index % CHANNELS ? (int)(scene(index) / 12) : 127) * scale;
    return word_of(product, number);
}

/* Some are denormal, and 0. */
static uint64_t tiny_offsets(size_t index, const px_number *number) {
    const double least = number->size == 4 ? 1.1e-41 : 1.1e-311;
    return word_of(scene(index) * least + 300 * least, number);
}

/* Where a program has denormal numbers flushed to zero, as fast ones do. */
static void denormal_numbers_are_not_flushed(void **state) {
    (void)state;
    static const maker makers[] = {tiny_products, tiny_dequantised, tiny_offsets, denormal,
                                   odd_ones,      unpacked,         standardised};
    const unsigned mode = _mm_getcsr();
    divisor = 10;
    for (size_t i = 0; i < sizeof makers / sizeof *makers; i++)
        for (int type = PRISM_FLOAT32; type <= PRISM_FLOAT64; type++) {
            const prism_array array = cube((prism_type)type);
            size_t size, chunk_size;
            uint8_t *elements = make_words(&array, makers[i], &size);
            uint8_t *chunk = encode_new(&array, elements, NULL, &chunk_size);
            uint8_t *decoded = malloc(size);
            assert_non_null(decoded);
            _mm_setcsr(mode | 0x8040);
            const prism_status status = prism_decode(chunk, chunk_size, decoded, size, NULL, NULL);
            _mm_setcsr(mode);
            assert_int_equal(status, PRISM_OK);
            assert_memory_equal(decoded, elements, size);
            free(decoded);
            free(chunk);
            free(elements);
        }
}
#endif

/* ---- Which mapping, and what it brings ---- */

/* By the native coder: zstd, which would take some of these, has no mapping. */
static size_t encoded_size(prism_mapping mapping, const prism_array *array, maker make) {
    size_t size, chunk_size;
    prism_info info;
    const prism_options options = options_of("predictor=lsq,coder=ans");
    uint8_t *elements = make_words(array, make, &size);
    uint8_t *chunk = encode_new(array, elements, &options, &chunk_size);
    assert_int_equal(prism_inspect(chunk, chunk_size, &info, NULL), PRISM_OK);
    assert_string_equal(prism_mapping_name(info.mapping), prism_mapping_name(mapping));
    assert_int_equal(assert_round_trip(array, elements, &options), chunk_size);
    free(elements);
    free(chunk);
    return chunk_size;
}

/* Bits for an element. */
static void assert_mapped(prism_mapping mapping, prism_type type, maker make, double bits) {
    const prism_array array = cube(type);
    const double found = 8.0 * (double)encoded_size(mapping, &array, make) / COUNT;
    if (found > bits)
        fail_msg("%s: %.3f bits for an element, more than %.3f", prism_type_name(type), found,
                 bits);
}

static void quotients_are_lattices(void **state) {
    (void)state;
    static const double divisors[] = {10, 100, 1402, 10000, 255, 65535};
    for (size_t i = 0; i < sizeof divisors / sizeof *divisors; i++) {
        divisor = divisors[i];
        assert_mapped(PRISM_MAPPING_LATTICE, PRISM_FLOAT32, quotients, 4.2);
        assert_mapped(PRISM_MAPPING_LATTICE, PRISM_FLOAT64, quotients, 4.2);
    }
}

static void offsets_are_lattices(void **state) {
    (void)state;
    for (int type = PRISM_FLOAT32; type <= PRISM_FLOAT64; type++) {
        assert_mapped(PRISM_MAPPING_LATTICE, (prism_type)type, unpacked, 4.3);
        assert_mapped(PRISM_MAPPING_LATTICE, (prism_type)type, standardised, 4.3);
        assert_mapped(PRISM_MAPPING_LATTICE, (prism_type)type, unpacked_oddities, 4.5);
    }
}

static void grids_are_fixed(void **state) {
    (void)state;
    static const prism_type types[] = {PRISM_FLOAT16, PRISM_FLOAT32, PRISM_FLOAT64};
    for (size_t i = 0; i < 3; i++) {
        divisor = 4;
        assert_mapped(PRISM_MAPPING_FIXED, types[i], whole_numbers, 4.4);
        assert_mapped(PRISM_MAPPING_FIXED, types[i], denormal, 4.4);
        assert_mapped(PRISM_MAPPING_MASK, types[i], missing_in_regions, 4.4);
        if (i)
            assert_mapped(PRISM_MAPPING_FIXED, types[i], quotients, 4.4);
    }
}

/* Among whole numbers, too: the least denormal number is on no grid of theirs. */
static void oddities_are_exceptions(void **state) {
    (void)state;
    for (divisor = 1; divisor <= 1000; divisor *= 10) {
        assert_mapped(PRISM_MAPPING_LATTICE, PRISM_FLOAT32, odd_ones, 4.5);
        assert_mapped(PRISM_MAPPING_LATTICE, PRISM_FLOAT64, odd_ones, 4.5);
    }
}

static void floats_are_fixed(void **state) {
    (void)state;
    assert_mapped(PRISM_MAPPING_FIXED, PRISM_FLOAT16, waves, 9);
    assert_mapped(PRISM_MAPPING_FIXED, PRISM_BFLOAT16, waves, 5.4);
    assert_mapped(PRISM_MAPPING_FIXED, PRISM_FLOAT32, waves, 20);
    assert_mapped(PRISM_MAPPING_FIXED, PRISM_FLOAT64, waves, 49);
    assert_mapped(PRISM_MAPPING_FIXED, PRISM_FLOAT32, halves, 9);
    assert_mapped(PRISM_MAPPING_FIXED, PRISM_FLOAT64, halves, 9);
}

static void few_values_are_tables(void **state) {
    (void)state;
    static const prism_type types[] = {PRISM_BFLOAT16, PRISM_FLOAT16, PRISM_FLOAT32, PRISM_FLOAT64};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        assert_mapped(PRISM_MAPPING_TABLE, types[i], thirds_of_powers, 1.2);
}

static void products_are_scaled(void **state) {
    (void)state;
    assert_mapped(PRISM_MAPPING_SCALED, PRISM_FLOAT32, dequantised, 4.2);
}

static void wide_integers_are_lattices(void **state) {
    (void)state;
    for (int type = PRISM_INT32; type <= PRISM_UINT64; type++) {
        assert_mapped(PRISM_MAPPING_LATTICE, (prism_type)type, hours, 4.2);
        assert_mapped(PRISM_MAPPING_LATTICE, (prism_type)type, counters, 10.8);
    }
}

static void one_value_is_nearly_free(void **state) {
    (void)state;
    static const maker makers[] = {one_value, missing, zeros_of_both_signs};
    for (int type = PRISM_INT32; type <= PRISM_FLOAT64; type++)
        for (size_t i = 0; i < 3; i++) {
            const prism_array array = cube((prism_type)type);
            size_t size;
            uint8_t *elements = make_words(&array, makers[i], &size);
            assert_in_range(assert_round_trip(&array, elements, NULL), 1, 200);
            free(elements);
        }
}

/* ---- Some planes ---- */

/* planes[3] of the axis are those of the array. */
static void assert_planes(const prism_array *array, maker make, const char *options) {
    enum { WANTED = 3 };
    size_t size, chunk_size;
    prism_info info;
    const prism_options chosen = options_of(options);
    uint8_t *elements = make_words(array, make, &size);
    uint8_t *chunk = encode_new(array, elements, &chosen, &chunk_size);
    assert_int_equal(prism_inspect(chunk, chunk_size, &info, NULL), PRISM_OK);
    const bool whole = info.axis < 0;
    const uint64_t last = info.planes - 1;
    const uint64_t planes[WANTED] = {whole ? 0 : last, 0, last / 2};
    const size_t count = whole ? 1 : WANTED, width = prism_type_size(array->type);
    size_t inner = 1;
    for (unsigned i = (unsigned)(info.axis + 1); i < array->rank; i++)
        inner *= (size_t)array->dims[i];
    const size_t run = whole ? size : inner * width, outer = size / run / (size_t)info.planes;
    uint8_t *some = malloc(outer * count * run);
    assert_non_null(some);
    assert_int_equal(prism_decode_planes(chunk, chunk_size, planes, count, some,
                                         outer * count * run, NULL, NULL),
                     PRISM_OK);
    for (size_t o = 0; o < outer; o++)
        for (size_t i = 0; i < count; i++)
            assert_memory_equal(some + (o * count + i) * run,
                                elements + (o * (size_t)info.planes + (size_t)planes[i]) * run,
                                run);
    free(some);
    free(chunk);
    free(elements);
}

static void some_planes(void **state) {
    (void)state;
    static const char *const texts[] = {"coder=deflate,predictor=paeth,axis=2",
                                        "coder=deflate,predictor=paeth,axis=0",
                                        "transform=stack,coder=ans,predictor=lsq,axis=0"};
    divisor = 10;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (int type = PRISM_INT32; type <= PRISM_FLOAT64; type++)
            for (size_t m = 0; m < MAKERS; m++) {
                prism_array array = make_array((prism_type)type, 3, 5, 6, CHANNELS);
                array.order = m % 2 ? PRISM_BIG_ENDIAN : PRISM_LITTLE_ENDIAN;
                assert_planes(&array, all_makers[m], texts[i]);
            }
}

/* ---- Damage ---- */

typedef struct sample {
    prism_type type;
    maker make;
} sample;

static const sample samples[] = {{PRISM_FLOAT32, odd_ones},          {PRISM_FLOAT64, waves},
                                 {PRISM_FLOAT32, unpacked_oddities}, {PRISM_FLOAT64, standardised},
                                 {PRISM_FLOAT16, odd_ones},          {PRISM_INT64, counters},
                                 {PRISM_FLOAT64, thirds_of_powers},  {PRISM_FLOAT32, dequantised}};
enum { SAMPLES = sizeof samples / sizeof *samples };

typedef struct encoded {
    uint8_t *elements, *chunk;
    size_t size, chunk_size;
} encoded;

static encoded encode_sample(const sample *s, const char *options) {
    encoded e;
    const prism_array array = make_array(s->type, 3, 7, 9, CHANNELS);
    const prism_options chosen = options_of(options);
    e.elements = make_words(&array, s->make, &e.size);
    e.chunk = encode_new(&array, e.elements, &chosen, &e.chunk_size);
    return e;
}

static void encoded_free(encoded *e) {
    free(e->elements);
    free(e->chunk);
}

/* Of exactly so many bytes, so that reading beyond them is noticed. */
static prism_status decode_copy(const encoded *e, size_t size) {
    uint8_t *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, e->chunk, size);
    prism_status status = prism_decode(copy, size, e->elements, e->size, NULL, NULL);
    free(copy);
    return status;
}

static void truncated_chunks(void **state) {
    (void)state;
    divisor = 100;
    for (size_t i = 0; i < SAMPLES; i++) {
        encoded e = encode_sample(&samples[i], "coder=ans,predictor=lsq,effort=3,checksum=off");
        for (size_t size = 0; size < e.chunk_size; size++)
            assert_int_not_equal(decode_copy(&e, size), PRISM_OK);
        assert_int_equal(decode_copy(&e, e.chunk_size), PRISM_OK);
        encoded_free(&e);
    }
}

static void damaged_bytes(void **state) {
    (void)state;
    static const char *const texts[] = {"coder=ans,predictor=lsq,effort=3,checksum=off",
                                        "coder=deflate,predictor=none,checksum=off"};
    uint32_t random = 7;
    divisor = 100;
    for (size_t i = 0; i < 2 * SAMPLES; i++) {
        encoded e = encode_sample(&samples[i / 2], texts[i % 2]);
        for (int turn = 0; turn < 1000; turn++) {
            const uint32_t within = turn % 2 && e.chunk_size > 120 ? 120 : (uint32_t)e.chunk_size;
            uint8_t *byte = &e.chunk[random_below(&random, within)], kept = *byte;
            *byte = (uint8_t)(*byte ^ (1 + random_below(&random, 255)));
            decode_copy(&e, e.chunk_size);
            *byte = kept;
        }
        encoded_free(&e);
    }
}

static void noise_instead_of_mappings(void **state) {
    (void)state;
    uint32_t random = 3;
    for (size_t i = 0; i < SAMPLES; i++) {
        encoded e = encode_sample(&samples[i], "coder=deflate,predictor=none,checksum=off");
        prism_info info;
        assert_int_equal(prism_inspect(e.chunk, e.chunk_size, &info, NULL), PRISM_OK);
        for (int turn = 0; turn < 200; turn++) {
            e.chunk[info.header_bytes] = (uint8_t)(turn % (PRISM_MAPPING_RECENT + 1));
            for (uint64_t b = 1; b < info.parameter_bytes; b++)
                e.chunk[info.header_bytes + b] = (uint8_t)random_next(&random);
            decode_copy(&e, e.chunk_size);
        }
        encoded_free(&e);
    }
}

static void unknown_mappings(void **state) {
    (void)state;
    encoded e = encode_sample(&samples[0], "checksum=off");
    prism_info info;
    assert_int_equal(prism_inspect(e.chunk, e.chunk_size, &info, NULL), PRISM_OK);
    assert_int_not_equal(info.mapping, PRISM_MAPPING_NONE);
    for (int mapping = 0; mapping < 256; mapping += mapping ? 1 : PRISM_MAPPING_RECENT + 1) {
        e.chunk[info.header_bytes] = (uint8_t)mapping;
        assert_int_equal(prism_inspect(e.chunk, e.chunk_size, &info, NULL), PRISM_E_CORRUPT);
        assert_int_equal(decode_copy(&e, e.chunk_size), PRISM_E_CORRUPT);
    }
    assert_null(prism_mapping_name((prism_mapping)(PRISM_MAPPING_RECENT + 1)));
    encoded_free(&e);
}

/* ---- Memory ---- */

static prism_status decode_within(encoded *e, uint64_t limit) {
    const prism_decode_options options = {.threads = 1, .memory_limit = limit};
    return prism_decode(e->chunk, e->chunk_size, e->elements, e->size, &options, NULL);
}

static prism_status decode_planes_within(encoded *e, uint64_t limit) {
    static const uint64_t planes[] = {0, 1, 2, 3, 4, 5, 6};
    const prism_decode_options options = {.threads = 1, .memory_limit = limit};
    return prism_decode_planes(e->chunk, e->chunk_size, planes, 7, e->elements, e->size, &options,
                               NULL);
}

static void memory_limits(void **state) {
    (void)state;
    divisor = 100;
    for (size_t i = 0; i < SAMPLES; i++) {
        encoded e = encode_sample(&samples[i], "coder=ans,predictor=lsq,axis=0");
        prism_info info;
        assert_int_equal(prism_inspect(e.chunk, e.chunk_size, &info, NULL), PRISM_OK);
        const uint64_t needed = info.decode_bytes;
        assert_int_equal(decode_within(&e, needed - 1), PRISM_E_MEMORY);
        assert_int_equal(decode_within(&e, needed), PRISM_OK);
        assert_int_equal(decode_planes_within(&e, needed + e.size - 1), PRISM_E_MEMORY);
        assert_int_equal(decode_planes_within(&e, needed + e.size), PRISM_OK);
        encoded_free(&e);
    }
}

/* The integers of a lattice, as a table. */
static void memory_of_a_mapping_within_another(void **state) {
    (void)state;
    const prism_array array = cube(PRISM_FLOAT64);
    size_t size, chunk_size;
    divisor = 10;
    uint8_t *elements = make_words(&array, stretched, &size);
    uint8_t *chunk = encode_new(&array, elements, NULL, &chunk_size);
    prism_info info;
    assert_int_equal(prism_inspect(chunk, chunk_size, &info, NULL), PRISM_OK);
    assert_in_range(info.decode_bytes, (8 + 8 + 4) * COUNT, 60 * COUNT);
    prism_decode_options options = {.threads = 1, .memory_limit = info.decode_bytes - 1};
    assert_int_equal(prism_decode(chunk, chunk_size, elements, size, &options, NULL),
                     PRISM_E_MEMORY);
    options.memory_limit = info.decode_bytes;
    assert_int_equal(prism_decode(chunk, chunk_size, elements, size, &options, NULL), PRISM_OK);
    free(chunk);
    free(elements);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_types_orders_and_values),
        cmocka_unit_test(all_efforts_and_pipelines),
        cmocka_unit_test(all_shapes),
#if defined(__SSE2__)
        cmocka_unit_test(denormal_numbers_are_not_flushed),
#endif
        cmocka_unit_test(quotients_are_lattices),
        cmocka_unit_test(offsets_are_lattices),
        cmocka_unit_test(grids_are_fixed),
        cmocka_unit_test(oddities_are_exceptions),
        cmocka_unit_test(floats_are_fixed),
        cmocka_unit_test(few_values_are_tables),
        cmocka_unit_test(products_are_scaled),
        cmocka_unit_test(wide_integers_are_lattices),
        cmocka_unit_test(one_value_is_nearly_free),
        cmocka_unit_test(some_planes),
        cmocka_unit_test(truncated_chunks),
        cmocka_unit_test(damaged_bytes),
        cmocka_unit_test(noise_instead_of_mappings),
        cmocka_unit_test(unknown_mappings),
        cmocka_unit_test(memory_limits),
        cmocka_unit_test(memory_of_a_mapping_within_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
