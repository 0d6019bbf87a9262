/* Boxes: parts of arrays, a range along each axis. Internal. */
#ifndef PX_PLANES_BOX_H
#define PX_PLANES_BOX_H

#include "planes/stages.h"

typedef struct px_box {
    uint64_t start[PRISM_MAX_RANK], count[PRISM_MAX_RANK]; /* one for each axis of the array */
} px_box;

/* Many boxes: starts[box][rank], count[rank], or count[box][rank] where their counts differ. */
typedef struct px_boxes {
    const uint64_t *starts, *count;
    size_t boxes;
    unsigned rank;
    size_t count_step; /* from the counts of one to those of the next: 0, or the rank */
} px_boxes;

px_box px_boxes_get(const px_boxes *boxes, size_t index);

/* PRISM_E_ARGUMENT where it is empty or not within the array. */
prism_status px_box_check(const px_box *box, const prism_array *array, prism_error *error);

/* How far an element lies from the one before along an axis, in planes, rows, columns. */
typedef struct px_axis_step {
    size_t plane, row, column;
} px_axis_step;

/* Which places an array's elements have in planes along an axis. */
typedef struct px_places_of_axes {
    unsigned rank;
    px_axis_step steps[PRISM_MAX_RANK];
} px_places_of_axes;

px_places_of_axes px_places_of_axes_make(const prism_array *array, const px_pipeline *pipeline);

/* The smallest rectangle of the planes that has all elements of the box. */
px_rectangle px_box_rectangle(const px_box *box, const px_places_of_axes *places);

/* The last one of the planes that elements of the box lie in. */
size_t px_box_last_plane(const px_box *box, const px_places_of_axes *places);

/* Elements of the box whose positions are in `window`, to their places among the elements of the
 * box, in C order: from planes that hold the window only. */
void px_box_store(const px_box *box, const px_places_of_axes *places, const prism_array *array,
                  const px_planes *planes, const px_rectangle *window, void *elements);

/* The indices within the box of its next line along the last axis, after those in index[rank],
 * which are 0 at first; false after the last one. */
bool px_box_next_line(const px_box *box, unsigned rank, uint64_t *index);

/* As px_box_store, from elements of the whole array. */
void px_box_copy(const px_box *box, const prism_array *array, const void *from, void *elements);

#endif
