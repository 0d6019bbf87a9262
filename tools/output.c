#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "library.h"

static bool check_files(const tool_files *files) {
    struct stat input, output;
    if (stat(files->input, &input) != 0)
        return tool_fail("%s: %s", files->input, strerror(errno));
    if (stat(files->output, &output) != 0)
        return true;
    if (input.st_dev == output.st_dev && input.st_ino == output.st_ino)
        return tool_fail("%s and %s are the same file", files->input, files->output);
    return files->force || tool_fail("%s is there already (--force replaces it)", files->output);
}

/* ---- Signals ---- */

static char *unfinished; /* the name of the file that is being written */

static void leave(const char *message, int code) {
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
    leave("h5prism: crashed in writing, as HDF5 does on a full disk; nothing is written\n",
          EXIT_FAILED);
}

static void watch_signals(void) {
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (signal(numbers[i], stop) == SIG_IGN) /* nohup */
            signal(numbers[i], SIG_IGN);
    signal(SIGSEGV, crash);
    signal(SIGXFSZ, SIG_IGN); /* a file that grows too large is an error like any other */
}

/* ---- The file ---- */

/* Objects that take a newer format of HDF5 in the original may take it in the copy, too. */
static hid_t access_list(hid_t from) {
    H5F_info2_t info = {0};
    hid_t list = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fclose_degree(list, H5F_CLOSE_SEMI); /* an object that is still open is a mistake */
    H5Fget_info2(from, &info);
    H5Pset_libver_bounds(list,
                         info.super.version < 2    ? H5F_LIBVER_EARLIEST
                         : info.super.version == 2 ? H5F_LIBVER_V18
                                                   : H5F_LIBVER_V110,
                         H5F_LIBVER_LATEST);
    return list;
}

/* That of the file itself says nothing of the orders in which the root group keeps things. */
static hid_t creation_list(hid_t from) {
    unsigned links = 0, attributes = 0;
    hid_t list = H5Fget_create_plist(from), root = H5Gopen2(from, "/", H5P_DEFAULT);
    hid_t group = H5Gget_create_plist(root);
    H5Pget_link_creation_order(group, &links);
    H5Pget_attr_creation_order(group, &attributes);
    H5Pset_link_creation_order(list, links);
    H5Pset_attr_creation_order(list, attributes);
    H5Pclose(group);
    H5Gclose(root);
    return list;
}

static bool create_and_fill(hid_t from, hid_t creation, const char *name, tool_fill fill,
                            void *request) {
    hid_t access = access_list(from);
    hid_t to = H5Fcreate(name, H5F_ACC_EXCL, creation, access);
    H5Pclose(access);
    if (to < 0)
        return tool_fail_library("%s cannot be created", name);
    bool done = fill(request, from, to);
    if (!done && !tool_has_failed())
        tool_fail_library("%s cannot be written", name);
    if (H5Fclose(to) < 0 && done)
        done = tool_fail_library("%s cannot be written", name);
    return done;
}

/* What programs put in front of HDF5's own bytes. */
static bool copy_user_block(const char *input, const char *output, hsize_t size) {
    char bytes[512]; /* user blocks are multiples of it */
    int from = open(input, O_RDONLY), to = open(output, O_WRONLY);
    bool done = from >= 0 && to >= 0;
    for (hsize_t i = 0; i < size && done; i += sizeof bytes)
        done = read(from, bytes, sizeof bytes) == (ssize_t)sizeof bytes &&
               write(to, bytes, sizeof bytes) == (ssize_t)sizeof bytes;
    if (!done)
        tool_fail("the user block of %s: %s", input, strerror(errno));
    if (from >= 0)
        close(from);
    if (to >= 0 && close(to) != 0)
        done = false;
    return done;
}

static bool write_as(const tool_files *files, const char *name, tool_fill fill, void *request) {
    hid_t from;
    hsize_t user_block = 0;
    if (!tool_open_input(&from, files->input))
        return false;
    hid_t creation = creation_list(from);
    H5Pget_userblock(creation, &user_block);
    bool done = create_and_fill(from, creation, name, fill, request);
    H5Pclose(creation);
    H5Fclose(from);
    return done && copy_user_block(files->input, name, user_block);
}

bool tool_rewrite(const tool_files *files, tool_fill fill, void *request) {
    const size_t length = strlen(files->output) + 32;
    if (!check_files(files))
        return false;
    char *name = unfinished = malloc(length);
    if (!name)
        return tool_fail("out of memory");
    snprintf(name, length, "%s.%ld.part", files->output, (long)getpid());
    watch_signals();
    bool done = write_as(files, name, fill, request);
    if (done && rename(name, files->output) != 0)
        done = tool_fail("%s: %s", files->output, strerror(errno));
    if (!done)
        unlink(name);
    free(name);
    return done;
}
