/* The arguments of a command. */
#ifndef TOOL_ARGUMENTS_H
#define TOOL_ARGUMENTS_H

#include <hdf5.h>
#include <stdbool.h>
#include <stddef.h>

typedef enum tool_kind {
    TOOL_FLAG,   /* bool */
    TOOL_TEXT,   /* const char * */
    TOOL_NUMBER, /* long long */
    TOOL_LIST    /* tool_list */
} tool_kind;

typedef struct tool_list {
    size_t count;
    long long items[H5S_MAX_RANK];
} tool_list;

typedef struct tool_option {
    const char *name; /* "--..." */
    tool_kind kind;
    void *value;
    long long low, high; /* of numbers */
} tool_option;

typedef struct tool_arguments {
    const char *help;
    const tool_option *options; /* up to one without a name */
    const char **files;         /* all of them are needed, in their order */
    size_t file_count;
} tool_arguments;

/* False if there is nothing to do: *code is what to exit with, after --help or a wrong argument. */
bool tool_arguments_read(const tool_arguments *known, int count, char **arguments, int *code);

#endif
