/*
 * Planes as sums of components: plane c at a position is its mean plus the sum over k of
 * basis[k][c] times the score of component k there. Basis and means are integers in units that suit
 * what a score's step is worth, so that a decoder adds integers and multiplies once.
 * docs/format-components.md, "Components". Internal.
 */
#ifndef PX_LOSSY_COMPONENTS_H
#define PX_LOSSY_COMPONENTS_H

#include "entropy/field_coder.h"
#include "planes/planes.h"

enum {
    PX_SCORE_BITS = 8,     /* a score has so many fraction bits: of a step */
    PX_MOST_FINENESS = 30, /* of a component; a step of its basis is 2^-(fineness / 2) */
    PX_MOST_MEAN_FINENESS = 30,
    PX_LAST_SCORE = 1 << 27
};

typedef struct px_components {
    px_layout layout;
    size_t positions;  /* of a plane */
    size_t count;      /* of components */
    float step;        /* 2^PX_SCORE_BITS of a score, in the unit of the elements */
    int mean_fineness; /* a mean's unit is step * 2^-mean_fineness */
    int *fineness;     /* [count] */
    int32_t *basis;    /* [count][planes] */
    int64_t *means;    /* [planes] */
} px_components;

/* Memory for `count` components of the layout's planes, zeroed. Free also on failure. */
prism_status px_components_alloc(px_components *c, const px_layout *layout, size_t count,
                                 prism_error *error);
void px_components_free(px_components *c);

/* Fineness, basis and means, in either direction; when reading, memory is there already, and what
 * is out of range makes the coder `bad`. */
void px_components_code(px_components *c, px_field_coder *side);

/* The elements, of any type, from scores[count][positions]. */
prism_status px_components_restore(const px_components *c, const int32_t *scores,
                                   const prism_array *array, void *elements, prism_error *error);

#endif
