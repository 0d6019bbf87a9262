/* Parts of an array that are coded to see what the whole may take. Internal. */
#ifndef PX_CHOOSE_PART_TRIAL_H
#define PX_CHOOSE_PART_TRIAL_H

#include "mapping/inner_chunk.h"

/* The array made shorter along its longest axes, all but `axis` (or PRISM_AXIS_AUTO), until it has
 * at most so many elements, if that can be. */
prism_array px_part_shape(const prism_array *array, int axis, uint64_t most);

/* By which such parts are coded, in little time. */
prism_options px_part_options(const prism_options *options);

/* Bytes of a chunk within the request's one, made in little time by whatever coder is best. */
prism_status px_part_size(size_t *size, const px_mapping_request *request, const prism_array *array,
                          const void *elements, prism_error *error);

#endif
