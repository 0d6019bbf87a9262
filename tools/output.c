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

static const char *dropped; /* the name of a file of an earlier step */

static char noted[256]; /* what is being written */

static void say(const char *text) {
    if (write(STDERR_FILENO, text, strlen(text)) < 0)
        return; /* there is nobody left to tell */
}

static void remove_files(void) {
    if (unfinished)
        unlink(unfinished);
    if (dropped)
        unlink(dropped);
}

static void stop(int number) {
    remove_files();
    say("\nh5prism: interrupted, nothing is written\n");
    _exit(128 + number);
}

static const char *name_of(int number) {
    return number == SIGSEGV   ? "SIGSEGV"
           : number == SIGBUS  ? "SIGBUS"
           : number == SIGABRT ? "SIGABRT"
           : number == SIGFPE  ? "SIGFPE"
                               : "SIGILL";
}

/* In HDF5 or here: nobody knows. */
static void crash(int number) {
    remove_files();
    say("h5prism: crashed (");
    say(name_of(number));
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

static const int stopping[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
static const int crashes[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};

/* A stack that has run full is of no use to a handler. */
static void handle_crashes(void) {
    static char room[1 << 16];
    const stack_t stack = {.ss_sp = room, .ss_size = sizeof room};
    struct sigaction action = {.sa_handler = crash, .sa_flags = SA_ONSTACK};
    sigaltstack(&stack, NULL);
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
        sigaction(crashes[i], &action, NULL);
}

/* Signals that are ignored, by nohup, stay so. */
static void handle_signals(void (*stopped)(int)) {
    for (size_t i = 0; i < sizeof stopping / sizeof *stopping; i++)
        if (signal(stopping[i], stopped) == SIG_IGN)
            signal(stopping[i], SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that grows too large is an error like any other */
}

bool tool_output_is_free(const char *path, bool replace) {
    struct stat out;
    return replace || stat(path, &out) != 0 ||
           tool_fail("%s is there already (--force replaces it)", path);
}

static bool check_files(const char *path, const char *input, bool replace) {
    struct stat in, out;
    if (stat(input, &in) != 0)
        return tool_fail("%s: %s", input, strerror(errno));
    if (stat(path, &out) != 0)
        return true;
    if (in.st_dev == out.st_dev && in.st_ino == out.st_ino)
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
    snprintf(output->name, length, "%s.%ld.part", path, (long)getpid());
    handle_signals(stop);
    handle_crashes();
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
