/*
 * Bytes in and out: a growing buffer to write to, and a bounded reader that turns every read beyond
 * its end into a flag instead of a fault. All integers are little-endian. Internal.
 */
#ifndef PX_BASE_BYTES_H
#define PX_BASE_BYTES_H

#include "prism.h"

/* ---- Writing ---- */

typedef struct px_buffer {
    uint8_t *data; /* owned; free with px_buffer_free */
    size_t size;
    size_t capacity;
    bool failed; /* out of memory: later writes do nothing */
} px_buffer;

void px_buffer_free(px_buffer *buffer);

/* Makes room for `size` more bytes and returns where they go, or NULL with `failed` set. The bytes
 * count once `buffer->size` is raised. */
uint8_t *px_buffer_reserve(px_buffer *buffer, size_t size);

void px_put_bytes(px_buffer *buffer, const void *bytes, size_t size);
void px_put_u8(px_buffer *buffer, uint8_t value);
void px_put_u32(px_buffer *buffer, uint32_t value);
void px_put_u64(px_buffer *buffer, uint64_t value);

/* The bits of IEEE 754 binary32 and binary64. */
void px_put_float(px_buffer *buffer, float value);
void px_put_double(px_buffer *buffer, double value);

/* The number of bytes, 0..8, and the bytes, without zeros at the upper end. */
void px_put_wide(px_buffer *buffer, uint64_t value);

/* LEB128: seven bits a byte, low ones first. */
void px_put_varint(px_buffer *buffer, uint64_t value);

/* Bytes after their number. */
void px_put_sized(px_buffer *buffer, const void *bytes, size_t size);

/* A word from this machine's order to little-endian, or back. */
static inline uint16_t px_little_endian_16(uint16_t word) {
    const uint16_t one = 1;
    return *(const uint8_t *)&one == 1 ? word : __builtin_bswap16(word);
}

static inline uint64_t px_little_endian_64(uint64_t word) {
    const uint16_t one = 1;
    return *(const uint8_t *)&one == 1 ? word : __builtin_bswap64(word);
}

/* PRISM_E_MEMORY if it has failed: before its size decides anything, and at the end. */
prism_status px_buffer_status(const px_buffer *buffer, prism_error *error);

/* Makes it longer than `limit` bytes: of no other use than to say so. */
void px_buffer_exceed(px_buffer *buffer, size_t limit);

/* What coding comes to: side information, and coded samples. Both buffers are owned. */
typedef struct px_sections {
    px_buffer parameters, payload;
} px_sections;

void px_sections_free(px_sections *sections);

/* Bytes of both. */
size_t px_sections_size(const px_sections *sections);

/* As px_buffer_status, for both. */
prism_status px_sections_status(const px_sections *sections, prism_error *error);

/* Appends the content of `more`. */
void px_sections_append(px_sections *sections, const px_sections *more);

/* CRC-32 as in gzip and PNG (ISO 3309). */
uint32_t px_crc32(const void *bytes, size_t size);

/* The same by several threads. */
uint32_t px_crc32_by(const void *bytes, size_t size, int threads);

/* The same going on from `before`, that of the bytes before these. */
uint32_t px_crc32_after(uint32_t before, const void *bytes, size_t size);

/* ---- Reading ---- */

typedef struct px_reader {
    const uint8_t *next;
    const uint8_t *end;
    bool failed; /* a read went beyond the end, or a varint beyond 64 bits; it gave 0 */
} px_reader;

px_reader px_reader_make(const void *bytes, size_t size);
size_t px_reader_left(const px_reader *reader);

/* A pointer to the next `size` bytes, or NULL with `failed` set. */
const uint8_t *px_get_bytes(px_reader *reader, size_t size);
uint8_t px_get_u8(px_reader *reader);
uint32_t px_get_u32(px_reader *reader);
uint64_t px_get_u64(px_reader *reader);
float px_get_float(px_reader *reader);
double px_get_double(px_reader *reader);
uint64_t px_get_wide(px_reader *reader); /* fails on more than 8 bytes */
uint64_t px_get_varint(px_reader *reader);
size_t px_get_size(px_reader *reader); /* a varint; fails where size_t has no room for it */

#endif
