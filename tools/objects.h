/* Which object of the copy stands for which one of the original, by their addresses. */
#ifndef TOOL_OBJECTS_H
#define TOOL_OBJECTS_H

#include <hdf5.h>
#include <stdbool.h>

typedef struct tool_pair {
    haddr_t from, to;
} tool_pair;

typedef struct tool_objects {
    tool_pair *pairs; /* a hash table; `from` is HADDR_UNDEF where there is none */
    size_t count, capacity;
} tool_objects;

/* False if there is no memory. */
bool tool_objects_add(tool_objects *objects, haddr_t from, haddr_t to);

/* HADDR_UNDEF if there is none. */
haddr_t tool_objects_find(const tool_objects *objects, haddr_t from);

void tool_objects_free(tool_objects *objects);

#endif
