/* Which mapping an array gets. Internal. */
#ifndef PX_CHOOSE_MAPPINGS_H
#define PX_CHOOSE_MAPPINGS_H

#include "mapping/mapping.h"

/* mapped->is_mapped is false for integers of 8 and 16 bits that are best as they are, and for
 * elements that no rule fits. Free with px_coded_free. */
prism_status px_encode_mapped(px_coded *mapped, const px_mapping_request *request,
                              prism_error *error);

#endif
