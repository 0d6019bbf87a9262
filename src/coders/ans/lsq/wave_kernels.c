/*
 * The wavefront (wave_lanes.h), and whole rows of a plane at a time: what the encoder does where it
 * knows all samples, and what both sides do between planes. Loops without lanes are plain enough
 * for the compiler to vectorise.
 *
 * Planes have room behind their rows for a vector that reaches over the end.
 */
#include "coders/ans/lsq/wave_kernels.h"

#include "coders/ans/lsq/wave_lanes.h"

/* ---- Rows ------------------------------------------------------------------------------------ */

static void innovations(int16_t *result, const px_wave *w) {
    const ptrdiff_t stride = (ptrdiff_t)w->stride;
    int32_t taps[PX_SQUARE_TAPS];
    for (int t = 0; t < PX_SQUARE_TAPS; t++)
        taps[t] = w->taps_mixed[t] & 0xffff;
    for (size_t y = 0; y < w->height; y++)
        for (size_t x = 0; x < w->width; x += PX_LANES) {
            size_t at = y * w->stride + x;
            px_lanes sum =
                square_sum(w->mixed + y * w->mixed_stride + x, (ptrdiff_t)w->mixed_stride, taps,
                           lanes_all(1 << (PX_TAP_BITS - 1)));
            px_lanes own = own_sum(w->samples + at, stride, w->taps_own, PX_INNOVATION_OWN_TAPS);
            sum = (sum + (own << w->fraction)) >> PX_TAP_BITS;
            px_lanes sample = lanes_load_i16(w->samples + at) << w->fraction;
            lanes_store_i16(result + at, lanes_clamp(sample - sum, INT16_MIN, INT16_MAX));
        }
}

static int64_t means(int32_t *result, const px_wave *w) {
    int64_t excess = 0;
    const ptrdiff_t stride = (ptrdiff_t)w->stride;
    const int shift = w->fraction + PX_TAP_BITS - PX_MEAN_BITS;
    for (size_t y = 0; y < w->height; y++) {
        px_lanes row_excess = {0};
        for (size_t x = 0; x < w->width; x += PX_LANES) {
            size_t at = y * w->stride + x;
            px_lanes sum =
                square_sum(w->mixed + y * w->mixed_stride + x, (ptrdiff_t)w->mixed_stride,
                           w->taps_mixed, lanes_all(1 << (shift - 1)));
            px_lanes own = own_sum(w->samples + at, stride, w->taps_own, PX_OWN_TAPS);
            px_lanes mean = (sum + (own << w->fraction)) >> shift;
            px_lanes more = (lanes_load_i16(w->samples + at) << PX_MEAN_BITS) - mean;
            row_excess += lanes_where(row_data(w, y, x), more);
            lanes_store(result + at, mean);
        }
        excess += sum_integers(row_excess);
    }
    return excess;
}

static int64_t errors(const px_wave *w, const int32_t *mean) {
    int64_t sum = 0;
    for (size_t y = 0; y < w->height; y++) {
        px_lanes row_sum = {0};
        for (size_t x = 0; x < w->width; x += PX_LANES) {
            size_t at = y * w->stride + x;
            px_lanes sample = lanes_load_i16(w->samples + at) << PX_MEAN_BITS;
            px_lanes error = lanes_abs(sample - (lanes_load(mean + at) + w->bias));
            error = lanes_min(error, lanes_all(UINT16_MAX));
            px_lanes log = lanes_log2_16(error + 1);
            lanes_store_i16((int16_t *)w->errors + at, error);
            lanes_store_i16(w->logs + y * w->logs_stride + x, log);
            row_sum += lanes_where(row_data(w, y, x), log);
        }
        sum += sum_integers(row_sum);
        if (w->holes)
            sum += fill_errors(w, w->errors + y * w->stride, y,
                               lanes_log2_16(lanes_all(w->start_error + 1))[0]);
    }
    return sum;
}

static void contexts(int16_t *around, int16_t *blur, const px_wave *w, size_t y) {
    const ptrdiff_t stride = (ptrdiff_t)w->stride;
    for (size_t x = 0; x < w->width; x += PX_LANES) {
        const uint16_t *e = w->errors + y * w->stride + x;
        lanes_store_i16(around + x,
                        log_around(lanes_load_u16(e - 1), lanes_load_u16(e - stride),
                                   lanes_load_u16(e - stride - 1), lanes_load_u16(e - stride + 1)));
        lanes_store_i16(blur + x, blur_sum(w->running + y * w->running_stride + x,
                                           (ptrdiff_t)w->running_stride));
    }
}

enum { MOMENT_RUN = 256 }; /* of 12-bit numbers, whose products fit 32 bits */

static void scale_moments(int64_t sums[PX_SCALE_MOMENTS], const int16_t *around,
                          const int16_t *running, const int16_t *blur, const int16_t *logs,
                          size_t count) {
    for (size_t from = 0; from < count; from += MOMENT_RUN) {
        size_t end = count - from < MOMENT_RUN ? count : from + MOMENT_RUN;
        int32_t s[PX_SCALE_MOMENTS] = {0};
        for (size_t i = from; i < end; i++) {
            int32_t a = around[i], r = running[i] >> 4, b = blur[i] >> 7, l = logs[i];
            s[1] += a, s[2] += a * a;
            s[3] += r, s[4] += r * a, s[5] += r * r;
            s[6] += b, s[7] += b * a, s[8] += b * r, s[9] += b * b;
            s[10] += l, s[11] += l * a, s[12] += l * r, s[13] += l * b;
        }
        s[0] = (int32_t)(end - from);
        for (int m = 0; m < PX_SCALE_MOMENTS; m++)
            sums[m] += s[m];
    }
}

static int32_t symbols(int32_t *result, const px_wave *w, const int32_t *mean,
                       const int16_t *around, const int16_t *blur, size_t y) {
    px_lanes largest = {0};
    const int16_t *running = w->running + y * w->running_stride;
    for (size_t x = 0; x < w->width; x += PX_LANES) {
        size_t at = y * w->stride + x;
        px_lanes before = scale_before(w, lanes_load_i16(running + x), lanes_load_i16(blur + x));
        px_lanes class = scale_class(before, lanes_load_i16(around + x), w->scale_error);
        px_lanes low_bits = class_low_bits(class);
        px_lanes coarse = coarse_mean(lanes_load(mean + at) + w->bias, low_bits);
        px_lanes sample = lanes_shift_each_right(lanes_load_i16(w->samples + at), low_bits);
        px_lanes digit = sample - (coarse >> PX_MEAN_BITS);
        px_mask data = row_data(w, y, x);
        px_lanes symbol = class << 25 | (coarse & 15) << 21 | (digit & 0x1fffff);
        lanes_store(result + at, lanes_select(data, symbol, lanes_all(PX_NO_SYMBOL)));
        largest = lanes_max(largest, lanes_where(data, class));
    }
    int32_t result_class = 0;
    for (int i = 0; i < PX_LANES; i++)
        result_class = largest[i] > result_class ? largest[i] : result_class;
    return result_class;
}

static void run(int16_t *running, const int16_t *logs, size_t count, int32_t mean, int32_t rate) {
    for (size_t i = 0; i < count; i++) {
        int16_t difference = (int16_t)(logs[i] * 16 - mean - running[i]);
        running[i] = (int16_t)(running[i] + ((difference * rate + (1 << 14)) >> 15));
    }
}

PX_INLINE void own_row(float *to, const int16_t *x, const float *weights, float unit,
                       size_t count) {
    for (size_t i = 0; i < count; i++)
        to[i] = (float)x[i] * weights[i] * unit;
}

static int tap_rows(const px_tap_rows *to, const px_wave *w, const float *weights, size_t y,
                    size_t x, size_t count) {
    const ptrdiff_t stride = (ptrdiff_t)w->stride;
    const size_t at = y * w->stride + x;
    const float unit = (float)(1 << w->fraction);
    for (int t = 0; to->squares && t < PX_SQUARE_TAPS; t++) {
        const int32_t *from = w->mixed + (ptrdiff_t)(y * w->mixed_stride + x) +
                              px_square_rows[t] * (ptrdiff_t)w->mixed_stride + px_square_columns[t];
        float *p = to->rows + (size_t)t * to->length, *e = p + PX_SQUARE_TAPS * to->length;
        for (size_t i = 0; i < count; i++)
            p[i] = (float)(int16_t)from[i] * weights[i];
        for (size_t i = 0; to->squares > 1 && i < count; i++)
            e[i] = (float)(from[i] >> 16) * weights[i];
    }
    int row = to->squares * PX_SQUARE_TAPS;
    const int16_t *own = w->samples + at;
    const ptrdiff_t places[PX_OWN_TAPS] = {-1, -stride, -stride - 1, -stride + 1, -2, -2 * stride};
    for (int t = 0; t < to->own_count; t++, row++)
        own_row(to->rows + (size_t)row * to->length, own + places[t], weights, unit, count);
    own_row(to->rows + (size_t)row * to->length, own, weights, unit, count);
    return row + 1;
}

/* ---- Decoding -------------------------------------------------------------------------------- */

PX_INLINE void wave_steps(wave_front *f, const px_wave *w, const wave_block *block,
                          px_lanes couples[BLOCK], const uint16_t **words, const uint16_t *end) {
    for (int s = 0; s < BLOCK; s++) {
        const wave_view v = wave_look(f, w);
        px_lanes mean = wave_mean(f, w, block->sums[s], v.north_east, v.north_north);
        px_lanes class =
            scale_class(block->scales[s], wave_around(f, v.north_east), w->scale_error);
        const px_mask holes = wave_holes(w, block->scales[s]);
        const px_mask active = mask_without(v.active, holes);
        couples[s] = wave_decode_sample(f, w, mean, class, active, words);
        if (w->holes)
            couples[s] = lanes_select(holes, wave_neighbour(f, w, block->scales[s], v.north_east),
                                      couples[s]);
        *words = *words < end ? *words : end;
        wave_advance(f, &v, couples[s]);
    }
}

static int64_t wave_decode(const px_wave *w, px_rans_stream *stream) {
    const size_t period = px_wave_period(w->width), steps = px_wave_steps(w->height, w->width);
    /* One word behind the end: to stop there is to have read too far. */
    const uint16_t *words = stream->words, *end = stream->end + 1;
    wave_front front = {.place = place_at(period, 0), .states = lanes_load(stream->states)};
    wave_rows rows = rows_at(period, 0);
    int64_t sum = 0;
    edge_begin(w);
    front.pad[PX_WAVE_LANES - 1] = w->edge[0];
    for (size_t step = 0; step < steps; step += BLOCK, rows_forward(&rows)) {
        wave_block block;
        px_lanes couples[BLOCK];
        block_prepare(&block, w, &rows);
        wave_steps(&front, w, &block, couples, &words, end);
        sum += block_finish(couples, w, &rows);
    }
    lanes_store(stream->states, front.states);
    stream->words = words;
    stream->failed |= words > stream->end;
    return sum;
}

/* ---- Encoding -------------------------------------------------------------------------------- */

/* The reverse of wave_step: escapes, low bits, digits. */
PX_INLINE px_lanes encode_step(const px_wave *w, px_lanes symbol, px_lanes sample, px_mask active,
                               px_lanes states, uint16_t **head) {
    const px_shapes *shapes = w->shapes;
    if (w->holes)
        active = mask_without(active, lanes_equal(symbol, lanes_all(PX_NO_SYMBOL)));
    symbol = lanes_where(active, symbol);
    px_lanes class = lanes_shift_right_unsigned(symbol, 25);
    px_lanes fraction = symbol >> 21 & 15, digit = symbol << 11 >> 11;
    px_lanes info = lanes_lookup_32(shapes->info, class_table(class)), limit = info >> 20;
    px_lanes clamped = lanes_min(lanes_max(digit, -limit), limit);
    px_mask escaped = mask_and(active, lanes_equal(lanes_abs(clamped), limit));
    if (__builtin_expect(mask_bits(escaped) != 0, 0))
        states = write_escapes(escaped, digit, limit, states, head);
    px_mask large = mask_and(active, lanes_less(lanes_all(PX_SHAPE_CLASSES - 1), class));
    if (mask_bits(large))
        states =
            put_low_bits(large, lanes_where(large, class_low_bits(class)), sample, states, head);
    px_lanes range =
        lanes_gather_couple(shapes->starts, digit_place(info, limit, fraction, clamped));
    px_lanes start = range & 0xffff, share = lanes_shift_right_unsigned(range, 16) - start;
    return put_digit(active, start, share, PX_PROBABILITY_BITS, states, head);
}

static void wave_encode(const px_wave *w, const int32_t *symbol, bool low_bits,
                        px_rans_stream *stream) {
    const size_t period = px_wave_period(w->width), steps = px_wave_steps(w->height, w->width);
    wave_place place = place_at(period, steps - 1);
    wave_rows rows = rows_at(period, steps - BLOCK);
    px_lanes states = lanes_load(stream->states);
    uint16_t *head = stream->head;
    for (size_t step = steps; step > 0; step -= BLOCK, rows_backward(&rows)) {
        if (head - stream->begin < BLOCK * STEP_WORDS) {
            stream->failed = 1;
            return;
        }
        px_lanes columns[BLOCK] = {{0}}, samples[BLOCK] = {{0}};
        for (int i = 0; i < PX_WAVE_LANES; i++) {
            for (int turn = 0; turn < 2; turn++) {
                lane_part part = part_of(&rows, i, turn);
                if (!part_in_plane(w, part))
                    continue;
                px_mask inside = columns_inside(w, part);
                ptrdiff_t at = (ptrdiff_t)(part.row * w->stride) + part.column;
                columns[i] = lanes_select(inside, lanes_load(symbol + at), columns[i]);
                if (low_bits)
                    samples[i] = lanes_select(inside, lanes_load_i16(w->samples + at), samples[i]);
            }
        }
        lanes_transpose(columns);
        if (low_bits)
            lanes_transpose(samples);
        for (int s = BLOCK - 1; s >= 0; s--, place_backward(&place))
            states = encode_step(w, columns[s], samples[s], place_active(&place, w), states, &head);
    }
    lanes_store(stream->states, states);
    stream->head = head;
}

const px_wave_kernels PX_KERNEL_TABLE(px_wave_kernels) = {
    .innovations = innovations,
    .means = means,
    .errors = errors,
    .contexts = contexts,
    .scale_moments = scale_moments,
    .symbols = symbols,
    .run = run,
    .tap_rows = tap_rows,
    .decode = wave_decode,
    .encode = wave_encode,
};
