/*
 * rANS with some states in turn, or one to a lane, and one stream of words for all: after J. Duda,
 * "Asymmetric numeral systems", 2013, and F. Giesen, "Interleaved entropy coders", 2014. The steps
 * of one state are here, those of lanes in rans_lanes.h. Internal.
 */
#ifndef PX_ENTROPY_RANS_H
#define PX_ENTROPY_RANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/pool.h"
#include "planes/planes.h"

enum {
    PX_RANS_LANES = 16,
    PX_RANS_VECTORS = 4, /* of states at most */
    PX_MAX_STATES = PX_RANS_VECTORS * PX_RANS_LANES,
    PX_STATE_BITS = 16, /* states are 2^16 or more between samples */
    PX_RANS_GUARD = 512 /* words behind the end of a stream that a decoder may read */
};

typedef struct px_rans_stream {
    size_t count; /* of states */
    uint32_t states[PX_MAX_STATES];
    const uint16_t *words, *end; /* decoding: at least PX_RANS_GUARD words lie behind `end` */
    uint16_t *head, *begin;      /* encoding goes backwards from `head`; to `begin`, exclusive */
    int failed;                  /* words beyond the end were read, or had no room */
} px_rans_stream;

/* States as encoding begins with them. */
static inline void px_rans_start(px_rans_stream *stream, size_t states) {
    stream->count = states;
    for (size_t i = 0; i < stream->count; i++)
        stream->states[i] = 1u << PX_STATE_BITS;
}

/* Takes the states from the words; false if there are too few. */
static inline int px_rans_begin(px_rans_stream *stream) {
    if ((size_t)(stream->end - stream->words) < 2 * stream->count)
        return 0;
    for (size_t i = 0; i < stream->count; i++, stream->words += 2)
        stream->states[i] = stream->words[0] | (uint32_t)stream->words[1] << 16;
    return 1;
}

/* Whether the states are those that encoding began with. */
static inline int px_rans_ended(const px_rans_stream *stream) {
    for (size_t i = 0; i < stream->count; i++)
        if (stream->states[i] != 1u << PX_STATE_BITS)
            return 0;
    return !stream->failed;
}

/* ---- One state ---- */

typedef struct px_rans_writer {
    uint32_t state;
    uint16_t *head;
} px_rans_writer;

/* A symbol that has `share` of 2^bits slots from `first` on. */
static inline void px_rans_write(px_rans_writer *out, uint32_t first, uint32_t share, int bits) {
    if (out->state >= (uint64_t)share << (32 - bits)) {
        *--out->head = (uint16_t)out->state;
        out->state >>= 16;
    }
    out->state = (out->state / share << bits) + out->state % share + first;
}

typedef struct px_rans_reader {
    uint32_t state;
    const uint16_t *words;
} px_rans_reader;

/* The slot of the next symbol. */
static inline uint32_t px_rans_slot(const px_rans_reader *in, int bits) {
    return in->state & ((1u << bits) - 1);
}

/* Goes on behind a symbol whose slot is the one at `offset` in its share. */
static inline void px_rans_skip(px_rans_reader *in, uint32_t offset, uint32_t share, int bits) {
    in->state = share * (in->state >> bits) + offset;
    if (in->state < 1u << PX_STATE_BITS)
        in->state = in->state << 16 | *in->words++;
}

/* ---- Words and bytes ---- */

/* How many words encoding planes may take, where `limit` bytes are enough. */
size_t px_rans_room(const px_planes *planes, size_t limit);

/* Memory of the pool for encoding so many words. */
prism_status px_rans_take(px_rans_stream *stream, px_pool *pool, size_t words, prism_error *error);

/* The states go before the words, where decoding begins. */
void px_rans_put_states(px_rans_stream *stream);

/* All words, to bytes. The stream is used up. */
void px_rans_put(px_buffer *payload, px_rans_stream *stream);

/* The payload as words, with zeros behind them that nothing but damage makes the decoder read. */
prism_status px_rans_get(px_rans_stream *stream, px_reader *payload, px_pool *pool,
                         prism_error *error);

/* Bytes that px_rans_get takes. */
uint64_t px_rans_memory(size_t payload_size);

#endif
