/* Values that do not occur among integers of 8 and 16 bits. Internal. */
#ifndef PX_SURVEY_GAPS_H
#define PX_SURVEY_GAPS_H

#include "prism.h"

/* Bits for an element that closing the gaps between values may save, less those of a table. */
prism_status px_gaps_find(double *bits, const prism_array *array, const void *elements,
                          prism_error *error);

#endif
