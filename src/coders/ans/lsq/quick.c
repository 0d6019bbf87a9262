/*
 * Method 1, quick: as method lsq (lsq/lsq.c) with less of everything: one matrix, taps on rows
 * above only, integer means. Nothing of a sample depends on its own row, so that rows are coded
 * sixteen neighbours at a time. docs/FORMAT.md, "Method 1, quick".
 */
#include "coders/ans/lsq/chunk.h"

static prism_status decode(px_planes *planes, const px_pipeline *pipeline, px_reader *parameters,
                           px_reader *payload, const px_request *request, prism_error *error) {
    return px_lsq_chunk_decode(planes, pipeline, true, parameters, payload, request->threads,
                               error);
}

static uint64_t decode_memory(const px_planes *planes, const px_pipeline *pipeline,
                              px_reader parameters, size_t payload_size) {
    return px_lsq_chunk_memory(planes, pipeline, true, parameters, payload_size);
}

const px_coder_stage px_quick = {
    .late = true, .encode = px_lsq_chunk_encode, .decode = decode, .decode_memory = decode_memory};
