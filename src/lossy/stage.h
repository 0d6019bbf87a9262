/* The ways of losing, as equals. Internal. */
#ifndef PX_LOSSY_STAGE_H
#define PX_LOSSY_STAGE_H

#include "lossy/bound.h"
#include "lossy/values.h"
#include "mapping/stage.h"

/* What an encoder is given. */
typedef struct px_lossy_request {
    const px_mapping_request *mapping; /* its options have no bound: they are for integers */
    const px_values *values;
    px_bound bound;
    size_t limit; /* more bytes are of no use */
} px_lossy_request;

typedef struct px_lossy_stage {
    prism_mapping number;
    bool suits[PRISM_BOUND_DISTANCE + 1]; /* by kind of bound */
    /* The smallest chunk that keeps the bound, in its own opinion: mapped->used tells whether there
     * is one. The parameters begin with the number and px_bound_write already; bound->reached is
     * filled in later. */
    prism_status (*encode)(px_mapped *mapped, const px_lossy_request *request, prism_error *error);
    px_mapping_stage decoder;
} px_lossy_stage;

extern const px_lossy_stage px_lossy_uniform; /* uniform.c */
extern const px_lossy_stage px_lossy_spatial; /* spatial.c */
extern const px_lossy_stage px_lossy_wavelet; /* wavelet.c */

#endif
