#include "coders/ans/palette/model.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/sizes.h"
#include "base/status.h"

enum {
    FEWEST_SLOT_BITS = 10,
    MOST_SLOT_BITS = 19,
    SHARE_SMALL = 4, /* indices for each slot of a context where slots are few, */
    FEW_SLOT_BITS = 16,
    SHARE_FAST = 6, /* else with few contexts, */
    SHARE_ALL = 8,  /* and with all of them */
    MOST_MATCH_BITS = 18,
    MOST_CORRECTION_BITS = 14,
    SLOTS_OF_LINE = 5,      /* bits: slots for each line of escapes */
    SPARE_MARGIN = 1 << 20, /* bytes: what margins may cost in any case */
    MARGIN_FACTOR = 4       /* and else as a multiple of the samples */
};

typedef struct shape {
    size_t row_stride, plane_stride, bytes;
} shape;

/* Below the last plane there are blanks as above each of them. */
static shape shape_of(size_t count, size_t height, size_t width) {
    const size_t row = width + PX_PALETTE_MARGIN;
    const size_t plane = px_product(row, height + PX_PALETTE_ABOVE);
    const size_t below = px_product(row, PX_PALETTE_ABOVE) + PX_PALETTE_MARGIN;
    return (shape){row, plane, px_sum(px_product(plane, count + 1), below)};
}

bool px_palette_has_room(const px_planes *planes) {
    const size_t samples = planes->count * px_plane_size(planes);
    if (samples > UINT32_MAX / (2 * MARGIN_FACTOR)) /* positions have 32 bits */
        return false;
    shape s = shape_of(planes->count, planes->height, planes->width);
    return s.bytes <= MARGIN_FACTOR * samples + SPARE_MARGIN;
}

static size_t escape_lines(const px_palette_model *m) {
    return (size_t)PX_ESCAPE_CONTEXTS << m->escape_bits;
}

static void layout(px_palette_model *m, px_arena *arena) {
    const size_t contexts = (size_t)m->contexts, lanes = (size_t)m->lanes;
    m->references = px_arena_take(arena, m->count, sizeof *m->references);
    m->row = px_arena_take(arena, m->width + PX_PALETTE_MARGIN, 1);
    m->row_uppers = px_arena_take(arena, m->width, 1);
    m->slots = px_arena_take(arena, contexts << m->slot_bits, sizeof *m->slots);
    m->states = px_arena_take(arena, contexts, sizeof *m->states);
    for (int i = 0; i < PX_SELECTIONS; i++)
        m->weights[i] = px_arena_take(arena, PX_WEIGHT_SETS * lanes, sizeof *m->weights[i]);
    m->shares = px_arena_take(arena, PX_SHAPES, sizeof *m->shares);
    m->by_shape = px_arena_take(arena, PX_SHAPES, sizeof *m->by_shape);
    if (m->kind.many) {
        m->flats = px_arena_take(arena, PX_FLAT_STATES, sizeof *m->flats);
        m->escapes = px_arena_take(arena, escape_lines(m), sizeof *m->escapes);
    } else {
        m->by_context =
            px_arena_take(arena, (size_t)1 << m->correction_bits, sizeof *m->by_context);
    }
    m->recent = px_arena_take(arena, (size_t)1 << m->match_bits, sizeof *m->recent);
}

/* ---- What is known before the first index ---- */

/* Bits 0-4 of a state: how often the last bit came in a row; 5-6: how often the other one did
 * before, roughly; 7: the last bit. */
static void init_states(px_palette_model *m) {
    static const int32_t twice_before[4] = {0, 2, 5, 10};
    static const uint32_t tenths_before[4] = {4, 10, 16, 24};
    for (int s = 0; s < PX_STATES; s++) {
        const int32_t run = s & 31, before = s >> 5 & 3;
        m->state_rates[s] = run == 31 ? 65536 / 127 : 131072 / (2 * run + twice_before[before] + 3);
        const uint32_t last = (uint32_t)run * 10 + 4, other = tenths_before[before];
        const uint32_t one = s >> 7 ? last : other;
        for (int i = 0; i < m->contexts; i++)
            for (int later = 0; later < 2; later++)
                m->states[i][later][s] = px_counter_make(
                    (uint32_t)((uint64_t)one * ((1 << 22) - 1) / (last + other)), 0);
    }
}

static void init_weights(px_palette_model *m) {
    const int32_t first = 60000 / m->contexts;
    const int inputs = 2 * m->contexts + 1;
    for (int i = 0; i < PX_SELECTIONS; i++)
        for (int set = 0; set < PX_WEIGHT_SETS; set++)
            for (int j = 0; j < inputs; j++)
                m->weights[i][set * m->lanes + j] = first;
    for (int s = 0; s < PX_SHAPES; s++)
        for (int i = 0; i < PX_SELECTIONS; i++)
            m->shares[s][i] = 65536 / px_palette_selections(m->kind);
}

static void init_corrections(px_counter (*table)[PX_STEPS], size_t count) {
    for (size_t i = 0; i < count; i++)
        for (int step = 0; step < PX_STEPS; step++) {
            const int32_t odds = (step - PX_STEPS / 2) * PX_STRETCH_ONE;
            table[i][step] = px_counter_make((uint32_t)px_squash(odds) << 6, 4);
        }
}

static void fill(px_counter *counters, size_t count, px_counter with) {
    for (size_t i = 0; i < count; i++)
        counters[i] = with;
}

/* What only many values need. */
static void init_many(px_palette_model *m) {
    fill(m->hits[0], PX_GUESSED * PX_GUESSED, px_counter_make(PX_COUNTER_ONE / 4, 0));
    fill(m->flats[0], PX_FLAT_STATES * PX_FLAT_MATCHES, px_counter_make(4000000, 2));
    fill(m->escapes[0], escape_lines(m) * PX_ESCAPE_LINE, px_counter_make(PX_COUNTER_ONE / 2, 0));
    for (int bit = 0; bit < PX_ESCAPE_BITS; bit++)
        for (int i = 0; i < PX_ESCAPE_CONTEXTS; i++)
            m->escape_weights[bit][i] = 65536 * 2 / PX_ESCAPE_CONTEXTS;
}

static void init(px_palette_model *m) {
    px_counter_rates(m->rates, PX_COUNTER_COUNTS);
    init_states(m);
    init_weights(m);
    init_corrections(m->by_shape, PX_SHAPES);
    if (m->kind.many)
        init_many(m);
    else
        init_corrections(m->by_context, (size_t)1 << m->correction_bits);
    for (int later = 0; later < 2; later++)
        for (int i = 0; i < PX_MATCH_STATES; i++)
            m->matches[later][i] = px_counter_make(i % 3 == 2 ? 3900000 : 300000, 0);
    fill(m->pieces, PX_PIECE_STATES, px_counter_make(4000000, 16));
    for (size_t k = 0; k < m->count; k++)
        m->references[k] = (uint32_t)k;
}

static int smaller(int a, int b) {
    return a < b ? a : b;
}

/* Whether the slots leave room for all else below a few times the samples, or 1 MiB where these are
 * less: 8 times for all of it, 12 with all contexts, and the codes of a mask are half a chunk of
 * their own. */
static bool have_room(const px_palette_model *m, int bits) {
    enum { LEAST = 1 << 20, REST = 2560000, TIMES_FAST = 7, TIMES_ALL = 11 };
    const size_t samples = px_product(m->count, m->height, m->width, m->depth / 8);
    const size_t bytes = px_larger(samples, LEAST);
    const size_t escapes = m->kind.many ? PX_ESCAPE_CONTEXTS * sizeof *m->escapes : 0;
    const size_t slots = (size_t)m->contexts * sizeof *m->slots + (escapes >> SLOTS_OF_LINE);
    const size_t indices =
        px_product(shape_of(m->count, m->height, m->width).bytes, 1 + m->kind.wide);
    return px_sum((slots << bits) + REST, indices) <=
           px_product(m->kind.fast ? TIMES_FAST : TIMES_ALL, bytes);
}

/* A share of the indices, as a power of two: so that the slots of all contexts together take a few
 * times the indices. */
static int slot_bits_of(const px_palette_model *m) {
    const size_t indices = m->count * m->height * m->width;
    const size_t share = m->kind.fast ? SHARE_FAST : SHARE_ALL;
    int bits = FEWEST_SLOT_BITS;
    while (bits < MOST_SLOT_BITS && (bits < FEW_SLOT_BITS ? SHARE_SMALL : share) << bits < indices)
        bits++;
    while (bits > FEWEST_SLOT_BITS && !have_room(m, bits))
        bits--;
    return bits;
}

static void set_sizes(px_palette_model *m) {
    m->contexts = px_palette_context_count(m->kind);
    m->lanes = px_palette_lanes(m->kind);
    m->slot_bits = slot_bits_of(m);
    m->match_bits = smaller(m->slot_bits, MOST_MATCH_BITS);
    m->correction_bits = smaller(m->slot_bits, MOST_CORRECTION_BITS);
    m->escape_bits = m->slot_bits - SLOTS_OF_LINE;
}

px_palette_bytes px_palette_model_memory(const px_planes *planes, px_palette_kind kind) {
    px_palette_model m = {.count = planes->count,
                          .height = planes->height,
                          .width = planes->width,
                          .depth = planes->depth,
                          .kind = kind};
    px_arena arena = {NULL, 0};
    set_sizes(&m);
    layout(&m, &arena);
    return (px_palette_bytes){
        .indices = px_product(shape_of(m.count, m.height, m.width).bytes, 1 + kind.wide),
        .tables = arena.used};
}

prism_status px_palette_model_alloc(px_palette_model *m, prism_error *error) {
    px_arena arena = {NULL, 0};
    const shape s = shape_of(m->count, m->height, m->width);
    set_sizes(m);
    m->row_stride = s.row_stride;
    m->plane_stride = s.plane_stride;
    layout(m, &arena);
    const size_t indices = px_product(s.bytes, 1 + m->kind.wide);
    const size_t size = px_sum(arena.used, indices);
    m->indices = px_alloc_zeroed(indices, 1);
    m->uppers = m->indices + (m->kind.wide ? s.bytes : 0);
    m->tables = px_arena_allocate(&arena);
    if (!m->indices || !m->tables) {
        px_palette_model_free(m);
        return px_out_of_memory(error, size);
    }
    layout(m, &arena);
    init(m);
    return PRISM_OK;
}

void px_palette_tables_free(px_palette_model *m) {
    px_large_free(m->tables);
    m->tables = NULL;
}

void px_palette_model_free(px_palette_model *m) {
    px_palette_tables_free(m);
    free(m->indices);
    m->indices = NULL;
}
