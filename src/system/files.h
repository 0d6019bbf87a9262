/* Files and folders as systems have them; failures leave errno. Internal. */
#ifndef PX_SYSTEM_FILES_H
#define PX_SYSTEM_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A descriptor, or -1, and a stream, or NULL. Bytes are read and written as they are. The stream
 * empties a file that it writes, or makes one. */
int px_file_open(const char *path, bool writing);
FILE *px_file_stream(const char *path, bool writing);

/* Whether all of them were there. The place where the descriptor reads next stays as it is. */
bool px_file_read_at(int descriptor, void *bytes, size_t size, uint64_t offset);

bool px_file_exists(const char *path);
bool px_file_is_same(const char *path, const char *other);
bool px_file_is_folder(const char *path);

/* Whether there is the folder that a file of this name is in, or would be. */
bool px_file_has_folder(const char *path);

/* A file of that name is replaced; a folder only where it is empty. */
bool px_file_rename(const char *from, const char *to);

void px_file_remove(const char *path);

/* As the last thing that a process does: it may have the file open. From a handler of signals,
 * too. */
void px_file_remove_at_end(const char *path);

/* One without a name, in the folder of the file `beside`: it goes when it is closed. NULL if there
 * is none to be had. */
FILE *px_file_nameless(const char *beside);

bool px_folder_make(const char *path);
void px_folder_remove(const char *path); /* if it is empty */

/* What is in a folder, "." and ".." among it; NULL with errno. The next name, until the next call;
 * NULL with errno 0 after the last one. */
typedef struct px_folder px_folder;
px_folder *px_folder_open(const char *path);
const char *px_folder_next(px_folder *folder);
void px_folder_close(px_folder *folder);

#endif
