/* How much frames tell of each other. Internal. */
#ifndef PX_STACK_MUTUAL_H
#define PX_STACK_MUTUAL_H

#include "stack/plan.h"
#include "stack/signature.h"

/* Variables of a frame at each sample; see mutual.c. */
enum { PX_VARIABLES = 7 };

typedef struct px_mutual {
    const px_signatures *s;
    double *alone;                         /* [count], bits for the samples of a frame on its own */
    double *fitted;                        /* [count], the same by least squares only */
    size_t frames[1 + PX_REFERENCES];      /* a frame and its references, or SIZE_MAX; ... */
    int16_t *variables[1 + PX_REFERENCES]; /* ... what describes them, [PX_VARIABLES][samples] */
    int16_t *differences[PX_REFERENCES];   /* [samples] */
} px_mutual;

prism_status px_mutual_make(px_mutual *m, const px_signatures *s, prism_error *error);
void px_mutual_free(px_mutual *m);

/* Bits for the samples of `frame` if those of `count` others are known. */
double px_bits_given(px_mutual *m, size_t frame, const uint32_t *references, size_t count);

#endif
