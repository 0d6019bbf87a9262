/*
 * Frames sample by sample: the experts of blend_body.h fill the lanes, a small least squares that
 * follows the samples corrects their blend, and decisions are mixed as in online_mixer_body.h.
 */
#include "frame_mixer.h"

typedef struct frame_place {
    size_t x, y;
    const int16_t *sample;
    px_lanes means, energies;
    px_lanes row, north_west; /* energies along the row; of the column before, above */
    int32_t *errors, *errors_above;
} frame_place;

PX_INLINE int32_t lanes_max_of(px_lanes v) {
#if PX_LANES_AVX512
    return _mm512_reduce_max_epi32((__m512i)v);
#else
    int32_t most = v[0];
    for (int i = 1; i < PX_LANES; i++)
        most = v[i] > most ? v[i] : most;
    return most;
#endif
}

PX_INLINE px_lanes frame_experts(const px_frame_mixer *m, const frame_place *at) {
    const px_wave *w = m->wave;
    const ptrdiff_t stride = (ptrdiff_t)w->stride;
    const int16_t *s = at->sample;
    const int32_t *taps = w->taps_own;
    const int32_t W = s[-1], N = s[-stride], NW = s[-stride - 1], NE = s[-stride + 1], WW = s[-2],
                  NN = s[-2 * stride];
    const int32_t own = W * taps[0] + N * taps[1] + NW * taps[2] + NE * taps[3] + WW * taps[4] +
                        NN * taps[5];
    const int32_t *r = w->mixed + at->y * w->stride + at->x;
    const int32_t a = px_couple_low(r[0]), b = px_couple_high(r[0]);
    const int32_t aw = px_couple_low(r[-1]), bw = px_couple_high(r[-1]);
    const int32_t an = px_couple_low(r[-stride]);
    const int32_t p[PX_LANES] = {((m->sums[at->x] + own) >> (PX_TAP_BITS - PX_MEAN_BITS)) + w->bias,
                                 W << 4,
                                 N << 4,
                                 NE << 4,
                                 (W + N - NW) << 4,
                                 (2 * N - NN) << 4,
                                 (2 * W - WW) << 4,
                                 (W << 4) + ((NE - NW) << 3),
                                 a << 4,
                                 (a << 4) + ((W - aw + N - an) << 3),
                                 (a + W - aw) << 4,
                                 (a + N - an) << 4,
                                 b << 4,
                                 (2 * a - b) << 4,
                                 (a + b) << 3,
                                 (W << 4) + ((a + b - aw - bw) << 3)};
    return lanes_load(p);
}

typedef struct frame_forecast {
    int32_t blend, spread; /* 16ths; log of the variance, 16ths */
    int best;
    int32_t means[PX_EXPERTS]; /* 8 bits */
    int32_t stack_values[16], scale_values[16];
    int32_t scale_log, base_log;
    int texture;
} frame_forecast;

PX_INLINE void frame_blend(const px_frame_mixer *m, const frame_place *at, frame_forecast *f) {
    const px_blend *blend = m->wave->blend;
    const int32_t floor = (16 >> blend->error_shift) + 1;
    px_lanes gates = lanes_load(blend->gates);
    const px_lanes numbers = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    px_lanes log = lanes_log2_256(at->energies + floor);
    px_lanes scores = gates - ((log * blend->power) >> PX_BLEND_POWER_BITS);
    px_lanes there = numbers < blend->experts;
    scores = (scores & there) | (lanes_all(-(1 << 24)) & ~there);
    const int32_t best = lanes_max_of(scores);
    px_lanes weights = weight_of(best - scores);
    const int32_t total = lanes_sum(weights), first = at->means[0];
    px_lanes apart = lanes_clamp(at->means - first, -32767, 32767);
    const int32_t sum = lanes_sum(weights * apart);
    const int32_t quotient = (int32_t)(((uint32_t)sum + ((uint32_t)total << 15)) / (uint32_t)total) - (1 << 15);
    f->blend = first + quotient;
    px_lanes distance = lanes_min(lanes_abs(at->means - f->blend), lanes_all(MOST_SPREAD));
    px_lanes shares = weights >> (WEIGHT_BITS - SPREAD_BITS);
    const int32_t shared = lanes_sum(shares);
    f->spread = log2_of((uint32_t)(lanes_sum(shares * (distance * distance)) + SPREAD_FLOOR * shared)) -
                log2_of((uint32_t)shared); /* 10 bits */
    f->best = 0;
    for (int e = 0; e < blend->experts; e++)
        if (scores[e] == best) {
            f->best = e;
            break;
        }
}

static const int frame_stack_experts[2][5] = {{0, 1, 2, 4, 6}, {0, 4, 9, 14, 10}};

PX_INLINE int32_t frame_within(const px_frame_mixer *m, int64_t mean) {
    const px_online_model *d = &m->decisions;
    return clamp32(mean, (d->low) * 256 - 100, (d->high) * 256 + 100);
}

PX_INLINE void frame_forecast_of(px_frame_mixer *m, const frame_place *at, frame_forecast *f) {
    const px_online_model *d = &m->decisions;
    const px_blend *blend = m->wave->blend;
    const int *chosen = frame_stack_experts[blend->experts > PX_EXPERTS_ALONE];
    const int32_t *e = at->errors, *a = at->errors_above;
    frame_blend(m, at, f);
    const int32_t centre = (f->blend << 4) + m->mean * 256;
    memset(f->stack_values, 0, sizeof f->stack_values);
    for (int i = 0; i < 5; i++)
        f->stack_values[i] = fit_input(d, (at->means[chosen[i]] - f->blend) << 4);
    f->stack_values[5] = fit_input(d, e[-1]);
    f->stack_values[6] = fit_input(d, a[0]);
    f->stack_values[7] = fit_input(d, a[-1]);
    f->stack_values[8] = fit_input(d, a[1]);
    const int16_t *near = at->sample;
    const ptrdiff_t line = (ptrdiff_t)m->wave->stride;
    const int32_t across = abs(near[-1] - near[-line - 1]), down = abs(near[-line] - near[-line - 1]);
    const int32_t activity = across + down + abs(near[-line] - near[-line + 1]);
    f->texture = 2 * clamp32((log2_of((uint32_t)activity + 1) >> 10), 0, 7) + (across > down);
    f->means[0] = frame_within(m, centre + fit_mean(d, &m->stack[f->texture], f->stack_values));
    for (int i = 0; i < 5; i++)
        f->means[1 + i] = frame_within(m, (at->means[chosen[i]] << 4) + m->mean * 256);
    f->means[6] = frame_within(m, (at->means[f->best] << 4) + m->mean * 256);
    f->means[PX_EXPERT_BLEND] = frame_within(m, centre);
    const int32_t around = (2 * abs(e[-1]) + 2 * abs(a[0]) + abs(a[-1]) + abs(a[1])) / 6;
    f->base_log = log2_of((uint32_t)around + 26);
    const ptrdiff_t stride = (ptrdiff_t)m->wave->stride;
    const int16_t *running = m->wave->running + at->y * m->wave->stride + at->x;
    int32_t blur = 0;
    for (ptrdiff_t y = -1; y <= 1; y++)
        for (ptrdiff_t x = -1; x <= 1; x++)
            blur += running[y * stride + x];
    const int32_t energy = lanes_sum(at->energies * (px_lanes){1}) + 8; /* of the fitted expert */
    memset(f->scale_values, 0, sizeof f->scale_values);
    f->scale_values[0] = (running[0] + 1536) * 4 + 4096 - f->base_log;
    f->scale_values[1] = (blur / 9 + 1536) * 4 + 4096 - f->base_log;
    f->scale_values[2] = (f->spread >> 1) + 4096 - f->base_log;
    f->scale_values[3] = log2_of((uint32_t)energy) + 4096 - 3072 - f->base_log;
    f->scale_values[4] = log2_of((uint32_t)abs(e[-1]) + 26) - f->base_log;
    f->scale_values[5] = log2_of((uint32_t)abs(a[0]) + 26) - f->base_log;
    f->scale_values[6] = log2_of((uint32_t)(abs(e[-2]) + abs(a[2]) + abs(a[-2])) / 3 + 26) - f->base_log;
    f->scale_values[7] = 1024;
    int64_t sum = fit_predict(&m->scale, f->scale_values) >> 16;
    f->scale_log = clamp32(f->base_log + clamp64(sum, -1 << 14, 1 << 14) + 512, 2400, 22 * 1024);
}

PX_INLINE distribution frame_distribution(const px_frame_mixer *m, const frame_forecast *f) {
    const px_online_model *o = &m->decisions;
    distribution d = {.means = eight_load(f->means), .band = f->texture};
    d.centre = clamp32(f->means[0], o->low * 256, o->high * 256 - 1);
    d.fraction = d.centre >> 6 & 3;
    d.scale_class = clamp32((f->scale_log >> 8) - 16, 0, PX_ONLINE_SCALES - 1);
    px_eight errors = eight_log2(eight_load(o->mixer->scale_errors[d.scale_class]));
    px_eight width = f->scale_log + errors - (16 * 1024 + 485);
    const int32_t least = 4033;
    d.inverse[0] = wide_of(eight_power_of_2(34 * 1024 - eight_max(width - 425, eight_all(least))));
    d.inverse[1] = wide_of(eight_power_of_2(34 * 1024 - eight_max(width + 948, eight_all(least))));
    d.mix_context = (f->best >> 1) * PX_ENERGY_CLASSES + clamp32((f->spread - 2048) >> 10, 0, PX_ENERGY_CLASSES - 1);
    while (power_of_2(f->scale_log) * 154 >> 8 > 256 << d.step_bits)
        d.step_bits++;
    return d;
}

PX_INLINE void frame_learn(px_frame_mixer *m, const frame_place *at, frame_forecast *f,
                           const distribution *d, int32_t sample) {
    px_online_model *o = &m->decisions;
    px_logistic_mixer *mixer = o->mixer;
    const int32_t value = sample * 256;
    px_eight errors = value - eight_load(f->means);
    errors = eight_max(errors, -errors);
    int32_t *means = mixer->scale_errors[d->scale_class], *count = &mixer->scale_counts[d->scale_class];
    const int32_t scale = power_of_2(f->scale_log);
    px_wide normal = wide_multiply(wide_of(errors), wide_all((1ll << 32) / (scale + 5))) >> 16;
    px_eight limited = eight_min(eight_saturated(normal), eight_all(8 << 16));
    px_wide step = wide_multiply(wide_of(limited - eight_load(means)), wide_all(65536 / (*count + 1)));
    eight_store(means, eight_max(eight_load(means) + eight_of(step >> 16), eight_all(64)));
    *count += *count < 1500;
    const int32_t centre = f->means[PX_EXPERT_BLEND];
    const int32_t rest = value - ((f->means[0] + centre) >> 1);
    at->errors[0] = rest;
    m->wave->logs[at->y * m->wave->stride + at->x] = (int16_t)(log2_of((uint32_t)(abs(rest) >> 4) + 1) >> 6);
    f->stack_values[PX_STACK_TAPS] = fit_input(o, value - centre);
    fit_update_m(&m->stack[f->texture], PX_STACK_TAPS, f->stack_values, value - f->means[0], 10);
    f->scale_values[8] = log2_of((uint32_t)abs(rest) + 26) - f->base_log;
    f->scale_values[9] = 0;
    fit_update_m(&m->scale, 8, f->scale_values, 0, 13);
    if ((at->x & 15) == 0) {
        const px_fit *s = &m->stack[f->texture];
        int64_t ridge = ((int64_t)s->error * s->error + 6554) * 3;
        fit_solve(&m->stack[f->texture], PX_STACK_TAPS, o->wide ? ridge >> 2 : ridge << 6);
        fit_solve(&m->scale, 8, 1 << 20);
    }
}

static void frame_mix_row(px_frame_mixer *m, size_t y) {
    const px_wave *w = m->wave;
    const size_t width = w->width, row = width + 2 * PX_FRAME_PADS;
    int16_t *samples = w->samples + y * w->stride;
    const ptrdiff_t stride = (ptrdiff_t)w->stride;
    frame_place at = {.y = y};
    int32_t *errors = m->residuals + (y & 1) * row + PX_FRAME_PADS;
    int32_t *above = m->residuals + (~y & 1) * row + PX_FRAME_PADS;
    above[-1] = above[-2] = above[0];
    above[width] = above[width + 1] = above[width - 1];
    errors[-1] = errors[-2] = above[0];
    for (size_t x = 0; x < width; x += PX_LANES)
        lanes_store(m->sums + x, square_sum(w->mixed + y * w->stride + x, stride, w->taps_mixed,
                                            lanes_all(1 << (PX_TAP_BITS - PX_MEAN_BITS - 1))));
    if (y == 0)
        for (ptrdiff_t x = -2; x <= (ptrdiff_t)width; x++) {
            ptrdiff_t in = x < 0 ? 0 : x < (ptrdiff_t)width ? x : (ptrdiff_t)width - 1;
            samples[x - stride] = samples[x - 2 * stride] = (int16_t)px_couple_low(w->mixed[in]);
        }
    samples[-1] = samples[-2] = samples[-stride];
    samples[-stride + (ptrdiff_t)width] = samples[-stride + (ptrdiff_t)width - 1];
    px_lanes energies = lanes_load(m->columns + 16), west = energies;
    at.row = energies;
    lanes_store(m->columns + 16 * (width + 1), lanes_load(m->columns + 16 * width));
    uint16_t *comb = m->decisions.comb + PX_COMB_MARGIN;
    for (size_t x = 0; x < width; x++) {
        at.x = x;
        at.sample = samples + x;
        at.errors = errors + x;
        at.errors_above = above + x;
        const px_lanes north = lanes_load(m->columns + 16 * (x + 1));
        const px_lanes north_east = lanes_load(m->columns + 16 * (x + 2));
        at.means = frame_experts(m, &at);
        at.energies = at.row + (west >> 1) + north + north_east;
        frame_forecast f;
        frame_forecast_of(m, &at, &f);
        const distribution d = frame_distribution(m, &f);
        int32_t sample = code_sample(&m->decisions, &d, samples[x] + m->mean);
        samples[x] = (int16_t)(sample - m->mean);
        comb[sample - m->decisions.low] = (uint16_t)(comb[sample - m->decisions.low] + (comb[sample - m->decisions.low] < UINT16_MAX));
        px_lanes error = lanes_abs((samples[x] << 4) - at.means) >> w->blend->error_shift;
        error = lanes_min(error, lanes_all(PX_BLEND_ERROR));
        at.row = error + (at.row >> 1) + (at.row >> 3);
        west = north;
        lanes_store(m->columns + 16 * (x + 1), error + (north >> 1) + (north >> 3));
        frame_learn(m, &at, &f, &d, sample);
    }
}
