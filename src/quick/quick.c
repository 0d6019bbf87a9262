/*
 * Method 1, quick: as method lsq (lsq/lsq.c) with less of everything: one matrix, taps on rows
 * above only, integer means. Nothing of a sample depends on its own row, so that rows are coded
 * sixteen neighbours at a time. docs/FORMAT.md, "Method 1, quick".
 */
#include "lsq/chunk.h"
#include "native.h"

static prism_status encode(const px_planes *planes, px_pipeline *pipeline, size_t limit,
                           px_buffer *parameters, px_buffer *payload, prism_error *error) {
    return px_chunk_of_groups_encode(planes, pipeline, limit, px_quick_encode_group, parameters,
                                     payload, error);
}

static prism_status decode(px_planes *planes, const px_pipeline *pipeline, px_reader *parameters,
                           px_reader *payload, int threads, prism_error *error) {
    (void)threads;
    return px_chunk_of_groups_decode(planes, pipeline, true, parameters, payload, error);
}

static uint64_t decode_memory(const px_planes *planes, const px_pipeline *pipeline,
                              px_reader parameters, size_t payload_size) {
    return px_chunk_of_groups_memory(planes, pipeline, true, parameters, payload_size);
}

const px_native_method px_quick = {encode, decode, decode_memory, .late = true};
