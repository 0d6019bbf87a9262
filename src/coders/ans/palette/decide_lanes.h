/*
 * One decision of the coder of indices: is the index this value, or is it at least this one? Every
 * context gives two opinions, what its slot saw there and what usually follows such a history;
 * weights that learn by gradient descent on code length mix them, and two tables correct the
 * result. docs/format-palette.md. (M. Mahoney, "Adaptive weighing of context models for lossless
 * data compression", 2005, and the models of bit histories and the secondary estimation of PAQ.)
 */
#ifndef PX_PALETTE_DECIDE_LANES_H
#define PX_PALETTE_DECIDE_LANES_H

#include "coders/ans/palette/model.h"
#include "entropy/mixing_lanes.h"

enum {
    PALETTE_KEYS = 11,         /* bits of a value in a key, where there are many */
    PALETTE_BIAS = 2048,       /* an input that is always there */
    PALETTE_CORRECTIONS = 127, /* corrections learn at least as after that many decisions */
    PALETTE_MATCH_STEPS = 15   /* lengths that are told apart */
};

/* All about a position that is the same for its decisions. */
typedef struct place {
    uint64_t windows[PX_WINDOWS];
    uint64_t hashes[PX_CONTEXTS_ALL]; /* of the contexts that are no shapes */
    int expected;                     /* by the match; -1: there is none */
    int guesses;                      /* that have been made */
    int flat;                         /* what is around it, if that is flat */
} place;

/* Whether the index is at least the value if `half`, else whether it is the value. */
typedef struct query {
    int value; /* -1: there is nothing to ask */
    bool half;
} query;

/* What a decision asks, and all that speaks for an answer. */
typedef struct question {
    query of;
    int key;
    int later;                   /* it is not the first at the place */
    int shape, runs, references; /* of the neighbours that have the value */
    uint32_t *slots[PX_CONTEXTS_ALL], checks[PX_CONTEXTS_ALL];
    px_counter *correction; /* of few values: a row of corrections by the context */
    px_counter *match;      /* or NULL */
    px_lanes inputs[(2 * PX_CONTEXTS_ALL + 17) / 16]; /* two of each context, and two more */
} question;

/* What is made of that. */
typedef struct mixture {
    int32_t *weights[PX_SELECTIONS], odds[PX_SELECTIONS]; /* by each selection */
    int32_t *shares;
    px_counter *by_shape, *by_context; /* the nearest steps of the corrections */
    int32_t mixed, probability;        /* before the corrections */
    int32_t corrected;
} mixture;

/* 0x80 in each byte of `window` that is that of `values`, which has the same in all. */
PX_INLINE uint64_t equal_bytes(uint64_t window, uint64_t values) {
    const uint64_t low = 0x7f7f7f7f7f7f7f7f, difference = window ^ values;
    return ~(((difference & low) + low) | difference | low);
}

PX_INLINE uint64_t all_bytes(int value) {
    return (uint64_t)value * 0x0101010101010101;
}

PX_INLINE uint64_t hash_of(const uint64_t *windows, const px_palette_context *context, int seed) {
    static const uint64_t factors[PX_WINDOWS] = {
        0x9e3779b97f4a7c15, 0xc2b2ae3d27d4eb4f, 0x165667b19e3779f9, 0xd6e8feb86659fd93,
        0xa0761d6478bd642f, 0xe7037ed1a0b428db, 0x8ebc6af09c88c6e3, 0x589965cc75374cc3,
        0x1d8e4e27c47d124f, 0xeb44accab455d165, 0x9fb21c651e98df25, 0xaef17502108ef2d9,
        0xdb4f0b9175ae2165};
    uint64_t hash = (uint64_t)(seed + 1) * 0x2545f4914f6cdd1d;
#pragma GCC unroll 16
    for (int i = 0; i < PX_WINDOWS; i++)
        if (context->masks[i]) {
            hash += (windows[i] & context->masks[i]) * factors[i];
            hash ^= hash >> 29;
        }
    hash *= factors[0];
    return hash ^ hash >> 32;
}

/* ---- Counters ---- */

enum { COUNTER_LEAST = 64, MOST_COUNT = PX_COUNTER_COUNTS - 1 };

/* Rates fall until the counter has seen `limit` bits. */
PX_INLINE void counter_learn(const px_palette_model *m, px_counter *counter, int bit,
                             uint32_t limit) {
    const uint32_t count = px_counter_count(*counter);
    *counter = px_counter_update(*counter, bit, m->rates[count < limit ? count : limit],
                                 COUNTER_LEAST, MOST_COUNT);
}

PX_INLINE uint32_t next_state(uint32_t state, int bit) {
    const uint32_t run = state & 31, last = state >> 7;
    if (run == 0)
        return (uint32_t)bit << 7 | 1;
    if ((uint32_t)bit == last)
        return state + (run < 31);
    return (uint32_t)bit << 7 | (run == 1 ? 1u : run <= 3 ? 2u : 3u) << 5 | 1;
}

/* ---- What speaks for a 1 ---- */

/* The values of a context that is no shape share a cache line. */
PX_INLINE void find_slot(px_palette_model *m, const place *p, question *q, const uint64_t *equal,
                         int i) {
    const px_palette_context *context = &px_palette_contexts[i];
    const uint32_t key = (uint32_t)q->key;
    uint64_t hash = p->hashes[i];
    uint32_t line = (uint32_t)(hash >> (64 - m->slot_bits)) ^ (key & 15);
    uint32_t check = (uint32_t)(hash >> 8) + (key >> 4) * 73 + (uint32_t)q->later * 29;
    if (context->is_shape) {
        hash = hash_of(equal, context, i + q->later * 64 + (q->of.half ? 128 : 0));
        line = (uint32_t)(hash >> (64 - m->slot_bits));
        check = (uint32_t)(hash >> 8);
    }
    q->slots[i] = &m->slots[((size_t)i << m->slot_bits) + line];
    q->checks[i] = check & 255;
    __builtin_prefetch(q->slots[i]);
}

/* Two inputs, as one element of a vector: elements that were stored one by one would have to be in
 * the cache before they could be loaded together. */
PX_INLINE int64_t couple_of_inputs(int32_t first, int32_t second) {
    const int32_t inputs[2] = {first, second};
    int64_t couple;
    memcpy(&couple, inputs, sizeof couple);
    return couple;
}

/* The opinions of a context, whose slot it takes. */
PX_INLINE int64_t ask_context(px_palette_model *m, const question *q, int i) {
    uint32_t slot = *q->slots[i];
    if ((slot >> 8 & 255) != q->checks[i])
        *q->slots[i] = slot = 1u << 31 | q->checks[i] << 8;
    const uint32_t state = slot & 255;
    return couple_of_inputs(state ? 4 * ((int32_t)(slot >> 20) - 2048) : 0,
                            state ? px_counter_odds(m->states[i][q->later][state]) : 0);
}

PX_INLINE int match_steps(const px_palette_model *m) {
    return m->match_length > PALETTE_MATCH_STEPS ? PALETTE_MATCH_STEPS : (int)m->match_length;
}

/* 0: no match; 1, 2: it says another value, or this one. */
PX_INLINE int match_says(const place *p, int value) {
    return p->expected < 0 ? 0 : 1 + (p->expected == value);
}

PX_INLINE int bit_at(uint64_t equal, int byte) {
    return (int)(equal >> (8 * byte + 7) & 1);
}

/* Which of W, N, NW, NE, WW, NN have the value, and which of the reference's five. */
PX_INLINE int neighbours_with(const uint64_t *equal) {
    return bit_at(equal[PX_WEST], 7) | bit_at(equal[PX_NORTH], 3) << 1 |
           bit_at(equal[PX_NORTH], 2) << 2 | bit_at(equal[PX_NORTH], 4) << 3 |
           bit_at(equal[PX_WEST], 6) << 4 | bit_at(equal[PX_NORTH_2], 3) << 5;
}

PX_INLINE int references_with(const uint64_t *equal) {
    return bit_at(equal[PX_REFERENCE], 3) | bit_at(equal[PX_REFERENCE], 4) << 1 |
           bit_at(equal[PX_REFERENCE_BELOW], 3) << 2 | bit_at(equal[PX_REFERENCE], 2) << 3 |
           bit_at(equal[PX_REFERENCE_ABOVE], 3) << 4;
}

/* ---- Which weights ---- */

/* How many contexts have been here before. */
PX_INLINE int set_by_known(const question *q, int guesses, int contexts) {
    int known = 0;
    for (int i = 0; i < contexts; i++)
        known += (*q->slots[i] & 255) != 0;
    return known * 4 + (guesses > 3 ? 3 : guesses);
}

/* How far the value runs to the west, and above from here to the east. */
PX_INLINE int set_by_runs(const uint64_t *equal, int later) {
    const uint64_t all = all_bytes(0x80);
    const uint64_t west = equal[PX_WEST] ^ all, north = (equal[PX_NORTH] ^ all) >> 24;
    const int run_west = west ? __builtin_clzll(west) >> 3 : 8;
    const int run_north = north ? __builtin_ctzll(north) >> 3 : 5;
    return run_west | run_north << 4 | later << 7;
}

/* What the reference has here, and whether it was right at W and N. */
PX_INLINE int set_by_reference(const place *p, const uint64_t *equal, int later) {
    const uint64_t *windows = p->windows;
    const int west = windows[PX_WEST] >> 56 == (windows[PX_REFERENCE] >> 16 & 255);
    const int north = ((windows[PX_NORTH] ^ windows[PX_REFERENCE_ABOVE]) >> 24 & 255) == 0;
    return references_with(equal) | west << 5 | north << 6 | later << 7;
}

/* ---- Mixing ---- */

enum { MIX_BITS = 16, MIX_RATE_BITS = 19 };

/* The probability of a row of a correction at the odds, and the nearest of its steps. */
PX_INLINE int32_t corrected(px_counter *row, int32_t odds, px_counter **nearest) {
    const int32_t half = PX_STEPS / 2 * PX_STRETCH_ONE;
    const int32_t at = clamp32(odds, -half, half - 1) + half;
    const int32_t step = at >> 12, fraction = at & 4095;
    *nearest = row + step + (fraction >> 11);
    return ((int32_t)(row[step] >> 16) * (4096 - fraction) +
            (int32_t)(row[step + 1] >> 16) * fraction) >>
           12;
}

/* Of many values, some share a key: contexts know their neighbours. */
PX_INLINE int key_of(query q, bool many) {
    return many ? (q.value ^ q.value >> PALETTE_KEYS) & ((1 << PALETTE_KEYS) - 1)
                : q.value + (q.half ? PX_PALETTE_FEW : 0);
}

/* The row of corrections by the context, for a key. */
PX_INLINE px_counter *correction_of(const px_palette_model *m, const place *p, int key) {
    const uint64_t context =
        (p->hashes[0] >> 50 ^ (uint64_t)key * 0x9e5) & (((uint64_t)1 << m->correction_bits) - 1);
    return m->by_context[context];
}

/* Into the cache: both ends of a row of corrections, which are likeliest. */
PX_INLINE void fetch_corrections(const px_counter *row) {
    __builtin_prefetch(row);
    __builtin_prefetch(row + PX_STEPS - 1);
}

/* What the match says, and what is always there. */
PX_INLINE int64_t ask_match(const question *q) {
    return couple_of_inputs(q->match ? px_counter_odds(*q->match) : 0, PALETTE_BIAS);
}

PX_INLINE void ask_some(question *q, px_palette_model *m, bool many) {
    _Static_assert(PX_CONTEXTS_FAST == 5 && PX_CONTEXTS_MANY == 3, "as many as are asked here");
    const int64_t first = ask_context(m, q, 0), second = ask_context(m, q, 1),
                  third = ask_context(m, q, 2);
    if (many)
        q->inputs[0] = (px_lanes)(px_wide){first, second, third, ask_match(q)};
    else
        q->inputs[0] = (px_lanes)(px_wide){
            first, second, third, ask_context(m, q, 3), ask_context(m, q, 4), ask_match(q)};
}

PX_INLINE void ask_all(question *q, px_palette_model *m) {
    int64_t inputs[PX_EIGHT * sizeof q->inputs / sizeof *q->inputs] = {0};
    for (int i = 0; i < PX_CONTEXTS_ALL; i++)
        inputs[i] = ask_context(m, q, i);
    inputs[PX_CONTEXTS_ALL] = ask_match(q);
    memcpy(q->inputs, inputs, sizeof inputs);
}

PX_INLINE int shape_of(const uint64_t *equal, int later) {
    return neighbours_with(equal) << 5 | references_with(equal) | later << 11;
}

/* Finds what a question is answered by, which is in the cache some time later. Nothing of it is
 * read: decisions before this one may change it. */
PX_INLINE void prepare(question *q, px_palette_model *m, const place *p, query of, bool later,
                       px_palette_kind kind) {
    const int contexts = px_palette_context_count(kind);
    uint64_t equal[PX_WINDOWS]; /* 0x80 where a window has the value */
    q->of = of;
    q->key = key_of(of, kind.many);
    q->later = later;
    if (!kind.many) {
        q->correction = correction_of(m, p, q->key);
        fetch_corrections(q->correction);
    }
    for (int i = 0; i < PX_WINDOWS; i++)
        equal[i] = equal_bytes(p->windows[i], all_bytes(of.value & 255));
    for (int i = 0; i < contexts; i++)
        find_slot(m, p, q, equal, i);
    q->shape = shape_of(equal, later);
    q->runs = set_by_runs(equal, later);
    q->references = set_by_reference(p, equal, later);
}

PX_INLINE void ask(question *q, px_palette_model *m, const place *p, px_palette_kind kind) {
    const int says = match_says(p, q->of.value);
    q->match = says ? &m->matches[q->later][match_steps(m) * 3 + says] : NULL;
    if (kind.fast)
        ask_some(q, m, kind.many);
    else
        ask_all(q, m);
}

/* Of many values, contexts that come again are too few to correct by. */
PX_INLINE int32_t corrected_by_all(mixture *x, px_palette_model *m, const question *q, bool many) {
    const int32_t by_shape = corrected(m->by_shape[q->shape], x->mixed, &x->by_shape);
    return many ? (x->probability + by_shape + 1) >> 1
                : (2 * x->probability + by_shape +
                   corrected(q->correction, x->mixed, &x->by_context) + 2) >>
                      2;
}

PX_INLINE void mix_opinions(mixture *x, px_palette_model *m, const place *p, const question *q,
                            px_palette_kind kind) {
    const int contexts = px_palette_context_count(kind), lanes = px_palette_lanes(kind),
              selections = px_palette_selections(kind);
    const int sets[PX_SELECTIONS] = {set_by_known(q, p->guesses, contexts), q->runs, q->references};
    int64_t sum = 0;
    x->shares = m->shares[q->shape];
    for (int i = 0; i < selections; i++) {
        x->weights[i] = m->weights[i] + sets[i] * lanes;
        x->odds[i] = mixed_odds(x->weights[i], (const int32_t *)q->inputs, lanes, MIX_BITS);
        sum += (int64_t)x->shares[i] * x->odds[i];
    }
    x->mixed = clamp32(sum >> 16, -PX_ODDS_LIMIT, PX_ODDS_LIMIT);
    x->probability = px_squash(x->mixed);
    x->corrected = clamp32(corrected_by_all(x, m, q, kind.many), PX_PROBABILITY_MIN,
                           65536 - PX_PROBABILITY_MIN);
}

PX_INLINE void mixture_learn(mixture *x, const px_palette_model *m, const question *q, int bit,
                             px_palette_kind kind) {
    const int lanes = px_palette_lanes(kind), selections = px_palette_selections(kind);
    counter_learn(m, x->by_shape, bit, PALETTE_CORRECTIONS);
    if (!kind.many)
        counter_learn(m, x->by_context, bit, PALETTE_CORRECTIONS);
    const int64_t error = bit * 65536 - x->probability;
    for (int i = 0; i < selections; i++) {
        x->shares[i] += (int32_t)((x->odds[i] * error + (1 << 20)) >> 21);
        const int32_t missed = bit * 65536 - px_squash(x->odds[i]);
        mixing_learn(x->weights[i], (const int32_t *)q->inputs, lanes, missed * 3 >> 2,
                     MIX_RATE_BITS);
    }
}

PX_INLINE void contexts_learn(px_palette_model *m, const question *q, int bit, int contexts) {
    for (int i = 0; i < contexts; i++) {
        const uint32_t slot = *q->slots[i], state = slot & 255;
        px_counter *usual = &m->states[i][q->later][state];
        if (state)
            counter_learn(m, usual, bit, MOST_COUNT);
        int32_t seen = (int32_t)(slot >> 16);
        seen += ((bit ? 65535 : 0) - seen) * m->state_rates[state] >> 16;
        *q->slots[i] = (uint32_t)seen << 16 | (slot & 0xff00) | next_state(state, bit);
    }
    if (q->match)
        counter_learn(m, q->match, bit, MOST_COUNT);
}

/* Codes the answer to a question that is prepared; returns it, which is `bit` when encoding. */
PX_INLINE int palette_decide(px_palette_model *m, place *p, question *q, int bit,
                             px_palette_kind kind) {
    mixture x;
    ask(q, m, p, kind);
    mix_opinions(&x, m, p, q, kind);
    bit = px_code_probability(&m->coder, bit, (uint32_t)x.corrected);
    mixture_learn(&x, m, q, bit, kind);
    contexts_learn(m, q, bit, px_palette_context_count(kind));
    p->guesses++;
    return bit;
}

#endif
