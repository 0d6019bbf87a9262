/*
 * The wavefront: entropy coding in the order of docs/FORMAT.md, "Method 2, lsq". In block after
 * block of sixteen steps, rows of what is known (means, scales, symbols) become columns, one a
 * step, and what is decoded becomes rows again.
 */
#ifndef PX_LSQ_WAVE_LANES_H
#define PX_LSQ_WAVE_LANES_H

#include "coders/ans/lsq/row_lanes.h"
#include "coders/ans/lsq/wave.h"
#include "entropy/rans_lanes.h"
#include "planes/holes.h"

/* ---- Lanes and rows -------------------------------------------------------------------------- */

/* Where a lane is at the first step of a block; the column is negative before its first row. */
typedef struct lane_part {
    size_t row;
    ptrdiff_t column;
} lane_part;

typedef struct wave_rows {
    size_t period;
    lane_part at[PX_WAVE_LANES];
} wave_rows;

PX_INLINE wave_rows rows_at(size_t period, size_t step) {
    wave_rows rows = {.period = period};
    for (int i = 0; i < PX_WAVE_LANES; i++) {
        ptrdiff_t n = (ptrdiff_t)step - PX_WAVE_LAG * i;
        size_t round = n < 0 ? 0 : (size_t)n / period;
        rows.at[i] =
            (lane_part){round * PX_WAVE_LANES + (size_t)i, n - (ptrdiff_t)(round * period)};
    }
    return rows;
}

/* To the block after, and the one before. */
PX_INLINE void rows_forward(wave_rows *rows) {
    for (int i = 0; i < PX_WAVE_LANES; i++) {
        lane_part *part = &rows->at[i];
        part->column += PX_WAVE_LANES;
        if (part->column >= (ptrdiff_t)rows->period) {
            part->column -= (ptrdiff_t)rows->period;
            part->row += PX_WAVE_LANES;
        }
    }
}

PX_INLINE void rows_backward(wave_rows *rows) {
    for (int i = 0; i < PX_WAVE_LANES; i++) {
        lane_part *part = &rows->at[i];
        part->column -= PX_WAVE_LANES;
        if (part->column < 0 && part->row >= PX_WAVE_LANES) {
            part->column += (ptrdiff_t)rows->period;
            part->row -= PX_WAVE_LANES;
        }
    }
}

/* In sixteen steps a lane may be on two rows: at the end of one (turn 0) and the beginning of the
 * next (turn 1). */
PX_INLINE lane_part part_of(const wave_rows *rows, int lane, int turn) {
    lane_part part = rows->at[lane];
    if (turn) {
        part.column -= (ptrdiff_t)rows->period;
        part.row += PX_WAVE_LANES;
    }
    return part;
}

PX_INLINE bool part_in_plane(const px_wave *w, lane_part part) {
    return part.row < w->height && part.column < (ptrdiff_t)w->width &&
           part.column > -PX_WAVE_LANES;
}

/* Those of the sixteen columns from part.column on that are in the row. */
PX_INLINE px_mask columns_inside(const px_wave *w, lane_part part) {
    ptrdiff_t left = (ptrdiff_t)w->width - part.column;
    px_mask inside = lanes_first((size_t)left);
    return part.column < 0 ? mask_and(inside, lanes_from((int)-part.column)) : inside;
}

/* Sixteen lanes at one step. */
typedef struct wave_place {
    px_lanes column, row;
    size_t period;
} wave_place;

PX_INLINE wave_place place_at(size_t period, size_t step) {
    wave_place place = {.period = period};
    for (int i = 0; i < PX_LANES; i++) {
        ptrdiff_t n = (ptrdiff_t)step - PX_WAVE_LAG * i;
        ptrdiff_t round = n < 0 ? 0 : n / (ptrdiff_t)period;
        place.column[i] = (int32_t)(n - round * (ptrdiff_t)period);
        place.row[i] = (int32_t)(round * PX_WAVE_LANES + i);
    }
    return place;
}

PX_INLINE px_mask place_active(const wave_place *place, const px_wave *w) {
    return mask_and(lanes_below(place->column, lanes_all((int32_t)w->width)),
                    lanes_less(place->row, lanes_all((int32_t)w->height)));
}

PX_INLINE void place_forward(wave_place *place) {
    px_lanes next = place->column + 1;
    px_mask wraps = lanes_equal(next, lanes_all((int32_t)place->period));
    place->column = lanes_select(wraps, (px_lanes){0}, next);
    place->row += lanes_where(wraps, lanes_all(PX_WAVE_LANES));
}

PX_INLINE void place_backward(wave_place *place) {
    px_mask wraps = lanes_equal(place->column, (px_lanes){0});
    wraps = mask_and(wraps, lanes_less(lanes_all(PX_WAVE_LANES - 1), place->row));
    place->column = lanes_select(wraps, lanes_all((int32_t)place->period - 1), place->column - 1);
    place->row -= lanes_where(wraps, lanes_all(PX_WAVE_LANES));
}

/* ---- Decoding -------------------------------------------------------------------------------- */

/* Neighbours are couples: sample in the low, error in the high half. */
typedef struct wave_front {
    wave_place place;
    px_lanes states;
    px_lanes west, west_west, north, north_west;
    px_lanes north_1, north_2; /* north, one and two steps ago */
    px_lanes pad;              /* what stood left of the lane's row */
} wave_front;

enum { BLOCK = PX_WAVE_LANES };

/* Sums over other planes and parts of scales for sixteen steps, a vector a step. */
typedef struct wave_block {
    px_lanes sums[BLOCK], scales[BLOCK];
} wave_block;

/* In place of scales, which are far above: of a hole, which neighbour it is taken for. */
enum { HOLES = -(1 << 30), HIGHEST_HOLE = HOLES + PX_HOLE_BLANK };

PX_INLINE px_lanes mark_holes(px_lanes scale, const uint8_t *holes) {
    const px_lanes hole = lanes_load_u8(holes);
    return lanes_select(lanes_equal(hole, (px_lanes){0}), scale, hole + HOLES);
}

PX_INLINE void block_prepare(wave_block *block, const px_wave *w, const wave_rows *rows) {
    const ptrdiff_t mixed_stride = (ptrdiff_t)w->mixed_stride;
    const ptrdiff_t running_stride = (ptrdiff_t)w->running_stride;
    const int shift = w->fraction + PX_TAP_BITS - PX_MEAN_BITS;
    const px_lanes rounding = lanes_all(1 << (shift - 1));
    for (int i = 0; i < PX_WAVE_LANES; i++) {
        block->sums[i] = block->scales[i] = (px_lanes){0};
        for (int turn = 0; turn < 2; turn++) {
            lane_part part = part_of(rows, i, turn);
            if (!part_in_plane(w, part))
                continue;
            const ptrdiff_t row = (ptrdiff_t)part.row;
            const int32_t *mixed = w->mixed + row * mixed_stride + part.column;
            const int16_t *running = w->running + row * running_stride + part.column;
            px_lanes sum = square_sum(mixed, mixed_stride, w->taps_mixed, rounding);
            px_lanes scale =
                scale_before(w, lanes_load_i16(running), blur_sum(running, running_stride));
            if (w->holes)
                scale = mark_holes(scale, w->holes + row * (ptrdiff_t)w->width + part.column);
            px_mask inside = columns_inside(w, part);
            block->sums[i] = lanes_select(inside, sum, block->sums[i]);
            block->scales[i] = lanes_select(inside, scale, block->scales[i]);
        }
    }
    lanes_transpose(block->sums);
    lanes_transpose(block->scales);
}

/* Sixteen steps of couples back to rows: samples, logs of errors, and the edge for the first lane's
 * next row. Returns the sum of the logs. */
PX_INLINE int64_t block_finish(px_lanes couples[BLOCK], const px_wave *w, const wave_rows *rows) {
    px_lanes sum = {0};
    lanes_transpose(couples);
    for (int i = 0; i < PX_WAVE_LANES; i++) {
        px_lanes logs = lanes_log2_16(lanes_shift_right_unsigned(couples[i], 16) + 1);
        for (int turn = 0; turn < 2; turn++) {
            lane_part part = part_of(rows, i, turn);
            if (!part_in_plane(w, part))
                continue;
            px_mask inside = columns_inside(w, part);
            ptrdiff_t at = (ptrdiff_t)(part.row * w->stride) + part.column;
            lanes_store_i16_where(inside, w->samples + at, couples[i]);
            lanes_store_i16_where(
                inside, w->logs + (ptrdiff_t)(part.row * w->logs_stride) + part.column, logs);
            sum += lanes_where(inside, logs);
            if (i >= PX_WAVE_LANES - 2)
                lanes_store_where(inside,
                                  w->edge + (i == PX_WAVE_LANES - 1 ? 0 : w->width) + part.column,
                                  couples[i]);
        }
    }
    return sum_integers(sum);
}

/* A lane that begins a row finds its first neighbours where the lane above it was two steps ago. */
PX_INLINE void begin_row(wave_front *f, const px_wave *w, int lane) {
    int above = (lane + PX_WAVE_LANES - 1) % PX_WAVE_LANES;
    int32_t north = lane ? f->west_west[above] : w->edge[0];
    int32_t pad = px_wave_left_pad(w, (size_t)f->place.row[lane], px_couple_low(north));
    f->north[lane] = north;
    f->north_west[lane] = f->pad[above];
    f->pad[lane] = f->west[lane] = f->west_west[lane] = px_couple(pad, px_couple_high(north));
}

/* Where the range of a digit stands in the tables. */
PX_INLINE px_lanes digit_place(px_lanes info, px_lanes limit, px_lanes fraction, px_lanes digit) {
    return (info & 0xfffff) + fraction * (2 * limit + 2) + limit + digit;
}

PX_INLINE px_lanes samples_of(px_lanes couples) {
    return couples << 16 >> 16;
}

PX_INLINE px_lanes errors_of(px_lanes couples) {
    return lanes_shift_right_unsigned(couples, 16);
}

/* The mean by taps, in sixteenths. */
PX_INLINE px_lanes wave_mean(const wave_front *f, const px_wave *w, px_lanes sums,
                             px_lanes north_east, px_lanes north_north) {
    const int32_t *taps = w->taps_own;
    const int shift = w->fraction + PX_TAP_BITS - PX_MEAN_BITS;
    px_lanes own = samples_of(f->north) * taps[1] + samples_of(f->north_west) * taps[2] +
                   samples_of(north_east) * taps[3] + samples_of(north_north) * taps[5] +
                   samples_of(f->west_west) * taps[4] + samples_of(f->west) * taps[0];
    return ((sums + (own << w->fraction)) >> shift) + w->bias;
}

PX_INLINE px_lanes wave_around(const wave_front *f, px_lanes north_east) {
    return log_around(errors_of(f->west), errors_of(f->north), errors_of(f->north_west),
                      errors_of(north_east));
}

PX_INLINE px_lanes couple_of(px_lanes sample, px_lanes mean) {
    px_lanes error = lanes_abs((samples_of(sample) << PX_MEAN_BITS) - mean);
    return lanes_min(error, lanes_all(UINT16_MAX)) << 16 | (sample & 0xffff);
}

/* Lanes whose samples are not coded. */
PX_INLINE px_mask wave_holes(const px_wave *w, px_lanes scales) {
    const px_lanes none = {0};
    return w->holes ? lanes_less(scales, lanes_all(HIGHEST_HOLE + 1)) : lanes_less(none, none);
}

/* What they are taken for: sample and error. */
PX_INLINE px_lanes wave_neighbour(const wave_front *f, const px_wave *w, px_lanes scales,
                                  px_lanes north_east) {
    const px_lanes hole = scales - HOLES;
    px_lanes couple = lanes_all(px_couple(0, w->start_error));
    couple = lanes_select(lanes_equal(hole, lanes_all(PX_HOLE_WEST)), f->west, couple);
    couple = lanes_select(lanes_equal(hole, lanes_all(PX_HOLE_NORTH)), f->north, couple);
    couple = lanes_select(lanes_equal(hole, lanes_all(PX_HOLE_NORTH_EAST)), north_east, couple);
    return lanes_select(lanes_equal(hole, lanes_all(PX_HOLE_NORTH_WEST)), f->north_west, couple);
}

/* Decodes one sample of every active lane, as couples. */
PX_INLINE px_lanes wave_decode_sample(wave_front *f, const px_wave *w, px_lanes mean,
                                      px_lanes class, px_mask active, const uint16_t **words) {
    const px_shapes *shapes = w->shapes;
    px_mask large = lanes_less(lanes_all(PX_SHAPE_CLASSES - 1), class);
    px_lanes table = class, coarse = mean, low_bits = {0};
    if (mask_bits(large)) {
        low_bits = class_low_bits(class);
        table = class_table(class);
        coarse = coarse_mean(mean, low_bits);
    }
    px_lanes info = lanes_lookup_32(shapes->info, table);
    px_lanes fraction = coarse & 15, limit = info >> 20;
    px_lanes slot = f->states & ((1 << PX_PROBABILITY_BITS) - 1);
    px_lanes sixteenths = samples_of(lanes_gather_couple((const uint16_t *)shapes->inverse,
                                                         table << PX_PROBABILITY_BITS | slot));
    px_lanes digit = (sixteenths + fraction + 8) >> 4;
    digit = lanes_min(lanes_max(digit, -limit), limit);
    px_lanes range = lanes_gather_couple(shapes->starts, digit_place(info, limit, fraction, digit));
    px_lanes start = range & 0xffff, share = lanes_shift_right_unsigned(range, 16) - start;
    px_lanes states =
        share * lanes_shift_right_unsigned(f->states, PX_PROBABILITY_BITS) + slot - start;
    states = refill(active, lanes_select(active, states, f->states), words);
    px_lanes low = {0};
    if (mask_bits(mask_and(large, active))) {
        low_bits = lanes_where(active, low_bits);
        low = states & (lanes_shift_each_left(lanes_all(1), low_bits) - 1);
        states = refill(active, lanes_shift_each_right_unsigned(states, low_bits), words);
    }
    px_mask escaped = mask_and(active, lanes_equal(lanes_abs(digit), limit));
    if (__builtin_expect(mask_bits(escaped) != 0, 0))
        read_escapes(escaped, &digit, &states, words);
    f->states = states;
    px_lanes sample = lanes_shift_each_left((coarse >> PX_MEAN_BITS) + digit, low_bits) | low;
    return couple_of(sample, mean);
}

/* What a step finds around it. */
typedef struct wave_view {
    px_lanes north_east, north_north;
    px_mask active;
    uint32_t beginning; /* the lane that begins a row, as a bit */
} wave_view;

/* Where the row above lane 0 ends, north-east is north, as everywhere. */
PX_INLINE wave_view wave_look(wave_front *f, const px_wave *w) {
    const int32_t last = (int32_t)w->width - 1, x = f->place.column[0];
    const int32_t *north_edge = w->edge, *north_north_edge = w->edge + w->width;
    wave_view v = {.north_east = lanes_move_up(f->west, north_edge[x < last ? x + 1 : last]),
                   .north_north = lanes_move_up(f->north_2, north_north_edge[x < last ? x : last]),
                   .active = place_active(&f->place, w)};
    v.beginning = mask_bits(mask_and(v.active, lanes_equal(f->place.column, (px_lanes){0})));
    if (v.beginning)
        begin_row(f, w, __builtin_ctz(v.beginning));
    v.north_east =
        lanes_select(lanes_equal(f->place.column, lanes_all(last)), f->north, v.north_east);
    return v;
}

PX_INLINE void wave_advance(wave_front *f, const wave_view *v, px_lanes couples) {
    f->north_2 = f->north_1;
    f->north_1 = f->north;
    f->west_west = f->west;
    f->west = couples;
    f->north_west = f->north;
    f->north = v->north_east;
    place_forward(&f->place);
}

/* Above the plane stands what the other planes say of its first row, if nothing is known. */
PX_INLINE void edge_begin(const px_wave *w) {
    for (size_t x = 0; w->above && x < w->width; x++) {
        w->edge[x] = px_couple(w->above->north[x], w->above->errors[x]);
        w->edge[w->width + x] = px_couple(w->above->north_north[x], 0);
    }
    if (w->above)
        return;
    for (size_t x = 0; x < w->width; x++)
        w->edge[x] = w->edge[w->width + x] =
            px_couple(px_couple_low(w->mixed[x]) >> w->fraction, w->start_error);
}

#endif
