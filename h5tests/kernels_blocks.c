/* Planes of blocks, against docs/FORMAT.md, "Method 8, blocks", one sample at a time. */
#include <string.h>

#include "coders/ans/blocks/block_kernels.h"
#include "coders/ans/lsq/wave_kernels.h"
#include "kernels_inputs.h"
#include "linear/geometry.h"

enum { SYMBOLS = 1 << 13, GUARD = 128 };

/* Sample i of the order has state i mod 2. */
static size_t places_of(plain_place *to, const px_wave *w) {
    size_t count = 0;
    for (size_t step = 0; step < 2 * w->height + w->width; step++)
        for (size_t y = 0; y < w->height; y++)
            if (2 * y <= step && step - 2 * y < w->width) {
                to[count] = (plain_place){
                    .lane = count % 2, .y = (ptrdiff_t)y, .x = (ptrdiff_t)(step - 2 * y)};
                count++;
            }
    return count;
}

static void define_decode(const plain_tables *tables, const px_wave *w, px_rans_stream *stream) {
    static plain_place places[PX_LARGEST_BLOCK];
    const size_t count = places_of(places, w);
    for (plain_place *p = places; p < places + count; p++) {
        plain_expect(tables, w, p);
        plain_decode_step(p, 1, stream);
        plain_keep(w, p, plain_sample(&p->symbol));
        if (stream->words > stream->end + PX_RANS_GUARD / 2)
            break;
    }
    plain_stop(stream);
}

/* Blocks of all sides, and cut ones. */
static bool block_case(wave_case *c, size_t index, int bits, bool extreme) {
    static const size_t sizes[][2] = {{4, 4},   {1, 4},  {3, 2}, {8, 8},  {5, 8},
                                      {16, 16}, {32, 7}, {1, 1}, {9, 32}, {64, 64}};
    if (index >= sizeof sizes / sizeof *sizes)
        return false;
    wave_case_sized(c, sizes[index][0], sizes[index][1],
                    (numbers){.random = 1 + (uint32_t)index, .bits = bits, .extreme = extreme});
    return true;
}

/* Where the stream ends too early, nothing of the samples is promised. */
static void compare_decoding(px_simd set, const coders *coder, wave_case c[2], size_t words,
                             uint32_t seed) {
    px_rans_stream expected = decoding(words, false, seed), stream = expected;
    wave_case_copy(&c[1], &c[0]);
    define_decode(&coder->plain, &c[1].wave, &expected);
    px_block_kernels_of(set)->decode(&c[0].wave, &stream);
    assert_int_equal(stream.failed, expected.failed);
    if (expected.failed)
        return;
    assert_int_equal(stream.words - stream_words, expected.words - stream_words);
    assert_memory_equal(stream.states, expected.states, sizeof expected.states);
    assert_planes_equal(&c[0], c[0].wave.samples, c[1].wave.samples, sizeof(int16_t));
    assert_planes_equal(&c[0], c[0].wave.errors, c[1].wave.errors, sizeof(uint16_t));
    assert_planes_equal(&c[0], c[0].wave.logs, c[1].wave.logs, sizeof(int16_t));
}

static void check_block_decode(px_simd set) {
    coders coder = coders_make();
    wave_case c[2];
    for (int extreme = 0; extreme < 2; extreme++)
        for (size_t index = 0; block_case(&c[0], index, extreme ? 16 : 12, extreme); index++) {
            block_case(&c[1], index, extreme ? 16 : 12, extreme);
            add_coders(&c[0].wave, &coder);
            add_coders(&c[1].wave, &coder);
            for (size_t words = 0; words <= WORDS; words = 3 * words + 60)
                compare_decoding(set, &coder, c, words, 1 + (uint32_t)index);
            wave_case_free(&c[0]);
            wave_case_free(&c[1]);
        }
    px_pool_free(&coder.pool);
}

/* ---- In lanes ---- */

enum { LANES = PX_BLOCK_LANES };

/* The same planes side by side, and one by one. All have the parameters of the first. */
typedef struct lane_case {
    wave_case each[LANES];
    px_pool pool;
    px_wave wave;
    size_t before, all; /* positions before row 0, column 0, and of all */
} lane_case;

static void *take_lanes(lane_case *c, size_t size) {
    const px_geometry geometry = px_geometry_make(c->each[0].wave.height, c->each[0].wave.width);
    void *plane = px_padded_take(&c->pool, &geometry, size * LANES);
    assert_non_null(plane);
    return plane;
}

static void interleave_16(int16_t *to, const lane_case *c, size_t lane, const int16_t *from) {
    for (size_t i = 0; i < c->all; i++)
        (to - c->before * LANES)[i * LANES + lane] = (from - c->before)[i];
}

static void take_planes(lane_case *c) {
    px_wave *w = &c->wave;
    int32_t *mixed = take_lanes(c, sizeof *mixed);
    int16_t *running = take_lanes(c, sizeof *running);
    *w = c->each[0].wave;
    w->samples = take_lanes(c, sizeof *w->samples);
    w->errors = take_lanes(c, sizeof *w->errors);
    w->logs = take_lanes(c, sizeof *w->logs);
    w->stride = w->logs_stride = w->mixed_stride = w->running_stride = w->stride * LANES;
    w->mixed = mixed;
    w->running = running;
    for (size_t lane = 0; lane < LANES; lane++) {
        interleave_16(running, c, lane, c->each[lane].running);
        interleave_16(w->samples, c, lane, c->each[lane].wave.samples);
        for (size_t i = 0; i < c->all; i++)
            (mixed - c->before * LANES)[i * LANES + lane] = (c->each[lane].mixed - c->before)[i];
    }
}

static bool lane_case_make(lane_case *c, size_t index, bool extreme, const coders *coder) {
    *c = (lane_case){.pool = {.count = 0}};
    for (size_t lane = 0; lane < LANES; lane++) {
        wave_case *each = &c->each[lane];
        if (!block_case(each, index, extreme ? 16 : 12, extreme))
            return false;
        px_wave w = c->each[0].wave;
        numbers n = {.random = 77 + (uint32_t)(LANES * index + lane), .bits = 12};
        w.mixed = each->mixed, w.running = each->running, w.samples = each->wave.samples;
        w.logs = each->wave.logs, w.errors = each->wave.errors, w.edge = each->wave.edge;
        each->wave = w;
        add_coders(&each->wave, coder);
        c->before = PX_PAD_TOP * w.stride + PX_PAD_LEFT;
        c->all = c->before + (w.height + PX_PAD_BOTTOM) * w.stride;
        if (lane && !extreme)
            fill_couples(each->mixed - c->before, c->all, &n);
    }
    take_planes(c);
    return true;
}

static void lane_case_free(lane_case *c) {
    for (size_t lane = 0; lane < LANES; lane++)
        wave_case_free(&c->each[lane]);
    px_pool_free(&c->pool);
}

static void assert_lane(const lane_case *c, size_t lane, const void *lanes, const void *alone) {
    const px_wave *w = &c->each[lane].wave;
    const int16_t *found = lanes, *expected = alone;
    for (size_t y = 0; y < w->height; y++)
        for (size_t x = 0; x < w->width; x++)
            assert_int_equal(found[(y * w->stride + x) * LANES + lane],
                             expected[y * w->stride + x]);
}

/* A lane whose words end too early leaves the others alone. */
static void compare_lanes(px_simd set, const coders *coder, lane_case *c, size_t count,
                          size_t words) {
    const size_t share = words / LANES;
    px_rans_stream expected[LANES];
    px_block_streams streams = {.words = stream_words, .count = count};
    decoding(words, false, 5);
    for (uint32_t lane = 0; lane < LANES; lane++) {
        streams.next[lane] = (int32_t)(share * lane);
        streams.end[lane] = (int32_t)(share * (lane + 1));
        expected[lane] = (px_rans_stream){.count = count,
                                          .words = stream_words + share * lane,
                                          .end = stream_words + share * (lane + 1)};
        for (size_t i = 0; i < count; i++)
            streams.states[i][lane] = expected[lane].states[i] = 65536 + 77777 * lane + (uint32_t)i;
        if (count == PX_SMALL_STATES)
            define_decode(&coder->plain, &c->each[lane].wave, &expected[lane]);
        else
            plain_wave_decode(&coder->plain, &c->each[lane].wave, &expected[lane]);
    }
    px_block_kernels_of(set)->decode_lanes(&c->wave, &streams);
    for (size_t lane = 0; lane < LANES; lane++) {
        assert_int_equal(streams.next[lane] > streams.end[lane], expected[lane].failed);
        if (expected[lane].failed)
            continue;
        assert_int_equal(streams.next[lane], expected[lane].words - stream_words);
        for (size_t i = 0; i < count; i++)
            assert_int_equal(streams.states[i][lane], expected[lane].states[i]);
        assert_lane(c, lane, c->wave.samples, c->each[lane].wave.samples);
        assert_lane(c, lane, c->wave.errors, c->each[lane].wave.errors);
        assert_lane(c, lane, c->wave.logs, c->each[lane].wave.logs);
    }
}

static void check_block_decode_lanes(px_simd set) {
    static lane_case c;
    coders coder = coders_make();
    for (int extreme = 0; extreme < 2; extreme++)
        for (size_t index = 0; lane_case_make(&c, index, extreme, &coder); index++) {
            compare_lanes(set, &coder, &c, PX_SMALL_STATES, WORDS);
            compare_lanes(set, &coder, &c, PX_RANS_LANES, WORDS);
            compare_lanes(set, &coder, &c, index % 2 ? PX_SMALL_STATES : PX_RANS_LANES, 160);
            lane_case_free(&c);
        }
    px_pool_free(&coder.pool);
}

/* Compared with the kernel of single planes, which has a check of its own. */
static void check_block_innovate_lanes(px_simd set) {
    static lane_case c;
    coders coder = coders_make();
    for (size_t index = 0; lane_case_make(&c, index, index % 2, &coder); index++) {
        px_block_kernels_of(set)->innovate_lanes(c.wave.logs, &c.wave);
        for (size_t lane = 0; lane < LANES; lane++) {
            wave_case *each = &c.each[lane];
            px_wave_kernels_of(PX_SIMD_SCALAR)->innovations(each->wave.logs, &each->wave);
            assert_lane(&c, lane, c.wave.logs, each->wave.logs);
        }
        lane_case_free(&c);
    }
    px_pool_free(&coder.pool);
}

/* ---- Encoding ---- */

static void define_encode(const plain_tables *tables, const px_wave *w, const int32_t *symbols,
                          px_rans_stream *stream) {
    static plain_place places[PX_LARGEST_BLOCK];
    for (size_t i = places_of(places, w); i-- > 0;) {
        plain_place *p = &places[i];
        const ptrdiff_t at = p->y * (ptrdiff_t)w->stride + p->x;
        const uint32_t symbol = (uint32_t)symbols[at];
        p->symbol = plain_wave_symbol(tables->wave, (int32_t)(symbol >> 25), 0);
        p->symbol.fraction = (int)(symbol >> 21 & 15);
        p->symbol.digit = (int32_t)(symbol << 11) >> 11;
        p->symbol.low = (uint32_t)w->samples[at] % (1u << p->symbol.low_bits);
        plain_encode_step(p, 1, stream);
    }
}

static void check_block_encode(px_simd set) {
    static int32_t memory[SYMBOLS + 2 * GUARD];
    static uint16_t encoded[2][WORDS];
    coders coder = coders_make();
    wave_case c;
    for (size_t index = 0; block_case(&c, index, 14, index % 2); index++) {
        add_coders(&c.wave, &coder);
        for (int low_bits = 0; low_bits < 2; low_bits++) {
            px_rans_stream stream = encoding(encoded[0], WORDS, false), expected;
            expected = encoding(encoded[1], WORDS, false);
            make_symbols(memory + GUARD, &c.wave, false, low_bits, 1 + (uint32_t)index);
            px_block_kernels_of(set)->encode(&c.wave, memory + GUARD, &stream);
            define_encode(&coder.plain, &c.wave, memory + GUARD, &expected);
            assert_false(stream.failed);
            assert_int_equal(encoded[0] + WORDS - stream.head, encoded[1] + WORDS - expected.head);
            assert_memory_equal(stream.head, expected.head,
                                (size_t)(encoded[0] + WORDS - stream.head) * sizeof *stream.head);
            assert_memory_equal(stream.states, expected.states, sizeof stream.states);
            stream = encoding(encoded[0], c.wave.height * c.wave.width, false);
            px_block_kernels_of(set)->encode(&c.wave, memory + GUARD, &stream);
            assert_true(stream.failed);
        }
        wave_case_free(&c);
    }
    px_pool_free(&coder.pool);
}

const kernel_check block_checks[] = {KERNEL(block, decode), KERNEL(block, decode_lanes),
                                     KERNEL(block, innovate_lanes), KERNEL(block, encode),
                                     LAST_KERNEL};
