/*
 * The order-0 entropy of the median-edge-detector residual (M. Weinberger, G. Seroussi, G. Sapiro,
 * "The LOCO-I lossless image compression algorithm", 2000). Large residuals count by their class
 * and two bits below the leading one; the rest of their bits as they are. Residuals whose
 * neighbours are all the same count among themselves: where much is flat, they take next to
 * nothing. Few samples show too little entropy; what they miss is added (G. Miller, "Note on the
 * bias of information estimates", 1955), so that many small planes compare with few large ones.
 */
#include "planes/estimate.h"

#include <math.h>
#include <stdlib.h>

#include "base/byte_counts.h"
#include "base/low_discrepancy.h"
#include "base/sizes.h"
#include "planes/estimate_kernels.h"

uint64_t px_histogram_total(const px_histogram *h) {
    uint64_t total = 0;
    for (size_t s = 0; s < PX_SYMBOLS; s++)
        total += h->counts[s];
    return total;
}

double px_histogram_bits(const px_histogram *h) {
    const double total = (double)px_histogram_total(h);
    double bits = 0;
    for (size_t s = 0; s < PX_SYMBOLS; s++) {
        const size_t plain = s < PX_EXACT ? 0 : (s - PX_EXACT) / 4 + 4;
        if (h->counts[s])
            bits += h->counts[s] * (log2(total / h->counts[s]) + (double)plain);
    }
    return bits;
}

void px_histogram_add_symbols(px_histogram *h, const uint8_t *symbols, size_t count) {
    px_byte_counts found = {{{0}}};
    px_byte_counts_add(&found, symbols, count);
    for (size_t s = 0; s < PX_SYMBOLS; s++)
        h->counts[s] += px_byte_count(&found, s);
}

/* Rows are skipped once a plane has more than so many samples. */
enum { ENOUGH_SAMPLES = 1 << 13 };

double px_histogram_unbiased_bits(const px_histogram *h) {
    unsigned symbols = 0;
    for (size_t s = 0; s < PX_SYMBOLS; s++)
        symbols += h->counts[s] > 0;
    return symbols ? px_histogram_bits(h) + (symbols - 1) / (2 * log(2)) : 0;
}

enum { SYMBOLS_AT_ONCE = 256 };

_Static_assert((int)PX_FLAT_SYMBOL == (int)PX_SYMBOLS && 2 * (int)PX_SYMBOLS == (int)PX_BYTES,
               "counts of flat places come after the others");

static void count_one(px_byte_counts *c, int32_t residual, unsigned depth) {
    c->turns[0][px_histogram_symbol(px_wrap(residual, depth))]++;
}

/* All rows but the first, in one go: what the kernel makes of the first sample of a row, of which
 * it takes the last one above for its neighbour, is put right. */
static void add_rows(px_byte_counts *c, const px_planes *planes, size_t index) {
    const px_estimate_kernels *kernels = px_estimate_kernels_best();
    const size_t width = planes->width, size = px_plane_size(planes);
    const int16_t *samples = px_plane(planes, index);
    uint8_t symbols[SYMBOLS_AT_ONCE];
    count_one(c, samples[width] - samples[0], planes->depth);
    for (size_t at = width + 1; at < size; at += SYMBOLS_AT_ONCE) {
        const size_t n = px_smaller(size - at, SYMBOLS_AT_ONCE);
        kernels->edge_symbols(symbols, samples + at, samples + at - width, n, planes->depth);
        for (size_t x = (at + width - 1) / width * width; x < at + n; x += width)
            symbols[x - at] = (uint8_t)px_histogram_symbol(
                px_wrap(samples[x] - samples[x - width], planes->depth));
        px_byte_counts_add(c, symbols, n);
    }
}

/* Residuals of a plane. */
static void add_plane(px_byte_counts *c, const px_planes *planes, size_t index) {
    const px_estimate_kernels *kernels = px_estimate_kernels_best();
    const size_t width = planes->width;
    const size_t skip = 1 + px_plane_size(planes) / ENOUGH_SAMPLES;
    uint8_t symbols[SYMBOLS_AT_ONCE];
    const bool at_once = skip == 1 && planes->height > 1;
    if (at_once)
        add_rows(c, planes, index);
    for (size_t i = 0, y; (y = px_low_discrepancy(i, skip)) < (at_once ? 1 : planes->height); i++) {
        const int16_t *row = px_plane(planes, index) + y * width;
        const int16_t *above = y ? row - width : row;
        count_one(c, row[0] - (y ? above[0] : 0), planes->depth);
        for (size_t x = 1; !y && x < width; x++)
            count_one(c, row[x] - row[x - 1], planes->depth);
        for (size_t x = 1; y && x < width; x += SYMBOLS_AT_ONCE) {
            const size_t n = width - x < SYMBOLS_AT_ONCE ? width - x : SYMBOLS_AT_ONCE;
            kernels->edge_symbols(symbols, row + x, above + x, n, planes->depth);
            px_byte_counts_add(c, symbols, n);
        }
    }
}

/* Those among neighbours that are all the same apart; *total: of all. */
static double bits_of(const px_byte_counts *c, uint64_t *total) {
    px_histogram parts[2];
    double bits = 0;
    *total = 0;
    for (size_t flat = 0; flat < 2; flat++) {
        for (size_t s = 0; s < PX_SYMBOLS; s++)
            parts[flat].counts[s] = px_byte_count(c, flat * PX_SYMBOLS + s);
        bits += px_histogram_unbiased_bits(&parts[flat]);
        *total += px_histogram_total(&parts[flat]);
    }
    return bits;
}

double px_estimate_alike(const px_planes *planes) {
    px_byte_counts c = {{{0}}};
    uint64_t total;
    for (size_t k = 0; k < planes->count; k++)
        add_plane(&c, planes, k);
    return bits_of(&c, &total);
}

double px_estimate_plane(const px_planes *planes, size_t index) {
    px_byte_counts c = {{{0}}};
    uint64_t total;
    add_plane(&c, planes, index);
    const double bits = bits_of(&c, &total);
    return bits * (double)px_plane_size(planes) / (double)total;
}

px_repeats px_repeats_of(const px_planes *planes) {
    const size_t width = planes->width, skip = 1 + px_plane_size(planes) / ENOUGH_SAMPLES;
    size_t flat = 0, copies = 0, all = 0;
    for (size_t k = 0; k < planes->count; k++)
        for (size_t i = 0, y; (y = 1 + px_low_discrepancy(i, skip)) < planes->height; i++) {
            const int16_t *row = px_plane(planes, k) + y * width;
            for (size_t x = 1; x < width; x++) {
                flat += row[x] == row[x - 1] && row[x] == row[x - width];
                copies += row[x] == row[x - 1] || row[x] == row[x - width];
            }
            all += width - 1;
        }
    const double share = all ? 1 / (double)all : 0;
    return (px_repeats){share * (double)flat, share * (double)copies};
}

px_steps px_steps_of(const px_planes *planes) {
    const size_t width = planes->width, skip = 1 + px_plane_size(planes) / ENOUGH_SAMPLES;
    double across = 0, down = 0, within = 0;
    for (size_t k = 1; k < planes->count; k++)
        for (size_t i = 0, y; (y = px_low_discrepancy(i, skip)) < planes->height; i++) {
            const int16_t *row = px_plane(planes, k) + y * width;
            const int16_t *before = row - planes->stride;
            const int16_t *above = y ? row - width : planes->height > 1 ? row + width : row;
            int64_t sums[3] = {0, 0, 0};
            for (size_t x = 1; x < width; x++) {
                sums[0] += abs(row[x] - before[x]);
                sums[1] += abs(row[x] - above[x]);
                sums[2] += abs(row[x] - row[x - 1]);
            }
            across += (double)sums[0];
            down += (double)sums[1];
            within += (double)sums[2];
        }
    return within > 0 ? (px_steps){across / within, down / within} : (px_steps){1, 1};
}
