/* AVX-512 BW + VNNI kernels; compiled with those flags and called only where the CPU has them. */
#include "kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

static inline __m512i load(const int16_t *p) {
    return _mm512_loadu_si512((const void *)p);
}

static inline __m512i broadcast_pair(const int16_t *weights) {
    int32_t pair;
    memcpy(&pair, weights, sizeof pair);
    return _mm512_set1_epi32(pair);
}

static void mix_pairs(int32_t *sums, const int16_t *pairs, size_t stride, const int16_t *weights,
                      size_t pair_count, size_t count) {
    size_t i = 0;
    for (; i + 64 <= count; i += 64) {
        __m512i s[4] = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512(),
                        _mm512_setzero_si512()};
        const int16_t *pair = pairs + 2 * i;
        for (size_t m = 0; m < pair_count; m++, pair += 2 * stride) {
            __m512i w = broadcast_pair(weights + 2 * m);
            for (int v = 0; v < 4; v++)
                s[v] = _mm512_dpwssd_epi32(s[v], load(pair + 32 * v), w);
        }
        for (int v = 0; v < 4; v++)
            _mm512_storeu_si512((void *)(sums + i + 16 * v), s[v]);
    }
    if (i < count)
        px_kernels_avx2.mix_pairs(sums + i, pairs + 2 * i, stride, weights, pair_count, count - i);
}

/* Products of pairs reach 2^31 and are widened at once. */
static int64_t dot(const int16_t *a, const int16_t *b, size_t count) {
    __m512i sum = _mm512_setzero_si512();
    size_t i = 0;
    for (; i + 32 <= count; i += 32) {
        __m512i x = load(a + i), y = load(b + i);
        __m512i low = _mm512_mullo_epi16(x, y), high = _mm512_mulhi_epi16(x, y);
        __m512i p = _mm512_unpacklo_epi16(low, high), q = _mm512_unpackhi_epi16(low, high);
        sum = _mm512_add_epi64(sum, _mm512_cvtepi32_epi64(_mm512_castsi512_si256(p)));
        sum = _mm512_add_epi64(sum, _mm512_cvtepi32_epi64(_mm512_extracti64x4_epi64(p, 1)));
        sum = _mm512_add_epi64(sum, _mm512_cvtepi32_epi64(_mm512_castsi512_si256(q)));
        sum = _mm512_add_epi64(sum, _mm512_cvtepi32_epi64(_mm512_extracti64x4_epi64(q, 1)));
    }
    return _mm512_reduce_add_epi64(sum) + px_kernels_avx2.dot(a + i, b + i, count - i);
}

const px_kernels px_kernels_avx512 = {"avx512", mix_pairs, dot};

#endif
