/*
 * coder=ans: which of the project's own methods codes a chunk. The first byte of the parameters
 * says it. docs/FORMAT.md, "ans".
 */
#include "native.h"

#include "status.h"

enum { METHOD_QUICK = 1, METHOD_LSQ = 2 };

static const px_native_method *method_of(uint8_t id) {
    switch (id) {
    case METHOD_QUICK:
        return &px_quick;
    case METHOD_LSQ:
        return &px_lsq;
    default:
        return NULL;
    }
}

static uint8_t method_for_effort(int effort) {
    return effort <= 3 ? METHOD_QUICK : METHOD_LSQ;
}

static prism_status encode(const px_planes *planes, px_pipeline *pipeline, size_t limit,
                           px_buffer *parameters, px_buffer *payload, prism_error *error) {
    uint8_t id = method_for_effort(pipeline->effort);
    px_put_u8(parameters, id);
    return method_of(id)->encode(planes, pipeline, limit, parameters, payload, error);
}

static prism_status decode(px_planes *planes, const px_pipeline *pipeline, px_reader *parameters,
                           px_reader *payload, int threads, prism_error *error) {
    uint8_t id = px_get_u8(parameters);
    const px_native_method *method = method_of(id);
    if (!method)
        return px_fail(error, PRISM_E_CORRUPT, "method %u of coder ans is not known", id);
    return method->decode(planes, pipeline, parameters, payload, threads, error);
}

const px_coder_stage px_ans = {.predicts = true, .encode = encode, .decode = decode};
