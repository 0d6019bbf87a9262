/* Elements by a pipeline: where the coder is ans, by the method that makes them smallest.
 * Internal. */
#ifndef PX_CHOOSE_METHODS_H
#define PX_CHOOSE_METHODS_H

#include "pipeline/pipeline.h"

/* *coded: what the stages make of the elements. Stops early where the payload passes the task's
 * limit, with more than that in it. Free with px_coded_free. */
prism_status px_encode(px_coded *coded, const prism_array *array, const void *elements,
                       const px_task *task, prism_error *error);

#endif
