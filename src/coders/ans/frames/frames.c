/*
 * The coder of image stacks: frames in an order and from references that their similarity decides
 * (similarity/plan.h), each sample by the blend of what many simple experts and a fitted one
 * predict. docs/format-frames.md.
 *
 *   planes -> plan -> taps -> gates -> scales -> symbols -> words
 *         plan.c   fit_taps.c fit_blend.c fit_scale.c    encode.c
 *
 * One predictor for a whole frame loses to JPEG XL on textured photographs; blending those that
 * erred least nearby wins on all stacks tried.
 */
#include "coders/ans/frames/frames.h"

#include "coders/ans/frames/view.h"
#include "entropy/shapes.h"

/* Columns and rows are counted in 32 bits with room to spare. */
enum { EDGE_LIMIT = 1 << 30 };

bool px_frames_fit(const px_planes *planes) {
    return planes->count <= PX_PLAN_FRAMES && planes->width < EDGE_LIMIT &&
           planes->height < EDGE_LIMIT;
}

static prism_status decode(px_planes *planes, const px_pipeline *pipeline, px_reader *parameters,
                           px_reader *payload, const px_request *request, prism_error *error) {
    (void)pipeline;
    return px_frames_decode(planes, request, parameters, payload, error);
}

uint64_t px_frames_memory(const px_planes *planes, bool move) {
    return px_frames_model_memory(planes->count) +
           px_frame_view_memory(planes->height, planes->width, planes->count, move);
}

/* A couple has one plane until references are gone. */
static uint64_t planes_memory(const px_planes *planes) {
    const uint64_t all = px_planes_bytes(planes);
    const uint64_t first = (uint64_t)px_plane_size(planes) * sizeof *planes->samples;
    const uint64_t left = px_frame_view_left(planes->height, planes->width);
    if (planes->count != 2)
        return all;
    return first + (all > left ? all - left : 0);
}

static uint64_t decode_memory(const px_planes *planes, const px_pipeline *pipeline,
                              px_reader parameters, size_t payload_size) {
    (void)pipeline, (void)parameters;
    return px_frames_fit(planes) ? px_frames_memory(planes, false) + planes_memory(planes) +
                                       px_rans_memory(payload_size) + px_shapes_memory() +
                                       planes->count * (sizeof(size_t) + sizeof(bool))
                                 : 0;
}

const px_coder_stage px_frames = {
    .late = true, .encode = px_frames_encode, .decode = decode, .decode_memory = decode_memory};
