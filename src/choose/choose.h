/* From options to a pipeline. Internal. */
#ifndef PX_CHOOSE_CHOOSE_H
#define PX_CHOOSE_CHOOSE_H

#include "pipeline/pipeline.h"

/* Replaces every AUTO of `options` by what does best on a sample of the elements, which is smaller
 * where they stand for wider ones: choosing is to take a small part of the time for these. *coded
 * has the payload where a trial was the whole; free with px_coded_free. */
prism_status px_choose(px_pipeline *pipeline, px_coded *coded, const prism_array *array,
                       const void *elements, const prism_options *options, bool of_wide,
                       prism_error *error);

#endif
