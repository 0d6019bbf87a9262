/*
 * Planes along an axis as chunks of their own, each with a mapping of its own: columns of a table,
 * of which each has its unit and its decimals. docs/format-mappings.md, "Split". Internal.
 */
#ifndef PX_MAPPING_SPLIT_H
#define PX_MAPPING_SPLIT_H

#include "mapping/inner_chunk.h"

/* Along an axis of the request's array, which is squeezed. */
prism_status px_split_encode(px_coded *mapped, const px_mapping_request *request, int axis,
                             prism_error *error);

/* Elements of plane k along the layout's axis, of so many bytes each, one after the other. */
void px_split_plane(void *plane, const px_layout *layout, size_t k, const void *elements,
                    size_t size);

#endif
