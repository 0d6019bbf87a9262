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
    return ((sum + own * (1 << w->fraction)) >> (w->fraction + PX_TAP_BITS - PX_MEAN_BITS)) +
           w->bias;
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

/* ---- Decoding in lanes ----------------------------------------------------------------------- */

enum { LANES = PX_BLOCK_LANES };
_Static_assert((int)LANES == (int)PX_LANES, "a block has a lane");

/* The nine taps on couples around a position. */
PX_INLINE px_lanes square_of_lanes(const int32_t *mixed, ptrdiff_t stride, const int32_t *taps,
                                   px_lanes sum) {
    for (int t = 0; t < PX_SQUARE_TAPS; t++) {
        const ptrdiff_t place = px_square_rows[t] * stride + px_square_columns[t] * LANES;
        sum = lanes_dot_pairs(sum, lanes_load(mixed + place), lanes_all(taps[t]));
    }
    return sum;
}

PX_INLINE px_lanes own_of_lanes(const int16_t *x, ptrdiff_t stride, const int32_t *taps,
                                int count) {
    const ptrdiff_t places[PX_OWN_TAPS] = {-LANES,          -stride,    -stride - LANES,
                                           -stride + LANES, -2 * LANES, -2 * stride};
    px_lanes sum = {0};
    for (int t = 0; t < count; t++)
        sum += lanes_load_i16(x + places[t]) * taps[t];
    return sum;
}

PX_INLINE px_lanes blur_of_lanes(const int16_t *running, ptrdiff_t stride) {
    px_lanes sum = {0};
    for (ptrdiff_t y = -1; y <= 1; y++)
        for (ptrdiff_t x = -1; x <= 1; x++)
            sum += lanes_load_i16(running + y * stride + x * LANES);
    return sum << 16 >> 16;
}

PX_INLINE px_lanes low_halves(px_lanes couples) {
    return couples << 16 >> 16;
}

static void pad_lanes_above(const px_wave *w) {
    const ptrdiff_t width = (ptrdiff_t)w->width;
    for (ptrdiff_t x = -PX_PAD_LEFT; x <= width; x++) {
        const ptrdiff_t inside = x < 0 ? 0 : x < width ? x : width - 1;
        const px_lanes above = low_halves(lanes_load(w->mixed + inside * LANES)) >> w->fraction;
        int16_t *to = w->samples + x * LANES - w->stride;
        lanes_store_i16(to, above);
        lanes_store_i16(to - w->stride, above);
        lanes_store_i16((int16_t *)w->errors + x * LANES - w->stride, lanes_all(w->start_error));
    }
}

/* As px_wave_left_pad. */
PX_INLINE void pad_lanes_left(const px_wave *w, size_t y) {
    const int32_t *mixed = w->mixed + y * w->mixed_stride;
    int16_t *row = w->samples + y * w->stride;
    uint16_t *errors = w->errors + y * w->stride;
    px_lanes pad = low_halves(lanes_load(mixed));
    if (y == 0) {
        pad = pad >> w->fraction;
    } else {
        const px_lanes moved = pad - low_halves(lanes_load(mixed - w->mixed_stride));
        pad = lanes_load_i16(row - w->stride) + (moved >> w->fraction);
        pad = lanes_clamp(pad, INT16_MIN, INT16_MAX);
    }
    lanes_store_i16(row - LANES, pad);
    lanes_store_i16(row - 2 * LANES, pad);
    lanes_store_i16((int16_t *)errors - LANES, lanes_load_u16(errors - w->stride));
}

/* Streams at work. */
typedef struct lane_reader {
    const uint16_t *words;
    px_lanes next, last; /* one word behind the end: to stop there is to have read too far */
    px_lanes states[PX_RANS_LANES];
} lane_reader;

/* Samples that are decoded in one step, one of each block: position, and what is known of it. */
typedef struct lane_sample {
    size_t y, x, state;
    px_lanes mean, coarse, low_bits, digit, low;
    px_mask large, escaped;
} lane_sample;

PX_INLINE void refill_lanes(lane_reader *in, px_mask active, size_t turn, px_lanes state) {
    const px_mask low = mask_and(active, lanes_below(state, lanes_all(1 << PX_STATE_BITS)));
    const px_lanes word = lanes_gather_couple(in->words, in->next) & 0xffff;
    in->next = in->next + lanes_where(low, lanes_all(1));
    in->states[turn] = lanes_select(low, state << 16 | word, state);
}

PX_INLINE void read_lane_digits(lane_reader *in, const px_shapes *shapes, px_lanes class,
                                lane_sample *s) {
    const px_lanes table = class_table(class), fraction = s->coarse & 15;
    const px_lanes info = lanes_lookup_32(shapes->info, table), limit = info >> 20;
    const px_lanes state = in->states[s->state];
    const px_lanes slot = state & ((1 << PX_PROBABILITY_BITS) - 1);
    const px_lanes sixteenths = low_halves(lanes_gather_couple(
        (const uint16_t *)shapes->inverse, table << PX_PROBABILITY_BITS | slot));
    const px_lanes digit = (sixteenths + fraction + 8) >> 4;
    s->digit = lanes_min(lanes_max(digit, -limit), limit);
    const px_lanes place = (info & 0xfffff) + fraction * (2 * limit + 2) + limit + s->digit;
    const px_lanes range = lanes_gather_couple(shapes->starts, place), start = range & 0xffff;
    const px_lanes share = lanes_shift_right_unsigned(range, 16) - start;
    s->escaped = lanes_equal(lanes_abs(s->digit), limit);
    refill_lanes(in, lanes_first(LANES), s->state,
                 share * lanes_shift_right_unsigned(state, PX_PROBABILITY_BITS) + slot - start);
}

PX_INLINE void read_lane_bits(lane_reader *in, lane_sample *s) {
    const px_lanes state = in->states[s->state];
    s->low = state & (lanes_shift_each_left(lanes_all(1), s->low_bits) - 1);
    refill_lanes(in, s->large, s->state, lanes_shift_each_right_unsigned(state, s->low_bits));
}

/* Rare: done one by one. */
static __attribute__((noinline)) void read_lane_escapes(lane_reader *in, lane_sample *s) {
    px_lanes *state = &in->states[s->state];
    for (uint32_t bits = mask_bits(s->escaped); bits; bits &= bits - 1) {
        const int lane = __builtin_ctz(bits);
        px_rans_reader reader = {(uint32_t)(*state)[lane], in->words + in->next[lane]};
        const int32_t beyond = read_escape(&reader);
        s->digit[lane] += s->digit[lane] < 0 ? -beyond : beyond;
        (*state)[lane] = (int32_t)reader.state;
        in->next[lane] = (int32_t)(reader.words - in->words);
    }
}

/* Mean and class of a sample, and its digit. */
PX_INLINE void begin_lanes(const px_wave *w, lane_reader *in, lane_sample *s) {
    const ptrdiff_t stride = (ptrdiff_t)w->stride, column = (ptrdiff_t)s->x * LANES;
    const ptrdiff_t running_stride = (ptrdiff_t)w->running_stride;
    const ptrdiff_t mixed_stride = (ptrdiff_t)w->mixed_stride;
    const int shift = w->fraction + PX_TAP_BITS - PX_MEAN_BITS;
    const int16_t *running = w->running + (ptrdiff_t)s->y * running_stride + column;
    const int32_t *mixed = w->mixed + (ptrdiff_t)s->y * mixed_stride + column;
    const int16_t *sample = w->samples + (ptrdiff_t)s->y * stride + column;
    const uint16_t *e = w->errors + (ptrdiff_t)s->y * stride + column;
    if (s->x == 0)
        pad_lanes_left(w, s->y);
    const px_lanes sum =
        square_of_lanes(mixed, mixed_stride, w->taps_mixed, lanes_all(1 << (shift - 1)));
    const px_lanes own = own_of_lanes(sample, stride, w->taps_own, PX_OWN_TAPS);
    const px_lanes before =
        scale_before(w, lanes_load_i16(running), blur_of_lanes(running, running_stride));
    const px_lanes around =
        log_around(lanes_load_u16(e - LANES), lanes_load_u16(e - stride),
                   lanes_load_u16(e - stride - LANES), lanes_load_u16(e - stride + LANES));
    const px_lanes class = scale_class(before, around, w->scale_error);
    s->mean = ((sum + (own << w->fraction)) >> shift) + w->bias;
    s->large = lanes_less(lanes_all(PX_SHAPE_CLASSES - 1), class);
    s->low_bits = class_low_bits(class);
    s->coarse = coarse_mean(s->mean, s->low_bits);
    s->low = (px_lanes){0};
    read_lane_digits(in, w->shapes, class, s);
}

PX_INLINE void end_lanes(const px_wave *w, const lane_sample *s) {
    const size_t at = s->y * w->stride + s->x * LANES;
    const px_lanes digit = (s->coarse >> PX_MEAN_BITS) + s->digit;
    const px_lanes value = low_halves(lanes_shift_each_left(digit, s->low_bits) | s->low);
    const px_lanes error =
        lanes_min(lanes_abs((value << PX_MEAN_BITS) - s->mean), lanes_all(UINT16_MAX));
    int16_t *errors = (int16_t *)w->errors + at;
    lanes_store_i16(w->samples + at, value);
    lanes_store_i16(errors, error);
    lanes_store_i16(w->logs + s->y * w->logs_stride + s->x * LANES, lanes_log2_16(error + 1));
    if (s->x + 1 == w->width) {
        lanes_store_i16(w->samples + at + LANES, value);
        lanes_store_i16(errors + LANES, error);
    }
}

/* Digits, low bits, escapes, each of all samples of the step. */
PX_INLINE void decode_step(const px_wave *w, lane_reader *in, lane_sample *samples, size_t count) {
    for (size_t i = 0; i < count; i++)
        begin_lanes(w, in, &samples[i]);
    for (size_t i = 0; i < count; i++)
        if (mask_bits(samples[i].large))
            read_lane_bits(in, &samples[i]);
    for (size_t i = 0; i < count; i++)
        if (__builtin_expect(mask_bits(samples[i].escaped) != 0, 0))
            read_lane_escapes(in, &samples[i]);
    for (size_t i = 0; i < count; i++)
        end_lanes(w, &samples[i]);
    in->next = lanes_min(in->next, in->last);
}

/* Sample by sample. */
static void decode_small(const px_wave *w, lane_reader *in) {
    size_t turn = 0;
    for (size_t step = 0; step < steps_of(w); step++) {
        const size_t end = end_row(w, step);
        for (size_t y = first_row(w, step); y < end; y++, turn ^= 1) {
            lane_sample sample = {.y = y, .x = step - PX_WAVE_LAG * y, .state = turn};
            decode_step(w, in, &sample, 1);
        }
    }
}

/* The wavefront: a state for each sixteenth row. */
static void decode_large(const px_wave *w, lane_reader *in) {
    const size_t period = px_wave_period(w->width), steps = px_wave_steps(w->height, w->width);
    for (size_t step = 0; step < steps; step++) {
        lane_sample samples[PX_RANS_LANES];
        size_t count = 0;
        for (size_t i = 0; i < PX_RANS_LANES && PX_WAVE_LAG * i <= step; i++) {
            const size_t n = step - PX_WAVE_LAG * i, y = n / period * PX_RANS_LANES + i;
            if (n % period < w->width && y < w->height)
                samples[count++] = (lane_sample){.y = y, .x = n % period, .state = i};
        }
        decode_step(w, in, samples, count);
    }
}

static void decode_lanes(const px_wave *w, px_block_streams *streams) {
    lane_reader in = {.words = streams->words, .next = lanes_load(streams->next)};
    in.last = lanes_load(streams->end) + 1;
    for (size_t s = 0; s < streams->count; s++)
        in.states[s] = lanes_load(streams->states[s]);
    pad_lanes_above(w);
    (streams->count == PX_SMALL_STATES ? decode_small : decode_large)(w, &in);
    for (size_t s = 0; s < streams->count; s++)
        lanes_store(streams->states[s], in.states[s]);
    lanes_store(streams->next, in.next);
}

static void innovate_lanes(int16_t *innovations, const px_wave *w) {
    int32_t taps[PX_SQUARE_TAPS];
    for (int t = 0; t < PX_SQUARE_TAPS; t++)
        taps[t] = w->taps_mixed[t] & 0xffff;
    for (size_t y = 0; y < w->height; y++)
        for (size_t x = 0; x < w->width; x++) {
            const size_t at = y * w->stride + x * LANES;
            px_lanes sum = square_of_lanes(w->mixed + y * w->mixed_stride + x * LANES,
                                           (ptrdiff_t)w->mixed_stride, taps,
                                           lanes_all(1 << (PX_TAP_BITS - 1)));
            const px_lanes own = own_of_lanes(w->samples + at, (ptrdiff_t)w->stride, w->taps_own,
                                              PX_INNOVATION_OWN_TAPS);
            sum = (sum + (own << w->fraction)) >> PX_TAP_BITS;
            const px_lanes sample = lanes_load_i16(w->samples + at) << w->fraction;
            lanes_store_i16(innovations + at, lanes_clamp(sample - sum, INT16_MIN, INT16_MAX));
        }
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

const px_block_kernels PX_KERNEL_TABLE(px_block_kernels) = {
    .decode = decode,
    .decode_lanes = decode_lanes,
    .innovate_lanes = innovate_lanes,
    .encode = encode,
};
