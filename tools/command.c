#include "command.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

bool tool_fail(const char *format, ...) {
    va_list values;
    va_start(values, format);
    fputs("h5prism: ", stderr);
    vfprintf(stderr, format, values);
    fputc('\n', stderr);
    va_end(values);
    return false;
}

void tool_progress(const char *what, size_t done, size_t all) {
    enum { WIDTH = 40 };
    static const char bar[] = "########################################";
    const int filled = (int)(done * WIDTH / all);
    if (!isatty(STDERR_FILENO))
        return;
    fprintf(stderr, "\r%-8s [%-*.*s] %3d %%", what, WIDTH, filled, bar, (int)(done * 100 / all));
    if (done == all)
        fprintf(stderr, "\r%*s\r", WIDTH + 18, "");
    fflush(stderr);
}
