/* Whether places without data are left out of a chunk. Internal. */
#ifndef PX_CHOOSE_MASKED_H
#define PX_CHOOSE_MASKED_H

#include "mapping/inner_chunk.h"

/* mapped->is_mapped is false where there are no such places, or where they cost less than a mask
 * does. *sure: nothing else can be smaller. */
prism_status px_masked_encode(px_coded *mapped, bool *sure, const px_mapping_request *request,
                              prism_error *error);

#endif
