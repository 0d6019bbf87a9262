#include "arguments.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "command.h"

/* ---- Values ---- */

/* Up to one of the characters `ends` or the end of the text. */
static const char *read_number(long long *number, const char *text, const tool_option *option,
                               const char *ends) {
    char *after;
    errno = 0;
    *number = strtoll(text, &after, 10);
    const bool wrong = after == text || errno || (*after && !strchr(ends, *after)) ||
                       *number < option->low || *number > option->high;
    return wrong ? NULL : after;
}

static bool read_list(tool_list *list, const char *text, const tool_option *option,
                      const char *between) {
    list->count = 0;
    for (;;) {
        if (list->count == H5S_MAX_RANK)
            return false;
        text = read_number(&list->items[list->count++], text, option, between);
        if (!text || !*text)
            return text != NULL;
        text++;
    }
}

static bool add_text(tool_texts *texts, const char *text) {
    if (!tool_make_room(&texts->items, &texts->room, texts->count, sizeof *texts->items))
        return false;
    texts->items[texts->count++] = text;
    return true;
}

static bool read_value(const tool_option *option, const char *text) {
    switch (option->kind) {
    case TOOL_FLAG:
        return *(bool *)option->value = true;
    case TOOL_TEXT:
        *(const char **)option->value = text;
        return *text != '\0';
    case TOOL_TEXTS:
        return *text && add_text(option->value, text);
    case TOOL_NUMBER:
        return read_number(option->value, text, option, "") != NULL;
    case TOOL_LIST:
        return read_list(option->value, text, option, ",");
    case TOOL_SHAPE:
        return read_list(option->value, text, option, "x");
    }
    return false;
}

static bool refuse_value(const tool_option *option, const char *text) {
    switch (option->kind) {
    case TOOL_NUMBER:
        return tool_fail("%s %s: expected a number from %lld to %lld", option->name, text,
                         option->low, option->high);
    case TOOL_LIST:
        return tool_fail("%s %s: expected numbers from %lld on with commas between them",
                         option->name, text, option->low);
    case TOOL_SHAPE:
        return tool_fail("%s %s: expected a shape such as 64x64x128", option->name, text);
    default:
        return tool_fail("%s: its value is empty", option->name);
    }
}

/* ---- Options ---- */

static bool is_short(const tool_option *option) {
    return option->name[1] != '-';
}

static const tool_option *find_option(const tool_option *options, const char *argument) {
    for (; options->name; options++)
        if (strcmp(options->name, argument) == 0 ||
            (is_short(options) && strncmp(options->name, argument, 2) == 0))
            return options;
    return NULL;
}

/* How many arguments were taken, 0 after a message. */
static int read_option(const tool_option *options, char **arguments, int left) {
    const tool_option *option = find_option(options, arguments[0]);
    if (!option)
        return tool_fail("%s: there is no such option (--help lists them)", arguments[0]);
    const char *attached = is_short(option) && arguments[0][2] ? arguments[0] + 2 : NULL;
    const int taken = option->kind == TOOL_FLAG || attached ? 1 : 2;
    if (taken > left)
        return tool_fail("%s: its value is missing", option->name);
    const char *text = attached ? attached : arguments[taken - 1];
    return read_value(option, text) ? taken : refuse_value(option, text);
}

/* ---- All of them ---- */

/* Options are one argument, however many they are. */
static bool refuse_one_more(const char *before, const char *text) {
    const bool options = strchr(before, '=') && strchr(text, '=');
    return tool_fail(options ? "%s: one argument too many; KEY=VALUE,... is one"
                             : "%s: one argument too many",
                     text);
}

static bool take_file(const tool_arguments *known, size_t *files, const char *text) {
    if (strcmp(text, "-") == 0)
        return tool_fail("-: files have names here; standard input and output are none");
    if (!*text)
        return tool_fail("one of the names is empty");
    if (*files == known->file_count)
        return refuse_one_more(*files ? known->files[*files - 1] : "", text);
    known->files[(*files)++] = text;
    return true;
}

static bool read_all(const tool_arguments *known, int count, char **arguments) {
    size_t files = 0;
    for (int i = 0, taken; i < count; i += taken) {
        const bool option = arguments[i][0] == '-' && arguments[i][1];
        taken = option ? read_option(known->options, arguments + i, count - i)
                       : take_file(known, &files, arguments[i]);
        if (!taken)
            return false;
    }
    return files + known->spare_files >= known->file_count ||
           tool_fail("arguments are missing; %.*s", (int)strcspn(known->help, "\n"), known->help);
}

bool tool_arguments_read(const tool_arguments *known, int count, char **arguments, int *code) {
    if (count == 1 && strcmp(arguments[0], "--help") == 0) {
        fputs(known->help, stdout);
        *code = EXIT_DONE;
        return false;
    }
    *code = EXIT_USAGE;
    return read_all(known, count, arguments);
}

int tool_misused(const char *format, ...) {
    char text[400];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    tool_fail("%s", text);
    return EXIT_USAGE;
}

bool tool_read_filter_options(prism_options *options, const char *text) {
    prism_error error;
    *options = prism_options_default();
    return prism_options_parse(options, text ? text : "", &error) == PRISM_OK ||
           tool_fail("%s", error.message);
}

/* ---- Names of files ---- */

bool tool_has_ending(const char *file, const char *ending) {
    const size_t length = strlen(file), size = strlen(ending);
    return length > size && strcasecmp(file + length - size, ending) == 0;
}

bool tool_is_hdf5_name(const char *file) {
    static const char *const others[] = {".png", ".jxl", ".tif", ".tiff", ".json", ".npy", ".zip"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (tool_has_ending(file, others[i]))
            return tool_fail("%s: what is written is an HDF5 file, not a %s", file, others[i] + 1);
    return true;
}
