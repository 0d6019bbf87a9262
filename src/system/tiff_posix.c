#include "system/tiff.h"

TIFF *px_tiff_open(const char *path, const char *mode) {
    return TIFFOpen(path, mode);
}
