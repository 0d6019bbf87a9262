/*
 * Places without data. A mask says of an array where they are; holes say it of its planes, and from
 * which neighbour each takes its value: coders that know of holes spend nothing on them.
 * docs/FORMAT.md, "Holes". Internal.
 */
#ifndef PX_PLANES_HOLES_H
#define PX_PLANES_HOLES_H

#include "base/squeeze.h"
#include "planes/roles.h"

/* An array of uint8, 0 where there are data. Its dims are those of the elements that it is about,
 * or 1 along axes along which it says the same. */
typedef struct px_gaps {
    prism_array array;
    const uint8_t *missing;
} px_gaps;

/* NULL, or `mask` if it may be about an array of that shape. */
const px_gaps *px_gaps_for(const px_gaps *mask, const prism_array *array);

/* Sets the flags of elements without data; `mask` is for the array. */
void px_gaps_flag(bool *flags, const px_gaps *mask, const prism_array *array);

/* Whether element i has none. */
bool px_gaps_at(const px_gaps *mask, const prism_array *array, size_t i);

/* The mask of the squeezed array. */
px_gaps px_gaps_squeezed(const px_gaps *mask, const px_squeezed *squeezed);

/* What a sample without data is taken for. */
typedef enum px_hole {
    PX_HOLE_NONE = 0, /* it has data */
    PX_HOLE_WEST,     /* for its left neighbour, */
    PX_HOLE_NORTH,    /* for the one above, */
    PX_HOLE_NORTH_EAST,
    PX_HOLE_NORTH_WEST,
    PX_HOLE_BLANK /* for the mean of the plane */
} px_hole;

typedef struct px_holes {
    size_t height, width;
    size_t count;   /* of maps: 1 if all planes have the same, */
    size_t stride;  /* and bytes from one map to the next */
    uint8_t *first; /* map 0; vectors may reach over the ends of maps */
    uint8_t memory[];
} px_holes;

/* The holes of an array's planes, in an order of its axes that has all that are longer than 1; of a
 * mask that is for it. Free with free(). */
prism_status px_holes_make(px_holes **holes, const px_gaps *mask, const prism_array *array,
                           const px_roles *order, prism_error *error);
/* Of so many maps, and of what px_holes_link takes for the time. */
uint64_t px_holes_maps_bytes(size_t height, size_t width, size_t count);
uint64_t px_holes_link_bytes(size_t height, size_t width);
uint64_t px_holes_bytes(const px_gaps *mask, const prism_array *array, const px_roles *order);

/* Maps without holes; NULL without memory. Where they are filled with anything else but 0,
 * px_holes_link says what these places are taken for. It takes a little memory for the time. */
px_holes *px_holes_alloc(size_t height, size_t width, size_t count);
prism_status px_holes_link(px_holes *holes, prism_error *error);

/* Row 0, column 0 of plane k, in rows of holes->width; NULL if there are no holes. */
static inline const uint8_t *px_holes_of(const px_holes *holes, size_t k) {
    return holes ? holes->first + (holes->count > 1 ? k : 0) * holes->stride : NULL;
}

/* Samples of plane k that have data. */
size_t px_holes_left(const px_holes *holes, size_t k);

/* Where in rows of `stride` the neighbour is. */
static inline ptrdiff_t px_hole_place(uint8_t hole, size_t stride) {
    const ptrdiff_t up = -(ptrdiff_t)stride;
    const ptrdiff_t places[] = {0, -1, up, up + 1, up - 1, 0};
    return places[hole];
}

#endif
