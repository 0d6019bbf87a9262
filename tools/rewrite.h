/* An HDF5 file that is rewritten. */
#ifndef TOOL_REWRITE_H
#define TOOL_REWRITE_H

#include <hdf5.h>
#include <stdbool.h>

typedef struct tool_files {
    const char *input, *output;
    bool force; /* replace OUT if it is there */
} tool_files;

/* Writes everything into the new file `to`. */
typedef bool (*tool_fill)(void *request, hid_t from, hid_t to);

/* Creates OUT with the properties of IN, user block included; output.h says under which name, and
 * what is left after failures. */
bool tool_rewrite(const tool_files *files, tool_fill fill, void *request);

#endif
