/* Copies everything in a file but one dataset. */
#ifndef TOOL_COPY_H
#define TOOL_COPY_H

#include <hdf5.h>
#include <stdbool.h>

/* The groups on the way to the dataset at `path` are there afterwards. */
bool tool_copy_others(hid_t from, hid_t to, const char *path);

/* Attributes; those that refer to objects would refer to nothing, and are left out with a word. */
bool tool_copy_attributes(hid_t from, hid_t to);

#endif
