/*
 * Rows of indices: at each position the values of N, W and NE are guessed, and if it is none of
 * them, halves of the others are asked for. Where the plane seems to repeat what came before, a
 * whole piece of it is offered first. docs/format-palette.md.
 */
#include "coders/ans/palette/palette_kernels.h"

#include "coders/ans/palette/decide_lanes.h"

enum {
    PALETTE_LIKE = 20,         /* equal neighbours of 24 that make a match */
    PALETTE_PIECE_MATCH = 8,   /* length of a match that pieces are offered from, ... */
    PALETTE_PIECE_ODDS = 55000 /* ... if they have that probability */
};

PX_INLINE uint64_t window_at(const uint8_t *from) {
    uint64_t window;
    memcpy(&window, from, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    window = __builtin_bswap64(window);
#endif
    return window;
}

/* What a position is among: its row, that of its reference, and that of the reference's. */
typedef struct rows {
    uint8_t *own;
    const uint8_t *reference, *before;
} rows;

PX_INLINE void look_around(place *p, const px_palette_model *m, const rows *r, size_t x) {
    const ptrdiff_t row = (ptrdiff_t)m->row_stride;
    const uint8_t *at = r->own + x, *reference = r->reference + x;
    uint64_t *to = p->windows;
    to[PX_WEST] = window_at(at - 8);
    to[PX_FAR_WEST] = window_at(at - 16);
    to[PX_NORTH] = window_at(at - row - 3);
    to[PX_NORTH_LEFT] = window_at(at - row - 11);
    to[PX_NORTH_RIGHT] = window_at(at - row + 5);
    to[PX_NORTH_2] = window_at(at - 2 * row - 3);
    to[PX_NORTH_3] = window_at(at - 3 * row - 3);
    to[PX_REFERENCE] = window_at(reference - 3);
    to[PX_REFERENCE_BELOW] = window_at(reference + row - 3);
    to[PX_REFERENCE_ABOVE] = window_at(reference - row - 3);
    to[PX_TILE_ABOVE] = window_at(at - 8 * row - 3);
    to[PX_TILE_LEFT] = window_at(at - 11);
    to[PX_BEFORE] = window_at(r->before + x - 3);
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
    p->expected = m->match_length ? m->indices[m->match] : -1;
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

/* The piece may overlap what it is copied from. */
PX_INLINE void copy_piece(uint8_t *piece, const uint8_t *source, const uint8_t *at) {
    for (int i = 0; i < PX_PIECE; i++)
        piece[i] = source + i < at ? source[i] : piece[i - (at - source)];
}

PX_INLINE bool same_around(const px_palette_model *m, const place *p, const uint8_t *at,
                           const uint8_t *source) {
    const size_t row = m->row_stride;
    return memcmp(at - row - 3, source - row - 3, PX_PIECE + 8) == 0 &&
           window_at(source - 8) == p->windows[PX_WEST] &&
           window_at(source - 2 * row - 3) == p->windows[PX_NORTH_2];
}

PX_INLINE px_counter *piece_counter(px_palette_model *m, const place *p, const rows *r, size_t x,
                                    const uint8_t *piece, const uint8_t *source) {
    const size_t row = m->row_stride;
    const uint8_t *reference = r->reference + x;
    bool flat = true;
    for (int i = 0; i < PX_PIECE; i++)
        flat &= piece[i] == r->own[x - 1];
    return &m->pieces[match_steps(m) | (memcmp(piece, reference, PX_PIECE) == 0) << 4 | flat << 5 |
                      (p->windows[PX_NORTH_3] == window_at(source - 3 * row - 3)) << 6 |
                      (memcmp(reference + row, source + row, PX_PIECE) == 0) << 7];
}

/* Whether a piece has been coded. */
PX_INLINE bool code_piece(px_palette_model *m, const place *p, const rows *r, size_t x) {
    uint8_t *at = r->own + x, piece[PX_PIECE];
    const uint8_t *source = m->indices + m->match;
    if (m->match_length < PALETTE_PIECE_MATCH || x % PX_PIECE || m->width - x < PX_PIECE ||
        !same_around(m, p, at, source))
        return false;
    copy_piece(piece, source, at);
    px_counter *counter = piece_counter(m, p, r, x, piece, source);
    const int32_t probability =
        clamp32(*counter >> 16, PX_PROBABILITY_MIN, 65536 - PX_PROBABILITY_MIN);
    if (probability <= PALETTE_PIECE_ODDS)
        return false;
    const int bit = px_code_probability(&m->coder, memcmp(m->row + x, piece, PX_PIECE) == 0,
                                        (uint32_t)probability);
    counter_learn(m, counter, bit, 250);
    if (!bit)
        return false;
    memcpy(at, piece, PX_PIECE);
    m->match += PX_PIECE;
    m->match_length += m->match_length < UINT16_MAX ? PX_PIECE : 0;
    return true;
}

/* ---- Positions ---- */

/* The values that have not been guessed, in order; `guessed` has their bits. */
PX_INLINE int code_rest(px_palette_model *m, place *p, uint64_t guessed, int index, bool fast) {
    int rest[PX_PALETTE_VALUES], first = 0, after = 0;
    for (int value = 0; value < m->values; value++)
        if (!(guessed >> value & 1))
            rest[after++] = value;
    while (after - first > 1) {
        const int middle = (first + after) >> 1;
        if (palette_decide(m, p, PALETTE_HALF + rest[middle], index >= rest[middle], fast))
            first = middle;
        else
            after = middle;
    }
    return rest[first];
}

/* Returns the index, which is `index` when encoding. */
PX_INLINE int code_index(px_palette_model *m, place *p, int index, bool fast) {
    const int guesses[3] = {(int)(p->windows[PX_NORTH] >> 24 & 255),
                            (int)(p->windows[PX_WEST] >> 56),
                            (int)(p->windows[PX_NORTH] >> 32 & 255)};
    uint64_t guessed = 0;
    for (int i = 0, left = m->values; i < 3 && left > 1; i++) {
        if (guessed >> guesses[i] & 1)
            continue;
        if (palette_decide(m, p, guesses[i], index == guesses[i], fast))
            return guesses[i];
        guessed |= (uint64_t)1 << guesses[i];
        left--;
    }
    return code_rest(m, p, guessed, index, fast);
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

PX_INLINE void palette_row(px_palette_model *m, const rows *r, bool fast) {
    m->match_length = 0;
    for (size_t x = 0; x < m->width;) {
        place p;
        p.guesses = 0;
        look_around(&p, m, r, x);
        hash_contexts(m, &p, fast ? PX_CONTEXTS_FAST : PX_CONTEXTS_ALL);
        uint32_t *recent = &m->recent[p.hashes[0] >> (64 - m->match_bits)];
        find_match(m, &p, *recent);
        *recent = (uint32_t)(r->own + x - m->indices);
        if (fast && code_piece(m, &p, r, x)) {
            x += PX_PIECE;
            continue;
        }
        const int index = code_index(m, &p, m->row[x], fast);
        r->own[x++] = (uint8_t)index;
        follow_match(m, &p, index);
    }
}

/* Codes row y of plane k of the chunk; of m->row when encoding. */
static void palette_code_row(px_palette_model *m, size_t k, size_t y) {
    const size_t reference = m->references[k];
    const size_t before = reference ? m->references[reference - 1] : 0;
    const rows r = {.own = px_palette_plane(m, k + 1) + y * m->row_stride,
                    .reference = px_palette_plane(m, reference) + y * m->row_stride,
                    .before = px_palette_plane(m, before) + y * m->row_stride};
    if (m->fast)
        palette_row(m, &r, true);
    else
        palette_row(m, &r, false);
}

const px_palette_kernels PX_KERNEL_TABLE(px_palette_kernels) = {
    .code_row = palette_code_row,
};
