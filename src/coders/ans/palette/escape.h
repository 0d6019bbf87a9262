/*
 * Of many values, one that no neighbour has: an escape, coded bit by bit from the highest on. Such
 * values may be numbers, as of a picture with flat places: contexts are what neighbours are, and
 * what a gradient says, with fewer bits. docs/format-palette.md, "Escapes". (M. Mahoney, "Adaptive
 * weighing of context models for lossless data compression", 2005.)
 */
#ifndef PX_PALETTE_ESCAPE_H
#define PX_PALETTE_ESCAPE_H

#include "coders/ans/palette/decide_lanes.h"

enum {
    ESCAPE_GROUP = 4,   /* bits whose counters share a line */
    ESCAPE_LIMIT = 250, /* counters learn at least as after that many bits */
    ESCAPE_RATE_BITS = 19,
    ESCAPE_FINE_BITS = 6 /* that many bits of a value are told apart where neighbours differ */
};

/* An escape as far as it is known. */
typedef struct escape {
    uint32_t contexts[PX_ESCAPE_CONTEXTS];
    int value;
    uint32_t prefix;                       /* 1, and the bits so far */
    px_counter *lines[PX_ESCAPE_CONTEXTS]; /* of a group of bits */
    uint32_t node;                         /* 1, and the bits of the group so far */
} escape;

PX_INLINE uint32_t escape_hash(uint32_t a, uint32_t b) {
    const uint32_t hash = a * 0x9e3779b1u + b * 0x85ebca6bu;
    return hash ^ hash >> 15;
}

PX_INLINE int bits_of_values(const px_palette_model *m) {
    return 32 - __builtin_clz((unsigned)m->values - 1);
}

PX_INLINE void escape_begin(escape *e, const px_palette_model *m, size_t at, size_t reference) {
    const size_t row = m->row_stride;
    const int west = px_palette_index(m, at - 1), north = px_palette_index(m, at - row),
              north_west = px_palette_index(m, at - row - 1);
    const int gradient = clamp32(west + north - north_west, 0, m->values - 1);
    const int bits = bits_of_values(m),
              shift = bits > ESCAPE_FINE_BITS ? bits - ESCAPE_FINE_BITS : 0;
    const int coarse = shift + 1, fine = shift > 1 ? shift - 1 : 0;
    const uint32_t around = (uint32_t)(west >> coarse) << 16 | (uint32_t)(north >> coarse) << 8 |
                            (uint32_t)(north_west >> coarse);
    const uint32_t contexts[PX_ESCAPE_CONTEXTS] = {(uint32_t)west,
                                                   (uint32_t)north,
                                                   around,
                                                   (uint32_t)(gradient >> fine),
                                                   (uint32_t)m->escaped,
                                                   (uint32_t)px_palette_index(m, reference)};
    for (uint32_t i = 0; i < PX_ESCAPE_CONTEXTS; i++)
        e->contexts[i] = escape_hash(contexts[i], i);
    e->value = 0;
    e->prefix = 1;
}

PX_INLINE void begin_group(escape *e, const px_palette_model *m) {
    e->node = 1;
    for (size_t i = 0; i < PX_ESCAPE_CONTEXTS; i++) {
        const uint32_t hash = escape_hash(e->contexts[i], e->prefix) * 0xc2b2ae35u;
        e->lines[i] = m->escapes[(i << m->escape_bits) + (hash >> (32 - m->escape_bits))];
        __builtin_prefetch(e->lines[i]);
    }
}

PX_INLINE int32_t add_wrapped(int32_t a, int32_t b) {
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

/* Codes whether the value is at least what it is known to be and 2^exponent; returns that. */
PX_INLINE int escape_bit(escape *e, px_palette_model *m, int exponent, int bit) {
    int32_t odds[PX_ESCAPE_CONTEXTS], *weights = m->escape_weights[exponent];
    int64_t sum = 0;
#pragma GCC unroll 8
    for (int i = 0; i < PX_ESCAPE_CONTEXTS; i++) {
        odds[i] = px_counter_odds(e->lines[i][e->node]);
        sum += (int64_t)odds[i] * weights[i];
    }
    const int32_t probability = px_squash(clamp32(sum >> MIX_BITS, -PX_ODDS_LIMIT, PX_ODDS_LIMIT));
    bit = px_code_probability(&m->coder, bit, (uint32_t)probability);
    const int32_t missed = bit * 65536 - probability;
#pragma GCC unroll 8
    for (int i = 0; i < PX_ESCAPE_CONTEXTS; i++) {
        weights[i] = add_wrapped(weights[i], (odds[i] * missed + (1 << (ESCAPE_RATE_BITS - 1))) >>
                                                 ESCAPE_RATE_BITS);
        counter_learn(m, &e->lines[i][e->node], bit, ESCAPE_LIMIT);
    }
    return bit;
}

/* The bits of a group, from 2^(end - 1) down to 2^first. */
PX_INLINE void escape_group(escape *e, px_palette_model *m, int first, int end, int index) {
    begin_group(e, m);
    for (int exponent = end; exponent-- > first;) {
        const int next = e->value + (1 << exponent);
        int bit = 0;
        if (next < m->values)
            bit = escape_bit(e, m, exponent, index >= next);
        e->value = bit ? next : e->value;
        e->prefix = e->prefix << 1 | (uint32_t)bit;
        e->node = e->node << 1 | (uint32_t)bit;
    }
}

/* Returns the value, which is `index` when encoding. */
static int code_escape(px_palette_model *m, size_t at, size_t reference, int index) {
    escape e;
    escape_begin(&e, m, at, reference);
    for (int end = bits_of_values(m); end > 0; end -= ESCAPE_GROUP)
        escape_group(&e, m, end > ESCAPE_GROUP ? end - ESCAPE_GROUP : 0, end, index);
    m->escaped = e.value;
    return e.value;
}

#endif
