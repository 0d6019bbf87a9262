#include "system/library.h"

#include <stddef.h>
#include <string.h>
#include <windows.h>

/* The module is the address where it begins. */
bool px_library_of(px_library *library, const void *code) {
    HMODULE module;
    *library = (px_library){.handle = NULL};
    if (!GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, code, &module))
        return false;
    *library = (px_library){.handle = module, .base = module, .opened = true};
    return true;
}

void px_library_close(px_library *library) {
    if (library->opened)
        FreeLibrary(library->handle);
    *library = (px_library){.handle = NULL};
}

void *px_library_symbol(const px_library *library, const char *name) {
    const FARPROC found = GetProcAddress(library->handle, name);
    void *symbol;
    memcpy(&symbol, &found, sizeof symbol);
    return symbol;
}

/* GetProcAddress finds no others. */
bool px_library_holds(const px_library *library, const void *symbol) {
    return library->handle && symbol;
}

void *px_program_symbol(const char *name) {
    (void)name;
    return NULL;
}
