/*
 * Planes with one row, or one column, are lines; planes with a few that are mixed, which means that
 * they are predicted from each other, are as many lines, each a plane of its own. The native coder
 * works on lines as rows of a square or nearly so: neighbours along the line remain neighbours,
 * sixteen lanes have something to do, and pads do not outnumber the samples. docs/FORMAT.md,
 * "Lines". Internal.
 */
#ifndef PX_PLANES_FOLD_H
#define PX_PLANES_FOLD_H

#include "base/pool.h"
#include "planes/planes.h"

/* The planes that `planes` are coded as, without samples where those are others. */
px_planes px_fold_shape(const px_planes *planes, bool mixed);

/* Whether those are others. */
bool px_is_folded(const px_planes *planes, bool mixed);

/* Whether they are only where they are mixed: as they are, they take three times as long. */
bool px_is_folded_by_lift(const px_planes *planes);

/* *folded becomes `planes` itself, or planes with memory of the pool. */
prism_status px_fold(px_planes *folded, const px_planes *planes, bool mixed, px_pool *pool,
                     prism_error *error);

/* The holes of `planes` as those of `folded`, which has none yet; with memory of its own. */
prism_status px_fold_holes(px_planes *folded, const px_planes *planes, bool mixed,
                           prism_error *error);

/* Bytes of these at most, and of as many maps where nothing is folded. */
uint64_t px_fold_holes_bytes(const px_planes *planes, bool mixed);

/* Samples of `folded` back to the lines they are from. */
void px_unfold(px_planes *planes, const px_planes *folded);

#endif
