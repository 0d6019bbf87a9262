/*
 * Elements of any type as the integers of 8 and 16 bits that the pipeline codes.
 * docs/format-mappings.md. Internal.
 *
 *   table     places in a table of the values that occur          table.c
 *   lattice   multiples of a step: decimals, wide integers        lattice.c, dequantiser.c,
 *                                                                 differences.c
 *   fixed     fixed-point numbers, and the bits below them        fixed.c, fixed_encode.c
 *   scaled    integers of 8 bits times one scale for each position  scaled.c
 *   mask      places without data, left out of what others map     mask.c, mask_find.c,
 *                                                                  mask_rest.c
 *   split     planes along an axis, each mapped by itself          split.c
 *   colours   places in a table of the tuples along an axis        colours.c, colour_set.c
 *   repeats   elements that stand elsewhere, too, left out         repeats.c, repeat_step.c,
 *                                                                  repeat_find.c
 *   recent    places in a list of the values used last             recent.c
 *
 * Whichever it is, the result is a chunk of integers (inner_chunk.h), bits that no model makes
 * smaller (bypass_bits.h), and elements that the rule does not reach (exceptions.h).
 */
#ifndef PX_MAPPING_MAPPING_H
#define PX_MAPPING_MAPPING_H

#include "pipeline/container.h"
#include "survey/survey.h"

/* How deep chunks within chunks may lie: scaled -> its scales as fixed -> a table. */
enum { PX_CHUNK_DEPTH = 3 };

/* What an error of an element counts, in lossy coding: a scale for each run of elements. */
typedef struct px_scales {
    const float *scales; /* NULL: all are 1 */
    size_t run;
} px_scales;

typedef struct px_chunk_role {
    unsigned depth; /* 0 for a chunk of its own */
    bool of_wide;   /* the integers stand for elements of more than 16 bits */
    bool trial;     /* a part of an array, to compare what is coded in the same way */
    bool distinct;  /* elements that stand elsewhere, too, are not looked for */
    px_scales scales;
    const px_gaps *mask; /* of the array; what stands at its places without data is of no matter */
} px_chunk_role;

/* Whether nothing is asked for of how planes are coded, nor parts. */
bool px_options_are_open(const prism_options *options);

/* The project's own coder, where neither a predictor nor a coder is asked for. */
void px_code_natively(prism_options *options);

struct px_mapping_stage;

/* What codes chunks within the chunk: chunk/ gives its own functions, so that mappings know nothing
 * of it. They are as px_chunk_encode, px_encode, px_chunk_memory and px_chunk_decode. */
typedef struct px_inner_codec {
    prism_status (*encode)(px_buffer *out, px_pipeline *used, const prism_array *array,
                           const void *elements, const prism_options *options, px_chunk_role role,
                           prism_error *error);
    prism_status (*encode_by)(px_coded *coded, const prism_array *array, const void *elements,
                              const px_task *task, prism_error *error);
    uint64_t (*memory)(const px_chunk *chunk, unsigned depth);
    prism_status (*decode)(const px_chunk *chunk, void *elements, int threads, unsigned depth,
                           prism_error *error);
    /* Mappings that lose something are of a higher room: the stage of one, or NULL. */
    const struct px_mapping_stage *(*lossy)(uint8_t number);
} px_inner_codec;

/* What an encoder of a mapping needs to know. The array is squeezed (squeeze.h). */
typedef struct px_mapping_request {
    const prism_array *array;
    const void *elements;
    const prism_options *options;
    unsigned depth; /* of the chunk that is to be mapped */
    bool trial;     /* see px_chunk_role */
    const px_inner_codec *inner;
    px_scales scales;
    const px_survey *survey; /* of the elements; NULL for lossy coding, which reads none */
    const px_gaps *mask;     /* see px_chunk_role */
} px_mapping_request;

/* Whether there may be a mapping of an array in a chunk at that depth. */
bool px_mapping_suits(const prism_array *array, unsigned depth);

/* The chunk of integers within a mapped chunk; false if it cannot be read. */
bool px_mapping_inner(px_chunk *inner, const px_chunk *chunk);

/* Bytes of the payload of a mapped chunk that lie before blocks, where parts of it can be decoded
 * by itself; 0 where they cannot. */
size_t px_mapping_head(const px_chunk *chunk, const px_inner_codec *codec);

/* Bytes that decoding a mapped chunk takes at most, with the chunks within it. */
uint64_t px_mapping_memory(const px_chunk *chunk, unsigned depth, const px_inner_codec *inner);

prism_status px_mapping_decode(const px_chunk *chunk, void *elements, int threads, unsigned depth,
                               const px_inner_codec *inner, prism_error *error);

#endif
