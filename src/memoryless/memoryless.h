/* When samples are worth coding by their histogram alone. Internal. */
#ifndef PX_MEMORYLESS_H
#define PX_MEMORYLESS_H

#include "native.h"

/* About how many bytes px_memoryless needs; SIZE_MAX if there are too many values for it. */
size_t px_memoryless_bytes(const px_planes *planes);

#endif
