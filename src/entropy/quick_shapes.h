/* Distributions for method quick: integer digits, 2^PX_QUICK_BITS slots. Internal. */
#ifndef PX_ENTROPY_QUICK_SHAPES_H
#define PX_ENTROPY_QUICK_SHAPES_H

#include "base/pool.h"
#include "entropy/rans.h"

enum {
    PX_QUICK_VECTORS = PX_RANS_VECTORS,
    PX_QUICK_BITS = 11,   /* of probabilities */
    PX_QUICK_TABLES = 14, /* scales that have tables, two an octave */
    PX_QUICK_CLASSES = PX_QUICK_TABLES + 2 * 11,
    PX_QUICK_DIGITS = 256, /* more than there are */
    PX_QUICK_ESCAPE =
        511 /* digit of `decode` that stands for an escape; negative for those below */
};

/* The tables of a chunk. */
typedef struct px_quick_shapes {
    int32_t limits[32];                               /* largest digits, which are escapes */
    int32_t encode[PX_QUICK_TABLES][PX_QUICK_DIGITS]; /* digit + 128 to start | share << 16 */
    /* slot to digit << 22 | share - 1 << 11 | start; encoders have none */
    int32_t decode[PX_QUICK_TABLES][1 << PX_QUICK_BITS];
} px_quick_shapes;

/* Deviation of a class as px_shape_distribution takes it. */
static inline int px_quick_scale(int quick_class) {
    return 2 * quick_class + 10;
}

/* Tables for the first PX_QUICK_TABLES shapes; owned by the pool. NULL without memory. Encoders say
 * of which they have symbols. */
const px_quick_shapes *px_quick_tables_make(px_pool *pool, const uint8_t *shapes, const bool *used);

#endif
