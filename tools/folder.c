#include "folder.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "image.h"
#include "links.h"
#include "system/files.h"
#include "system/process.h"
#include "system/signals.h"

/* ---- What is in one ---- */

/* A run of digits: where it begins without zeros in front, and its length. */
static const char *number_at(const char *text, size_t *length) {
    text += strspn(text, "0");
    *length = strspn(text, "0123456789");
    return text;
}

int tool_compare_naturally(const char *a, const char *b) {
    const char *whole = a, *other = b;
    while (*a && *b) {
        if (!isdigit((unsigned char)*a) || !isdigit((unsigned char)*b)) {
            if (*a != *b)
                return (unsigned char)*a - (unsigned char)*b;
            a++, b++;
            continue;
        }
        size_t length, other_length;
        a = number_at(a, &length);
        b = number_at(b, &other_length);
        if (length != other_length)
            return length < other_length ? -1 : 1;
        const int order = memcmp(a, b, length);
        if (order)
            return order;
        a += length, b += length;
    }
    return *a || *b ? (unsigned char)*a - (unsigned char)*b : strcmp(whole, other);
}

static int compare_names(const void *a, const void *b) {
    return tool_compare_naturally(*(char *const *)a, *(char *const *)b);
}

static bool add_name(tool_folder *f, const char *name) {
    if (!tool_make_room(&f->names, &f->room, f->count, sizeof *f->names))
        return false;
    f->names[f->count] = strdup(name);
    return f->names[f->count++] || tool_fail("out of memory");
}

/* Hidden files are not the user's. */
static bool read_names(tool_folder *f, px_folder *folder) {
    bool done = true;
    for (const char *name; done && (name = px_folder_next(folder));)
        if (*name != '.' && tool_is_image(name))
            done = add_name(f, name);
    return done && (!errno || tool_fail("%s: %s", f->path, strerror(errno)));
}

bool tool_folder_open(tool_folder *f, const char *path) {
    *f = (tool_folder){.path = path};
    px_folder *folder = px_folder_open(path);
    if (!folder)
        return tool_fail("%s: %s", path, strerror(errno));
    const bool done = read_names(f, folder);
    px_folder_close(folder);
    if (f->count)
        qsort(f->names, f->count, sizeof *f->names, compare_names);
    return done;
}

void tool_folder_close(tool_folder *f) {
    for (size_t i = 0; i < f->count; i++)
        free(f->names[i]);
    free(f->names);
    *f = (tool_folder){.path = NULL};
}

/* ---- A new one ---- */

static volatile sig_atomic_t stopped;

static void note_signal(int number) {
    stopped = number;
}

int tool_new_folder_stopped(void) {
    return stopped;
}

static bool is_free(const char *path) {
    if (!px_file_exists(path))
        return true;
    if (!px_file_is_folder(path))
        return tool_fail("%s is there already, and no folder", path);
    size_t entries = 0;
    px_folder *folder = px_folder_open(path);
    while (folder && px_folder_next(folder))
        entries++;
    if (folder)
        px_folder_close(folder);
    return entries <= 2 || tool_fail("%s is there already, with something in it", path);
}

bool tool_new_folder_begin(tool_new_folder *f, const char *path) {
    const size_t length = strlen(path) + 32;
    size_t end = strlen(path);
    *f = (tool_new_folder){.path = path};
    if (!is_free(path))
        return false;
    f->name = malloc(length);
    if (!f->name)
        return tool_fail("out of memory");
    while (end > 1 && path[end - 1] == '/')
        end--;
    snprintf(f->name, length, "%.*s.%ld.part", (int)end, path, px_process_number());
    if (!px_file_has_folder(f->name))
        return tool_fail("%s: the folder for it is not there", path);
    px_signals_on_stop(note_signal);
    return px_folder_make(f->name) || tool_fail("%s: %s", f->name, strerror(errno));
}

static void remove_folder(const char *path) {
    px_folder *folder = px_folder_open(path);
    for (const char *name; folder && (name = px_folder_next(folder));) {
        char *file = tool_path(path, name);
        if (file && *name != '.')
            px_file_remove(file);
        free(file);
    }
    if (folder)
        px_folder_close(folder);
    px_folder_remove(path);
}

bool tool_new_folder_end(tool_new_folder *f, bool done) {
    if (done && !px_file_rename(f->name, f->path))
        done = tool_fail("%s: %s", f->path, strerror(errno));
    if (!done && f->name)
        remove_folder(f->name);
    free(f->name);
    return done;
}
