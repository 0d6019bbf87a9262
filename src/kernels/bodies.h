/*
 * The kernels, for the instruction set that the including file is compiled for; it defines
 * PX_KERNELS_SET, the name of its table, and PX_KERNELS_NAME.
 */
#include "kernels.h"
#include "lanes.h"
#include "online_body.h"

static void mix_pairs(int32_t *sums, const int16_t *pairs, size_t stride, const int16_t *weights,
                      size_t pair_count, size_t count) {
    enum { UNROLL = 4 }; /* sums that hide the latency of the additions */
    size_t i = 0;
    for (; i + UNROLL * PX_LANES <= count; i += UNROLL * PX_LANES) {
        px_lanes s[UNROLL] = {{0}};
        const int16_t *pair = pairs + 2 * i;
        for (size_t m = 0; m < pair_count; m++, pair += 2 * stride) {
            int32_t w;
            memcpy(&w, weights + 2 * m, sizeof w);
            for (int v = 0; v < UNROLL; v++)
                s[v] = lanes_dot_pairs(s[v], lanes_load(pair + 2 * PX_LANES * v), lanes_all(w));
        }
        for (int v = 0; v < UNROLL; v++)
            lanes_store(sums + i + PX_LANES * v, s[v]);
    }
    for (; i < count; i++) {
        uint32_t sum = 0;
        for (size_t m = 0; m < pair_count; m++) {
            const int16_t *pair = pairs + 2 * (m * stride + i);
            sum += (uint32_t)(weights[2 * m] * pair[0]) + (uint32_t)(weights[2 * m + 1] * pair[1]);
        }
        sums[i] = (int32_t)sum;
    }
}

typedef float float_lanes __attribute__((vector_size(64)));

PX_INLINE double sum_of_lanes(float_lanes v) {
    double sum = 0;
    for (int i = 0; i < PX_LANES; i++)
        sum += v[i];
    return sum;
}

enum { GRAM_BLOCK = 4 };

/* The products of rows i..i+3 and j..j+3; -ffp-contract=off keeps them the same everywhere. */
PX_INLINE void gram_block(double *sums, size_t stride, const float *a, const float *b,
                          size_t length) {
    float_lanes s[GRAM_BLOCK][GRAM_BLOCK] = {{{0}}};
    for (size_t t = 0; t < length; t += PX_LANES)
        for (int i = 0; i < GRAM_BLOCK; i++) {
            float_lanes x = *(const float_lanes *)(const void *)(a + (size_t)i * length + t);
            for (int j = 0; j < GRAM_BLOCK; j++)
                s[i][j] += x * *(const float_lanes *)(const void *)(b + (size_t)j * length + t);
        }
    for (int i = 0; i < GRAM_BLOCK; i++)
        for (int j = 0; j < GRAM_BLOCK; j++)
            sums[(size_t)i * stride + (size_t)j] += sum_of_lanes(s[i][j]);
}

static void gram(double *sums, const float *rows, size_t count, size_t length) {
    for (size_t i = 0; i < count; i += GRAM_BLOCK)
        for (size_t j = 0; j <= i; j += GRAM_BLOCK)
            gram_block(sums + i * count + j, count, rows + i * length, rows + j * length, length);
}

const px_kernels PX_KERNELS_SET = {
    .name = PX_KERNELS_NAME,
    .mix_pairs = mix_pairs,
    .gram = gram,
    .online_code_row = online_code_row,
    .online_cholesky_rows = cholesky_rows,
};
