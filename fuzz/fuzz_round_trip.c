/*
 * Shapes, types, options and elements from the input: what is encoded comes back, each bit or
 * within the bound, and what is refused is refused for what was asked.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "fuzz.h"

static prism_array read_array(px_reader *in) {
    prism_array array = {.type = (prism_type)(1 + px_get_u8(in) % PRISM_FLOAT64),
                         .order = (prism_order)(px_get_u8(in) % 2),
                         .rank = 1 + px_get_u8(in) % 6};
    uint64_t left = FUZZ_ELEMENTS;
    for (unsigned i = 0; i < array.rank; i++) {
        array.dims[i] = 1 + px_get_u8(in) % (left < 255 ? left : 255);
        left /= array.dims[i];
    }
    return array;
}

static float read_bound(px_reader *in, prism_type type) {
    const float value = (float)px_get_u8(in) / 16;
    return type >= PRISM_FLOAT16 ? ldexpf(value, px_get_u8(in) % 24 - 16) : value;
}

/* What goes together, and leads to every coder. */
static const char *const recipes[] = {
    "",
    "transform=channels,predictor=paeth,coder=deflate",
    "transform=stack,predictor=none,coder=deflate",
    "transform=none,predictor=lsq,coder=ans",
    "transform=channels,predictor=lsq,coder=ans",
    "transform=stack,predictor=lsq,coder=ans",
    "coder=zstd",
    "coder=jxl,transform=channels,predictor=none",
    "block=4",
    "block=8,order=stored",
    "order=stored",
    "verify=on,checksum=off",
    "threads=3,block=16",
};
enum { RECIPES = sizeof recipes / sizeof *recipes };

/* All values that there are, and some that there are not. */
static void read_any(prism_options *options, px_reader *in) {
    const uint8_t flags = px_get_u8(in);
    options->transform = (prism_transform)(px_get_u8(in) % 5);
    options->predictor = (prism_predictor)(px_get_u8(in) % 5);
    options->coder = (prism_coder)(px_get_u8(in) % 7);
    options->effort = px_get_u8(in) % 11;
    options->checksum = flags & 1;
    options->verify = flags & 2;
    options->order = flags & 4 ? PRISM_PLANES_STORED : PRISM_PLANES_AUTO;
    options->block = flags & 16 ? 4 << px_get_u8(in) % 5 : 0;
}

static prism_options read_options(px_reader *in, const prism_array *array) {
    prism_options options = prism_options_default();
    const uint8_t recipe = px_get_u8(in) % (RECIPES + 1), loss = px_get_u8(in),
                  axis = px_get_u8(in);
    if (recipe == RECIPES)
        read_any(&options, in);
    else
        FUZZ_REQUIRE(prism_options_parse(&options, recipes[recipe], NULL) == PRISM_OK);
    if (recipe < RECIPES)
        options.effort = 1 + px_get_u8(in) % 9;
    options.axis = axis % 4 ? PRISM_AXIS_AUTO : axis / 4 % 7 - 4;
    if (loss % 4 == 0) {
        options.bound = (prism_bound)(loss / 4 % 6);
        options.bound_of = (prism_bound_of)(loss / 32 % 2);
        options.bound_value = read_bound(in, array->type);
    }
    options.has_missing = options.bound != PRISM_BOUND_NONE && loss & 128;
    options.missing = options.has_missing ? px_get_u8(in) : 0;
    return options;
}

/* The rest of the input, again and again; each time, by another amount where `growth` says so. */
static void fill(uint8_t *elements, size_t bytes, px_reader *in) {
    const uint8_t growth = px_get_u8(in);
    const size_t left = px_reader_left(in);
    const uint8_t *given = left ? px_get_bytes(in, left) : &growth;
    for (size_t i = 0; i < bytes; i++)
        elements[i] = (uint8_t)(given[left ? i % left : 0] + growth * (left ? i / left : i));
}

/* ---- Bounds ---- */

static double half_to_double(uint16_t word) {
    const int exponent = word >> 10 & 31, fraction = word & 1023;
    const double value = exponent == 31 ? (fraction ? NAN : INFINITY)
                         : exponent     ? ldexp(1024 + fraction, exponent - 25)
                                        : ldexp(fraction, -24);
    return word & 0x8000 ? -value : value;
}

static double float_to_double(uint32_t word) {
    float value;
    memcpy(&value, &word, sizeof value);
    return value;
}

static long double number_at(const uint8_t *elements, size_t i, const prism_array *array) {
    const size_t size = prism_type_size(array->type);
    uint64_t word = 0;
    double real;
    for (size_t b = 0; b < size; b++)
        word |= (uint64_t)elements[i * size + (array->order ? size - 1 - b : b)] << 8 * b;
    memcpy(&real, &word, sizeof real);
    switch (array->type) {
    case PRISM_FLOAT16:
        return half_to_double((uint16_t)word);
    case PRISM_BFLOAT16:
        return float_to_double((uint32_t)word << 16);
    case PRISM_FLOAT32:
        return float_to_double((uint32_t)word);
    case PRISM_FLOAT64:
        return real;
    case PRISM_UINT64:
        return word;
    default: /* signed ones have odd numbers up to int64 */
        return array->type % 2 ? (int64_t)(word << (64 - 8 * size)) >> (64 - 8 * size)
                               : (int64_t)word;
    }
}

static bool is_kept(const uint8_t *elements, const uint8_t *decoded, size_t i,
                    const prism_array *array, const prism_options *options) {
    const size_t size = prism_type_size(array->type);
    const long double was = number_at(elements, i, array), is = number_at(decoded, i, array);
    if (memcmp(elements + i * size, decoded + i * size, size) == 0)
        return true;
    return isfinite(was) && !(options->has_missing && was == options->missing) &&
           (options->bound != PRISM_BOUND_MAX_ERROR || fabsl(was - is) <= options->bound_value);
}

static void check_elements(const uint8_t *elements, const uint8_t *decoded, size_t bytes,
                           const prism_array *array, const prism_options *options) {
    if (options->bound == PRISM_BOUND_DISTANCE)
        return;
    if (options->bound == PRISM_BOUND_NONE)
        FUZZ_REQUIRE(memcmp(elements, decoded, bytes) == 0);
    for (size_t i = 0; i < bytes / prism_type_size(array->type); i++)
        FUZZ_REQUIRE(is_kept(elements, decoded, i, array, options));
}

/* ---- There and back ---- */

static bool is_refusal(prism_status status) {
    return status == PRISM_E_OPTION || status == PRISM_E_TYPE || status == PRISM_E_SHAPE ||
           status == PRISM_E_UNAVAILABLE;
}

static void check_chunk(const uint8_t *chunk, size_t size, const uint8_t *elements, size_t bytes,
                        const prism_array *array, const prism_options *options) {
    prism_info info;
    uint8_t *decoded = fuzz_filled(bytes, 0xa5);
    FUZZ_REQUIRE(prism_inspect(chunk, size, &info, NULL) == PRISM_OK);
    FUZZ_REQUIRE(info.array.type == array->type && info.array.rank == array->rank);
    fuzz_memory_start();
    FUZZ_REQUIRE(prism_decode(chunk, size, decoded, bytes, NULL, NULL) == PRISM_OK);
    fuzz_memory_stop(info.decode_bytes);
    check_elements(elements, decoded, bytes, array, options);
    fuzz_free(decoded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    px_reader in = px_reader_make(data, size);
    const prism_array array = read_array(&in);
    const prism_options options = read_options(&in, &array);
    size_t bytes, bound, chunk_size;
    FUZZ_REQUIRE(prism_array_size(&array, &bytes, NULL) == PRISM_OK);
    FUZZ_REQUIRE(prism_encode_bound(&array, &bound, NULL) == PRISM_OK);
    uint8_t *elements = fuzz_alloc(bytes), *chunk = fuzz_filled(bound, 0x5a);
    fill(elements, bytes, &in);
    const prism_status status =
        prism_encode(&array, elements, &options, chunk, bound, &chunk_size, NULL);
    FUZZ_REQUIRE(status == PRISM_OK || is_refusal(status));
    if (status == PRISM_OK) {
        uint8_t *exact = fuzz_copy(chunk, chunk_size);
        check_chunk(exact, chunk_size, elements, bytes, &array, &options);
        fuzz_free(exact);
    }
    fuzz_free(chunk);
    fuzz_free(elements);
    return 0;
}
