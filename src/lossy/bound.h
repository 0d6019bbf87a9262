/* What a lossy chunk says of its error: what was asked for, and what it came to. Internal. */
#ifndef PX_LOSSY_BOUND_H
#define PX_LOSSY_BOUND_H

#include "base/bytes.h"

typedef struct px_bound {
    prism_bound kind;
    prism_bound_of of; /* of a relative RMSE */
    float value;       /* as it was asked for */
    float reached;     /* in the same unit, rounded up */
} px_bound;

void px_bound_write(px_buffer *out, const px_bound *bound);

/* False, or in->failed, where it is damaged. */
bool px_bound_read(px_bound *bound, px_reader *in);

/* The smallest float that is not below the number. */
float px_round_up(double number);

#endif
