/*
 * Method 1, quick: as method lsq (lsq/lsq.c) with less of everything: one matrix, taps on rows
 * above only, integer means. Nothing of a sample depends on its own row, so that rows are coded
 * sixteen neighbours at a time. docs/FORMAT.md, "Method 1, quick".
 */
#include "coders/ans/lsq/chunk.h"
#include "coders/method.h"

static prism_status encode(const px_planes *planes, px_pipeline *pipeline, int effort, size_t limit,
                           px_sections *out, prism_error *error) {
    return px_chunk_of_groups_encode(planes, pipeline, effort, limit, px_quick_encode_group, out,
                                     error);
}

static prism_status decode(px_planes *planes, const px_pipeline *pipeline, px_reader *parameters,
                           px_reader *payload, const px_request *request, prism_error *error) {
    (void)request;
    return px_chunk_of_groups_decode(planes, pipeline, true, parameters, payload, error);
}

static uint64_t decode_memory(const px_planes *planes, const px_pipeline *pipeline,
                              px_reader parameters, size_t payload_size) {
    return px_chunk_of_groups_memory(planes, pipeline, true, parameters, payload_size);
}

const px_native_method px_quick = {encode, decode, decode_memory, .late = true};
