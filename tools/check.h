/* Chunks that are decoded to see whether they can be. */
#ifndef TOOL_CHECK_H
#define TOOL_CHECK_H

#include "report.h"

/* Decodes a chunk that h5prism encoded. *damage says what is wrong with it; nothing is, where its
 * error's status is PRISM_OK. Free it with tool_damage_free. */
void tool_check_chunk(tool_damage *damage, const tool_chunked *dataset, const hsize_t *offset,
                      const tool_stored *stored);
void tool_damage_free(tool_damage *damage);

#endif
