/* Along which axes the planes of an array may lie, and as what. Internal. */
#ifndef PX_CHOOSE_AXES_H
#define PX_CHOOSE_AXES_H

#include "survey/survey.h"

enum { PX_MOST_AXES = 8 /* that planes may lie along */ };

/* The axes that planes may lie along. */
size_t px_possible_axes(int axes[PX_MOST_AXES], const px_survey *s, const prism_options *options);

/* Nearly as many planes as positions would take more weights than they are worth to the native
 * coder, and much time; to any coder, far more planes. */
bool px_may_be_lifted(const px_survey *s, int axis);

/* Whether the planes along an axis may be frames: pictures that are coded from each other, or one.
 */
bool px_may_be_frames(const prism_array *array, int axis, const prism_options *options);

#endif
