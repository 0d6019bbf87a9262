/* Rows of the block are quarters of vectors. What needs no sample of the plane is found for all
 * positions at once, before them and after them; samples come one by one. */
#include "coders/ans/blocks/cell_kernels.h"

#include <string.h>

#include "coders/ans/lsq/row_lanes.h"
#include "entropy/rans_lanes.h"

enum { SIDE = PX_CELL_SIDE, SIZE = PX_CELL_SIZE };
_Static_assert((int)SIZE == (int)PX_LANES, "a position has a lane");

/* ---- Positions around ------------------------------------------------------------------------ */

#if PX_LANES_AVX2
/* Two rows each. */
typedef struct halves {
    __m256i low, high;
} halves;

PX_INLINE halves halves_of(px_lanes v) {
    halves h;
    memcpy(&h, &v, sizeof h);
    return h;
}

PX_INLINE px_lanes lanes_of(__m256i low, __m256i high) {
    const halves h = {low, high};
    px_lanes v;
    memcpy(&v, &h, sizeof v);
    return v;
}
#elif !PX_LANES_AVX512
typedef int32_t row __attribute__((vector_size(4 * SIDE)));

typedef struct rows {
    row each[SIDE];
} rows;

PX_INLINE rows rows_of(px_lanes v) {
    rows r;
    memcpy(&r, &v, sizeof r);
    return r;
}

PX_INLINE px_lanes lanes_of(row a, row b, row c, row d) {
    const rows r = {{a, b, c, d}};
    px_lanes v;
    memcpy(&v, &r, sizeof v);
    return v;
}
#endif

/* What lies left and right of each position: at the edge, the position itself. */
PX_INLINE px_lanes left_of(px_lanes v) {
#if PX_LANES_AVX512
    return (px_lanes)_mm512_shuffle_epi32((__m512i)v, (_MM_PERM_ENUM)0x90);
#elif PX_LANES_AVX2
    const halves h = halves_of(v);
    return lanes_of(_mm256_shuffle_epi32(h.low, 0x90), _mm256_shuffle_epi32(h.high, 0x90));
#else
    rows r = rows_of(v);
    for (int y = 0; y < SIDE; y++)
        r.each[y] = (row){r.each[y][0], r.each[y][0], r.each[y][1], r.each[y][2]};
    return lanes_of(r.each[0], r.each[1], r.each[2], r.each[3]);
#endif
}

PX_INLINE px_lanes right_of(px_lanes v) {
#if PX_LANES_AVX512
    return (px_lanes)_mm512_shuffle_epi32((__m512i)v, (_MM_PERM_ENUM)0xf9);
#elif PX_LANES_AVX2
    const halves h = halves_of(v);
    return lanes_of(_mm256_shuffle_epi32(h.low, 0xf9), _mm256_shuffle_epi32(h.high, 0xf9));
#else
    rows r = rows_of(v);
    for (int y = 0; y < SIDE; y++)
        r.each[y] = (row){r.each[y][1], r.each[y][2], r.each[y][3], r.each[y][3]};
    return lanes_of(r.each[0], r.each[1], r.each[2], r.each[3]);
#endif
}

/* What lies above, where `top` has what is above the first row, in all of its rows. */
PX_INLINE px_lanes above_of(px_lanes v, px_lanes top) {
#if PX_LANES_AVX512
    return (px_lanes)_mm512_alignr_epi32((__m512i)v, (__m512i)top, SIZE - SIDE);
#elif PX_LANES_AVX2
    const halves h = halves_of(v);
    return lanes_of(_mm256_permute2x128_si256(halves_of(top).low, h.low, 0x20),
                    _mm256_permute2x128_si256(h.low, h.high, 0x21));
#else
    const rows r = rows_of(v);
    return lanes_of(rows_of(top).each[0], r.each[0], r.each[1], r.each[2]);
#endif
}

/* What lies below: in the last row, the position itself. */
PX_INLINE px_lanes below_of(px_lanes v) {
#if PX_LANES_AVX512
    return (px_lanes)_mm512_shuffle_i32x4((__m512i)v, (__m512i)v, 0xf9);
#elif PX_LANES_AVX2
    const halves h = halves_of(v);
    return lanes_of(_mm256_permute2x128_si256(h.low, h.high, 0x21),
                    _mm256_permute2x128_si256(h.high, h.high, 0x11));
#else
    const rows r = rows_of(v);
    return lanes_of(r.each[1], r.each[2], r.each[3], r.each[3]);
#endif
}

/* The first row, four times. */
PX_INLINE px_lanes top_of(px_lanes v) {
#if PX_LANES_AVX512
    return (px_lanes)_mm512_shuffle_i32x4((__m512i)v, (__m512i)v, 0);
#elif PX_LANES_AVX2
    const __m256i top = _mm256_permute2x128_si256(halves_of(v).low, halves_of(v).low, 0);
    return lanes_of(top, top);
#else
    const row top = rows_of(v).each[0];
    return lanes_of(top, top, top, top);
#endif
}

/* `first` in the first column, v in the others. */
PX_INLINE px_lanes with_first_column(px_lanes v, px_lanes first) {
#if PX_LANES_AVX512
    return (px_lanes)_mm512_mask_mov_epi32((__m512i)v, 0x1111, (__m512i)first);
#else
    const px_lanes column = {-1, 0, 0, 0, -1, 0, 0, 0, -1, 0, 0, 0, -1, 0, 0, 0};
    return (first & column) | (v & ~column);
#endif
}

/* 16 log2 as lanes_log2_16, 1 <= value < 2^24: what a float has of it. */
PX_INLINE px_lanes small_log2_16(px_lanes value) {
    enum { BELOW = 23 - 4, ZERO = 127 << 4 };
    typedef float float_lanes __attribute__((vector_size(4 * SIZE)));
    return ((px_lanes) __builtin_convertvector(value, float_lanes) >> BELOW) - ZERO;
}

PX_INLINE px_lanes low_halves(px_lanes couples) {
    return couples << 16 >> 16;
}

/* The 3 x 3 positions around each, in the order of taps. */
PX_INLINE void find_square(px_lanes square[PX_SQUARE_TAPS], px_lanes v) {
    const px_lanes above = above_of(v, top_of(v)), below = below_of(v);
    square[0] = v;
    square[1] = left_of(v);
    square[2] = above;
    square[3] = left_of(above);
    square[4] = right_of(above);
    square[5] = right_of(v);
    square[6] = below;
    square[7] = right_of(below);
    square[8] = left_of(below);
}

PX_INLINE px_lanes weigh_square(const px_lanes square[PX_SQUARE_TAPS], const int32_t *taps,
                                int32_t half) {
    px_lanes sums[3] = {lanes_all(half)};
    for (int t = 0; t < PX_SQUARE_TAPS; t++)
        sums[t % 3] = lanes_dot_pairs(sums[t % 3], square[t], lanes_all(taps[t]));
    return sums[0] + sums[1] + sums[2];
}

/* ---- From planes before ---------------------------------------------------------------------- */

/* A sum for P or E, in two halves that do not wait for each other. */
typedef struct mixed_sum {
    px_part halves[2][PX_PARTS];
} mixed_sum;

PX_INLINE px_lanes finish_sum(mixed_sum sum, int shift) {
    px_part parts[PX_PARTS];
    px_lanes lanes;
    for (int i = 0; i < PX_PARTS; i++)
        parts[i] =
            part_saturate((sum.halves[0][i] + sum.halves[1][i] + (1 << shift >> 1)) >> shift);
    memcpy(&lanes, parts, sizeof lanes);
    return lanes;
}

PX_INLINE void add_pair(px_part sum[PX_PARTS], const int32_t *pair, int32_t weights) {
    for (int i = 0; i < PX_PARTS; i++)
        sum[i] = part_dot_pairs(sum[i], part_load(pair + i * PX_PART_LANES), part_all(weights));
}

/* Couples of P and E. */
PX_INLINE px_lanes predict(const px_cell_plane *plane, const int32_t *weights, const int32_t *pairs,
                           size_t count) {
    mixed_sum samples = {{{{0}}}}, innovations = {{{{0}}}};
    for (size_t m = 0; m < count; m += 2, weights += 4, pairs += 4 * SIZE)
        for (int i = 0; i < 2; i++) {
            add_pair(samples.halves[i], pairs + 2 * i * SIZE, weights[2 * i]);
            add_pair(innovations.halves[i], pairs + (2 * i + 1) * SIZE, weights[2 * i + 1]);
        }
    return (finish_sum(samples, plane->sample_shift) & 0xffff) |
           finish_sum(innovations, plane->innovation_shift) << 16;
}

PX_INLINE void keep(int32_t *pair, px_lanes values, size_t k) {
    lanes_store(pair, k % 2 ? (lanes_load(pair) & 0xffff) | values << 16 : values & 0xffff);
}

/* ---- Samples --------------------------------------------------------------------------------- */

/* What is known before the samples: pads above in four columns, and how far those on the left have
 * moved from the sample above. */
typedef struct known {
    int32_t sums[SIZE], scales[SIZE], top[SIZE], moved[SIZE];
} known;

typedef struct decoded {
    int32_t samples[SIZE], errors[SIZE];
} decoded;

typedef struct reader {
    uint32_t states[2];
    const uint16_t *words;
} reader;

PX_INLINE int32_t limited(int32_t value, int32_t low, int32_t high) {
    value = value > low ? value : low;
    return value < high ? value : high;
}

/* 16 log2, as lanes_log2_16; value >= 1. */
PX_INLINE int32_t log2_16(uint32_t value) {
    const int zeros = __builtin_clz(value);
    return (30 - zeros) * 16 + (int32_t)(value << zeros >> 27);
}

/* Sixteen times the digit at a mean with this fraction. */
PX_INLINE int32_t read_digit(px_rans_reader *in, const px_ladders *ladders, int table,
                             int32_t fraction) {
    const uint32_t slot = px_rans_slot(in, PX_PROBABILITY_BITS);
    int32_t digit = (ladders->from[table][slot >> PX_LADDER_BITS] + fraction + 8) & ~15;
    const uint16_t *range = ladders->slots + (ladders->zero[table] + digit - fraction - 8);
    while (__builtin_expect(range[16] <= slot, 0)) {
        range += 16;
        digit += 16;
    }
    px_rans_skip(in, slot - range[0], (uint32_t)range[16] - range[0], PX_PROBABILITY_BITS);
    return digit;
}

static __attribute__((noinline)) int32_t escaped(int32_t digit, px_rans_reader *in) {
    const int32_t beyond = 16 * read_escape(in);
    return digit < 0 ? digit - beyond : digit + beyond;
}

/* A class beyond the tables. */
static __attribute__((noinline)) int32_t read_large(px_rans_reader *in, const px_ladders *ladders,
                                                    int32_t mean, int class) {
    const int low_bits = (class - (PX_SHAPE_CLASSES - 4)) >> 2;
    const int table = (class & 3) | (PX_SHAPE_CLASSES - 4);
    const int32_t coarse = ((mean + 8) >> low_bits) - 8;
    int32_t digit = read_digit(in, ladders, table, coarse & 15);
    const uint32_t low = read_raw(in, low_bits);
    if (digit == ladders->last[table] || digit == -ladders->last[table])
        digit = escaped(digit, in);
    return (int16_t)(((coarse + digit) >> PX_MEAN_BITS) * (1 << low_bits) | (int32_t)low);
}

PX_INLINE int32_t read_sample(px_rans_reader *in, const px_ladders *ladders, int32_t mean,
                              int class) {
    if (__builtin_expect(class >= PX_SHAPE_CLASSES, 0))
        return read_large(in, ladders, mean, class);
    int32_t digit = read_digit(in, ladders, class, mean & 15);
    if (__builtin_expect(digit == ladders->last[class] || digit == -ladders->last[class], 0))
        digit = escaped(digit, in);
    return (int16_t)((mean + digit) >> PX_MEAN_BITS);
}

/* Samples in their order, each with its place in rows of pads and samples. */
static const uint8_t order_y[SIZE] = {0, 0, 0, 1, 0, 1, 1, 2, 1, 2, 2, 3, 2, 3, 3, 3};
static const uint8_t order_x[SIZE] = {0, 1, 2, 0, 3, 1, 2, 0, 3, 1, 2, 0, 3, 1, 2, 3};

enum { PADS = 2, WIDTH = PADS + SIDE + 1 };

PX_INLINE void read_samples(decoded *to, const px_cell_plane *p, const px_ladders *ladders,
                            const known *before, reader *in) {
    const int shift = p->fraction + PX_TAP_BITS - PX_MEAN_BITS;
    const int32_t *taps = p->taps_own;
    int32_t x[(PADS + SIDE) * WIDTH], e[(1 + SIDE) * WIDTH];
    px_rans_reader states[2] = {{in->states[0], in->words}, {in->states[1], in->words}};
    for (int i = 0; i < WIDTH; i++) {
        x[i] = x[WIDTH + i] = before->top[limited(i - PADS, 0, SIDE - 1)];
        e[i] = p->start_error;
    }
#pragma GCC unroll 16
    for (int i = 0; i < SIZE; i++) {
        const int y = order_y[i], column = order_x[i], place = y * SIDE + column;
        int32_t *v = x + (y + PADS) * WIDTH + PADS + column;
        int32_t *error = e + (y + 1) * WIDTH + PADS + column;
        if (column == 0) {
            v[-1] = v[-2] = limited(v[-WIDTH] + before->moved[place], INT16_MIN, INT16_MAX);
            error[-1] = error[-WIDTH];
        }
        int32_t sum = v[-WIDTH] * taps[1] + v[-WIDTH - 1] * taps[2] + v[-2] * taps[4] +
                      v[-2 * WIDTH] * taps[5] + before->sums[place];
        sum += v[-WIDTH + 1] * taps[3] + v[-1] * taps[0];
        const int32_t mean = (sum >> shift) + p->bias;
        const uint32_t around = 2u * (uint32_t)(error[-1] + error[-WIDTH]) +
                                (uint32_t)(error[-WIDTH - 1] + error[-WIDTH + 1]);
        const int32_t scale =
            (before->scales[place] + ((log2_16(around + 6) * p->scale_error) >> 4)) >> 6;
        px_rans_reader *from = &states[i % 2];
        from->words = states[(i + 1) % 2].words;
        *v = read_sample(from, ladders, mean, limited(scale, 0, PX_SCALE_CLASSES - 1));
        const int32_t more = *v * (1 << PX_MEAN_BITS) - mean;
        const int32_t distance = more < 0 ? -more : more;
        *error = distance < UINT16_MAX ? distance : UINT16_MAX;
        to->samples[place] = *v;
        to->errors[place] = *error;
        if (column + 1 == SIDE) {
            v[1] = *v;
            error[1] = *error;
        }
    }
    in->states[0] = states[0].state;
    in->states[1] = states[1].state;
    in->words = states[1].words;
}

/* ---- A plane --------------------------------------------------------------------------------- */

/* What is known of the innovations before the samples are: the sum on P. */
PX_INLINE void find_known(known *k, px_lanes *innovation_sum, const px_cell_plane *p,
                          px_lanes mixed, px_lanes running) {
    const int shift = p->fraction + PX_TAP_BITS - PX_MEAN_BITS;
    px_lanes square[PX_SQUARE_TAPS], blur = {0};
    find_square(square, mixed);
    lanes_store(k->sums, weigh_square(square, p->taps_mixed, 1 << (shift - 1)));
    *innovation_sum = weigh_square(square, p->taps_innovation, 1 << (PX_TAP_BITS - 1));
    lanes_store(k->moved, (low_halves(mixed) - low_halves(square[2])) >> p->fraction);
    lanes_store(k->top, low_halves(top_of(mixed)) >> p->fraction);
    const px_lanes column = running + left_of(running) + right_of(running);
    blur = low_halves(column + above_of(column, top_of(column)) + below_of(column));
    px_lanes before = low_halves((running * (8 * p->scale_running) + blur * p->scale_blur) >> 8);
    lanes_store(k->scales, before + (16 * p->scale_offset + 32));
}

PX_INLINE px_lanes innovate(const px_cell_plane *p, const known *k, px_lanes sum, px_lanes x) {
    const px_lanes top = lanes_load(k->top), north = above_of(x, top);
    const px_lanes pad = lanes_clamp(north + lanes_load(k->moved), INT16_MIN, INT16_MAX);
    const px_lanes west = with_first_column(left_of(x), pad);
    const px_lanes own = west * p->innovation_own[0] + north * p->innovation_own[1] +
                         above_of(west, left_of(top)) * p->innovation_own[2] +
                         above_of(right_of(x), right_of(top)) * p->innovation_own[3];
    sum = (sum + (own << p->fraction)) >> PX_TAP_BITS;
    return lanes_clamp((x << p->fraction) - sum, INT16_MIN, INT16_MAX);
}

/* The running mean, rounded as px_wave_kernels.run has it. */
PX_INLINE px_lanes run(px_lanes running, px_lanes logs, int32_t average, int32_t rate) {
    const px_lanes difference = low_halves(logs * 16 - average - running);
    return low_halves(running + ((difference * rate + (1 << 14)) >> 15));
}

static void decode(px_cell *cell, size_t planes, px_rans_stream *stream) {
    const int32_t *weights = cell->weights;
    reader in = {{stream->states[0], stream->states[1]}, stream->words};
    px_lanes running = {0};
    for (size_t k = 0; k < planes; k++) {
        const px_cell_plane *plane = &cell->each[k];
        const size_t pairs = cell->mixes ? px_cell_pairs(k) : 0;
        int32_t *pair = cell->pairs + k / 2 * 2 * SIZE;
        px_lanes x = {0}, innovations = {0};
        if (!plane->constant) {
            known before;
            decoded found;
            px_lanes sum;
            find_known(&before, &sum, plane, predict(plane, weights, cell->pairs, pairs), running);
            read_samples(&found, plane, cell->ladders, &before, &in);
            /* One word behind the end: to stop there is to have read too far. */
            in.words = in.words <= stream->end ? in.words : stream->end + 1;
            x = lanes_load(found.samples);
            innovations = innovate(plane, &before, sum, x);
            running = run(running, small_log2_16(lanes_load(found.errors) + 1), plane->average,
                          plane->rate);
        }
        keep(pair, x, k);
        keep(pair + SIZE, innovations, k);
        weights += 2 * pairs;
        x += plane->mean;
        lanes_store_i16(cell->samples + k * SIZE, cell->depth == 8 ? x << 24 >> 24 : x);
    }
    stream->states[0] = in.states[0];
    stream->states[1] = in.states[1];
    stream->words = in.words;
    stream->failed |= in.words > stream->end;
}

const px_cell_kernels PX_KERNEL_TABLE(px_cell_kernels) = {.decode = decode};
