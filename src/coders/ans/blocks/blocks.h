/* Method blocks: docs/FORMAT.md, "Method 8, blocks". Internal. */
#ifndef PX_BLOCKS_BLOCKS_H
#define PX_BLOCKS_BLOCKS_H

#include "coders/ans/blocks/chunk.h"

/* Whether parts of chunks are asked for. */
static inline bool px_blocks_asked(const prism_options *options) {
    return options->block || options->order == PRISM_PLANES_STORED;
}

/* Whether planes fall into more than one block of that side, or are wanted as they come (side 0:
 * all in one block), and there is enough of a picture to fit a model to. */
bool px_blocks_suit(const px_planes *planes, int side, bool stored);

/* A chunk of which these are the shape of planes, the parameters behind the method, and the size of
 * the payload; to be read by as many threads. px_blocks_free also after a failure. */
prism_status px_blocks_open(px_blocks_chunk *chunk, const px_planes *planes,
                            const px_pipeline *pipeline, px_reader *parameters, size_t payload_size,
                            int threads, prism_error *error);

/* Whether so many blocks of equal size are faster to read together. At most PX_BLOCK_LANES. */
bool px_blocks_go_together(const px_blocks_chunk *chunk, size_t count);

/* How many bytes of the payload the first `planes` planes of all blocks take. */
size_t px_blocks_payload(const px_blocks_chunk *chunk, size_t planes);

/* The parameters behind the method of a chunk of such planes: the side of its blocks, that of one
 * block for all included; 0 where they say none. */
size_t px_blocks_side(const px_planes *planes, px_reader parameters);

/* How many planes, from the first on, must be decoded to know plane `last`. */
size_t px_blocks_until(const px_blocks_chunk *chunk, size_t last);

/* Before the first `planes` planes are read, by whatever threads. */
prism_status px_blocks_prepare(px_blocks_chunk *chunk, size_t planes, prism_error *error);

/* Which blocks are read: one, or as many as go together, by their numbers, to places of their size.
 * Of the payload, bytes at the end may be missing: PRISM_E_TRUNCATED where they are asked for. */
typedef struct px_blocks_request {
    const size_t *numbers;
    const px_rectangle *places;
    size_t count;
    size_t planes; /* the first ones; others are not set */
    const uint8_t *payload;
    size_t payload_size;
    size_t worker; /* each has benches of its own */
} px_blocks_request;

prism_status px_blocks_read(px_blocks_chunk *chunk, px_planes *planes,
                            const px_blocks_request *request, prism_error *error);

/* The function of px_coder_stage. */
prism_status px_blocks_encode(const px_planes *planes, const px_task *task, px_coded *out,
                              prism_error *error);

#endif
