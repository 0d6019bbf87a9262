/* The ways of losing, as equals. Internal. */
#ifndef PX_LOSSY_STAGE_H
#define PX_LOSSY_STAGE_H

#include "lossy/bound.h"
#include "lossy/numbers.h"
#include "mapping/stage.h"

/* The largest error of an element, and the rank of an integer that has none. */
typedef struct px_grid_error {
    double largest;
    uint64_t middle;
} px_grid_error;

/* What an encoder is given. */
typedef struct px_lossy_request {
    const px_mapping_request *mapping; /* its options have no bound: they are for integers */
    const px_numbers *values;
    px_bound bound;
    size_t limit; /* more bytes are of no use */
    /* Of a relative RMSE: the largest error of an element on a grid (grid_error.h), and the bytes
     * of the elements there, 0 if nobody knows. */
    px_grid_error grid_error;
    size_t grid_size;
    /* What stages of components leave for the next one; NULL for other bounds. */
    struct px_component_cache *cache;
    /* What a stage before found best for its integers; its transform is AUTO if there is none. */
    px_pipeline found;
    /* Where a stage leaves what its chunk decodes to, malloc'ed, if coding has told it. */
    void **decoded;
} px_lossy_request;

typedef struct px_lossy_stage {
    prism_mapping number;
    bool suits[PRISM_BOUND_DISTANCE + 1]; /* by kind of bound */
    bool has_components;                  /* planes lie along an axis that is chosen before */
    /* The smallest chunk that keeps the bound, in its own opinion: mapped->is_mapped tells whether
     * there is one. The parameters begin with the number and px_bound_write already; bound->reached
     * is filled in later. */
    prism_status (*encode)(px_coded *mapped, const px_lossy_request *request, prism_error *error);
    px_mapping_stage decoder;
    /*
     * Optional: the elements of the pictures at 1/2^by, 1 <= by <= PX_MOST_REDUCED, from no more of
     * the chunk than they need. `reduced` is the source's array, so reduced along the axis in the
     * header of the chunk (px_reduced_array): what the parameters say must agree with it.
     */
    prism_status (*reduce)(void *elements, px_mapping_source *source, const prism_array *reduced,
                           int by, prism_error *error);
} px_lossy_stage;

extern const px_lossy_stage px_lossy_uniform;  /* uniform.c */
extern const px_lossy_stage px_lossy_near;     /* near.c */
extern const px_lossy_stage px_lossy_distance; /* distance.c */
extern const px_lossy_stage px_lossy_spatial;  /* spatial.c */
extern const px_lossy_stage px_lossy_wavelet;  /* wavelet.c */

#endif
