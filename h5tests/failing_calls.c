/*
 * Put before a program by LD_PRELOAD: from call FAIL_FROM on, calls that write to files fail with
 * the error FAIL_BY. How many there were goes to the file CALLS where the program ends well. Call
 * STOP_AT brings the signal STOP_BY, and a file of a temporary name STOP_AT_NAME, or one without a
 * name STOP_NAMELESS, if these are set. With NO_NAMELESS there are none of the latter.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long calls;

static long number_of(const char *variable) {
    const char *text = getenv(variable);
    return text ? atol(text) : 0;
}

static int fails(int file) {
    if (file <= STDERR_FILENO)
        return 0;
    const long from = number_of("FAIL_FROM"), call = ++calls;
    if (call == number_of("STOP_AT"))
        raise((int)number_of("STOP_BY"));
    if (!from || call < from)
        return 0;
    errno = (int)number_of("FAIL_BY");
    return 1;
}

#define REAL(name, result, ...) (((result(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)))

ssize_t write(int file, const void *bytes, size_t size) {
    return fails(file) ? -1 : REAL(write, ssize_t, int, const void *, size_t)(file, bytes, size);
}

ssize_t pwrite64(int file, const void *bytes, size_t size, off64_t offset) {
    return fails(file) ? -1
                       : REAL(pwrite64, ssize_t, int, const void *, size_t, off64_t)(file, bytes,
                                                                                     size, offset);
}

ssize_t pwrite(int file, const void *bytes, size_t size, off_t offset) {
    return pwrite64(file, bytes, size, offset);
}

int ftruncate64(int file, off64_t size) {
    return fails(file) ? -1 : REAL(ftruncate64, int, int, off64_t)(file, size);
}

int ftruncate(int file, off_t size) {
    return ftruncate64(file, size);
}

int fsync(int file) {
    return fails(file) ? -1 : REAL(fsync, int, int)(file);
}

int mkstemp64(char *name) {
    const int file = REAL(mkstemp64, int, char *)(name);
    raise((int)number_of("STOP_AT_NAME"));
    return file;
}

int mkstemp(char *name) {
    return mkstemp64(name);
}

static int open_file(const char *name, int flags, mode_t mode) {
    const int nameless = (flags & O_TMPFILE) == O_TMPFILE;
    if (nameless && number_of("NO_NAMELESS")) {
        errno = EOPNOTSUPP;
        return -1;
    }
    const int file = REAL(open64, int, const char *, int, mode_t)(name, flags, mode);
    if (nameless)
        raise((int)number_of("STOP_NAMELESS"));
    return file;
}

#define OPEN(NAME)                                                                                 \
    int NAME(const char *name, int flags, ...) {                                                   \
        va_list values;                                                                            \
        va_start(values, flags);                                                                   \
        const mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(values, mode_t) : 0;            \
        va_end(values);                                                                            \
        return open_file(name, flags, mode);                                                       \
    }

OPEN(open)
OPEN(open64)

__attribute__((destructor)) static void tell(void) {
    const char *path = getenv("CALLS");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (file)
        fprintf(file, "%ld\n", calls);
    if (file)
        fclose(file);
}
