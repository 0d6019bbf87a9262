/*
 * Method 2, lsq: every sample is predicted from planes before and from its neighbours by matrices
 * and taps that are fitted to the chunk; what is coded is the sample, given the prediction's real
 * value and the scale that its surroundings suggest. docs/FORMAT.md, "Method 2, lsq".
 *
 *   chunk.c, fold.c    groups of planes, one after the other; lines as planes
 *   model.c     what is transmitted of a group besides the samples
 *   analyse.c, fit_matrix.c, fit_taps.c, fit_scale.c    fit it (floating point; encoder only)
 *   group.c, mixer.c, geometry.c    prediction from planes before, and what planes leave to others
 *   shapes.c    distributions of samples as tables
 *   encode.c, encoder.c, decode.c    a group; wave_kernels.c codes the samples of a plane
 *
 * Every sample waits for its neighbours, every plane for those before: large planes are in two
 * bands of rows, so that two threads have something to do (bands.c).
 */
#include "coders/ans/lsq/chunk.h"

static prism_status decode(px_planes *planes, const px_pipeline *pipeline, px_reader *parameters,
                           px_reader *payload, const px_request *request, prism_error *error) {
    return px_lsq_chunk_decode(planes, pipeline, false, parameters, payload, request->threads,
                               error);
}

static uint64_t decode_memory(const px_planes *planes, const px_pipeline *pipeline,
                              px_reader parameters, size_t payload_size) {
    return px_lsq_chunk_memory(planes, pipeline, false, parameters, payload_size);
}

const px_coder_stage px_lsq = {
    .late = true, .encode = px_lsq_chunk_encode, .decode = decode, .decode_memory = decode_memory};
