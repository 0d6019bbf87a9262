/* What the commands of the tool share. */
#ifndef TOOL_COMMAND_H
#define TOOL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "system/format.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* Prints "h5prism: ..." to stderr; false, so that it can be returned. */
bool tool_fail(const char *format, ...) PX_PRINTF(1, 2);

/* Whether a reason was printed. */
bool tool_has_failed(void);

/* A bar on stderr, where that is a terminal; `done` of `all`, and a note behind it. Gone once all
 * is done, or by tool_progress_clear. */
void tool_progress(const char *what, size_t done, size_t all);
void tool_progress_noted(const char *what, size_t done, size_t all, const char *note);
void tool_progress_clear(void);

/* In quotes. HDF5's names are UTF-8, and so is JSON. */
void tool_print_json_text(const char *text);

/* Room for one more than `count` items of `size` bytes in *items, which grows. False, with a
 * message, if memory runs out. `items`: the address of a pointer. */
bool tool_make_room(void *items, size_t *room, size_t count, size_t size);

/* Seconds since some time in the past. */
double tool_seconds(void);

/* `h5prism COMMAND`: each returns an exit code. */
int tool_bench(int count, char **arguments);
int tool_collect(int count, char **arguments);
int tool_export(int count, char **arguments);
int tool_extract(int count, char **arguments);
int tool_group(int count, char **arguments);
int tool_import(int count, char **arguments);
int tool_inspect(int count, char **arguments);
int tool_preview(int count, char **arguments);
int tool_references(int count, char **arguments);
int tool_repack(int count, char **arguments);
int tool_unpack(int count, char **arguments);

#endif
