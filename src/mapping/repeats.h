/*
 * Elements that stand elsewhere in the array, too: a chunk of what is left without them, and how
 * they are had from it. Enlarged and tiled pictures, symmetric matrices, grids of coordinates,
 * transforms of real numbers. docs/format-mappings.md, "Repeats". Internal.
 */
#ifndef PX_MAPPING_REPEATS_H
#define PX_MAPPING_REPEATS_H

#include "mapping/inner_chunk.h"

/* mapped->is_mapped is false where there are no such elements. *sure: nothing else can be smaller.
 * What is left is looked at no further. */
prism_status px_repeats_encode(px_coded *mapped, bool *sure, const px_mapping_request *request,
                               prism_error *error);

#endif
