/* The reference kernels, in plain C; compilers vectorise them for NEON and SSE2. */
#include "kernels.h"

#include <string.h>

static void mix_pairs(int32_t *sums, const int16_t *pairs, size_t stride, const int16_t *weights,
                      size_t pair_count, size_t count) {
    uint32_t *out = (uint32_t *)sums;
    memset(sums, 0, count * sizeof *sums);
    for (size_t m = 0; m < pair_count; m++, pairs += 2 * stride) {
        const int32_t w0 = weights[2 * m], w1 = weights[2 * m + 1];
        for (size_t i = 0; i < count; i++)
            out[i] += (uint32_t)(w0 * pairs[2 * i]) + (uint32_t)(w1 * pairs[2 * i + 1]);
    }
}

static int64_t dot(const int16_t *a, const int16_t *b, size_t count) {
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (int32_t)a[i] * b[i];
    return sum;
}

const px_kernels px_kernels_scalar = {"scalar", mix_pairs, dot};
