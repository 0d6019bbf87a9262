/* Method blocks: docs/FORMAT.md, "Method 8, blocks". Internal. */
#ifndef PX_BLOCKS_BLOCKS_H
#define PX_BLOCKS_BLOCKS_H

#include "coders/ans/blocks/chunk.h"

/* Whether there is more than one block of that side, and enough of a picture to fit a model to. */
bool px_blocks_suit(const px_planes *planes, int side);

/* A chunk of which these are the shape of planes, the parameters behind the method, and the size of
 * the payload. px_blocks_free also after a failure. */
prism_status px_blocks_open(px_blocks_chunk *chunk, const px_planes *planes,
                            const px_pipeline *pipeline, px_reader *parameters, size_t payload_size,
                            prism_error *error);

/* Whether so many blocks of equal size are faster to read together. At most PX_BLOCK_LANES. */
bool px_blocks_go_together(const px_blocks_chunk *chunk, size_t count);

/* Blocks of an opened chunk, by their numbers, to places of their size in planes: one, or as many
 * as go together. */
prism_status px_blocks_read(px_blocks_chunk *chunk, const size_t *numbers, const uint8_t *payload,
                            px_planes *planes, const px_rectangle *places, size_t count,
                            prism_error *error);

/* The function of px_coder_stage. */
prism_status px_blocks_encode(const px_planes *planes, const px_task *task, px_coded *out,
                              prism_error *error);

#endif
