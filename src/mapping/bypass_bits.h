/* Bits that no model makes smaller: one after the other, the first one lowest in its byte.
 * Internal.
 */
#ifndef PX_MAPPING_BYPASS_BITS_H
#define PX_MAPPING_BYPASS_BITS_H

#include <string.h>

#include "base/bytes.h"

typedef struct px_bit_writer {
    px_buffer *out;
    uint64_t held;
    unsigned count; /* bits that are held, below 8 between calls */
} px_bit_writer;

/* The low `count` bits of `bits`, the lowest first; the rest is 0. count <= 56. */
static inline void px_put_bits(px_bit_writer *writer, uint64_t bits, unsigned count) {
    writer->held |= bits << writer->count;
    writer->count += count;
    uint8_t *to = px_buffer_reserve(writer->out, 8);
    if (!to) {
        *writer = (px_bit_writer){.out = writer->out}; /* the buffer has failed */
        return;
    }
    for (; writer->count >= 8; writer->count -= 8, writer->held >>= 8, writer->out->size++)
        *to++ = (uint8_t)writer->held;
}

/* The last byte is filled up with zeros. */
static inline void px_finish_bits(px_bit_writer *writer) {
    if (writer->count)
        px_put_bits(writer, 0, 8 - writer->count);
}

typedef struct px_bit_reader {
    const uint8_t *bytes;
    size_t size; /* bytes */
    uint64_t at; /* bits that were read */
} px_bit_reader;

/* Up to 56 bits; zeros after the end, of which px_bits_end tells the reader. */
static inline uint64_t px_get_bits(px_bit_reader *reader, unsigned count) {
    uint64_t word = 0;
    const uint64_t byte = reader->at / 8;
    const unsigned shift = (unsigned)(reader->at % 8);
    if (byte + 8 <= reader->size) {
        memcpy(&word, reader->bytes + byte, 8);
        word = px_little_endian_64(word);
    } else {
        for (unsigned i = 0; byte + i < reader->size; i++)
            word |= (uint64_t)reader->bytes[byte + i] << 8 * i;
    }
    reader->at += count;
    return word >> shift & (((uint64_t)1 << count) - 1);
}

/* Of all that is left to read. */
static inline px_bit_reader px_bit_reader_make(const px_reader *in) {
    return (px_bit_reader){.bytes = in->next, .size = px_reader_left(in)};
}

/* Takes the bytes that were read from `in`, which fails if there were more than it has. */
static inline void px_bits_end(const px_bit_reader *reader, px_reader *in) {
    px_get_bytes(in, (size_t)((reader->at + 7) / 8));
}

#endif
