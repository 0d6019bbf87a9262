/* An HDF5 file that is rewritten. */
#ifndef TOOL_REWRITE_H
#define TOOL_REWRITE_H

#include <hdf5.h>
#include <stdbool.h>

typedef struct tool_files {
    const char *input, *output;
    bool force;     /* replace OUT if it is there */
    bool unchecked; /* do not compare OUT with IN */
} tool_files;

/* What a command does with the files. False, with a message, if it fails. */
typedef struct tool_rewriting {
    bool (*fill)(void *request, hid_t from, hid_t to);  /* writes everything into the new file */
    bool (*check)(void *request, hid_t from, hid_t to); /* compares the files, opened anew */
    void *request;
} tool_rewriting;

/* Creates OUT with the properties of IN, user block included; output.h says under which name, and
 * what is left after failures. */
bool tool_rewrite(const tool_files *files, const tool_rewriting *rewriting);

#endif
