/*
 * Parts: beginnings of a chunk that smaller pictures are decoded from, each with a checksum of its
 * own, so that who has read no more can trust it. docs/FORMAT.md, "Parts". Internal.
 */
#ifndef PX_PIPELINE_PARTS_H
#define PX_PIPELINE_PARTS_H

#include "planes/stages.h"

/* Content is what follows the header: parameters, then the payload. */
typedef struct px_parts {
    size_t ends[PX_MOST_REDUCED];        /* [by - 1]: of the content; 0: there is no such part */
    uint32_t checksums[PX_MOST_REDUCED]; /* of the bytes from the end of the part before it */
} px_parts;

/* Parts with ends[by - 1] bytes of a payload after `parameters` bytes; only of payloads that are
 * long enough to make them worth their table. */
px_parts px_parts_make(const size_t ends[PX_MOST_REDUCED], size_t parameters, size_t payload);

bool px_parts_exist(const px_parts *parts);

/* Bytes of the content that pictures at 1/2^by need; 0 for all of it. */
size_t px_parts_end(const px_parts *parts, int by);

/* The table, which goes into the header. Reading fails through in->failed, or gives false where
 * parts are in no order, or beyond the content. */
void px_parts_write(px_buffer *out, const px_parts *parts, bool checksums);
bool px_parts_read(px_parts *parts, px_reader *in, bool checksums, uint64_t parameters,
                   uint64_t payload);

/* Part `by` of the content: CRC-32 from the end of the part before it; 0 if there is no such part.
 */
uint32_t px_parts_crc(const px_parts *parts, int by, const uint8_t *parameters,
                      size_t parameter_size, const uint8_t *payload);

#endif
