/*
 * One chunk, there (encode.c) and back: mapping, choice of a pipeline, stages, container. A mapping
 * writes its integers as chunks within the chunk. Internal.
 */
#ifndef PX_CHUNK_CHUNK_H
#define PX_CHUNK_CHUNK_H

#include "lossy/bound.h"
#include "mapping/mapping.h"
#include "mapping/region_reader.h"

/* Of chunks within chunks. */
extern const px_inner_codec px_chunk_codec;

/* Appends the whole chunk of the elements to `out`. *used is set to the pipeline in the end. */
prism_status px_chunk_encode(px_buffer *out, px_pipeline *used, const prism_array *array,
                             const void *elements, const prism_options *options, px_chunk_role role,
                             prism_error *error);

/*
 * Bytes that decoding takes at most, beside the chunk and its elements, of a chunk that
 * px_chunk_read has checked; with `planes`, so many of them. Nothing is allocated to find it.
 */
uint64_t px_chunk_memory(const px_chunk *chunk, unsigned depth);
uint64_t px_chunk_planes_memory(const px_chunk *chunk, size_t planes);

/* Which method of coder ans made the chunk, or the integers within it. */
prism_method px_chunk_method(const px_chunk *chunk);

/* What a chunk says of its error. */
px_bound px_chunk_bound(const px_chunk *chunk);

/* Whether it decodes to the same elements on every machine: else its checksum of them is of those
 * where it was made, and says nothing elsewhere. */
bool px_chunk_is_portable(const px_chunk *chunk);

/* Elements from a chunk that px_chunk_read has checked. */
prism_status px_chunk_decode(const px_chunk *chunk, void *elements, int threads, unsigned depth,
                             prism_error *error);

/* The same of planes[count] along the chunk's axis. */
prism_status px_chunk_decode_planes(const px_chunk *chunk, const uint64_t *planes, size_t count,
                                    void *elements, int threads, prism_error *error);

/* As px_region_reader_open, and px_region_reader_memory. */
prism_status px_chunk_open_regions(px_region_reader *reader, const px_chunk *chunk,
                                   prism_error *error);
uint64_t px_chunk_regions_memory(const px_chunk *chunk);

/* The elements of its pictures at 1/2^by, `reduced` by px_reduced_array, and what that takes. */
uint64_t px_chunk_reduced_memory(const px_chunk *chunk, const prism_array *reduced);
prism_status px_chunk_decode_reduced(const px_chunk *chunk, int by, void *elements,
                                     prism_error *error);

#endif
