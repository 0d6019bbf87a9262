#include "lossy/wavelet_models.h"

#include <stdlib.h>
#include <string.h>

#include "base/fast_math.h"

enum {
    FEATURES = PX_MAGNITUDE_FEATURES,
    CONTEXTS = PX_MAGNITUDE_CONTEXTS,
    SLOTS = PX_MAGNITUDE_SLOTS,
    BINS = PX_MAGNITUDE_BINS,
    INPUTS = PX_MAGNITUDE_INPUTS,
    LEVELS = PX_MAGNITUDE_LEVELS,
    ONE = PX_MAGNITUDE_ONE,
    HALF = PX_MAGNITUDE_HALF,
    FAST_COUNT = 32,
    SLOW_COUNT = PX_MAGNITUDE_COUNTS - 1,
    LEAST = 2048 /* of a probability of 22 bits */
};

/* What the weights of features are before anything is known. */
static const int32_t first_blend[FEATURES] = {13107, 13107, 3277, 2000, 3277,  2000, 2000, 9830,
                                              3277,  1500,  1500, 800,  19000, 3277, 3277, 1000};

void px_wavelet_models_init(px_wavelet_models *m) {
    const px_bit even = PX_BIT_INIT;
    px_magnitude_counters *slots = &m->contexts[0][0][0];
    for (size_t i = 0; i < CONTEXTS * SLOTS * BINS; i++)
        slots[i].fast = slots[i].slow = px_counter_make(PX_COUNTER_ONE / 2, 0);
    int32_t *weights = &m->weights[0][0][0][0];
    for (size_t i = 0; i < 2 * LEVELS * BINS * INPUTS; i++)
        weights[i] = 65536 * 12 / 100;
    for (size_t i = 0; i < PX_MAGNITUDE_CLASSES * PX_MAGNITUDE_GROUPS; i++)
        memcpy((&m->blends[0][0][0]) + i * FEATURES, first_blend, sizeof first_blend);
    px_counter_rates(m->rates, PX_MAGNITUDE_COUNTS);
    for (int i = 0; i < 32; i++)
        for (int j = 0; j < 3; j++)
            m->upper[i][j] = even;
}

/* ---- One decision ---- */

typedef struct bin_state {
    px_magnitude_counters *slots[CONTEXTS];
    int32_t inputs[INPUTS];
    int32_t *weights[2];
    int32_t odds[2];
    int32_t probability; /* of a 1, in 2^16 */
} bin_state;

static void ask(px_wavelet_models *m, bin_state *b, const px_wavelet_site *s, int bin) {
    const int known = bin < BINS ? bin : BINS - 1;
    for (int i = 0; i < CONTEXTS; i++) {
        b->slots[i] = &m->contexts[i][s->contexts[i]][known];
        b->inputs[2 * i] = px_counter_odds(b->slots[i]->fast);
        b->inputs[2 * i + 1] = px_counter_odds(b->slots[i]->slow);
    }
    for (int i = 2 * CONTEXTS; i < INPUTS; i++)
        b->inputs[i] = i == 2 * CONTEXTS ? PX_STRETCH_ONE * 3 / 10 : 0;
    b->weights[0] = m->weights[0][s->class * PX_MAGNITUDE_GROUPS + s->group][known];
    b->weights[1] = m->weights[1][s->expected_level][known];
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

static void learn_counter(const px_wavelet_models *m, px_counter *counter, int bit, uint32_t most) {
    *counter = px_counter_update(*counter, bit, m->rates[px_counter_count(*counter)], LEAST, most);
}

static void tell(px_wavelet_models *m, bin_state *b, int bit) {
    enum { SHIFT = 18 };
    for (int j = 0; j < 2; j++) {
        const int32_t error = ((bit << 16) - px_squash(b->odds[j])) / 2;
        for (int i = 0; i < INPUTS; i++)
            b->weights[j][i] += (b->inputs[i] * error + (1 << (SHIFT - 1))) >> SHIFT;
    }
    for (int i = 0; i < CONTEXTS; i++) {
        learn_counter(m, &b->slots[i]->fast, bit, FAST_COUNT);
        learn_counter(m, &b->slots[i]->slow, bit, SLOW_COUNT);
    }
}

/* ---- Magnitudes: 0, 1, 2, 3, 4, 5-6, 7-8, 9-12, 13-16, ... ---- */

enum { SINGLES = 5, LAST_BIN = SINGLES + 2 * 17 - 1 };

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

int px_code_bit(px_range_coder *bits, px_bit *model, int bit) {
    if (bits->decoding)
        return px_decode_bit(&bits->decoder, model);
    px_encode_bit(&bits->encoder, model, bit);
    return bit;
}

int px_code_plain(px_range_coder *bits, int bit) {
    if (bits->decoding)
        return px_decode_plain(&bits->decoder);
    px_encode_plain(&bits->encoder, bit);
    return bit;
}

static int32_t code_within(px_wavelet_models *m, px_range_coder *bits, int bin, int32_t within) {
    int32_t value = 0;
    int context = 0;
    for (int i = bin_bits(bin) - 1, n = 0; i >= 0; i--, n++) {
        int bit = within >> i & 1;
        bit = n < 2 ? px_code_bit(bits, &m->upper[bin < 31 ? bin : 31][context], bit)
                    : px_code_plain(bits, bit);
        context = n ? context : 1 + bit;
        value = value << 1 | bit;
    }
    return value;
}

int32_t px_wavelet_code_magnitude(px_wavelet_models *m, px_range_coder *bits,
                                  const px_wavelet_site *s, int32_t magnitude) {
    const int wanted = bin_of(magnitude);
    int bin = 0;
    for (; bin < LAST_BIN; bin++) {
        bin_state b;
        ask(m, &b, s, bin);
        const int more = px_code_probability(bits, bin < wanted, (uint32_t)b.probability);
        tell(m, &b, more);
        if (!more)
            break;
    }
    const int32_t first = bin_first(bin);
    return first + code_within(m, bits, bin, magnitude - first);
}

static float bits_of(int32_t probability) {
    return 16 - px_fast_log2((float)probability);
}

void px_wavelet_costs(px_wavelet_models *m, const px_wavelet_site *s, const int32_t *magnitudes,
                      int count, float *bits) {
    float passed = 0;
    for (int bin = bin_of(magnitudes[0]), next = 0; next < count; bin++) {
        bin_state b;
        ask(m, &b, s, bin);
        for (; next < count && bin_of(magnitudes[next]) == bin; next++)
            bits[next] = passed + bits_of(65536 - b.probability) + (float)(magnitudes[next] > 0) +
                         (float)bin_bits(bin);
        passed += bits_of(b.probability);
    }
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

/* Normalised least mean squares: the weights move towards what would have been right. */
void px_wavelet_learn_expected(px_wavelet_models *m, const px_wavelet_site *s, int32_t halves) {
    enum { RATE = 10, LEAST_ENERGY = ONE * ONE };
    int32_t *blend = m->blends[s->class][s->group];
    int64_t energy = LEAST_ENERGY;
    for (int i = 0; i < FEATURES; i++)
        energy += (int64_t)s->features[i] * s->features[i];
    const int64_t error = (int64_t)halves * HALF - s->expected;
    const int64_t limit = 4 * (int64_t)s->expected + 4 * ONE;
    const int64_t clipped = error > limit ? limit : error;
    const int64_t gain = clipped * (1 << 20) / energy;
    for (int i = 0; i < FEATURES; i++) {
        const int64_t weight = blend[i] + ((gain * s->features[i] + (1 << (RATE - 1))) >> RATE);
        blend[i] = (int32_t)(weight < -262144 ? -262144 : weight > 262144 ? 262144 : weight);
    }
}

/* ---- Contexts ---- */

/* Which of the nearest places have something. */
static uint32_t pattern_of(const int32_t *f) {
    return (uint32_t)(f[0] > 0) | (uint32_t)(f[1] > 0) << 1 | (uint32_t)(f[4] > 0) << 2 |
           (uint32_t)(f[5] > 0) << 3 | (uint32_t)(f[7] > 0) << 4 | (uint32_t)(f[8] > 0) << 5;
}

static void find_contexts(px_wavelet_site *s) {
    const int32_t *f = s->features;
    const uint32_t level = (uint32_t)(s->expected_level = level_of(s->expected));
    const uint32_t near = half_level(f[0] + f[1] + f[2] / 2);
    const uint32_t before = half_level(f[7] + f[8] / 2);
    const uint32_t class = (uint32_t)s->class, classes = s->dependent ? 4 : 8;
    s->contexts[0] = level * 16 + class;
    s->contexts[1] = near * 32 + before;
    s->contexts[2] = half_level(f[12]) * 32 + half_level(f[14]);
    s->contexts[3] = ((uint32_t)s->component * 16 + class) % SLOTS;
    s->contexts[4] =
        (pattern_of(f) * 8 + level / 8) * classes + (class < classes ? class : classes - 1);
    s->contexts[5] = level * 32 + half_level((f[10] + f[11]) / 2);
}

/* Slots of the second quantiser lie behind those of the first one. */
static void part_contexts(px_wavelet_site *s) {
    const uint32_t second = s->quantiser ? SLOTS / 2 : 0;
    s->contexts[3] %= SLOTS / 2;
    for (int i = 0; i < CONTEXTS; i++)
        s->contexts[i] += second;
}

void px_wavelet_expect(const px_wavelet_models *m, px_wavelet_site *s) {
    enum { LAST = PX_LAST_HALVES * HALF };
    const int32_t *blend = m->blends[s->class][s->group];
    int64_t sum = 0;
    for (int i = 0; i < FEATURES; i++)
        sum += (int64_t)blend[i] * s->features[i];
    sum >>= 16;
    s->expected = (int32_t)(sum < 0 ? 0 : sum > LAST ? LAST : sum);
    find_contexts(s);
    if (s->dependent)
        part_contexts(s);
}
