/* How much frames tell of each other. Internal. */
#ifndef PX_SIMILARITY_CONDITIONAL_COST_H
#define PX_SIMILARITY_CONDITIONAL_COST_H

#include "similarity/plan.h"
#include "similarity/signature.h"

/* Variables of a frame at each sample; see conditional_cost.c. */
enum {
    PX_VARIABLES = 7,
    PX_CONDITIONAL_STEP = 32, /* samples, counted in these, may end in zeros */
    PX_CONDITIONAL_KEPT = 256 /* frames, at most, of a stack whose frames' variables are all kept */
};

typedef struct px_conditional_cost {
    const px_signatures *s;
    size_t padded;                       /* samples of a frame, and zeros */
    double *alone;                       /* [count], bits for the samples of a frame on its own */
    double *fitted;                      /* [count], the same by least squares only */
    size_t slots;                        /* places for what describes frames, ... */
    size_t *frames;                      /* [slots] which frame is there, or SIZE_MAX, ... */
    int16_t *variables;                  /* ... [slots][PX_VARIABLES][padded] */
    int16_t *differences[PX_REFERENCES]; /* [padded] */
    uint8_t *symbols;                    /* [padded] */
} px_conditional_cost;

prism_status px_conditional_make(px_conditional_cost *m, const px_signatures *s,
                                 prism_error *error);
void px_conditional_free(px_conditional_cost *m);

/* Bits for the samples of `frame` if those of `count` others are known. */
double px_bits_given(px_conditional_cost *m, size_t frame, const uint32_t *references,
                     size_t count);

#endif
