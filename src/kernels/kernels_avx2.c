/* AVX2 kernels; compiled with -mavx2 and called only where the CPU has it. */
#include "kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

static inline __m256i load(const int16_t *p) {
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

static inline __m256i broadcast_pair(const int16_t *weights) {
    int32_t pair;
    memcpy(&pair, weights, sizeof pair);
    return _mm256_set1_epi32(pair);
}

static inline __m256i multiply_add(__m256i sum, __m256i a, __m256i b) {
    return _mm256_add_epi32(sum, _mm256_madd_epi16(a, b));
}

/* 32 positions at a time, so that four sums hide the latency of the additions. */
static void mix_pairs(int32_t *sums, const int16_t *pairs, size_t stride, const int16_t *weights,
                      size_t pair_count, size_t count) {
    size_t i = 0;
    for (; i + 32 <= count; i += 32) {
        __m256i s[4] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(),
                        _mm256_setzero_si256()};
        const int16_t *pair = pairs + 2 * i;
        for (size_t m = 0; m < pair_count; m++, pair += 2 * stride) {
            __m256i w = broadcast_pair(weights + 2 * m);
            for (int v = 0; v < 4; v++)
                s[v] = multiply_add(s[v], load(pair + 16 * v), w);
        }
        for (int v = 0; v < 4; v++)
            _mm256_storeu_si256((__m256i *)(void *)(sums + i + 8 * v), s[v]);
    }
    if (i < count)
        px_kernels_scalar.mix_pairs(sums + i, pairs + 2 * i, stride, weights, pair_count,
                                    count - i);
}

/* Products of pairs reach 2^31 and are widened at once. */
static int64_t dot(const int16_t *a, const int16_t *b, size_t count) {
    __m256i even = _mm256_setzero_si256(), odd = _mm256_setzero_si256();
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        __m256i low = _mm256_mullo_epi16(load(a + i), load(b + i));
        __m256i high = _mm256_mulhi_epi16(load(a + i), load(b + i));
        __m256i x = _mm256_unpacklo_epi16(low, high), y = _mm256_unpackhi_epi16(low, high);
        even = _mm256_add_epi64(even, _mm256_cvtepi32_epi64(_mm256_castsi256_si128(x)));
        odd = _mm256_add_epi64(odd, _mm256_cvtepi32_epi64(_mm256_extracti128_si256(x, 1)));
        even = _mm256_add_epi64(even, _mm256_cvtepi32_epi64(_mm256_castsi256_si128(y)));
        odd = _mm256_add_epi64(odd, _mm256_cvtepi32_epi64(_mm256_extracti128_si256(y, 1)));
    }
    int64_t lanes[4];
    _mm256_storeu_si256((__m256i *)(void *)lanes, _mm256_add_epi64(even, odd));
    int64_t rest = px_kernels_scalar.dot(a + i, b + i, count - i);
    return lanes[0] + lanes[1] + lanes[2] + lanes[3] + rest;
}

const px_kernels px_kernels_avx2 = {"avx2", mix_pairs, dot};

#endif
