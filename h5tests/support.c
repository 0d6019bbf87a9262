#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "coders/jxl.h"
#include "simd/simd.h"
#include "system/memory.h"

uint32_t random_next(uint32_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

uint32_t random_below(uint32_t *state, uint32_t limit) {
    return (uint32_t)((uint64_t)random_next(state) * limit >> 32);
}

/* In -1..1, from the pixel alone: texture that no neighbour predicts, but other channels do. */
static double waves(size_t pixel) {
    uint32_t hash = (uint32_t)pixel * 2654435761u;
    hash = (hash ^ hash >> 15) * 2246822519u;
    return (double)(hash >> 8) / (1 << 23) - 1;
}

static bool is_signed(prism_type type) {
    return type == PRISM_INT8 || type == PRISM_INT16;
}

/* Of pictures with channels last. */
static size_t width_of(const prism_array *array) {
    return array->rank > 1 ? (size_t)array->dims[array->rank - 2] : 1;
}

/* A value of `bits` bits: a mixture of two hidden images that depends on the channel, and a little
 * noise. */
static uint32_t related_value(const prism_array *array, size_t index, uint32_t *state,
                              unsigned bits) {
    size_t channels = (size_t)array->dims[array->rank - 1], width = width_of(array);
    size_t channel = index % channels, pixel = index / channels;
    double x = (double)(pixel % width), y = (double)(pixel / width);
    double a = sin(x / 7) + waves(pixel), b = sin((x + y) / 5);
    double value = a * cos((double)channel) + b * sin((double)channel * 0.7);
    double noise = (random_below(state, 1000) / 1000.0 - 0.5) * 0.02;
    double middle = is_signed(array->type) ? 0 : 0.5;
    return (uint32_t)(int32_t)lrint(ldexp(middle + 0.15 * (value + noise), (int)bits));
}

static uint32_t value_with_holes(const prism_array *array, size_t index, uint32_t *state,
                                 unsigned bits) {
    const size_t pixel = index / (size_t)array->dims[array->rank - 1], width = width_of(array);
    const double x = (double)(pixel % width), y = (double)(pixel / width);
    if (sin(x / 23) + sin(y / 19) > 0.3)
        return is_signed(array->type) ? 1u << (bits > 16 ? 31 : bits - 1) : 0;
    return related_value(array, index, state, bits);
}

static uint32_t tiled_value(const prism_array *array, size_t index, unsigned bits) {
    enum { TILE = 16 };
    const size_t channels = (size_t)array->dims[array->rank - 1], width = width_of(array);
    const size_t pixel = index / channels, x = pixel % width % TILE, y = pixel / width % TILE;
    uint32_t same = 1 + (uint32_t)(y * TILE + x);
    return related_value(array, (y * width + x) * channels + index % channels, &same, bits);
}

static uint32_t element_value(const prism_array *array, pattern kind, size_t index, uint32_t *state,
                              unsigned bits) {
    switch (kind) {
    case PATTERN_RELATED:
        return related_value(array, index, state, bits);
    case PATTERN_CONSTANT:
        return 77;
    case PATTERN_EXTREMES:
        return index % 3 ? 0x80808080u : 0x7f7f7f7fu | 0xffu;
    case PATTERN_FEW:
        return (uint32_t)(index / 37 % 3) * 41;
    case PATTERN_HOLES:
        return value_with_holes(array, index, state, bits);
    case PATTERN_TILES:
        return tiled_value(array, index, bits);
    default:
        return random_next(state) >> 8;
    }
}

void *make_elements(const prism_array *array, pattern kind, uint32_t seed, size_t *size) {
    prism_error error;
    assert_int_equal(prism_array_size(array, size, &error), PRISM_OK);
    const size_t width = prism_type_size(array->type);
    uint8_t *bytes = malloc(*size);
    assert_non_null(bytes);
    uint32_t state = seed * 2654435761u + 1;
    for (size_t i = 0; i < *size / width; i++) {
        uint32_t value = element_value(array, kind, i, &state, (unsigned)width * 8);
        for (size_t b = 0; b < width; b++) {
            size_t shift = array->order == PRISM_LITTLE_ENDIAN ? b : width - 1 - b;
            bytes[i * width + b] = (uint8_t)(value >> 8 * (shift % sizeof value));
        }
    }
    return bytes;
}

prism_array make_array(prism_type type, unsigned rank, ...) {
    prism_array array = {.type = type, .rank = rank};
    va_list dims;
    va_start(dims, rank);
    for (unsigned i = 0; i < rank; i++)
        array.dims[i] = (uint64_t)va_arg(dims, int);
    va_end(dims);
    return array;
}

uint8_t *encode_new(const prism_array *array, const void *elements, const prism_options *options,
                    size_t *chunk_size) {
    prism_error error;
    size_t bound;
    assert_int_equal(prism_encode_bound(array, &bound, &error), PRISM_OK);
    uint8_t *room = malloc(bound);
    assert_non_null(room);
    prism_status status = prism_encode(array, elements, options, room, bound, chunk_size, &error);
    if (status != PRISM_OK)
        fail_msg("prism_encode: %s", error.message);
    uint8_t *chunk = malloc(*chunk_size);
    assert_non_null(chunk);
    memcpy(chunk, room, *chunk_size);
    free(room);
    return chunk;
}

size_t assert_round_trip(const prism_array *array, const void *elements,
                         const prism_options *options) {
    prism_error error;
    prism_info info;
    size_t size, chunk_size;
    assert_int_equal(prism_array_size(array, &size, &error), PRISM_OK);
    uint8_t *chunk = encode_new(array, elements, options, &chunk_size);
    uint8_t *decoded = malloc(size);
    assert_non_null(decoded);
    assert_int_equal(prism_inspect(chunk, chunk_size, &info, &error), PRISM_OK);
    assert_int_equal(info.array.type, array->type);
    assert_int_equal(info.array.rank, array->rank);
    assert_memory_equal(info.array.dims, array->dims, array->rank * sizeof *array->dims);
    assert_int_equal(info.planes * info.height * info.width * prism_type_size(array->type), size);
    assert_int_equal(info.header_bytes + info.parameter_bytes + info.payload_bytes, chunk_size);
    if (prism_decode(chunk, chunk_size, decoded, size, NULL, &error) != PRISM_OK)
        fail_msg("prism_decode: %s", error.message);
    assert_memory_equal(decoded, elements, size);
    free(decoded);
    free(chunk);
    return chunk_size;
}

static prism_method method_of(const px_coder_stage *stage) {
    int method = PRISM_METHOD_QUICK;
    while (px_coder_stage_of(PRISM_CODER_ANS, (prism_method)method) != stage)
        method++;
    return (prism_method)method;
}

px_coded encode_by(const px_coder_stage *method, const px_planes *planes, prism_transform transform,
                   int effort, size_t limit) {
    const px_task task = {.pipeline = {.transform = transform,
                                       .predictor = PRISM_PREDICTOR_LSQ,
                                       .coder = PRISM_CODER_ANS,
                                       .effort = effort},
                          .method = method_of(method),
                          .effort = effort,
                          .limit = limit};
    px_coded c = {.pipeline = task.pipeline};
    prism_error error;
    if (method->encode(planes, &task, &c, &error) != PRISM_OK)
        fail_msg("encode: %s", error.message);
    return c;
}

prism_status decode_by(const px_coder_stage *method, const px_coded *c, size_t parameter_size,
                       size_t payload_size, px_planes *planes) {
    uint8_t *parameters = malloc(parameter_size + 1), *payload = malloc(payload_size + 1);
    assert_non_null(parameters);
    assert_non_null(payload);
    memcpy(parameters + 1, c->sections.parameters.data, parameter_size);
    memcpy(payload + 1, c->sections.payload.data, payload_size);
    px_reader parameter_reader = px_reader_make(parameters + 1, parameter_size);
    px_reader payload_reader = px_reader_make(payload + 1, payload_size);
    prism_error error = {.status = PRISM_OK};
    prism_status status = method->decode(planes, &c->pipeline, &parameter_reader, &payload_reader,
                                         &(px_request){.threads = 1}, &error);
    free(parameters);
    free(payload);
    if (status != PRISM_OK)
        assert_true(error.message[0]);
    return status;
}

prism_options options_of(const char *text) {
    prism_error error;
    prism_options options = prism_options_default();
    if (prism_options_parse(&options, text, &error) != PRISM_OK)
        fail_msg("%s: %s", text, error.message);
    return options;
}

void assert_kernels_agree(const prism_array *array, const prism_options *options) {
    size_t size, reference_size, chunk_size;
    void *elements = make_elements(array, PATTERN_RELATED, 4, &size);
    px_simd_force(PX_SIMD_SCALAR);
    uint8_t *reference = encode_new(array, elements, options, &reference_size);
    uint8_t *decoded = malloc(size);
    assert_non_null(decoded);
    for (px_simd set = 0; set < PX_SIMD_SETS && px_simd_runs(set); set++) {
        px_simd_force(set);
        uint8_t *chunk = encode_new(array, elements, options, &chunk_size);
        assert_int_equal(chunk_size, reference_size);
        assert_memory_equal(chunk, reference, chunk_size);
        assert_int_equal(prism_decode(reference, reference_size, decoded, size, NULL, NULL),
                         PRISM_OK);
        assert_memory_equal(decoded, elements, size);
        free(chunk);
    }
    px_simd_force(PX_SIMD_SETS);
    free(decoded);
    free(reference);
    free(elements);
}

uint32_t texture(size_t y, size_t x, size_t scene) {
    uint32_t hash = (uint32_t)(y * 65537 + x * 257 + scene) * 2654435761u;
    hash = (hash ^ hash >> 15) * 2246822519u;
    return hash >> 16;
}

uint32_t streaks(size_t y, size_t x) {
    uint32_t sum = 0;
    for (size_t i = 0; i < 8; i++)
        sum += texture(y, x + i, 0) % 29;
    return sum;
}

int16_t *clear_samples(const px_planes *planes) {
    int16_t *samples = px_large_alloc(px_planes_bytes(planes));
    assert_non_null(samples);
    memset(samples, 0, px_planes_bytes(planes));
    return samples;
}

bool is_built(const char *options) {
    return px_jxl_version() || !strstr(options, "coder=jxl");
}

#if defined(_WIN32) /* which has no grep */
filtered_stderr leave_out_libjxl(void) {
    return (filtered_stderr){.others = NULL};
}

void leave_out_nothing(filtered_stderr filtered) {
    (void)filtered;
}
#else
filtered_stderr leave_out_libjxl(void) {
    const filtered_stderr filtered = {.plain = dup(STDERR_FILENO),
                                      .others = popen("grep -v -e lib/jxl/ -e '^$' >&2", "w")};
    assert_non_null(filtered.others);
    assert_true(dup2(fileno(filtered.others), STDERR_FILENO) >= 0);
    return filtered;
}

void leave_out_nothing(filtered_stderr filtered) {
    dup2(filtered.plain, STDERR_FILENO);
    pclose(filtered.others);
}
#endif
