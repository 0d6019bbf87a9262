/*
 * coder=ans: which of the project's own methods codes a chunk. The first byte of the parameters
 * says it. docs/FORMAT.md, "The native coder".
 */
#include "native.h"

#include "status.h"

enum { METHOD_QUICK = 1, METHOD_LSQ = 2, METHOD_ONLINE = 3 };
enum { LAST_QUICK_EFFORT = 3, FIRST_ONLINE_EFFORT = 8 };

static const px_native_method *method_of(uint8_t id) {
    switch (id) {
    case METHOD_QUICK:
        return &px_quick;
    case METHOD_LSQ:
        return &px_lsq;
    case METHOD_ONLINE:
        return &px_online;
    default:
        return NULL;
    }
}

/* A chunk as one of the methods codes it. */
typedef struct coded {
    px_pipeline pipeline;
    px_buffer parameters, payload;
} coded;

static void coded_free(coded *c) {
    px_buffer_free(&c->parameters);
    px_buffer_free(&c->payload);
}

static prism_status encode_by(coded *c, uint8_t id, const px_planes *planes,
                              const px_pipeline *pipeline, size_t limit, prism_error *error) {
    *c = (coded){.pipeline = *pipeline};
    px_put_u8(&c->parameters, id);
    return method_of(id)->encode(planes, &c->pipeline, limit, &c->parameters, &c->payload, error);
}

/* What learns from the samples themselves may come too late in a small chunk, or find too little:
 * both ways are gone. px_lsq takes up to a third of the time. */
static prism_status encode_strongest(coded *c, const px_planes *planes, const px_pipeline *pipeline,
                                     size_t limit, prism_error *error) {
    prism_status status = encode_by(c, METHOD_LSQ, planes, pipeline, limit, error);
    if (status != PRISM_OK)
        return status;
    size_t least = c->parameters.size + c->payload.size;
    coded other;
    status =
        encode_by(&other, METHOD_ONLINE, planes, pipeline, least < limit ? least : limit, error);
    if (status == PRISM_OK && other.parameters.size + other.payload.size < least) {
        coded lsq = *c;
        *c = other;
        other = lsq;
    }
    coded_free(&other);
    return status;
}

static prism_status encode(const px_planes *planes, px_pipeline *pipeline, size_t limit,
                           px_buffer *parameters, px_buffer *payload, prism_error *error) {
    coded c = {.pipeline = {0}};
    uint8_t id = pipeline->effort <= LAST_QUICK_EFFORT ? METHOD_QUICK : METHOD_LSQ;
    prism_status status = pipeline->effort >= FIRST_ONLINE_EFFORT
                              ? encode_strongest(&c, planes, pipeline, limit, error)
                              : encode_by(&c, id, planes, pipeline, limit, error);
    if (status == PRISM_OK) {
        *pipeline = c.pipeline;
        px_put_bytes(parameters, c.parameters.data, c.parameters.size);
        px_put_bytes(payload, c.payload.data, c.payload.size);
        parameters->failed |= c.parameters.failed;
        payload->failed |= c.payload.failed;
    }
    coded_free(&c);
    return status;
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
