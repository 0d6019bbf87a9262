#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/sizes.h"
#include "base/status.h"
#include "base/threads.h"
#include "system/memory.h"

uint32_t px_crc32(const void *bytes, size_t size) {
    return px_crc32_after(0, bytes, size);
}

enum { CRC_PIECE = 1 << 20, MOST_CRC_PIECES = 64 };

typedef struct crc_task {
    const uint8_t *bytes;
    size_t size, pieces;
    uint32_t crcs[MOST_CRC_PIECES];
} crc_task;

static size_t crc_place(const crc_task *task, size_t piece) {
    return task->size / task->pieces * piece + px_smaller(piece, task->size % task->pieces);
}

static prism_status crc_of_piece(void *context, size_t index, size_t worker, prism_error *error) {
    crc_task *task = context;
    const size_t from = crc_place(task, index);
    (void)worker;
    (void)error;
    task->crcs[index] = px_crc32(task->bytes + from, crc_place(task, index + 1) - from);
    return PRISM_OK;
}

uint32_t px_crc32_by(const void *bytes, size_t size, int threads) {
    crc_task task = {.bytes = bytes, .size = size};
    task.pieces = px_smaller(px_workers(size / CRC_PIECE, threads), MOST_CRC_PIECES);
    px_run(task.pieces, threads, crc_of_piece, &task, NULL);
    uLong crc = task.crcs[0];
    for (size_t i = 1; i < task.pieces; i++)
        crc = crc32_combine(crc, task.crcs[i],
                            (z_off_t)(crc_place(&task, i + 1) - crc_place(&task, i)));
    return (uint32_t)crc;
}

uint32_t px_crc32_after(uint32_t before, const void *bytes, size_t size) {
    return (uint32_t)crc32_z(before, bytes, size);
}

void px_buffer_free(px_buffer *buffer) {
    px_large_free(buffer->data);
    *buffer = (px_buffer){0};
}

uint8_t *px_buffer_reserve(px_buffer *buffer, size_t size) {
    if (buffer->failed)
        return NULL;
    if (size > buffer->capacity - buffer->size) {
        size_t capacity = px_sum(px_sum(buffer->size, size), buffer->capacity / 2);
        uint8_t *data = px_large_alloc(capacity);
        if (!data) {
            buffer->failed = true;
            return NULL;
        }
        if (buffer->size)
            memcpy(data, buffer->data, buffer->size);
        px_large_free(buffer->data);
        buffer->data = data;
        buffer->capacity = capacity;
    }
    return buffer->data + buffer->size;
}

void px_put_bytes(px_buffer *buffer, const void *bytes, size_t size) {
    uint8_t *room = size ? px_buffer_reserve(buffer, size) : NULL;
    if (!room)
        return;
    memcpy(room, bytes, size);
    buffer->size += size;
}

void px_put_u8(px_buffer *buffer, uint8_t value) {
    px_put_bytes(buffer, &value, 1);
}

void px_put_u32(px_buffer *buffer, uint32_t value) {
    for (int shift = 0; shift < 32; shift += 8)
        px_put_u8(buffer, (uint8_t)(value >> shift));
}

void px_put_u64(px_buffer *buffer, uint64_t value) {
    px_put_u32(buffer, (uint32_t)value);
    px_put_u32(buffer, (uint32_t)(value >> 32));
}

void px_put_float(px_buffer *buffer, float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    px_put_u32(buffer, bits);
}

void px_put_double(px_buffer *buffer, double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    px_put_u64(buffer, bits);
}

void px_put_wide(px_buffer *buffer, uint64_t value) {
    uint8_t size = 0;
    while (size < 8 && value >> 8 * size)
        size++;
    px_put_u8(buffer, size);
    for (unsigned i = 0; i < size; i++)
        px_put_u8(buffer, (uint8_t)(value >> 8 * i));
}

prism_status px_buffer_status(const px_buffer *buffer, prism_error *error) {
    return buffer->failed ? px_out_of_memory(error, buffer->size) : PRISM_OK;
}

void px_sections_free(px_sections *sections) {
    px_buffer_free(&sections->parameters);
    px_buffer_free(&sections->payload);
}

size_t px_sections_size(const px_sections *sections) {
    return sections->parameters.size + sections->payload.size;
}

prism_status px_sections_status(const px_sections *sections, prism_error *error) {
    const prism_status status = px_buffer_status(&sections->parameters, error);
    return status == PRISM_OK ? px_buffer_status(&sections->payload, error) : status;
}

void px_sections_append(px_sections *sections, const px_sections *more) {
    px_put_bytes(&sections->parameters, more->parameters.data, more->parameters.size);
    px_put_bytes(&sections->payload, more->payload.data, more->payload.size);
}

void px_buffer_exceed(px_buffer *buffer, size_t limit) {
    if (buffer->size <= limit && px_buffer_reserve(buffer, limit + 1 - buffer->size)) {
        memset(buffer->data + buffer->size, 0, limit + 1 - buffer->size);
        buffer->size = limit + 1;
    }
}

void px_put_varint(px_buffer *buffer, uint64_t value) {
    for (; value >= 0x80; value >>= 7)
        px_put_u8(buffer, (uint8_t)(value | 0x80));
    px_put_u8(buffer, (uint8_t)value);
}

void px_put_sized(px_buffer *buffer, const void *bytes, size_t size) {
    px_put_varint(buffer, size);
    px_put_bytes(buffer, bytes, size);
}

px_reader px_reader_make(const void *bytes, size_t size) {
    const uint8_t *first = bytes;
    return (px_reader){.next = first, .end = size ? first + size : first}; /* NULL has no bytes */
}

size_t px_reader_left(const px_reader *reader) {
    return (size_t)(reader->end - reader->next);
}

const uint8_t *px_get_bytes(px_reader *reader, size_t size) {
    if (reader->failed || size > px_reader_left(reader)) {
        reader->failed = true;
        return NULL;
    }
    const uint8_t *bytes = reader->next;
    reader->next += size;
    return bytes;
}

uint8_t px_get_u8(px_reader *reader) {
    const uint8_t *byte = px_get_bytes(reader, 1);
    return byte ? *byte : 0;
}

uint32_t px_get_u32(px_reader *reader) {
    const uint8_t *bytes = px_get_bytes(reader, 4);
    if (!bytes)
        return 0;
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

uint64_t px_get_u64(px_reader *reader) {
    const uint64_t low = px_get_u32(reader);
    return low | (uint64_t)px_get_u32(reader) << 32;
}

float px_get_float(px_reader *reader) {
    const uint32_t bits = px_get_u32(reader);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

double px_get_double(px_reader *reader) {
    const uint64_t bits = px_get_u64(reader);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

uint64_t px_get_wide(px_reader *reader) {
    const uint8_t size = px_get_u8(reader);
    uint64_t value = 0;
    reader->failed |= size > 8;
    for (unsigned i = 0; i < size && !reader->failed; i++)
        value |= (uint64_t)px_get_u8(reader) << 8 * i;
    return value;
}

uint64_t px_get_varint(px_reader *reader) {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 63; shift += 7) {
        uint8_t byte = px_get_u8(reader);
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
    reader->failed = true;
    return 0;
}

size_t px_get_size(px_reader *reader) {
    const uint64_t size = px_get_varint(reader);
    reader->failed |= size > SIZE_MAX;
    return reader->failed ? 0 : (size_t)size;
}
