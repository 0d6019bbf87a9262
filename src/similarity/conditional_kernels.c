/* What conditional_cost.c does with every sample: products for least squares, and residuals as
 * symbols of estimate.h. Floats, but the same in every set: no fused operations. */
#include "similarity/conditional_kernels.h"

#include "planes/symbol_lanes.h"

/* ---- Products -------------------------------------------------------------------------------- */

/* Sums of so many products of two such 16-bit pairs fit 32 bits. */
enum { PRODUCT_STEPS = 32, PRODUCT_ROWS = 4 };

/* Of row a with PRODUCT_ROWS others. */
PX_INLINE void add_products(double *sums, const int16_t *a, const int16_t *const *runs, size_t n) {
    enum { STEP = 2 * PX_PART_LANES, BLOCK_SIZE = PRODUCT_STEPS * STEP };
    for (size_t i = 0; i < n; i += BLOCK_SIZE) {
        const size_t end = n - i < BLOCK_SIZE ? n : i + BLOCK_SIZE;
        px_part s[PRODUCT_ROWS] = {{0}};
        for (size_t j = i; j < end; j += STEP)
            for (int r = 0; r < PRODUCT_ROWS; r++)
                s[r] = part_dot_pairs(s[r], part_load(a + j), part_load(runs[r] + j));
        for (int r = 0; r < PRODUCT_ROWS; r++) {
            int64_t sum = 0;
            for (int lane = 0; lane < PX_PART_LANES; lane++)
                sum += s[r][lane];
            sums[r] += (double)sum;
        }
    }
}

static void conditional_products(double *sums, const int16_t *const *runs, size_t count, size_t n) {
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j <= i; j += PRODUCT_ROWS) {
            const int16_t *others[PRODUCT_ROWS];
            double block[PRODUCT_ROWS] = {0};
            for (size_t r = 0; r < PRODUCT_ROWS; r++)
                others[r] = runs[j + r < count ? j + r : i];
            add_products(block, runs[i], others, n);
            for (size_t r = 0; r < PRODUCT_ROWS && j + r <= i; r++)
                sums[i * count + j + r] = block[r];
        }
}

/* ---- Symbols --------------------------------------------------------------------------------- */

/* To the nearest; larger ones count as `limit`. */
PX_INLINE px_part float_part_rounded(px_float_part value, float limit) {
    value = -float_part_max(-float_part_max(value, float_part_all(-limit)), float_part_all(-limit));
    return __builtin_convertvector(value + (limit + 0.5f), px_part) - (int32_t)limit;
}

static void conditional_linear_symbols(uint8_t *symbols, const int16_t *const *runs,
                                       const float *weights, size_t count, const int16_t *target,
                                       size_t n) {
    for (size_t i = 0; i < n; i += PX_PART_LANES) {
        px_float_part sum = {0};
        for (size_t k = 0; k < count; k++)
            sum += weights[k] * float_part_of(part_load_i16(runs[k] + i));
        part_store_symbols(symbols + i,
                           part_load_i16(target + i) - float_part_rounded(sum, 1 << 14));
    }
}

PX_INLINE void edge_symbols(uint8_t *symbols, const int16_t *row, const int16_t *other,
                            size_t width, size_t n) {
    for (size_t i = 0; i < n; i += PX_PART_LANES) {
        const size_t at[] = {i + width, i + width - 1, i, i - 1};
        px_part v[4];
        for (int j = 0; j < 4; j++) {
            v[j] = part_load_i16(row + at[j]);
            if (other)
                v[j] -= part_load_i16(other + at[j]);
        }
        part_store_symbols(symbols + i, v[0] - part_median_edge(v[1], v[2], v[3]));
    }
}

static void conditional_edge_symbols(uint8_t *symbols, const int16_t *row, const int16_t *other,
                                     size_t width, size_t n) {
    if (other)
        edge_symbols(symbols, row, other, width, n);
    else
        edge_symbols(symbols, row, NULL, width, n);
}

const px_conditional_kernels PX_KERNEL_TABLE(px_conditional_kernels) = {
    .products = conditional_products,
    .linear_symbols = conditional_linear_symbols,
    .edge_symbols = conditional_edge_symbols,
};
