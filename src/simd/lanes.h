/*
 * Sixteen 32-bit integers at a time. The hot loops are written once in these and compiled once for
 * each instruction set (*_kernels.c), so that they cannot differ in what they compute: GCC's vector
 * operators do what the C operators do on each lane, modulo 2^32 (-fwrapv), and the functions here
 * have a plain definition beside each fast one. Internal.
 */
#ifndef PX_SIMD_LANES_H
#define PX_SIMD_LANES_H

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
#elif defined(__wasm_simd128__)
#define PX_LANES_WASM 1
#include <wasm_simd128.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#endif

enum { PX_LANES = 16 };

typedef int32_t px_lanes __attribute__((vector_size(64)));
typedef int32_t px_lanes_unaligned __attribute__((vector_size(64), aligned(4), may_alias));
typedef uint32_t px_lanes_unsigned __attribute__((vector_size(64)));
typedef int16_t px_lanes_16 __attribute__((vector_size(32), aligned(2), may_alias));
typedef uint16_t px_lanes_u16 __attribute__((vector_size(32), aligned(2), may_alias));
typedef uint8_t px_lanes_u8 __attribute__((vector_size(16), aligned(1), may_alias));

#define PX_INLINE static inline __attribute__((always_inline))

/* ---- Parts: as many lanes as one register holds, for loops that need all registers ------------
 */

#if PX_LANES_AVX512
enum { PX_PART_LANES = 16 };
#elif PX_LANES_AVX2
enum { PX_PART_LANES = 8 };
#else
enum { PX_PART_LANES = 4 };
#endif
enum { PX_PARTS = PX_LANES / PX_PART_LANES };

typedef int32_t px_part __attribute__((vector_size(4 * PX_PART_LANES)));
typedef int32_t px_part_unaligned
    __attribute__((vector_size(4 * PX_PART_LANES), aligned(4), may_alias));
typedef float px_float_part __attribute__((vector_size(4 * PX_PART_LANES)));
typedef float px_float_part_unaligned
    __attribute__((vector_size(4 * PX_PART_LANES), aligned(4), may_alias));

PX_INLINE px_part part_all(int32_t value) {
    return value - (px_part){0};
}

PX_INLINE px_part part_load(const void *from) {
    return (px_part) * (const px_part_unaligned *)from;
}

PX_INLINE void part_store(void *to, px_part value) {
    *(px_part_unaligned *)to = (px_part_unaligned)value;
}

PX_INLINE px_float_part float_part_load(const float *from) {
    return (px_float_part) * (const px_float_part_unaligned *)from;
}

PX_INLINE void float_part_store(float *to, px_float_part value) {
    *(px_float_part_unaligned *)to = (px_float_part_unaligned)value;
}

/* sum + a.low * b.low + a.high * b.high, each lane being two signed 16-bit integers. */
PX_INLINE px_part part_dot_pairs(px_part sum, px_part a, px_part b) {
#if PX_LANES_AVX512
    return (px_part)_mm512_dpwssd_epi32((__m512i)sum, (__m512i)a, (__m512i)b);
#elif PX_LANES_AVX2
    return sum + (px_part)_mm256_madd_epi16((__m256i)a, (__m256i)b);
#elif PX_LANES_WASM
    return sum + (px_part)wasm_i32x4_dot_i16x8((v128_t)a, (v128_t)b);
#elif defined(__SSE2__)
    return sum + (px_part)_mm_madd_epi16((__m128i)a, (__m128i)b);
#else
    return sum + (a << 16 >> 16) * (b << 16 >> 16) + (a >> 16) * (b >> 16);
#endif
}

/* Limited to what 16 bits hold. */
PX_INLINE px_part part_saturate(px_part value) {
    const px_part low = part_all(INT16_MIN), high = part_all(INT16_MAX);
#if PX_LANES_AVX512
    return (px_part)_mm512_min_epi32(_mm512_max_epi32((__m512i)value, (__m512i)low), (__m512i)high);
#elif PX_LANES_AVX2
    return (px_part)_mm256_min_epi32(_mm256_max_epi32((__m256i)value, (__m256i)low), (__m256i)high);
#else
    px_part over = value > high, under = value < low;
    return (value & ~(over | under)) | (high & over) | (low & under);
#endif
}

/* ---- Lanes ------------------------------------------------------------------------------------
 */

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

PX_INLINE px_lanes lanes_load_u8(const uint8_t *from) {
    return __builtin_convertvector(*(const px_lanes_u8 *)from, px_lanes);
}

PX_INLINE void lanes_store_i16(int16_t *to, px_lanes value) {
    *(px_lanes_16 *)to = __builtin_convertvector(value, px_lanes_16);
}

PX_INLINE px_lanes lanes_shift_right_unsigned(px_lanes value, int bits) {
    return (px_lanes)((px_lanes_unsigned)value >> bits);
}

/* ---- Comparisons: AVX-512 keeps masks in registers of their own, others as lanes of -1 and 0 --
 */

#if PX_LANES_AVX512
typedef __mmask16 px_mask;
#else
typedef px_lanes px_mask;
#endif

#if PX_LANES_AVX2
/* GCC 12 compares vectors wider than the machine's one element at a time. */
#define PX_AVX2_HALVES(result, a, b, operation)                                                    \
    __m256i x_[2], y_[2];                                                                          \
    memcpy(x_, &(a), sizeof x_);                                                                   \
    memcpy(y_, &(b), sizeof y_);                                                                   \
    x_[0] = operation(x_[0], y_[0]);                                                               \
    x_[1] = operation(x_[1], y_[1]);                                                               \
    memcpy(&(result), x_, sizeof x_)
#endif

PX_INLINE px_mask lanes_equal(px_lanes a, px_lanes b) {
#if PX_LANES_AVX512
    return _mm512_cmpeq_epi32_mask((__m512i)a, (__m512i)b);
#elif PX_LANES_AVX2
    PX_AVX2_HALVES(a, a, b, _mm256_cmpeq_epi32);
    return a;
#else
    return a == b;
#endif
}

PX_INLINE px_mask lanes_less(px_lanes a, px_lanes b) {
#if PX_LANES_AVX512
    return _mm512_cmplt_epi32_mask((__m512i)a, (__m512i)b);
#elif PX_LANES_AVX2
    PX_AVX2_HALVES(b, b, a, _mm256_cmpgt_epi32);
    return b;
#else
    return a < b;
#endif
}

/* a < b as unsigned numbers. */
PX_INLINE px_mask lanes_below(px_lanes a, px_lanes b) {
    return lanes_less(a ^ INT32_MIN, b ^ INT32_MIN);
}

/* Lanes first..15. */
PX_INLINE px_mask lanes_from(int first) {
    const px_lanes index = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    return lanes_less(lanes_all(first - 1), index);
}

/* Lanes 0..count-1. */
PX_INLINE px_mask lanes_first(size_t count) {
    const px_lanes index = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    return lanes_less(index, lanes_all(count < PX_LANES ? (int32_t)count : PX_LANES));
}

PX_INLINE px_mask mask_and(px_mask a, px_mask b) {
    return (px_mask)(a & b);
}

/* a and not b. */
PX_INLINE px_mask mask_without(px_mask a, px_mask b) {
    return (px_mask)(a & ~b);
}

/* One bit a lane, lane 0 lowest. */
PX_INLINE uint32_t mask_bits(px_mask mask) {
#if PX_LANES_AVX512
    return mask;
#elif PX_LANES_AVX2
    __m256 halves[2];
    memcpy(halves, &mask, sizeof halves);
    return (uint32_t)_mm256_movemask_ps(halves[0]) | (uint32_t)_mm256_movemask_ps(halves[1]) << 8;
#elif PX_LANES_WASM
    v128_t parts[PX_PARTS];
    memcpy(parts, &mask, sizeof parts);
    return wasm_i32x4_bitmask(parts[0]) | wasm_i32x4_bitmask(parts[1]) << 4 |
           wasm_i32x4_bitmask(parts[2]) << 8 | wasm_i32x4_bitmask(parts[3]) << 12;
#else
    uint32_t bits = 0;
    for (int i = 0; i < PX_LANES; i++)
        bits |= (uint32_t)(mask[i] & 1) << i;
    return bits;
#endif
}

/* a where the mask is set, b elsewhere. */
PX_INLINE px_lanes lanes_select(px_mask mask, px_lanes a, px_lanes b) {
#if PX_LANES_AVX512
    return (px_lanes)_mm512_mask_mov_epi32((__m512i)b, mask, (__m512i)a);
#else
    return (a & mask) | (b & ~mask);
#endif
}

PX_INLINE px_lanes lanes_where(px_mask mask, px_lanes a) {
#if PX_LANES_AVX512
    return (px_lanes)_mm512_maskz_mov_epi32(mask, (__m512i)a);
#else
    return a & mask;
#endif
}

PX_INLINE px_lanes lanes_min(px_lanes a, px_lanes b) {
#if PX_LANES_AVX512
    return (px_lanes)_mm512_min_epi32((__m512i)a, (__m512i)b);
#elif PX_LANES_AVX2
    PX_AVX2_HALVES(a, a, b, _mm256_min_epi32);
    return a;
#else
    return lanes_select(a < b, a, b);
#endif
}

PX_INLINE px_lanes lanes_max(px_lanes a, px_lanes b) {
#if PX_LANES_AVX512
    return (px_lanes)_mm512_max_epi32((__m512i)a, (__m512i)b);
#elif PX_LANES_AVX2
    PX_AVX2_HALVES(a, a, b, _mm256_max_epi32);
    return a;
#else
    return lanes_select(a > b, a, b);
#endif
}

PX_INLINE px_lanes lanes_clamp(px_lanes value, int32_t low, int32_t high) {
    return lanes_min(lanes_max(value, lanes_all(low)), lanes_all(high));
}

/* part_dot_pairs on all lanes. */
PX_INLINE px_lanes lanes_dot_pairs(px_lanes sum, px_lanes a, px_lanes b) {
    px_part s[PX_PARTS], x[PX_PARTS], y[PX_PARTS];
    memcpy(s, &sum, sizeof s);
    memcpy(x, &a, sizeof x);
    memcpy(y, &b, sizeof y);
    for (int i = 0; i < PX_PARTS; i++)
        s[i] = part_dot_pairs(s[i], x[i], y[i]);
    memcpy(&sum, s, sizeof sum);
    return sum;
}

/* floor(16 log2 v) with a linear mantissa, for 1 <= v < 2^31: the exponent, then the four bits
 * below the leading one. */
PX_INLINE px_lanes lanes_log2_16(px_lanes value) {
#if PX_LANES_AVX512
    px_lanes zeros = (px_lanes)_mm512_lzcnt_epi32((__m512i)value);
    px_lanes mantissa = (px_lanes)_mm512_sllv_epi32((__m512i)value, (__m512i)zeros);
    return ((31 - zeros) << 4) + (lanes_shift_right_unsigned(mantissa, 27) & 15);
#elif PX_LANES_WASM
    /* The exponent and the mantissa of a float, which does not round up without the bits that
     * this takes away: they are all below the five that count. */
    typedef float floats __attribute__((vector_size(64)));
    const floats rounded = __builtin_convertvector(value & ~(value >> 5), floats);
    return ((px_lanes)rounded >> 19) - 127 * 16;
#else
    for (int i = 0; i < PX_LANES; i++) {
        int zeros = __builtin_clz((uint32_t)value[i]);
        value[i] = (31 - zeros) * 16 + (int32_t)((uint32_t)value[i] << zeros >> 27 & 15);
    }
    return value;
#endif
}

/* |a|; INT32_MIN stays as it is. */
PX_INLINE px_lanes lanes_abs(px_lanes a) {
    return lanes_max(a, -a);
}

/* Each lane by its own distance, in 0..31. WebAssembly shifts all lanes by the same one only, and
 * most distances are 0. */
#if PX_LANES_WASM
#define PX_UNLESS_SHIFTED(value, bits)                                                             \
    if (!mask_bits(-(px_lanes)(bits)))                                                             \
    return value
#else
#define PX_UNLESS_SHIFTED(value, bits) (void)0
#endif

PX_INLINE px_lanes lanes_shift_each_left(px_lanes value, px_lanes bits) {
    PX_UNLESS_SHIFTED(value, bits);
    return (px_lanes)((px_lanes_unsigned)value << (px_lanes_unsigned)bits);
}

PX_INLINE px_lanes lanes_shift_each_right(px_lanes value, px_lanes bits) {
    PX_UNLESS_SHIFTED(value, bits);
    return value >> bits;
}

PX_INLINE px_lanes lanes_shift_each_right_unsigned(px_lanes value, px_lanes bits) {
    PX_UNLESS_SHIFTED(value, bits);
    return (px_lanes)((px_lanes_unsigned)value >> (px_lanes_unsigned)bits);
}

/* Lane i gets what lane i - 1 has, lane 0 gets `first`. */
PX_INLINE px_lanes lanes_move_up(px_lanes value, int32_t first) {
#if PX_LANES_AVX512
    return (px_lanes)_mm512_alignr_epi32((__m512i)value, _mm512_set1_epi32(first), 15);
#elif PX_LANES_WASM
    const px_lanes all = lanes_all(first);
    return __builtin_shufflevector(all, value, 0, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27,
                                   28, 29, 30);
#else
    int32_t moved[PX_LANES + 1];
    moved[0] = first;
    memcpy(moved + 1, &value, sizeof value);
    return lanes_load(moved);
#endif
}

/* The quotients of unsigned numbers, 1 <= b < 2^31. Doubles divide them exactly: the quotient of
 * 32-bit integers is never so close below an integer that rounding would reach it. */
PX_INLINE px_lanes lanes_divide_unsigned(px_lanes a, px_lanes b) {
#if PX_LANES_AVX512
    __m256i half[2];
    for (int i = 0; i < 2; i++) {
        __m256i x =
            i ? _mm512_extracti64x4_epi64((__m512i)a, 1) : _mm512_castsi512_si256((__m512i)a);
        __m256i y =
            i ? _mm512_extracti64x4_epi64((__m512i)b, 1) : _mm512_castsi512_si256((__m512i)b);
        half[i] = _mm512_cvttpd_epu32(_mm512_div_pd(_mm512_cvtepu32_pd(x), _mm512_cvtepu32_pd(y)));
    }
    return (px_lanes)_mm512_inserti64x4(_mm512_castsi256_si512(half[0]), half[1], 1);
#else
    for (int i = 0; i < PX_LANES; i++)
        a[i] = (int32_t)((uint32_t)a[i] / (uint32_t)b[i]);
    return a;
#endif
}

/* ---- Tables ---------------------------------------------------------------------------------- */

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

/* table[index] in the low and table[index + 1] in the high half. */
PX_INLINE px_lanes lanes_gather_couple(const uint16_t *table, px_lanes index) {
#if PX_LANES_AVX512
    return (px_lanes)_mm512_i32gather_epi32((__m512i)index, table, 2);
#elif PX_LANES_WASM
    for (int i = 0; i < PX_LANES; i++)
        memcpy((int32_t *)&index + i, table + index[i], sizeof(int32_t));
    return index;
#else
    for (int i = 0; i < PX_LANES; i++)
        index[i] = (int32_t)(table[index[i]] | (uint32_t)table[index[i] + 1] << 16);
    return index;
#endif
}

/* table[index], 0 <= index < 32. */
PX_INLINE px_lanes lanes_lookup_32(const int32_t *table, px_lanes index) {
#if PX_LANES_AVX512
    return (px_lanes)_mm512_permutex2var_epi32((__m512i)lanes_load(table), (__m512i)index,
                                               (__m512i)lanes_load(table + PX_LANES));
#else
    return lanes_gather(table, index);
#endif
}

/* ---- Streams of 16-bit words ----------------------------------------------------------------- */

#if PX_LANES_WASM
/* For each set of four lanes: where the bytes of their words are, among four words as lanes; from
 * 16 on, none. */
#define PX_LANE_BYTES(k) 4 * (k), 4 * (k) + 1, 4 * (k) + 2, 4 * (k) + 3
#define PX_LANE_OF(m, k)                                                                           \
    PX_LANE_BYTES((m) >> (k)&1                                                                     \
                      ? ((m)&1 && (k) > 0) + ((m) >> 1 & 1 && (k) > 1) + ((m) >> 2 & 1 && (k) > 2) \
                      : 4)
#define PX_EXPANSION(m)                                                                            \
    { PX_LANE_OF(m, 0), PX_LANE_OF(m, 1), PX_LANE_OF(m, 2), PX_LANE_OF(m, 3) }

PX_INLINE px_lanes wasm_next_words(px_mask mask, const uint16_t **words) {
    static const uint8_t places[16][16] = {
        PX_EXPANSION(0),  PX_EXPANSION(1),  PX_EXPANSION(2),  PX_EXPANSION(3),
        PX_EXPANSION(4),  PX_EXPANSION(5),  PX_EXPANSION(6),  PX_EXPANSION(7),
        PX_EXPANSION(8),  PX_EXPANSION(9),  PX_EXPANSION(10), PX_EXPANSION(11),
        PX_EXPANSION(12), PX_EXPANSION(13), PX_EXPANSION(14), PX_EXPANSION(15)};
    v128_t parts[PX_PARTS];
    memcpy(parts, &mask, sizeof parts);
    for (int i = 0; i < PX_PARTS; i++) {
        const uint32_t bits = wasm_i32x4_bitmask(parts[i]);
        parts[i] = wasm_i8x16_swizzle(wasm_u32x4_load16x4(*words), wasm_v128_load(places[bits]));
        *words += __builtin_popcount(bits);
    }
    px_lanes result;
    memcpy(&result, parts, sizeof result);
    return result;
}
#endif

/* Lanes of `mask` get consecutive words from *words, which moves on; the others get 0. Reads up to
 * 16 words whatever the mask. */
PX_INLINE px_lanes lanes_next_words(px_mask mask, const uint16_t **words) {
#if PX_LANES_AVX512
    __m512i next = (__m512i)lanes_load_u16(*words);
    *words += __builtin_popcount(mask);
    return (px_lanes)_mm512_maskz_expand_epi32(mask, next);
#elif PX_LANES_WASM
    return wasm_next_words(mask, words);
#else
    px_lanes value = {0};
    for (uint32_t bits = mask_bits(mask); bits; bits &= bits - 1)
        value[__builtin_ctz(bits)] = *(*words)++;
    return value;
#endif
}

/* The reverse: *words moves back, and the low halves of the lanes of `mask` go there. */
PX_INLINE void lanes_put_words(px_mask mask, px_lanes value, uint16_t **words) {
    uint32_t bits = mask_bits(mask);
    int count = __builtin_popcount(bits);
    *words -= count;
#if PX_LANES_AVX512
    __m256i low = _mm512_cvtepi32_epi16(_mm512_maskz_compress_epi32(mask, (__m512i)value));
    _mm256_mask_storeu_epi16(*words, (__mmask16)((1u << count) - 1), low);
#else
    for (uint16_t *to = *words; bits; bits &= bits - 1)
        *to++ = (uint16_t)value[__builtin_ctz(bits)];
#endif
}

/* ---- Blocks ---------------------------------------------------------------------------------- */

PX_INLINE void lanes_store_i16_where(px_mask mask, int16_t *to, px_lanes value) {
#if PX_LANES_AVX512
    _mm256_mask_storeu_epi16(to, mask, _mm512_cvtepi32_epi16((__m512i)value));
#else
    uint32_t bits = mask_bits(mask);
    if (bits == 0xffff)
        lanes_store_i16(to, value);
    else
        for (; bits; bits &= bits - 1)
            to[__builtin_ctz(bits)] = (int16_t)value[__builtin_ctz(bits)];
#endif
}

PX_INLINE void lanes_store_where(px_mask mask, int32_t *to, px_lanes value) {
#if PX_LANES_AVX512
    _mm512_mask_storeu_epi32(to, mask, (__m512i)value);
#else
    uint32_t bits = mask_bits(mask);
    if (bits == 0xffff)
        lanes_store(to, value);
    else
        for (; bits; bits &= bits - 1)
            to[__builtin_ctz(bits)] = value[__builtin_ctz(bits)];
#endif
}

/* Row i becomes column i. */
PX_INLINE void lanes_transpose(px_lanes rows[PX_LANES]) {
#if PX_LANES_AVX512
    __m512i r[16], t[16];
    for (int i = 0; i < 16; i++)
        r[i] = (__m512i)rows[i];
    for (int i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
        t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
    }
    for (int i = 0; i < 16; i += 4) {
        r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
        r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
        r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
        r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
    }
    for (int i = 0; i < 4; i++) {
        t[i] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0x88);
        t[i + 4] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0xdd);
        t[i + 8] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0x88);
        t[i + 12] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0xdd);
    }
    for (int i = 0; i < 4; i++) {
        rows[i] = (px_lanes)_mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
        rows[i + 8] = (px_lanes)_mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd);
        rows[i + 4] = (px_lanes)_mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0x88);
        rows[i + 12] = (px_lanes)_mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0xdd);
    }
#else
    int32_t in[PX_LANES][PX_LANES], out[PX_LANES][PX_LANES];
    memcpy(in, rows, sizeof in);
    for (int i = 0; i < PX_LANES; i++)
        for (int j = 0; j < PX_LANES; j++)
            out[j][i] = in[i][j];
    memcpy(rows, out, sizeof out);
#endif
}

#endif
