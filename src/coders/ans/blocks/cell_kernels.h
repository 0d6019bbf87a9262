/* A block of 4 x 4 (cell.h): all of its planes. Internal. */
#ifndef PX_BLOCKS_CELL_KERNELS_H
#define PX_BLOCKS_CELL_KERNELS_H

#include "entropy/rans.h"
#include "entropy/shapes.h"
#include "linear/product_kernels.h"
#include "simd/simd.h"

enum {
    PX_CELL_SIDE = 4,
    PX_CELL_SIZE = PX_CELL_SIDE * PX_CELL_SIDE,
    PX_CELL_OWN_TAPS = 6,
    PX_CELL_INNOVATION_OWN_TAPS = 4
};

/* What is said of a plane: two lines of the cache. Taps and the rest are as in px_wave. */
typedef struct px_cell_plane {
    int32_t taps_mixed[PX_SQUARE_TAPS], taps_innovation[PX_SQUARE_TAPS];
    int32_t taps_own[PX_CELL_OWN_TAPS]; /* times 2^fraction */
    int16_t innovation_own[PX_CELL_INNOVATION_OWN_TAPS];
    int32_t bias;
    uint16_t start_error;
    int16_t mean, average, rate; /* of the running mean */
    int16_t scale_offset, scale_error, scale_running, scale_blur;
    uint8_t fraction, sample_shift, innovation_shift; /* of the sums for P and E */
    bool constant;
} px_cell_plane;

typedef struct px_cell {
    size_t planes;
    unsigned depth;
    bool mixes;
    px_cell_plane *each;
    /* Couples of weights for P and E by turns, of px_cell_pairs(k) pairs of planes before plane k,
     * one plane after the other. */
    int32_t *weights;
    int32_t *pairs;   /* [pairs][2][PX_CELL_SIZE] samples and innovations of planes, two by two */
    int16_t *samples; /* [planes][PX_CELL_SIZE] of the block that was decoded last */
    const px_ladders *ladders;
} px_cell;

/* Pairs of planes before plane k; an even number, of which the last may be none. */
static inline size_t px_cell_pairs(size_t k) {
    return (k + 3) / 4 * 2;
}

typedef struct px_cell_kernels {
    /* The first planes of a block, from a stream of two states; stream->failed where there are too
     * few words. */
    void (*decode)(px_cell *cell, size_t planes, px_rans_stream *stream);
} px_cell_kernels;

PX_KERNEL_TABLES(px_cell_kernels)

#endif
