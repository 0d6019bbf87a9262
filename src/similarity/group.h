/* Frames that resemble each other into groups of a given size, for chunks. Internal. */
#ifndef PX_SIMILARITY_GROUP_H
#define PX_SIMILARITY_GROUP_H

#include "similarity/signature.h"

/*
 * Fills `order` with the frames of the signatures: every `size` of them are a group (the last one
 * may be smaller), ascending within it. In the order in which they came where that is as good.
 */
prism_status px_stack_group(uint32_t *order, const px_signatures *s, size_t size, int effort,
                            prism_error *error);

#endif
