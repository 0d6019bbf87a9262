/*
 * The order-0 entropy of the median-edge-detector residual (M. Weinberger, G. Seroussi, G. Sapiro,
 * "The LOCO-I lossless image compression algorithm", 2000). Large residuals count by their class
 * and two bits below the leading one; the rest of their bits as they are.
 */
#include "estimate.h"

#include <math.h>

#include "spread.h"

double px_histogram_bits(const px_histogram *h) {
    double bits = h->plain_bits;
    for (size_t s = 0; s < PX_SYMBOLS; s++)
        if (h->counts[s])
            bits += h->counts[s] * log2((double)h->total / h->counts[s]);
    return bits;
}

/* Rows are skipped once a plane has more than so many samples. */
enum { ENOUGH_SAMPLES = 1 << 13 };

double px_estimate_plane(const px_planes *planes, size_t index) {
    px_histogram h = {.total = 0};
    const size_t width = planes->width;
    const size_t skip = 1 + px_plane_size(planes) / ENOUGH_SAMPLES;
    for (size_t i = 0, y; (y = px_spread(i, skip)) < planes->height; i++) {
        const int16_t *row = px_plane(planes, index) + y * width;
        const int16_t *above = y ? row - width : row;
        px_histogram_add(&h, px_wrap(row[0] - (y ? above[0] : 0), planes->depth));
        for (size_t x = 1; x < width; x++) {
            int32_t guess = y ? px_median_edge(row[x - 1], above[x], above[x - 1]) : row[x - 1];
            px_histogram_add(&h, px_wrap(row[x] - guess, planes->depth));
        }
    }
    return px_histogram_bits(&h) * (double)px_plane_size(planes) / h.total;
}
