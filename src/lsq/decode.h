/* Decoding a group of planes. Internal. */
#ifndef PX_LSQ_DECODE_H
#define PX_LSQ_DECODE_H

#include "lsq/model.h"

/* What is known of a group before its model is read. */
typedef struct px_group_kind {
    bool quick, mixes, wide;
    bool late; /* planes get their memory in the end */
} px_group_kind;

/* Bytes that decoding a group takes, with its model, and with the planes if they come late. */
uint64_t px_lsq_decode_memory(const px_planes *planes, size_t count, const px_group_kind *kind);

/* Planes first..first + model->count - 1 of `planes`, from the stream. `late`: these are all, and
 * get their memory when all else is freed. */
prism_status px_lsq_decode_group(px_planes *planes, size_t first, const px_lsq_model *model,
                                 px_wave_stream *stream, bool late, prism_error *error);

#endif
