/* What a chunk is made of: its elements and options, and what they were coded to. Internal. */
#ifndef PX_CHUNK_CONTENT_H
#define PX_CHUNK_CONTENT_H

#include "base/squeeze.h"
#include "mapping/mapping.h"

/* Coded as an array without dimensions of 1. */
typedef struct px_content {
    const prism_array *array;
    const void *elements;
    size_t size; /* bytes */
    px_squeezed squeezed;
    prism_options options; /* for the squeezed array */
    int asked_axis;
    int unit_axis; /* asked for, of the array itself, where its dimension is 1; else AUTO */
} px_content;

prism_status px_content_make(px_content *c, const prism_array *array, const void *elements,
                             const prism_options *options, prism_error *error);

/* A chunk of what was coded, without checksums. */
px_chunk px_chunk_of_coded(const px_coded *coded, const prism_array *array);

/* Appends the chunk of what was coded, or a raw one if that is not smaller than the elements, or
 * nothing. Its checksum is that of `decoded`, which are the elements unless something was lost. */
prism_status px_content_write(px_buffer *out, px_pipeline *used, const px_content *c,
                              const px_coded *coded, const void *decoded, prism_error *error);

#endif
