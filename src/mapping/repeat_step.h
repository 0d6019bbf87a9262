/*
 * Elements that stand elsewhere in an array, too, left out of it and put back.
 * docs/format-mappings.md, "Repeats". Internal.
 *
 *   slices       at each index along an axis stands what stands at one of those that are kept
 *   symmetry     matrices that are their own transposes: a triangle is kept, folded to a rectangle
 *   reflection   what is its own reflection in a point: half of the indices along an axis are kept
 */
#ifndef PX_MAPPING_REPEAT_STEP_H
#define PX_MAPPING_REPEAT_STEP_H

#include "mapping/bit_patterns.h"

typedef enum px_repeat_kind {
    PX_REPEAT_SLICES = 1,
    PX_REPEAT_SYMMETRY = 2,
    PX_REPEAT_REFLECTION = 3
} px_repeat_kind;

/* What an element is of its partner. */
typedef enum px_repeat_sign {
    PX_REPEAT_SAME,
    PX_REPEAT_NEGATED, /* floats: the bit of the sign is the other one */
    PX_REPEAT_ZEROS,   /* the same, but zeros without that bit stay */
    PX_REPEAT_SIGNS
} px_repeat_sign;

typedef struct px_repeat {
    uint8_t kind;
    uint8_t axis, other; /* symmetry: axis < other; reflection: the last of `axes`, twice */
    uint32_t axes;       /* reflection: bits */
    uint32_t from_end;   /* of these, where i faces n - 1 - i; else -i modulo n */
    uint8_t signs[2];    /* at even and odd indices of a last axis of length 2, if that stands as it
                            is; else signs[0] is that of all */
    bool strict;         /* symmetry: all diagonals are of the word `diagonal` */
    uint64_t diagonal;
    uint64_t kept;    /* slices: so many are */
    uint32_t *places; /* slices: for each index, the place of its slice among those; owned */
} px_repeat;

/* Whether such an array can be taken by the step, `places` aside. */
bool px_repeat_fits(const px_repeat *step, const prism_array *array);

/* What is left of the array. */
prism_array px_repeat_rest(const px_repeat *step, const prism_array *array);

/* Elements of the array to those of the rest, and back. */
void px_repeat_take(void *rest, const px_repeat *step, const prism_array *array,
                    const void *elements);
void px_repeat_put(void *elements, const px_repeat *step, const prism_array *array,
                   const void *rest);

uint64_t px_repeat_signed(uint64_t word, px_repeat_sign sign, const px_number *number);

/* The element that another one of a symmetry or a reflection faces. */
size_t px_repeat_partner(const px_repeat *step, const prism_array *array, size_t element);

/* Which of `signs` says what an element is of its partner. */
unsigned px_repeat_sign_of(const px_repeat *step, const prism_array *array, size_t element);

#endif
