/* Blocks of planes side by side, as models are fitted to them. Internal. */
#ifndef PX_LSQ_BLOCK_ROW_H
#define PX_LSQ_BLOCK_ROW_H

#include "planes/planes.h"

/* Blocks of the same width; the last one may be lower than the first one, by one row. */
typedef struct px_block_list {
    const px_rectangle *blocks;
    size_t count;
    bool pads; /* between them, which are holes of the row */
} px_block_list;

/* The shape of planes as a row of blocks, with the holes between them; no samples. Free it with
 * px_planes_free, also after a failure. */
prism_status px_block_row_shape(px_planes *row, const px_planes *planes, size_t count,
                                const px_block_list *list, prism_error *error);

/* Planes first..first + count - 1 as a row of blocks that is as high as the first one. Free it with
 * px_planes_free, also after a failure. */
prism_status px_block_row_make(px_planes *row, const px_planes *planes, size_t first, size_t count,
                               const px_block_list *list, int threads, prism_error *error);

#endif
