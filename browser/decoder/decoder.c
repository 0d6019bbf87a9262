/* What JavaScript calls beside the functions of prism.h: it knows no structs but by their numbers.
 */
#include <emscripten.h>
#include <stdlib.h>

#include "prism.h"

enum { FACTS = 17 };

/*
 * prism_inspect, as numbers: type, byte order, mapping, transform, predictor, coder, method,
 * effort, bound, its value, the error reached, bytes of header, parameters and payload, bytes that
 * decoding takes, axis of the planes, rank; and the dimensions after these.
 */
EMSCRIPTEN_KEEPALIVE prism_status decoder_inspect(const void *chunk, size_t size,
                                                  double facts[FACTS + PRISM_MAX_RANK],
                                                  prism_error *error) {
    prism_info info;
    const prism_status status = prism_inspect(chunk, size, &info, error);
    if (status != PRISM_OK)
        return status;
    const double found[FACTS] = {
        info.array.type,
        info.array.order,
        info.mapping,
        info.transform,
        info.predictor,
        info.coder,
        info.method,
        info.effort,
        info.bound,
        (double)info.bound_value,
        (double)info.reached,
        (double)info.header_bytes,
        (double)info.parameter_bytes,
        (double)info.payload_bytes,
        (double)info.decode_bytes,
        info.axis,
        info.array.rank,
    };
    for (int i = 0; i < FACTS; i++)
        facts[i] = found[i];
    for (unsigned i = 0; i < info.array.rank; i++)
        facts[FACTS + i] = (double)info.array.dims[i];
    return PRISM_OK;
}
