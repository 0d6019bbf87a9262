/*
 * The wavefront with blended means: experts predict a sample, each counts by how little it erred
 * nearby, and how far they disagree says how uncertain the blend is. docs/format-frames.md.
 *
 * Errors nearby are sums that decay from sample to sample along the row, and from row to row along
 * the column: a large neighbourhood for a few operations. Two experts share a lane.
 *
 * Blending by recent errors after T. Seemann and P. Tischer, "Generalized locally adaptive DPCM",
 * 1997, and B. Meyer and P. Tischer, "TMW - a new method for lossless image compression", 1997.
 */
#include "coders/ans/frames/blend_kernels.h"

#include "coders/ans/frames/blend_lanes.h"
#include "coders/ans/lsq/wave_lanes.h"
#include "simd/lanes_float.h"

enum { OWN_CHAIN = 0, FIRST_CHAIN = 1, CHAINS = 1 + PX_BLEND_PAIRS };

/* Energies: of the blend in the low half of chain 0, of two experts in each of the others. `row`
 * decays along the row, up to west; the others along columns of the row above. */
typedef struct blend_front {
    wave_front wave;
    px_lanes row[CHAINS], north[CHAINS], north_east[CHAINS];
    px_lanes last[CHAINS];   /* what the columns of the step before came to */
    px_lanes around[CHAINS]; /* all of them */
    px_lanes west_references;
    int chains;
} blend_front;

/* Vectors of sixteen steps, and those that encoding needs besides. */
typedef struct blend_block {
    wave_block wave;
    px_lanes references[BLOCK], north_references[BLOCK];
    px_lanes samples[BLOCK];
} blend_block;

typedef struct blended {
    px_lanes means[PX_BLEND_EXPERTS];
    px_lanes mean;
    px_lanes spread, energy; /* logarithms: of the experts' variance, of errors of blends nearby */
} blended;

/* v (1/2 + 1/8) in both halves of a lane. */
PX_INLINE px_lanes decayed(px_lanes v) {
    return (lanes_shift_right_unsigned(v, 1) & 0x7fff7fff) +
           (lanes_shift_right_unsigned(v, 3) & 0x1fff1fff);
}

PX_INLINE px_lanes halved(px_lanes v) {
    return lanes_shift_right_unsigned(v, 1) & 0x7fff7fff;
}

PX_INLINE px_lanes high_of(px_lanes couples) {
    return couples >> 16;
}

/* ---- Experts --------------------------------------------------------------------------------- */

PX_INLINE void predict_alone(px_lanes *p, const wave_front *f, const wave_view *v) {
    const px_lanes w = samples_of(f->west), n = samples_of(f->north);
    const px_lanes nw = samples_of(f->north_west), ne = samples_of(v->north_east);
    p[1] = w << 4;
    p[2] = n << 4;
    p[3] = ne << 4;
    p[4] = (w + n - nw) << 4;
    p[5] = (2 * n - samples_of(v->north_north)) << 4;
    p[6] = (2 * w - samples_of(f->west_west)) << 4;
    p[7] = (w << 4) + ((ne - nw) << 3);
}

PX_INLINE void predict_from_references(px_lanes *p, const blend_front *f, px_lanes references,
                                       px_lanes north_references, int experts) {
    const px_lanes w = samples_of(f->wave.west), n = samples_of(f->wave.north);
    const px_lanes a = samples_of(references), aw = samples_of(f->west_references);
    const px_lanes an = samples_of(north_references);
    p[8] = a << 4;
    p[9] = (a << 4) + ((w - aw + n - an) << 3);
    p[10] = (a + w - aw) << 4;
    p[11] = (a + n - an) << 4;
    if (experts == PX_EXPERTS_ONE)
        return;
    const px_lanes b = high_of(references), bw = high_of(f->west_references);
    p[12] = b << 4;
    p[13] = (2 * a - b) << 4;
    p[14] = (a + b) << 3;
    p[15] = (w << 4) + ((a + b - aw - bw) << 3);
}

/* ---- Blending -------------------------------------------------------------------------------- */

/* Scores of experts are logarithms of their weights. */
PX_INLINE void blend_means(blended *b, const blend_front *f, const px_blend *blend) {
    const int32_t floor = (16 >> blend->error_shift) + 1;
    px_lanes scores[PX_BLEND_EXPERTS], best = lanes_all(INT32_MIN);
    for (int e = 0; e < blend->experts; e++) {
        px_lanes pair = f->around[FIRST_CHAIN + e / 2];
        px_lanes energy = e % 2 ? lanes_shift_right_unsigned(pair, 16) : pair & 0xffff;
        px_lanes log = lanes_log2_256(energy + floor);
        scores[e] = blend->gates[e] - ((log * blend->power) >> PX_BLEND_POWER_BITS);
        best = lanes_max(best, scores[e]);
    }
    px_lanes sum = {0}, total = {0};
    for (int e = 0; e < blend->experts; e++) {
        scores[e] = weight_of(best - scores[e]);
        total += scores[e];
        sum += scores[e] * lanes_clamp(b->means[e] - b->means[0], -32767, 32767);
    }
    px_lanes quotient = lanes_divide_unsigned(sum + (total << 15), total) - (1 << 15);
    px_lanes squares = {0}, weights = {0};
    for (int e = 0; e < blend->experts; e++) {
        px_lanes apart = lanes_abs(b->means[e] - b->means[0] - quotient);
        px_lanes weight = scores[e] >> (WEIGHT_BITS - SPREAD_BITS);
        apart = lanes_min(apart, lanes_all(MOST_SPREAD));
        squares += weight * (apart * apart);
        weights += weight;
    }
    b->mean = b->means[0] + quotient;
    b->spread = lanes_log2_16(squares + SPREAD_FLOOR * weights) - lanes_log2_16(weights);
}

PX_INLINE void blend_step(blended *b, const blend_front *f, const px_wave *w,
                          const blend_block *block, int s, const wave_view *v) {
    const px_blend *blend = w->blend;
    b->means[0] = wave_mean(&f->wave, w, block->wave.sums[s], v->north_east, v->north_north);
    predict_alone(b->means, &f->wave, v);
    if (blend->experts > PX_EXPERTS_ALONE)
        predict_from_references(b->means, f, block->references[s], block->north_references[s],
                                blend->experts);
    blend_means(b, f, blend);
    b->energy = lanes_log2_16((f->around[OWN_CHAIN] & 0xffff) + ENERGY_FLOOR);
}

/* ---- The front ------------------------------------------------------------------------------- */

/* Energies above the plane are what its start error says. */
static void blend_begin(blend_front *f, const px_wave *w) {
    const px_blend *blend = w->blend;
    int32_t start = w->start_error >> blend->error_shift;
    start = 2 * (start < PX_BLEND_ERROR ? start : PX_BLEND_ERROR);
    memset(f, 0, sizeof *f);
    f->wave.place = place_at(px_wave_period(w->width), 0);
    f->chains = 1 + blend->experts / 2;
    edge_begin(w);
    f->wave.pad[PX_WAVE_LANES - 1] = w->edge[0];
    for (int c = 0; c < f->chains; c++) {
        f->last[c] = f->north_east[c] = lanes_all(px_couple(start, start));
        for (size_t x = 0; x < w->width; x++)
            blend->edge[(size_t)c * w->width + x] = px_couple(start, start);
    }
}

/* Beyond the ends of a row, energies are those nearest; but beyond the last column of the row above
 * comes the first one of the lane's next row, which is kept for the next step. */
PX_INLINE void blend_look(blend_front *f, const px_wave *w, px_lanes references) {
    const wave_place *place = &f->wave.place;
    const int32_t width = (int32_t)w->width, next = place->column[0] + 1;
    const int32_t at = next < width ? next : next < (int32_t)place->period ? width - 1 : 0;
    const px_mask begins = lanes_equal(place->column, (px_lanes){0});
    const px_mask ends = lanes_equal(place->column, lanes_all(width - 1));
    f->west_references = lanes_select(begins, references, f->west_references);
    for (int c = 0; c < f->chains; c++) {
        const px_lanes north_west = f->north[c], north = f->north_east[c];
        f->north[c] = north;
        f->north_east[c] = lanes_move_up(f->last[c], w->blend->edge[c * width + at]);
        f->row[c] = lanes_select(begins, north, f->row[c]);
        f->around[c] = f->row[c] + halved(lanes_select(begins, north, north_west)) + north +
                       lanes_select(ends, north, f->north_east[c]);
    }
}

PX_INLINE px_lanes blend_error(const px_wave *w, px_lanes error) {
    return lanes_min(error >> w->blend->error_shift, lanes_all(PX_BLEND_ERROR));
}

PX_INLINE px_lanes expert_error(const px_wave *w, const blended *b, int e, px_lanes sample) {
    return blend_error(w, lanes_abs((sample << PX_MEAN_BITS) - b->means[e]));
}

PX_INLINE void blend_advance(blend_front *f, const px_wave *w, const blended *b, const wave_view *v,
                             px_lanes couples, px_lanes references) {
    const px_lanes sample = samples_of(couples);
    const int32_t x = f->wave.place.column[PX_WAVE_LANES - 1];
    const bool keeps = x >= 0 && x < (int32_t)w->width;
    for (int c = 0; c < f->chains; c++) {
        px_lanes errors = c == OWN_CHAIN ? blend_error(w, errors_of(couples))
                                         : expert_error(w, b, 2 * c - 2, sample) |
                                               expert_error(w, b, 2 * c - 1, sample) << 16;
        f->row[c] = errors + decayed(f->row[c]);
        f->last[c] = errors + decayed(f->north[c]);
        if (keeps)
            w->blend->edge[(size_t)c * w->width + (size_t)x] = f->last[c][PX_WAVE_LANES - 1];
    }
    f->west_references = references;
    wave_advance(&f->wave, v, couples);
}

PX_INLINE void blend_prepare(blend_block *block, const px_wave *w, const wave_rows *rows,
                             bool with_samples) {
    block_prepare(&block->wave, w, rows);
    for (int i = 0; i < PX_WAVE_LANES; i++) {
        block->references[i] = block->north_references[i] = block->samples[i] = (px_lanes){0};
        for (int turn = 0; turn < 2; turn++) {
            lane_part part = part_of(rows, i, turn);
            if (!part_in_plane(w, part))
                continue;
            px_mask inside = columns_inside(w, part);
            const ptrdiff_t mixed_stride = (ptrdiff_t)w->mixed_stride;
            const ptrdiff_t at = (ptrdiff_t)(part.row * w->stride) + part.column;
            const int32_t *mixed = w->mixed + (ptrdiff_t)part.row * mixed_stride + part.column;
            block->references[i] = lanes_select(inside, lanes_load(mixed), block->references[i]);
            block->north_references[i] =
                lanes_select(inside, lanes_load(mixed - mixed_stride), block->north_references[i]);
            if (with_samples)
                block->samples[i] =
                    lanes_select(inside, lanes_load_i16(w->samples + at), block->samples[i]);
        }
    }
    lanes_transpose(block->references);
    lanes_transpose(block->north_references);
    if (with_samples)
        lanes_transpose(block->samples);
}

/* ---- Decoding -------------------------------------------------------------------------------- */

/* What errors nearby and the experts' spread add to the scale. */
PX_INLINE px_lanes blend_near(const px_wave *w, px_lanes around, px_lanes spread, px_lanes energy) {
    px_lanes sum =
        around * w->scale_error + spread * w->blend->scale_spread + energy * w->blend->scale_energy;
    return lanes_clamp(sum >> 4, INT16_MIN, INT16_MAX);
}

/* Rows that the watch has been told of. */
typedef struct watched_rows {
    size_t before, after;
} watched_rows;

/* Rows that all lanes are through with, before a step. */
static size_t rows_behind(const px_wave *w, size_t step) {
    const size_t through = PX_WAVE_LAG * (PX_WAVE_LANES - 1) + w->width;
    const size_t rounds = step < through ? 0 : (step - through) / px_wave_period(w->width) + 1;
    return rounds * PX_WAVE_LANES < w->height ? rounds * PX_WAVE_LANES : w->height;
}

/* Rows that are looked at in the steps of a block: those of its last round, and one below. */
static size_t rows_ahead(const px_wave *w, size_t step) {
    const size_t round = (step + BLOCK - 1) / px_wave_period(w->width);
    const size_t rows = (round + 1) * PX_WAVE_LANES + 1;
    return rows < w->height ? rows : w->height;
}

/* Before a block of steps. */
static bool tell_watch(const px_wave *w, watched_rows *told, size_t step) {
    const px_row_watch *watch = w->watch;
    if (!watch)
        return true;
    const size_t behind = rows_behind(w, step), ahead = rows_ahead(w, step);
    if (behind > told->after)
        watch->after(watch->context, told->after = behind);
    return ahead <= told->before || watch->before(watch->context, told->before = ahead);
}

static void blend_decode(const px_wave *w, px_rans_stream *stream) {
    const size_t period = px_wave_period(w->width), steps = px_wave_steps(w->height, w->width);
    /* One word behind the end: to stop there is to have read too far. */
    const uint16_t *words = stream->words, *end = stream->end + 1;
    blend_front front;
    wave_rows rows = rows_at(period, 0);
    watched_rows told = {0, 0};
    bool goes_on = tell_watch(w, &told, 0);
    if (goes_on)
        blend_begin(&front, w);
    front.wave.states = lanes_load(stream->states);
    for (size_t step = 0; step < steps; step += BLOCK, rows_forward(&rows)) {
        blend_block block;
        px_lanes couples[BLOCK];
        goes_on = goes_on && tell_watch(w, &told, step);
        if (!goes_on)
            break;
        blend_prepare(&block, w, &rows, false);
        for (int s = 0; s < BLOCK; s++) {
            blended b;
            const wave_view v = wave_look(&front.wave, w);
            blend_look(&front, w, block.references[s]);
            blend_step(&b, &front, w, &block, s, &v);
            px_lanes around = wave_around(&front.wave, v.north_east);
            px_lanes class =
                scale_class(block.wave.scales[s], blend_near(w, around, b.spread, b.energy), 16);
            couples[s] = wave_decode_sample(&front.wave, w, b.mean, class, v.active, &words);
            words = words < end ? words : end;
            blend_advance(&front, w, &b, &v, couples[s], block.references[s]);
        }
        block_finish(couples, w, &rows);
    }
    lanes_store(stream->states, front.wave.states);
    stream->words = words;
    stream->failed |= words > stream->end || !goes_on;
    if (w->watch && !stream->failed)
        w->watch->after(w->watch->context, w->height);
}

/* ---- Encoding -------------------------------------------------------------------------------- */

static void dump_step(px_blend_dump *dump, const blend_front *f, const blended *b, px_lanes samples,
                      px_mask active) {
    int32_t *to = dump->next;
    for (int e = 0; e < PX_BLEND_EXPERTS; e++, to += PX_LANES)
        lanes_store(to, b->means[e]);
    for (int c = FIRST_CHAIN; c < CHAINS; c++, to += PX_LANES)
        lanes_store(to, f->around[c]);
    lanes_store(to, samples);
    lanes_store(to + PX_LANES, lanes_where(active, lanes_all(1)));
    dump->next = to + 2 * PX_LANES;
}

/* Sixteen steps of integers back to rows. */
PX_INLINE void block_to_rows(px_lanes columns[BLOCK], int32_t *plane, const px_wave *w,
                             const wave_rows *rows) {
    lanes_transpose(columns);
    for (int i = 0; i < PX_WAVE_LANES; i++)
        for (int turn = 0; turn < 2; turn++) {
            lane_part part = part_of(rows, i, turn);
            if (!part_in_plane(w, part))
                continue;
            ptrdiff_t at = (ptrdiff_t)(part.row * w->stride) + part.column;
            lanes_store_where(columns_inside(w, part), plane + at, columns[i]);
        }
}

static void blend_analyse(const px_wave *w, int32_t *means, int32_t *near, px_blend_dump *dump) {
    const size_t period = px_wave_period(w->width), steps = px_wave_steps(w->height, w->width);
    blend_front front;
    wave_rows rows = rows_at(period, 0);
    blend_begin(&front, w);
    for (size_t step = 0; step < steps; step += BLOCK, rows_forward(&rows)) {
        blend_block block;
        px_lanes mean_columns[BLOCK], near_columns[BLOCK];
        blend_prepare(&block, w, &rows, true);
        for (int s = 0; s < BLOCK; s++) {
            blended b;
            const wave_view v = wave_look(&front.wave, w);
            blend_look(&front, w, block.references[s]);
            blend_step(&b, &front, w, &block, s, &v);
            if (dump && (step + (size_t)s) % dump->every == 0)
                dump_step(dump, &front, &b, block.samples[s], v.active);
            mean_columns[s] = b.mean;
            near_columns[s] = b.energy << 16 | (b.spread & 0xffff);
            px_lanes couples = couple_of(block.samples[s], b.mean);
            blend_advance(&front, w, &b, &v, couples, block.references[s]);
            block.samples[s] = couples;
        }
        block_to_rows(mean_columns, means, w, &rows);
        block_to_rows(near_columns, near, w, &rows);
        block_finish(block.samples, w, &rows);
    }
}

/* ---- Fits ------------------------------------------------------------------------------------ */

/* The equations of fit_blend.c. Floats, but the same in every set: no fused operations. */

/* Energies of expert e from a step of a dump. */
PX_INLINE px_float_part dumped_energy(const int32_t *dump, int e) {
    const px_part pair = part_load(dump + (size_t)(PX_BLEND_EXPERTS + e / 2) * PX_LANES);
    return float_part_of((e % 2 ? pair >> 16 : pair) & 0xffff);
}

PX_INLINE void slopes_of_part(float *rows, size_t length, const int32_t *dump,
                              const px_blend_scores *s) {
    px_float_part means[PX_BLEND_EXPERTS], logs[PX_BLEND_EXPERTS], shares[PX_BLEND_EXPERTS];
    px_float_part best = float_part_all(-1e9f), least = float_part_all(-1e9f);
    for (int e = 0; e < s->experts; e++) {
        const px_float_part energy = dumped_energy(dump, e);
        means[e] = float_part_of(part_load(dump + (size_t)e * PX_LANES));
        logs[e] = float_part_log2(energy + s->floor);
        shares[e] = s->gates[e] - s->power * logs[e];
        best = float_part_max(best, shares[e]);
        least = float_part_max(least, -energy);
    }
    px_float_part sum = {0}, mean = {0};
    for (int e = 0; e < s->experts; e++) {
        shares[e] = float_part_exp2(shares[e] - best);
        sum += shares[e];
        mean += shares[e] * means[e];
    }
    const int32_t *samples = dump + (size_t)(PX_BLEND_EXPERTS + PX_BLEND_PAIRS) * PX_LANES;
    const px_float_part one = float_part_of(part_load(samples + PX_LANES));
    const px_float_part inverse = 1 / sum;
    mean *= inverse;
    const px_float_part rest = float_part_of(part_load(samples) * (1 << PX_MEAN_BITS)) - mean;
    const px_float_part error = 5 - least * s->unit;
    const px_float_part weight =
        one * float_part_inverse_root(error * error + s->outliers * rest * rest);
    const px_float_part scale = weight * inverse * 0.69314718f;
    px_float_part power = {0};
    for (int e = 0; e < s->experts; e++) {
        const px_float_part slope = scale * shares[e] * (means[e] - mean);
        power -= slope * logs[e];
        float_part_store(rows + (size_t)e * length, slope);
    }
    float_part_store(rows + (size_t)PX_BLEND_EXPERTS * length, power);
    float_part_store(rows + (size_t)(PX_BLEND_EXPERTS + 1) * length, weight * rest);
}

static void blend_slopes(float *rows, size_t length, const int32_t *dump, size_t steps,
                         const px_blend_scores *scores) {
    for (size_t i = 0; i < steps; i++, dump += PX_BLEND_DUMP * PX_LANES)
        for (size_t p = 0; p < PX_LANES; p += PX_PART_LANES)
            slopes_of_part(rows + i * PX_LANES + p, length, dump + p, scores);
}

const px_blend_kernels PX_KERNEL_TABLE(px_blend_kernels) = {
    .decode = blend_decode,
    .analyse = blend_analyse,
    .slopes = blend_slopes,
};
