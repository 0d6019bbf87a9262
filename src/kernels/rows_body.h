/*
 * Whole rows of a plane at a time: what the encoder does where it knows all samples, and what both
 * sides do between planes. Loops without lanes are plain enough for the compiler to vectorise.
 *
 * Planes have room behind their rows for a vector that reaches over the end.
 */

PX_INLINE int64_t sum_integers(px_lanes v) {
    int64_t sum = 0;
    for (int i = 0; i < PX_LANES; i++)
        sum += v[i];
    return sum;
}

/* The nine taps on couples around a position. */
PX_INLINE px_lanes square_sum(const int32_t *mixed, ptrdiff_t stride, const int32_t *taps,
                              px_lanes sum) {
    for (int t = 0; t < PX_SQUARE_TAPS; t++) {
        ptrdiff_t place = px_square_rows[t] * stride + px_square_columns[t];
        sum = lanes_dot_pairs(sum, lanes_load(mixed + place), lanes_all(taps[t]));
    }
    return sum;
}

PX_INLINE px_lanes own_sum(const int16_t *x, ptrdiff_t stride, const int32_t *taps, int count) {
    const ptrdiff_t places[PX_OWN_TAPS] = {-1, -stride, -stride - 1, -stride + 1, -2, -2 * stride};
    px_lanes sum = {0};
    for (int t = 0; t < count; t++)
        sum += lanes_load_i16(x + places[t]) * taps[t];
    return sum;
}

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
            row_excess += lanes_where(lanes_first(w->width - x), more);
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
            lanes_store_i16(w->logs + at, log);
            row_sum += lanes_where(lanes_first(w->width - x), log);
        }
        sum += sum_integers(row_sum);
    }
    return sum;
}

/* Logarithm of the errors around a sample, that is of six times their mean and a bit. */
PX_INLINE px_lanes log_around(px_lanes west, px_lanes north, px_lanes north_west,
                              px_lanes north_east) {
    return lanes_log2_16(((west + north) << 1) + north_west + north_east + 6);
}

PX_INLINE px_lanes blur_sum(const int16_t *running, ptrdiff_t stride) {
    px_lanes sum = {0};
    for (ptrdiff_t y = -1; y <= 1; y++)
        for (ptrdiff_t x = -1; x <= 1; x++)
            sum += lanes_load_i16(running + y * stride + x);
    return sum << 16 >> 16;
}

/* The part of a sample's scale that is known before the plane is, in 1/256 octaves. */
PX_INLINE px_lanes scale_before(const px_wave *w, px_lanes running, px_lanes blur) {
    px_lanes sum = (running * (8 * w->scale_running) + blur * w->scale_blur) >> 8;
    return (sum << 16 >> 16) + w->scale_offset;
}

PX_INLINE px_lanes scale_class(px_lanes before, px_lanes around, int32_t weight) {
    px_lanes scale = (before + ((around * weight) >> 4)) >> 6;
    return lanes_clamp(scale, 0, PX_SCALE_CLASSES - 1);
}

/* Classes beyond the tables: bits below the digit, and the table that serves the rest. */
PX_INLINE px_lanes class_low_bits(px_lanes class) {
    return lanes_max((class - (PX_SHAPE_CLASSES - 4)) >> 2, (px_lanes){0});
}

PX_INLINE px_lanes class_table(px_lanes class) {
    px_lanes last_octave = (class & 3) | (PX_SHAPE_CLASSES - 4);
    return lanes_select(lanes_less(class, lanes_all(PX_SHAPE_CLASSES)), class, last_octave);
}

/* The mean in units of 2^low_bits, rounded so that without any it stays as it is. */
PX_INLINE px_lanes coarse_mean(px_lanes mean, px_lanes low_bits) {
    return lanes_shift_each_right(mean + 8, low_bits) - 8;
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
        lanes_store(result + at, class << 25 | (coarse & 15) << 21 | (digit & 0x1fffff));
        largest = lanes_max(largest, lanes_where(lanes_first(w->width - x), class));
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
