/*
 * Places without data: the values that stand there are left out of an array, and a mask says where
 * they were. docs/format-mappings.md, "Mask". Internal.
 */
#ifndef PX_MAPPING_MASK_H
#define PX_MAPPING_MASK_H

#include "mapping/inner_chunk.h"
#include "mapping/mask_find.h"

/* Whether an array may have one: other coders are asked for by those who want just these. */
bool px_mask_suits(const px_mapping_request *request);

/* With a mask that was found in the array. */
prism_status px_mask_encode(px_coded *mapped, const px_mapping_request *request,
                            const px_found_mask *found, prism_error *error);

/* Whether the chunk within is coded by a method that knows of holes. */
bool px_knows_holes(const px_coded *mapped);

#endif
