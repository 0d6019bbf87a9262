/* As many numbers as one register holds: integers, and floats with logarithms and roots. No fused
 * operations: every set computes the same. Internal. */
#ifndef PX_SIMD_LANES_FLOAT_H
#define PX_SIMD_LANES_FLOAT_H

#include "simd/lanes.h"

typedef int16_t px_part_16 __attribute__((vector_size(2 * PX_PART_LANES), aligned(2), may_alias));
typedef uint8_t px_part_8 __attribute__((vector_size(PX_PART_LANES), aligned(1), may_alias));

PX_INLINE px_part part_load_i16(const int16_t *from) {
    return __builtin_convertvector(*(const px_part_16 *)from, px_part);
}

PX_INLINE px_part part_select(px_part mask, px_part a, px_part b) {
    return (a & mask) | (b & ~mask);
}

PX_INLINE px_part part_min(px_part a, px_part b) {
    return part_select(a < b, a, b);
}

PX_INLINE px_part part_max(px_part a, px_part b) {
    return part_select(a > b, a, b);
}

PX_INLINE px_float_part float_part_all(float value) {
    return value - (px_float_part){0};
}

PX_INLINE px_float_part float_part_of(px_part value) {
    return __builtin_convertvector(value, px_float_part);
}

PX_INLINE px_float_part float_part_max(px_float_part a, px_float_part b) {
    const px_part larger = (px_part)(a > b);
    return (px_float_part)(((px_part)a & larger) | ((px_part)b & ~larger));
}

/* As px_fast_log2. */
PX_INLINE px_float_part float_part_log2(px_float_part value) {
    const px_part bits = (px_part)value;
    const px_float_part m = (px_float_part)((bits & 0x7fffff) | 127 << 23);
    return float_part_of((bits >> 23) - 127) - 2.1536207f +
           m * (3.0478842f + m * (-1.0518750f + m * 0.15824870f));
}

/* As px_fast_exp2; value <= 0. */
PX_INLINE px_float_part float_part_exp2(px_float_part value) {
    enum { LEAST = 125 };
    const px_float_part above = float_part_max(value, float_part_all(-LEAST)) + (float)LEAST;
    const px_part whole = __builtin_convertvector(above, px_part);
    const px_float_part part = above - float_part_of(whole);
    const px_float_part scale = (px_float_part)((whole + (127 - LEAST)) << 23);
    return scale * (1 + part * (0.6951786f + part * (0.2276448f + part * 0.0771766f)));
}

/* 1 / sqrt(value), within some millionths: Newton's steps from a linear guess of the exponent. */
PX_INLINE px_float_part float_part_inverse_root(px_float_part value) {
    px_float_part root = (px_float_part)(0x5f3759df - ((px_part)value >> 1));
    for (int i = 0; i < 2; i++)
        root = root * (1.5f - 0.5f * value * root * root);
    return root;
}

#endif
