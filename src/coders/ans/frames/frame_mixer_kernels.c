/*
 * Mixed frames, sample by sample: the experts of blend_lanes.h fill the lanes, a small least
 * squares that follows the samples corrects their blend, another one says how far off it may be,
 * and the sample is coded by the decisions of adaptive/mixer_lanes.h. docs/format-frames.md,
 * "Method 6".
 *
 * Against the wavefront, a sample waits for the one before it; but each decision may learn from all
 * that came before, and what the experts disagree about is mixed as probabilities.
 */
#include "coders/ans/frames/frame_mixer_kernels.h"

#include <stdlib.h>

#include "coders/ans/adaptive/fit_lanes.h"
#include "coders/ans/adaptive/mixer_lanes.h"
#include "coders/ans/frames/blend_lanes.h"
#include "coders/ans/frames/frame_window_lanes.h"
#include "coders/ans/lsq/row_lanes.h"

enum {
    FRAME_STACK_MEMORY = 10, /* moments decay by 2^-10 a sample */
    FRAME_SCALE_MEMORY = 13,
    FRAME_CLOSE_MEMORY = 15,
    FRAME_CLOSE_TAPS = 10,
    FRAME_CLOSE_RIDGE = 3,       /* a ridge's share, as a shift */
    FRAME_SOLVE_EVERY = 16,      /* columns */
    FRAME_USUAL_LOG = 1536,      /* what `running` is less */
    FRAME_SCALE_RIDGE = 1 << 20, /* in the unit of moments */
    FRAME_SCALE_LIMIT = 1 << 14, /* of what the fit says of a scale */
    FRAME_SCALE_OFFSET = 512,    /* from the log of the mean error to that of the scale */
    FRAME_WINDOWED = 3,          /* the expert that gives way to the window's */
    FRAME_CLOSE = 6,             /* and that which does to the neighbours' */
    FRAME_CLOSE_STACKED = 4,     /* where the stack has no room for it */
    FRAME_INVERSE_LEAST = 4033   /* of logs of widths: 0.06 */
};

typedef struct frame_place {
    size_t x, y;
    const int16_t *sample;
    px_lanes means, energies; /* of the experts, 4 fractional bits; around the sample */
    int32_t *errors, *errors_above;
} frame_place;

/* Sums that decay along the row, and those of the column before, above. */
typedef struct frame_front {
    px_lanes row, north_west;
} frame_front;

/* What is known of a sample before it is coded. */
typedef struct frame_forecast {
    int32_t blend, spread; /* 4 fractional bits; log of the experts' variance, 10 bits */
    int best;              /* the expert that counts most */
    int32_t means[PX_EXPERTS];
    int stack_taps;
    int32_t stack_values[16], scale_values[16]; /* inputs of the fits, then their targets */
    int32_t close_values[16], close_base;       /* of the fit of neighbours */
    int32_t scale_log, base_log;                /* logs of the scale, of errors nearby */
    int texture;
} frame_forecast;

/* ---- Experts ---- */

/* All of them; those that the frame does not have get no weight. */
PX_INLINE px_lanes frame_experts(const px_frame_mixer *m, const frame_place *at) {
    const px_wave *w = m->wave;
    const ptrdiff_t stride = (ptrdiff_t)w->stride;
    const int16_t *s = at->sample;
    const int32_t *taps = w->taps_own;
    const int32_t W = s[-1], N = s[-stride], NW = s[-stride - 1], NE = s[-stride + 1], WW = s[-2],
                  NN = s[-2 * stride];
    const int32_t own =
        W * taps[0] + N * taps[1] + NW * taps[2] + NE * taps[3] + WW * taps[4] + NN * taps[5];
    const int32_t *r = w->mixed + at->y * w->mixed_stride + at->x;
    const int32_t a = px_couple_low(r[0]), b = px_couple_high(r[0]);
    const int32_t aw = px_couple_low(r[-1]), bw = px_couple_high(r[-1]);
    const int32_t an = px_couple_low(r[-(ptrdiff_t)w->mixed_stride]);
    const int32_t fitted = ((m->sums[at->x] + own) >> (PX_TAP_BITS - PX_MEAN_BITS)) + w->bias;
    return (px_lanes){fitted,
                      W * 16,
                      N * 16,
                      NE * 16,
                      (W + N - NW) * 16,
                      (2 * N - NN) * 16,
                      (2 * W - WW) * 16,
                      W * 16 + (NE - NW) * 8,
                      a * 16,
                      a * 16 + (W - aw + N - an) * 8,
                      (a + W - aw) * 16,
                      (a + N - an) * 16,
                      b * 16,
                      (2 * a - b) * 16,
                      (a + b) * 8,
                      W * 16 + (a + b - aw - bw) * 8};
}

PX_INLINE int32_t frame_largest(px_lanes v) {
#if PX_LANES_AVX512
    return _mm512_reduce_max_epi32((__m512i)v);
#else
    int32_t most = v[0];
    for (int i = 1; i < PX_LANES; i++)
        most = v[i] > most ? v[i] : most;
    return most;
#endif
}

/* Logarithms of weights; next to nothing for experts that are not there. */
PX_INLINE px_lanes frame_scores(const px_blend *blend, px_lanes energies) {
    const px_lanes numbers = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    px_lanes log = lanes_log2_256(energies + ((16 >> blend->error_shift) + 1));
    px_lanes scores = lanes_load(blend->gates) - ((log * blend->power) >> PX_BLEND_POWER_BITS);
    px_lanes there = numbers < blend->experts;
    return (scores & there) | (lanes_all(-(1 << 24)) & ~there);
}

PX_INLINE void frame_blend(const px_blend *blend, const frame_place *at, frame_forecast *f) {
    px_lanes scores = frame_scores(blend, at->energies);
    const int32_t best = frame_largest(scores), first = at->means[0];
    px_lanes weights = weight_of(best - scores);
    const uint32_t total = (uint32_t)lanes_sum(weights);
    const uint32_t sum =
        (uint32_t)lanes_sum(weights * lanes_clamp(at->means - first, -32767, 32767));
    f->blend = first + (int32_t)((sum + (total << 15)) / total) - (1 << 15);
    px_lanes apart = lanes_min(lanes_abs(at->means - f->blend), lanes_all(MOST_SPREAD));
    px_lanes shares = weights >> (WEIGHT_BITS - SPREAD_BITS);
    const int32_t shared = lanes_sum(shares);
    const int32_t squares = lanes_sum(shares * (apart * apart)) + SPREAD_FLOOR * shared;
    f->spread = log2_of((uint32_t)squares) - log2_of((uint32_t)shared);
    for (f->best = 0; scores[f->best] != best;)
        f->best++;
}

/* ---- Means ---- */

/* 8 fractional bits, near the samples that there are. */
PX_INLINE int32_t frame_within(const px_frame_mixer *m, int32_t mean) {
    return mean_within(&m->decisions, mean);
}

PX_INLINE int32_t frame_mean_of(const px_frame_mixer *m, int32_t mean) {
    return mean * 16 + m->mean * 256;
}

/* How rough it is nearby, and in which direction. */
PX_INLINE int frame_texture(const px_frame_mixer *m, const int16_t *sample) {
    const int16_t *above = sample - m->wave->stride;
    const int32_t across = abs(sample[-1] - above[-1]), down = abs(above[0] - above[-1]);
    const int32_t activity = across + down + abs(above[0] - above[1]);
    return 2 * clamp32(log2_of((uint32_t)activity + 1) >> 10, 0, 7) + (across > down);
}

/* The window's mean takes the place of an expert's. */
static void frame_look_through_window(const px_frame_mixer *m, const frame_place *at,
                                      frame_forecast *f) {
    const int32_t centre = frame_mean_of(m, f->blend);
    window_look(m, at->y, at->x, at->sample, f->blend, m->past + window_place(m, at->y, at->x));
    f->means[FRAME_WINDOWED] = mean_within(&m->decisions, centre + window_predict(m, at->y, at->x));
    f->stack_values[f->stack_taps++] = fit_input(&m->decisions, f->means[FRAME_WINDOWED] - centre);
}

/* Cells: a fit of the neighbours themselves, which remembers more than that of the experts, takes
 * the place of the best expert. */
PX_INLINE void frame_look_closely(const px_frame_mixer *m, const frame_place *at,
                                  frame_forecast *f) {
    const px_wave *w = m->wave;
    const ptrdiff_t stride = (ptrdiff_t)w->stride, down = (ptrdiff_t)w->mixed_stride;
    const int16_t *s = at->sample;
    const int32_t *r = w->mixed + at->y * w->mixed_stride + at->x;
    const int32_t base = (s[-1] + s[-stride]) * 8, centre = frame_mean_of(m, base);
    const int32_t own[] = {s[-1], s[-stride - 1], s[-stride + 1], s[-2 * stride], s[-2]};
    const bool alone = w->blend->experts <= PX_EXPERTS_ALONE;
    const int32_t other[] = {px_couple_low(r[0]), px_couple_low(r[-1]), px_couple_low(r[1]),
                             px_couple_low(r[-down]), px_couple_low(r[down])};
    memset(f->close_values, 0, sizeof f->close_values);
    for (int i = 0; i < 5; i++)
        f->close_values[i] = fit_input(&m->decisions, (own[i] * 16 - base) * 16);
    for (int i = 0; i < 5 && !alone; i++)
        f->close_values[5 + i] = fit_input(&m->decisions, (other[i] * 16 - base) * 16);
    f->close_base = centre;
    f->means[FRAME_CLOSE] =
        frame_within(m, centre + fit_mean(&m->decisions, &m->close, f->close_values));
    const int tap = m->windowed ? FRAME_CLOSE_STACKED : f->stack_taps++;
    f->stack_values[tap] =
        fit_input(&m->decisions, f->means[FRAME_CLOSE] - frame_mean_of(m, f->blend));
}

PX_INLINE void frame_predict(const px_frame_mixer *m, const frame_place *at, frame_forecast *f) {
    static const int stacked[2][PX_FRAME_STACKED] = {{0, 1, 2, 4, 6}, {0, 4, 9, 14, 10}};
    const px_decisions *o = &m->decisions;
    const int *experts = stacked[m->wave->blend->experts > PX_EXPERTS_ALONE];
    const int32_t *e = at->errors, *a = at->errors_above;
    const int32_t around[] = {e[-1], a[0], a[-1], a[1]};
    const int32_t centre = frame_mean_of(m, f->blend);
    memset(f->stack_values, 0, sizeof f->stack_values);
    f->stack_taps = PX_STACK_TAPS;
    for (int i = 0; i < PX_FRAME_STACKED; i++) {
        const int32_t mean = at->means[experts[i]];
        f->stack_values[i] = fit_input(o, (mean - f->blend) * 16);
        f->means[1 + i] = frame_within(m, frame_mean_of(m, mean));
    }
    for (int i = 0; i < 4; i++)
        f->stack_values[PX_FRAME_STACKED + i] = fit_input(o, around[i]);
    if (m->windowed)
        frame_look_through_window(m, at, f);
    f->texture = frame_texture(m, at->sample);
    f->means[FRAME_CLOSE] = frame_within(m, frame_mean_of(m, at->means[f->best]));
    if (m->step > 1)
        frame_look_closely(m, at, f);
    f->means[0] = frame_within(m, centre + fit_mean(o, &m->stack[f->texture], f->stack_values));
    f->means[PX_EXPERT_BLEND] = frame_within(m, centre);
}

/* ---- Scale ---- */

PX_INLINE int32_t frame_log_of(const px_frame_mixer *m, int32_t error) {
    return log2_of((uint32_t)(abs(error) + m->log_floor));
}

/* `running` has 8 bits, of errors with 4 fractional bits; now 10 bits, of errors with 8. */
PX_INLINE int32_t frame_log_of_references(int32_t running) {
    return (running + FRAME_USUAL_LOG) * 4 + 4096;
}

PX_INLINE int32_t frame_blur(const px_wave *w, const int16_t *running) {
    const ptrdiff_t stride = (ptrdiff_t)w->running_stride;
    int32_t sum = 0;
    for (ptrdiff_t y = -1; y <= 1; y++)
        for (ptrdiff_t x = -1; x <= 1; x++)
            sum += running[y * stride + x];
    return sum / 9;
}

PX_INLINE void frame_scale(const px_frame_mixer *m, const frame_place *at, frame_forecast *f) {
    const int32_t *e = at->errors, *a = at->errors_above;
    const int16_t *running = m->wave->running + at->y * m->wave->running_stride + at->x;
    f->base_log = frame_log_of(m, (2 * abs(e[-1]) + 2 * abs(a[0]) + abs(a[-1]) + abs(a[1])) / 6);
    const int32_t logs[] = {frame_log_of_references(running[0]),
                            frame_log_of_references(frame_blur(m->wave, running)),
                            (f->spread >> 1) + 4096,
                            log2_of((uint32_t)at->energies[0] + 8) + 1024,
                            frame_log_of(m, e[-1]),
                            frame_log_of(m, a[0]),
                            frame_log_of(m, (abs(e[-2]) + abs(a[2]) + abs(a[-2])) / 3)};
    memset(f->scale_values, 0, sizeof f->scale_values);
    for (int i = 0; i < PX_FRAME_SCALE_INPUTS - 1; i++)
        f->scale_values[i] = logs[i] - f->base_log;
    f->scale_values[PX_FRAME_SCALE_INPUTS - 1] = 1024;
    const int64_t more = fit_predict(&m->scale, f->scale_values) >> 16;
    f->scale_log = clamp32(f->base_log + FRAME_SCALE_OFFSET +
                               clamp64(more, -FRAME_SCALE_LIMIT, FRAME_SCALE_LIMIT),
                           2400, 22 * 1024);
}

PX_INLINE distribution frame_distribution(const px_frame_mixer *m, const frame_forecast *f) {
    const px_decisions *o = &m->decisions;
    distribution d = {.means = eight_load(f->means), .band = f->texture};
    d.centre = clamp32(f->means[0], o->low * 256, o->high * 256 - 1);
    d.fraction = d.centre >> 6 & 3;
    d.scale = power_of_2(f->scale_log);
    d.scale_class = clamp32((f->scale_log >> 8) - 16, 0, PX_ADAPTIVE_SCALES - 1);
    px_eight errors = eight_log2(eight_load(o->mixer->scale_errors[d.scale_class]));
    px_eight width = f->scale_log + errors - (16 * 1024 + 485) - log2_of((uint32_t)m->step);
    const px_eight least = eight_all(FRAME_INVERSE_LEAST);
    d.inverse[0] = wide_of(eight_power_of_2(34 * 1024 - eight_max(width - 425, least)));
    d.inverse[1] = wide_of(eight_power_of_2(34 * 1024 - eight_max(width + 948, least)));
    d.mix_context = (f->best >> 1) * PX_ENERGY_CLASSES +
                    clamp32((f->spread - 2048) >> 10, 0, PX_ENERGY_CLASSES - 1);
    while (d.scale * 154 >> 8 > 256 << d.step_bits)
        d.step_bits++;
    return d;
}

/* ---- Learning ---- */

PX_INLINE void frame_learn_errors(px_logistic_mixer *mixer, const frame_forecast *f,
                                  const distribution *d, int32_t value) {
    px_eight errors = value - eight_load(f->means);
    errors = eight_max(errors, -errors);
    int32_t *means = mixer->scale_errors[d->scale_class];
    int32_t *count = &mixer->scale_counts[d->scale_class];
    px_wide normal = wide_multiply(wide_of(errors), wide_all((1ll << 32) / (d->scale + 5))) >> 16;
    px_eight limited = eight_min(eight_saturated(normal), eight_all(8 << 16));
    px_wide step =
        wide_multiply(wide_of(limited - eight_load(means)), wide_all(65536 / (*count + 1)));
    eight_store(means, eight_max(eight_load(means) + eight_of(step >> 16), eight_all(64)));
    *count += *count < 1500;
}

PX_INLINE int64_t frame_ridge(const px_frame_mixer *m, const px_fit *fit) {
    const int64_t ridge = ((int64_t)fit->error * fit->error + 6554) * 3;
    return m->decisions.wide ? ridge >> 2 : ridge << 6;
}

/* Where nearly all are what was predicted, errors say nothing: those that are not must count. */
PX_INLINE void frame_learn_closely(px_frame_mixer *m, frame_forecast *f, int32_t value) {
    m->close.error = clamp32(m->close.error, m->step * 256, INT32_MAX);
    f->close_values[FRAME_CLOSE_TAPS] = fit_input(&m->decisions, value - f->close_base);
    fit_update(&m->close, FRAME_CLOSE_TAPS, f->close_values, value - f->means[FRAME_CLOSE],
               FRAME_CLOSE_MEMORY);
}

PX_INLINE void frame_learn(px_frame_mixer *m, const frame_place *at, frame_forecast *f,
                           const distribution *d, int32_t sample) {
    const px_decisions *o = &m->decisions;
    const int32_t value = sample * 256, centre = f->means[PX_EXPERT_BLEND];
    const int32_t error = value - ((f->means[0] + centre) >> 1);
    px_fit *stack = &m->stack[f->texture];
    frame_learn_errors(o->mixer, f, d, value);
    at->errors[0] = error;
    m->wave->logs[at->y * m->wave->logs_stride + at->x] =
        (int16_t)(log2_of((uint32_t)(abs(error) >> 4) + 1) >> 6);
    f->stack_values[f->stack_taps] = fit_input(o, value - centre);
    if (m->step > 1)
        stack->error = clamp32(stack->error, m->step * 256, INT32_MAX);
    fit_update(stack, f->stack_taps, f->stack_values, value - f->means[0], FRAME_STACK_MEMORY);
    if (m->step > 1)
        frame_learn_closely(m, f, value);
    f->scale_values[PX_FRAME_SCALE_INPUTS] = frame_log_of(m, error) - f->base_log;
    if (m->windowed)
        window_keep(m, window_place(m, at->y, at->x), sample - m->mean, f->blend, error, d->scale);
    fit_update(&m->scale, PX_FRAME_SCALE_INPUTS, f->scale_values, 0, FRAME_SCALE_MEMORY);
    if (at->x % FRAME_SOLVE_EVERY)
        return;
    fit_solve(stack, f->stack_taps, frame_ridge(m, stack));
    if (m->step > 1)
        fit_solve(&m->close, FRAME_CLOSE_TAPS, frame_ridge(m, &m->close) >> FRAME_CLOSE_RIDGE);
    fit_solve(&m->scale, PX_FRAME_SCALE_INPUTS, FRAME_SCALE_RIDGE);
}

PX_INLINE void frame_count(px_decisions *o, int32_t sample) {
    uint16_t *count = band_histogram(o, 0) + (sample - o->low);
    *count = (uint16_t)(*count + (*count < UINT16_MAX));
}

/* ---- Rows ---- */

PX_INLINE int32_t *frame_errors(const px_frame_mixer *m, size_t row) {
    return m->errors + (row & 1) * (m->wave->width + 2 * PX_FRAME_ERROR_PADS) + PX_FRAME_ERROR_PADS;
}

/* Beyond the ends of a row stand those nearest of the row above. */
PX_INLINE void frame_pad_errors(int32_t *errors, int32_t *above, size_t width) {
    above[-1] = above[-2] = errors[-1] = errors[-2] = above[0];
    above[width] = above[width + 1] = above[width - 1];
}

/* Above the frame is the first reference. */
PX_INLINE void frame_pad_samples(const px_wave *w, size_t y) {
    const ptrdiff_t stride = (ptrdiff_t)w->stride, width = (ptrdiff_t)w->width;
    int16_t *samples = w->samples + y * w->stride;
    for (ptrdiff_t x = -2; x <= width && y == 0; x++)
        samples[x - stride] = samples[x - 2 * stride] = (int16_t)px_couple_low(w->mixed[x]);
    samples[-1] = samples[-2] = samples[-stride];
    samples[width - stride] = samples[width - 1 - stride];
}

/* What the taps on the references come to along a row, with what rounds it. */
PX_INLINE void frame_sum_references(px_frame_mixer *m, size_t y) {
    const px_wave *w = m->wave;
    const px_lanes half = lanes_all(1 << (PX_TAP_BITS - PX_MEAN_BITS - 1));
    for (size_t x = 0; x < w->width; x += PX_LANES)
        lanes_store(m->sums + x, square_sum(w->mixed + y * w->mixed_stride + x,
                                            (ptrdiff_t)w->mixed_stride, w->taps_mixed, half));
}

/* Column x of energies; -1 and `width` are beyond the ends. */
PX_INLINE int32_t *frame_column(const px_frame_mixer *m, size_t x) {
    return m->columns + PX_LANES * (x + 1);
}

PX_INLINE px_lanes frame_energies(const px_frame_mixer *m, const frame_front *front, size_t x) {
    return front->row + (front->north_west >> 1) + lanes_load(frame_column(m, x)) +
           lanes_load(frame_column(m, x + 1));
}

PX_INLINE void frame_advance(const px_frame_mixer *m, const frame_place *at, frame_front *front) {
    const px_lanes north = lanes_load(frame_column(m, at->x));
    px_lanes error = lanes_abs(at->sample[0] * 16 - at->means) >> m->wave->blend->error_shift;
    error = lanes_min(error, lanes_all(PX_BLEND_ERROR));
    front->row = error + (front->row >> 1) + (front->row >> 3);
    front->north_west = north;
    lanes_store(frame_column(m, at->x), error + (north >> 1) + (north >> 3));
}

/* ---- Cells ---- */

/* Which neighbours are not of the cell about their prediction. */
PX_INLINE int frame_cell_context(const px_frame_mixer *m, const frame_place *at) {
    const int32_t *e = at->errors, *a = at->errors_above;
    const int32_t around[] = {e[-1], a[0], a[1], a[-1], e[-2], a[2]};
    int context = 0;
    for (int i = 0; i < 6; i++)
        context |= (abs(around[i]) > m->step * 128) << i;
    const int16_t running = m->wave->running[at->y * m->wave->running_stride + at->x];
    return context | (running > 0) << 6;
}

/* The distribution of the number of the sample's cell, where cell 0 is about `centre`. */
PX_INLINE distribution frame_cells(const px_frame_mixer *m, const frame_forecast *f,
                                   const distribution *d, int context, int32_t centre) {
    distribution cells = *d;
    const int32_t inverse = (1 << 24) / m->step;
    const px_wide apart = wide_of(eight_load(f->means) - centre * 256);
    cells.means = eight_of(wide_multiply(apart, wide_all(inverse)) >> 24);
    cells.centre = (int32_t)((int64_t)(d->centre - centre * 256) * inverse >> 24);
    cells.fraction = cells.centre >> 6 & 3;
    cells.scale = d->scale / m->step;
    cells.values = context;
    for (cells.step_bits = 0; cells.scale * 154 >> 8 > 256 << cells.step_bits;)
        cells.step_bits++;
    return cells;
}

/* The middle of a cell, or the sample nearest to it that there is. Where all around are what was
 * predicted, the cell lies about the steadiest prediction. */
PX_INLINE int32_t frame_code_cell(px_frame_mixer *m, const frame_place *at, const frame_forecast *f,
                                  const distribution *d, int32_t sample) {
    const px_decisions *o = &m->decisions;
    const int context = frame_cell_context(m, at);
    const int32_t mean = context ? d->centre : f->means[FRAME_CLOSE];
    const int32_t centre = clamp32((mean + 128) >> 8, o->low, o->high);
    const distribution cells = frame_cells(m, f, d, context, centre);
    const int32_t away = sample - centre, half = m->step >> 1;
    const int32_t cell = away < 0 ? -((half - away) / m->step) : (away + half) / m->step;
    const int64_t middle = centre + (int64_t)code_sample(&m->cells, &cells, cell) * m->step;
    return (int32_t)clamp64(middle, o->low, o->high);
}

/* Codes a sample; returns it less the mean of the frame. */
PX_INLINE int16_t frame_code(px_frame_mixer *m, const frame_place *at) {
    frame_forecast f;
    frame_blend(m->wave->blend, at, &f);
    frame_predict(m, at, &f);
    frame_scale(m, at, &f);
    const distribution d = frame_distribution(m, &f);
    int32_t sample = (int16_t)(uint16_t)(at->sample[0] + m->mean);
    if (m->step > 1) {
        sample = frame_code_cell(m, at, &f, &d, sample);
    } else {
        sample = code_sample(&m->decisions, &d, sample);
        frame_count(&m->decisions, sample);
    }
    frame_learn(m, at, &f, &d, sample);
    return (int16_t)(sample - m->mean);
}

static void frame_code_row(px_frame_mixer *m, size_t y) {
    const px_wave *w = m->wave;
    int16_t *samples = w->samples + y * w->stride;
    int32_t *errors = frame_errors(m, y), *above = frame_errors(m, y + 1);
    frame_pad_errors(errors, above, w->width);
    frame_pad_samples(w, y);
    frame_sum_references(m, y);
    frame_front front = {lanes_load(frame_column(m, 0)), lanes_load(frame_column(m, 0))};
    lanes_store(frame_column(m, w->width), lanes_load(frame_column(m, w->width - 1)));
    for (size_t x = 0; x < w->width; x++) {
        frame_place at = {.x = x,
                          .y = y,
                          .sample = samples + x,
                          .errors = errors + x,
                          .errors_above = above + x,
                          .energies = frame_energies(m, &front, x)};
        at.means = frame_experts(m, &at);
        samples[x] = frame_code(m, &at);
        frame_advance(m, &at, &front);
    }
}

const px_frame_mixer_kernels PX_KERNEL_TABLE(px_frame_mixer_kernels) = {
    .code_row = frame_code_row,
};
