/*
 * Places without data: the values that stand there are left out of an array, and a mask says where
 * they were. docs/format-mappings.md, "Mask". Internal.
 */
#ifndef PX_MAPPING_MASK_H
#define PX_MAPPING_MASK_H

#include "mapping/inner_chunk.h"

/* mapped->is_mapped is false where there are no such places. *sure: nothing else can be smaller. */
prism_status px_mask_encode(px_coded *mapped, bool *sure, const px_mapping_request *request,
                            prism_error *error);

/* Bytes that decoding takes at most; see px_mapping_memory. */
uint64_t px_mask_memory(const px_chunk *chunk, unsigned depth, const px_inner_codec *codec);

#endif
