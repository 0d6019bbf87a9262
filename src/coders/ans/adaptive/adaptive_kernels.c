/*
 * The coder that learns, position by position: prediction, decisions, learning. The same function
 * codes a sample in both directions; what it learns from is the sample alone, which both know
 * afterwards. docs/format-adaptive.md.
 */
#include "coders/ans/adaptive/adaptive_kernels.h"

#include <stdlib.h>

#include "coders/ans/adaptive/engine_lanes.h"
#include "coders/ans/adaptive/fit_lanes.h"
#include "coders/ans/adaptive/mixer_lanes.h"
#include "planes/holes.h"

/* W, N, NW, NE, WW, NN, NEE, NNE. */
static const int tap_offsets[1 + PX_PLANE_TAPS][2] = {{0, -1}, {-1, 0}, {-1, -1}, {-1, 1},
                                                      {0, -2}, {-2, 0}, {-1, 2},  {-2, 1}};

/* A position, and what its samples share. */
typedef struct site {
    size_t index;
    bool first;
    int strip_lane;
    const int16_t *taps[1 + PX_PLANE_TAPS]; /* samples of all bands there */
    px_traces here, near[4];                /* near: W, N, NW, NE */
    int32_t energy;                         /* mean normalised error of W and N, 12 bits */
    int32_t run;                            /* of the bands before, 12 bits */
    px_eight expert_run;                    /* the same of each expert, 8 bits */
    int32_t rate, slow_rate; /* of running means: 1 / positions, but not below a limit; 16 bits */
} site;

/* A sample, predicted. */
typedef struct forecast {
    int32_t means[PX_EXPERTS];
    int32_t products[PX_ENGINES];
    int32_t stack_values[16]; /* inputs of the fit, then its target */
    int best;                 /* expert */
    int32_t scale_logs[3], scale, scale_log;
} forecast;

/* ---- Experts ---- */

/* What can be said of a band before the position. The bands do not wait for each other here. */
static void look_out(px_adaptive_model *m, const site *at, int k) {
    const px_band *band = &m->band[k];
    px_outlook *o = &m->outlooks[k];
    px_eight local = 2 * (eight_load(band->errors) >> PX_ERROR_BITS);
    int32_t blend_error = 8 << PX_ADAPTIVE_MEAN_BITS;
    memset(o->values, 0, sizeof o->values);
    memset(o->residuals, 0, sizeof o->residuals);
    o->west = band->offset * 256;
    if (!at->first) {
        const int32_t *w = at->near[0].errors[k], *n = at->near[1].errors[k];
        const int32_t *nw = at->near[2].errors[k], *ne = at->near[3].errors[k];
        o->west = at->taps[0][k] * 256;
        for (int i = 0; i < PX_PLANE_TAPS; i++)
            o->values[i] = fit_input(&m->decisions, at->taps[1 + i][k] * 256 - o->west);
        for (int i = 0; i < 4; i++)
            o->residuals[i] = fit_input(&m->decisions, at->near[i].residuals[k]);
        local += eight_load(w) + eight_load(n) + ((eight_load(nw) + eight_load(ne)) >> 1);
        enum { B = PX_EXPERT_BLEND };
        blend_error = (2 * w[B] + 2 * n[B] + nw[B] + ne[B]) / 6;
    }
    o->mean =
        mean_within(&m->decisions, o->west + fit_mean(&m->decisions, &band->plane, o->values));
    px_wide normal = wide_multiply(wide_of(local + 77), wide_all(band->inverse_error)) >> 16;
    eight_store(o->errors, eight_clamp(eight_saturated(normal), 1, 1 << 30));
    o->error_log = log2_of((uint32_t)blend_error + 26);
}

static void predict_from_engines(px_adaptive_model *m, const site *at, int k, forecast *f) {
    f->means[PX_EXPERT_PLANE] = m->outlooks[k].mean;
    for (int g = 0; g < PX_ENGINES; g++) {
        px_engine *e = &m->engines[g];
        int32_t mean = m->outlooks[k].west;
        f->products[g] = 0;
        if (!engine_exists(e) && g) {
            mean = f->means[PX_EXPERT_ENGINE];
        } else if (engine_is_ready(e)) {
            f->products[g] = engine_product(e, e->own + k, at->strip_lane);
            mean = engine_mean(e, e->own + k, f->products[g]);
            if (e->plan->residual)
                mean = f->means[PX_EXPERT_PLANE] + (m->decisions.wide ? mean : mean >> 2);
            else
                mean += m->band[k].offset * 256;
        }
        f->means[PX_EXPERT_ENGINE + g] = mean_within(&m->decisions, mean);
    }
}

static void predict_from_stack(const px_adaptive_model *m, int k, forecast *f) {
    const int32_t base = f->means[PX_EXPERT_ENGINE];
    int n = 0;
    for (int e = 0; e < PX_EXPERT_STACK; e++)
        if (e != PX_EXPERT_ENGINE)
            f->stack_values[n++] = fit_input(&m->decisions, f->means[e] - base);
    for (int i = 0; i < 4; i++)
        f->stack_values[n++] = m->outlooks[k].residuals[i];
    f->means[PX_EXPERT_STACK] = mean_within(
        &m->decisions, base + fit_mean(&m->decisions, &m->band[k].stack, f->stack_values));
}

/* The mean of all means before, weighted by (their error nearby)^-6. */
static void blend(const px_adaptive_model *m, const site *at, int k, forecast *f) {
    px_eight error = eight_load(m->outlooks[k].errors) + 3 * at->expert_run;
    px_eight logs = eight_log2(eight_clamp(error, 1, 1 << 30));
    logs[PX_EXPERT_BLEND] = INT16_MAX; /* more than any */
    f->best = eight_first_least(logs);
    px_eight excess = eight_min(6 * (logs - logs[f->best]), eight_all(16 * 1024));
    px_eight weights = eight_power_of_2(16 * 1024 - excess) & (excess < 16 * 1024);
    weights[PX_EXPERT_BLEND] = 0;
    int64_t sum = wide_sum(wide_multiply(wide_of(weights), wide_of(eight_load(f->means))));
    int64_t weight = wide_sum(wide_of(weights));
    int64_t mean = sum / weight;
    f->means[PX_EXPERT_BLEND] = (int32_t)(mean - (sum < mean * weight));
}

/* ---- Scale ---- */

static void find_scale(const px_adaptive_model *m, const site *at, int k, forecast *f) {
    const px_band *band = &m->band[k];
    const int32_t *weights = band->scale_weights;
    const int32_t usual = log2_of((uint32_t)(band->error >> PX_ERROR_BITS) + 26) - 12 * 1024;
    f->scale_logs[0] = m->outlooks[k].error_log;
    f->scale_logs[1] = usual + log2_of((uint32_t)at->run + 205);
    f->scale_logs[2] = usual + log2_of((uint32_t)at->energy + 205);
    int64_t log = 0;
    for (int i = 0; i < 3; i++)
        log += (int64_t)weights[i] * f->scale_logs[i];
    f->scale_log = clamp32((log >> 16) + (weights[3] >> 6), 2400, 22 * 1024);
    f->scale = power_of_2(f->scale_log);
}

static void learn_scale(px_band *band, const forecast *f, int32_t error) {
    int32_t *weights = band->scale_weights;
    const int32_t mean = (f->scale_logs[0] + f->scale_logs[1] + f->scale_logs[2]) / 3;
    int64_t surprise = (((int64_t)error << 12) / (f->scale + 13)) - 4096;
    surprise = surprise > 8192 ? 8192 : surprise;
    for (int i = 0; i < 3; i++)
        weights[i] = clamp32(weights[i] + (surprise * (f->scale_logs[i] - mean) * 3 >> 17),
                             -(1 << 20), 1 << 20);
    weights[3] = clamp32(weights[3] + (surprise * 94 >> 12), -(1 << 24), 1 << 24);
}

/* Asks for what the first decisions will read: it is too much for the nearest cache. */
PX_INLINE void prefetch(const px_adaptive_model *m, int k, const forecast *f) {
    const int32_t value = (f->means[PX_EXPERT_BLEND] >> PX_ADAPTIVE_MEAN_BITS) - m->decisions.low;
    for (int32_t near = -4; near <= 4; near += 4)
        __builtin_prefetch(value_line(&m->decisions, k, value + near));
    int32_t(*const weights)[PX_INPUTS] = m->decisions.mixer->by_band[k];
    static const uint8_t nodes[] = {0, 1, 2, 3, 4, 5, 16, 17};
    for (size_t i = 0; i < sizeof nodes; i++) {
        __builtin_prefetch(weights[nodes[i]]);
    }
}

static distribution distribution_of(const px_adaptive_model *m, const site *at, int k,
                                    const forecast *f) {
    distribution d = {.means = eight_load(f->means), .band = k, .values = k};
    d.centre =
        clamp32(f->means[PX_EXPERT_BLEND], m->decisions.low * 256, m->decisions.high * 256 - 1);
    d.fraction = d.centre >> 6 & 3;
    d.scale_class = clamp32((f->scale_log >> 8) - 16, 0, PX_ADAPTIVE_SCALES - 1);
    px_eight errors = eight_log2(eight_load(m->decisions.mixer->scale_errors[d.scale_class]));
    px_eight width = f->scale_log + errors - (16 * 1024 + 485);
    const int32_t least = 4033; /* 0.06 */
    d.inverse[0] = wide_of(eight_power_of_2(34 * 1024 - eight_max(width - 425, eight_all(least))));
    d.inverse[1] = wide_of(eight_power_of_2(34 * 1024 - eight_max(width + 948, eight_all(least))));
    const int32_t energy = (log2_of((uint32_t)at->energy + 41) - 12 * 1024 + 2048) >> 9;
    d.mix_context = f->best * PX_ENERGY_CLASSES + clamp32(energy, 0, PX_ENERGY_CLASSES - 1);
    while (f->scale * 154 >> 8 > 256 << d.step_bits)
        d.step_bits++;
    return d;
}

/* ---- Learning ---- */

static void learn_errors(px_adaptive_model *m, site *at, int k, const forecast *f, int scale_class,
                         int32_t sample) {
    px_band *band = &m->band[k];
    px_eight errors = sample * 256 - eight_load(f->means);
    errors = eight_max(errors, -errors);
    eight_store(at->here.errors[k], errors);
    at->here.residuals[k] = sample * 256 - f->means[PX_EXPERT_ENGINE];
    const px_wide wide_errors = wide_of(errors);
    px_wide normal = wide_multiply(wide_errors, wide_all(band->inverse_error)) >> 16;
    px_eight limited = eight_min(eight_saturated(normal), eight_all(1 << 20));
    at->expert_run += ((limited - at->expert_run) * 15 + 128) >> 8;

    px_logistic_mixer *mixer = m->decisions.mixer;
    int32_t *means = mixer->scale_errors[scale_class], *count = &mixer->scale_counts[scale_class];
    normal = wide_multiply(wide_errors, wide_all((1ll << 32) / (f->scale + 5))) >> 16;
    limited = eight_min(eight_saturated(normal), eight_all(8 << 16));
    px_wide step =
        wide_multiply(wide_of(limited - eight_load(means)), wide_all(65536 / (*count + 1)));
    eight_store(means, eight_max(eight_load(means) + eight_of(step >> 16), eight_all(64)));
    *count += *count < 1500;

    const px_eight usual = eight_load(band->errors);
    step = wide_multiply(wide_of(errors * (1 << PX_ERROR_BITS) - usual), wide_all(at->rate));
    eight_store(band->errors, usual + eight_of((step + (1 << 15)) >> 16));
    const int32_t error = errors[PX_EXPERT_BLEND];
    const int64_t change = (int64_t)(error * (1 << PX_ERROR_BITS) - band->error) * at->slow_rate;
    band->error += (int32_t)((change + (1 << 15)) >> 16);
    int64_t relative = (int64_t)error * band->inverse_error >> 12;
    at->run += (clamp32(relative, 0, 1 << 24) - at->run) * 5 >> 6;
}

static void learn_fits(px_adaptive_model *m, int k, forecast *f, int32_t sample) {
    px_band *band = &m->band[k];
    px_outlook *o = &m->outlooks[k];
    const int32_t value = sample * 256;
    o->values[PX_PLANE_TAPS] = fit_input(&m->decisions, value - o->west);
    f->stack_values[PX_STACK_TAPS] = fit_input(&m->decisions, value - f->means[PX_EXPERT_ENGINE]);
    fit_update(&band->plane, PX_PLANE_TAPS, o->values, value - o->mean, FIT_MEMORY);
    fit_update(&band->stack, PX_STACK_TAPS, f->stack_values, value - f->means[PX_EXPERT_STACK],
               FIT_MEMORY);
    if (((m->seen + (size_t)k) & m->fit_mask) != 0 && m->seen >= 50)
        return;
    px_fit *const fits[2] = {&band->plane, &band->stack};
    for (int i = 0; i < 2; i++) {
        int64_t ridge = ((int64_t)fits[i]->error * fits[i]->error + 6554) * (i ? 3 : 10);
        fit_solve(fits[i], i ? PX_STACK_TAPS : PX_PLANE_TAPS,
                  m->decisions.wide ? ridge >> 2 : ridge << 6);
    }
}

static void learn_engines(px_adaptive_model *m, int k, const forecast *f, int32_t sample) {
    for (int g = 0; g < PX_ENGINES; g++) {
        px_engine *e = &m->engines[g];
        if (!engine_exists(e))
            continue;
        int32_t entry = sample - m->band[k].offset;
        if (e->plan->residual)
            entry = (sample * 256 - f->means[PX_EXPERT_PLANE]) >> (m->decisions.wide ? 8 : 6);
        engine_learn(e, k, clamp32(entry, -32767, 32767), f->products[g]);
    }
}

static void code_band(px_adaptive_model *m, site *at, int k) {
    forecast f = {.best = 0};
    predict_from_engines(m, at, k, &f);
    predict_from_stack(m, k, &f);
    blend(m, at, k, &f);
    prefetch(m, k, &f);
    find_scale(m, at, k, &f);
    const distribution d = distribution_of(m, at, k, &f);
    int16_t *stored = m->samples + at->index * (size_t)m->bands + k;
    const int32_t sample = code_sample(&m->decisions, &d, *stored);
    *stored = (int16_t)sample;
    if (m->decisions.histogram) {
        uint16_t *count = band_histogram(&m->decisions, k) + (sample - m->decisions.low);
        *count = (uint16_t)(*count + (*count < UINT16_MAX));
    }
    learn_scale(&m->band[k], &f, abs(sample * 256 - f.means[PX_EXPERT_BLEND]));
    learn_errors(m, at, k, &f, d.scale_class, sample);
    learn_fits(m, k, &f, sample);
    learn_engines(m, k, &f, sample);
}

/* ---- Positions ---- */

/* The nearest centre of W + N, which it then moves: k-means as it goes. */
static int classify(px_adaptive_model *m, const site *at) {
    if (at->first)
        return 0;
    for (int k = 0; k < m->bands; k++)
        m->features[k] = at->taps[0][k] + at->taps[1][k] - 2 * m->band[k].offset;
    int class = 0;
    int64_t least = INT64_MAX;
    for (int c = 0; c < PX_CLASSES; c++) {
        const int32_t *centre = m->centres + (size_t)c * (size_t)m->bands;
        int64_t distance = 0;
        for (int k = 0; m->class_sizes[c] && k < m->bands; k++) {
            int64_t t = m->features[k] - (centre[k] >> 8);
            distance += t * t * m->band[k].precision >> 12;
        }
        if (distance < least) {
            least = distance;
            class = c;
        }
    }
    const uint32_t size = ++m->class_sizes[class];
    const int64_t rate = size < 512 ? 65536 / size : 128;
    int32_t *centre = m->centres + (size_t) class * (size_t)m->bands;
    for (int k = 0; k < m->bands; k++)
        centre[k] += (int32_t)(((int64_t)m->features[k] * 256 - centre[k]) * rate >> 16);
    return class;
}

static px_traces traces_of(const px_adaptive_model *m, size_t index) {
    const size_t first = index % m->trace_count * (size_t)m->bands;
    return (px_traces){m->traces.errors + first, m->traces.residuals + first};
}

static site place_of(const px_adaptive_model *m, size_t y, size_t x, int strip_lane) {
    const size_t index = y * m->width + x, bands = (size_t)m->bands;
    site at = {.index = index, .first = index == 0, .strip_lane = strip_lane};
    at.here = traces_of(m, index);
    for (int i = 0; i < 1 + PX_PLANE_TAPS && !at.first; i++) {
        size_t near = neighbour_of(m, y, x, tap_offsets[i][0], tap_offsets[i][1]);
        at.taps[i] = m->samples + near * bands;
        if (i < 4)
            at.near[i] = traces_of(m, near);
    }
    const int32_t recent = (int32_t)(131072 / (2 * m->seen + 3));
    at.rate = recent > 655 ? recent : 655;
    at.slow_rate = recent > 328 ? recent : 328;
    int64_t energy = 0;
    for (size_t k = 0; k < bands && !at.first; k++)
        energy += (int64_t)(at.near[0].errors[k][PX_EXPERT_BLEND] +
                            at.near[1].errors[k][PX_EXPERT_BLEND]) *
                      m->band[k].inverse_error >>
                  12;
    at.energy = at.first ? 4096 : clamp32(energy / (2 * m->bands), 0, 1 << 24);
    at.run = at.energy + 205;
    at.expert_run = eight_all(128);
    return at;
}

/* What is kept of the bands of a position that has been coded. */
static void learn_bands(px_adaptive_model *m, const site *at) {
    const int16_t *samples = m->samples + at->index * (size_t)m->bands;
    const int64_t rate = m->seen < 1000 ? 65536 / ((int64_t)m->seen + 1) : 64;
    for (int k = 0; k < m->bands; k++) {
        px_band *band = &m->band[k];
        int64_t value = samples[k] - band->offset;
        band->inverse_error = (1 << 24) / ((band->error >> PX_ERROR_BITS) + 26);
        band->variance += (value * value * 16 - band->variance) * rate >> 16;
        const int64_t precision = (1 << 24) / (band->variance + 16);
        band->precision = precision < 1 ? 1 : (int32_t)precision;
    }
}

static void code_position(px_adaptive_model *m, size_t y, size_t x, int strip_lane) {
    site at = place_of(m, y, x, strip_lane);
    int class = classify(m, &at);
    for (int g = 0; g < PX_ENGINES; g++)
        engine_begin(m, &m->engines[g], y, x, class, strip_lane);
    for (int k = 0; k < m->bands; k++)
        look_out(m, &at, k);
    for (int k = 0; k < m->bands; k++)
        code_band(m, &at, k);
    learn_bands(m, &at);
    for (int g = 0; g < PX_ENGINES; g++)
        engine_end(&m->engines[g]);
    m->seen++;
}

/* A position without data, of which nothing is learned: samples and errors are those of a
 * neighbour. */
static void take_from_neighbour(px_adaptive_model *m, size_t y, size_t x) {
    const size_t index = y * m->width + x, bands = (size_t)m->bands;
    const uint8_t hole = m->holes[index];
    const size_t from = index + (size_t)px_hole_place(hole, m->width);
    int16_t *samples = m->samples + index * bands;
    const px_traces here = traces_of(m, index);
    if (hole != PX_HOLE_BLANK) {
        const px_traces there = traces_of(m, from);
        memcpy(samples, m->samples + from * bands, bands * sizeof *samples);
        memcpy(here.errors, there.errors, bands * sizeof *here.errors);
        memcpy(here.residuals, there.residuals, bands * sizeof *here.residuals);
        return;
    }
    for (size_t k = 0; k < bands; k++) {
        samples[k] = (int16_t)clamp32(m->band[k].offset, m->decisions.low, m->decisions.high);
        here.residuals[k] = 0;
        eight_store(here.errors[k], eight_all(m->band[k].error >> PX_ERROR_BITS));
    }
}

/* Whether none of `count` positions from (y, x) on has data. */
static bool has_no_data(const px_adaptive_model *m, size_t y, size_t x, int count) {
    int missing = 0;
    for (int lane = 0; m->holes && lane < count; lane++)
        missing += m->holes[y * m->width + x + (size_t)lane] != 0;
    return missing == count;
}

/* Codes row `y`. The first row's neighbours above are to the left, so its strips are single. Stops
 * where the payload does. */
static void adaptive_code_row(px_adaptive_model *m, size_t y) {
    const size_t strip = y ? PX_ENGINE_STRIP : 1;
    for (size_t x = 0; x < m->width; x += strip) {
        const int count = (int)(m->width - x < strip ? m->width - x : strip);
        if (m->decisions.coder->decoding && m->decisions.coder->decoder.in->failed)
            return;
        const bool idle = has_no_data(m, y, x, count);
        for (int g = 0; g < PX_ENGINES && !idle; g++)
            engine_strip(m, &m->engines[g], y, x, count);
        for (int lane = 0; lane < count; lane++)
            if (m->holes && m->holes[y * m->width + x + (size_t)lane])
                take_from_neighbour(m, y, x + (size_t)lane);
            else
                code_position(m, y, x + (size_t)lane, lane);
        for (int g = 0; g < PX_ENGINES; g++)
            engine_refresh(&m->engines[g], m->width);
    }
}

const px_adaptive_kernels PX_KERNEL_TABLE(px_adaptive_kernels) = {
    .code_row = adaptive_code_row,
    .cholesky_rows = cholesky_rows,
};
