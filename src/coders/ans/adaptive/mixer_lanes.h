/*
 * One sample as binary decisions around the blended mean, each coded with a probability that is
 * mixed from the experts' and from counters. docs/format-adaptive.md, "Decisions" and "Mixing".
 *
 * An expert is a logistic distribution at its mean, taken with two widths, whose log odds for
 * any decision have a closed form; the mixer adds log odds with weights that learn by gradient
 * descent on code length. (M. Mahoney, "Adaptive weighing of context models for lossless data
 * compression", 2005.) The experts' quality changes with the band, with who was right last, and
 * with the scale: hence several sets of weights, whose results are averaged.
 */
#ifndef PX_ADAPTIVE_MIXER_LANES_H
#define PX_ADAPTIVE_MIXER_LANES_H

#include "coders/ans/adaptive/model.h"
#include "entropy/mixing_lanes.h"

enum {
    NODE_SIDE = 0,    /* above or below the centre: by its fraction */
    NODE_UNARY = 4,   /* steps away from it */
    NODE_HALVES = 28, /* and the halves of a step */
    UNARY_NODES = 12,
    UNARY_STEPS = 20,    /* before steps grow */
    MIX_BIAS = 1229,     /* an input that is always there */
    HISTOGRAM_RANGE = 64 /* values that are counted at once, at most */
};

/* Everything about a sample that its decisions depend on. */
typedef struct distribution {
    px_eight means;
    px_wide inverse[2]; /* 2^34 / width, narrow and wide, of the experts */
    int32_t centre, scale;
    int fraction;    /* quarter of the centre */
    int scale_class; /* quarter octaves */
    int mix_context; /* best expert and energy */
    int step_bits;
    int band, values; /* whose weights and whose values' counters are used */
} distribution;

typedef struct decision {
    int kind; /* 0: side; 1, 2: unary, away downwards and upwards; 3: halves */
    int node;
    int32_t low, high, middle; /* low <= sample < high; is it below `middle`? */
} decision;

/* (bound - mean) / width with 12 bits; `bound` in halves below a sample. */
PX_INLINE px_lanes distances(const distribution *d, int32_t bound) {
    px_wide distance = wide_of((bound * 256 - 128) - d->means);
    px_wide narrow = wide_multiply(distance, d->inverse[0]) >> 22;
    px_wide wide = wide_multiply(distance, d->inverse[1]) >> 22;
    return lanes_clamp(lanes_join(eight_saturated(narrow), eight_saturated(wide)), -PX_ODDS_LIMIT,
                       PX_ODDS_LIMIT);
}

/* The value at index + fraction / 2^bits, on the line between its neighbours; 0 <= index < 32. */
PX_INLINE px_lanes lanes_curve(const px_curve *curve, px_lanes index, px_lanes fraction, int bits) {
#if PX_LANES_AVX512
    __m512i i = (__m512i)index;
    px_lanes value = (px_lanes)_mm512_permutex2var_epi32(_mm512_loadu_si512(curve->values), i,
                                                         _mm512_loadu_si512(curve->values + 16));
    px_lanes step = (px_lanes)_mm512_permutex2var_epi32(_mm512_loadu_si512(curve->steps), i,
                                                        _mm512_loadu_si512(curve->steps + 16));
#else
    px_lanes value = lanes_gather(curve->values, index), step = lanes_gather(curve->steps, index);
#endif
    return value + (step * fraction >> bits);
}

/* ln(1 + e^z). */
PX_INLINE px_lanes softplus(px_lanes z) {
    px_lanes size = lanes_max(z, -z);
    px_lanes t = lanes_min(size, lanes_all(PX_TAIL_LIMIT));
    return lanes_max(z, lanes_all(0)) +
           lanes_curve(&px_logistic_tables.tail, t >> 10, t & 1023, 10);
}

/* ln(e^d - 1) for the length d of a step in widths. */
PX_INLINE px_lanes step_odds(const distribution *d, int bits) {
    px_wide step = wide_all((int64_t)256 << bits);
    px_lanes length = lanes_join(eight_saturated(wide_multiply(d->inverse[0], step) >> 22),
                                 eight_saturated(wide_multiply(d->inverse[1], step) >> 22));
    length = lanes_clamp(length, 1, 65535);
    px_lanes log = lanes_log2(length);
    return length + lanes_curve(&px_logistic_tables.gap, log >> 9, log & 511, 9);
}

/* Log odds that the answer is 1, by each expert. */
PX_INLINE px_lanes odds_of_experts(const distribution *d, const decision *q, px_lanes step) {
    if (q->kind == 0)
        return -distances(d, q->middle);
    if (q->kind == 1)
        return softplus(distances(d, q->high)) - step;
    if (q->kind == 2)
        return softplus(-distances(d, q->low)) - step;
    px_lanes low = distances(d, q->low), high = distances(d, q->high);
    return ((high - low) >> 1) + softplus(low) - softplus(high);
}

/* ---- Counters ---- */

/* The lines of a band's values follow each other; where memory is short, bands overlap. */
PX_INLINE px_counter *value_line(const px_decisions *m, int band, int32_t value) {
    const size_t lines = (size_t)((m->high - m->low) >> 2) | 1;
    const size_t line = (m->first_band + (size_t)band) * lines + (size_t)(value >> 2);
    return m->mixer->value_counters[line & (((size_t)1 << m->mixer->value_bits) - 1)];
}

/* Counts of the values from..to - 1, spread over lanes; reads up to 15 more. */
PX_INLINE px_lanes count_of(const uint16_t *histogram, int32_t from, int32_t to) {
    const px_lanes numbers = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    px_lanes sum = {0};
    for (int32_t v = from; v < to; v += PX_LANES)
        sum += lanes_load_u16(histogram + v) & (numbers < to - v);
    return sum;
}

/* Log odds from how often each value of the band came: grey levels are used unevenly. `histogram`
 * begins at the smallest sample, `low`. */
PX_INLINE int32_t histogram_odds(const uint16_t *histogram, int32_t low, const distribution *d,
                                 const decision *q, int step_bits) {
    px_lanes zero, one;
    const int32_t middle = q->middle - low, step = 1 << step_bits;
    if (q->kind == 3) {
        if (q->high - q->low > HISTOGRAM_RANGE)
            return 0;
        zero = count_of(histogram, q->low - low, middle);
        one = count_of(histogram, middle, q->high - low);
    } else if (q->kind == 0) {
        const int32_t near = 1 << (d->step_bits > 4 ? 4 : d->step_bits);
        zero = count_of(histogram, middle - near, middle);
        one = count_of(histogram, middle, middle + near);
    } else {
        if (2 * step > HISTOGRAM_RANGE)
            return 0;
        const int32_t from = q->kind == 2 ? q->low - low : middle;
        zero = 2 * count_of(histogram, from, from + step);
        one = count_of(histogram, from - step, from) +
              count_of(histogram, from + step, from + 2 * step);
    }
    /* ln 2 with 14 bits, from logarithms of 10 bits to odds of 12 */
    int32_t odds =
        (log2_of((uint32_t)lanes_sum(one) * 16 + 6) - log2_of((uint32_t)lanes_sum(zero) * 16 + 6)) *
            11357 >>
        12;
    return clamp32(odds, -PX_INPUT_LIMIT, PX_INPUT_LIMIT);
}

PX_INLINE uint16_t *band_histogram(const px_decisions *m, int band) {
    return m->histogram + (size_t)band * m->histogram_size + PX_HISTOGRAM_MARGIN;
}

/* ---- Mixing ---- */

enum {
    MIX_BITS = 18, /* of weights, and of their steps */
    COUNTER_LEAST = 2048,
    COUNTER_MOST = 255,
    NODE_RATE = 262, /* at least */
    VALUE_RATE = 655
};

PX_INLINE int32_t mix(const int32_t *weights, const int32_t *inputs) {
    return mixed_odds(weights, inputs, PX_LANES, MIX_BITS);
}

PX_INLINE void mix_learn(int32_t *weights, const int32_t *inputs, int bit, int32_t odds) {
    mixing_learn(weights, inputs, PX_LANES, bit * 65536 - px_squash(odds), MIX_BITS);
}

PX_INLINE void counter_learn(px_counter *counter, const int32_t *rates, int bit, int32_t least) {
    const int32_t rate = rates[px_counter_count(*counter)];
    *counter =
        px_counter_update(*counter, bit, rate < least ? least : rate, COUNTER_LEAST, COUNTER_MOST);
}

/* Codes the decision `q`; returns its answer, which is `bit` when encoding. */
static inline int decide(px_decisions *m, const distribution *d, const decision *q, px_lanes step,
                         int step_bits, int bit) {
    px_logistic_mixer *mixer = m->mixer;
    px_counter *by_node = &mixer->node_counters[d->scale_class][q->node][d->fraction];
    int32_t value = q->middle - m->low;
    px_counter *by_value = value_line(m, d->values, value) + (value & 3) * 4 + q->kind;
    const uint32_t node_count = px_counter_count(*by_node),
                   value_count = px_counter_count(*by_value);

    const int32_t from_node = node_count ? px_counter_odds(*by_node) : 0;
    const int32_t from_value =
        px_counter_odds(*by_value) * (int32_t)(value_count * 64 / (value_count + 3)) >> 6;
    const int32_t from_histogram =
        m->histogram ? histogram_odds(band_histogram(m, d->values), m->low, d, q, step_bits) : 0;
    /* The other inputs take lanes 10..13 from the experts. */
    const px_lanes kept = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, -1, -1};
    const px_lanes others = {0, 0, 0, 0,         0,          0,        0,
                             0, 0, 0, from_node, from_value, MIX_BIAS, from_histogram};
    int32_t inputs[PX_LANES] __attribute__((aligned(64)));
    lanes_store(inputs, lanes_clamp((odds_of_experts(d, q, step) & kept) | others, -PX_INPUT_LIMIT,
                                    PX_INPUT_LIMIT));

    int32_t *const by_band = mixer->by_band[d->band][q->node];
    int32_t *const by_expert = mixer->by_expert[d->mix_context][q->node];
    int32_t *const by_scale = mixer->by_scale[d->scale_class][q->node];
    const int32_t band_odds = mix(by_band, inputs), expert_odds = mix(by_expert, inputs);
    const int32_t scale_odds = m->mixes_by_scale ? mix(by_scale, inputs) : 0;
    const int32_t mean = m->mixes_by_scale ? (band_odds + expert_odds + scale_odds) * 5461 >> 14
                                           : (band_odds + expert_odds) >> 1;
    bit = px_code_probability(m->coder, bit, (uint32_t)px_squash(mean));
    mix_learn(by_band, inputs, bit, band_odds);
    mix_learn(by_expert, inputs, bit, expert_odds);
    if (m->mixes_by_scale)
        mix_learn(by_scale, inputs, bit, scale_odds);
    counter_learn(by_node, mixer->rates, bit, NODE_RATE);
    counter_learn(by_value, mixer->rates, bit, VALUE_RATE);
    return bit;
}

/* Steps of 2^step_bits away from the centre, until the sample is within one: low..high. */
static inline void code_steps(px_decisions *m, const distribution *d, decision *q, int32_t sample,
                              int *steps) {
    const bool up = q->kind == 2;
    int bits = d->step_bits;
    px_lanes odds = step_odds(d, bits);
    for (;; ++*steps) {
        if (*steps >= UNARY_STEPS)
            odds = step_odds(d, ++bits);
        const int32_t step = 1 << bits;
        q->middle = up ? q->low + step : q->high - step;
        if (up ? q->middle > m->high : q->middle <= m->low)
            break; /* no room for another */
        q->node =
            NODE_UNARY + (*steps < UNARY_NODES ? *steps : UNARY_NODES - 1) + (up ? UNARY_NODES : 0);
        int further = up ? sample >= q->middle : sample < q->middle;
        if (!decide(m, d, q, odds, bits, further)) {
            *(up ? &q->high : &q->low) = q->middle;
            break;
        }
        *(up ? &q->low : &q->high) = q->middle;
    }
}

/* Codes one sample; `sample` is of no matter when decoding. */
static int32_t code_sample(px_decisions *m, const distribution *d, int32_t sample) {
    decision q = {.kind = 0, .low = m->low, .high = m->high + 1};
    q.middle = (d->centre >> PX_ADAPTIVE_MEAN_BITS) + 1;
    q.node = NODE_SIDE + d->fraction;
    int up = decide(m, d, &q, (px_lanes){0}, d->step_bits, sample >= q.middle), steps = 0;
    *(up ? &q.low : &q.high) = q.middle;
    q.kind = 1 + up;
    code_steps(m, d, &q, sample, &steps);
    q.kind = 3;
    for (int halvings = 0; q.high - q.low > 1; halvings++) {
        q.middle = q.low + ((q.high - q.low) >> 1);
        q.node = NODE_HALVES + (halvings > 3 ? 3 : halvings) * 4 + up * 2 + (steps > 0);
        int upper = decide(m, d, &q, (px_lanes){0}, d->step_bits, sample >= q.middle);
        *(upper ? &q.low : &q.high) = q.middle;
    }
    return q.low;
}

#endif
