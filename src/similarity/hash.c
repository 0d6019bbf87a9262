/*
 * Three hashes of 64 bits, each of an image averaged down to a few cells:
 *
 *   average     8 x 8 cells, 1 where a cell is brighter than their mean (N. Krawetz, "Looks Like
 *               It", 2011)
 *   difference  9 x 8 cells, 1 where a cell is brighter than the one left of it (N. Krawetz, "Kind
 *               of Like That", 2013)
 *   dct         32 x 32 cells, 1 where one of the 8 x 8 lowest frequencies of their DCT-II is above
 *               the median of these (as in pHash and in Python's imagehash)
 *
 * The first two compare exact sums. The third is floating point: no decoder needs a hash.
 */
#include "similarity/hash.h"

#include <math.h>
#include <string.h>

#include "base/sizes.h"
#include "base/sort.h"

enum { EDGE = 8, BITS = EDGE * EDGE };

/* Sums of a row's samples over `columns` equal parts of it, times `columns`. */
static void sum_row(const int16_t *row, size_t width, size_t columns, int64_t *sums) {
    size_t x = 0;
    int64_t before = 0, whole = 0;
    for (size_t j = 1; j <= columns; j++) {
        const size_t end = j * width / columns, part = j * width % columns;
        for (; x < end; x++)
            whole += row[x];
        int64_t integral = whole * (int64_t)columns + (part ? row[end] * (int64_t)part : 0);
        sums[j - 1] = integral - before;
        before = integral;
    }
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

void px_cell_sums(const px_planes *planes, size_t index, size_t rows, size_t columns,
                  int64_t *sums) {
    const size_t height = planes->height;
    int64_t row[PX_CELLS];
    memset(sums, 0, rows * columns * sizeof *sums);
    for (size_t y = 0; y < height; y++) {
        sum_row(px_plane(planes, index) + y * planes->width, planes->width, columns, row);
        const size_t top = y * rows, bottom = top + rows;
        for (size_t i = top / height; i * height < bottom; i++) {
            size_t share = px_smaller((i + 1) * height, bottom) - larger(i * height, top);
            for (size_t j = 0; j < columns; j++)
                sums[i * columns + j] += (int64_t)share * row[j];
        }
    }
}

static uint64_t average_hash(const int64_t *cells) {
    int64_t sums[BITS] = {0}, total = 0;
    uint64_t hash = 0;
    for (size_t c = 0; c < PX_CELLS * PX_CELLS; c++) {
        sums[c / PX_CELLS / (PX_CELLS / EDGE) * EDGE + c % PX_CELLS / (PX_CELLS / EDGE)] +=
            cells[c];
        total += cells[c];
    }
    for (size_t i = 0; i < BITS; i++)
        hash = hash << 1 | (BITS * sums[i] > total);
    return hash;
}

static uint64_t difference_hash(const px_planes *planes, size_t index) {
    int64_t sums[EDGE][EDGE + 1];
    uint64_t hash = 0;
    px_cell_sums(planes, index, EDGE, EDGE + 1, &sums[0][0]);
    for (size_t y = 0; y < EDGE; y++)
        for (size_t x = 0; x < EDGE; x++)
            hash = hash << 1 | (sums[y][x + 1] > sums[y][x]);
    return hash;
}

/* frequencies[u][v], u of rows. */
static void low_frequencies(const int64_t *cells, double frequencies[EDGE][EDGE]) {
    double waves[EDGE][PX_CELLS], rows[PX_CELLS][EDGE] = {{0}};
    for (size_t u = 0; u < EDGE; u++)
        for (size_t x = 0; x < PX_CELLS; x++)
            waves[u][x] = cos(acos(-1) * (double)((2 * x + 1) * u) / (2 * PX_CELLS));
    for (size_t y = 0; y < PX_CELLS; y++)
        for (size_t v = 0; v < EDGE; v++)
            for (size_t x = 0; x < PX_CELLS; x++)
                rows[y][v] += waves[v][x] * (double)cells[y * PX_CELLS + x];
    for (size_t u = 0; u < EDGE; u++)
        for (size_t v = 0; v < EDGE; v++) {
            frequencies[u][v] = 0;
            for (size_t y = 0; y < PX_CELLS; y++)
                frequencies[u][v] += waves[u][y] * rows[y][v];
        }
}

static uint64_t dct_hash(const int64_t *cells) {
    double frequencies[EDGE][EDGE], sorted[BITS];
    uint64_t hash = 0;
    low_frequencies(cells, frequencies);
    memcpy(sorted, frequencies, sizeof sorted);
    px_sort_doubles(sorted, BITS);
    const double median = (sorted[BITS / 2 - 1] + sorted[BITS / 2]) / 2;
    for (size_t i = 0; i < BITS; i++)
        hash = hash << 1 | (frequencies[i / EDGE][i % EDGE] > median);
    return hash;
}

px_hashes px_hash_plane(const px_planes *planes, size_t index, int64_t *cells) {
    px_cell_sums(planes, index, PX_CELLS, PX_CELLS, cells);
    return (px_hashes){.average = average_hash(cells),
                       .difference = difference_hash(planes, index),
                       .dct = dct_hash(cells)};
}
