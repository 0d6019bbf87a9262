/* Cheap guesses of coded sizes, for choosing between pipelines. Internal. */
#ifndef PX_ESTIMATE_H
#define PX_ESTIMATE_H

#include "planes.h"

/* About how many bits plane `index` takes after spatial prediction. */
double px_estimate_plane(const px_planes *planes, size_t index);

#endif
