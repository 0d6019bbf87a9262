/* Chunks within a chunk's payload: the integers of a mapping. Internal. */
#ifndef PX_MAPPING_INNER_CHUNK_H
#define PX_MAPPING_INNER_CHUNK_H

#include "mapping/bit_patterns.h"
#include "mapping/mapping.h"

/* Whether searches and trials would take longer than all else: integers within a chunk may be wider
 * than the floats that they stand for. */
bool px_inner_is_tiny(const px_mapping_request *request);

/* The next chunk of what has such chunks. */
prism_status px_inner_read(px_chunk *chunk, px_reader *in, prism_error *error);

/* The same of a payload that may end early, but not before the head of the chunk: *head, bytes of
 * it. */
prism_status px_inner_read_head(px_chunk *chunk, size_t *head, px_reader *in, prism_error *error);

/* Appends the chunk of an array in any role to what has such chunks, after its length. It has no
 * checksum. */
prism_status px_inner_put(px_buffer *out, px_pipeline *used, const px_mapping_request *request,
                          const prism_array *array, const void *elements,
                          const prism_options *options, px_chunk_role role, prism_error *error);

/* The same for the payload, one deeper than the request's chunk. */
prism_status px_inner_encode(px_coded *mapped, const px_mapping_request *request,
                             const prism_array *array, const void *elements, prism_error *error);

/*
 * Integers of 8 bits if none passes 255, else of 16, in the shape of the request's array. Their
 * pipeline becomes that of the mapped chunk. `noisy`: bits below them are noise, so that automatic
 * options need not look for repetitions.
 */
prism_status px_inner_encode_integers(px_coded *mapped, const px_mapping_request *request,
                                      const uint16_t *integers, bool noisy, prism_error *error);

/* Whether the integers fill so much of their range that a table of them would save little. */
bool px_integers_are_dense(const uint16_t *integers, size_t count);

/* What decoding a mapping needs to know. */
typedef struct px_mapping_source {
    const px_chunk *chunk;
    px_reader parameters, payload;
    int threads;
    unsigned depth; /* of the mapped chunk */
    const px_inner_codec *inner;
} px_mapping_source;

/* Of a chunk whose array is squeezed. */
px_mapping_source px_mapping_source_make(const px_chunk *squeezed, int threads, unsigned depth,
                                         const px_inner_codec *inner);

/* The next chunk of the payload: `array` but for its type, which must be one of `types` (bits by
 * their values) and is set. elements: malloc'ed, the caller's. */
prism_status px_inner_decode(px_mapping_source *source, prism_array *array, uint32_t types,
                             void **elements, prism_error *error);

/* Whether a chunk within is what belongs there, one of an array shaped like that. */
prism_status px_inner_check(const px_chunk *inner, const px_mapping_source *source,
                            const prism_array *array, uint32_t types, prism_error *error);

/* Integers as the chunk within has them. */
typedef struct px_integers {
    void *elements; /* malloc'ed, the caller's */
    size_t size;    /* bytes of each */
    bool swapped;   /* in the other byte order than this machine's */
} px_integers;

/* In two's complement where they have 64 bits. */
static inline uint64_t px_integer_at(const px_integers *integers, size_t i) {
    return px_word_at(integers->elements, i, integers->size, integers->swapped);
}

enum {
    PX_NARROW_INTEGERS = 1u << PRISM_UINT8 | 1u << PRISM_UINT16,
    PX_WIDE_INTEGERS = PX_NARROW_INTEGERS | 1u << PRISM_INT64
};

/* Of an array shaped like that. */
prism_status px_inner_decode_integers(px_mapping_source *source, const prism_array *shape,
                                      uint32_t types, px_integers *integers, prism_error *error);

#endif
