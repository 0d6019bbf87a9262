/*
 * Planes with pads, and tiles of them. Taps reach over the edges of a plane: its samples lie in
 * rows with two pads on the left and one on the right, below two rows of pads and above one. Planes
 * that are doubled in both directions are coded at half their size. Internal.
 */
#ifndef PX_LINEAR_GEOMETRY_H
#define PX_LINEAR_GEOMETRY_H

#include "base/pool.h"

enum {
    PX_PAD_LEFT = 2,
    PX_PAD_TOP = 2,
    PX_PAD_RIGHT = 1,
    PX_PAD_BOTTOM = 1,
    PX_PLANE_GUARD = 128 /* elements around the planes, for vectors that reach over the ends */
};

typedef struct px_geometry {
    size_t height, width, stride;
    size_t origin;     /* of row 0, column 0 among the positions */
    size_t tile_count; /* tiles of PX_TILE positions, pads included */
} px_geometry;

px_geometry px_geometry_make(size_t height, size_t width);

/* The same without the pad below, which only squares ask for. */
px_geometry px_geometry_open(size_t height, size_t width);

/* The same without pads: planes that only positions of their own are asked of. */
px_geometry px_geometry_bare(size_t height, size_t width);

/* A padded plane becomes a bare one at the beginning of its memory, which is returned; its pads are
 * lost. */
int16_t *px_strip_pads(const px_geometry *geometry, int16_t *plane);

/* A bare plane of couples at the beginning of a padded one goes to its place, and gets pads: the
 * nearest couple of the plane. */
void px_spread_couples(const px_geometry *geometry, int32_t *plane);

/* The same of planes whose elements, positions of several planes side by side, have `size` bytes.
 */
void *px_strip(const px_geometry *geometry, void *plane, size_t size);
void px_spread(const px_geometry *geometry, void *plane, size_t size);

/* Pads of such planes: the nearest element; of rows from `first` to before `last`, with those above
 * the first row of the plane and below the last one. */
void px_replicate(const px_geometry *geometry, void *plane, size_t size);
void px_replicate_rows(const px_geometry *geometry, void *plane, size_t size, size_t first,
                       size_t last);

/* Bytes of what is taken below. */
uint64_t px_padded_bytes(const px_geometry *geometry, size_t element_size);
uint64_t px_tiles_bytes(const px_geometry *geometry, size_t pairs);
uint64_t px_couples_bytes(const px_geometry *geometry, size_t pairs);

/* A plane of zeros; the pointer is to row 0, column 0, owned by the pool. NULL without memory. */
void *px_padded_take(px_pool *pool, const px_geometry *geometry, size_t element_size);

/* The same for a plane whose rows are all zeros: one of them. */
void *px_zero_row_take(px_pool *pool, const px_geometry *geometry, size_t element_size);
uint64_t px_zero_row_bytes(const px_geometry *geometry, size_t element_size);

/* A row with the one above it, both zeros; the pointer is to column 0 of the lower one. */
void *px_two_rows_take(px_pool *pool, const px_geometry *geometry, size_t element_size);
uint64_t px_two_rows_bytes(const px_geometry *geometry, size_t element_size);

/* Pads of samples: the nearest sample of the plane. */
void px_replicate_pads(const px_geometry *geometry, int16_t *plane);

/* ---- Tiles: all planes of a group, two by two (product_kernels.h) ---- */

typedef struct px_tiles {
    size_t count, pairs, span; /* elements from one tile to the next */
    size_t shift;              /* 1: plane 0 is the second one, since the first one is another's */
    int32_t *elements;
} px_tiles;

/* Planes must be stored in their order: the first one of two clears the place of the other. Nothing
 * may be asked of those that are not stored. */
px_tiles px_tiles_take(px_pool *pool, const px_geometry *geometry, size_t pairs);

/* Of a plane that takes the second place in the tiles of another one, and is stored after it. */
px_tiles px_tiles_shared(const px_tiles *tiles);
void px_tiles_store(const px_tiles *tiles, const px_geometry *geometry, size_t index,
                    const int16_t *plane);

/* The same back, with its pads. */
void px_tiles_load(const px_tiles *tiles, const px_geometry *geometry, size_t index,
                   int16_t *plane);

/* ---- Couples: the same planes two by two, each pair a padded plane of its own ---- */

typedef struct px_couples {
    size_t pairs, span; /* elements from one pair to the next */
    int32_t *elements;  /* position 0 of pair 0 */
} px_couples;

/* Zeros. */
px_couples px_couples_take(px_pool *pool, const px_geometry *geometry, size_t pairs);

/* A plane with its pads, replacing the half that it is. */
void px_couples_store(const px_couples *couples, const px_geometry *geometry, size_t index,
                      const int16_t *plane);

void px_couples_load(const px_couples *couples, const px_geometry *geometry, size_t index,
                     int16_t *plane);

/* Pads of couples, as px_replicate_pads. */
void px_replicate_couples(const px_geometry *geometry, int32_t *plane);

/* ---- Doubled planes ---- */

/*
 * Along one direction, every other place repeats the one before it: 1, 3, 5, ... with phase 0,
 * 2, 4, 6, ... with phase 1. Half places are those that do not.
 */
static inline size_t px_halved(size_t full, int phase) {
    return (full + 1 + (size_t)phase) / 2;
}

static inline size_t px_half_place(size_t full, int phase) {
    return (full + (size_t)phase) / 2;
}

/* The first of the places that stand for half place `half`. */
static inline size_t px_full_place(size_t half, int phase) {
    return half && phase ? 2 * half - 1 : 2 * half;
}

typedef struct px_phase {
    int rows, columns; /* 0 or 1 each */
} px_phase;

px_geometry px_geometry_halved(const px_geometry *full, px_phase phase);

/* Every sample that is not a copy, and back. Pads are not set. Both planes may be the same memory.
 */
void px_shrink(int16_t *half, const px_geometry *half_geometry, const int16_t *full,
               const px_geometry *full_geometry, px_phase phase);
void px_shrink_couples(int32_t *half, const px_geometry *half_geometry, const int32_t *full,
                       const px_geometry *full_geometry, px_phase phase);
void px_grow(int16_t *full, const px_geometry *full_geometry, const int16_t *half,
             const px_geometry *half_geometry, px_phase phase);

#endif
