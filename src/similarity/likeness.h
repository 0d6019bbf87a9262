/* Which frames of a stack are alike, and how much they tell of each other. Internal. */
#ifndef PX_STACK_LIKENESS_H
#define PX_STACK_LIKENESS_H

#include "similarity/mutual.h"

typedef struct px_link {
    uint32_t frame;
    float gain; /* bits saved if one of the two frames is known when the other is coded */
} px_link;

/* The links of frame f are links[first[f]] .. links[first[f + 1] - 1], the best one first. Every
 * link is there from both of its ends. */
typedef struct px_likeness {
    size_t *first;  /* [count + 1] */
    px_link *links; /* owned, like `first` */
} px_likeness;

/* Finds the frames that may be alike by hash and thumbnail and measures those pairs. */
prism_status px_likeness_make(px_likeness *likeness, px_mutual *mutual, int effort,
                              prism_error *error);
void px_likeness_free(px_likeness *likeness);

#endif
