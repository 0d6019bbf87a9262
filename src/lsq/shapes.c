#include "lsq/shapes.h"

#include "lsq/shape_constants.inc"

enum {
    SLOTS = 1 << PX_PROBABILITY_BITS,
    FRACTIONS = 1 << PX_MEAN_BITS,
    MIN_SCALE = 512, /* 1/128: narrower ones are all the same */
    DISTRIBUTION_BITS = 24,
    MAX_ARGUMENT = 16 * PX_MAX_DIGIT + 8
};

uint32_t px_shape_distribution(int shape, int shape_class, int z) {
    uint64_t scale = (uint64_t)class_scales[shape_class] * width_factors[shape / PX_SHAPE_FAMILIES];
    scale >>= 16;
    scale = scale < MIN_SCALE ? MIN_SCALE : scale;
    const uint32_t *table = distributions[shape % PX_SHAPE_FAMILIES];
    uint64_t argument = ((uint64_t)z << 26) / scale; /* in 1/256 of the table's steps */
    uint64_t i = argument >> 8, fraction = argument & 255;
    if (i >= SHAPE_UNIT_STEPS * SHAPE_UNITS)
        return table[SHAPE_UNIT_STEPS * SHAPE_UNITS];
    return table[i] + (uint32_t)((table[i + 1] - table[i]) * fraction >> 8);
}

/* Digits beyond are rarer than one slot. */
static int largest_digit(int shape, int shape_class) {
    int limit = 2;
    while (limit < PX_MAX_DIGIT) {
        uint32_t below = px_shape_distribution(shape, shape_class, 16 * limit - 24);
        if (((1u << DISTRIBUTION_BITS) - below) >> (DISTRIBUTION_BITS - PX_PROBABILITY_BITS) == 0)
            break;
        limit++;
    }
    return limit;
}

/* T at z = 0..16 limit + 7: rounded, but every digit keeps a slot, from the centre outwards and
 * from the ends inwards. */
static void upper_half(int16_t *upper, int limit, int shape, int shape_class) {
    const int last = FRACTIONS * limit + 7;
    for (int z = 0; z <= last; z++) {
        uint64_t exact = (uint64_t)px_shape_distribution(shape, shape_class, z) * SLOTS;
        int value = (int)((exact + (1u << (DISTRIBUTION_BITS - 1))) >> DISTRIBUTION_BITS);
        if (z >= FRACTIONS && value <= upper[z - FRACTIONS])
            value = upper[z - FRACTIONS] + 1;
        int most = SLOTS - 1 - (last - z) / FRACTIONS;
        upper[z] = (int16_t)(value < most ? value : most);
    }
}

static int slot_of(const int16_t *upper, int z) {
    return z >= 0 ? upper[z] : SLOTS - upper[-z];
}

/* [fraction][digit + limit]: where the digits begin, and the end of the last. */
static void fill_starts(uint16_t *starts, const int16_t *upper, int limit) {
    for (int f = 0; f < FRACTIONS; f++) {
        *starts++ = 0;
        for (int d = 1 - limit; d <= limit; d++)
            *starts++ = (uint16_t)slot_of(upper, 16 * d - 8 - f);
        *starts++ = SLOTS;
    }
}

/* The largest z with T(z) <= slot; one below the first where there is none. */
static void fill_inverse(int16_t *inverse, const int16_t *upper, int limit) {
    const int last = FRACTIONS * limit + 7;
    int z = -last - 1;
    for (int slot = 0; slot < SLOTS; slot++) {
        while (z < last && slot_of(upper, z + 1) <= slot)
            z++;
        inverse[slot] = (int16_t)z;
    }
}

const px_shapes *px_shapes_make(px_pool *pool, const uint8_t shapes[PX_SHAPE_CLASSES]) {
    int limits[PX_SHAPE_CLASSES];
    size_t total = 2; /* gathers read a couple of 32 bits */
    for (int c = 0; c < PX_SHAPE_CLASSES; c++) {
        limits[c] = largest_digit(shapes[c], c);
        total += (size_t)(FRACTIONS * (2 * limits[c] + 2));
    }
    px_shapes *made = px_pool_take_zeroed(pool, sizeof *made);
    uint16_t *starts = px_pool_take_zeroed(pool, total * sizeof *starts);
    if (!made || !starts)
        return NULL;
    made->starts = starts;
    int32_t offset = 0;
    for (int c = 0; c < PX_SHAPE_CLASSES; c++) {
        int16_t upper[MAX_ARGUMENT];
        upper_half(upper, limits[c], shapes[c], c);
        fill_starts(starts + offset, upper, limits[c]);
        fill_inverse(made->inverse[c], upper, limits[c]);
        made->info[c] = offset | limits[c] << 20;
        offset += FRACTIONS * (2 * limits[c] + 2);
    }
    return made;
}
