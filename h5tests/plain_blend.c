/* docs/format-frames.md: "Experts", "Energies", "The blend", "Class and digit"; and the equations
 * that its fit solves. */
#include <stdlib.h>
#include <string.h>

#include "base/fast_math.h"
#include "plain.h"

enum { OWN_SET = PX_BLEND_EXPERTS, SETS };

/* Sums of errors that decay along rows and along columns: one set for each expert, one for the
 * blend. */
typedef struct energy_set {
    int32_t row[PLAIN_MOST], column[PLAIN_MOST];
} energy_set;

typedef struct blending {
    const px_wave *w;
    const px_blend *blend;
    int32_t start; /* columns above the plane */
    energy_set *sets;
} blending;

/* What is known of a sample before it is. */
typedef struct blended {
    int32_t means[PX_BLEND_EXPERTS], energies[SETS];
    int32_t mean, spread, energy;
} blended;

static blending blending_make(const px_wave *w) {
    static energy_set sets[SETS];
    const int32_t start = w->start_error >> w->blend->error_shift;
    return (blending){
        .w = w, .blend = w->blend, .start = 2 * (start < 7000 ? start : 7000), .sets = sets};
}

/* ---- Experts ---- */

static int32_t couple_at(const px_wave *w, ptrdiff_t y, ptrdiff_t x) {
    return w->mixed[y * (ptrdiff_t)w->mixed_stride + x];
}

static void experts_at(int32_t *mean, const px_wave *w, ptrdiff_t y, ptrdiff_t x) {
    const int32_t west = plain_sample_at(w, y, x - 1), north = plain_sample_at(w, y - 1, x);
    const int32_t north_west = plain_sample_at(w, y - 1, x - 1);
    const int32_t north_east = plain_sample_at(w, y - 1, x + 1);
    const int32_t at = couple_at(w, y, x), before = x ? couple_at(w, y, x - 1) : at;
    const int32_t a = px_couple_low(at), b = px_couple_high(at);
    const int32_t a_west = px_couple_low(before), b_west = px_couple_high(before);
    const int32_t a_north = px_couple_low(couple_at(w, y - 1, x));
    mean[0] = plain_mean(w, y, x);
    mean[1] = 16 * west;
    mean[2] = 16 * north;
    mean[3] = 16 * north_east;
    mean[4] = 16 * (west + north - north_west);
    mean[5] = 16 * (2 * north - plain_sample_at(w, y - 2, x));
    mean[6] = 16 * (2 * west - plain_sample_at(w, y, x - 2));
    mean[7] = 16 * west + 8 * (north_east - north_west);
    mean[8] = 16 * a;
    mean[9] = 16 * a + 8 * (west - a_west + north - a_north);
    mean[10] = 16 * (a + west - a_west);
    mean[11] = 16 * (a + north - a_north);
    mean[12] = 16 * b;
    mean[13] = 16 * (2 * a - b);
    mean[14] = 8 * (a + b);
    mean[15] = 16 * west + 8 * (a + b - a_west - b_west);
}

/* ---- Energies ---- */

static size_t place(const px_wave *w, ptrdiff_t y, ptrdiff_t x) {
    return (size_t)y * w->width + (size_t)x;
}

static int32_t column_at(const blending *b, int set, ptrdiff_t y, ptrdiff_t x) {
    const ptrdiff_t column = plain_limit(x, 0, (int32_t)b->w->width - 1);
    return y < 0 ? b->start : b->sets[set].column[place(b->w, y, column)];
}

static int32_t row_at(const blending *b, int set, ptrdiff_t y, ptrdiff_t x) {
    return x < 0 ? column_at(b, set, y - 1, 0) : b->sets[set].row[place(b->w, y, x)];
}

static int32_t energy_at(const blending *b, int set, ptrdiff_t y, ptrdiff_t x) {
    return row_at(b, set, y, x - 1) + (column_at(b, set, y - 1, x - 1) >> 1) +
           column_at(b, set, y - 1, x) + column_at(b, set, y - 1, x + 1);
}

static int32_t decay(int32_t v) {
    return (v >> 1) + (v >> 3);
}

static void add_error(const blending *b, int set, ptrdiff_t y, ptrdiff_t x, int32_t error) {
    const int32_t u = plain_limit(error >> b->blend->error_shift, 0, 7000);
    b->sets[set].row[place(b->w, y, x)] = u + decay(row_at(b, set, y, x - 1));
    b->sets[set].column[place(b->w, y, x)] = u + decay(column_at(b, set, y - 1, x));
}

static void learn(const blending *b, const blended *known, const plain_place *p, int32_t sample) {
    for (int e = 0; e < b->blend->experts; e++)
        add_error(b, e, p->y, p->x, abs(16 * sample - known->means[e]));
    add_error(b, OWN_SET, p->y, p->x, (int32_t)plain_error_at(b->w, p->y, p->x));
}

/* ---- The blend ---- */

static int32_t log_256(uint32_t value) {
    int exponent = 31;
    while (!(value >> exponent))
        exponent--;
    return exponent * 256 + (int32_t)((uint64_t)value * 256 >> exponent & 255);
}

static void weigh(int32_t *weights, const blending *b, const blended *known) {
    int32_t best = INT32_MIN;
    for (int e = 0; e < b->blend->experts; e++) {
        const uint32_t energy = (uint32_t)known->energies[e] + (16u >> b->blend->error_shift) + 1u;
        weights[e] = b->blend->gates[e] - ((log_256(energy) * b->blend->power) >> 4);
        best = weights[e] > best ? weights[e] : best;
    }
    for (int e = 0; e < b->blend->experts; e++) {
        const int32_t d = plain_limit(best - weights[e], 0, 31 * 256);
        weights[e] = 4 * (512 - (d & 255)) >> (d >> 8);
    }
}

static int64_t floor_divide(int64_t a, int64_t b) {
    return a / b - (a % b < 0);
}

static void blend_at(blended *known, const blending *b, ptrdiff_t y, ptrdiff_t x) {
    int32_t weights[PX_BLEND_EXPERTS];
    experts_at(known->means, b->w, y, x);
    for (int set = 0; set < SETS; set++)
        if (set < b->blend->experts || set == OWN_SET)
            known->energies[set] = energy_at(b, set, y, x);
    weigh(weights, b, known);
    int64_t sum = 0, total = 0, squares = 0, small = 0;
    for (int e = 0; e < b->blend->experts; e++) {
        sum += (int64_t)weights[e] *
               plain_limit((int64_t)known->means[e] - known->means[0], -32767, 32767);
        total += weights[e];
    }
    known->mean = known->means[0] + (int32_t)floor_divide(sum, total);
    for (int e = 0; e < b->blend->experts; e++) {
        const int64_t apart = plain_limit(abs(known->means[e] - known->mean), 0, 511);
        squares += (weights[e] >> 3) * apart * apart;
        small += weights[e] >> 3;
    }
    known->spread = plain_log((uint32_t)(squares + 5 * small)) - plain_log((uint32_t)small);
    known->energy = plain_log((uint32_t)known->energies[OWN_SET] + 2);
}

/* ---- Kernels ---- */

static int32_t class_of(const px_wave *w, const blended *known, ptrdiff_t y, ptrdiff_t x) {
    const int32_t near = plain_around(w, y, x) * w->scale_error +
                         known->spread * w->blend->scale_spread +
                         known->energy * w->blend->scale_energy;
    return plain_limit(
        (plain_scale_before(w, y, x, true) + plain_limit(near >> 4, INT16_MIN, INT16_MAX)) >> 6, 0,
        83);
}

void plain_blend_decode(const plain_tables *tables, const px_wave *w, px_rans_stream *stream) {
    const blending b = blending_make(w);
    for (size_t step = 0; step < plain_steps(w); step++) {
        plain_place places[PX_WAVE_LANES];
        blended known[PX_WAVE_LANES];
        const size_t count = plain_places(places, w, step);
        for (size_t i = 0; i < count; i++) {
            plain_place *p = &places[i];
            blend_at(&known[i], &b, p->y, p->x);
            p->mean = known[i].mean;
            p->symbol =
                plain_wave_symbol(tables->wave, class_of(w, &known[i], p->y, p->x), p->mean);
        }
        plain_decode_step(places, count, stream);
        plain_stop(stream);
        for (size_t i = 0; i < count; i++) {
            plain_keep(w, &places[i], plain_sample(&places[i].symbol));
            learn(&b, &known[i], &places[i], plain_sample(&places[i].symbol));
        }
    }
}

static void dump_place(int32_t *to, const px_blend *blend, const blended *known, size_t lane,
                       int32_t sample) {
    for (int e = 0; e < blend->experts; e++)
        to[(size_t)e * PX_WAVE_LANES + lane] = known->means[e];
    to += PX_BLEND_EXPERTS * PX_WAVE_LANES;
    for (int e = 0; e < blend->experts; e += 2)
        to[(size_t)e / 2 * PX_WAVE_LANES + lane] =
            px_couple(known->energies[e], known->energies[e + 1]);
    to += PX_BLEND_PAIRS * PX_WAVE_LANES;
    to[lane] = sample;
    to[PX_WAVE_LANES + lane] = 1;
}

void plain_blend_analyse(const px_wave *w, int32_t *means, int32_t *near, px_blend_dump *dump) {
    const blending b = blending_make(w);
    for (size_t step = 0; step < px_wave_steps(w->height, w->width); step++) {
        plain_place places[PX_WAVE_LANES];
        blended known[PX_WAVE_LANES];
        const size_t count = plain_places(places, w, step);
        const bool dumps = dump && step % dump->every == 0;
        for (size_t i = 0; i < count; i++) {
            plain_place *p = &places[i];
            const size_t at = (size_t)p->y * w->stride + (size_t)p->x;
            blend_at(&known[i], &b, p->y, p->x);
            means[at] = p->mean = known[i].mean;
            near[at] = px_couple(known[i].spread, known[i].energy);
            if (dumps)
                dump_place(dump->next, b.blend, &known[i], p->lane, w->samples[at]);
        }
        if (dumps)
            dump->next += PX_BLEND_DUMP * PX_WAVE_LANES;
        for (size_t i = 0; i < count; i++) {
            const int32_t sample =
                w->samples[(size_t)places[i].y * w->stride + (size_t)places[i].x];
            plain_keep(w, &places[i], sample);
            learn(&b, &known[i], &places[i], sample);
        }
    }
}

/* ---- Equations ---- */

/* As the kernels do it, so that floats are the same. */
static float inverse_root(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits = 0x5f3759df - (bits >> 1);
    float root;
    memcpy(&root, &bits, sizeof root);
    for (int i = 0; i < 2; i++)
        root = root * (1.5f - 0.5f * value * root * root);
    return root;
}

static float power_of_2(float value) {
    const float above = (value > -125 ? value : -125) + 125;
    const int32_t whole = (int32_t)above;
    const float part = above - (float)whole;
    const uint32_t bits = (uint32_t)(whole + 2) << 23;
    float scale;
    memcpy(&scale, &bits, sizeof scale);
    return scale * (1 + part * (0.6951786f + part * (0.2276448f + part * 0.0771766f)));
}

static void slopes_at(float *rows, size_t length, const int32_t *dump, const px_blend_scores *s) {
    float means[PX_BLEND_EXPERTS], logs[PX_BLEND_EXPERTS], shares[PX_BLEND_EXPERTS];
    float best = -1e9f, least = 1e9f, sum = 0, mean = 0, power = 0;
    for (int e = 0; e < s->experts; e++) {
        const int32_t pair = dump[(PX_BLEND_EXPERTS + e / 2) * PX_WAVE_LANES];
        const float energy = (float)((e % 2 ? pair >> 16 : pair) & 0xffff);
        means[e] = (float)dump[e * PX_WAVE_LANES];
        logs[e] = px_fast_log2(energy + s->floor);
        shares[e] = s->gates[e] - s->power * logs[e];
        best = shares[e] > best ? shares[e] : best;
        least = energy < least ? energy : least;
    }
    for (int e = 0; e < s->experts; e++) {
        shares[e] = power_of_2(shares[e] - best);
        sum += shares[e];
        mean += shares[e] * means[e];
    }
    const int32_t *sample = dump + (PX_BLEND_EXPERTS + PX_BLEND_PAIRS) * PX_WAVE_LANES;
    const float inverse = 1 / sum;
    mean *= inverse;
    const float rest = (float)(16 * sample[0]) - mean, error = 5 + least * s->unit;
    const float weight =
        (float)sample[PX_WAVE_LANES] * inverse_root(error * error + s->outliers * rest * rest);
    const float scale = weight * inverse * 0.69314718f;
    for (int e = 0; e < s->experts; e++) {
        const float slope = scale * shares[e] * (means[e] - mean);
        power -= slope * logs[e];
        rows[(size_t)e * length] = slope;
    }
    rows[PX_BLEND_EXPERTS * length] = power;
    rows[(PX_BLEND_EXPERTS + 1) * length] = weight * rest;
}

void plain_blend_slopes(float *rows, size_t length, const int32_t *dump, size_t steps,
                        const px_blend_scores *scores) {
    for (size_t i = 0; i < steps * PX_WAVE_LANES; i++) {
        const size_t step = i / PX_WAVE_LANES, lane = i % PX_WAVE_LANES;
        slopes_at(rows + i, length, dump + step * PX_BLEND_DUMP * PX_WAVE_LANES + lane, scores);
    }
}
