/*
 * coder=ans: the project's own coders. They predict for themselves (predictor=lsq) and differ in
 * how much work they do for a sample; the effort decides. Internal.
 */
#ifndef PX_NATIVE_H
#define PX_NATIVE_H

#include "stages.h"

/* One coder; the functions are as in px_coder_stage. With transform none in the pipeline, planes
 * are not predicted from each other. A method that is `late` takes memory for the planes itself
 * (px_planes_take), when it needs it, and counts it. */
typedef struct px_native_method {
    prism_status (*encode)(const px_planes *planes, px_pipeline *pipeline, size_t limit,
                           px_buffer *parameters, px_buffer *payload, prism_error *error);
    prism_status (*decode)(px_planes *planes, const px_pipeline *pipeline, px_reader *parameters,
                           px_reader *payload, int threads, prism_error *error);
    px_decode_memory decode_memory;
    bool late;
} px_native_method;

extern const px_native_method px_quick;  /* quick/: one matrix, north neighbours; efforts 1-3 */
extern const px_native_method px_lsq;    /* lsq/: two matrices and neighbours; efforts 4-7 */
extern const px_native_method px_frames; /* frames/: frames from frames; transform stack */
extern const px_native_method px_mixed;  /* frames/: the same by decisions; efforts 8 and 9 */
extern const px_native_method px_online; /* online/: learns while it codes; efforts 8 and 9 */

/* indices/: few different values; efforts from 4 */
extern const px_native_method px_indices;

extern const px_native_method px_memoryless; /* memoryless/: noise of few values; efforts from 4 */

#endif
