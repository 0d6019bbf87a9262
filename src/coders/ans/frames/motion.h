/*
 * What moves from a frame to the next: for each block of a frame, and for each of its references,
 * where in the reference it is found. docs/format-frames.md, "Motion". Internal.
 */
#ifndef PX_FRAMES_MOTION_H
#define PX_FRAMES_MOTION_H

#include "base/pool.h"
#include "entropy/field_coder.h"
#include "planes/stages.h"
#include "similarity/plan.h"

enum { PX_MOTION_BLOCK = 16 };

typedef struct px_vector {
    int y, x;
} px_vector;

typedef struct px_motion {
    size_t rows, columns; /* of blocks */
    /* Of the frame at work. */
    bool moves[PX_REFERENCES];
    px_vector *vectors[PX_REFERENCES]; /* [rows][columns] */
    double *costs;                     /* [2][rows][columns] at rest and moving; when encoding */
    /* Of all frames. */
    px_bit any;
    px_integer steps[2];
    px_pool pool;
} px_motion;

/* Bytes of the motion. */
uint64_t px_motion_memory(size_t height, size_t width);

/* px_motion_free also after a failure. */
prism_status px_motion_make(px_motion *motion, size_t height, size_t width, prism_error *error);
void px_motion_free(px_motion *motion);

/* Looks for blocks of a frame in its reference number `r`. */
prism_status px_motion_find(px_motion *motion, const px_planes *planes, size_t frame,
                            size_t reference, size_t r, prism_error *error);

/* About the bits of a vector for a block. */
int px_motion_bits(const px_motion *motion, size_t r, size_t block, px_vector vector);

/* Both directions; of `references` references. */
void px_motion_code(px_motion *motion, px_field_coder *side, size_t references);

/* Where the block of a position is found. */
static inline px_vector px_motion_at(const px_motion *motion, size_t r, size_t y, size_t x) {
    if (!motion || !motion->moves[r])
        return (px_vector){0, 0};
    return motion->vectors[r][y / PX_MOTION_BLOCK * motion->columns + x / PX_MOTION_BLOCK];
}

#endif
