/* What the commands of the tool share. */
#ifndef TOOL_COMMAND_H
#define TOOL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* Prints "h5prism: ..." to stderr; false, so that it can be returned. */
bool tool_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A bar on stderr, where that is a terminal; `done` of `all`. Gone once all is done. */
void tool_progress(const char *what, size_t done, size_t all);

/* `h5prism group` and the like: return an exit code. */
int tool_bench(int count, char **arguments);
int tool_export(int count, char **arguments);
int tool_group(int count, char **arguments);
int tool_import(int count, char **arguments);
int tool_preview(int count, char **arguments);

#endif
