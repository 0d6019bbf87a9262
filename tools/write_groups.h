/* Grouped frames into a file, and the dataset that shows them in their original order; where that
 * is the order of the groups, the frames alone. Nothing that takes more than the original. */
#ifndef TOOL_WRITE_GROUPS_H
#define TOOL_WRITE_GROUPS_H

#include "copy.h"
#include "frames.h"

typedef struct tool_groups {
    const tool_frames *frames;
    const tool_place *place;          /* of the dataset */
    const char *grouped, *order_path; /* of the datasets that it takes besides */
    const uint32_t *order;            /* [frames]: group after group, ascending within each */
    size_t size;                      /* frames of a group; the last one may have fewer */
    int effort;
} tool_groups;

typedef struct tool_grouped {
    bool kept;                /* the groups were larger: nothing is written */
    bool in_order;            /* the dataset has the frames itself */
    hsize_t stored, original; /* bytes of the groups with their order, and of the dataset in IN */
} tool_grouped;

/* False, with a message, if it fails. */
bool tool_write_groups(const tool_groups *groups, tool_grouped *result);

#endif
