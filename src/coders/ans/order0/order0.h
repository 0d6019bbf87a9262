/* When samples are worth coding by their histogram alone. Internal. */
#ifndef PX_ORDER0_ORDER0_H
#define PX_ORDER0_ORDER0_H

#include "planes/stages.h"

/* *bytes: about how many px_order0 needs; SIZE_MAX if there are too many values for it. */
prism_status px_order0_bytes(size_t *bytes, const px_planes *planes, prism_error *error);

#endif
