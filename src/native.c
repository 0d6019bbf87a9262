/* Which coder an effort means. */
#include "native.h"

#include "status.h"

static prism_status encode(const px_planes *planes, px_pipeline *pipeline, size_t limit,
                           px_buffer *parameters, px_buffer *payload, prism_error *error) {
    px_put_u8(parameters, 3);
    return px_online.encode(planes, pipeline, limit, parameters, payload, error);
}

static prism_status decode(px_planes *planes, const px_pipeline *pipeline, px_reader *parameters,
                           px_reader *payload, int threads, prism_error *error) {
    if (px_get_u8(parameters) != 3)
        return px_fail(error, PRISM_E_CORRUPT, "unknown method");
    return px_online.decode(planes, pipeline, parameters, payload, threads, error);
}

const px_coder_stage px_ans = {true, encode, decode};
