/* One chunk through the stages. Internal. */
#ifndef PX_PIPELINE_PIPELINE_H
#define PX_PIPELINE_PIPELINE_H

#include "pipeline/container.h"

/* What a coder is given: planes after the transform and the predictor, or samples where it predicts
 * by itself. Free with px_prepared_free. */
typedef struct px_prepared {
    px_planes planes;
    px_task task;         /* with the transform that was of use */
    px_buffer parameters; /* of the transform */
} px_prepared;

/* The planes that a pipeline makes of the elements, as they are. */
prism_status px_arrange_planes(px_planes *planes, const prism_array *array, const void *elements,
                               const px_pipeline *pipeline, prism_error *error);

/* The planes of the elements, ready for the task's coder; empty after a failure. */
prism_status px_prepare(px_prepared *prepared, const prism_array *array, const void *elements,
                        const px_task *task, prism_error *error);
void px_prepared_free(px_prepared *prepared);

/* Adds the transform's parameters to what a coder made of the planes. */
prism_status px_prepared_finish(px_coded *coded, const px_prepared *prepared, prism_error *error);

/*
 * The absolute residuals that the coder of `task` would be given, means[height * width] over
 * planes (px_layout). Coders that predict by themselves are given none (PRISM_E_OPTION), and
 * elements of other types than integers of 8 and 16 bits become integers first (PRISM_E_TYPE).
 */
prism_status px_pipeline_residuals(float *means, const prism_array *array, const void *elements,
                                   const px_task *task, prism_error *error);

/* Which method of its coder made the chunk, which is not mapped. */
prism_method px_pipeline_method(const px_chunk *chunk);

/* Bytes that decoding a chunk takes at most beside the chunk and its elements. */
uint64_t px_pipeline_memory(const px_chunk *chunk);

/* The same of what an array became, with the codes of its mask, if there is one. */
uint64_t px_coded_memory(const px_coded *coded, const prism_array *array, const px_gaps *mask);

/* The way back: elements from the sections of a chunk. */
prism_status px_pipeline_decode(const px_chunk *chunk, void *elements, int threads,
                                prism_error *error);

/* planes[count] of a chunk as a chunk of their own: its array, with so many elements along the axis
 * of planes. Where several axes count them, one in front takes their place. */
px_chunk px_chunk_of_some(const px_chunk *chunk, size_t count);

/* The same of planes[count], as the array of px_chunk_of_some. */
prism_status px_pipeline_decode_planes(const px_chunk *chunk, const uint64_t *planes, size_t count,
                                       void *elements, int threads, prism_error *error);

#endif
