#include "command.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sizes.h"
#include "system/process.h"

static bool failed;

bool tool_has_failed(void) {
    return failed;
}

bool tool_fail(const char *format, ...) {
    va_list values;
    failed = true;
    va_start(values, format);
    tool_progress_clear();
    fputs("h5prism: ", stderr);
    vfprintf(stderr, format, values);
    fputc('\n', stderr);
    va_end(values);
    return false;
}

/* ---- Lists ---- */

bool tool_make_room(void *items, size_t *room, size_t count, size_t size) {
    enum { LEAST = 16 };
    void *all;
    if (count < *room)
        return true;
    const size_t larger = *room ? 2 * *room : LEAST;
    memcpy(&all, items, sizeof all);
    all = px_realloc(all, larger, size);
    if (!all)
        return tool_fail("out of memory");
    memcpy(items, &all, sizeof all);
    *room = larger;
    return true;
}

/* ---- Progress ---- */

static bool shown; /* a bar */

void tool_progress_clear(void) {
    if (shown)
        fputs("\r\033[K", stderr);
    shown = false;
}

void tool_progress(const char *what, size_t done, size_t all) {
    tool_progress_noted(what, done, all, "");
}

void tool_progress_noted(const char *what, size_t done, size_t all, const char *note) {
    enum { WIDTH = 40 };
    static const char bar[] = "########################################";
    static const double interval = 0.1;
    static double last;
    const double now = tool_seconds(), part = all ? (double)done / (double)all : 1;
    if (!px_has_terminal() || (done < all && now - last < interval))
        return;
    last = now;
    fprintf(stderr, "\r%-8s [%-*.*s] %3d %% %s\033[K", what, WIDTH, (int)(part * WIDTH), bar,
            (int)(part * 100), note);
    shown = true;
    if (done == all)
        tool_progress_clear();
    fflush(stderr);
}

double tool_seconds(void) {
    return px_seconds();
}

void tool_print_json_text(const char *text) {
    putchar('"');
    for (; *text; text++)
        if (*text == '"' || *text == '\\')
            printf("\\%c", *text);
        else if ((unsigned char)*text < ' ')
            printf("\\u%04x", (unsigned)*text);
        else
            putchar(*text);
    putchar('"');
}
