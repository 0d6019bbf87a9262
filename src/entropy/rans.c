/* The words of a stream, from and to the payload of a chunk. */
#include "entropy/rans.h"

#include <string.h>

#include "base/sizes.h"
#include "base/status.h"

/* Never more words than the samples can take. */
size_t px_rans_room(const px_planes *planes, size_t limit) {
    enum {
        SAMPLE = 8,     /* bytes: a digit, an escape of two words, low bits */
        PLANE = 64,     /* the states, if a segment begins with it */
        SLACK = 1 << 13 /* words that a block of steps may need, and more */
    };
    const size_t plane = px_sum(px_product(px_plane_size(planes), SAMPLE), PLANE);
    const size_t most = px_product(planes->count, plane);
    return (limit < most ? limit : most) / 2 + SLACK;
}

prism_status px_rans_take(px_rans_stream *stream, px_pool *pool, size_t words, prism_error *error) {
    uint16_t *memory = px_pool_take(pool, px_product(words, sizeof *memory));
    if (!memory)
        return px_pool_status(pool, error);
    *stream = (px_rans_stream){.begin = memory, .head = memory + words, .end = memory + words};
    return PRISM_OK;
}

void px_rans_put_states(px_rans_stream *stream) {
    if ((size_t)(stream->head - stream->begin) < 2 * stream->count)
        stream->failed = 1;
    for (size_t i = stream->count; i-- > 0 && !stream->failed;) {
        *--stream->head = (uint16_t)(stream->states[i] >> 16);
        *--stream->head = (uint16_t)stream->states[i];
    }
}

void px_rans_put(px_buffer *payload, px_rans_stream *stream) {
    for (uint16_t *word = stream->head; word < stream->end; word++)
        *word = px_little_endian_16(*word);
    px_put_bytes(payload, stream->head,
                 (size_t)(stream->end - stream->head) * sizeof *stream->head);
}

uint64_t px_rans_memory(size_t payload_size) {
    return ((uint64_t)payload_size / 2 + PX_RANS_GUARD) * sizeof(uint16_t);
}

prism_status px_rans_get(px_rans_stream *stream, px_reader *payload, px_pool *pool,
                         prism_error *error) {
    size_t count = px_reader_left(payload) / 2;
    uint16_t *words = px_pool_take(pool, px_product(px_sum(count, PX_RANS_GUARD), sizeof *words));
    if (!words)
        return px_pool_status(pool, error);
    memcpy(words, px_get_bytes(payload, 2 * count), 2 * count);
    memset(words + count, 0, PX_RANS_GUARD * sizeof *words);
    for (size_t i = 0; i < count; i++)
        words[i] = px_little_endian_16(words[i]);
    stream->words = words;
    stream->end = words + count;
    return px_reader_left(payload) ? px_fail(error, PRISM_E_CORRUPT, "half a word is left over")
                                   : PRISM_OK;
}
