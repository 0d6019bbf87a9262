/*
 * A chunk of which parts are read: in blocks itself, or mapped, where the integers are in blocks.
 * Opened once, then any boxes of it are read, of which no more is decoded than the blocks that
 * they meet. Internal.
 */
#ifndef PX_MAPPING_REGION_READER_H
#define PX_MAPPING_REGION_READER_H

#include "mapping/stage.h"
#include "pipeline/block_reader.h"

typedef struct px_region_reader {
    px_chunk chunk;
    px_block_reader blocks;            /* of a chunk that is not mapped; */
    const px_mapping_regions *regions; /* of one that is: what makes its elements, */
    px_opened_mapping opened;
    struct px_region_reader *inner; /* of what is in blocks, */
    px_gaps gaps;                   /* and the mask of the squeezed chunk */
    px_squeezed shape;
} px_region_reader;

/* A chunk whose has_blocks is true; px_region_reader_close also after a failure. */
prism_status px_region_reader_open(px_region_reader *reader, const px_chunk *chunk, unsigned depth,
                                   const px_inner_codec *codec, prism_error *error);
void px_region_reader_close(px_region_reader *reader);

/* How many planes it has. */
size_t px_region_reader_planes(const px_region_reader *reader);

/* How many bytes of the chunk, which begins at `bytes`, reading the first planes takes. */
size_t px_region_reader_needs(const px_region_reader *reader, const void *bytes, size_t planes);

/* Bytes that an opened chunk takes at most, the lists of a call apart. */
uint64_t px_region_reader_memory(const px_chunk *chunk, const px_inner_codec *codec);

/* As px_block_reader_read. */
prism_status px_region_reader_read(px_region_reader *reader, const px_boxes *boxes,
                                   uint8_t *elements, size_t size, prism_error *error);

/* As px_block_reader_ranges. */
prism_status px_region_reader_ranges(const px_region_reader *reader, const px_boxes *boxes,
                                     const uint8_t *bytes, prism_range *ranges, size_t capacity,
                                     size_t *found, prism_error *error);

#endif
