/*
 * A chunk in blocks: opened once, then any boxes of it are read. Of a chunk in blocks (method
 * blocks), no more is decoded than the blocks that a box meets. Internal.
 */
#ifndef PX_PIPELINE_BLOCK_READER_H
#define PX_PIPELINE_BLOCK_READER_H

#include "coders/ans/blocks/blocks.h"
#include "pipeline/container.h"
#include "planes/box.h"

typedef struct px_block_reader {
    px_chunk chunk; /* its bytes are the caller's */
    px_places_of_axes places;
    px_blocks_chunk blocks;
    px_planes planes; /* of one block */
    size_t block;     /* whose samples they hold; SIZE_MAX: none */
} px_block_reader;

/* Whether a chunk, which is not mapped, is in blocks. */
bool px_is_in_blocks(const px_chunk *chunk);

/* A chunk in blocks; px_block_reader_close also after a failure. */
prism_status px_block_reader_open(px_block_reader *reader, const px_chunk *chunk,
                                  prism_error *error);
void px_block_reader_close(px_block_reader *reader);

/* Bytes that an opened chunk takes at most. */
uint64_t px_block_reader_memory(const px_chunk *chunk);

/* The elements of a box that px_box_check has checked, in C order. The block that was read last is
 * kept. */
prism_status px_block_reader_read(px_block_reader *reader, const px_box *box, void *elements,
                                  prism_error *error);

/* The first block that a box meets: boxes in the order of these are read fastest. */
size_t px_block_reader_first(const px_block_reader *reader, const px_box *box);

#endif
