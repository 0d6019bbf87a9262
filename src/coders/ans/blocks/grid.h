/* How pictures fall into blocks: squares of `side` positions, row after row; the last ones of rows
 * and columns may be smaller. Internal. */
#ifndef PX_BLOCKS_GRID_H
#define PX_BLOCKS_GRID_H

#include <stdbool.h>
#include <stddef.h>

#include "planes/planes.h"

typedef struct px_grid_of_blocks {
    size_t height, width, side; /* of pictures and of blocks */
    size_t rows, columns;       /* of blocks */
} px_grid_of_blocks;

px_grid_of_blocks px_grid_of_blocks_make(size_t height, size_t width, size_t side);

static inline size_t px_blocks_count(const px_grid_of_blocks *grid) {
    return grid->rows * grid->columns;
}

/* 0 to 3: blocks of equal shapes have equal sizes. All are 0 but those that edges cut. */
size_t px_block_shape(const px_grid_of_blocks *grid, size_t index);

px_rectangle px_block_at(const px_grid_of_blocks *grid, size_t index);

#endif
