/*
 * A chunk in blocks (method blocks): opened once, then any boxes of it are read, of which no more
 * is decoded than the blocks that they meet. Internal.
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
    px_planes planes;                        /* of some blocks side by side; */
    size_t held[PX_BLOCK_LANES], held_count; /* the numbers of these, */
    size_t held_planes;                      /* and how many planes, the first ones, are there */
} px_block_reader;

/* Whether a chunk, which is not mapped, is in blocks. */
bool px_is_in_blocks(const px_chunk *chunk);

/* A chunk in blocks; px_block_reader_close also after a failure. */
prism_status px_block_reader_open(px_block_reader *reader, const px_chunk *chunk,
                                  prism_error *error);
void px_block_reader_close(px_block_reader *reader);

/* How many bytes of the chunk reading the first `planes` planes takes. */
size_t px_block_reader_needs(const px_block_reader *reader, const void *chunk, size_t planes);

/* Whether the bytes of a block are there and as its checks have them. */
bool px_block_reader_is_intact(const px_block_reader *reader, size_t block);

/* Bytes that an opened chunk takes at most, the lists of a call apart. */
uint64_t px_block_reader_memory(const px_chunk *chunk);

/* Boxes that px_box_check has checked: `elements` gets those of each, in C order, `size` bytes
 * later than those of the one before. Each block is decoded once; those that were decoded last are
 * kept. */
prism_status px_block_reader_read(px_block_reader *reader, const px_boxes *boxes, uint8_t *elements,
                                  size_t size, prism_error *error);

/* The bytes of the chunk, which begins at `bytes`, that px_block_reader_read of these boxes looks
 * at: in order, none touching another. With ranges == NULL they are counted only. PRISM_E_CAPACITY.
 */
prism_status px_block_reader_ranges(const px_block_reader *reader, const px_boxes *boxes,
                                    const uint8_t *bytes, prism_range *ranges, size_t capacity,
                                    size_t *found, prism_error *error);

#endif
