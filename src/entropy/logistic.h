/*
 * The functions of logistic mixing as tables of integers, made by make_logistic.py.
 * docs/format-adaptive.md, "Logarithms". Internal.
 */
#ifndef PX_ENTROPY_LOGISTIC_H
#define PX_ENTROPY_LOGISTIC_H

#include <stdint.h>

/* Natural logarithms of odds ("stretched" probabilities) have 12 fractional bits. */
enum {
    PX_STRETCH_ONE = 1 << 12,
    PX_STRETCH_LIMIT = 12 * PX_STRETCH_ONE,
    PX_ODDS_LIMIT = 49000,  /* of sums of log odds */
    PX_INPUT_LIMIT = 32760, /* of the mixer: with an error of 16 bits, products fit 32 */
    PX_SQUASH_SHIFT = 5,    /* a step of the table is 1/128 */
    PX_SQUASH_SIZE = (2 * PX_STRETCH_LIMIT >> PX_SQUASH_SHIFT) + 1,
    PX_PROBABILITY_MIN = 2, /* of 65536: no bit is certain */
    PX_STRETCH_BITS = 12,
    PX_TAIL_LIMIT = 8 * PX_STRETCH_ONE - 1
};

/* A function at 0..32, as 32 values and the steps to the next. */
typedef struct px_curve {
    int32_t values[32], steps[32];
} px_curve;

typedef struct px_logistic {
    uint16_t squash[PX_SQUASH_SIZE];       /* 65536 / (1 + e^-z), z = index/128 - 12 */
    int16_t stretch[1 << PX_STRETCH_BITS]; /* ln(p / (1 - p)), p = (index + 1/2) / 4096 */
    px_curve tail;                         /* ln(1 + e^-t), t = index / 4 */
    px_curve gap;                          /* ln(1 - e^-d), d = 2^(index / 2) / 4096 */
} px_logistic;

extern const px_logistic px_logistic_tables;

/* 65536 / (1 + e^-stretched), within PX_PROBABILITY_MIN of the ends. */
static inline int32_t px_squash(int32_t stretched) {
    const int32_t half = 1 << (PX_SQUASH_SHIFT - 1);
    return px_logistic_tables.squash[(stretched + PX_STRETCH_LIMIT + half) >> PX_SQUASH_SHIFT];
}

#endif
