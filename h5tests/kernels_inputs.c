#include "kernels_inputs.h"

#include <stdlib.h>

#include "entropy/quick_shapes.h"
#include "entropy/shapes.h"

/* ---- Streams ---- */

coders coders_make(void) {
    coders c = {.pool = {.count = 0}};
    uint8_t shapes[PX_SHAPE_CLASSES];
    uint32_t random = 3;
    for (size_t i = 0; i < PX_SHAPE_CLASSES; i++)
        shapes[i] = (uint8_t)random_below(&random, PX_SHAPE_COUNT);
    c.shapes = px_shapes_make(&c.pool, shapes, NULL);
    c.quick = px_quick_tables_make(&c.pool, shapes, NULL);
    plain_tables_make(&c.plain, shapes);
    assert_int_equal(px_pool_status(&c.pool, NULL), PRISM_OK);
    return c;
}

void add_coders(px_wave *w, const coders *c) {
    w->shapes = c->shapes;
    w->quick_shapes = c->quick;
}

uint16_t stream_words[WORDS + PX_RANS_GUARD];

px_rans_stream decoding(size_t words, int quick, uint32_t seed) {
    for (size_t i = 0; i < WORDS + PX_RANS_GUARD; i++)
        stream_words[i] = i < words ? (uint16_t)random_next(&seed) : 0;
    px_rans_stream stream = {.words = stream_words, .end = stream_words + words};
    px_rans_start(&stream, quick ? PX_MAX_STATES : PX_RANS_LANES);
    for (size_t i = 0; i < stream.count; i++)
        stream.states[i] |= random_next(&seed) & 0xffff;
    return stream;
}

px_rans_stream encoding(uint16_t *words, size_t count, int quick) {
    px_rans_stream stream = {.head = words + count, .begin = words};
    px_rans_start(&stream, quick ? PX_MAX_STATES : PX_RANS_LANES);
    return stream;
}

void make_symbols(int32_t *symbols, const px_wave *w, bool quick, bool low_bits, uint32_t seed) {
    const uint32_t classes = quick ? (low_bits ? PX_QUICK_CLASSES : PX_QUICK_TABLES)
                                   : (low_bits ? PX_SCALE_CLASSES : PX_SHAPE_CLASSES);
    for (size_t i = 0; i < w->height * w->stride; i++) {
        const uint32_t class = random_below(&seed, classes), any = random_next(&seed);
        const uint32_t digit = (uint32_t)((int32_t)any >> (12 + random_below(&seed, 20)));
        symbols[i] = quick ? (int32_t)(class << 24 | (digit & 0xffffff))
                           : (int32_t)(class << 25 | (any & 15) << 21 | (digit & 0x1fffff));
    }
}

/* ---- Blends ---- */

void add_blend(wave_case *c, size_t index) {
    static const int experts[] = {PX_EXPERTS_ALONE, PX_EXPERTS_ONE, PX_BLEND_EXPERTS};
    numbers n = {.random = 1 + (uint32_t)index, .bits = 9};
    px_blend *blend = px_pool_take_zeroed(&c->pool, sizeof *blend);
    assert_non_null(blend);
    *blend = (px_blend){.experts = experts[index % 3],
                        .power = 96,
                        .error_shift = (int)(index % 4),
                        .scale_spread = 8,
                        .scale_energy = 8};
    fill_32(blend->gates, PX_BLEND_EXPERTS, &n);
    blend->edge =
        px_pool_take_zeroed(&c->pool, (1 + PX_BLEND_PAIRS) * c->wave.width * sizeof(int32_t));
    assert_int_equal(px_pool_status(&c->pool, NULL), PRISM_OK);
    c->wave.blend = blend;
}

void fill_dump(int32_t *dump, size_t steps) {
    uint32_t random = 17;
    for (size_t i = 0; i < steps * PX_BLEND_DUMP * PX_WAVE_LANES; i++) {
        const size_t vector = i / PX_WAVE_LANES % PX_BLEND_DUMP;
        const uint32_t any = random_next(&random) << 16 ^ random_next(&random);
        dump[i] = vector < PX_BLEND_EXPERTS     ? (int32_t)(any % 4000) - 2000
                  : vector + 2 < PX_BLEND_DUMP  ? (int32_t)(any >> (any & 15))
                  : vector + 2 == PX_BLEND_DUMP ? (int32_t)(any % 250) - 125
                                                : (int32_t)(any % 8 != 0);
    }
}

/* ---- Planes for coders that learn ---- */

enum { HEIGHT = 21, WIDTH = POSITIONS / HEIGHT };

static int32_t sample_at(content kind, size_t k, size_t p, unsigned depth, uint32_t *random) {
    const int32_t streak = (int32_t)(streaks(p / WIDTH, p % WIDTH + k) & 63) - 32;
    switch (kind) {
    case RELATED:
        return streak * (depth == 8 ? 1 : 97) + (int32_t)random_below(random, 5);
    case EXTREME:
        return random_below(random, 2) ? INT16_MIN : INT16_MAX;
    default:
        return (int32_t)(p / 7 % 3) * 41 + (random_below(random, 40) == 0);
    }
}

px_planes planes_make(content kind, unsigned depth) {
    px_planes planes = {.count = PLANES, .height = HEIGHT, .width = WIDTH, .depth = depth};
    uint32_t random = 5;
    planes.stride = px_plane_stride(px_plane_size(&planes));
    planes.samples = calloc(1, px_planes_bytes(&planes));
    assert_non_null(planes.samples);
    for (size_t k = 0; k < PLANES; k++)
        for (size_t p = 0; p < POSITIONS; p++)
            px_plane(&planes, k)[p] = px_wrap(sample_at(kind, k, p, depth, &random), depth);
    return planes;
}
