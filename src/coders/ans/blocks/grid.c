#include "coders/ans/blocks/grid.h"

#include "base/sizes.h"

static size_t parts(size_t length, size_t side) {
    return (length - 1) / side + 1;
}

px_grid_of_blocks px_grid_of_blocks_make(size_t height, size_t width, size_t side) {
    return (px_grid_of_blocks){.height = height,
                               .width = width,
                               .side = side,
                               .rows = parts(height, side),
                               .columns = parts(width, side)};
}

px_rectangle px_block_at(const px_grid_of_blocks *grid, size_t index) {
    px_rectangle block = {.y = index / grid->columns * grid->side,
                          .x = index % grid->columns * grid->side};
    block.height = px_smaller(grid->side, grid->height - block.y);
    block.width = px_smaller(grid->side, grid->width - block.x);
    return block;
}

size_t px_block_shape(const px_grid_of_blocks *grid, size_t index) {
    const bool low = index / grid->columns + 1 == grid->rows && grid->height % grid->side;
    const bool narrow = index % grid->columns + 1 == grid->columns && grid->width % grid->side;
    return 2 * (size_t)low + narrow;
}
