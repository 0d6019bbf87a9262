/* Chunks of methods lsq and quick: planes in groups of PX_GROUP. Internal. */
#ifndef PX_LSQ_CHUNK_H
#define PX_LSQ_CHUNK_H

#include "base/pool.h"
#include "coders/ans/lsq/encode.h"
#include "coders/ans/lsq/wave.h"
#include "planes/stages.h"

/* The functions of px_native_method, with the method's encoder of a group. */
prism_status px_chunk_of_groups_encode(const px_planes *planes, px_pipeline *pipeline, int effort,
                                       size_t limit, px_encode_group encode_group, px_sections *out,
                                       prism_error *error);
prism_status px_chunk_of_groups_decode(px_planes *planes, const px_pipeline *pipeline, bool quick,
                                       px_reader *parameters, px_reader *payload,
                                       prism_error *error);

/* Bytes that decoding takes: see px_decode_memory. */
uint64_t px_chunk_of_groups_memory(const px_planes *planes, const px_pipeline *pipeline, bool quick,
                                   px_reader parameters, size_t payload_size);

/* Bytes that px_take_words takes. */
uint64_t px_words_memory(size_t payload_size);

/* How many words to write backwards into, where `limit` bytes are enough: never more than the
 * samples can take. */
size_t px_words_room(const px_planes *planes, size_t limit);

/* The payload as words, with zeros behind them that nothing but damage makes the decoder read. */
prism_status px_take_words(px_wave_stream *stream, px_reader *payload, px_pool *pool,
                           prism_error *error);

#endif
