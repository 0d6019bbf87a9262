/*
 * Entropy coders with their planes: what a random stream decodes to, and what random symbols encode
 * to, is the same in every set, whatever the numbers mean. Streams that end too early, too.
 */
#include <string.h>

#include "kernels_support.h"
#include "lsq/shapes.h"
#include "quick/tables.h"

enum { WORDS = 1 << 15, SYMBOLS = 48 * 100 + 512, GUARD = 128 };

typedef struct coders {
    px_pool pool;
    const px_shapes *shapes;
    const px_quick_shapes *quick;
} coders;

static coders coders_make(void) {
    coders c = {.pool = {.count = 0}};
    uint8_t shapes[PX_SHAPE_CLASSES];
    uint32_t random = 3;
    for (size_t i = 0; i < PX_SHAPE_CLASSES; i++)
        shapes[i] = (uint8_t)random_below(&random, PX_SHAPE_COUNT);
    c.shapes = px_shapes_make(&c.pool, shapes, NULL);
    c.quick = px_quick_tables_make(&c.pool, shapes);
    assert_int_equal(px_pool_status(&c.pool, NULL), PRISM_OK);
    return c;
}

static void add_coders(px_wave *w, const coders *c) {
    w->shapes = c->shapes;
    w->quick_shapes = c->quick;
}

/* ---- Decoding ---- */

static uint16_t stream_words[WORDS + PX_WAVE_GUARD];

static px_wave_stream decoding(size_t words, int quick, uint32_t seed) {
    for (size_t i = 0; i < WORDS + PX_WAVE_GUARD; i++)
        stream_words[i] = i < words ? (uint16_t)random_next(&seed) : 0;
    px_wave_stream stream = {.words = stream_words, .end = stream_words + words};
    px_wave_start(&stream, quick);
    for (size_t i = 0; i < stream.count; i++)
        stream.states[i] |= random_next(&seed) & 0xffff;
    return stream;
}

typedef int64_t (*decoder)(const px_kernels *kernels, const px_wave *wave, px_wave_stream *stream);

static int64_t decode_wave(const px_kernels *kernels, const px_wave *wave, px_wave_stream *stream) {
    return kernels->wave_decode(wave, stream);
}

static int64_t decode_quick(const px_kernels *kernels, const px_wave *wave,
                            px_wave_stream *stream) {
    return kernels->quick_decode(wave, stream);
}

static void compare_decoders(const px_kernels *kernels, decoder decode, int quick) {
    coders coder = coders_make();
    wave_case a, b;
    for (size_t index = 0; wave_case_make(&a, index, 12, false); index++) {
        wave_case_make(&b, index, 12, false);
        add_coders(&a.wave, &coder);
        add_coders(&b.wave, &coder);
        for (size_t words = 0; words <= WORDS; words = 2 * words + 60) {
            px_wave_stream first = decoding(words, quick, 1 + (uint32_t)index), second = first;
            wave_case_copy(&b, &a);
            const int64_t sum = decode(&px_kernels_scalar, &a.wave, &first);
            assert_int_equal(decode(kernels, &b.wave, &second), sum);
            assert_int_equal(second.words - stream_words, first.words - stream_words);
            assert_int_equal(second.failed, first.failed);
            assert_memory_equal(second.states, first.states, sizeof first.states);
            assert_planes_equal(&a, a.wave.samples, b.wave.samples, sizeof(int16_t));
            assert_planes_equal(&a, a.wave.logs, b.wave.logs, sizeof(int16_t));
        }
        wave_case_free(&a);
        wave_case_free(&b);
    }
    px_pool_free(&coder.pool);
}

static void check_wave_decode(const px_kernels *kernels) {
    compare_decoders(kernels, decode_wave, false);
}

static void check_quick_decode(const px_kernels *kernels) {
    compare_decoders(kernels, decode_quick, true);
}

/* ---- Encoding ---- */

static uint16_t encoded[2][WORDS];

static px_wave_stream encoding(uint16_t *words, size_t count, int quick) {
    px_wave_stream stream = {.head = words + count, .begin = words};
    px_wave_start(&stream, quick);
    return stream;
}

static void assert_streams_equal(const px_wave_stream *a, const px_wave_stream *b, size_t count) {
    assert_int_equal(a->failed, b->failed);
    if (a->failed)
        return;
    assert_int_equal(a->head - encoded[0], b->head - encoded[1]);
    assert_memory_equal(a->states, b->states, sizeof a->states);
    const size_t used = count - (size_t)(a->head - encoded[0]);
    assert_memory_equal(a->head, b->head, used * sizeof *a->head);
}

/* Classes of all scales, digits that are mostly small. */
static void make_symbols(int32_t *symbols, const px_wave *w, bool quick, bool low_bits,
                         uint32_t seed) {
    const uint32_t classes = quick ? (low_bits ? PX_QUICK_CLASSES : PX_QUICK_TABLES)
                                   : (low_bits ? PX_SCALE_CLASSES : PX_SHAPE_CLASSES);
    for (size_t i = 0; i < w->height * w->stride; i++) {
        const uint32_t class = random_below(&seed, classes), any = random_next(&seed);
        const uint32_t digit = (uint32_t)((int32_t)any >> (12 + random_below(&seed, 20)));
        symbols[i] = quick ? (int32_t)(class << 24 | (digit & 0xffffff))
                           : (int32_t)(class << 25 | (any & 15) << 21 | (digit & 0x1fffff));
    }
}

static void compare_encoders(const px_kernels *kernels, bool quick) {
    static int32_t memory[SYMBOLS + 2 * GUARD];
    int32_t *symbols = memory + GUARD;
    coders coder = coders_make();
    wave_case c;
    for (size_t index = 0; wave_case_make(&c, index, 14, index % 2); index++) {
        add_coders(&c.wave, &coder);
        for (int low_bits = 0; low_bits < 2; low_bits++)
            for (size_t count = WORDS; count > 100; count /= 4) {
                px_wave_stream streams[2];
                make_symbols(symbols, &c.wave, quick, low_bits, 1 + (uint32_t)index);
                for (int i = 0; i < 2; i++) {
                    const px_kernels *set = i ? kernels : &px_kernels_scalar;
                    streams[i] = encoding(encoded[i], count, quick);
                    if (quick)
                        set->quick_encode(&c.wave, symbols, &streams[i]);
                    else
                        set->wave_encode(&c.wave, symbols, low_bits, &streams[i]);
                }
                assert_streams_equal(&streams[0], &streams[1], count);
                assert_true(count < WORDS || !streams[0].failed);
            }
        wave_case_free(&c);
    }
    px_pool_free(&coder.pool);
}

static void check_wave_encode(const px_kernels *kernels) {
    compare_encoders(kernels, false);
}

static void check_quick_encode(const px_kernels *kernels) {
    compare_encoders(kernels, true);
}

/* ---- Blended means ---- */

/* As many experts as there are references, in turn. */
static void add_blend(px_wave *w, px_blend *blend, px_pool *pool, size_t index) {
    static const int experts[] = {PX_EXPERTS_ALONE, PX_EXPERTS_ONE, PX_BLEND_EXPERTS};
    numbers n = {.random = 1 + (uint32_t)index, .bits = 9};
    *blend = (px_blend){.experts = experts[index % 3],
                        .power = 96,
                        .error_shift = (int)(index % 4),
                        .scale_spread = 8,
                        .scale_energy = 8};
    fill_32(blend->gates, PX_BLEND_EXPERTS, &n);
    blend->edge = px_pool_take_zeroed(pool, (1 + PX_BLEND_PAIRS) * w->width * sizeof(int32_t));
    assert_int_equal(px_pool_status(pool, NULL), PRISM_OK);
    w->blend = blend;
}

static void check_blend_decode(const px_kernels *kernels) {
    coders coder = coders_make();
    wave_case a, b;
    px_blend blend[2];
    for (size_t index = 0; wave_case_make(&a, index, 12, false); index++) {
        wave_case_make(&b, index, 12, false);
        add_coders(&a.wave, &coder);
        add_coders(&b.wave, &coder);
        add_blend(&a.wave, &blend[0], &a.pool, index);
        add_blend(&b.wave, &blend[1], &b.pool, index);
        for (size_t words = 0; words <= WORDS; words = 3 * words + 200) {
            px_wave_stream first = decoding(words, false, 1 + (uint32_t)index), second = first;
            wave_case_copy(&b, &a);
            px_kernels_scalar.blend_decode(&a.wave, &first);
            kernels->blend_decode(&b.wave, &second);
            assert_int_equal(second.words - stream_words, first.words - stream_words);
            assert_int_equal(second.failed, first.failed);
            assert_memory_equal(second.states, first.states, sizeof first.states);
            assert_planes_equal(&a, a.wave.samples, b.wave.samples, sizeof(int16_t));
            assert_planes_equal(&a, a.wave.logs, b.wave.logs, sizeof(int16_t));
        }
        wave_case_free(&a);
        wave_case_free(&b);
    }
    px_pool_free(&coder.pool);
}

static void check_blend_analyse(const px_kernels *kernels) {
    enum { EVERY = 7, DUMP = (48 * 100 + 512) / EVERY * PX_BLEND_DUMP * PX_WAVE_LANES };
    static int32_t means[2][SYMBOLS], near[2][SYMBOLS], dumped[2][DUMP];
    wave_case c;
    px_blend blend;
    for (size_t index = 0; wave_case_make(&c, index, index % 2 ? 16 : 9, index % 5 == 1); index++) {
        ptrdiff_t lengths[2];
        static int16_t logs[SYMBOLS];
        add_blend(&c.wave, &blend, &c.pool, index);
        for (int i = 0; i < 2; i++) {
            const px_kernels *set = i ? kernels : &px_kernels_scalar;
            px_blend_dump dump = {.next = dumped[i], .every = EVERY};
            if (i)
                memcpy(logs, c.wave.logs, c.wave.height * c.wave.stride * sizeof *logs);
            set->blend_analyse(&c.wave, means[i], near[i], index % 3 ? &dump : NULL);
            lengths[i] = dump.next - dumped[i];
        }
        assert_planes_equal(&c, logs, c.wave.logs, sizeof *logs);
        assert_planes_equal(&c, means[0], means[1], sizeof(int32_t));
        assert_planes_equal(&c, near[0], near[1], sizeof(int32_t));
        assert_int_equal(lengths[0], lengths[1]);
        assert_memory_equal(dumped[0], dumped[1], (size_t)lengths[0] * sizeof(int32_t));
        wave_case_free(&c);
    }
}

const kernel_check wave_checks[] = {
    KERNEL(wave_decode),  KERNEL(wave_encode),   KERNEL(quick_decode), KERNEL(quick_encode),
    KERNEL(blend_decode), KERNEL(blend_analyse), LAST_KERNEL};
