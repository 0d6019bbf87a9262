#include "system/tiff.h"

#include <stdlib.h>

#include "system/wide.h"

TIFF *px_tiff_open(const char *path, const char *mode) {
    wchar_t *name = px_wide(path);
    TIFF *tiff = name ? TIFFOpenW(name, mode) : NULL;
    free(name);
    return tiff;
}
