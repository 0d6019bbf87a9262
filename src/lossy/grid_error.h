/* How coarse a grid may be where the mean of errors is bounded. Internal. */
#ifndef PX_LOSSY_GRID_ERROR_H
#define PX_LOSSY_GRID_ERROR_H

#include "lossy/stage.h"

/* The largest error of an element with which places on a grid keep a relative RMSE, judged by a
 * part of the elements; `reference` is what that is a share of. Its `largest` is 0 where there is
 * none. */
prism_status px_grid_error_find(px_grid_error *found, const px_lossy_request *request,
                                double reference, prism_error *error);

#endif
