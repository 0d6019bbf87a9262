/* Which axes of an array may count planes, and which may span pictures. Internal. */
#ifndef PX_CHOOSE_AXES_H
#define PX_CHOOSE_AXES_H

#include "survey/survey.h"

enum { PX_MOST_ROLES = 12 };

/* The roles that the axes of a survey may have. */
size_t px_possible_roles(px_roles roles[PX_MOST_ROLES], const px_survey *s,
                         const prism_options *options);

bool px_same_roles(const px_roles *a, const px_roles *b);

/* The planes that roles make of an array of a survey. */
px_layout px_layout_by(const px_roles *roles, const prism_array *array);

/* Nearly as many planes as positions would take more weights than they are worth to the native
 * coder, and much time; to any coder, far more planes. */
bool px_may_be_lifted(const px_survey *s, const px_roles *roles);

/* Whether planes may be frames: pictures that are coded from each other, or one. */
bool px_may_be_frames(const px_survey *s, const px_roles *roles, const prism_options *options);

#endif
