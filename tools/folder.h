/* Folders of files: what is in one, and one that is whole or not there. */
#ifndef TOOL_FOLDER_H
#define TOOL_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

typedef struct tool_folder {
    const char *path;
    char **names; /* of its images, in natural order: a2 before a10. Owned, as each of them is */
    size_t count, room;
} tool_folder;

/* False, with a message, if it cannot be read. */
bool tool_folder_open(tool_folder *folder, const char *path);
void tool_folder_close(tool_folder *folder);

/* Digits count as numbers. As strcmp. */
int tool_compare_naturally(const char *a, const char *b);

typedef struct tool_new_folder {
    const char *path; /* of the whole one */
    char *name;       /* to write to; owned */
} tool_new_folder;

/* Refuses one that is there already with something in it. One folder at a time: signals
 * that ask the process to end do not end it any more, but are told by tool_new_folder_stopped. */
bool tool_new_folder_begin(tool_new_folder *folder, const char *path);

/* 0, or the signal that asked to end. */
int tool_new_folder_stopped(void);

/* Gives the folder its name if all is well, or removes it with its files; true if it is there. */
bool tool_new_folder_end(tool_new_folder *folder, bool done);

#endif
