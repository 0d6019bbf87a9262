/* What is known of a plane before its samples is found row by row, in lanes; the samples
 * themselves come one by one. */
#include "coders/ans/blocks/block_kernels.h"

#include "coders/ans/lsq/row_lanes.h"
#include "entropy/rans_lanes.h"
#include "linear/geometry.h"

/* ---- One number at a time -------------------------------------------------------------------- */

static inline int32_t clamped(int32_t value, int32_t low, int32_t high) {
    return value < low ? low : value > high ? high : value;
}

/* 16 log2, as lanes_log2_16; value >= 1. */
static inline int32_t log2_16(uint32_t value) {
    const int octave = 31 - __builtin_clz(value);
    return octave * 16 + (int32_t)((value << (31 - octave) >> 27) & 15);
}

static inline int low_bits_of(int class) {
    const int bits = (class - (PX_SHAPE_CLASSES - 4)) >> 2;
    return bits > 0 ? bits : 0;
}

static inline int table_of(int class) {
    return class < PX_SHAPE_CLASSES ? class : (class & 3) | (PX_SHAPE_CLASSES - 4);
}

/* Where the range of a digit stands in the tables. */
static inline const uint16_t *range_of(const px_shapes *shapes, int table, int fraction,
                                       int32_t digit) {
    const int32_t info = shapes->info[table], limit = info >> 20;
    return shapes->starts + (info & 0xfffff) + fraction * (2 * limit + 2) + limit + digit;
}

/* ---- The order of samples -------------------------------------------------------------------- */

static inline size_t steps_of(const px_wave *w) {
    return w->width + PX_WAVE_LAG * (w->height - 1);
}

/* Rows that have a sample in a step: from `first` to before `end`. */
static inline size_t first_row(const px_wave *w, size_t step) {
    return step < w->width ? 0 : (step - w->width) / PX_WAVE_LAG + 1;
}

static inline size_t end_row(const px_wave *w, size_t step) {
    const size_t end = step / PX_WAVE_LAG + 1;
    return end < w->height ? end : w->height;
}

/* ---- Decoding -------------------------------------------------------------------------------- */

/* Of all positions, in rows of the block's width and a vector more. */
typedef struct known {
    int32_t sums[PX_LARGEST_BLOCK + PX_LANES];
    int32_t scales[PX_LARGEST_BLOCK + PX_LANES];
} known;

static void find_known(known *k, const px_wave *w) {
    const int shift = w->fraction + PX_TAP_BITS - PX_MEAN_BITS;
    const ptrdiff_t mixed_stride = (ptrdiff_t)w->mixed_stride;
    const ptrdiff_t running_stride = (ptrdiff_t)w->running_stride;
    for (size_t y = 0; y < w->height; y++)
        for (size_t x = 0; x < w->width; x += PX_LANES) {
            const int32_t *mixed = w->mixed + (ptrdiff_t)y * mixed_stride + (ptrdiff_t)x;
            const int16_t *running = w->running + (ptrdiff_t)y * running_stride + (ptrdiff_t)x;
            lanes_store(k->sums + y * w->width + x, square_sum(mixed, mixed_stride, w->taps_mixed,
                                                               lanes_all(1 << (shift - 1))));
            lanes_store(
                k->scales + y * w->width + x,
                scale_before(w, lanes_load_i16(running), blur_sum(running, running_stride)));
        }
}

static void pad_above(const px_wave *w) {
    int16_t *above = w->samples - w->stride, *above_that = above - w->stride;
    uint16_t *errors = w->errors - w->stride;
    for (ptrdiff_t x = -PX_PAD_LEFT; x <= (ptrdiff_t)w->width; x++) {
        const ptrdiff_t inside = x < 0 ? 0 : x < (ptrdiff_t)w->width ? x : (ptrdiff_t)w->width - 1;
        above[x] = above_that[x] = (int16_t)(px_couple_low(w->mixed[inside]) >> w->fraction);
        errors[x] = (uint16_t)w->start_error;
    }
}

static inline void pad_left(const px_wave *w, size_t y) {
    int16_t *row = w->samples + y * w->stride;
    uint16_t *errors = w->errors + y * w->stride;
    row[-1] = row[-2] = (int16_t)px_wave_left_pad(w, y, *(row - w->stride));
    errors[-1] = *(errors - w->stride);
}

static inline int32_t mean_at(const px_wave *w, const int16_t *x, int32_t sum) {
    const ptrdiff_t stride = (ptrdiff_t)w->stride;
    const int32_t *taps = w->taps_own;
    const int32_t own = x[-1] * taps[0] + x[-stride] * taps[1] + x[-stride - 1] * taps[2] +
                        x[-stride + 1] * taps[3] + x[-2] * taps[4] + x[-2 * stride] * taps[5];
    return ((sum + (own << w->fraction)) >> (w->fraction + PX_TAP_BITS - PX_MEAN_BITS)) + w->bias;
}

static inline int class_at(const px_wave *w, const uint16_t *e, int32_t before) {
    const ptrdiff_t stride = (ptrdiff_t)w->stride;
    const uint32_t around = 2u * ((uint32_t)e[-1] + e[-stride]) + e[-stride - 1] + e[-stride + 1];
    const int32_t scale = (before + ((log2_16(around + 6) * w->scale_error) >> 4)) >> 6;
    return clamped(scale, 0, PX_SCALE_CLASSES - 1);
}

static inline int16_t read_sample(px_rans_reader *in, const px_shapes *shapes, int32_t mean,
                                  int class) {
    const int low_bits = low_bits_of(class), table = table_of(class);
    const int32_t coarse = ((mean + 8) >> low_bits) - 8;
    const int fraction = coarse & 15;
    const int32_t limit = shapes->info[table] >> 20;
    const uint32_t slot = px_rans_slot(in, PX_PROBABILITY_BITS);
    int32_t digit = (shapes->inverse[table][slot] + fraction + 8) >> 4;
    digit = clamped(digit, -limit, limit);
    const uint16_t *range = range_of(shapes, table, fraction, digit);
    px_rans_skip(in, slot - range[0], (uint32_t)range[1] - range[0], PX_PROBABILITY_BITS);
    const uint32_t low = low_bits ? read_raw(in, low_bits) : 0;
    if (__builtin_expect(digit == limit || digit == -limit, 0)) {
        const int32_t beyond = read_escape(in);
        digit += digit < 0 ? -beyond : beyond;
    }
    return (int16_t)(((coarse >> PX_MEAN_BITS) + digit) * (1 << low_bits) | (int32_t)low);
}

static inline void decode_sample(const px_wave *w, const known *k, size_t y, size_t x,
                                 px_rans_reader *in) {
    const size_t at = y * w->stride + x, place = y * w->width + x;
    int16_t *sample = w->samples + at;
    uint16_t *error = w->errors + at;
    if (x == 0)
        pad_left(w, y);
    const int32_t mean = mean_at(w, sample, k->sums[place]);
    *sample = read_sample(in, w->shapes, mean, class_at(w, error, k->scales[place]));
    const int32_t more = *sample * (1 << PX_MEAN_BITS) - mean;
    *error = (uint16_t)clamped(more < 0 ? -more : more, 0, UINT16_MAX);
    if (x + 1 == w->width) {
        sample[1] = *sample;
        error[1] = *error;
    }
}

static void find_logs(const px_wave *w) {
    for (size_t y = 0; y < w->height; y++)
        for (size_t x = 0; x < w->width; x += PX_LANES)
            lanes_store_i16(w->logs + y * w->logs_stride + x,
                            lanes_log2_16(lanes_load_u16(w->errors + y * w->stride + x) + 1));
}

static void decode(const px_wave *w, px_rans_stream *stream) {
    known k;
    px_rans_reader in = {.words = stream->words};
    uint32_t *states = stream->states;
    size_t turn = 0;
    find_known(&k, w);
    pad_above(w);
    for (size_t step = 0; step < steps_of(w); step++) {
        const size_t end = end_row(w, step);
        for (size_t y = first_row(w, step); y < end; y++, turn ^= 1) {
            in.state = states[turn];
            decode_sample(w, &k, y, step - PX_WAVE_LAG * y, &in);
            states[turn] = in.state;
        }
        /* One word behind the end: to stop there is to have read too far. */
        in.words = in.words <= stream->end ? in.words : stream->end + 1;
    }
    find_logs(w);
    stream->words = in.words;
    stream->failed |= in.words > stream->end;
}

/* ---- Encoding -------------------------------------------------------------------------------- */

/* The reverse of read_sample. */
static inline void write_sample(px_rans_writer *out, const px_shapes *shapes, uint32_t symbol,
                                int32_t sample) {
    const int class = (int)(symbol >> 25), low_bits = low_bits_of(class), table = table_of(class);
    const int fraction = (int)(symbol >> 21 & 15);
    const int32_t digit = (int32_t)(symbol << 11) >> 11, limit = shapes->info[table] >> 20;
    const int32_t coded = clamped(digit, -limit, limit);
    if (coded == limit || coded == -limit)
        write_escape(out, (uint32_t)(digit < 0 ? -limit - digit : digit - limit));
    if (low_bits)
        write_raw(out, (uint32_t)sample & ((1u << low_bits) - 1), low_bits);
    const uint16_t *range = range_of(shapes, table, fraction, coded);
    px_rans_write(out, range[0], (uint32_t)range[1] - range[0], PX_PROBABILITY_BITS);
}

static void encode(const px_wave *w, const int32_t *symbols, px_rans_stream *stream) {
    enum { SAMPLE_WORDS = 5 };
    px_rans_writer out = {.head = stream->head};
    uint32_t *states = stream->states;
    size_t turn = w->height * w->width & 1;
    if ((size_t)(stream->head - stream->begin) < w->height * w->width * SAMPLE_WORDS) {
        stream->failed = 1;
        return;
    }
    for (size_t step = steps_of(w); step-- > 0;) {
        const size_t first = first_row(w, step);
        for (size_t y = end_row(w, step); y-- > first;) {
            const size_t at = y * w->stride + step - PX_WAVE_LAG * y;
            turn ^= 1;
            out.state = states[turn];
            write_sample(&out, w->shapes, (uint32_t)symbols[at], w->samples[at]);
            states[turn] = out.state;
        }
    }
    stream->head = out.head;
}

const px_block_kernels PX_KERNEL_TABLE(px_block_kernels) = {.decode = decode, .encode = encode};
