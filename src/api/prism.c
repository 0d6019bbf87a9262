/* The public face of encoding and decoding: a chunk in, a chunk out. */
#include "prism.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/sizes.h"
#include "base/status.h"
#include "chunk/chunk.h"
#include "lossy/reduced.h"
#include "mapping/mapping.h"

const char *prism_version(void) {
    return PRISM_VERSION;
}

prism_status prism_encode_bound(const prism_array *array, size_t *bound, prism_error *error) {
    size_t size = 0;
    prism_status status = prism_array_size(array, bound ? &size : NULL, error);
    if (status == PRISM_OK)
        *bound = px_sum(size, PX_CONTAINER_OVERHEAD);
    return status;
}

/* Of a lossy chunk, what it decodes to was measured when it was made: its checksum says whether it
 * is that still. */
static prism_status verify_chunk(const px_buffer *chunk, const void *data, size_t size,
                                 prism_error *error) {
    void *decoded = malloc(size);
    if (!decoded)
        return px_out_of_memory(error, size);
    prism_error reason;
    prism_info info = {.bound = PRISM_BOUND_NONE};
    prism_status status = prism_decode(chunk->data, chunk->size, decoded, size, NULL, &reason);
    if (status == PRISM_OK)
        status = prism_inspect(chunk->data, chunk->size, &info, &reason);
    if (status != PRISM_OK)
        status =
            px_fail(error, PRISM_E_VERIFY, "the new chunk does not decode: %.160s", reason.message);
    else if (info.bound == PRISM_BOUND_NONE && memcmp(decoded, data, size) != 0)
        status = px_fail(error, PRISM_E_VERIFY, "the new chunk decodes to other elements");
    free(decoded);
    return status;
}

/* Scales, each for a run of elements. */
static prism_status find_scales(px_scales *s, const prism_array *array, const float *scales,
                                size_t count, prism_error *error) {
    const uint64_t elements = px_array_count(array);
    *s = (px_scales){.scales = scales};
    if (!scales)
        return PRISM_OK;
    if (!count || elements % count)
        return px_fail(error, PRISM_E_ARGUMENT, "%zu scales for %llu elements", count,
                       (unsigned long long)elements);
    for (size_t i = 0; i < count; i++)
        if (!isfinite(scales[i]))
            return px_fail(error, PRISM_E_ARGUMENT, "scale %zu is not finite", i);
    s->run = (size_t)(elements / count);
    return PRISM_OK;
}

/* Before anything is encoded. *size: of the array; *chunk_size becomes 0. */
static prism_status check_input(const prism_array *array, const void *data,
                                const prism_options *options, const void *chunk, size_t *chunk_size,
                                size_t *size, prism_error *error) {
    if (!array || !data || !chunk || !chunk_size)
        return px_fail(error, PRISM_E_ARGUMENT, "array, data and chunk must not be NULL");
    *chunk_size = 0;
    prism_status status = prism_array_size(array, size, error);
    return status == PRISM_OK ? prism_options_check(options, error) : status;
}

/* What was encoded goes to the caller's memory; `out` is freed. */
static prism_status hand_over(px_buffer *out, prism_status status, void *chunk, size_t capacity,
                              size_t *chunk_size, prism_error *error) {
    if (status == PRISM_OK && out->size > capacity)
        status = px_fail(error, PRISM_E_CAPACITY, "the chunk has %zu bytes, there is room for %zu",
                         out->size, capacity);
    if (status == PRISM_OK) {
        memcpy(chunk, out->data, out->size);
        *chunk_size = out->size;
        px_succeed(error);
    }
    px_buffer_free(out);
    return status;
}

prism_status prism_encode(const prism_array *array, const void *data, const prism_options *options,
                          void *chunk, size_t capacity, size_t *chunk_size, prism_error *error) {
    const prism_options defaults = prism_options_default();
    options = options ? options : &defaults;
    size_t size;
    px_buffer out = {0};
    px_pipeline used;
    prism_status status = check_input(array, data, options, chunk, chunk_size, &size, error);
    if (status == PRISM_OK)
        status = px_chunk_encode(&out, &used, array, data, options, (px_chunk_role){0}, error);
    if (status == PRISM_OK && options->verify)
        status = verify_chunk(&out, data, size, error);
    return hand_over(&out, status, chunk, capacity, chunk_size, error);
}

prism_status prism_encode_scaled(const prism_array *array, const void *data, const float *scales,
                                 size_t scale_count, const prism_options *options, void *chunk,
                                 size_t capacity, size_t *chunk_size, prism_error *error) {
    const prism_options defaults = prism_options_default();
    options = options ? options : &defaults;
    size_t size;
    px_buffer out = {0};
    px_pipeline used;
    px_chunk_role role = {.depth = 0};
    prism_status status = check_input(array, data, options, chunk, chunk_size, &size, error);
    if (status == PRISM_OK)
        status = find_scales(&role.scales, array, scales, scale_count, error);
    if (status == PRISM_OK)
        status = px_chunk_encode(&out, &used, array, data, options, role, error);
    if (status == PRISM_OK && options->verify)
        status = verify_chunk(&out, data, size, error);
    return hand_over(&out, status, chunk, capacity, chunk_size, error);
}

const char *prism_mapping_name(prism_mapping mapping) {
    static const char *const names[] = {
        [PRISM_MAPPING_NONE] = "none",       [PRISM_MAPPING_TABLE] = "table",
        [PRISM_MAPPING_LATTICE] = "lattice", [PRISM_MAPPING_FIXED] = "fixed",
        [PRISM_MAPPING_SCALED] = "scaled",   [PRISM_MAPPING_UNIFORM] = "uniform",
        [PRISM_MAPPING_NEAR] = "near",       [PRISM_MAPPING_SPATIAL] = "spatial",
        [PRISM_MAPPING_WAVELET] = "wavelet", [PRISM_MAPPING_DISTANCE] = "distance",
        [PRISM_MAPPING_MASK] = "mask",       [PRISM_MAPPING_SPLIT] = "split",
        [PRISM_MAPPING_COLOURS] = "colours", [PRISM_MAPPING_REPEATS] = "repeats",
        [PRISM_MAPPING_RECENT] = "recent"};
    const size_t index = (size_t)mapping;
    return index < sizeof names / sizeof *names ? names[index] : NULL;
}

const char *prism_method_name(prism_method method) {
    static const char *const names[] = {
        [PRISM_METHOD_NONE] = "none",     [PRISM_METHOD_QUICK] = "quick",
        [PRISM_METHOD_LSQ] = "lsq",       [PRISM_METHOD_ADAPTIVE] = "adaptive",
        [PRISM_METHOD_FRAMES] = "frames", [PRISM_METHOD_PALETTE] = "palette",
        [PRISM_METHOD_MIXED] = "mixed",   [PRISM_METHOD_ORDER0] = "order0",
        [PRISM_METHOD_BLOCKS] = "blocks"};
    const size_t index = (size_t)method;
    return index < sizeof names / sizeof *names ? names[index] : NULL;
}

/* Its number is the first byte of the parameters. */
static prism_status read_mapping(prism_mapping *mapping, const px_chunk *chunk,
                                 prism_error *error) {
    *mapping = PRISM_MAPPING_NONE;
    if (!chunk->is_mapped)
        return PRISM_OK;
    if (chunk->parameter_size)
        *mapping = (prism_mapping)chunk->parameters[0];
    return *mapping != PRISM_MAPPING_NONE && prism_mapping_name(*mapping)
               ? PRISM_OK
               : px_fail(error, PRISM_E_CORRUPT, "mapping %d is not known", (int)*mapping);
}

static void list_axes(prism_info *info, const px_pipeline *pipeline) {
    const px_roles *roles = &pipeline->roles;
    if (!roles->rank && pipeline->axis >= 0)
        info->axes[info->axis_count++] = pipeline->axis;
    for (unsigned i = 0; i < roles->planes; i++)
        info->axes[info->axis_count++] = roles->axes[i];
}

prism_status prism_inspect(const void *chunk, size_t chunk_size, prism_info *info,
                           prism_error *error) {
    if (!chunk || !info)
        return px_fail(error, PRISM_E_ARGUMENT, "chunk and info must not be NULL");
    px_chunk read;
    prism_mapping mapping;
    size_t head;
    prism_status status = px_chunk_read_head(&read, &head, chunk, chunk_size, error);
    if (status == PRISM_OK)
        status = read_mapping(&mapping, &read, error);
    if (status != PRISM_OK)
        return status;
    const px_bound bound = px_chunk_bound(&read);
    const px_layout layout = px_pipeline_layout(&read.pipeline, &read.array);
    *info =
        (prism_info){.format_version = PX_FORMAT_VERSION,
                     .array = read.array,
                     .mapping = mapping,
                     .transform = read.pipeline.transform,
                     .predictor = read.pipeline.predictor,
                     .coder = read.pipeline.coder,
                     .method = px_chunk_method(&read),
                     .effort = read.pipeline.effort,
                     .axis = px_pipeline_axis(&read.pipeline),
                     .planes = layout.count,
                     .height = layout.height,
                     .width = layout.width,
                     .checksum = read.has_checksum,
                     .bound = bound.kind,
                     .bound_of = bound.of,
                     .bound_value = bound.value,
                     .reached = bound.reached,
                     .header_bytes = px_chunk_size(&read) - read.parameter_size - read.payload_size,
                     .parameter_bytes = read.parameter_size,
                     .payload_bytes = read.payload_size,
                     .decode_bytes = px_chunk_memory(&read, 0)};
    list_axes(info, &read.pipeline);
    return px_succeed(error);
}

/* `size` must be that of what is decoded, `expected`, and `memory`, which decoding takes, within
 * the limit. */
static prism_status check_output(size_t expected, size_t size, uint64_t memory,
                                 uint64_t memory_limit, prism_error *error) {
    if (expected != size)
        return px_fail(error, PRISM_E_ARGUMENT,
                       "the chunk holds an array of %zu bytes, the output has %zu", expected, size);
    if (memory_limit && memory > memory_limit)
        return px_fail(error, PRISM_E_MEMORY, "decoding takes %llu bytes, the limit is %llu",
                       (unsigned long long)memory, (unsigned long long)memory_limit);
    return PRISM_OK;
}

/* Reads the chunk, with its checksum unless that is to be left out. */
static prism_status read_chunk(px_chunk *read, const void *chunk, size_t chunk_size,
                               const prism_decode_options *options, prism_error *error) {
    prism_status status = px_chunk_read(read, chunk, chunk_size, error);
    if (status == PRISM_OK && !options->skip_checksum && read->has_checksum)
        status = px_chunk_verify(chunk, chunk_size, options->threads, error);
    return status;
}

static const prism_decode_options default_options = {.threads = 1};

/* What decoding takes, each thread takes at most. */
static int threads_within(const prism_decode_options *options, uint64_t memory) {
    const uint64_t room = memory ? options->memory_limit / memory : UINT64_MAX;
    const uint64_t asked = options->threads < 1 ? 1 : (uint64_t)options->threads;
    return (int)(options->memory_limit && room < asked ? room : asked);
}

static prism_status check_whole(const px_chunk *chunk, size_t size, uint64_t memory_limit,
                                prism_error *error) {
    size_t whole;
    prism_status status = prism_array_size(&chunk->array, &whole, error);
    return status == PRISM_OK
               ? check_output(whole, size, px_chunk_memory(chunk, 0), memory_limit, error)
               : status;
}

/* They must be those that the chunk was made of, where that can be told. */
static prism_status check_elements(const px_chunk *chunk, const void *data, size_t size,
                                   const prism_decode_options *options, prism_error *error) {
    return options->skip_checksum || !chunk->has_checksum || !px_chunk_is_portable(chunk) ||
                   px_crc32_by(data, size, options->threads) == chunk->elements_crc
               ? px_succeed(error)
               : px_fail(error, PRISM_E_CHECKSUM,
                         "the chunk is intact but did not decode to the elements it was made of");
}

static prism_status check_reduce(int reduce, prism_error *error) {
    return reduce >= 0 && reduce <= PX_MOST_REDUCED
               ? PRISM_OK
               : px_fail(error, PRISM_E_OPTION, "reduce=%d: expected 0..%d", reduce,
                         PX_MOST_REDUCED);
}

/* A beginning of a chunk that has parts is trusted by the checksums of these. */
static prism_status read_beginning(px_chunk *read, const void *chunk, size_t chunk_size,
                                   const prism_decode_options *options, prism_error *error) {
    size_t needed;
    const int reduce = options->reduce;
    prism_status status = check_reduce(reduce, error);
    if (status == PRISM_OK)
        status = px_chunk_read_start(read, &needed, chunk, chunk_size, reduce, error);
    if (status != PRISM_OK || options->skip_checksum || !read->has_checksum)
        return status;
    if (!px_parts_end(&read->parts, reduce))
        return px_chunk_verify(chunk, chunk_size, options->threads, error);
    status = px_chunk_verify_header(read, chunk, error);
    return status == PRISM_OK ? px_chunk_verify_parts(read, reduce, error) : status;
}

static prism_status reduce_array(prism_array *reduced, size_t *size, const px_chunk *chunk,
                                 int reduce, prism_error *error) {
    if (reduce &&
        !px_reduced_array(reduced, &chunk->array, px_pipeline_axis(&chunk->pipeline), reduce))
        return px_fail(error, PRISM_E_OPTION,
                       "reduce=%d: the chunk has more than two axes beside that of its planes",
                       reduce);
    if (!reduce)
        *reduced = chunk->array;
    return prism_array_size(reduced, size, error);
}

static prism_status decode_reduced(const void *chunk, size_t chunk_size, void *data, size_t size,
                                   const prism_decode_options *options, prism_error *error) {
    px_chunk read;
    prism_array reduced;
    size_t expected;
    prism_status status = read_beginning(&read, chunk, chunk_size, options, error);
    if (status == PRISM_OK)
        status = reduce_array(&reduced, &expected, &read, options->reduce, error);
    if (status == PRISM_OK)
        status = check_output(expected, size, px_chunk_reduced_memory(&read, &reduced),
                              options->memory_limit, error);
    if (status == PRISM_OK)
        status = px_chunk_decode_reduced(&read, options->reduce, data, error);
    return status == PRISM_OK ? px_succeed(error) : status;
}

prism_status prism_reduced_array(const void *chunk, size_t chunk_size, int reduce,
                                 prism_array *array, prism_error *error) {
    if (!chunk || !array)
        return px_fail(error, PRISM_E_ARGUMENT, "chunk and array must not be NULL");
    px_chunk read;
    size_t size;
    const prism_decode_options options = {.skip_checksum = true, .reduce = reduce};
    prism_status status = read_beginning(&read, chunk, chunk_size, &options, error);
    if (status == PRISM_OK)
        status = reduce_array(array, &size, &read, reduce, error);
    return status == PRISM_OK ? px_succeed(error) : status;
}

prism_status prism_reduced_size(const void *start, size_t size, int reduce, size_t *needed,
                                prism_error *error) {
    if (!start || !needed)
        return px_fail(error, PRISM_E_ARGUMENT, "start and needed must not be NULL");
    px_chunk read = {.has_checksum = false};
    *needed = 0;
    prism_status status = check_reduce(reduce, error);
    if (status == PRISM_OK)
        status = px_chunk_read_start(&read, needed, start, size, reduce, error);
    if (status == PRISM_E_TRUNCATED && *needed)
        status = PRISM_OK; /* it is what was asked for */
    if (status == PRISM_OK && read.has_checksum && px_parts_exist(&read.parts))
        status = px_chunk_verify_header(&read, start, error);
    if (status != PRISM_OK)
        *needed = 0;
    return status == PRISM_OK ? px_succeed(error) : status;
}

prism_status prism_decode(const void *chunk, size_t chunk_size, void *data, size_t size,
                          const prism_decode_options *options, prism_error *error) {
    if (!chunk || !data)
        return px_fail(error, PRISM_E_ARGUMENT, "chunk and data must not be NULL");
    options = options ? options : &default_options;
    if (options->reduce)
        return decode_reduced(chunk, chunk_size, data, size, options, error);
    px_chunk read;
    prism_status status = read_chunk(&read, chunk, chunk_size, options, error);
    if (status == PRISM_OK)
        status = check_whole(&read, size, options->memory_limit, error);
    if (status == PRISM_OK)
        status = px_chunk_decode(&read, data, threads_within(options, px_chunk_memory(&read, 0)), 0,
                                 error);
    return status == PRISM_OK ? check_elements(&read, data, size, options, error) : status;
}

static prism_status check_planes(const px_chunk *chunk, const uint64_t *planes, size_t count,
                                 prism_error *error) {
    const size_t all = px_pipeline_layout(&chunk->pipeline, &chunk->array).count;
    for (size_t i = 0; i < count; i++)
        if (planes[i] >= all)
            return px_fail(error, PRISM_E_ARGUMENT, "plane %llu: the chunk has %zu",
                           (unsigned long long)planes[i], all);
    return count && (chunk->pipeline.axis >= 0 || count == 1)
               ? PRISM_OK
               : px_fail(error, PRISM_E_ARGUMENT, "%zu planes of a chunk of %zu", count, all);
}

prism_status prism_decode_planes(const void *chunk, size_t chunk_size, const uint64_t *planes,
                                 size_t count, void *data, size_t size,
                                 const prism_decode_options *options, prism_error *error) {
    if (!chunk || !data || !planes)
        return px_fail(error, PRISM_E_ARGUMENT, "chunk, planes and data must not be NULL");
    options = options ? options : &default_options;
    if (options->reduce)
        return px_fail(error, PRISM_E_OPTION, "reduce=%d goes with all planes only",
                       options->reduce);
    px_chunk read;
    size_t whole = 0;
    prism_status status = read_chunk(&read, chunk, chunk_size, options, error);
    if (status == PRISM_OK)
        status = check_planes(&read, planes, count, error);
    if (status == PRISM_OK)
        status = prism_array_size(&read.array, &whole, error);
    if (status == PRISM_OK)
        status = check_output(
            px_product(whole / px_pipeline_layout(&read.pipeline, &read.array).count, count), size,
            px_chunk_planes_memory(&read, count), options->memory_limit, error);
    if (status == PRISM_OK)
        status = px_chunk_decode_planes(
            &read, planes, count, data,
            threads_within(options, px_chunk_planes_memory(&read, count)), error);
    return status == PRISM_OK ? px_succeed(error) : status;
}
