/* Which layouts deserve a trial, by their estimates and by quick looks at a part of the sample.
 * Internal. */
#ifndef PX_CHOOSE_SCREEN_H
#define PX_CHOOSE_SCREEN_H

#include "choose/candidates.h"
#include "choose/trial.h"

/* Of a picture that is a frame by itself, estimates miss most where it is smooth: whether a part of
 * the sample shows that it is worth a trial, where there is time for that. */
prism_status px_surprises(bool *tried, const px_choice *c, const px_layouts *list, size_t i,
                          prism_error *error);

/* Takes layouts off the list that have no estimate and do not come near in a part of the sample. */
prism_status px_screen(const px_choice *c, px_layouts *list, prism_error *error);

/* Whether the best estimate needs no trial. */
bool px_is_clear(const px_choice *c, const px_layouts *list, size_t best);

/* The least that layout i may come to. */
double px_promise(const px_choice *c, const px_layouts *list, size_t i);

/* Whether layout i may still be better than what was tried so far. */
bool px_is_tried(const px_choice *c, const px_layouts *list, size_t i, size_t best);

/* Of the layouts as frames, the one that makes a part of the sample smallest, where time is spared:
 * none of the others is left to be done. *i is one that is to be tried. */
prism_status px_pick_frames(const px_choice *c, const px_layouts *list, bool done[PX_MAX_LAYOUTS],
                            size_t *i, prism_error *error);

#endif
