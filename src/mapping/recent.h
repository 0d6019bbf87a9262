/*
 * Values that are used for a while and then no more, as those of one cell, one part or one hour in
 * a long column are, or the corners of cells that share them: elements as places in a list of
 * recent ones. docs/format-mappings.md,
 * "Recent". Internal.
 */
#ifndef PX_MAPPING_RECENT_H
#define PX_MAPPING_RECENT_H

#include "mapping/inner_chunk.h"

/* mapped->is_mapped is false where a look at some parts of the array shows no such values. */
prism_status px_recent_encode(px_coded *mapped, const px_mapping_request *request,
                              prism_error *error);

#endif
