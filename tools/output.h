/* A file that is rewritten: OUT is whole, or not there, and IN is never changed. */
#ifndef TOOL_OUTPUT_H
#define TOOL_OUTPUT_H

#include <hdf5.h>
#include <stdbool.h>

typedef struct tool_files {
    const char *input, *output;
    bool force; /* replace OUT if it is there */
} tool_files;

/* Writes everything into the new file `to`. */
typedef bool (*tool_fill)(void *request, hid_t from, hid_t to);

/*
 * Creates OUT with the properties of IN (user block included), under another name as long as it is
 * not complete. After a failure or a signal nothing of it is left. False, with a message, if IN and
 * OUT are the same, or OUT is there and not to be replaced.
 */
bool tool_rewrite(const tool_files *files, tool_fill fill, void *request);

#endif
