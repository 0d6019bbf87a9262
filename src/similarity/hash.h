/* Perceptual hashes: planes that look alike have hashes that differ in few bits. Internal. */
#ifndef PX_SIMILARITY_HASH_H
#define PX_SIMILARITY_HASH_H

#include "planes/planes.h"

/* Bit 63 is that of the first cell; rows of eight from the top. */
typedef struct px_hashes {
    uint64_t average, difference, dct;
} px_hashes;

enum { PX_CELLS = 32 };

/*
 * Sums over the cells of a grid laid over the plane, in which a sample counts by the share of it
 * that lies in the cell: area averaging without rounding, since every sum has weights of
 * height x width in all.
 */
void px_cell_sums(const px_planes *planes, size_t index, size_t rows, size_t columns,
                  int64_t *sums);

/* Leaves in `cells` the sums of PX_CELLS x PX_CELLS cells. */
px_hashes px_hash_plane(const px_planes *planes, size_t index, int64_t *cells);

/* Bits in which the hashes differ, of all three kinds. */
static inline unsigned px_hash_distance(const px_hashes *a, const px_hashes *b) {
    return (unsigned)(__builtin_popcountll(a->average ^ b->average) +
                      __builtin_popcountll(a->difference ^ b->difference) +
                      __builtin_popcountll(a->dct ^ b->dct));
}

#endif
