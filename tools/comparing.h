/* What the parts of a comparison share: compare.c goes through the objects, the others see to types
 * and values, and to datasets. All return false, with a message, at a difference. */
#ifndef TOOL_COMPARING_H
#define TOOL_COMPARING_H

#include "chunked.h"
#include "compare.h"
#include "crew.h"
#include "objects.h"

/* Two objects that should be the same. */
typedef struct tool_match {
    haddr_t from, to;
    char *path; /* owned */
} tool_match;

typedef struct tool_comparing {
    const tool_comparison *files;
    tool_match *matches;
    size_t count, room;
    tool_objects forth, back; /* addresses of the original to those of the copy, and back */
    tool_crew crew;           /* without slots until it is needed */
} tool_comparing;

/* "PATH: the copy has another WHAT"; false. */
bool tool_differs(const char *path, const char *what);

/* Whether these are the same object, as far as is known; two that are new are to be compared. */
bool tool_match_objects(tool_comparing *c, hid_t from, hid_t to, const char *path);

/* ---- compare_values.c ---- */

bool tool_compare_types(tool_comparing *c, hid_t from, hid_t to, const char *path);

/* Whether values are the same. Without a message. */
bool tool_same_values(const tool_comparing *c, hid_t type, const void *from, const void *to,
                      size_t count);

/* Whether the same elements are selected. Without a message. */
bool tool_same_selection(hid_t from, hid_t to);

/* ---- compare_properties.c ---- */

/* What is set when a file is created, and its user block. */
bool tool_compare_files(hid_t from, hid_t to);

/* What is set when an object is created, of those that every kind of object has, and groups. */
bool tool_compare_properties(hid_t from, hid_t to, const char *path);

/* When a dataset takes space in the file, by creation lists. */
bool tool_compare_allocation(hid_t from, hid_t to, const char *path);

/* ---- compare_datasets.c ---- */

bool tool_compare_datasets(tool_comparing *c, hid_t from, hid_t to, const char *path);

/* ---- compare_chunks.c ---- */

/* The elements of all chunks of a copy that is compressed by h5prism alone. */
bool tool_compare_chunks(tool_comparing *c, const tool_chunked *from, const tool_chunked *to);

#endif
