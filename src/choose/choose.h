/* From options to a pipeline. Internal. */
#ifndef PX_CHOOSE_CHOOSE_H
#define PX_CHOOSE_CHOOSE_H

#include "planes/stages.h"

/* Replaces every AUTO of `options` by what does best on a sample of the elements, which is smaller
 * where they stand for wider ones: choosing is to take a small part of the time for these. */
prism_status px_choose(px_pipeline *pipeline, const prism_array *array, const void *elements,
                       const prism_options *options, bool of_wide, prism_error *error);

#endif
