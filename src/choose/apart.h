/* Whether the planes along an axis are smaller as chunks of their own, each by its own rule.
 * Internal. */
#ifndef PX_CHOOSE_APART_H
#define PX_CHOOSE_APART_H

#include "mapping/inner_chunk.h"

/* *axis: along which they may be, or PRISM_AXIS_AUTO. *sure: nothing else need be tried. */
prism_status px_apart_find(int *axis, bool *sure, const px_mapping_request *request,
                           prism_error *error);

#endif
