/* Cheap guesses of coded sizes, for choosing between pipelines. Internal. */
#ifndef PX_PLANES_ESTIMATE_H
#define PX_PLANES_ESTIMATE_H

#include "planes/planes.h"

/* The median edge detector of LOCO-I. */
static inline int32_t px_median_edge(int32_t west, int32_t north, int32_t north_west) {
    int32_t low = west < north ? west : north, high = west < north ? north : west;
    int32_t plane = west + north - north_west;
    return plane < low ? low : plane > high ? high : plane;
}

/* Residuals as an order-0 coder would see them. */
enum { PX_EXACT = 64, PX_SYMBOLS = PX_EXACT + 4 * 16 };

typedef struct px_histogram {
    uint32_t counts[PX_SYMBOLS];
} px_histogram;

static inline unsigned px_histogram_symbol(int32_t residual) {
    const uint32_t folded = residual < 0 ? 2 * (uint32_t)-residual - 1 : 2 * (uint32_t)residual;
    if (folded < PX_EXACT)
        return folded;
    const unsigned below = 31 - (unsigned)__builtin_clz(folded) - 2;
    const unsigned symbol = PX_EXACT + 4 * (below - 4) + (folded >> below & 3);
    return symbol < PX_SYMBOLS ? symbol : PX_SYMBOLS - 1;
}

static inline void px_histogram_add(px_histogram *h, int32_t residual) {
    h->counts[px_histogram_symbol(residual)]++;
}

/* Symbols of many residuals. */
void px_histogram_add_symbols(px_histogram *h, const uint8_t *symbols, size_t count);

uint64_t px_histogram_total(const px_histogram *h);
double px_histogram_bits(const px_histogram *h);

/* With what few samples miss. */
double px_histogram_unbiased_bits(const px_histogram *h);

/* About how many bits plane `index` takes after spatial prediction. */
double px_estimate_plane(const px_planes *planes, size_t index);

/* The same of all planes, by what they have in common: for small ones. */
double px_estimate_alike(const px_planes *planes);

/* The share of samples that are what the ones to the left and above are, and of those that are one
 * of the two. */
typedef struct px_repeats {
    double flat, copies;
} px_repeats;

px_repeats px_repeats_of(const px_planes *planes);

/* How much samples differ from those before them in relation to those side by side: in the plane
 * before, and in the row above. 1 where nothing differs. */
typedef struct px_steps {
    double planes, rows;
} px_steps;

px_steps px_steps_of(const px_planes *planes);

#endif
