/*
 * Planes with one row, or one column, are lines. The native coder works on them as rows of a square
 * or nearly so: neighbours along the line remain neighbours, sixteen lanes have something to do,
 * and pads do not outnumber the samples. docs/FORMAT.md, "Lines". Internal.
 */
#ifndef PX_PLANES_FOLD_H
#define PX_PLANES_FOLD_H

#include "base/pool.h"
#include "planes/planes.h"

/* The shape that `planes` are coded in, without samples where it is another one. */
px_planes px_fold_shape(const px_planes *planes);

/* Whether that is another shape. */
bool px_is_folded(const px_planes *planes);

/* *folded becomes `planes` itself, or planes with memory of the pool. */
prism_status px_fold(px_planes *folded, const px_planes *planes, px_pool *pool, prism_error *error);

/* The holes of `planes` as those of `folded`, which has none yet; with memory of its own. */
prism_status px_fold_holes(px_planes *folded, const px_planes *planes, prism_error *error);

/* Samples of `folded` back to the lines they are from. */
void px_unfold(px_planes *planes, const px_planes *folded);

#endif
