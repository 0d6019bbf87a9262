/*
 * Elements with the planes innermost to planes and back: a transposition in blocks of
 * PX_BLOCK_PLANES planes by PX_BLOCK_POSITIONS positions, two planes to a lane.
 */
#include "planes/element_kernels.h"

#include "simd/lanes.h"

typedef int16_t shorts __attribute__((vector_size(64)));
typedef int8_t bytes __attribute__((vector_size(32)));
typedef int8_t bytes_unaligned __attribute__((vector_size(32), aligned(1), may_alias));
typedef int16_t shorts_unaligned __attribute__((vector_size(64), aligned(1), may_alias));

PX_INLINE shorts swap_bytes(shorts v) {
    typedef uint16_t unsigned_shorts __attribute__((vector_size(64)));
    unsigned_shorts bits = (unsigned_shorts)v;
    return (shorts)(bits << 8 | bits >> 8);
}

/* Two numbers to a lane, the first in its low half, and back. */
PX_INLINE px_lanes lanes_of_shorts(shorts v) {
    const px_lanes lanes = (px_lanes)v;
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return lanes << 16 | lanes_shift_right_unsigned(lanes, 16);
#else
    return lanes;
#endif
}

PX_INLINE shorts shorts_of_lanes(px_lanes lanes) {
    return (shorts)lanes_of_shorts((shorts)lanes);
}

static void load_block(int16_t *planes, size_t plane_stride, const uint8_t *elements,
                       size_t element_stride, const px_element_format *format) {
    px_lanes rows[PX_LANES];
    for (int q = 0; q < PX_BLOCK_POSITIONS; q++, elements += element_stride) {
        shorts v;
        if (format->size == 1) {
            v = __builtin_convertvector(
                (bytes) * (const bytes_unaligned *)elements ^ (int8_t)format->flip, shorts);
        } else {
            v = (shorts) * (const shorts_unaligned *)elements;
            v = (format->swapped ? swap_bytes(v) : v) ^ (int16_t)format->flip;
        }
        rows[q] = lanes_of_shorts(v);
    }
    lanes_transpose(rows);
    for (int k = 0; k < PX_BLOCK_PLANES; k += 2, planes += 2 * plane_stride) {
        lanes_store_i16(planes, rows[k / 2]);
        lanes_store_i16(planes + plane_stride, rows[k / 2] >> 16);
    }
}

/* Planes are too many for the CPU to see what comes next of each. */
enum { AHEAD_POSITIONS = 64 };

static void store_block(uint8_t *elements, size_t element_stride, const int16_t *planes,
                        size_t plane_stride, const px_element_format *format) {
    px_lanes rows[PX_LANES];
    for (int k = 0; k < PX_BLOCK_PLANES; k += 2, planes += 2 * plane_stride) {
        __builtin_prefetch(planes + AHEAD_POSITIONS);
        __builtin_prefetch(planes + plane_stride + AHEAD_POSITIONS);
        rows[k / 2] = lanes_load_u16((const uint16_t *)planes) |
                      lanes_load_u16((const uint16_t *)planes + plane_stride) << 16;
    }
    lanes_transpose(rows);
    for (int q = 0; q < PX_BLOCK_POSITIONS; q++, elements += element_stride) {
        shorts v = shorts_of_lanes(rows[q]) ^ (int16_t)format->flip;
        if (format->size == 1)
            *(bytes_unaligned *)elements = __builtin_convertvector(v, bytes);
        else
            *(shorts_unaligned *)elements = format->swapped ? swap_bytes(v) : v;
    }
}

const px_element_kernels PX_KERNEL_TABLE(px_element_kernels) = {
    .load_block = load_block,
    .store_block = store_block,
};
