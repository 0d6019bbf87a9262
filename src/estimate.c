/*
 * The order-0 entropy of the median-edge-detector residual (M. Weinberger, G. Seroussi, G. Sapiro,
 * "The LOCO-I lossless image compression algorithm", 2000). Large residuals count by their class
 * and two bits below the leading one; the rest of their bits as they are.
 */
#include "estimate.h"

#include <math.h>

enum { EXACT = 64, SYMBOLS = EXACT + 4 * 16 };

static inline int32_t median_edge(int32_t west, int32_t north, int32_t north_west) {
    int32_t low = west < north ? west : north, high = west < north ? north : west;
    int32_t plane = west + north - north_west;
    return plane < low ? low : plane > high ? high : plane;
}

typedef struct histogram {
    uint32_t counts[SYMBOLS];
    double plain_bits;
} histogram;

static inline void add_residual(histogram *h, int32_t residual) {
    uint32_t folded = residual < 0 ? 2 * (uint32_t)-residual - 1 : 2 * (uint32_t)residual;
    if (folded < EXACT) {
        h->counts[folded]++;
        return;
    }
    unsigned below = 31 - (unsigned)__builtin_clz(folded) - 2;
    unsigned symbol = EXACT + 4 * (below - 4) + (folded >> below & 3);
    h->counts[symbol < SYMBOLS ? symbol : SYMBOLS - 1]++;
    h->plain_bits += below;
}

/* Rows are skipped once a plane has more than so many samples. */
enum { ENOUGH_SAMPLES = 1 << 13 };

double px_estimate_plane(const px_planes *planes, size_t index) {
    histogram h = {0};
    const size_t width = planes->width;
    const size_t skip = 1 + px_plane_size(planes) / ENOUGH_SAMPLES;
    size_t total = 0;
    for (size_t y = 0; y < planes->height; y += skip, total += width) {
        const int16_t *row = px_plane(planes, index) + y * width;
        const int16_t *above = y ? row - width : row;
        add_residual(&h, px_wrap(row[0] - (y ? above[0] : 0), planes->depth));
        for (size_t x = 1; x < width; x++) {
            int32_t guess = y ? median_edge(row[x - 1], above[x], above[x - 1]) : row[x - 1];
            add_residual(&h, px_wrap(row[x] - guess, planes->depth));
        }
    }
    double bits = h.plain_bits;
    for (size_t s = 0; s < SYMBOLS; s++)
        if (h.counts[s])
            bits += h.counts[s] * log2((double)total / h.counts[s]);
    return bits * (double)px_plane_size(planes) / (double)total;
}
