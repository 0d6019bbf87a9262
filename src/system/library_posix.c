#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* dladdr, RTLD_DEFAULT, RTLD_NOLOAD */
#endif
#include "system/library.h"

#include <dlfcn.h>
#include <stddef.h>

/* Shared libraries have a handle by their name; a statically linked program has none, but may
 * export symbols. */
bool px_library_of(px_library *library, const void *code) {
    Dl_info found;
    *library = (px_library){.handle = NULL};
    if (!dladdr(code, &found) || !found.dli_fname)
        return false;
    library->handle = dlopen(found.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
    library->opened = library->handle != NULL;
    library->base = found.dli_fbase;
    if (!library->opened)
        library->handle = RTLD_DEFAULT;
    return true;
}

void px_library_close(px_library *library) {
    if (library->opened)
        dlclose(library->handle);
    *library = (px_library){.handle = NULL};
}

void *px_library_symbol(const px_library *library, const char *name) {
    return dlsym(library->handle, name);
}

bool px_library_holds(const px_library *library, const void *symbol) {
    Dl_info found;
    return dladdr(symbol, &found) && found.dli_fbase == library->base;
}

void *px_program_symbol(const char *name) {
    return dlsym(RTLD_DEFAULT, name);
}
