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

enum {
    PX_RANS_LANES = 16,
    PX_RANS_VECTORS = 4, /* of states at most */
    PX_MAX_STATES = PX_RANS_VECTORS * PX_RANS_LANES,
    PX_STATE_BITS = 16, /* states are 2^16 or more between samples */
    PX_WAVE_GUARD = 512 /* words behind the end of a stream that a decoder may read */
};

/* The entropy coder: a state a lane, one stream of words for all. */
typedef struct px_wave_stream {
    size_t count; /* of states: PX_RANS_LANES, or PX_MAX_STATES */
    uint32_t states[PX_MAX_STATES];
    const uint16_t *words, *end; /* decoding: at least PX_WAVE_GUARD words lie behind `end` */
    uint16_t *head, *begin;      /* encoding goes backwards from `head`; to `begin`, exclusive */
    int failed;                  /* words beyond the end were read, or had no room */
} px_wave_stream;

/* States as encoding begins with them. */
static inline void px_wave_start(px_wave_stream *stream, bool quick) {
    stream->count = quick ? PX_MAX_STATES : PX_RANS_LANES;
    for (size_t i = 0; i < stream->count; i++)
        stream->states[i] = 1u << PX_STATE_BITS;
}

/* Takes the states from the words; false if there are too few. */
static inline int px_wave_begin(px_wave_stream *stream) {
    if ((size_t)(stream->end - stream->words) < 2 * stream->count)
        return 0;
    for (size_t i = 0; i < stream->count; i++, stream->words += 2)
        stream->states[i] = stream->words[0] | (uint32_t)stream->words[1] << 16;
    return 1;
}

/* Whether the states are those that encoding began with. */
static inline int px_wave_ended(const px_wave_stream *stream) {
    for (size_t i = 0; i < stream->count; i++)
        if (stream->states[i] != 1u << PX_STATE_BITS)
            return 0;
    return !stream->failed;
}

#endif
