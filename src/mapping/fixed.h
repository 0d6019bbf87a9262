/*
 * Floats as fixed-point numbers: a float is a whole number of the least ones that its type has.
 * What stands above bit `shift` of it is an integer that grows evenly with the value, which is what
 * prediction wants; what stands below is stored plain, as far as the fraction of the float reaches.
 * The sum of both is the same wherever the cut is, as long as prediction does not reach below it.
 * Internal.
 */
#ifndef PX_MAPPING_FIXED_H
#define PX_MAPPING_FIXED_H

#include "mapping/stage.h"

enum { PX_LONGEST_SHIFT = 2100, PX_LARGEST_LEAST = 1 << 16 };

typedef struct px_fixed {
    unsigned shift; /* the bit above which integers begin */
    unsigned floor; /* below this bit, all numbers are 0 */
    unsigned zeros; /* so many low bits of all fractions are 0 */
    int32_t least;  /* integer */
    bool has_exceptions;
} px_fixed;

static inline bool px_fixed_has_rest(const px_fixed *f) {
    return f->shift > f->floor;
}

/* The lowest bit that a number with this highest bit may have. */
static inline unsigned px_fixed_lowest_bit(const px_fixed *f, unsigned highest,
                                           const px_number *number) {
    const unsigned unit = highest > number->fraction ? highest - number->fraction : 0;
    return unit + f->zeros > f->floor ? unit + f->zeros : f->floor;
}

#endif
