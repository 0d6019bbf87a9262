/* Weights of experts, as the wavefront and mixed frames have them. docs/format-frames.md. */
#ifndef PX_FRAMES_BLEND_LANES_H
#define PX_FRAMES_BLEND_LANES_H

#include "coders/ans/lsq/wave.h"
#include "simd/lanes.h"

/* 2^8 log2 v with a linear mantissa, 1 <= v < 2^24: such integers are exact as floats. */
PX_INLINE px_lanes lanes_log2_256(px_lanes v) {
    typedef float floats __attribute__((vector_size(64)));
    return ((px_lanes) __builtin_convertvector(v, floats) >> 15) - (127 << 8);
}

enum { WEIGHT_BITS = 11, SPREAD_BITS = 8, MOST_SPREAD = 511, SPREAD_FLOOR = 5, ENERGY_FLOOR = 2 };

PX_INLINE px_lanes weight_of(px_lanes deficit) {
    px_lanes d = lanes_min(deficit, lanes_all(31 << PX_BLEND_BITS));
    return lanes_shift_each_right((512 - (d & 255)) << 2, d >> PX_BLEND_BITS);
}

#endif
