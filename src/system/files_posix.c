#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* O_TMPFILE */
#endif
#include "system/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int px_file_open(const char *path, bool writing) {
    return open(path, writing ? O_WRONLY : O_RDONLY);
}

FILE *px_file_stream(const char *path, bool writing) {
    return fopen(path, writing ? "wb" : "rb");
}

bool px_file_read_at(int descriptor, void *bytes, size_t size, uint64_t offset) {
    for (size_t done = 0; done < size;) {
        const ssize_t count =
            pread(descriptor, (char *)bytes + done, size - done, (off_t)(offset + done));
        if (count <= 0)
            return false;
        done += (size_t)count;
    }
    return true;
}

bool px_file_exists(const char *path) {
    struct stat found;
    return stat(path, &found) == 0;
}

bool px_file_is_same(const char *path, const char *other) {
    struct stat a, b;
    return stat(path, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

bool px_file_is_folder(const char *path) {
    struct stat found;
    return stat(path, &found) == 0 && S_ISDIR(found.st_mode);
}

bool px_file_has_folder(const char *path) {
    const char *end = strrchr(path, '/');
    char *folder = end ? strndup(path, (size_t)(end - path) + 1) : NULL;
    const bool found = !end || (folder && px_file_is_folder(folder));
    free(folder);
    return found;
}

bool px_file_rename(const char *from, const char *to) {
    return rename(from, to) == 0;
}

void px_file_remove(const char *path) {
    unlink(path);
}

void px_file_remove_at_end(const char *path) {
    px_file_remove(path);
}

/* A descriptor, or -1. Who is told to stop in between stops when the name is gone. */
static int make_and_unlink(char *pattern) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int descriptor = mkstemp(pattern);
    if (descriptor >= 0)
        unlink(pattern);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return descriptor;
}

/* One that never has a name, of which nothing is left whatever ends the process: where the system
 * and the file system of the folder have such files. */
static int make_nameless(char *name) {
#ifdef O_TMPFILE
    char *end = strrchr(name, '/');
    const char after = end ? end[1] : '\0';
    if (end)
        end[1] = '\0';
    const int descriptor = open(end ? name : ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (end)
        end[1] = after;
    if (descriptor >= 0)
        return descriptor;
#endif
    return make_and_unlink(name);
}

FILE *px_file_nameless(const char *beside) {
    const size_t length = strlen(beside) + 8;
    char *name = malloc(length);
    if (!name)
        return NULL;
    snprintf(name, length, "%s.XXXXXX", beside);
    const int descriptor = make_nameless(name);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "w+b");
    if (descriptor >= 0 && !file)
        close(descriptor);
    free(name);
    return file;
}

bool px_folder_make(const char *path) {
    return mkdir(path, 0777) == 0;
}

void px_folder_remove(const char *path) {
    rmdir(path);
}

px_folder *px_folder_open(const char *path) {
    return (px_folder *)opendir(path);
}

const char *px_folder_next(px_folder *folder) {
    errno = 0;
    const struct dirent *entry = readdir((DIR *)folder);
    return entry ? entry->d_name : NULL;
}

void px_folder_close(px_folder *folder) {
    closedir((DIR *)folder);
}
