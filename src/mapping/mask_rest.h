/* Which indices of an array have data: what a mask leaves of it. Internal. */
#ifndef PX_MAPPING_MASK_REST_H
#define PX_MAPPING_MASK_REST_H

#include "base/status.h"
#include "planes/holes.h"

/* What is left of an array: along each axis the indices at which some place has data. */
typedef struct px_mask_rest {
    prism_array array;
    bool *kept[PRISM_MAX_RANK]; /* [dims of the whole] */
    bool *memory;
    px_gaps mask;     /* of what is left; places may be those of the whole */
    uint8_t *missing; /* its places where they are others */
} px_mask_rest;

/* Fails where no place has data. The mask must outlive the rest. */
prism_status px_mask_rest_make(px_mask_rest *r, const px_gaps *mask, const prism_array *array,
                               prism_error *error);
void px_mask_rest_free(px_mask_rest *r);

/* Whether nothing is left out. */
bool px_mask_is_whole(const px_mask_rest *r, const prism_array *array);

/* From all indices to the kept ones, or back. */
typedef struct px_mask_move {
    const px_mask_rest *rest;
    const prism_array *whole; /* may have dims of 1 where the rest has them, too */
    size_t size;              /* bytes of an element */
    bool back;                /* from the part to the whole */
} px_mask_move;

void px_mask_move_all(const px_mask_move *m, void *whole, void *part);

#endif
