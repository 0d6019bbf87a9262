#include "entropy/shapes.h"

#include "base/sizes.h"
#include "entropy/shape_constants.inc"

enum {
    SLOTS = 1 << PX_PROBABILITY_BITS,
    FRACTIONS = 1 << PX_MEAN_BITS,
    MIN_SCALE = 512, /* 1/128: narrower ones are all the same */
    DISTRIBUTION_BITS = 24,
    ARGUMENT_BITS = 26 /* a sixteenth of the deviation 2^16, in 1/256 of the tables' steps */
};

/* 2^16 times the deviation. */
static uint64_t deviation_of(int scale) {
    int octaves = 0;
    for (; scale >= PX_SHAPE_CLASSES; scale -= 4)
        octaves++;
    return (uint64_t)class_scales[scale] << octaves;
}

/* Of a shape for a scale: 2^16 times. */
static uint64_t width_of(int shape, int scale) {
    const uint64_t width = deviation_of(scale) * width_factors[shape / PX_SHAPE_FAMILIES] >> 16;
    return width < MIN_SCALE ? MIN_SCALE : width;
}

/* Of a family, at `argument` in 1/256 of the table's steps. */
static uint32_t distribution_at(int family, uint64_t argument) {
    const uint32_t *table = distributions[family];
    const uint64_t i = argument >> 8, fraction = argument & 255;
    if (i >= SHAPE_UNIT_STEPS * SHAPE_UNITS)
        return table[SHAPE_UNIT_STEPS * SHAPE_UNITS];
    return table[i] + (uint32_t)((table[i + 1] - table[i]) * fraction >> 8);
}

uint32_t px_shape_distribution(int shape, int scale, int z) {
    return distribution_at(shape % PX_SHAPE_FAMILIES,
                           ((uint64_t)z << ARGUMENT_BITS) / width_of(shape, scale));
}

px_shape_curve px_shape_curve_of(int shape, int scale) {
    return (px_shape_curve){.table = distributions[shape % PX_SHAPE_FAMILIES],
                            .step = (1u << (ARGUMENT_BITS - 8)) / (float)width_of(shape, scale)};
}

float px_shape_curve_at(const px_shape_curve *curve, int z) {
    const float far = (float)z * curve->step, last = SHAPE_UNIT_STEPS * SHAPE_UNITS;
    const float place = far < last ? far : last;
    const int i = (int)place;
    const float below = (float)curve->table[i];
    return below + ((float)curve->table[i + 1] - below) * (place - (float)i);
}

/* Digits beyond are rarer than one slot. */
static int largest_digit(int bits, int shape, int scale) {
    int limit = 2, end = PX_MAX_DIGIT;
    while (limit < end) {
        const int digit = (limit + end) / 2;
        const uint32_t below = px_shape_distribution(shape, scale, 16 * digit - 24);
        if (((1u << DISTRIBUTION_BITS) - below) >> (DISTRIBUTION_BITS - bits) == 0)
            end = digit;
        else
            limit = digit + 1;
    }
    return limit;
}

/* Arguments from z = 0 on: their quotients by the width, without a division for each. */
typedef struct arguments {
    uint64_t argument, rest, step, step_rest, width;
} arguments;

static arguments first_argument(int shape, int scale) {
    const uint64_t one = 1u << ARGUMENT_BITS, width = width_of(shape, scale);
    return (arguments){.step = one / width, .step_rest = one % width, .width = width};
}

static void next_argument(arguments *a) {
    const uint64_t rest = a->rest + a->step_rest;
    a->argument += a->step + (rest >= a->width);
    a->rest = rest >= a->width ? rest - a->width : rest;
}

/* Rounded, but every digit keeps a slot, from the centre outwards and from the ends inwards. */
void px_slots_make(px_slots *slots, int bits, int shape, int scale) {
    const int limit = largest_digit(bits, shape, scale), last = FRACTIONS * limit + 7;
    int16_t *upper = slots->upper;
    slots->bits = bits;
    slots->limit = limit;
    arguments a = first_argument(shape, scale);
    for (int z = 0; z <= last; z++, next_argument(&a)) {
        uint64_t exact = (uint64_t)distribution_at(shape % PX_SHAPE_FAMILIES, a.argument) << bits;
        int value = (int)((exact + (1u << (DISTRIBUTION_BITS - 1))) >> DISTRIBUTION_BITS);
        if (z >= FRACTIONS && value <= upper[z - FRACTIONS])
            value = upper[z - FRACTIONS] + 1;
        int most = (1 << bits) - 1 - (last - z) / FRACTIONS;
        upper[z] = (int16_t)(value < most ? value : most);
    }
}

/* [fraction][digit + limit]: where the digits begin, and the end of the last. */
static void fill_starts(uint16_t *starts, const px_slots *slots) {
    const int limit = slots->limit;
    for (int f = 0; f < FRACTIONS; f++) {
        *starts++ = 0;
        for (int d = 1 - limit; d <= limit; d++)
            *starts++ = (uint16_t)px_slot_of(slots, 16 * d - 8 - f);
        *starts++ = SLOTS;
    }
}

/* The largest z with T(z) <= slot; one below the first where there is none. */
static void fill_inverse(int16_t *inverse, const px_slots *slots) {
    const int last = FRACTIONS * slots->limit + 7;
    int slot = 0;
    for (int z = -last - 1; z <= last; z++)
        for (const int end = z < last ? px_slot_of(slots, z + 1) : SLOTS; slot < end; slot++)
            inverse[slot] = (int16_t)z;
}

static size_t starts_of(int limit) {
    return (size_t)FRACTIONS * (2 * (size_t)limit + 2);
}

enum { MOST_STARTS = 1 << 15 }; /* 27,138 for the longest of all shapes */

uint64_t px_shapes_memory(void) {
    return sizeof(px_shapes) + MOST_STARTS * sizeof(uint16_t);
}

const px_shapes *px_shapes_make(px_pool *pool, const uint8_t shapes[PX_SHAPE_CLASSES],
                                const bool *used) {
    size_t total = 2; /* gathers read a couple of 32 bits */
    for (int c = 0; c < PX_SHAPE_CLASSES; c++)
        if (!used || used[c])
            total += starts_of(largest_digit(PX_PROBABILITY_BITS, shapes[c], c));
    px_shapes *made = px_pool_take(pool, sizeof *made);
    uint16_t *starts = px_pool_take_zeroed(pool, px_product(total, sizeof *starts));
    if (!made || !starts)
        return NULL;
    made->starts = starts;
    int32_t offset = 0;
    for (int c = 0; c < PX_SHAPE_CLASSES; c++) {
        px_slots slots;
        made->info[c] = 0;
        if (used && !used[c])
            continue;
        px_slots_make(&slots, PX_PROBABILITY_BITS, shapes[c], c);
        fill_starts(starts + offset, &slots);
        if (!used)
            fill_inverse(made->inverse[c], &slots);
        made->info[c] = offset | slots.limit << 20;
        offset += (int32_t)starts_of(slots.limit);
    }
    return made;
}

/* ---- One by one ---- */

/* T from the first slot of digit -limit to behind digit limit, of all fractions. */
static void fill_ladder(uint16_t *zero, const px_slots *slots) {
    const int end = FRACTIONS * slots->limit + 8; /* behind digit limit where the fraction is 0 */
    for (int z = 1 - end - FRACTIONS; z <= -end; z++)
        zero[z] = 0;
    for (int z = 1 - end; z <= end - FRACTIONS; z++)
        zero[z] = (uint16_t)px_slot_of(slots, z);
    for (int z = end + 1 - FRACTIONS; z <= end; z++)
        zero[z] = SLOTS;
}

/* The largest z with T(z) <= the first of some slots, as fill_inverse; none is beyond digit limit.
 */
static void fill_from(int16_t *from, const px_slots *slots) {
    enum { STEP = 1 << PX_LADDER_BITS };
    const int last = FRACTIONS * slots->limit + 7, highest = FRACTIONS * slots->limit - 8;
    int z = -last - 1;
    for (int slot = 0; slot < SLOTS; slot += STEP) {
        while (z < highest && px_slot_of(slots, z + 1) <= slot)
            z++;
        *from++ = (int16_t)z;
    }
}

uint64_t px_ladders_memory(void) {
    return sizeof(px_ladders) + MOST_STARTS * sizeof(uint16_t);
}

const px_ladders *px_ladders_make(px_pool *pool, const uint8_t shapes[PX_SHAPE_CLASSES]) {
    size_t total = 0;
    for (int c = 0; c < PX_SHAPE_CLASSES; c++)
        total += starts_of(largest_digit(PX_PROBABILITY_BITS, shapes[c], c));
    px_ladders *made = px_pool_take(pool, sizeof *made);
    uint16_t *taken = px_pool_take(pool, px_product(total, sizeof *taken));
    if (!made || !taken)
        return NULL;
    made->slots = taken;
    int32_t offset = 0;
    for (int c = 0; c < PX_SHAPE_CLASSES; c++) {
        px_slots slots;
        px_slots_make(&slots, PX_PROBABILITY_BITS, shapes[c], c);
        made->last[c] = FRACTIONS * slots.limit;
        made->zero[c] = offset + FRACTIONS * (slots.limit + 1) + 7;
        fill_ladder(taken + made->zero[c], &slots);
        fill_from(made->from[c], &slots);
        offset += (int32_t)starts_of(slots.limit);
    }
    return made;
}
