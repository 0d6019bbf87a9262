/* A file that is whole, or not there: it is written under another name at first. */
#ifndef TOOL_OUTPUT_H
#define TOOL_OUTPUT_H

#include <stdbool.h>

typedef struct tool_output {
    const char *path; /* of the whole file */
    char *name;       /* to write to; owned */
} tool_output;

/* Refuses a file that is there already, unless it may be replaced, and one that is `input`. What is
 * written to output->name goes away with SIGINT and SIGTERM; one output at a time. */
bool tool_output_begin(tool_output *output, const char *path, const char *input, bool replace);

/* Whether output may go to that name; false with a message. */
bool tool_output_is_free(const char *path, bool replace);

/* The file of an earlier step, which goes with SIGINT and SIGTERM, too; NULL: there is none. It is
 * kept. */
void tool_output_drop(const char *name);

/* The object that is being written: a crash inside HDF5 is told with its path. */
void tool_output_note(const char *path);

/* Gives the file its name if all is well, or removes it; true if it is there. */
bool tool_output_end(tool_output *output, bool done);

#endif
