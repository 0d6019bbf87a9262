/*
 * Rows of indices: at each position the values of N, W and NE are guessed (of many values, some
 * more neighbours', where that is likely), and if it is none of them, halves of the others are
 * asked for, or it is an escape. Where the plane seems to repeat what came before, a whole piece of
 * it is offered first. docs/format-palette.md.
 */
#include "coders/ans/palette/palette_kernels.h"

#include "coders/ans/palette/decide_lanes.h"
#include "coders/ans/palette/escape.h"
#include "coders/ans/palette/flat.h"

enum {
    PALETTE_LIKE = 20,          /* equal neighbours of 24 that make a match */
    PALETTE_PIECE_MATCH = 8,    /* length of a match that pieces are offered from, ... */
    PALETTE_PIECE_ODDS = 55000, /* ... if they have that probability */
    PALETTE_GUESSED_FEW = 3,    /* places whose indices are guessed, of few values */
    PALETTE_LEAST_HITS = PX_COUNTER_ONE >> 4, /* of many, so many of all such guesses are right */
    PALETTE_HITS = 250                        /* guesses after which hits learn no slower */
};

PX_INLINE uint64_t window_at(const uint8_t *from) {
    uint64_t window;
    memcpy(&window, from, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    window = __builtin_bswap64(window);
#endif
    return window;
}

/* What a position is among: its row, that of its reference, and that of the reference's. `known`
 * has the row as far as it is known: when encoding, to its end. */
typedef struct rows {
    size_t own, reference, before;
    const uint8_t *known;
    ptrdiff_t places[PX_GUESSED]; /* from a position: those whose indices are guessed */
} rows;

PX_INLINE void look_around(place *p, const px_palette_model *m, const rows *r, size_t x) {
    const ptrdiff_t row = (ptrdiff_t)m->row_stride;
    const uint8_t *at = m->indices + r->own + x, *reference = m->indices + r->reference + x;
    const uint8_t *known = r->known + x;
    uint64_t *to = p->windows;
    to[PX_WEST] = window_at(known - 8);
    to[PX_FAR_WEST] = window_at(known - 16);
    to[PX_NORTH] = window_at(at - row - 3);
    to[PX_NORTH_LEFT] = window_at(at - row - 11);
    to[PX_NORTH_RIGHT] = window_at(at - row + 5);
    to[PX_NORTH_2] = window_at(at - 2 * row - 3);
    to[PX_NORTH_3] = window_at(at - 3 * row - 3);
    to[PX_REFERENCE] = window_at(reference - 3);
    to[PX_REFERENCE_BELOW] = window_at(reference + row - 3);
    to[PX_REFERENCE_ABOVE] = window_at(reference - row - 3);
    to[PX_TILE_ABOVE] = window_at(at - 8 * row - 3);
    to[PX_TILE_LEFT] = window_at(known - 11);
    to[PX_BEFORE] = window_at(m->indices + r->before + x - 3);
}

/* ---- Matches ---- */

PX_INLINE int count_equal(uint64_t a, uint64_t b) {
    return __builtin_popcountll(equal_bytes(a, b));
}

/* Where there is no match: the last position with the same context, if enough around it is as it
 * is here. */
PX_INLINE void find_match(px_palette_model *m, place *p, uint32_t recent) {
    if (!m->match_length && recent) {
        const uint8_t *source = m->indices + recent;
        const size_t row = m->row_stride;
        const int equal = count_equal(window_at(source - 8), p->windows[PX_WEST]) +
                          count_equal(window_at(source - row - 3), p->windows[PX_NORTH]) +
                          count_equal(window_at(source - 2 * row - 3), p->windows[PX_NORTH_2]);
        m->match = recent;
        m->match_length = equal >= PALETTE_LIKE ? (uint32_t)(1 + 2 * (equal - PALETTE_LIKE)) : 0;
    }
    p->expected = m->match_length ? px_palette_index(m, m->match) : -1;
}

PX_INLINE void follow_match(px_palette_model *m, const place *p, int index) {
    if (p->expected != index) {
        m->match_length = 0;
        return;
    }
    m->match++;
    m->match_length += m->match_length < UINT16_MAX;
}

/* ---- Pieces ---- */

typedef struct piece {
    uint8_t lower[PX_PIECE], upper[PX_PIECE];
} piece;

/* The piece may overlap what it is copied from. */
PX_INLINE void copy_bytes(uint8_t *bytes, const uint8_t *source, const uint8_t *at) {
    for (int i = 0; i < PX_PIECE; i++)
        bytes[i] = source + i < at ? source[i] : bytes[i - (at - source)];
}

PX_INLINE bool same_around(const px_palette_model *m, const place *p, const uint8_t *at,
                           const uint8_t *source) {
    const size_t row = m->row_stride;
    return memcmp(at - row - 3, source - row - 3, PX_PIECE + 8) == 0 &&
           window_at(source - 8) == p->windows[PX_WEST] &&
           window_at(source - 2 * row - 3) == p->windows[PX_NORTH_2];
}

PX_INLINE px_counter *piece_counter(px_palette_model *m, const place *p, const rows *r, size_t x,
                                    const uint8_t *bytes) {
    const size_t row = m->row_stride;
    const uint8_t *at = m->indices + r->own + x, *reference = m->indices + r->reference + x;
    const uint8_t *source = m->indices + m->match;
    bool flat = true;
    for (int i = 0; i < PX_PIECE; i++)
        flat &= bytes[i] == at[-1];
    return &m->pieces[match_steps(m) | (memcmp(bytes, reference, PX_PIECE) == 0) << 4 | flat << 5 |
                      (p->windows[PX_NORTH_3] == window_at(source - 3 * row - 3)) << 6 |
                      (memcmp(reference + row, source + row, PX_PIECE) == 0) << 7];
}

PX_INLINE bool is_next(const px_palette_model *m, size_t x, const piece *e) {
    return memcmp(px_palette_row(m) + x, e->lower, PX_PIECE) == 0 &&
           (!m->kind.wide || memcmp(m->row_uppers + x, e->upper, PX_PIECE) == 0);
}

/* Whether a piece has been coded. */
PX_INLINE bool code_piece(px_palette_model *m, const place *p, const rows *r, size_t x) {
    uint8_t *at = m->indices + r->own + x, *upper = m->uppers + r->own + x;
    piece e;
    if (m->match_length < PALETTE_PIECE_MATCH || x % PX_PIECE || m->width - x < PX_PIECE ||
        !same_around(m, p, at, m->indices + m->match))
        return false;
    copy_bytes(e.lower, m->indices + m->match, at);
    if (m->kind.wide)
        copy_bytes(e.upper, m->uppers + m->match, upper);
    px_counter *counter = piece_counter(m, p, r, x, e.lower);
    const int32_t probability =
        clamp32(*counter >> 16, PX_PROBABILITY_MIN, 65536 - PX_PROBABILITY_MIN);
    if (probability <= PALETTE_PIECE_ODDS)
        return false;
    const int bit = px_code_probability(&m->coder, is_next(m, x, &e), (uint32_t)probability);
    counter_learn(m, counter, bit, 250);
    if (!bit)
        return false;
    memcpy(at, e.lower, PX_PIECE);
    if (m->kind.wide)
        memcpy(upper, e.upper, PX_PIECE);
    m->match += PX_PIECE;
    m->match_length += m->match_length < UINT16_MAX ? PX_PIECE : 0;
    return true;
}

/* ---- Positions ---- */

/* An index of many that may be guessed: whether that is worth a question, hits say. */
typedef struct thought {
    int index;
    px_counter *hits;
} thought;

/* What is known of an index: the guesses that it is none of, then of few values a range. */
typedef struct search {
    int place; /* the next one whose index is guessed */
    int guesses[PX_GUESSED], count;
    int first, after; /* numbers of those that were not guessed */
    thought thoughts[PX_GUESSED];
    int thought_count;
} search;

PX_INLINE bool is_guessed(const search *s, int value) {
    bool guessed = false;
    for (int i = 0; i < s->count; i++)
        guessed |= s->guesses[i] == value;
    return guessed;
}

/* Whether the index of the nth place is worth a question, if it is none of the guesses. */
PX_INLINE bool is_worth_guessing(search *s, px_palette_model *m, int nth, int index) {
    px_counter *hits = &m->hits[nth][s->count];
    s->thoughts[s->thought_count++] = (thought){index, hits};
    return *hits >> 10 >= PALETTE_LEAST_HITS;
}

/* Of few values, the last one that is left need not be asked for. */
PX_INLINE query next_guess(search *s, px_palette_model *m, const rows *r, size_t x, bool many) {
    while (s->place < (many ? PX_GUESSED : PALETTE_GUESSED_FEW) &&
           (many || m->values - s->count > 1)) {
        const int nth = s->place++;
        const int guess = px_palette_index(m, r->own + x + (size_t)r->places[nth]);
        if (is_guessed(s, guess) || (many && s->count && !is_worth_guessing(s, m, nth, guess)))
            continue;
        s->guesses[s->count++] = guess;
        return (query){guess, false};
    }
    return (query){-1, false};
}

/* Those that were thought of before the right one. */
PX_INLINE void hits_learn(const search *s, px_palette_model *m, int index) {
    bool right = false;
    for (int i = 0; i < s->thought_count && !right; i++) {
        right = s->thoughts[i].index == index;
        counter_learn(m, s->thoughts[i].hits, right, PALETTE_HITS);
    }
}

/* The value with that number among those that were not guessed. */
PX_INLINE int value_left(const search *s, int number) {
    int value = number;
    for (int before = -1; value != before;) {
        before = value;
        value = number;
        for (int i = 0; i < s->count; i++)
            value += s->guesses[i] <= before;
    }
    return value;
}

PX_INLINE query next_half(search *s, const px_palette_model *m) {
    if (s->after < 0)
        s->after = m->values - s->count;
    return s->after - s->first > 1 ? (query){value_left(s, (s->first + s->after) >> 1), true}
                                   : (query){-1, true};
}

/* What is asked after a query that was answered by `bit`. */
PX_INLINE query next_query(search *s, px_palette_model *m, const rows *r, size_t x, query q,
                           int bit, bool many) {
    if (q.half) {
        const int middle = (s->first + s->after) >> 1;
        *(bit ? &s->first : &s->after) = middle;
    } else {
        const query guess = bit ? (query){-1, false} : next_guess(s, m, r, x, many);
        if (bit || many || guess.value >= 0)
            return guess;
    }
    return next_half(s, m);
}

/* Questions at a position after the first: one that is asked, and the next, which is prepared as
 * early as it is known. */
typedef struct inquiry {
    search search;
    question questions[2];
    int turn; /* of the question that was prepared last */
    query next;
} inquiry;

static void go_on(inquiry *i, px_palette_model *m, const place *p, const rows *r, size_t x, query q,
                  int bit, px_palette_kind kind) {
    i->next = next_query(&i->search, m, r, x, q, bit, kind.many);
    i->turn ^= 1;
    if (i->next.value < 0)
        return;
    question *ahead = &i->questions[i->turn];
    prepare(ahead, m, p, i->next, true, kind);
    fetch_corrections(m->by_shape[ahead->shape]);
}

/* A guess that is not the first one is wrong, as a rule. */
PX_INLINE int inquire(inquiry *i, px_palette_model *m, place *p, const rows *r, size_t x, int index,
                      px_palette_kind kind) {
    const bool decoding = m->coder.decoding;
    while (i->next.value >= 0) {
        const query q = i->next;
        question *asked = &i->questions[i->turn];
        int bit = !decoding && (q.half ? index >= q.value : index == q.value);
        const bool foreseen = !decoding || !q.half;
        if (foreseen)
            go_on(i, m, p, r, x, q, bit, kind);
        bit = palette_decide(m, p, asked, bit, kind);
        if (!q.half && bit)
            return q.value;
        if (!foreseen)
            go_on(i, m, p, r, x, q, bit, kind);
    }
    return kind.many ? code_escape(m, r->own + x, r->reference + x, index)
                     : value_left(&i->search, i->search.first);
}

/* Whether the first guess is right, which *guess becomes; else the next question is prepared. */
PX_INLINE bool is_first_guess(int *guess, inquiry *i, px_palette_model *m, place *p, const rows *r,
                              size_t x, int index, px_palette_kind kind) {
    question first;
    const query q = next_guess(&i->search, m, r, x, kind.many);
    const bool foreseen = !m->coder.decoding && index != q.value;
    *guess = q.value;
    prepare(&first, m, p, q, false, kind);
    if (foreseen)
        go_on(i, m, p, r, x, q, false, kind);
    if (palette_decide(m, p, &first, index == q.value, kind))
        return true;
    if (!foreseen)
        go_on(i, m, p, r, x, q, false, kind);
    return false;
}

/* Returns the index, which is `index` when encoding, and not that of the west if `flat`. */
PX_INLINE int code_index(px_palette_model *m, place *p, const rows *r, size_t x, int index,
                         bool flat, px_palette_kind kind) {
    inquiry i;
    int guess;
    i.search = (search){.count = 0, .after = -1};
    i.turn = 0;
    if (flat) {
        guess = i.search.guesses[i.search.count++] = px_palette_index(m, r->own + x - 1);
        p->guesses = 1;
        go_on(&i, m, p, r, x, (query){guess, false}, false, kind);
    } else if (is_first_guess(&guess, &i, m, p, r, x, index, kind)) {
        return guess;
    }
    index = inquire(&i, m, p, r, x, index, kind);
    hits_learn(&i.search, m, index);
    return index;
}

/* ---- Rows ---- */

/* Where the same context was seen last. */
PX_INLINE uint32_t *recent_of(px_palette_model *m, const place *p) {
    return &m->recent[p->hashes[0] >> (64 - m->match_bits)];
}

PX_INLINE void hash_contexts(px_palette_model *m, place *p, int contexts) {
    for (int i = 0; i < contexts; i++) {
        if (px_palette_contexts[i].is_shape)
            continue;
        p->hashes[i] = hash_of(p->windows, &px_palette_contexts[i], i);
        __builtin_prefetch(
            &m->slots[((size_t)i << m->slot_bits) + (p->hashes[i] >> (64 - m->slot_bits))]);
    }
}

PX_INLINE int next_index(const px_palette_model *m, size_t x) {
    return px_palette_row(m)[x] | (m->kind.wide ? m->row_uppers[x] << 8 : 0);
}

PX_INLINE void put_index(px_palette_model *m, size_t at, int index) {
    m->indices[at] = (uint8_t)index;
    if (m->kind.wide)
        m->uppers[at] = (uint8_t)(index >> 8);
}

/* Places that are looked at before they are coded, so that what they need is in the cache by then:
 * when encoding, whose row is known. */
enum { PALETTE_AHEAD = 4 };

PX_INLINE void look_at(place *p, px_palette_model *m, const rows *r, size_t x,
                       px_palette_kind kind) {
    look_around(p, m, r, x);
    p->flat = kind.many && kind.fast ? flat_around(p->windows) : NOT_FLAT;
    hash_contexts(m, p, p->flat >= 0 ? 1 : px_palette_context_count(kind));
    __builtin_prefetch(recent_of(m, p));
    const query guess = {(int)(p->windows[PX_NORTH] >> 24 & 255), false};
    if (!kind.many)
        fetch_corrections(correction_of(m, p, key_of(guess, false)));
}

PX_INLINE int code_place(px_palette_model *m, place *p, const rows *r, size_t x, int index,
                         px_palette_kind kind) {
    const bool flat = kind.many && kind.fast && p->flat >= 0;
    if (flat) {
        const int value = px_palette_index(m, r->own + x - 1);
        if (code_flat(m, p, value, index == value))
            return value;
        hash_contexts(m, p, px_palette_context_count(kind));
    }
    return code_index(m, p, r, x, index, flat, kind);
}

/* How many places to look at, from x on: none of those that a piece may take. */
PX_INLINE size_t look_ahead(const px_palette_model *m, size_t x) {
    const bool pieces = m->match_length >= PALETTE_PIECE_MATCH;
    const size_t left = m->width - x, to_piece = pieces ? PX_PIECE - x % PX_PIECE : left;
    const size_t most = left < to_piece ? left : to_piece;
    if (m->coder.decoding || (pieces && x % PX_PIECE == 0))
        return 1;
    return most < PALETTE_AHEAD ? most : PALETTE_AHEAD;
}

PX_INLINE void palette_row(px_palette_model *m, const rows *r, px_palette_kind kind) {
    place places[PALETTE_AHEAD];
    m->match_length = 0;
    for (size_t x = 0, looked_at = 0; x < m->width;) {
        for (const size_t until = x + look_ahead(m, x); looked_at < until; looked_at++)
            look_at(&places[looked_at % PALETTE_AHEAD], m, r, looked_at, kind);
        place *p = &places[x % PALETTE_AHEAD];
        p->guesses = 0;
        uint32_t *recent = recent_of(m, p);
        find_match(m, p, *recent);
        *recent = (uint32_t)(r->own + x);
        if (kind.fast && code_piece(m, p, r, x)) {
            x += PX_PIECE;
            looked_at = looked_at > x ? looked_at : x;
            continue;
        }
        const int next = next_index(m, x);
        const int index = code_place(m, p, r, x, next, kind);
        put_index(m, r->own + x++, index);
        follow_match(m, p, index);
    }
}

/* Codes row y of plane k of the chunk; of m->row when encoding. */
static void palette_code_row(px_palette_model *m, size_t k, size_t y) {
    const size_t reference = m->references[k];
    const size_t before = reference ? m->references[reference - 1] : 0;
    const size_t own = px_palette_plane(m, k + 1) + y * m->row_stride;
    const ptrdiff_t row = (ptrdiff_t)m->row_stride,
                    other =
                        ((ptrdiff_t)reference - (ptrdiff_t)(k + 1)) * (ptrdiff_t)m->plane_stride;
    const rows r = {
        .own = own,
        .reference = px_palette_plane(m, reference) + y * m->row_stride,
        .places = {-row, -1, 1 - row, other, other + row, other + 1, -1 - row, -2 * row},
        .before = px_palette_plane(m, before) + y * m->row_stride,
        .known = m->coder.decoding ? m->indices + own : px_palette_row(m)};
    if (m->kind.fast && m->kind.many)
        palette_row(m, &r, (px_palette_kind){.fast = true, .many = true});
    else if (m->kind.fast)
        palette_row(m, &r, (px_palette_kind){.fast = true});
    else if (m->kind.many)
        palette_row(m, &r, (px_palette_kind){.many = true});
    else
        palette_row(m, &r, (px_palette_kind){.fast = false});
}

const px_palette_kernels PX_KERNEL_TABLE(px_palette_kernels) = {
    .code_row = palette_code_row,
};
