/* Which frames have to be decoded for a frame: itself, its references, theirs, and so on. At most
 * PX_CHAIN. Internal. */
#ifndef PX_STACK_CLOSURE_H
#define PX_STACK_CLOSURE_H

#include "similarity/plan.h"

typedef struct px_dependencies {
    uint32_t count;
    uint32_t turns[PX_CHAIN]; /* ascending; the last one is the frame's own */
} px_dependencies;

/* The closure of the frame of `turn`; `closures` has those of the turns before. False if it would
 * have more than `limit` frames. */
bool px_dependencies_make(px_dependencies *closure, const px_dependencies *closures, uint32_t turn,
                          const uint32_t *references, size_t count, uint32_t limit);

#endif
