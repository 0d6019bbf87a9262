/* Arrays: element types and shapes. Internal. */
#ifndef PX_ARRAY_H
#define PX_ARRAY_H

#include "prism.h"

/* Chunks of HDF5 are smaller than this, and so are ours: sizes fit 32 bits in the container. */
#define PX_ARRAY_LIMIT ((uint64_t)UINT32_MAX)

bool px_type_is_signed(prism_type type);

#endif
