#include "arguments.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

/* Up to `end`, which follows it. */
static const char *read_number(long long *number, const char *text, const tool_option *option,
                               const char *end) {
    char *after;
    errno = 0;
    *number = strtoll(text, &after, 10);
    const bool wrong = after == text || errno || !strchr(end, *after) || *number < option->low ||
                       *number > option->high;
    return wrong ? NULL : after;
}

static bool read_list(tool_list *list, const char *text, const tool_option *option) {
    list->count = 0;
    for (;;) {
        if (list->count == H5S_MAX_RANK)
            return false;
        text = read_number(&list->items[list->count++], text, option, ",");
        if (!text || !*text)
            return text != NULL;
        text++;
    }
}

static bool read_value(const tool_option *option, const char *text) {
    switch (option->kind) {
    case TOOL_FLAG:
        return *(bool *)option->value = true;
    case TOOL_TEXT:
        *(const char **)option->value = text;
        return *text != '\0';
    case TOOL_NUMBER:
        return read_number(option->value, text, option, "") != NULL;
    case TOOL_LIST:
        return read_list(option->value, text, option);
    }
    return false;
}

/* How many arguments were taken, 0 if they are wrong. */
static int read_option(const tool_option *options, char **arguments, int left) {
    for (; options->name; options++) {
        if (strcmp(options->name, arguments[0]) != 0)
            continue;
        const int taken = options->kind == TOOL_FLAG ? 1 : 2;
        return taken <= left && read_value(options, arguments[taken - 1]) ? taken : 0;
    }
    return 0;
}

static bool read_all(const tool_arguments *known, int count, char **arguments) {
    size_t files = 0;
    for (int i = 0; i < count;) {
        int taken = 1;
        if (strncmp(arguments[i], "--", 2) == 0)
            taken = read_option(known->options, arguments + i, count - i);
        else if (files < known->file_count)
            known->files[files++] = arguments[i];
        else
            taken = 0;
        if (!taken)
            return false;
        i += taken;
    }
    return files == known->file_count;
}

bool tool_arguments_read(const tool_arguments *known, int count, char **arguments, int *code) {
    if (count == 1 && strcmp(arguments[0], "--help") == 0) {
        fputs(known->help, stdout);
        *code = EXIT_DONE;
        return false;
    }
    if (read_all(known, count, arguments))
        return true;
    fputs(known->help, stderr);
    *code = EXIT_USAGE;
    return false;
}
