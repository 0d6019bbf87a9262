/* One chunk through the stages. Internal. */
#ifndef PX_PIPELINE_PIPELINE_H
#define PX_PIPELINE_PIPELINE_H

#include "pipeline/container.h"

/* The result of the stages: two sections of the container, owned. */
typedef struct px_coded {
    px_pipeline pipeline; /* what was done in the end */
    px_sections sections;
} px_coded;

/*
 * Runs `pipeline` on the elements. Stops early where the payload passes `limit` bytes, with more
 * than that in it.
 */
prism_status px_pipeline_encode(px_coded *coded, const prism_array *array, const void *elements,
                                const px_pipeline *pipeline, size_t limit, prism_error *error);
void px_coded_free(px_coded *coded);

/*
 * The same in two steps, for coders of residuals: these in *planes, which is freed by
 * px_planes_free after a success only; then what the coder makes of them.
 */
prism_status px_pipeline_predict(px_coded *coded, px_planes *planes, const prism_array *array,
                                 const void *elements, const px_pipeline *pipeline,
                                 prism_error *error);
prism_status px_pipeline_code(px_coded *coded, const px_planes *planes, size_t limit,
                              prism_error *error);

/*
 * The absolute residuals that the coder of `pipeline` would be given, means[height * width] over
 * planes (px_layout). Coders that predict by themselves are given none (PRISM_E_OPTION), and
 * elements of other types than integers of 8 and 16 bits become integers first (PRISM_E_TYPE).
 */
prism_status px_pipeline_residuals(float *means, const prism_array *array, const void *elements,
                                   const px_pipeline *pipeline, prism_error *error);

/* Which method of its coder made the chunk, which is not mapped. */
prism_method px_pipeline_method(const px_chunk *chunk);

/* Bytes that decoding a chunk takes at most beside the chunk and its elements. */
uint64_t px_pipeline_memory(const px_chunk *chunk);

/* The way back: elements from the sections of a chunk. */
prism_status px_pipeline_decode(const px_chunk *chunk, void *elements, int threads,
                                prism_error *error);

/* The same of planes[count] along the chunk's axis. */
prism_status px_pipeline_decode_planes(const px_chunk *chunk, const uint64_t *planes, size_t count,
                                       void *elements, int threads, prism_error *error);

#endif
