#include "output.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"

static char *unfinished; /* the name of the file that is being written */

static void stop(int number) {
    unlink(unfinished);
    _exit(128 + number);
}

static bool check_files(const char *path, const char *input, bool replace) {
    struct stat in, out;
    if (stat(input, &in) != 0)
        return tool_fail("%s: %s", input, strerror(errno));
    if (stat(path, &out) != 0)
        return true;
    if (in.st_dev == out.st_dev && in.st_ino == out.st_ino)
        return tool_fail("%s and %s are the same file", input, path);
    return replace || tool_fail("%s is there already (--force replaces it)", path);
}

bool tool_output_begin(tool_output *output, const char *path, const char *input, bool replace) {
    const size_t length = strlen(path) + 32;
    *output = (tool_output){.path = path};
    if (!check_files(path, input, replace))
        return false;
    output->name = unfinished = malloc(length);
    if (!output->name)
        return tool_fail("out of memory");
    snprintf(output->name, length, "%s.%ld.part", path, (long)getpid());
    signal(SIGINT, stop);
    signal(SIGTERM, stop);
    return true;
}

bool tool_output_end(tool_output *output, bool done) {
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    if (done && rename(output->name, output->path) != 0)
        done = tool_fail("%s: %s", output->path, strerror(errno));
    if (!done)
        unlink(output->name);
    free(output->name);
    return done;
}
