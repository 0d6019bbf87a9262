/*
 * Where a level of many elements falls on the edge of two cells, noise makes them change from one
 * to the other: the place of the edges decides 1 to 14 % of the bytes of noisy pictures. An
 * adaptive model of cells, given those to the west and to the north, tells phases apart.
 */
#include "lossy/phase.h"

#include <math.h>
#include <string.h>

enum {
    MOST_PHASES = 17, /* that are tried */
    SAMPLES = 1 << 16,
    NEAR = 4, /* contexts tell differences of cells up to that far apart */
    CONTEXTS = (2 * NEAR + 1) * (2 * NEAR + 1),
    SYMBOLS = 16, /* the last one stands for all that is further */
    RUN = 1 << 10 /* elements that are looked at in one piece */
};

typedef struct phase_model {
    uint32_t counts[CONTEXTS][SYMBOLS], sums[CONTEXTS];
} phase_model;

/* Elements from one of a row to the next, and from one row to the next: of pixels, channels lie
 * closest. */
typedef struct steps {
    size_t west, north;
} steps;

static steps steps_of(const prism_array *array) {
    enum { FEW = 4 };
    const size_t last = array->rank ? (size_t)array->dims[array->rank - 1] : 1;
    if (array->rank > 2 && last <= FEW)
        return (steps){last, last * (size_t)array->dims[array->rank - 2]};
    return (steps){1, last};
}

static int limited(int64_t value, int limit) {
    return value < -limit ? -limit : value > limit ? limit : (int)value;
}

static int64_t cell_at(const px_quantiser *q, const px_numbers *values, size_t i) {
    const uint64_t last = (uint64_t)1 << 60;
    const uint64_t place =
        px_is_exact(values, i) ? 0 : px_quantiser_place(q, px_view_word(&values->words, i));
    return (int64_t)(place < last ? place : last);
}

static int64_t median(int64_t a, int64_t b, int64_t c) {
    const int64_t low = a < b ? a : b, high = a < b ? b : a;
    return c < low ? low : c > high ? high : c;
}

/* Bits of a cell, which the model learns. */
static double cost(phase_model *m, int64_t cell, int64_t west, int64_t north, int64_t corner) {
    const int context = (limited(west - corner, NEAR) + NEAR) * (2 * NEAR + 1) +
                        limited(north - corner, NEAR) + NEAR;
    const int64_t off = cell - median(west, north, west + north - corner);
    const int64_t folded = off < 0 ? -2 * off - 1 : 2 * off;
    const int symbol = folded < SYMBOLS ? (int)folded : SYMBOLS - 1;
    const double share = (m->counts[context][symbol] + 0.25) / (m->sums[context] + 4.0);
    m->counts[context][symbol]++;
    m->sums[context]++;
    const double further = symbol == SYMBOLS - 1 ? 2 * log2(1 + (double)(folded - symbol)) : 0;
    return further - log2(share);
}

double px_phase_bits(const px_quantiser *q, const px_numbers *values) {
    const size_t count = values->words.count, runs = SAMPLES / RUN;
    const steps to = steps_of(values->array);
    const size_t first = to.west + to.north;
    phase_model m;
    memset(&m, 0, sizeof m);
    double bits = 0;
    size_t seen = 0;
    for (size_t r = 0; r < runs; r++) {
        const size_t start = count > SAMPLES ? count / runs * r : RUN * r;
        for (size_t i = start < first ? first : start; i < start + RUN && i < count; i++, seen++)
            bits += px_is_exact(values, i)
                        ? 0
                        : cost(&m, cell_at(q, values, i), cell_at(q, values, i - to.west),
                               cell_at(q, values, i - to.north),
                               cell_at(q, values, i - to.west - to.north));
    }
    return seen ? bits / (double)seen : 0;
}

void px_phase_choose(px_quantiser *q, const px_numbers *values) {
    const uint64_t width = px_quantiser_width(q);
    const uint64_t step = width > MOST_PHASES ? width / MOST_PHASES : 1;
    uint64_t best = 0;
    double least = HUGE_VAL;
    for (uint64_t phase = 0; phase < width && phase / step < MOST_PHASES; phase += step) {
        q->phase = phase;
        const double bits = px_phase_bits(q, values);
        if (bits < least) {
            least = bits;
            best = phase;
        }
    }
    q->phase = best;
}
