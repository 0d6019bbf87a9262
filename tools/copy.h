/*
 * A copy of all objects of a file: groups, links, attributes and committed types as they are, with
 * the orders in which they were created, and datasets as they are or as somebody else writes them.
 */
#ifndef TOOL_COPY_H
#define TOOL_COPY_H

#include <hdf5.h>
#include <stdbool.h>

#include "objects.h"

typedef struct tool_copy tool_copy;

/* A dataset that is to be copied: its path is the same in both files, and the group that will hold
 * it is there already. */
typedef struct tool_place {
    tool_copy *copy;
    const char *path;
    haddr_t address; /* in the original */
    hid_t links;     /* the properties of the new link */
} tool_place;

/* What has attributes: a group or dataset of the copy. */
typedef struct tool_owner {
    const tool_copy *copy;
    hid_t to;
} tool_owner;

/* Sets *taken where it wrote the dataset, at place->path, but for attributes that refer to objects;
 * elsewhere it is copied as it is. */
typedef bool (*tool_take)(void *request, const tool_place *place, bool *taken);

struct tool_copy {
    hid_t from, to; /* files */
    tool_take take; /* called once for each dataset */
    void *request;  /* its first argument */
    tool_objects objects;
    hid_t properties; /* of copies of whole objects */
};

/* Copies everything but values that refer to objects; every object is in copy->objects then. */
bool tool_copy_objects(tool_copy *copy);

/* The rest: references to objects and regions, in attributes and datasets, lead to the copies. */
bool tool_copy_references(tool_copy *copy);

/* Attributes of a group or dataset, which are left without values if these refer to objects. */
bool tool_copy_attributes(const tool_copy *copy, hid_t from, hid_t to);

/* The type for use in the copy: a committed one is the copy's own. To be closed. */
hid_t tool_copy_type(const tool_copy *copy, hid_t type);

/* Where an object is in its file. */
haddr_t tool_address(hid_t object);

void tool_copy_free(tool_copy *copy);

#endif
