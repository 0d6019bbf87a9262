/* Encoding a group of planes. Internal. */
#ifndef PX_LSQ_ENCODE_H
#define PX_LSQ_ENCODE_H

#include "bytes.h"
#include "planes.h"

/* With `mixes` planes are predicted from each other. Where the coded samples of a group would be
 * more than `limit` bytes, *too_long is set instead. */
prism_status px_lsq_encode_group(const px_planes *planes, size_t first, size_t count, bool mixes,
                                 int effort, size_t limit, px_buffer *parameters,
                                 px_buffer *payload, bool *too_long, prism_error *error);

#endif
