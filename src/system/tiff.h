/* libtiff's files by names in UTF-8. Internal. */
#ifndef PX_SYSTEM_TIFF_H
#define PX_SYSTEM_TIFF_H

#include <tiffio.h>

/* As TIFFOpen. */
TIFF *px_tiff_open(const char *path, const char *mode);

#endif
