/*
 * The colours of an array: the different tuples that its elements along an axis make, and which one
 * each position has. Internal.
 */
#ifndef PX_MAPPING_COLOUR_SET_H
#define PX_MAPPING_COLOUR_SET_H

#include "prism.h"

enum { PX_MOST_COLOURS = 1 << 16, PX_MOST_COLOUR_PLANES = 64 };

typedef struct px_colour_set {
    int axis;            /* of the elements of a colour */
    prism_array table;   /* [elements of a colour][colours] */
    void *colours;       /* elements of the table, in ascending order of colours */
    prism_array numbers; /* the array with one index along the axis; uint8, or uint16 */
    void *places;        /* in the table, of all positions */
    size_t changes;      /* positions whose colour differs from that of the one before */
} px_colour_set;

/* Whether positions all over the array have few colours. */
prism_status px_colours_seem_few(bool *few, const prism_array *array, int axis,
                                 const void *elements, prism_error *error);

/* Without colours where there are more than `most`. Free with px_colour_set_free. */
prism_status px_colour_set_make(px_colour_set *set, const prism_array *array, int axis,
                                const void *elements, size_t most, prism_error *error);
void px_colour_set_free(px_colour_set *set);

static inline size_t px_colour_count(const px_colour_set *set) {
    return set->colours ? (size_t)set->table.dims[1] : 0;
}

#endif
