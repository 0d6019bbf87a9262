#include "lossy/wavelet_coder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fast_math.h"
#include "base/sizes.h"
#include "base/status.h"
#include "lossy/wavelet_fit.h"

enum {
    FEATURES = 16,
    CONTEXTS = 6,
    SLOTS = 1 << 12, /* of a context */
    BINS = 16,       /* decisions of a magnitude that have counters of their own */
    INPUTS = 16,     /* two odds for each context, a constant, and nothing */
    CLASSES = 16,    /* of bands */
    GROUPS = 3,      /* of components: the first, the next five, the rest */
    LEVELS = 64,     /* of an expected magnitude */
    RING = 5,        /* components whose magnitudes are at hand */
    MARGIN = 2,      /* places around a band */
    FITS = 3,        /* of a component: one for each band of a level */
    ONE = 64,        /* a magnitude of 1, in features */
    LAST_MAGNITUDE = 1023,
    FAST_COUNT = 32,
    SLOW_COUNT = 330,
    COUNTS = SLOW_COUNT + 1,
    LEAST = 2048 /* of a probability of 22 bits */
};

typedef struct counters {
    px_counter fast, slow;
} counters;

typedef struct bin_state {
    counters *slots[CONTEXTS];
    int32_t inputs[INPUTS];
    int32_t *weights[2];
    int32_t odds[2];
    int32_t probability; /* of a 1, in 2^16 */
} bin_state;

/* Magnitudes of a band with a margin of zeros. */
typedef struct magnitudes {
    uint16_t *at; /* the first one within the margin */
    size_t span;
} magnitudes;

struct px_wavelet_coder {
    const px_wavelet *wavelet;
    size_t components;
    counters contexts[CONTEXTS][SLOTS][BINS];
    int32_t weights[2][LEVELS][BINS][INPUTS];
    int32_t blends[CLASSES][GROUPS][FEATURES]; /* of features, in 2^16 */
    int32_t rates[COUNTS];
    px_bit empty[PX_WAVELET_LEVELS + 1][3]; /* by how many of the two components before were */
    px_bit upper[32][3];                    /* bits below the leading one */
    uint16_t *ring, *zeros;                 /* [RING][3][area], zeros for what is not there */
    uint16_t *decayed;                      /* [3][area]: of the components before */
    size_t area;                            /* of the largest band with its margin */
    int32_t averages[3];                    /* of the bands of the component before, in 2^8 ONE */
    px_wavelet_fit *fits;                   /* [components][FITS], or NULL: 0 is predicted */
    px_range_coder *bits;
    const px_wavelet_choice *choice;
};

/* ---- Memory ---- */

static size_t area_of(size_t height, size_t width) {
    const size_t low_height = height < 10 ? height : (height + 1) / 2;
    const size_t low_width = width < 10 ? width : (width + 1) / 2;
    return px_product(low_height + 2 * MARGIN, low_width + 2 * MARGIN);
}

uint64_t px_wavelet_coder_memory(size_t height, size_t width, size_t components, bool predicts) {
    return sizeof(px_wavelet_coder) +
           (predicts ? (uint64_t)components * FITS * sizeof(px_wavelet_fit) : 0) +
           (uint64_t)area_of(height, width) * (3 * RING + 1 + 3) * sizeof(uint16_t);
}

/* What the weights of features are before anything is known. */
static const int32_t first_blend[FEATURES] = {13107, 13107, 3277, 2000, 3277,  2000, 2000, 9830,
                                              3277,  1500,  1500, 800,  19000, 3277, 3277, 1000};

static void set_models(px_wavelet_coder *c) {
    const px_bit even = PX_BIT_INIT;
    counters *slots = &c->contexts[0][0][0];
    for (size_t i = 0; i < CONTEXTS * SLOTS * BINS; i++)
        slots[i].fast = slots[i].slow = px_counter_make(PX_COUNTER_ONE / 2, 0);
    int32_t *weights = &c->weights[0][0][0][0];
    for (size_t i = 0; i < 2 * LEVELS * BINS * INPUTS; i++)
        weights[i] = 65536 * 12 / 100;
    for (size_t i = 0; i < CLASSES * GROUPS; i++)
        memcpy((&c->blends[0][0][0]) + i * FEATURES, first_blend, sizeof first_blend);
    px_counter_rates(c->rates, COUNTS);
    for (int i = 0; i <= PX_WAVELET_LEVELS; i++)
        for (int j = 0; j < 3; j++)
            c->empty[i][j] = even;
    for (int i = 0; i < 32; i++)
        for (int j = 0; j < 3; j++)
            c->upper[i][j] = even;
}

prism_status px_wavelet_coder_make(px_wavelet_coder **coder, const px_wavelet *wavelet,
                                   size_t components, bool predicts, prism_error *error) {
    px_wavelet_coder *c = *coder = px_alloc_zeroed(sizeof *c);
    if (!c)
        return px_out_of_memory(error, sizeof *c);
    c->wavelet = wavelet;
    c->components = components;
    c->area = area_of(wavelet->height, wavelet->width);
    c->ring = px_alloc_zeroed(RING, 3, c->area, sizeof *c->ring);
    c->zeros = px_alloc_zeroed(c->area, sizeof *c->zeros);
    c->decayed = px_alloc_zeroed(3, c->area, sizeof *c->decayed);
    if (!c->ring || !c->zeros || !c->decayed)
        return px_out_of_memory(error, px_product(RING, 3, c->area, sizeof *c->ring));
    c->fits = predicts ? px_alloc_zeroed(components ? components : 1, FITS, sizeof *c->fits) : NULL;
    if (predicts && !c->fits)
        return px_out_of_memory(error, px_product(components, FITS, sizeof *c->fits));
    set_models(c);
    return PRISM_OK;
}

void px_wavelet_coder_free(px_wavelet_coder *c) {
    if (!c)
        return;
    free(c->ring);
    free(c->zeros);
    free(c->decayed);
    free(c->fits);
    free(c);
}

/* ---- One decision ---- */

/* Where a coefficient is, and what is known of it. */
typedef struct site {
    int class, group;
    int expected;                /* its level */
    uint32_t contexts[CONTEXTS]; /* slots */
    int32_t features[FEATURES];
} site;

static void ask(px_wavelet_coder *c, bin_state *b, const site *s, int bin) {
    const int known = bin < BINS ? bin : BINS - 1;
    for (int i = 0; i < CONTEXTS; i++) {
        b->slots[i] = &c->contexts[i][s->contexts[i]][known];
        b->inputs[2 * i] = px_counter_odds(b->slots[i]->fast);
        b->inputs[2 * i + 1] = px_counter_odds(b->slots[i]->slow);
    }
    for (int i = 2 * CONTEXTS; i < INPUTS; i++)
        b->inputs[i] = i == 2 * CONTEXTS ? PX_STRETCH_ONE * 3 / 10 : 0;
    b->weights[0] = c->weights[0][s->class * GROUPS + s->group][known];
    b->weights[1] = c->weights[1][s->expected][known];
    int64_t sums[2] = {0};
    for (int i = 0; i < INPUTS; i++) {
        sums[0] += (int64_t)b->weights[0][i] * b->inputs[i];
        sums[1] += (int64_t)b->weights[1][i] * b->inputs[i];
    }
    for (int j = 0; j < 2; j++) {
        const int64_t odds = sums[j] >> 16;
        b->odds[j] = (int32_t)(odds < -PX_ODDS_LIMIT  ? -PX_ODDS_LIMIT
                               : odds > PX_ODDS_LIMIT ? PX_ODDS_LIMIT
                                                      : odds);
    }
    b->probability = px_squash((b->odds[0] + b->odds[1]) / 2);
}

static void learn_counter(const px_wavelet_coder *c, px_counter *counter, int bit, uint32_t most) {
    *counter = px_counter_update(*counter, bit, c->rates[px_counter_count(*counter)], LEAST, most);
}

static void tell(px_wavelet_coder *c, bin_state *b, int bit) {
    enum { SHIFT = 18 };
    for (int j = 0; j < 2; j++) {
        const int32_t error = ((bit << 16) - px_squash(b->odds[j])) / 2;
        for (int i = 0; i < INPUTS; i++)
            b->weights[j][i] += (b->inputs[i] * error + (1 << (SHIFT - 1))) >> SHIFT;
    }
    for (int i = 0; i < CONTEXTS; i++) {
        learn_counter(c, &b->slots[i]->fast, bit, FAST_COUNT);
        learn_counter(c, &b->slots[i]->slow, bit, SLOW_COUNT);
    }
}

/* ---- Magnitudes: 0, 1, 2, 3, 4, 5-6, 7-8, 9-12, 13-16, ... ---- */

enum { SINGLES = 5 };

static int bin_bits(int bin) {
    return bin < SINGLES ? 0 : (bin - SINGLES) / 2 + 1;
}

static int32_t bin_first(int bin) {
    if (bin < SINGLES)
        return bin;
    const int octave = (bin - SINGLES) / 2;
    return (4 << octave) + 1 + (bin - SINGLES) % 2 * (2 << octave);
}

static int bin_of(int32_t magnitude) {
    if (magnitude < SINGLES)
        return magnitude;
    const int octave = 31 - __builtin_clz((uint32_t)(magnitude - 1)) - 2;
    return SINGLES + 2 * octave + ((magnitude - 1) >> (octave + 1) & 1);
}

enum { LAST_BIN = SINGLES + 2 * 17 - 1 };

static int code_model(px_wavelet_coder *c, px_bit *model, int bit) {
    if (c->bits->decoding)
        return px_decode_bit(&c->bits->decoder, model);
    px_encode_bit(&c->bits->encoder, model, bit);
    return bit;
}

static int code_plain(px_wavelet_coder *c, int bit) {
    if (c->bits->decoding)
        return px_decode_plain(&c->bits->decoder);
    px_encode_plain(&c->bits->encoder, bit);
    return bit;
}

static int32_t code_within(px_wavelet_coder *c, int bin, int32_t within) {
    int32_t value = 0;
    int context = 0;
    for (int i = bin_bits(bin) - 1, n = 0; i >= 0; i--, n++) {
        int bit = within >> i & 1;
        bit = n < 2 ? code_model(c, &c->upper[bin < 31 ? bin : 31][context], bit)
                    : code_plain(c, bit);
        context = n ? context : 1 + bit;
        value = value << 1 | bit;
    }
    return value;
}

static int32_t code_magnitude(px_wavelet_coder *c, const site *s, int32_t magnitude) {
    const int wanted = bin_of(magnitude);
    int bin = 0;
    for (; bin < LAST_BIN; bin++) {
        bin_state b;
        ask(c, &b, s, bin);
        const int more = px_code_probability(c->bits, bin < wanted, (uint32_t)b.probability);
        tell(c, &b, more);
        if (!more)
            break;
    }
    const int32_t first = bin_first(bin);
    return first + code_within(c, bin, magnitude - first);
}

/* ---- What the encoder chooses ---- */

static float bits_of(int32_t probability) {
    return 16 - px_fast_log2((float)probability);
}

/* The nearest integer, the one below or 0: whichever costs least in errors and bits. */
static int32_t choose(px_wavelet_coder *c, const site *s, float number) {
    const int32_t high = (int32_t)(number + 0.5f);
    if (high == 0)
        return 0;
    const int32_t candidates[3] = {0, high - 1, high};
    float passed = 0, least = HUGE_VALF;
    int32_t best = 0;
    const int last = bin_of(high);
    for (int bin = 0, next = 0; bin <= last; bin++) {
        bin_state b;
        ask(c, &b, s, bin);
        for (; next < 3 && bin_of(candidates[next]) == bin; next++) {
            const float error = number - (float)candidates[next];
            const float bits = passed + bits_of(65536 - b.probability) +
                               (float)(candidates[next] > 0) + (float)bin_bits(bin);
            const float cost = error * error + c->choice->bit * bits;
            if (cost < least) {
                least = cost;
                best = candidates[next];
            }
        }
        passed += bits_of(b.probability);
    }
    return best;
}

/* ---- What is expected ---- */

/* Quarters of an octave of a magnitude in ONEs. */
static int level_of(int32_t magnitude) {
    const uint32_t v = (uint32_t)magnitude + 4;
    const int octave = 31 - __builtin_clz(v);
    const int level = 4 * (octave - 2) + (int)(v >> (octave - 2) & 3);
    return level < LEVELS ? level : LEVELS - 1;
}

/* The same in halves of an octave, 32 of them. */
static uint32_t half_level(int32_t magnitude) {
    return (uint32_t)level_of(magnitude) / 2;
}

static int32_t expect(const px_wavelet_coder *c, const site *s) {
    const int32_t *blend = c->blends[s->class][s->group];
    int64_t sum = 0;
    for (int i = 0; i < FEATURES; i++)
        sum += (int64_t)blend[i] * s->features[i];
    sum >>= 16;
    return (int32_t)(sum < 0 ? 0 : sum > LAST_MAGNITUDE * ONE ? LAST_MAGNITUDE * ONE : sum);
}

/* Normalised least mean squares: the weights move towards what would have been right. */
static void learn_blend(px_wavelet_coder *c, const site *s, int32_t expected, int32_t magnitude) {
    enum { RATE = 10, LEAST_ENERGY = ONE * ONE };
    int32_t *blend = c->blends[s->class][s->group];
    int64_t energy = LEAST_ENERGY;
    for (int i = 0; i < FEATURES; i++)
        energy += (int64_t)s->features[i] * s->features[i];
    const int64_t error = (int64_t)magnitude * ONE - expected;
    const int64_t limit = 4 * (int64_t)expected + 4 * ONE;
    const int64_t clipped = error > limit ? limit : error;
    const int64_t gain = clipped * (1 << 20) / energy;
    for (int i = 0; i < FEATURES; i++) {
        const int64_t weight = blend[i] + ((gain * s->features[i] + (1 << (RATE - 1))) >> RATE);
        blend[i] = (int32_t)(weight < -262144 ? -262144 : weight > 262144 ? 262144 : weight);
    }
}

/* ---- Bands ---- */

/* One band of one component while it is coded. */
typedef struct band_work {
    const px_band *band;
    int index; /* among those of its level: 0..2 */
    int class, group;
    size_t component;
    magnitudes own, other[2], before[4]; /* other bands; the same of components before */
    uint16_t *decayed;
    const int32_t *parents; /* the plane, or NULL */
    const px_band *parent;
    int32_t average, average_before; /* in 2^8 ONE */
    int32_t seen;
    int32_t *plane;
    const float *numbers;
    px_wavelet_fit *fit;
} band_work;

static magnitudes magnitudes_at(uint16_t *area, const px_band *band) {
    const size_t span = band->width + 2 * MARGIN;
    return (magnitudes){area + MARGIN * span + MARGIN, span};
}

static uint16_t *area_at(px_wavelet_coder *c, size_t component, int index) {
    return c->ring + (component % RING * 3 + (size_t)index) * c->area;
}

static int32_t parent_of(const px_wavelet_coder *c, const band_work *w, size_t y, size_t x) {
    if (!w->parents)
        return 0;
    const px_band *p = w->parent;
    const size_t up = w->band->height > p->height ? y / 2 : y;
    const size_t left = w->band->width > p->width ? x / 2 : x;
    const size_t row = up < p->height ? up : p->height - 1;
    const size_t column = left < p->width ? left : p->width - 1;
    const int32_t number = w->parents[(p->y + row) * c->wavelet->width + p->x + column];
    const int32_t value = (abs(number) + PX_COEFFICIENT_ONE / 2) / PX_COEFFICIENT_ONE;
    return value < LAST_MAGNITUDE ? value : LAST_MAGNITUDE;
}

static void find_features(const px_wavelet_coder *c, const band_work *w, site *s, size_t y,
                          size_t x) {
    const size_t span = w->own.span, at = y * span + x;
    const uint16_t *o = w->own.at + at, *m1 = w->before[0].at + at, *m2 = w->before[1].at + at;
    const int32_t f[FEATURES] = {o[-1],
                                 o[-(ptrdiff_t)span],
                                 o[-(ptrdiff_t)span - 1] + o[1 - (ptrdiff_t)span],
                                 o[-2] + o[-2 * (ptrdiff_t)span],
                                 parent_of(c, w, y, x),
                                 w->other[0].at[y * w->other[0].span + x],
                                 w->other[1].at[y * w->other[1].span + x],
                                 *m1,
                                 *m2,
                                 w->before[2].at[at] + w->before[3].at[at],
                                 m1[-1] + m1[1] + m1[-(ptrdiff_t)span] + m1[span],
                                 m1[-(ptrdiff_t)span - 1] + m1[1 - (ptrdiff_t)span] + m1[span - 1] +
                                     m1[span + 1]};
    for (int i = 0; i < 12; i++)
        s->features[i] = f[i] * ONE;
    s->features[12] = w->average >> 8;
    s->features[13] = w->average_before >> 8;
    s->features[14] = w->decayed[y * w->band->width + x];
    s->features[15] = ONE / 10;
}

static void find_contexts(const band_work *w, site *s, int32_t expected) {
    const int32_t *f = s->features;
    const uint32_t level = (uint32_t)(s->expected = level_of(expected));
    const uint32_t near = half_level(f[0] + f[1] + f[2] / 2);
    const uint32_t before = half_level(f[7] + f[8] / 2);
    const uint32_t signs = (uint32_t)(f[0] > 0) | (uint32_t)(f[1] > 0) << 1 |
                           (uint32_t)(f[4] > 0) << 2 | (uint32_t)(f[5] > 0) << 3 |
                           (uint32_t)(f[7] > 0) << 4 | (uint32_t)(f[8] > 0) << 5;
    const uint32_t class = (uint32_t)s->class;
    s->contexts[0] = level * 16 + class;
    s->contexts[1] = near * 32 + before;
    s->contexts[2] = half_level(f[12]) * 32 + half_level(f[14]);
    s->contexts[3] = ((uint32_t)w->component * 16 + class) % SLOTS;
    s->contexts[4] = (signs * 8 + level / 8) * 8 + (class < 8 ? class : 7);
    s->contexts[5] = level * 32 + half_level((f[10] + f[11]) / 2);
}

/* ---- What is predicted ---- */

static int32_t within_limit(int32_t number) {
    return number < -PX_FIT_LIMIT ? -PX_FIT_LIMIT : number > PX_FIT_LIMIT ? PX_FIT_LIMIT : number;
}

/* Inputs of a fit for the coefficient at `to`. Returns how many. */
static int find_inputs(const px_wavelet_coder *c, const band_work *w, int32_t *inputs,
                       const int32_t *to, size_t y, size_t x) {
    const size_t width = c->wavelet->width, size = c->wavelet->height * width;
    const size_t before = w->component < PX_FIT_BEFORE ? w->component : PX_FIT_BEFORE;
    inputs[0] = within_limit(x ? to[-1] : 0);
    inputs[1] = within_limit(y ? to[-(ptrdiff_t)width] : 0);
    for (size_t i = 0; i < before; i++) {
        const size_t back = w->component - px_fit_component(w->component, i);
        inputs[PX_FIT_NEIGHBOURS + i] = within_limit(to[-(ptrdiff_t)(back * size)]);
    }
    return PX_FIT_NEIGHBOURS + (int)before;
}

/* ---- One coefficient ---- */

static int32_t signed_of(px_wavelet_coder *c, int32_t magnitude, bool negative) {
    return magnitude && code_plain(c, negative) ? -magnitude : magnitude;
}

/* What is left of it without what is predicted: steps. */
static int32_t code_rest(px_wavelet_coder *c, const site *s, const float *number,
                         int32_t predicted) {
    bool negative = false;
    int32_t magnitude = 0;
    if (number) {
        const float rest =
            *number * c->choice->scale - (float)predicted * (1.0f / PX_COEFFICIENT_ONE);
        negative = rest < 0;
        magnitude = choose(c, s, fabsf(rest));
    }
    magnitude = code_magnitude(c, s, magnitude);
    return signed_of(c, magnitude, negative);
}

static void learn_averages(band_work *w, int32_t kept, size_t y, size_t x) {
    uint16_t *decayed = &w->decayed[y * w->band->width + x];
    *decayed = (uint16_t)(*decayed + (((kept < 900 ? kept : 900) * ONE - *decayed) * 77 >> 8));
    const int32_t rate = w->seen < 49 ? 65536 / (w->seen + 2) : 1311;
    w->seen++;
    w->average += (int32_t)(((int64_t)kept * ONE * 256 - w->average) * rate >> 16);
}

static void code_coefficient(px_wavelet_coder *c, band_work *w, size_t y, size_t x) {
    site s = {.class = w->class, .group = w->group};
    int32_t *to = w->plane + (w->band->y + y) * c->wavelet->width + w->band->x + x;
    int32_t inputs[PX_FIT_INPUTS + 1], predicted = 0;
    int count = 0;
    find_features(c, w, &s, y, x);
    const int32_t expected = expect(c, &s);
    find_contexts(w, &s, expected);
    if (w->fit) {
        count = find_inputs(c, w, inputs, to, y, x);
        predicted = px_wavelet_fit_predict(w->fit, inputs, count);
    }
    const float *number = w->numbers ? w->numbers + (to - w->plane) : NULL;
    const int32_t rest = code_rest(c, &s, number, predicted);
    *to = predicted + rest * PX_COEFFICIENT_ONE;
    if (w->fit) {
        inputs[count] = within_limit(*to);
        px_wavelet_fit_learn(w->fit, inputs, count, expected);
    }
    const int32_t magnitude = abs(rest);
    const int32_t kept = magnitude < LAST_MAGNITUDE ? magnitude : LAST_MAGNITUDE;
    w->own.at[y * w->own.span + x] = (uint16_t)kept;
    if (kept || expected > ONE / 32)
        learn_blend(c, &s, expected, kept);
    learn_averages(w, kept, y, x);
}

static bool is_over(const px_wavelet_coder *c) {
    return c->bits->decoding ? c->bits->decoder.in->failed : c->bits->encoder.out->failed;
}

static void code_band(px_wavelet_coder *c, band_work *w) {
    for (size_t y = 0; y < w->band->height && !is_over(c); y++)
        for (size_t x = 0; x < w->band->width; x++)
            code_coefficient(c, w, y, x);
}

/* Nothing but zeros: the models hear of it no more than this. */
static void clear_band(px_wavelet_coder *c, band_work *w) {
    for (size_t y = 0; y < w->band->height; y++) {
        memset(w->plane + (w->band->y + y) * c->wavelet->width + w->band->x, 0,
               w->band->width * sizeof *w->plane);
        for (size_t x = 0; x < w->band->width; x++) {
            uint16_t *decayed = &w->decayed[y * w->band->width + x];
            *decayed = (uint16_t)(*decayed - (*decayed * 77 >> 8));
        }
    }
    w->average = 0;
}

/* ---- Levels ---- */

/* The bands of a level, or the lowest one. */
typedef struct level_work {
    const px_band *bands;
    int count;
    int level; /* PX_WAVELET_LEVELS for the lowest */
} level_work;

/* That of band `first` and of those behind it. */
static level_work level_at(const px_wavelet *w, int first) {
    level_work l = {w->bands + first, 1, first ? w->bands[first].level : PX_WAVELET_LEVELS};
    while (first && first + l.count < w->band_count && l.bands[l.count].level == l.level)
        l.count++;
    return l;
}

static int class_of(const px_band *band) {
    const int level = band->level < 4 ? band->level : 4;
    return band->orient ? 3 * level + band->orient - 1 : CLASSES - 1;
}

/* The band of the same orientation in the level above. */
static const px_band *parent_band(const px_wavelet *w, const px_band *band) {
    for (int i = 0; i < w->band_count; i++)
        if (w->bands[i].orient == band->orient && w->bands[i].level == band->level + 1)
            return &w->bands[i];
    return NULL;
}

static band_work work_of(px_wavelet_coder *c, const level_work *l, int index, size_t component,
                         int32_t *planes) {
    const px_band *band = &l->bands[index];
    const size_t size = c->wavelet->height * c->wavelet->width;
    band_work w = {.band = band,
                   .index = index,
                   .class = class_of(band),
                   .group = component == 0  ? 0
                            : component < 6 ? 1
                                            : 2,
                   .component = component,
                   .decayed = c->decayed + (size_t)index * c->area,
                   .parent = band->orient ? parent_band(c->wavelet, band) : NULL,
                   .plane = planes + component * size,
                   .average_before = c->averages[index],
                   .fit = c->fits ? &c->fits[component * FITS + (size_t)index] : NULL};
    w.parents = w.parent ? w.plane : NULL;
    w.average = component ? w.average_before * 4 / 5 : ONE * 256;
    w.own = magnitudes_at(area_at(c, component, index), band);
    for (int i = 0; i < 2; i++) /* bands of the level that are done, the last one first */
        w.other[i] = i < index ? magnitudes_at(area_at(c, component, index - 1 - i),
                                               &l->bands[index - 1 - i])
                               : magnitudes_at(c->zeros, band);
    for (size_t i = 0; i < 4; i++)
        w.before[i] =
            magnitudes_at(i < component ? area_at(c, component - 1 - i, index) : c->zeros, band);
    if (c->choice)
        w.numbers = c->choice->numbers + component * size;
    return w;
}

/* Whether all bands of a component's level surely become zero. */
static bool is_empty(const px_wavelet *w, const px_wavelet_choice *choice, const level_work *l,
                     size_t component) {
    static const float ZERO = 0.6f; /* steps */
    const size_t size = w->height * w->width;
    for (int b = 0; b < l->count; b++)
        for (size_t y = 0; y < l->bands[b].height; y++) {
            const size_t at = component * size + (l->bands[b].y + y) * w->width + l->bands[b].x;
            for (size_t x = 0; x < l->bands[b].width; x++)
                if (fabsf(choice->numbers[at + x]) * choice->scale > ZERO)
                    return false;
        }
    return true;
}

size_t px_wavelet_coded(const px_wavelet *w, const px_wavelet_choice *choice, size_t components) {
    size_t count = 0;
    for (int i = 0; i < w->band_count;) {
        const level_work l = level_at(w, i);
        size_t size = 0;
        for (int b = 0; b < l.count; b++)
            size += l.bands[b].height * l.bands[b].width;
        for (size_t k = 0; k < components; k++)
            count += is_empty(w, choice, &l, k) ? 0 : size;
        i += l.count;
    }
    return count;
}

static void code_component(px_wavelet_coder *c, const level_work *l, size_t component,
                           int32_t *planes, int *emptiness) {
    int empty = c->bits->decoding ? 0 : is_empty(c->wavelet, c->choice, l, component);
    empty = code_model(c, &c->empty[l->level][(*emptiness & 1) + (*emptiness >> 1)], empty);
    *emptiness = (*emptiness << 1 | empty) & 3; /* of the last two components */
    for (int b = 0; b < l->count; b++) {
        memset(area_at(c, component, b), 0, c->area * sizeof *c->ring);
        band_work w = work_of(c, l, b, component, planes);
        if (empty)
            clear_band(c, &w);
        else
            code_band(c, &w);
        c->averages[b] = w.average;
    }
}

static void code_level(px_wavelet_coder *c, const level_work *l, int32_t *planes) {
    int emptiness = 0;
    memset(c->decayed, 0, 3 * c->area * sizeof *c->decayed);
    memset(c->averages, 0, sizeof c->averages);
    for (size_t i = 0; c->fits && i < c->components * FITS; i++)
        px_wavelet_fit_carry(&c->fits[i]);
    for (size_t k = 0; k < c->components && !is_over(c); k++)
        code_component(c, l, k, planes, &emptiness);
}

void px_wavelet_code(px_wavelet_coder *c, px_range_coder *bits, int32_t *planes,
                     const px_wavelet_choice *choice, int last, size_t *ends) {
    const px_wavelet *w = c->wavelet;
    c->bits = bits;
    c->choice = choice;
    for (int i = 0; i < w->band_count;) {
        const level_work l = level_at(w, i);
        if (l.level >= last)
            code_level(c, &l, planes);
        if (ends && !bits->decoding)
            ends[i ? l.level : w->levels] = px_range_encoder_reach(&bits->encoder);
        i += l.count;
    }
}
