#include "output.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "system/files.h"
#include "system/process.h"
#include "system/signals.h"

static char *unfinished; /* the name of the file that is being written, if there is one */

static const char *dropped; /* the name of a file of an earlier step */

static char noted[256]; /* what is being written */

static void say(const char *text) {
    if (write(STDERR_FILENO, text, (unsigned)strlen(text)) < 0)
        return; /* there is nobody left to tell */
}

static void remove_files(void) {
    if (unfinished)
        px_file_remove_at_end(unfinished);
    if (dropped)
        px_file_remove_at_end(dropped);
}

static void stop(int number) {
    remove_files();
    say("\nh5prism: interrupted, nothing is written\n");
    _exit(128 + number);
}

/* In HDF5 or here: nobody knows. */
static void crash(int number) {
    remove_files();
    say("h5prism: crashed (");
    say(px_signal_name(number));
    say(*noted ? ") at " : ")");
    say(noted);
    say(unfinished ? "; nothing is written, and the input is as it was\n" : "\n");
    _exit(EXIT_FAILED);
}

void tool_output_drop(const char *name) {
    dropped = name;
}

void tool_output_note(const char *path) {
    snprintf(noted, sizeof noted, "%s", path);
}

bool tool_output_is_free(const char *path, bool replace) {
    if (px_file_is_folder(path))
        return tool_fail("%s is a folder, and what is written is a file", path);
    if (!px_file_has_folder(path))
        return tool_fail("%s: the folder for it is not there", path);
    return replace || !px_file_exists(path) ||
           tool_fail("%s is there already (--force replaces it)", path);
}

static bool check_files(const char *path, const char *input, bool replace) {
    if (!px_file_exists(input))
        return tool_fail("%s: %s", input, strerror(errno));
    if (px_file_is_same(input, path))
        return tool_fail("%s and %s are the same file", input, path);
    return tool_output_is_free(path, replace);
}

bool tool_output_begin(tool_output *output, const char *path, const char *input, bool replace) {
    const size_t length = strlen(path) + 32;
    *output = (tool_output){.path = path};
    if (!check_files(path, input, replace))
        return false;
    output->name = unfinished = malloc(length);
    if (!output->name)
        return tool_fail("out of memory");
    snprintf(output->name, length, "%s.%ld.part", path, px_process_number());
    px_signals_on_stop(stop);
    px_signals_on_crash(crash);
    return true;
}

bool tool_output_end(tool_output *output, bool done) {
    px_signals_on_stop(SIG_IGN); /* too late: the file gets its name, or goes */
    if (done && !px_file_rename(output->name, output->path))
        done = tool_fail("%s: %s", output->path, strerror(errno));
    if (!done)
        px_file_remove(output->name);
    free(output->name);
    unfinished = NULL;
    return done;
}
