/* Fitting inter-plane weights to a chunk: the only floating-point stage, on the encoder's side.
 * Internal. */
#ifndef PX_LINEAR_WEIGHTS_FIT_H
#define PX_LINEAR_WEIGHTS_FIT_H

#include "linear/gram.h"
#include "linear/weights.h"

/*
 * Least-squares prediction of every plane from those before it in its group, by one Cholesky
 * factorisation a group. Rows that save fewer bits than they cost are left unused. On success
 * `weights` must be freed with px_weights_free.
 */
prism_status px_weights_fit(px_weights *weights, const px_planes *planes, prism_error *error);

/* The same for the planes of one group, from their covariances, whose memory it works in; `weights`
 * is allocated and its precision set. */
prism_status px_weights_fit_group(px_weights *weights, px_gram *gram, prism_error *error);

/* The precision at which the side information and the loss it saves cost the same. */
int px_best_precision(size_t plane_size);

#endif
