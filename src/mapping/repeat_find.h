/* Looks for elements that stand elsewhere in an array, too. Internal. */
#ifndef PX_MAPPING_REPEAT_FIND_H
#define PX_MAPPING_REPEAT_FIND_H

#include "mapping/repeat_step.h"

/* A step that seems to leave out a good part of the array; kind 0: there is none. It is to be
 * verified. Arrays without such elements take next to no time. */
prism_status px_repeat_find(px_repeat *step, const prism_array *array, const void *elements,
                            prism_error *error);

/* Whether planes along the axis of an array repeat themselves along different axes, but for one
 * at most that does not. */
bool px_planes_repeat_apart(const prism_array *array, int axis, const void *elements);

#endif
