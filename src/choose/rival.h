/*
 * Coder zstd as a rival of mappings and the pipeline: of the elements as they are, or of their
 * places in a table of values. Internal.
 */
#ifndef PX_CHOOSE_RIVAL_H
#define PX_CHOOSE_RIVAL_H

#include "choose/byte_choice.h"
#include "mapping/places.h"

typedef struct px_rival {
    const px_mapping_request *request;
    bool has_places; /* places, */
    px_places places;
    bool is_ready; /* and what follows */
    px_byte_choice of_elements, of_places;
    bool by_table; /* of_places promises more */
} px_rival;

/* Whether it is to be considered for a chunk. */
bool px_rival_suits(const prism_array *array, const prism_options *options, unsigned depth);

/* Begins with nothing but the request, which outlives it. */
void px_rival_free(px_rival *r);

/* Whether it makes a sample so much smaller than the native coder does that no other need be tried.
 */
prism_status px_rival_is_clear(bool *clear, px_rival *r, prism_error *error);

/* Whether it may take less than the `other` bytes that others took. `repeats`: a coder of
 * repetitions was the best of these. */
prism_status px_rival_may_win(bool *may, px_rival *r, size_t other, bool repeats,
                              prism_error *error);

/* coded->is_mapped: by a table. The payload stays empty where nothing gets smaller. Free with
 * px_coded_free. */
prism_status px_rival_encode(px_coded *coded, px_rival *r, prism_error *error);

#endif
