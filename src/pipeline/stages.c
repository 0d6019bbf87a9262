/* Which stages this version has. */
#include "planes/stages.h"

#include "base/status.h"

const px_transform_stage *px_transform_stage_of(prism_transform transform) {
    switch (transform) {
    case PRISM_TRANSFORM_CHANNELS:
        return &px_channels;
    case PRISM_TRANSFORM_STACK:
        return &px_stack;
    default:
        return NULL;
    }
}

const px_predictor_stage *px_predictor_stage_of(prism_predictor predictor) {
    return predictor == PRISM_PREDICTOR_PAETH ? &px_paeth : NULL;
}

static const px_coder_stage *const methods[] = {
    [PRISM_METHOD_QUICK] = &px_quick,       [PRISM_METHOD_LSQ] = &px_lsq,
    [PRISM_METHOD_ADAPTIVE] = &px_adaptive, [PRISM_METHOD_FRAMES] = &px_frames,
    [PRISM_METHOD_PALETTE] = &px_palette,   [PRISM_METHOD_MIXED] = &px_mixed,
    [PRISM_METHOD_ORDER0] = &px_order0,     [PRISM_METHOD_BLOCKS] = &px_blocks};

const px_coder_stage *px_coder_stage_of(prism_coder coder, prism_method method) {
    switch (coder) {
    case PRISM_CODER_DEFLATE:
        return &px_deflate;
    case PRISM_CODER_JXL:
        return &px_jxl;
    case PRISM_CODER_ANS:
        return (size_t)method < sizeof methods / sizeof *methods ? methods[method] : NULL;
    default:
        return NULL;
    }
}

bool px_takes_elements(prism_coder coder) {
    return coder == PRISM_CODER_RAW || coder == PRISM_CODER_ZSTD;
}

static prism_status missing(prism_error *error, const char *key, int value, const char *known) {
    return px_fail(error, PRISM_E_UNAVAILABLE, "%s %d is not in this version (%s)", key, value,
                   known);
}

prism_status px_stages_check(prism_transform transform, prism_predictor predictor,
                             prism_coder coder, prism_error *error) {
    if (transform > PRISM_TRANSFORM_NONE && !px_transform_stage_of(transform))
        return missing(error, "transform", (int)transform, "none, channels and stack are");
    if (predictor > PRISM_PREDICTOR_LSQ)
        return missing(error, "predictor", (int)predictor, "none, paeth and lsq are");
    if ((unsigned)coder > PRISM_CODER_ZSTD)
        return missing(error, "coder", (int)coder, "deflate, jxl, ans and zstd are");
    if (coder == PRISM_CODER_ZSTD &&
        (transform > PRISM_TRANSFORM_NONE || predictor > PRISM_PREDICTOR_NONE))
        return px_fail(
            error, PRISM_E_OPTION,
            "coder=zstd takes elements as they are: no transform or predictor goes with it");
    bool native_coder = coder == PRISM_CODER_ANS,
         native_predictor = predictor == PRISM_PREDICTOR_LSQ;
    if (native_coder != native_predictor && coder != PRISM_CODER_AUTO &&
        predictor != PRISM_PREDICTOR_AUTO && coder != PRISM_CODER_RAW)
        return px_fail(error, PRISM_E_OPTION,
                       "predictor=lsq and coder=ans belong together: neither goes with another");
    return PRISM_OK;
}
