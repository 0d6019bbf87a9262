/* The arguments of a command. What is wrong is named in one line on stderr. */
#ifndef TOOL_ARGUMENTS_H
#define TOOL_ARGUMENTS_H

#include <hdf5.h>
#include <stdbool.h>
#include <stddef.h>

#include "prism.h"
#include "system/format.h"

typedef enum tool_kind {
    TOOL_FLAG,   /* bool */
    TOOL_TEXT,   /* const char * */
    TOOL_TEXTS,  /* tool_texts: the option may be given again */
    TOOL_NUMBER, /* long long */
    TOOL_LIST,   /* tool_list: A,B,... */
    TOOL_SHAPE   /* tool_list: AxBx... */
} tool_kind;

typedef struct tool_texts {
    const char **items; /* to be freed */
    size_t count, room;
} tool_texts;

typedef struct tool_list {
    size_t count;
    long long items[H5S_MAX_RANK];
} tool_list;

typedef struct tool_option {
    const char *name; /* "--...", or "-x", whose value may follow at once */
    tool_kind kind;
    void *value;
    long long low, high; /* of numbers */
} tool_option;

typedef struct tool_arguments {
    const char *help;           /* its first line is the usage */
    const tool_option *options; /* up to one without a name */
    const char **files;         /* in their order */
    size_t file_count;
    size_t spare_files; /* the last ones, which may be left out: NULL */
} tool_arguments;

/* False if there is nothing to do: *code is what to exit with, after --help or a wrong argument. */
bool tool_arguments_read(const tool_arguments *known, int count, char **arguments, int *code);

/* Prints what is wrong as tool_fail does; EXIT_USAGE, so that it can be returned. */
int tool_misused(const char *format, ...) PX_PRINTF(1, 2);

/* Options of the filter as KEY=VALUE,...; NULL: none. False, with a message. */
bool tool_read_filter_options(prism_options *options, const char *text);

/* Whether the name of the file ends so, in capitals or not. */
bool tool_has_ending(const char *file, const char *ending);

/* Fails where `file` ends as one that is no HDF5 file. */
bool tool_is_hdf5_name(const char *file);

#endif
