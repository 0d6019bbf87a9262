/* Whether what a lossy chunk says of its error is true. */
#ifndef TOOL_LOSS_H
#define TOOL_LOSS_H

#include "prism.h"

/* `decoded` came out of a chunk made from `elements` with that bound, as large as the chunk says:
 * whether the chunk has it, and they are within it, and those exact that must be. Of the bound
 * distance, which is of no element, only the chunk is asked. */
bool tool_is_within(const prism_info *chunk, const prism_options *asked, const void *elements,
                    const void *decoded);

#endif
