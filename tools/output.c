#include "output.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"

static char *unfinished; /* the name of the file that is being written, if there is one */

static void leave(const char *message, int code) {
    if (unfinished)
        unlink(unfinished);
    if (write(STDERR_FILENO, message, strlen(message)) < 0)
        code = EXIT_FAILED;
    _exit(code);
}

static void stop(int number) {
    leave("\nh5prism: interrupted, nothing is written\n", 128 + number);
}

/* H5Ocopy of HDF5 1.10.8 closes a type that it has not opened when a write fails. */
static void crash(int number) {
    (void)number;
    leave("h5prism: crashed, as HDF5 does in copying to a full disk; nothing is written\n",
          EXIT_FAILED);
}

static const int stopping[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};

/* Signals that are ignored, by nohup, stay so. */
static void handle_signals(void (*stopped)(int)) {
    for (size_t i = 0; i < sizeof stopping / sizeof *stopping; i++)
        if (signal(stopping[i], stopped) == SIG_IGN)
            signal(stopping[i], SIG_IGN);
    signal(SIGSEGV, crash);
    signal(SIGXFSZ, SIG_IGN); /* a file that grows too large is an error like any other */
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
    handle_signals(stop);
    return true;
}

bool tool_output_end(tool_output *output, bool done) {
    handle_signals(SIG_IGN); /* too late: the file gets its name, or goes */
    if (done && rename(output->name, output->path) != 0)
        done = tool_fail("%s: %s", output->path, strerror(errno));
    if (!done)
        unlink(output->name);
    free(output->name);
    unfinished = NULL;
    return done;
}
