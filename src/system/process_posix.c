#include "system/process.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

void px_process_begin(int *count, char ***arguments) {
    (void)count;
    (void)arguments;
}

long px_process_number(void) {
    return (long)getpid();
}

int px_process_become(char **arguments) {
    return execvp(arguments[0], arguments);
}

static double seconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double px_seconds(void) {
    return seconds(CLOCK_MONOTONIC);
}

double px_processor_seconds(void) {
    return seconds(CLOCK_PROCESS_CPUTIME_ID);
}

uint64_t px_machine_memory(void) {
    const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    return pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : 0;
}

void px_variable_set(const char *name, const char *value) {
    setenv(name, value, 1);
}

bool px_has_terminal(void) {
    return isatty(STDERR_FILENO);
}
