/* Grouped frames into a file, and the dataset that shows them in their original order; where that
 * is the order of the groups, the frames alone. */
#ifndef TOOL_WRITE_GROUPS_H
#define TOOL_WRITE_GROUPS_H

#include "copy.h"
#include "frames.h"

typedef struct tool_groups {
    const tool_frames *frames;
    const tool_place *place;          /* of the dataset */
    const char *grouped, *order_path; /* of the datasets that come beside it */
    const uint32_t *order;            /* [frames]: group after group, ascending within each */
    size_t size;                      /* frames of a group; the last one may have fewer */
    int effort;
} tool_groups;

bool tool_write_groups(const tool_groups *groups);

#endif
