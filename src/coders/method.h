/*
 * The methods of coder=ans, as equals: the project's own coders. They predict for themselves
 * (predictor=lsq) and differ in how much work they do for a sample. Internal.
 */
#ifndef PX_CODERS_METHOD_H
#define PX_CODERS_METHOD_H

#include "planes/stages.h"

/* One coder; the functions are as in px_coder_stage. It works at `effort`, whatever that of the
 * pipeline is. With transform none in the pipeline, planes are not predicted from each other. A
 * method that is `late` takes memory for the planes itself (px_planes_take), when it needs it, and
 * counts it. */
typedef struct px_native_method {
    prism_status (*encode)(const px_planes *planes, px_pipeline *pipeline, int effort, size_t limit,
                           px_sections *out, prism_error *error);
    prism_status (*decode)(px_planes *planes, const px_pipeline *pipeline, px_reader *parameters,
                           px_reader *payload, const px_request *request, prism_error *error);
    px_decode_memory decode_memory;
    bool late;
} px_native_method;

extern const px_native_method px_quick;    /* ans/lsq/quick.c */
extern const px_native_method px_lsq;      /* ans/lsq/lsq.c */
extern const px_native_method px_adaptive; /* ans/adaptive/adaptive.c */
extern const px_native_method px_frames;   /* ans/frames/frames.c */
extern const px_native_method px_palette;  /* ans/palette/palette.c */
extern const px_native_method px_mixed;    /* ans/frames/mixed.c */
extern const px_native_method px_order0;   /* ans/order0/order0.c */

#endif
