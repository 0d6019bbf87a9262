/*
 * A copy of all objects of a file: groups, links, attributes and committed types as they are, with
 * the orders in which they were created, and datasets as they are or as somebody else writes them.
 *
 * H5Ocopy is not used: that of HDF5 1.10 corrupts strings of variable length that have a fill
 * value, and crashes on others. Every object is created anew with the properties of the original.
 */
#ifndef TOOL_COPY_H
#define TOOL_COPY_H

#include <hdf5.h>
#include <stdbool.h>

#include "header.h"
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

/* Sets *taken where it wrote the dataset, at place->path, but for attributes that refer to objects;
 * elsewhere it is copied as it is. */
typedef bool (*tool_take)(void *request, const tool_place *place, bool *taken);

struct tool_copy {
    hid_t from, to; /* files */
    tool_take take; /* called once for each dataset */
    void *request;  /* its first argument */
    tool_objects objects;
    H5F_libver_t least, low; /* the oldest format that new objects may take: of the file, now */
    size_t missing;          /* objects that HDF5 cannot open or decode: the copy lacks them */
    size_t dangling;         /* references to objects that no link leads to */
    size_t unreadable;       /* references of kinds that HDF5 does not know */
};

/* Copies everything but values that refer to objects; every object is in copy->objects then. An
 * object that HDF5 cannot open or decode is left out, with a message. */
bool tool_copy_objects(tool_copy *copy);

/* The rest: references to objects and regions, in attributes and datasets, lead to the copies. */
bool tool_copy_references(tool_copy *copy);

/* The dataset as it is, but for values that refer to objects. */
bool tool_copy_dataset(const tool_place *place);

/* NULL, or why the dataset cannot be copied: HDF5 cannot tell what it is, or its elements are of
 * variable length or references, which have to be decoded, and a filter is not installed. */
const char *tool_why_undecoded(char text[TOOL_WHY_TEXT], hid_t dataset, const char *path);

/* Attributes of an object, which are left without values if these refer to objects; and its
 * comment.
 */
bool tool_copy_attributes(tool_copy *copy, hid_t from, hid_t to);

/* The type for use in the copy: a committed one is the copy's own. To be closed. */
hid_t tool_copy_type(tool_copy *copy, hid_t type);

/* The same without a name, and without a place in any file. To be closed. */
hid_t tool_new_type(hid_t type);

/* A dataspace of that extent for use in the copy. To be closed. */
hid_t tool_copy_space(hid_t space);

/* The creation properties of a group, of those that can be asked for, into another list. */
void tool_copy_group_list(hid_t group, hid_t list);

/* Where an object is in its file. */
haddr_t tool_address(hid_t object);

void tool_copy_free(tool_copy *copy);

#endif
