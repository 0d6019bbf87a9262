/* Decoding a group of planes. Internal. */
#ifndef PX_LSQ_DECODE_H
#define PX_LSQ_DECODE_H

#include "coders/ans/lsq/model.h"
#include "entropy/rans.h"

/* What is known of a group before its model is read. */
typedef struct px_group_kind {
    bool quick, mixes;
    bool late; /* planes get their memory in the end */
    bool may_have_bands;
    int threads;
} px_group_kind;

/* Bytes that decoding a group takes, with its model, which is of the sort, and with the planes if
 * they come late. */
uint64_t px_lsq_decode_memory(const px_planes *planes, size_t count, const px_group_kind *kind,
                              px_model_sort sort);

/* Planes first..first + count - 1 of `planes`, whose model is next in the parameters, from the
 * stream. If these come late, all planes get their memory when all else is freed. */
prism_status px_lsq_decode_group(px_planes *planes, size_t first, size_t count,
                                 const px_group_kind *kind, px_reader *parameters,
                                 px_rans_stream *stream, prism_error *error);

#endif
