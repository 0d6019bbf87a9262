/* Decoding a group of planes. Internal. */
#ifndef PX_LSQ_DECODE_H
#define PX_LSQ_DECODE_H

#include "lsq/model.h"

/* Bytes that decoding a group takes, with its model. */
uint64_t px_lsq_decode_memory(const px_planes *planes, size_t count, bool quick, bool mixes,
                              bool wide);

/* Planes first..first + model->count - 1 of `planes`, from the stream. */
prism_status px_lsq_decode_group(px_planes *planes, size_t first, const px_lsq_model *model,
                                 px_wave_stream *stream, prism_error *error);

#endif
