/* Which stages this version has. */
#include "stages.h"

#include "status.h"

const px_transform_stage *px_transform_stage_of(prism_transform transform) {
    return transform == PRISM_TRANSFORM_CHANNELS ? &px_channels : NULL;
}

const px_predictor_stage *px_predictor_stage_of(prism_predictor predictor) {
    return predictor == PRISM_PREDICTOR_PAETH ? &px_paeth : NULL;
}

const px_coder_stage *px_coder_stage_of(prism_coder coder) {
    return coder == PRISM_CODER_ANS ? &px_ans : coder == PRISM_CODER_DEFLATE ? &px_deflate : coder == PRISM_CODER_JXL ? &px_jxl : NULL;
}

static prism_status missing(prism_error *error, const char *key, int value, const char *known) {
    return px_fail(error, PRISM_E_UNAVAILABLE, "%s %d is not in this version (%s)", key, value,
                   known);
}

prism_status px_stages_check(prism_transform transform, prism_predictor predictor,
                             prism_coder coder, prism_error *error) {
    if (transform > PRISM_TRANSFORM_NONE && !px_transform_stage_of(transform))
        return missing(error, "transform", (int)transform, "none and channels are");
    if (predictor > PRISM_PREDICTOR_NONE && predictor != PRISM_PREDICTOR_LSQ && !px_predictor_stage_of(predictor))
        return missing(error, "predictor", (int)predictor, "none and paeth are");
    if (coder != PRISM_CODER_AUTO && coder != PRISM_CODER_RAW && !px_coder_stage_of(coder))
        return missing(error, "coder", (int)coder, "deflate and jxl are");
    return PRISM_OK;
}
