/*
 * Places among equal neighbours, most of which are equal, too: one counter says as much of them as
 * all contexts together, in a fraction of the time. docs/format-palette.md, "Flat places".
 */
#ifndef PX_PALETTE_FLAT_H
#define PX_PALETTE_FLAT_H

#include "coders/ans/palette/decide_lanes.h"

enum {
    NOT_FLAT = -1,
    FLAT_LIMIT = 250,
    FLAT_RUN = 5,         /* of the west that is more than short */
    FLAT_MATCH_LONG = 15, /* lengths of matches that are told apart */
    FLAT_MATCH_LONGEST = 400
};

PX_INLINE int has_all(uint64_t difference, uint64_t bytes) {
    return !(difference & bytes);
}

/* What the reference has around here, of the value. */
PX_INLINE int flat_references(const uint64_t *windows, uint64_t values) {
    uint64_t equal[PX_WINDOWS];
    int all = 0;
    for (int i = PX_REFERENCE; i <= PX_REFERENCE_ABOVE; i++) {
        equal[i] = equal_bytes(windows[i], values);
        all += windows[i] == values;
    }
    return references_with(equal) << 2 | all;
}

/* A number for what is around a flat place. */
PX_INLINE int flat_around(const uint64_t *windows) {
    const uint64_t values = all_bytes((int)(windows[PX_WEST] >> 56));
    const uint64_t west = windows[PX_WEST] ^ values, north = windows[PX_NORTH] ^ values,
                   north_2 = windows[PX_NORTH_2] ^ values;
    if (!has_all(west, PX_NEAREST(3)) || !has_all(north, PX_COLUMNS(-2, 2)) ||
        !has_all(north_2, PX_COLUMNS(-1, 1)))
        return NOT_FLAT;
    const int run_west = has_all(west, PX_NEAREST(FLAT_RUN)) + has_all(west, UINT64_MAX);
    const int run_east = has_all(north, PX_COLUMNS(3, 3)) + has_all(north, PX_COLUMNS(3, 4));
    const int left = has_all(north_2, PX_COLUMNS(-3, -2)) && has_all(north, PX_COLUMNS(-3, -3));
    const int references = flat_references(windows, values) << 1 | (windows[PX_NORTH_3] == values);
    return references * 36 + left * 18 + has_all(north_2, PX_COLUMNS(2, 4)) * 9 + run_west * 3 +
           run_east;
}

/* 0: no match; 1-3: it says this value, the more the longer it is; 4: it says another one. */
PX_INLINE int flat_match(const px_palette_model *m, const place *p, int value) {
    if (p->expected < 0)
        return 0;
    return p->expected != value
               ? 4
               : 1 + (m->match_length > FLAT_MATCH_LONG) + (m->match_length > FLAT_MATCH_LONGEST);
}

/* Codes whether a flat place has the value around it; returns that. */
PX_INLINE int code_flat(px_palette_model *m, const place *p, int value, int bit) {
    px_counter *counter = &m->flats[p->flat][flat_match(m, p, value)];
    const int32_t probability =
        clamp32(*counter >> 16, PX_PROBABILITY_MIN, 65536 - PX_PROBABILITY_MIN);
    bit = px_code_probability(&m->coder, bit, (uint32_t)probability);
    counter_learn(m, counter, bit, FLAT_LIMIT);
    return bit;
}

#endif
