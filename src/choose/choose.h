/* From options to a coded array. Internal. */
#ifndef PX_CHOOSE_CHOOSE_H
#define PX_CHOOSE_CHOOSE_H

#include "mapping/mapping.h"
#include "pipeline/pipeline.h"

/* Integers of 8 and 16 bits, coded by options: every AUTO becomes what does best. `of_wide`: they
 * stand for wider elements, and choosing is to take a small part of the time for these. Free with
 * px_coded_free. */
prism_status px_encode_integers(px_coded *coded, const px_mapping_request *request, bool of_wide,
                                prism_error *error);

#endif
