/* Objects that HDF5 cannot open, and why: often a newer HDF5 has written them. */
#ifndef TOOL_HEADER_H
#define TOOL_HEADER_H

#include <hdf5.h>
#include <stdbool.h>
#include <stddef.h>

/* "HDF5 1.10.8 cannot open it: bad version number for layout message (version 5: it needs a newer
 * HDF5)", right after HDF5 has failed to open `name` of `group`. Without a name: to read the
 * attributes of `group`, "cannot read them". Returns text. */
enum { TOOL_WHY_TEXT = 400 };
const char *tool_why_unopened(char text[TOOL_WHY_TEXT], hid_t group, const char *name);

#endif
