/*
 * Elements as places in a table of the values that occur, for coder zstd, which then finds what
 * repeats in two bytes instead of four or eight. Internal.
 */
#ifndef PX_MAPPING_PLACES_H
#define PX_MAPPING_PLACES_H

#include "mapping/mapping.h"

typedef struct px_places {
    prism_array array;  /* uint16 */
    uint16_t *elements; /* owned; NULL where there are too many values for a table to pay */
    size_t table_bytes;
} px_places;

/* Of elements of 32 and 64 bits; of others, there are none. Free with px_places_free, after a
 * failure, too. */
prism_status px_places_make(px_places *places, const prism_array *array, const void *elements,
                            prism_error *error);
void px_places_free(px_places *places);

/* The same as a mapped chunk, the places coded by zstd. */
prism_status px_places_encode(px_coded *mapped, const px_mapping_request *request,
                              prism_error *error);

#endif
