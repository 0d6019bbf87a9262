/* Vectors of a row of a plane: predictions, scales, classes. */
#ifndef PX_LSQ_ROW_LANES_H
#define PX_LSQ_ROW_LANES_H

#include <string.h>

#include "coders/ans/lsq/wave.h"
#include "planes/holes.h"
#include "simd/lanes.h"

PX_INLINE int64_t sum_integers(px_lanes v) {
    int64_t sum = 0;
    for (int i = 0; i < PX_LANES; i++)
        sum += v[i];
    return sum;
}

/* Of the sixteen columns from x on, those that are in the row and have data. */
PX_INLINE px_mask row_data(const px_wave *w, size_t y, size_t x) {
    px_mask inside = lanes_first(w->width - x);
    if (!w->holes)
        return inside;
    px_lanes holes = lanes_load_u8(w->holes + y * w->width + x);
    return mask_and(inside, lanes_equal(holes, (px_lanes){0}));
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

/* The first hole of a row from x on; `width` if there is none. */
PX_INLINE size_t next_hole(const uint8_t *holes, size_t x, size_t width) {
    for (uint64_t eight; x + sizeof eight <= width; x += sizeof eight) {
        memcpy(&eight, holes + x, sizeof eight);
        if (eight)
            break;
    }
    while (x < width && !holes[x])
        x++;
    return x;
}

/* Samples that stand for none: those of rows above are there. */
PX_INLINE void fill_samples(const px_wave *w, size_t y) {
    const uint8_t *holes = w->holes + y * w->width;
    int16_t *samples = w->samples + y * w->stride;
    for (size_t x = 0; (x = next_hole(holes, x, w->width)) < w->width; x++)
        samples[x] = holes[x] == PX_HOLE_BLANK
                         ? 0
                         : samples[(ptrdiff_t)x + px_hole_place(holes[x], w->stride)];
}

/* The same of a row of errors and of their logs, which are `blank` where nothing is known; returns
 * the sum of these logs. */
PX_INLINE int64_t fill_errors(const px_wave *w, uint16_t *errors, size_t y, int32_t blank) {
    const uint8_t *holes = w->holes + y * w->width;
    int16_t *logs = w->logs + y * w->logs_stride;
    int64_t sum = 0;
    for (size_t x = 0; (x = next_hole(holes, x, w->width)) < w->width; x++) {
        const bool known = holes[x] != PX_HOLE_BLANK;
        errors[x] = known ? errors[(ptrdiff_t)x + px_hole_place(holes[x], w->stride)]
                          : (uint16_t)w->start_error;
        logs[x] =
            known ? logs[(ptrdiff_t)x + px_hole_place(holes[x], w->logs_stride)] : (int16_t)blank;
        sum += logs[x];
    }
    return sum;
}

#endif
