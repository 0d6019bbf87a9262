/* Distributions for method quick: integer digits, 2^PX_QUICK_BITS slots. Internal. */
#ifndef PX_QUICK_TABLES_H
#define PX_QUICK_TABLES_H

#include "coders/ans/lsq/wave.h"
#include "base/pool.h"

/* Deviation of a class as px_shape_distribution takes it. */
static inline int px_quick_scale(int quick_class) {
    return 2 * quick_class + 10;
}

/* Tables for the first PX_QUICK_TABLES shapes; owned by the pool. NULL without memory. */
const px_quick_shapes *px_quick_tables_make(px_pool *pool, const uint8_t *shapes);

#endif
