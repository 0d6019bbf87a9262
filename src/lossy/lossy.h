/*
 * Lossy coding with bounds that hold: elements become integers that say them up to an error, and
 * these are a chunk within the chunk, as those of a mapping are. docs/format-lossy.md. Internal.
 *
 *   uniform      places on a fixed grid                                        uniform.c
 *   near         prediction with the reconstruction in the loop                near.c
 *   spatial      sums of components, whose scores are filtered                 spatial.c
 *   wavelet      the same, of quantised wavelets                               wavelet.c
 *   distance     libjxl's own lossy coding                                     distance.c
 *
 * The error is measured on what the chunk decodes to, before it is kept.
 */
#ifndef PX_LOSSY_LOSSY_H
#define PX_LOSSY_LOSSY_H

#include "lossy/bound.h"
#include "mapping/stage.h"

/* PRISM_E_TYPE or PRISM_E_OPTION where the bound cannot be kept on such elements, with the reason.
 */
prism_status px_lossy_check(const prism_array *array, const prism_options *options,
                            prism_error *error);

/* mapped->is_mapped is false where no way of losing that much makes the array smaller than `limit`
 * bytes. *decoded: what the chunk decodes to, malloc'ed, the caller's, or NULL. The options have a
 * bound. */
prism_status px_lossy_encode(px_coded *mapped, void **decoded, const px_mapping_request *request,
                             size_t limit, prism_error *error);

/* What a mapped chunk says of its error; of kind PRISM_BOUND_NONE where it is lossless. */
px_bound px_lossy_bound(const px_chunk *chunk);

/* Whether the chunk decodes to the same elements on every machine. */
bool px_lossy_is_portable(const px_bound *bound);

/* The elements of a lossy chunk's pictures at 1/2^by; `reduced` is the chunk's array, reduced along
 * its axis. PRISM_E_OPTION for chunks that have no such pictures. */
prism_status px_lossy_reduce(const px_chunk *chunk, void *elements, const prism_array *reduced,
                             int by, const px_inner_codec *inner, prism_error *error);

/* The stage that decodes mapping `number`, or NULL if it is none of these. */
const px_mapping_stage *px_lossy_stage_of(uint8_t number);

#endif
