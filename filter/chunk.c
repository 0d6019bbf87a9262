/*
 * The filter callback's work.
 *
 * Nothing that comes from the file is believed: chunks can be written around the filter
 * (H5Dwrite_chunk) and parameters by other programs, so every size is compared with what the
 * parameters and the chunk itself say before it is used.
 */
#include "chunk.h"

#include "failure.h"
#include "parameters.h"

static prism_status allocate(const plugin_host *host, size_t size, plugin_output *output,
                             prism_error *error) {
    *output = (plugin_output){.bytes = plugin_host_allocate(host, size), .capacity = size};
    if (!output->bytes)
        return plugin_fail(error, PRISM_E_MEMORY, "out of memory: %zu bytes for a chunk", size);
    return PRISM_OK;
}

static prism_status finish(const plugin_host *host, prism_status status, plugin_output *output) {
    if (status != PRISM_OK) {
        plugin_host_free(host, output->bytes);
        *output = (plugin_output){0};
    }
    return status;
}

static bool has_array(const plugin_input *input) {
    return input->words && input->count > PRISM_OPTION_WORDS;
}

static prism_status unpack_array(const plugin_input *input, prism_array *array, size_t *size,
                                 prism_error *error) {
    prism_status status = prism_array_unpack(array, input->words + PRISM_OPTION_WORDS,
                                             input->count - PRISM_OPTION_WORDS, error);
    return status == PRISM_OK ? prism_array_size(array, size, error) : status;
}

/* A wrong H5PRISM_THREADS is refused when a dataset is created. Here it is ignored: it changes no
 * byte of the data, and failing would make HDF5 store OPTIONAL chunks uncompressed. */
static void apply_threads(prism_options *options) {
    prism_error ignored;
    plugin_threads_override(options, &ignored);
}

static prism_status encode_plan(const plugin_input *input, prism_array *array,
                                prism_options *options, prism_error *error) {
    if (!has_array(input))
        return plugin_fail(error, PRISM_E_ARGUMENT,
                           "%zu filter parameters do not say the chunk's type and shape (HDF5 "
                           "leaves them out for variable-length data)",
                           input->count);
    size_t size;
    prism_status status = unpack_array(input, array, &size, error);
    if (status == PRISM_OK)
        status = prism_options_unpack(options, input->words, PRISM_OPTION_WORDS, error);
    if (status == PRISM_OK)
        plugin_missing_read(options, array, input->words, input->count);
    if (status == PRISM_OK && size != input->size)
        status = plugin_fail(error, PRISM_E_ARGUMENT,
                             "the chunk has %zu bytes where its shape has %zu: a filter before "
                             "this one changed it",
                             input->size, size);
    return status;
}

prism_status plugin_chunk_encode(const plugin_host *host, const plugin_input *input,
                                 plugin_output *output, prism_error *error) {
    prism_array array;
    prism_options options;
    size_t bound = 0;
    prism_status status = encode_plan(input, &array, &options, error);
    if (status == PRISM_OK)
        status = prism_encode_bound(&array, &bound, error);
    if (status == PRISM_OK)
        status = allocate(host, bound, output, error);
    if (status != PRISM_OK)
        return status;
    apply_threads(&options);
    status = prism_encode(&array, input->bytes, &options, output->bytes, output->capacity,
                          &output->size, error);
    return finish(host, status, output);
}

/* The chunk is decoded by what it says of itself; a dataset that says something else would be read
 * wrongly, or beyond the buffer by HDF5 before 1.14. Shapes of equal size may differ: a chunk may
 * have been encoded without its dimensions of 1. */
static prism_status check_agreement(const plugin_input *input, const prism_array *array,
                                    size_t size, prism_error *error) {
    prism_array expected;
    size_t expected_size;
    if (input->words && input->count && input->words[0] > PLUGIN_LAYOUT)
        return plugin_fail(error, PRISM_E_VERSION,
                           "the dataset's filter parameters have layout %u; this version of "
                           "h5prism knows layout %d",
                           input->words[0], PLUGIN_LAYOUT);
    if (!has_array(input))
        return PRISM_OK;
    prism_status status = unpack_array(input, &expected, &expected_size, error);
    if (status != PRISM_OK)
        return status;
    if (array->type != expected.type)
        return plugin_fail(error, PRISM_E_CORRUPT, "the chunk holds %s where the dataset has %s",
                           prism_type_name(array->type), prism_type_name(expected.type));
    if (prism_type_size(array->type) > 1 && array->order != expected.order)
        return plugin_fail(error, PRISM_E_CORRUPT,
                           "the byte orders of the chunk and of the dataset differ");
    if (size != expected_size)
        return plugin_fail(error, PRISM_E_CORRUPT,
                           "the chunk holds %zu bytes where the dataset's chunks have %zu", size,
                           expected_size);
    return PRISM_OK;
}

/* Small chunks may claim to be large: what they would take is known before. */
static prism_status check_memory(const prism_info *info, size_t size, prism_error *error) {
    uint64_t limit;
    prism_status status = plugin_memory_limit(&limit, error);
    const uint64_t needed = info->decode_bytes + size;
    if (status == PRISM_OK && limit && needed > limit)
        status = plugin_fail(error, PRISM_E_MEMORY,
                             "a chunk takes %llu bytes to read; H5PRISM_MEMORY_LIMIT is %llu",
                             (unsigned long long)needed, (unsigned long long)limit);
    return status;
}

/* The stored words are of no use beyond this: how a chunk was coded is inside of it. */
static int decoding_threads(const plugin_input *input) {
    prism_error ignored;
    prism_options options;
    size_t count = input->words ? input->count : 0;
    if (prism_options_unpack(&options, input->words, count, &ignored) != PRISM_OK)
        options = prism_options_default();
    apply_threads(&options);
    return options.threads;
}

prism_status plugin_chunk_decode(const plugin_host *host, const plugin_input *input,
                                 plugin_output *output, prism_error *error) {
    prism_info info;
    size_t size = 0;
    prism_status status = prism_inspect(input->bytes, input->size, &info, error);
    if (status == PRISM_OK)
        status = prism_array_size(&info.array, &size, error);
    if (status == PRISM_OK)
        status = check_agreement(input, &info.array, size, error);
    if (status == PRISM_OK)
        status = check_memory(&info, size, error);
    if (status == PRISM_OK)
        status = allocate(host, size, output, error);
    if (status != PRISM_OK)
        return status;
    prism_decode_options options = {.skip_checksum = input->skip_checksum,
                                    .threads = decoding_threads(input)};
    status = prism_decode(input->bytes, input->size, output->bytes, size, &options, error);
    output->size = size;
    return finish(host, status, output);
}
