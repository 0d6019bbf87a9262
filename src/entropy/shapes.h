/*
 * Distributions of residuals as tables for the entropy coder. docs/FORMAT.md, "Shapes". Internal.
 *
 * A sample is coded as the integer digit d nearest to it less its mean m; of the mean, whose
 * fraction has sixteen values, the distribution of d depends on both. A class (the scale) has one
 * distribution function T on sixteenths: digit d has the slots T(16 d - 8 - f) .. T(16 d + 8 - f).
 * Since f only moves the argument, one inverse of T per class serves all fractions:
 * d = (inverse(slot) + 8 + f) >> 4.
 */
#ifndef PX_ENTROPY_SHAPES_H
#define PX_ENTROPY_SHAPES_H

#include "base/pool.h"

enum {
    PX_MEAN_BITS = 4,      /* fractional bits of the mean of a sample's distribution */
    PX_SHAPE_CLASSES = 32, /* scales that have tables */
    PX_SCALE_CLASSES = 84, /* the others are tables 28..31 with up to 13 bits below them */
    PX_PROBABILITY_BITS = 12,
    PX_MAX_DIGIT = 119 /* residuals larger than that are always escapes */
};

/* Distribution tables of a chunk. */
typedef struct px_shapes {
    int32_t info[PX_SHAPE_CLASSES]; /* index of the class in `starts` + (largest digit << 20) */
    int16_t inverse[PX_SHAPE_CLASSES][1 << PX_PROBABILITY_BITS]; /* slot to sixteenths */
    uint16_t *starts; /* of a class: [16 fractions][digit + largest digit], first slot of a digit */
} px_shapes;

enum {
    PX_SHAPE_FAMILIES = 5,
    PX_SHAPE_WIDTHS = 16,
    PX_SHAPE_COUNT = PX_SHAPE_FAMILIES * PX_SHAPE_WIDTHS, /* a shape is width * families + family */
    PX_SHAPE_PLAIN = 8 * PX_SHAPE_FAMILIES                /* normal, as wide as the class says */
};

/* Bytes of the tables for one chunk, at most. */
uint64_t px_shapes_memory(void);

/* Tables for one shape (0..PX_SHAPE_COUNT-1) a class; owned by the pool. NULL without memory. For
 * encoding, those of the classes that are used, without inverses; for decoding, where `used` is
 * NULL, all. */
const px_shapes *px_shapes_make(px_pool *pool, const uint8_t shapes[PX_SHAPE_CLASSES],
                                const bool *used);

/*
 * The same for samples that are decoded one by one, in little memory: T itself, and instead of its
 * inverse where to look from. Digit d of fraction f has the slots from T(16 d - 8 - f) on.
 */
enum { PX_LADDER_BITS = 3 }; /* of slots that have one place to look from */

typedef struct px_ladders {
    int32_t zero[PX_SHAPE_CLASSES]; /* index of T(0) of a class in `slots` */
    int32_t last[PX_SHAPE_CLASSES]; /* largest digit times 16 */
    int16_t from[PX_SHAPE_CLASSES][1 << (PX_PROBABILITY_BITS - PX_LADDER_BITS)]; /* sixteenths */
    uint16_t *slots; /* T, which is 0 and 2^bits outside of the largest digits */
} px_ladders;

uint64_t px_ladders_memory(void);

/* Of all classes; owned by the pool. NULL without memory. */
const px_ladders *px_ladders_make(px_pool *pool, const uint8_t shapes[PX_SHAPE_CLASSES]);

/* 2^24 times the distribution function of a shape at z >= 0 sixteenths, for deviation
 * 2^(scale / 4 - 4.5), 0 <= scale < 64. */
uint32_t px_shape_distribution(int shape, int scale, int z);

/* The same as real numbers, many times faster: for encoders to compare shapes by. */
typedef struct px_shape_curve {
    const uint32_t *table;
    float step; /* places of the table for each sixteenth */
} px_shape_curve;

px_shape_curve px_shape_curve_of(int shape, int scale);
float px_shape_curve_at(const px_shape_curve *curve, int z);

/* T with 2^bits slots: digits -limit..limit have one or more each. */
typedef struct px_slots {
    int bits, limit;
    int16_t upper[16 * PX_MAX_DIGIT + 8]; /* T at z = 0..16 limit + 7 */
} px_slots;

void px_slots_make(px_slots *slots, int bits, int shape, int scale);

/* T(z), |z| <= 16 limit + 7. */
static inline int px_slot_of(const px_slots *slots, int z) {
    return z >= 0 ? slots->upper[z] : (1 << slots->bits) - slots->upper[-z];
}

#endif
