/* Side information by one function in both directions: it either writes what a variable holds or
 * reads it into the variable. Internal. */
#ifndef PX_ENTROPY_FIELD_CODER_H
#define PX_ENTROPY_FIELD_CODER_H

#include "entropy/range_coder.h"

typedef struct px_field_coder {
    px_range_encoder *out; /* NULL when reading */
    px_range_decoder *in;
    bool bad; /* a value that was read is out of its range */
} px_field_coder;

void px_field_bit(px_field_coder *side, px_bit *model, int *bit);

/* An integer as what it is more than `last`; it must lie in low..high. */
void px_field_integer(px_field_coder *side, px_integer *model, int *value, int last, int low,
                      int high);

/* A number of up to 64 bits: its bit length as a modelled integer, then the bits below the leading
 * one, from the highest on, as they are. */
void px_field_number(px_field_coder *side, px_integer *length, uint64_t *value);

#endif
