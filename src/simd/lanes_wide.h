/*
 * Eight 64-bit integers, and eight 32-bit ones, beside the lanes of lanes.h; with them logarithms
 * and powers of two, which the coder that learns needs by the dozen for each sample. Everything is
 * integer and the same in every instruction set; operators wrap. Internal.
 */
#ifndef PX_SIMD_LANES_WIDE_H
#define PX_SIMD_LANES_WIDE_H

#include "simd/lanes.h"

typedef int64_t px_wide __attribute__((vector_size(64)));
typedef int64_t px_wide_unaligned __attribute__((vector_size(64), aligned(8), may_alias));
typedef int32_t px_eight __attribute__((vector_size(32)));
typedef uint32_t px_eight_unsigned __attribute__((vector_size(32)));
typedef int32_t px_eight_unaligned __attribute__((vector_size(32), aligned(4), may_alias));
typedef int16_t px_eight_16 __attribute__((vector_size(16), aligned(2), may_alias));

enum { PX_EIGHT = 8 };

PX_INLINE int32_t clamp32(int64_t value, int32_t low, int32_t high) {
    return value < low ? low : value > high ? high : (int32_t)value;
}

PX_INLINE int64_t clamp64(int64_t value, int64_t low, int64_t high) {
    return value < low ? low : value > high ? high : value;
}

PX_INLINE px_wide wide_all(int64_t value) {
    return value - (px_wide){0};
}

PX_INLINE px_wide wide_load(const int64_t *from) {
    return (px_wide) * (const px_wide_unaligned *)from;
}

PX_INLINE void wide_store(int64_t *to, px_wide value) {
    *(px_wide_unaligned *)to = (px_wide_unaligned)value;
}

PX_INLINE px_eight eight_all(int32_t value) {
    return value - (px_eight){0};
}

PX_INLINE px_eight eight_load(const int32_t *from) {
    return (px_eight) * (const px_eight_unaligned *)from;
}

PX_INLINE void eight_store(int32_t *to, px_eight value) {
    *(px_eight_unaligned *)to = (px_eight_unaligned)value;
}

PX_INLINE px_eight eight_load_i16(const int16_t *from) {
    return __builtin_convertvector(*(const px_eight_16 *)from, px_eight);
}

PX_INLINE px_wide wide_of(px_eight value) {
    return __builtin_convertvector(value, px_wide);
}

PX_INLINE px_eight eight_of(px_wide value) {
    return __builtin_convertvector(value, px_eight);
}

/* The halves of sixteen lanes, and back. */
PX_INLINE px_eight lanes_low(px_lanes value) {
    px_eight half;
    memcpy(&half, &value, sizeof half);
    return half;
}

PX_INLINE px_eight lanes_high(px_lanes value) {
    px_eight half;
    memcpy(&half, (const char *)&value + sizeof half, sizeof half);
    return half;
}

PX_INLINE px_lanes lanes_join(px_eight low, px_eight high) {
#if PX_LANES_AVX512
    return (px_lanes)_mm512_inserti64x4(_mm512_castsi256_si512((__m256i)low), (__m256i)high, 1);
#else
    px_lanes both;
    memcpy(&both, &low, sizeof low);
    memcpy((char *)&both + sizeof low, &high, sizeof high);
    return both;
#endif
}

PX_INLINE px_eight eight_select(px_eight mask, px_eight a, px_eight b) {
    return (a & mask) | (b & ~mask);
}

PX_INLINE px_eight eight_min(px_eight a, px_eight b) {
#if PX_LANES_AVX512 || PX_LANES_AVX2
    return (px_eight)_mm256_min_epi32((__m256i)a, (__m256i)b);
#else
    return eight_select(a < b, a, b);
#endif
}

PX_INLINE px_eight eight_max(px_eight a, px_eight b) {
#if PX_LANES_AVX512 || PX_LANES_AVX2
    return (px_eight)_mm256_max_epi32((__m256i)a, (__m256i)b);
#else
    return eight_select(a > b, a, b);
#endif
}

PX_INLINE px_eight eight_clamp(px_eight value, int32_t low, int32_t high) {
    return eight_min(eight_max(value, eight_all(low)), eight_all(high));
}

PX_INLINE px_wide wide_clamp(px_wide value, int64_t low, int64_t high) {
#if PX_LANES_AVX512
    __m512i least = _mm512_max_epi64((__m512i)value, (__m512i)wide_all(low));
    return (px_wide)_mm512_min_epi64(least, (__m512i)wide_all(high));
#else
    px_wide below = value<wide_all(low), above = value> wide_all(high);
    return (value & ~below & ~above) | (wide_all(low) & below) | (wide_all(high) & above);
#endif
}

/* Cut to 32 bits, values beyond them to the nearest. */
PX_INLINE px_eight eight_saturated(px_wide value) {
#if PX_LANES_AVX512
    return (px_eight)_mm512_cvtsepi64_epi32((__m512i)value);
#else
    return eight_of(wide_clamp(value, INT32_MIN, INT32_MAX));
#endif
}

/* The first lane that has the least value. */
PX_INLINE int eight_first_least(px_eight value) {
#if PX_LANES_AVX512
    __m128i least = _mm_min_epi32(_mm256_castsi256_si128((__m256i)value),
                                  _mm256_extracti128_si256((__m256i)value, 1));
    least = _mm_min_epi32(least, _mm_shuffle_epi32(least, 0x4e));
    least = _mm_min_epi32(least, _mm_shuffle_epi32(least, 0xb1));
    return __builtin_ctz(_mm256_cmpeq_epi32_mask((__m256i)value, _mm256_broadcastd_epi32(least)));
#else
    int first = 0;
    for (int i = 1; i < PX_EIGHT; i++)
        if (value[i] < value[first])
            first = i;
    return first;
#endif
}

/* Products of the low 32 bits of each lane, as signed numbers. */
PX_INLINE px_wide wide_multiply(px_wide a, px_wide b) {
#if PX_LANES_AVX512
    return (px_wide)_mm512_mul_epi32((__m512i)a, (__m512i)b);
#elif PX_LANES_AVX2
    __m256i x[2], y[2];
    memcpy(x, &a, sizeof x);
    memcpy(y, &b, sizeof y);
    x[0] = _mm256_mul_epi32(x[0], y[0]);
    x[1] = _mm256_mul_epi32(x[1], y[1]);
    memcpy(&a, x, sizeof a);
    return a;
#else
    return (a << 32 >> 32) * (b << 32 >> 32);
#endif
}

PX_INLINE int64_t wide_sum(px_wide value) {
#if PX_LANES_AVX512
    return _mm512_reduce_add_epi64((__m512i)value);
#else
    int64_t sum = 0;
    for (int i = 0; i < PX_EIGHT; i++)
        sum += value[i];
    return sum;
#endif
}

PX_INLINE int32_t lanes_sum(px_lanes value) {
#if PX_LANES_AVX512
    return _mm512_reduce_add_epi32((__m512i)value);
#else
    int32_t sum = 0;
    for (int i = 0; i < PX_LANES; i++)
        sum += value[i];
    return sum;
#endif
}

/* sum + the products of the sixteen lanes, two to a lane of the result. */
PX_INLINE px_wide wide_add_products(px_wide sum, px_lanes a, px_lanes b) {
    return sum + wide_multiply((px_wide)a, (px_wide)b) +
           wide_multiply((px_wide)a >> 32, (px_wide)b >> 32);
}

/*
 * Logarithms in 1024ths: log2(1 + f) = f + f (1 - f) (0.424 - 0.156 f), within 0.0016; and powers:
 * 2^f = 1 + f - f (1 - f) (0.305 + 0.078 f), within 0.0002. format-adaptive.md, "Logarithms".
 */
enum { PX_LOG_BITS = 10, PX_LOG_A = 434, PX_LOG_B = 160, PX_POWER_A = 312, PX_POWER_B = 80 };

/* 1024 log2 value, for 1 <= value < 2^32. */
PX_INLINE int32_t log2_of(uint32_t value) {
    int zeros = __builtin_clz(value);
    int32_t f = (int32_t)(value << zeros >> 21 & 1023);
    int32_t curve = f * (1024 - f) * (PX_LOG_A - (PX_LOG_B * f >> 10));
    return ((31 - zeros) << 10) + f + (curve >> 20);
}

/* 2^(power / 1024) rounded down, for 0 <= power < 31 * 1024. */
PX_INLINE int32_t power_of_2(int32_t power) {
    int32_t f = power & 1023;
    int32_t curve = f * (1024 - f) * (PX_POWER_A + (PX_POWER_B * f >> 10));
    return ((1 << 30) + (f << 20) - curve) >> (30 - (power >> 10));
}

PX_INLINE px_eight eight_log2(px_eight value) {
#if PX_LANES_AVX512
    px_eight zeros = (px_eight)_mm256_lzcnt_epi32((__m256i)value);
    px_eight f = (px_eight)((px_eight_unsigned)value << (px_eight_unsigned)zeros >> 21) & 1023;
    px_eight curve = f * (1024 - f) * (PX_LOG_A - (PX_LOG_B * f >> 10));
    return ((31 - zeros) << 10) + f + (curve >> 20);
#else
    for (int i = 0; i < PX_EIGHT; i++)
        value[i] = log2_of((uint32_t)value[i]);
    return value;
#endif
}

PX_INLINE px_lanes lanes_log2(px_lanes value) {
    return lanes_join(eight_log2(lanes_low(value)), eight_log2(lanes_high(value)));
}

PX_INLINE px_lanes lanes_power_of_2(px_lanes power) {
    px_lanes f = power & 1023;
    px_lanes curve = f * (1024 - f) * (PX_POWER_A + (PX_POWER_B * f >> 10));
    return ((1 << 30) + (f << 20) - curve) >> (30 - (power >> 10));
}

PX_INLINE px_eight eight_power_of_2(px_eight power) {
    px_eight f = power & 1023;
    px_eight curve = f * (1024 - f) * (PX_POWER_A + (PX_POWER_B * f >> 10));
    return ((1 << 30) + (f << 20) - curve) >> (30 - (power >> 10));
}

#endif
