/* What `group` does, for commands that group what they have written. */
#ifndef TOOL_GROUP_H
#define TOOL_GROUP_H

#include "rewrite.h"

/* A copy of a file with the frames of the dataset grouped, up to `frames` in a chunk; what became
 * of it is printed. False, with a message, if it is not there. */
bool tool_group_stack(const tool_files *files, const char *dataset, long long frames, int effort);

#endif
