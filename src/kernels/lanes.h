/*
 * Sixteen 32-bit integers at a time. The hot loops are written once in these and compiled once for
 * each instruction set (kernels_*.c), so that they cannot differ in what they compute: GCC's vector
 * operators do what the C operators do on each lane, modulo 2^32 (-fwrapv), and the functions here
 * have a plain definition beside each fast one. Internal.
 */
#ifndef PX_LANES_H
#define PX_LANES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__AVX512BW__) && defined(__AVX512VNNI__) && defined(__AVX512VL__) &&                   \
    defined(__AVX512CD__)
#define PX_LANES_AVX512 1
#include <immintrin.h>
#elif defined(__AVX2__)
#define PX_LANES_AVX2 1
#include <immintrin.h>
#endif

enum { PX_LANES = 16 };

typedef int32_t px_lanes __attribute__((vector_size(64)));
typedef int32_t px_lanes_unaligned __attribute__((vector_size(64), aligned(4), may_alias));
typedef uint32_t px_lanes_unsigned __attribute__((vector_size(64)));
typedef int16_t px_lanes_16 __attribute__((vector_size(32), aligned(2), may_alias));
typedef uint16_t px_lanes_u16 __attribute__((vector_size(32), aligned(2), may_alias));

#define PX_INLINE static inline __attribute__((always_inline))

PX_INLINE px_lanes lanes_all(int32_t value) {
    return value - (px_lanes){0};
}

PX_INLINE px_lanes lanes_load(const void *from) {
    return (px_lanes) * (const px_lanes_unaligned *)from;
}

PX_INLINE void lanes_store(void *to, px_lanes value) {
    *(px_lanes_unaligned *)to = (px_lanes_unaligned)value;
}

/* 16-bit integers, widened with or without sign, and cut. */
PX_INLINE px_lanes lanes_load_i16(const int16_t *from) {
    return __builtin_convertvector(*(const px_lanes_16 *)from, px_lanes);
}

PX_INLINE px_lanes lanes_load_u16(const uint16_t *from) {
    return __builtin_convertvector(*(const px_lanes_u16 *)from, px_lanes);
}

PX_INLINE void lanes_store_i16(int16_t *to, px_lanes value) {
    *(px_lanes_16 *)to = __builtin_convertvector(value, px_lanes_16);
}

PX_INLINE px_lanes lanes_shift_right_unsigned(px_lanes value, int bits) {
    return (px_lanes)((px_lanes_unsigned)value >> bits);
}

/* a where mask is -1, b where it is 0. */
PX_INLINE px_lanes lanes_select(px_lanes mask, px_lanes a, px_lanes b) {
    return (a & mask) | (b & ~mask);
}

PX_INLINE px_lanes lanes_min(px_lanes a, px_lanes b) {
#if PX_LANES_AVX512
    return (px_lanes)_mm512_min_epi32((__m512i)a, (__m512i)b);
#else
    return lanes_select(a < b, a, b);
#endif
}

PX_INLINE px_lanes lanes_max(px_lanes a, px_lanes b) {
#if PX_LANES_AVX512
    return (px_lanes)_mm512_max_epi32((__m512i)a, (__m512i)b);
#else
    return lanes_select(a > b, a, b);
#endif
}

PX_INLINE px_lanes lanes_clamp(px_lanes value, int32_t low, int32_t high) {
    return lanes_min(lanes_max(value, lanes_all(low)), lanes_all(high));
}

/* sum + a.low * b.low + a.high * b.high, each lane being two signed 16-bit integers. */
PX_INLINE px_lanes lanes_dot_pairs(px_lanes sum, px_lanes a, px_lanes b) {
#if PX_LANES_AVX512
    return (px_lanes)_mm512_dpwssd_epi32((__m512i)sum, (__m512i)a, (__m512i)b);
#elif PX_LANES_AVX2
    __m256i x[2], y[2];
    memcpy(x, &a, sizeof x);
    memcpy(y, &b, sizeof y);
    x[0] = _mm256_madd_epi16(x[0], y[0]);
    x[1] = _mm256_madd_epi16(x[1], y[1]);
    memcpy(&a, x, sizeof a);
    return sum + a;
#else
    return sum + (a << 16 >> 16) * (b << 16 >> 16) + (a >> 16) * (b >> 16);
#endif
}

/* floor(16 log2 v) with a linear mantissa, for 1 <= v < 2^31: the exponent, then the four bits
 * below the leading one. */
PX_INLINE px_lanes lanes_log2_16(px_lanes value) {
#if PX_LANES_AVX512
    px_lanes zeros = (px_lanes)_mm512_lzcnt_epi32((__m512i)value);
    px_lanes mantissa = (px_lanes)_mm512_sllv_epi32((__m512i)value, (__m512i)zeros);
    return ((31 - zeros) << 4) + (lanes_shift_right_unsigned(mantissa, 27) & 15);
#else
    for (int i = 0; i < PX_LANES; i++) {
        int zeros = __builtin_clz((uint32_t)value[i]);
        value[i] = (31 - zeros) * 16 + (int32_t)((uint32_t)value[i] << zeros >> 27 & 15);
    }
    return value;
#endif
}

/* table[index]. */
PX_INLINE px_lanes lanes_gather(const int32_t *table, px_lanes index) {
#if PX_LANES_AVX512
    return (px_lanes)_mm512_i32gather_epi32((__m512i)index, table, 4);
#else
    for (int i = 0; i < PX_LANES; i++)
        index[i] = table[index[i]];
    return index;
#endif
}

/* One bit a lane, lane 0 lowest, of a mask of -1 and 0. */
PX_INLINE uint32_t lanes_bits(px_lanes mask) {
#if PX_LANES_AVX512
    return _mm512_movepi32_mask((__m512i)mask);
#else
    uint32_t bits = 0;
    for (int i = 0; i < PX_LANES; i++)
        bits |= (uint32_t)(mask[i] & 1) << i;
    return bits;
#endif
}

/* Lanes of `mask` get consecutive 16-bit words from *words, which moves on; the others get 0. Reads
 * up to 16 words whatever the mask. */
PX_INLINE px_lanes lanes_next_words(px_lanes mask, const uint16_t **words) {
#if PX_LANES_AVX512
    __mmask16 wanted = _mm512_movepi32_mask((__m512i)mask);
    __m512i next = (__m512i)lanes_load_u16(*words);
    *words += __builtin_popcount(wanted);
    return (px_lanes)_mm512_maskz_expand_epi32(wanted, next);
#else
    for (int i = 0; i < PX_LANES; i++)
        mask[i] = mask[i] ? *(*words)++ : 0;
    return mask;
#endif
}

#endif
