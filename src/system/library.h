/* The library of a process that a piece of code belongs to, and what is in it. Internal. */
#ifndef PX_SYSTEM_LIBRARY_H
#define PX_SYSTEM_LIBRARY_H

#include <stdbool.h>

typedef struct px_library {
    void *handle;
    const void *base; /* where it begins in memory */
    bool opened;      /* to be closed */
} px_library;

/* The one that holds the code at that address. False if there is none: nothing is to be closed. */
bool px_library_of(px_library *library, const void *code);
void px_library_close(px_library *library);

/* NULL if there is no such symbol. It may be one of a library that this one depends on: see
 * px_library_holds. */
void *px_library_symbol(const px_library *library, const char *name);

/* Whether a symbol is of this library itself. */
bool px_library_holds(const px_library *library, const void *symbol);

/* The symbol that the whole program goes by, where systems have such: NULL elsewhere. */
void *px_program_symbol(const char *name);

#endif
