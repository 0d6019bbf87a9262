/* Method blocks: docs/FORMAT.md, "Method 8, blocks". Internal. */
#ifndef PX_BLOCKS_BLOCKS_H
#define PX_BLOCKS_BLOCKS_H

#include "planes/stages.h"

/* Whether there is more than one block of that side, and enough of a picture to fit a model to. */
bool px_blocks_suit(const px_planes *planes, int side);

/* The function of px_coder_stage. */
prism_status px_blocks_encode(const px_planes *planes, const px_task *task, px_coded *out,
                              prism_error *error);

#endif
