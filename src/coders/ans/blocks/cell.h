/*
 * Blocks of 4 x 4 that are decoded one at a time: the sixteen positions of a plane are the lanes of
 * a vector, and what a model says of a plane lies in one place, in the order in which a block asks
 * for it. Internal.
 */
#ifndef PX_BLOCKS_CELL_H
#define PX_BLOCKS_CELL_H

#include "base/pool.h"
#include "coders/ans/blocks/cell_kernels.h"
#include "coders/ans/lsq/model.h"

/* Of a group's model, the first `planes` of it; all memory is the pool's. */
prism_status px_cell_make(px_cell **cell, px_pool *pool, const px_lsq_model *model, size_t planes,
                          prism_error *error);

/* Bytes of it. */
uint64_t px_cell_memory(size_t planes);

#endif
