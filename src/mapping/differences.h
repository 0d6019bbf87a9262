/*
 * Smooth numbers of more than 16 bits: differences along axes, so that 16 bits hold what is left of
 * them. Internal.
 */
#ifndef PX_MAPPING_DIFFERENCES_H
#define PX_MAPPING_DIFFERENCES_H

#include "base/bytes.h"

enum { PX_MOST_DIFFERENCES = 4 };

/*
 * Step s takes from each number, modulo 2^64, the one before it along axes[s], unless its index
 * there is less than the number of steps along that axis so far, this one included. Numbers whose
 * index is 0 along all axes of the steps then lose the one before among themselves, in C order; the
 * first one loses `base`.
 */
typedef struct px_differences {
    unsigned count;
    uint8_t axes[PX_MOST_DIFFERENCES];
    uint64_t base;
} px_differences;

/* Nothing is done if there are no steps. */
void px_differences_apply(uint64_t *numbers, const prism_array *array, const px_differences *d);
void px_differences_undo(uint64_t *numbers, const prism_array *array, const px_differences *d);

/* Steps that smooth arrays of this shape may gain from; returns how many, at most `room`. */
size_t px_differences_candidates(px_differences *list, size_t room, const prism_array *array);

void px_differences_write(px_buffer *out, const px_differences *d);

/* Sets in->failed where there are too many, or an axis is not the array's. */
void px_differences_read(px_differences *d, px_reader *in, const prism_array *array);

#endif
