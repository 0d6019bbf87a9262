/* Looks for places without data: values that stand at the same place along axes of an array.
 * Internal. */
#ifndef PX_MAPPING_MASK_FIND_H
#define PX_MAPPING_MASK_FIND_H

#include "mapping/mapping.h"

enum { PX_MASK_VALUES = 4 };

typedef struct px_found_mask {
    prism_array array; /* of the codes: as px_gaps has it */
    uint8_t *codes;    /* 0: data; n: value n - 1; owned; NULL: there is nothing to leave out */
    uint64_t
        values[PX_MASK_VALUES]; /* words of elements in the order in which they lie in memory */
    size_t value_count;
    size_t missing; /* places of the mask */
    bool sure;      /* it is worth its bytes */
    bool scattered; /* a value, not in runs */
} px_found_mask;

void px_found_mask_free(px_found_mask *found);

/* Of a squeezed array. Arrays without such places take next to no time. */
prism_status px_mask_find(px_found_mask *found, const px_mapping_request *request,
                          prism_error *error);

#endif
