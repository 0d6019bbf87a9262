/* A chunk with a bound of error. Internal. */
#ifndef PX_CHUNK_BOUNDED_H
#define PX_CHUNK_BOUNDED_H

#include "mapping/mapping.h"

/* As px_chunk_encode: the smaller one of a lossy chunk and a lossless one. */
prism_status px_bounded_encode(px_buffer *out, px_pipeline *used, const prism_array *array,
                               const void *elements, const prism_options *options, px_scales scales,
                               prism_error *error);

#endif
