/* Covariances of planes, for fitting. Internal. */
#ifndef PX_LINEAR_GRAM_H
#define PX_LINEAR_GRAM_H

#include "linear/geometry.h"
#include "planes/planes.h"

/* The second moments of some consecutive planes. */
typedef struct px_gram {
    size_t first, count;
    size_t stride;    /* of `moments`: count, rounded up to whole blocks */
    size_t positions; /* samples of each plane that were looked at */
    double *mean;     /* [count] */
    double *moments;  /* [count][stride] covariances on and below the diagonal, about the mean */
} px_gram;

/*
 * Looks at about `positions` samples of each of the planes first..first+count-1, in evenly spread
 * runs; at all of them if there are no more. The same on every machine and for any number of
 * threads.
 */
prism_status px_gram_make(px_gram *gram, const px_planes *planes, size_t first, size_t count,
                          size_t positions, int threads, prism_error *error);
void px_gram_free(px_gram *gram);

/*
 * The same for `count` planes in tiles, about zero instead of the mean (means are 0), positions
 * counting by the squares of `importance` (one a position).
 */
prism_status px_gram_of_tiles(px_gram *gram, const px_tiles *tiles, size_t count,
                              const float *importance, size_t positions, int threads,
                              prism_error *error);

/*
 * The same for the variables of wide weights, in their order: PX_SQUARE_TAPS for each of `planes`
 * planes. Positions whose neighbours are not all there count for nothing.
 */
prism_status px_gram_of_squares(px_gram *gram, const px_couples *couples,
                                const px_geometry *geometry, size_t planes, const float *importance,
                                size_t positions, prism_error *error);

#endif
