/*
 * All tables follow from two functions, a logarithm and a power of two with 24 fractional bits,
 * that are computed digit by digit as on paper: squaring a number doubles its logarithm, and the
 * power is a product of repeated square roots of two. Integers only, so that the tables are the
 * same on every machine; docs/FORMAT.md defines them by their real values, and tests compare.
 */
#include "logistic.h"

enum { BITS = 24 }; /* fractional bits of logarithms */

static const int64_t ln_2 = 2977044472;    /* x 2^32 */
static const int64_t log2_of_e = 24204406; /* x 2^24 */

/* floor(2^24 log2 value) but for the last digits, value > 0. */
static int64_t precise_log2(uint64_t value) {
    int exponent = 63 - __builtin_clzll(value);
    uint64_t y = exponent >= 31 ? value >> (exponent - 31) : value << (31 - exponent);
    int64_t log = exponent;
    for (int i = 0; i < BITS; i++) {
        y = y * y >> 31;
        log = log * 2 + (y >> 32 != 0);
        y >>= y >> 32;
    }
    return log;
}

static uint64_t square_root(uint64_t value) {
    uint64_t root = 0;
    for (uint64_t bit = 1ull << 31; bit; bit >>= 1)
        if ((root + bit) * (root + bit) <= value)
            root += bit;
    return root;
}

/* Repeated square roots of two, with 30 fractional bits. */
typedef struct roots {
    uint64_t of_two[BITS];
} roots;

static void roots_init(roots *r) {
    uint64_t root = 2ull << 30;
    for (int i = 0; i < BITS; i++)
        r->of_two[i] = root = square_root(root << 30);
}

/* 2^20 2^(power / 2^24), for 0 <= power < 20 * 2^24. */
static uint64_t precise_power(const roots *r, int64_t power) {
    uint64_t y = 1ull << 30;
    for (int i = 0; i < BITS; i++)
        if (power >> (BITS - 1 - i) & 1)
            y = y * r->of_two[i] >> 30;
    return y << (power >> BITS) >> 10;
}

/* From a logarithm to base 2 with 24 bits to a natural one with 12, rounded. */
static int32_t natural(int64_t log) {
    int64_t scaled = (log * (ln_2 >> 8) + (1ll << 35)) >> 36;
    return (int32_t)scaled;
}

/* From a natural number with 12 fractional bits to a power of two with 24. */
static int64_t binary(int64_t value) {
    return value * log2_of_e >> 12;
}

static void squash_init(uint16_t *squash, const roots *r) {
    for (int i = 0; i < PX_SQUASH_SIZE; i++) {
        int64_t z = ((int64_t)i << PX_SQUASH_SHIFT) - PX_STRETCH_LIMIT;
        uint64_t power = precise_power(r, binary(z < 0 ? -z : z)), one = 1u << 20;
        uint64_t small = ((one << 16) + (one + power) / 2) / (one + power);
        uint64_t chance = z < 0 ? small : 65536 - small;
        squash[i] = (uint16_t)(chance < PX_CHANCE_MIN           ? PX_CHANCE_MIN
                               : chance > 65536 - PX_CHANCE_MIN ? 65536 - PX_CHANCE_MIN
                                                                : chance);
    }
}

static void stretch_init(int16_t *stretch) {
    const int size = 1 << PX_STRETCH_BITS;
    for (int i = 0; i < size; i++) {
        int32_t value = natural(precise_log2((uint64_t)(2 * i + 1)) -
                                precise_log2((uint64_t)(2 * (size - i) - 1)));
        const int32_t limit = PX_INPUT_LIMIT;
        stretch[i] = (int16_t)(value < -limit ? -limit : value > limit ? limit : value);
    }
}

/* ln(1 + e^-t). */
static int32_t tail_at(const roots *r, int64_t t) {
    uint64_t one = 1ull << 40, inverse = (one << 20) / precise_power(r, binary(t));
    return natural(precise_log2(one + inverse) - ((int64_t)40 << BITS));
}

/* ln(1 - e^-d) = ln(e^d - 1) - d; for d below 1/16, where the power has too few digits, by its
 * series ln d - d / 2. `log` is log2 d with 24 bits, and 12 added to it. */
static int32_t gap_at(const roots *r, int64_t log) {
    uint64_t d = precise_power(r, log); /* 12 + 20 fractional bits */
    int64_t natural_d = (int64_t)(d >> 20);
    if (log < (int64_t)8 << BITS)
        return natural(log - ((int64_t)12 << BITS)) - (int32_t)(natural_d / 2);
    uint64_t power = precise_power(r, (int64_t)(d >> 10) * log2_of_e >> 22);
    return natural(precise_log2(power - (1u << 20)) - ((int64_t)20 << BITS)) - (int32_t)natural_d;
}

static void curve_finish(px_curve *curve, const int32_t values[33]) {
    for (int i = 0; i < 32; i++) {
        curve->values[i] = values[i];
        curve->steps[i] = values[i + 1] - values[i];
    }
}

void px_logistic_init(px_logistic *tables) {
    roots r;
    int32_t tail[33], gap[33];
    roots_init(&r);
    squash_init(tables->squash, &r);
    stretch_init(tables->stretch);
    for (int i = 0; i <= 32; i++) {
        tail[i] = tail_at(&r, (int64_t)i * PX_STRETCH_ONE / 4);
        gap[i] = gap_at(&r, (int64_t)i << (BITS - 1));
    }
    curve_finish(&tables->tail, tail);
    curve_finish(&tables->gap, gap);
}
