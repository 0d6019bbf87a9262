/*
 * Rows of method quick: sixteen neighbours in a row are coded at a time, since nothing of a sample
 * depends on its own row. docs/FORMAT.md, "Method 1, quick". Vector v of a row has the states
 * v mod PX_QUICK_VECTORS, so that one need not wait for the other.
 */
#include "coders/ans/lsq/quick_kernels.h"

#include "coders/ans/lsq/row_lanes.h"
#include "entropy/rans_lanes.h"

PX_INLINE px_lanes quick_around(const uint16_t *error, ptrdiff_t stride) {
    px_lanes sides = lanes_load_u16(error - stride - 1) + lanes_load_u16(error - stride + 1);
    return lanes_log2_16(((lanes_load_u16(error - stride) + 1) << 1) + sides);
}

PX_INLINE px_lanes quick_class(const px_wave *w, px_lanes running, px_lanes around) {
    px_lanes before = scale_before(w, running, (px_lanes){0});
    px_lanes scale = (before + ((around * w->scale_error) >> 4)) >> 7;
    return lanes_clamp(scale, 0, PX_QUICK_CLASSES - 1);
}

PX_INLINE px_lanes quick_low_bits(px_lanes class) {
    return lanes_max((class - (PX_QUICK_TABLES - 2)) >> 1, (px_lanes){0});
}

PX_INLINE px_lanes quick_table(px_lanes class) {
    px_lanes last_octave = (class & 1) | (PX_QUICK_TABLES - 2);
    return lanes_select(lanes_less(class, lanes_all(PX_QUICK_TABLES)), class, last_octave);
}

/* Means as integers: of the own taps only those on rows above count. */
PX_INLINE px_lanes quick_mean(const px_wave *w, size_t y, size_t column) {
    const ptrdiff_t stride = (ptrdiff_t)w->stride;
    const int shift = w->fraction + PX_TAP_BITS;
    const int16_t *x = w->samples + y * w->stride + column;
    px_lanes own = lanes_load_i16(x - stride) * w->taps_own[1] +
                   lanes_load_i16(x - stride - 1) * w->taps_own[2] +
                   lanes_load_i16(x - stride + 1) * w->taps_own[3] +
                   lanes_load_i16(x - 2 * stride) * w->taps_own[5];
    px_lanes sum = square_sum(w->mixed + y * w->mixed_stride + column, (ptrdiff_t)w->mixed_stride,
                              w->taps_mixed, lanes_all(1 << (shift - 1)));
    return (sum + (own << w->fraction)) >> shift;
}

PX_INLINE px_lanes quick_log(px_lanes error) {
    return lanes_log2_16((error << 1) + 1);
}

PX_INLINE int64_t quick_fill_errors(const px_wave *w, uint16_t *errors, size_t y) {
    return fill_errors(w, errors, y, quick_log(lanes_all(w->start_error))[0]);
}

/* The error of a sample, in a row of these, and its log with the running mean in view. */
PX_INLINE px_lanes quick_keep(const px_wave *w, uint16_t *errors, size_t y, size_t x,
                              px_lanes sample, px_lanes mean) {
    px_lanes error = lanes_min(lanes_abs(sample - mean), lanes_all(UINT16_MAX));
    px_lanes log = quick_log(error);
    lanes_store_i16((int16_t *)errors + x, error);
    lanes_store_i16(w->logs + y * w->logs_stride + x, log);
    return log;
}

static int64_t quick_means(int32_t *means, const px_wave *w) {
    int64_t sum = 0;
    for (size_t y = 0; y < w->height; y++) {
        px_lanes row_sum = {0};
        uint16_t *errors = w->errors + y * w->stride;
        for (size_t x = 0; x < w->width; x += PX_LANES) {
            size_t at = y * w->stride + x;
            px_mask inside = row_data(w, y, x);
            px_lanes mean = quick_mean(w, y, x), sample = lanes_load_i16(w->samples + at);
            lanes_store(means + at, mean);
            row_sum += lanes_where(inside, quick_keep(w, errors, y, x, sample, mean));
        }
        sum += sum_integers(row_sum);
        if (w->holes)
            sum += quick_fill_errors(w, errors, y);
    }
    return sum;
}

static void quick_contexts(int16_t *around, const px_wave *w, size_t y) {
    for (size_t x = 0; x < w->width; x += PX_LANES)
        lanes_store_i16(around + x,
                        quick_around(w->errors + y * w->stride + x, (ptrdiff_t)w->stride));
}

static int32_t quick_symbols(int32_t *symbols, const px_wave *w, const int32_t *means) {
    px_lanes largest = {0};
    for (size_t y = 0; y < w->height; y++) {
        const int16_t *running = w->running + y * w->running_stride;
        for (size_t x = 0; x < w->width; x += PX_LANES) {
            size_t at = y * w->stride + x;
            px_lanes around = quick_around(w->errors + at, (ptrdiff_t)w->stride);
            px_lanes class = quick_class(w, lanes_load_i16(running + x), around);
            px_lanes low_bits = quick_low_bits(class);
            px_lanes sample = lanes_load_i16(w->samples + at), mean = lanes_load(means + at);
            px_lanes digit =
                lanes_shift_each_right(sample, low_bits) - lanes_shift_each_right(mean, low_bits);
            px_mask data = row_data(w, y, x);
            px_lanes symbol = class << 24 | (digit & 0xffffff);
            lanes_store(symbols + at, lanes_select(data, symbol, lanes_all(PX_NO_SYMBOL)));
            largest = lanes_max(largest, lanes_where(data, class));
        }
    }
    int32_t result = 0;
    for (int i = 0; i < PX_LANES; i++)
        result = largest[i] > result ? largest[i] : result;
    return result;
}

/* ---- Decoding -------------------------------------------------------------------------------- */

/* Errors are kept of two rows only: w->errors are those of the row at work, and above them stand
 * those of the row before. */

/* The digit of an escape is what the table says and more. */
static __attribute__((noinline)) void quick_read_escapes(px_mask mask,
                                                         const px_quick_shapes *shapes,
                                                         px_lanes table, px_lanes *digits,
                                                         px_lanes *states, const uint16_t **words) {
    px_lanes limit = lanes_lookup_32(shapes->limits, table);
    *digits = lanes_select(mask, lanes_max(lanes_min(*digits, limit), -limit), *digits);
    read_escapes(mask, digits, states, words);
}

PX_INLINE px_lanes quick_step(const px_wave *w, size_t y, size_t x, px_mask active, px_lanes states,
                              const uint16_t **words, px_lanes *row_sum) {
    const px_quick_shapes *shapes = w->quick_shapes;
    const size_t at = y * w->stride + x;
    px_lanes around = quick_around(w->errors + x, (ptrdiff_t)w->stride);
    px_lanes class = quick_class(w, lanes_load_i16(w->running + y * w->running_stride + x), around);
    px_mask large = mask_and(active, lanes_less(lanes_all(PX_QUICK_TABLES - 1), class));
    px_lanes table = quick_table(class), low_bits = {0}, low = {0};
    px_lanes slot = states & ((1 << PX_QUICK_BITS) - 1);
    px_lanes entry = lanes_gather(shapes->decode[0], table << PX_QUICK_BITS | slot);
    px_lanes mean = quick_mean(w, y, x);
    px_lanes share =
        (lanes_shift_right_unsigned(entry, PX_QUICK_BITS) & ((1 << PX_QUICK_BITS) - 1)) + 1;
    px_lanes start = entry & ((1 << PX_QUICK_BITS) - 1), digit = entry >> (2 * PX_QUICK_BITS);
    px_lanes next = share * lanes_shift_right_unsigned(states, PX_QUICK_BITS) + slot - start;
    states = refill(active, lanes_select(active, next, states), words);
    if (mask_bits(large)) {
        low_bits = lanes_where(large, quick_low_bits(class));
        low = states & (lanes_shift_each_left(lanes_all(1), low_bits) - 1);
        states = refill(active, lanes_shift_each_right_unsigned(states, low_bits), words);
    }
    px_mask escaped = mask_and(active, lanes_equal(lanes_abs(digit), lanes_all(PX_QUICK_ESCAPE)));
    if (__builtin_expect(mask_bits(escaped) != 0, 0))
        quick_read_escapes(escaped, shapes, table, &digit, &states, words);
    px_lanes coarse = lanes_shift_each_right(mean, low_bits);
    px_lanes sample = (lanes_shift_each_left(coarse + digit, low_bits) | low) << 16 >> 16;
    lanes_store_i16(w->samples + at, sample);
    *row_sum += lanes_where(active, quick_keep(w, w->errors, y, x, sample, mean));
    return states;
}

/* Right and left of a row: the nearest sample. */
PX_INLINE void quick_row_end(const px_wave *w, size_t y) {
    int16_t *row = w->samples + y * w->stride;
    uint16_t *errors = w->errors;
    row[-1] = row[0], row[w->width] = row[w->width - 1];
    errors[-1] = errors[0], errors[w->width] = errors[w->width - 1];
    memcpy(errors - w->stride - 1, errors - 1, (w->width + 2) * sizeof *errors);
}

static int64_t quick_decode(const px_wave *w, px_rans_stream *stream) {
    enum { STEP = PX_QUICK_VECTORS * PX_LANES };
    const uint16_t *words = stream->words, *end = stream->end + 1;
    px_lanes states[PX_QUICK_VECTORS];
    int64_t sum = 0;
    memcpy(states, stream->states, sizeof states);
    for (size_t y = 0; y < w->height; y++) {
        px_lanes row_sum = {0};
        for (size_t x = 0; x < w->width; x += STEP) {
            for (size_t v = 0; v < PX_QUICK_VECTORS; v++) {
                const size_t from = x + v * PX_LANES;
                if (from >= w->width)
                    break;
                px_mask active = row_data(w, y, from);
                states[v] = quick_step(w, y, from, active, states[v], &words, &row_sum);
            }
            words = words < end ? words : end;
        }
        sum += sum_integers(row_sum);
        if (w->holes) {
            fill_samples(w, y);
            sum += quick_fill_errors(w, w->errors, y);
        }
        quick_row_end(w, y);
    }
    memcpy(stream->states, states, sizeof states);
    stream->words = words;
    stream->failed |= words > stream->end;
    return sum;
}

/* ---- Encoding -------------------------------------------------------------------------------- */

PX_INLINE px_lanes quick_encode_step(const px_wave *w, px_lanes symbol, const int16_t *samples,
                                     px_mask active, px_lanes states, uint16_t **head) {
    const px_quick_shapes *shapes = w->quick_shapes;
    if (w->holes)
        active = mask_without(active, lanes_equal(symbol, lanes_all(PX_NO_SYMBOL)));
    symbol = lanes_where(active, symbol);
    px_lanes class = lanes_shift_right_unsigned(symbol, 24), digit = symbol << 8 >> 8;
    px_lanes table = quick_table(class), limit = lanes_lookup_32(shapes->limits, table);
    px_lanes clamped = lanes_min(lanes_max(digit, -limit), limit);
    px_mask escaped = mask_and(active, lanes_equal(lanes_abs(clamped), limit));
    if (__builtin_expect(mask_bits(escaped) != 0, 0))
        states = write_escapes(escaped, digit, limit, states, head);
    px_mask large = mask_and(active, lanes_less(lanes_all(PX_QUICK_TABLES - 1), class));
    if (mask_bits(large))
        states = put_low_bits(large, lanes_where(large, quick_low_bits(class)),
                              lanes_load_i16(samples), states, head);
    px_lanes range =
        lanes_gather(shapes->encode[0], table * PX_QUICK_DIGITS + clamped + PX_QUICK_DIGITS / 2);
    return put_digit(active, range & 0xffff, lanes_shift_right_unsigned(range, 16), PX_QUICK_BITS,
                     states, head);
}

/* CPUs do not expect to be read backwards. */
enum { AHEAD_SYMBOLS = 32 * PX_LANES };

static void quick_encode(const px_wave *w, const int32_t *symbols, px_rans_stream *stream) {
    px_lanes states[PX_QUICK_VECTORS];
    uint16_t *head = stream->head;
    const size_t vectors = (w->width + PX_LANES - 1) / PX_LANES;
    memcpy(states, stream->states, sizeof states);
    for (size_t y = w->height; y-- > 0;)
        for (size_t v = vectors; v-- > 0;) {
            if (head - stream->begin < STEP_WORDS) {
                stream->failed = 1;
                return;
            }
            size_t x = v * PX_LANES, at = y * w->stride + x;
            px_lanes *s = &states[v % PX_QUICK_VECTORS];
            __builtin_prefetch(symbols + at - AHEAD_SYMBOLS);
            *s = quick_encode_step(w, lanes_load(symbols + at), w->samples + at,
                                   lanes_first(w->width - x), *s, &head);
        }
    memcpy(stream->states, states, sizeof states);
    stream->head = head;
}

const px_quick_kernels PX_KERNEL_TABLE(px_quick_kernels) = {
    .means = quick_means,
    .contexts = quick_contexts,
    .symbols = quick_symbols,
    .decode = quick_decode,
    .encode = quick_encode,
};
