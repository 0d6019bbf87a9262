/* Encoded chunks of one dataset, which wait in a file without a name until it is known whether they
 * are wanted. */
#ifndef TOOL_SPOOL_H
#define TOOL_SPOOL_H

#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct tool_spool {
    FILE *file;
    size_t chunks;
    uint64_t bytes; /* of all chunks */
} tool_spool;

typedef struct tool_spooled {
    hsize_t offset[H5S_MAX_RANK];
    size_t size;
} tool_spooled;

/* The file is in the folder of the file `beside`. These four are false, with a message, if the disk
 * is full, or memory. */
bool tool_spool_open(tool_spool *spool, const char *beside);
bool tool_spool_add(tool_spool *spool, const tool_spooled *chunk, const void *bytes);

/* Back to the first chunk. */
bool tool_spool_rewind(tool_spool *spool);

/* The next one, as it was added; *bytes is to be freed. */
bool tool_spool_take(tool_spool *spool, tool_spooled *chunk, void **bytes);

void tool_spool_close(tool_spool *spool);

#endif
