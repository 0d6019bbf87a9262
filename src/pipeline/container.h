/*
 * The container: the only place that knows where what stands in a chunk. docs/FORMAT.md,
 * "Container". Internal.
 */
#ifndef PX_PIPELINE_CONTAINER_H
#define PX_PIPELINE_CONTAINER_H

#include "base/bytes.h"
#include "pipeline/parts.h"

enum { PX_FORMAT_VERSION = 1, PX_CONTAINER_OVERHEAD = 512 };

typedef struct px_chunk {
    prism_array array;
    px_pipeline pipeline;
    bool has_checksum;
    bool is_mapped;                      /* the sections are those of a mapping */
    bool has_blocks;                     /* that can be decoded alone, and checked alone */
    size_t head_payload;                 /* then: bytes of a mapping's payload that belong to the
                                            head, which ends where blocks begin */
    uint32_t head_crc;                   /* CRC-32 of the head, itself left out */
    uint32_t elements_crc;               /* CRC-32 of the decoded elements */
    const uint8_t *parameters, *payload; /* within the chunk's bytes, or to be written to them */
    size_t parameter_size, payload_size;
    size_t payload_there; /* of a chunk that was read: fewer where its end was left out */
    const px_gaps *mask;  /* of the array, where a chunk around this one says it; else NULL */
    px_parts parts;       /* checksums are made when it is written */
    size_t header_size;
} px_chunk;

/* Writes a whole chunk, checksum included; `out` is empty at first. */
prism_status px_chunk_write(const px_chunk *chunk, px_buffer *out, prism_error *error);

/*
 * Reads and checks everything but the checksums and the content of parameters and payload. All
 * sizes are checked against `size`, the shape and the pipeline against what this version knows.
 */
prism_status px_chunk_read(px_chunk *chunk, const void *bytes, size_t size, prism_error *error);

/*
 * The same of a beginning of a chunk in blocks, which must have all before the blocks: the head.
 * *head: bytes of it, or of the whole chunk where it is not in blocks, which must be whole; 0 where
 * the header is not all there. PRISM_E_TRUNCATED if there are fewer.
 */
prism_status px_chunk_read_head(px_chunk *chunk, size_t *head, const void *bytes, size_t size,
                                prism_error *error);

/* Bytes of a whole chunk. */
size_t px_chunk_size(const px_chunk *chunk);

/* The checksum of the head of a chunk in blocks. */
prism_status px_chunk_verify_head(const px_chunk *chunk, const void *bytes, prism_error *error);

/*
 * The same of a beginning, from which pictures at 1/2^reduce are to be decoded: the payload ends
 * where its part does. *needed: bytes of such a beginning, or of the whole chunk where it has no
 * such part; 0 where the header is not all there. PRISM_E_TRUNCATED if there are fewer.
 */
prism_status px_chunk_read_start(px_chunk *chunk, size_t *needed, const void *bytes, size_t size,
                                 int reduce, prism_error *error);

/* The checksum of the stored bytes. */
prism_status px_chunk_verify(const void *bytes, size_t size, int threads, prism_error *error);

/* Those of the header and of the parts that pictures at 1/2^reduce need, of a chunk that has such
 * parts. */
prism_status px_chunk_verify_header(const px_chunk *chunk, const void *bytes, prism_error *error);
prism_status px_chunk_verify_parts(const px_chunk *chunk, int reduce, prism_error *error);

#endif
