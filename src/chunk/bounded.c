#include "chunk/bounded.h"

#include <stdlib.h>

#include "chunk/chunk.h"
#include "chunk/content.h"
#include "lossy/lossy.h"

/* With less than this share of a quick lossless chunk, no thorough one is smaller, unless the array
 * is so small that what it has in order shows to a thorough search only. */
static const double SURELY_SMALLER = 0.4;
enum { SURELY_FROM = 1 << 16 /* bytes of the array */ };

/* The lossy chunk, in `out` if there is one. */
static prism_status encode_lossy(px_buffer *out, px_pipeline *used, const px_content *c,
                                 px_scales scales, prism_error *error) {
    px_coded coded;
    void *decoded;
    prism_status status = px_lossy_encode(&coded, &decoded,
                                          &(px_mapping_request){.array = &c->squeezed.array,
                                                                .elements = c->elements,
                                                                .options = &c->options,
                                                                .inner = &px_chunk_codec,
                                                                .scales = scales},
                                          SIZE_MAX, error);
    /* What is as large as the elements would be written as these. */
    if (status == PRISM_OK && coded.is_mapped && px_coded_size(&coded) < c->size)
        status = px_content_write(out, used, c, &coded, decoded, error);
    px_coded_free(&coded);
    free(decoded);
    return status;
}

static prism_options without_bound(const prism_options *options) {
    prism_options exact = *options;
    exact.bound = PRISM_BOUND_NONE;
    exact.bound_of = PRISM_BOUND_OF_RMS;
    exact.bound_value = 0;
    return exact;
}

/* Whether a quick lossless chunk shows that no lossless one is as small as `size`. */
static prism_status is_surely_smaller(bool *surely, size_t size, const px_content *c,
                                      prism_error *error) {
    px_buffer quick = {0};
    px_pipeline used;
    prism_options exact = without_bound(&c->options);
    *surely = false;
    if (c->size < SURELY_FROM || (double)size >= SURELY_SMALLER * (double)c->size)
        return PRISM_OK;
    exact.axis = c->asked_axis;
    exact.effort = 1;
    prism_status status =
        px_chunk_encode(&quick, &used, c->array, c->elements, &exact, (px_chunk_role){0}, error);
    *surely = (double)size < SURELY_SMALLER * (double)quick.size;
    px_buffer_free(&quick);
    return status;
}

prism_status px_bounded_encode(px_buffer *out, px_pipeline *used, const prism_array *array,
                               const void *elements, const prism_options *options, px_scales scales,
                               prism_error *error) {
    px_content c;
    px_buffer lossy = {0};
    px_pipeline pipeline;
    bool surely = false;
    const prism_options exact = without_bound(options);
    prism_status status = px_lossy_check(array, options, error);
    if (status == PRISM_OK)
        status = px_content_make(&c, array, elements, options, error);
    if (status == PRISM_OK)
        status = encode_lossy(&lossy, &pipeline, &c, scales, error);
    if (status == PRISM_OK && lossy.size)
        status = is_surely_smaller(&surely, lossy.size, &c, error);
    if (status == PRISM_OK && !surely)
        status = px_chunk_encode(out, used, array, elements, &exact, (px_chunk_role){0}, error);
    if (status == PRISM_OK && lossy.size && (surely || lossy.size < out->size)) {
        px_buffer_free(out);
        *out = lossy;
        *used = pipeline;
        return PRISM_OK;
    }
    px_buffer_free(&lossy);
    return status;
}
