/*
 * Colours as one symbol: a table of the tuples that elements along an axis make, and one plane of
 * places in it. For drawings, label colours, masks of classes and whatever else has few of them.
 * docs/format-mappings.md, "Colours". Internal.
 */
#ifndef PX_MAPPING_COLOURS_H
#define PX_MAPPING_COLOURS_H

#include "mapping/colour_set.h"
#include "mapping/inner_chunk.h"

/* Of the request's array, which is squeezed, and has colours. */
prism_status px_colours_encode(px_coded *mapped, const px_mapping_request *request,
                               const px_colour_set *set, prism_error *error);

#endif
