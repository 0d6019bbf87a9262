/*
 * Products of planes with matrices. Internal.
 */
#ifndef PX_LINEAR_PRODUCT_KERNELS_H
#define PX_LINEAR_PRODUCT_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "simd/simd.h"

/*
 * A tile holds PX_TILE positions of all planes of a group, two by two: an element of pair m is the
 * sample of plane 2m in its low half and that of plane 2m + 1 in its high one. Tile t begins at
 * tiles + t * span, pair m of it PX_TILE * m later.
 */
enum {
    PX_TILE = 32,
    PX_PANEL = 8,      /* planes that mix_panel predicts together */
    PX_SQUARE_TAPS = 9 /* on the 3 x 3 positions around a sample */
};

/* Where the sums for planes of a panel go: those of a tile lie together. */
typedef struct px_panel_sums {
    int32_t *elements;
    size_t tile_span, plane_span; /* from one tile to the next, from one plane to the next */
    size_t planes;                /* at most PX_PANEL */
} px_panel_sums;

/* Columns and rows of the 3 x 3 taps, in their order. */
static const int px_square_rows[PX_SQUARE_TAPS] = {0, 0, -1, -1, -1, 0, 1, 1, 1};
static const int px_square_columns[PX_SQUARE_TAPS] = {0, -1, 0, -1, 1, 1, 0, 1, -1};

/* Two 16-bit integers in one. */
static inline int32_t px_couple(int32_t low, int32_t high) {
    return (int32_t)((uint32_t)(low & 0xffff) | (uint32_t)high << 16);
}

static inline int32_t px_couple_low(int32_t couple) {
    return (int16_t)(couple & 0xffff);
}

static inline int32_t px_couple_high(int32_t couple) {
    return couple >> 16;
}

typedef struct px_product_kernels {
    /*
     * sums[i] = sum over m of weights[2m] * pairs[m][i][0] + weights[2m + 1] * pairs[m][i][1],
     * modulo 2^32. `pairs` are the planes, two by two: pair m begins at pairs + m * 2 * stride and
     * holds `count` <= stride couples of samples. pair_count may be 0.
     */
    void (*mix_pairs)(int32_t *sums, const int16_t *pairs, size_t stride, const int16_t *weights,
                      size_t pair_count, size_t count);

    /* The same for the planes of a panel at a time and tiles: weights[m][PX_PANEL] are couples. */
    void (*mix_panel)(const px_panel_sums *sums, const int32_t *tiles, size_t tile_count,
                      size_t span, const int32_t *weights, size_t pair_count);

    /*
     * The same with PX_SQUARE_TAPS weights for each plane, weights[m][PX_SQUARE_TAPS][PX_PANEL],
     * and planes that are not in tiles: pair m is a line at couples + m * span, rows `stride`
     * apart. The sums are added to what is there, or set.
     */
    void (*mix_squares)(const px_panel_sums *sums, const int32_t *couples, size_t span,
                        size_t stride, size_t tile_count, const int32_t *weights, size_t pair_count,
                        bool add);

    /* One plane of such sums (NULL: zeros), one tile of them `sum_span` after the other, with the
     * products of the pairs at `tiles` added, shifted (rounding half up) and saturated to 16 bits:
     * to the high halves of `mixed`, or to the low ones with the high ones cleared. */
    void (*mix_finish)(int32_t *mixed, bool high, const int32_t *sums, size_t sum_span,
                       const int32_t *tiles, size_t tile_count, size_t span, const int32_t *weights,
                       size_t pair_count, int shift);

    /* A plane of tile_count * PX_TILE samples to the high halves of a pair, or to the low ones with
     * the high ones cleared. */
    void (*tile_store)(int32_t *tiles, size_t tile_count, size_t span, bool high,
                       const int16_t *plane);

    /*
     * Adds the products of rows first..end-1 with those before them to sums[count][count], on and
     * below the diagonal (and some above it). Rows are `length` floats; count, first and end are
     * multiples of 4, length one of 16 and at most 1024.
     */
    void (*gram)(double *sums, const float *rows, size_t count, size_t length, size_t first,
                 size_t end);

    /* Rows 2m and 2m + 1 of floats get the samples of pair m times weights[PX_TILE]. */
    void (*tile_floats)(float *rows, size_t length, const int32_t *tile, size_t pair_count,
                        const float *weights);

    /* energy[PX_TILE] = the sum of squares of `matrix` times rows[count][PX_TILE]; the matrix is
     * lower triangular with zeros above, count a multiple of 4. */
    void (*energies)(float *energy, const float *rows, const float *matrix, size_t count);
} px_product_kernels;

PX_KERNEL_TABLES(px_product_kernels)

#endif
