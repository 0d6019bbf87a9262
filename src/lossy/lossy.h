/*
 * Lossy coding with bounds that hold: elements become integers that say them up to an error, and
 * these are a chunk within the chunk, as those of a mapping are. docs/format-lossy.md. Internal.
 *
 *   uniform      multiples of a step, the nearest one                          uniform.c
 *   spatial      sums of components, whose scores are filtered                 spatial.c
 *   wavelet      the same, of quantised wavelets                               wavelet.c
 *
 * The error is measured on what the chunk decodes to, before it is kept.
 */
#ifndef PX_LOSSY_LOSSY_H
#define PX_LOSSY_LOSSY_H

#include "lossy/bound.h"
#include "mapping/stage.h"

/* mapped->used is false where no way of losing that much makes the array smaller than `limit`
 * bytes. `decoded`, as large as the array, becomes what the chunk decodes to. The options have a
 * bound. */
prism_status px_lossy_encode(px_mapped *mapped, void *decoded, const px_mapping_request *request,
                             size_t limit, prism_error *error);

/* What a mapped chunk says of its error; of kind PRISM_BOUND_NONE where it is lossless. */
px_bound px_lossy_bound(const px_chunk *chunk);

/* The stage that decodes mapping `number`, or NULL if it is none of these. */
const px_mapping_stage *px_lossy_stage_of(uint8_t number);

#endif
