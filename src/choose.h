/* From options to a pipeline. Internal. */
#ifndef PX_CHOOSE_H
#define PX_CHOOSE_H

#include "stages.h"

/* Replaces every AUTO of `options` by what does best on a sample of the elements. */
prism_status px_choose(px_pipeline *pipeline, const prism_array *array, const void *elements,
                       const prism_options *options, prism_error *error);

#endif
