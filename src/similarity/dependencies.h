/* Which frames have to be decoded for a frame: itself, its references, theirs, and so on. At most
 * PX_CHAIN. Internal. */
#ifndef PX_SIMILARITY_DEPENDENCIES_H
#define PX_SIMILARITY_DEPENDENCIES_H

#include "similarity/plan.h"

typedef struct px_dependencies {
    uint32_t count;
    uint32_t turns[PX_CHAIN]; /* ascending; the last one is the frame's own */
} px_dependencies;

/* The dependencies of the frame of `turn`; `all` has those of the turns before. False if it would
 * have more than `limit` frames. */
bool px_dependencies_make(px_dependencies *dependencies, const px_dependencies *all, uint32_t turn,
                          const uint32_t *references, size_t count, uint32_t limit);

#endif
