/* Short logarithms and powers for fits, where no more than their first digits count. The same on
 * every machine: no fused operations, no calls. Internal. */
#ifndef PX_BASE_FAST_MATH_H
#define PX_BASE_FAST_MATH_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* Within 0.001, which is plenty for a fit; value > 0. */
static inline float px_fast_log2(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    const int exponent = (int)(bits >> 23) - 127;
    bits = (bits & 0x7fffff) | 127u << 23;
    float m;
    memcpy(&m, &bits, sizeof m);
    return (float)exponent - 2.1536207f + m * (3.0478842f + m * (-1.0518750f + m * 0.15824870f));
}

/* Likewise; value <= 0. */
static inline float px_fast_exp2(float value) {
    const float whole = floorf(value), part = value - whole;
    if (whole < -126)
        return 0;
    const uint32_t bits = (uint32_t)((int)whole + 127) << 23;
    float scale;
    memcpy(&scale, &bits, sizeof scale);
    return scale * (1 + part * (0.6951786f + part * (0.2276448f + part * 0.0771766f)));
}

#endif
