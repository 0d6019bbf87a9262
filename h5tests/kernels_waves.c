/*
 * Entropy coders with their planes, against their definitions (plain.h): what a random stream
 * decodes to, and what random symbols encode to, whatever the numbers mean. Streams that end too
 * early, too.
 */
#include <string.h>

#include "coders/ans/frames/blend_kernels.h"
#include "coders/ans/lsq/quick_kernels.h"
#include "coders/ans/lsq/wave_kernels.h"
#include "kernels_inputs.h"

enum { SYMBOLS = 48 * 100 + 512, GUARD = 128 };

/* ---- Decoding ---- */

typedef struct decoder {
    bool quick;
    int64_t (*decode)(px_simd set, const px_wave *wave, px_rans_stream *stream);
    int64_t (*define)(const plain_tables *tables, const px_wave *wave, px_rans_stream *stream);
    void (*add)(wave_case *c, size_t index); /* what the wave needs besides; or NULL */
} decoder;

/* The same wave twice, for a kernel and for its definition. */
static bool make_couple(wave_case c[2], size_t index, bool extreme, const coders *coder,
                        const decoder *d) {
    for (int i = 0; i < 2; i++) {
        if (!wave_case_make(&c[i], index, extreme ? 16 : 12, extreme))
            return false;
        add_coders(&c[i].wave, coder);
        if (d->add)
            d->add(&c[i], index);
    }
    return true;
}

static void compare_decoding(px_simd set, const decoder *d, const coders *coder, wave_case c[2],
                             size_t words, uint32_t seed) {
    px_rans_stream expected = decoding(words, d->quick, seed), stream = expected;
    wave_case_copy(&c[1], &c[0]);
    const int64_t sum = d->define(&coder->plain, &c[1].wave, &expected);
    assert_int_equal(d->decode(set, &c[0].wave, &stream), sum);
    assert_int_equal(stream.words - stream_words, expected.words - stream_words);
    assert_int_equal(stream.failed, expected.failed);
    assert_memory_equal(stream.states, expected.states, sizeof expected.states);
    assert_planes_equal(&c[0], c[0].wave.samples, c[1].wave.samples, sizeof(int16_t));
    assert_planes_equal(&c[0], c[0].wave.logs, c[1].wave.logs, sizeof(int16_t));
}

static void compare_decoder(px_simd set, const decoder *d) {
    coders coder = coders_make();
    for (int extreme = 0; extreme < 2; extreme++) {
        wave_case c[2];
        for (size_t index = 0; make_couple(c, index, extreme, &coder, d); index++) {
            for (size_t words = 0; words <= WORDS; words = 3 * words + 60)
                compare_decoding(set, d, &coder, c, words, 1 + (uint32_t)index);
            wave_case_free(&c[0]);
            wave_case_free(&c[1]);
        }
    }
    px_pool_free(&coder.pool);
}

static int64_t decode_wave(px_simd set, const px_wave *wave, px_rans_stream *stream) {
    return px_wave_kernels_of(set)->decode(wave, stream);
}

static void check_wave_decode(px_simd set) {
    compare_decoder(set, &(decoder){.decode = decode_wave, .define = plain_wave_decode});
}

static int64_t decode_quick(px_simd set, const px_wave *wave, px_rans_stream *stream) {
    return px_quick_kernels_of(set)->decode(wave, stream);
}

static void check_quick_decode(px_simd set) {
    compare_decoder(
        set, &(decoder){.quick = true, .decode = decode_quick, .define = plain_quick_decode});
}

/* ---- Encoding ---- */

static uint16_t encoded[2][WORDS];

/* Kernels give up where a number of steps, for which they look ahead, might not have room. */
static void assert_encoded(const px_rans_stream *stream, const px_rans_stream *expected,
                           size_t count, size_t ahead) {
    const size_t used = (size_t)(encoded[1] + WORDS - expected->head);
    assert_false(expected->failed);
    if (stream->failed) {
        assert_true(used + ahead > count);
        return;
    }
    assert_int_equal(encoded[0] + count - stream->head, used);
    assert_memory_equal(stream->states, expected->states, sizeof stream->states);
    assert_memory_equal(stream->head, expected->head, used * sizeof *stream->head);
}

static void encode_by_set(px_simd set, bool quick, const px_wave *w, const int32_t *symbols,
                          bool low_bits, px_rans_stream *stream) {
    if (quick)
        px_quick_kernels_of(set)->encode(w, symbols, stream);
    else
        px_wave_kernels_of(set)->encode(w, symbols, low_bits, stream);
}

static void compare_encoders(px_simd set, bool quick) {
    enum { STEP = 5 * PX_WAVE_LANES }; /* words that one may write */
    static int32_t memory[SYMBOLS + 2 * GUARD];
    int32_t *symbols = memory + GUARD;
    coders coder = coders_make();
    wave_case c;
    for (size_t index = 0; wave_case_make(&c, index, 14, index % 2); index++) {
        add_coders(&c.wave, &coder);
        for (int low_bits = 0; low_bits < 2; low_bits++) {
            make_symbols(symbols, &c.wave, quick, low_bits, 1 + (uint32_t)index);
            px_rans_stream expected = encoding(encoded[1], WORDS, quick);
            (quick ? plain_quick_encode : plain_wave_encode)(&coder.plain, &c.wave, symbols,
                                                             &expected);
            for (size_t count = WORDS; count > 100; count /= 4) {
                px_rans_stream stream = encoding(encoded[0], count, quick);
                encode_by_set(set, quick, &c.wave, symbols, low_bits, &stream);
                assert_encoded(&stream, &expected, count, quick ? STEP : PX_WAVE_LANES * STEP);
                assert_true(count < WORDS || !stream.failed);
            }
        }
        wave_case_free(&c);
    }
    px_pool_free(&coder.pool);
}

static void check_wave_encode(px_simd set) {
    compare_encoders(set, false);
}

static void check_quick_encode(px_simd set) {
    compare_encoders(set, true);
}

/* ---- Blended means ---- */

/* There is no sum of logs. */
static int64_t decode_blend(px_simd set, const px_wave *wave, px_rans_stream *stream) {
    px_blend_kernels_of(set)->decode(wave, stream);
    return 0;
}

static int64_t define_blend(const plain_tables *tables, const px_wave *wave,
                            px_rans_stream *stream) {
    plain_blend_decode(tables, wave, stream);
    return 0;
}

static void check_blend_decode(px_simd set) {
    compare_decoder(set,
                    &(decoder){.decode = decode_blend, .define = define_blend, .add = add_blend});
}

enum {
    EVERY = 7,
    STEP_OF_DUMP = PX_BLEND_DUMP * PX_WAVE_LANES,
    DUMP = (SYMBOLS / EVERY + 1) * STEP_OF_DUMP
};

/* Lanes beside the plane, and experts that there are not, hold anything. */
static void assert_dumps_equal(const int32_t *dump, const int32_t *expected, size_t length,
                               int experts) {
    for (size_t i = 0; i < length; i++) {
        const size_t step = i - i % STEP_OF_DUMP, vector = i % STEP_OF_DUMP / PX_WAVE_LANES;
        const size_t active = step + (PX_BLEND_DUMP - 1) * PX_WAVE_LANES + i % PX_WAVE_LANES;
        const size_t expert = vector < PX_BLEND_EXPERTS ? vector : 2 * (vector - PX_BLEND_EXPERTS);
        if (vector == PX_BLEND_DUMP - 1 ||
            (expected[active] && (vector == PX_BLEND_DUMP - 2 || expert < (size_t)experts)))
            assert_int_equal(dump[i], expected[i]);
    }
}

static void check_blend_analyse(px_simd set) {
    static int32_t means[2][SYMBOLS], near[2][SYMBOLS], dumped[2][DUMP];
    wave_case c[2];
    for (size_t index = 0; wave_case_make(&c[0], index, index % 2 ? 16 : 9, index % 5 == 1);
         index++) {
        wave_case_make(&c[1], index, index % 2 ? 16 : 9, index % 5 == 1);
        px_blend_dump dump[2];
        for (int i = 0; i < 2; i++) {
            add_blend(&c[i], index);
            dump[i] = (px_blend_dump){.next = dumped[i], .every = EVERY};
        }
        memset(dumped, 0, sizeof dumped);
        px_blend_kernels_of(set)->analyse(&c[0].wave, means[0], near[0],
                                          index % 3 ? &dump[0] : NULL);
        plain_blend_analyse(&c[1].wave, means[1], near[1], index % 3 ? &dump[1] : NULL);
        assert_planes_equal(&c[0], c[0].wave.logs, c[1].wave.logs, sizeof(int16_t));
        assert_planes_equal(&c[0], means[0], means[1], sizeof(int32_t));
        assert_planes_equal(&c[0], near[0], near[1], sizeof(int32_t));
        const ptrdiff_t length = dump[1].next - dumped[1];
        assert_int_equal(dump[0].next - dumped[0], length);
        assert_dumps_equal(dumped[0], dumped[1], (size_t)length, c[0].wave.blend->experts);
        wave_case_free(&c[0]);
        wave_case_free(&c[1]);
    }
}

const kernel_check wave_checks[] = {KERNEL(wave, decode),
                                    KERNEL(wave, encode),
                                    KERNEL(quick, decode),
                                    KERNEL(quick, encode),
                                    KERNEL(blend, decode),
                                    KERNEL(blend, analyse),
                                    LAST_KERNEL};
