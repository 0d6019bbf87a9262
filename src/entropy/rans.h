/*
 * rANS with one state to a lane and one stream of words for all: after J. Duda, "Asymmetric numeral
 * systems", 2013, and F. Giesen, "Interleaved entropy coders", 2014. The coding itself is in
 * rans_lanes.h. Internal.
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

/* The entropy coder: a state a lane, one stream of words for all. */
typedef struct px_rans_stream {
    size_t count; /* of states: PX_RANS_LANES, or PX_MAX_STATES */
    uint32_t states[PX_MAX_STATES];
    const uint16_t *words, *end; /* decoding: at least PX_RANS_GUARD words lie behind `end` */
    uint16_t *head, *begin;      /* encoding goes backwards from `head`; to `begin`, exclusive */
    int failed;                  /* words beyond the end were read, or had no room */
} px_rans_stream;

/* States as encoding begins with them. */
static inline void px_rans_start(px_rans_stream *stream, bool quick) {
    stream->count = quick ? PX_MAX_STATES : PX_RANS_LANES;
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

/* ---- Words and bytes ---- */

/* Memory of the pool for encoding planes, where `limit` bytes are enough. */
prism_status px_rans_take_room(px_rans_stream *stream, px_pool *pool, const px_planes *planes,
                               size_t limit, prism_error *error);

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
