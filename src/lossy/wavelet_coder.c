#include "lossy/wavelet_coder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/sizes.h"
#include "base/status.h"
#include "lossy/wavelet_fit.h"
#include "lossy/wavelet_models.h"

enum {
    RING = 5,   /* components whose magnitudes are at hand */
    MARGIN = 2, /* places around a band */
    FITS = 3,   /* of a component: one for each band of a level */
    ONE = PX_MAGNITUDE_ONE,
    HALF = PX_MAGNITUDE_HALF
};

/* Magnitudes of a band, in half steps, with a margin of zeros. */
typedef struct magnitudes {
    uint16_t *at; /* the first one within the margin */
    size_t span;
} magnitudes;

struct px_wavelet_coder {
    const px_wavelet *wavelet;
    size_t components;
    px_wavelet_models models;
    px_bit empty[PX_WAVELET_LEVELS + 1][3]; /* by how many of the two components before were */
    uint16_t *ring, *zeros;                 /* [RING][3][area], zeros for what is not there */
    uint16_t *decayed;                      /* [3][area]: of the components before */
    size_t area;                            /* of the largest band with its margin */
    int32_t averages[3];                    /* of the bands of the component before, in 2^8 ONE */
    px_wavelet_fit *fits;                   /* [components][FITS], or NULL: 0 is predicted */
    bool dependent;                         /* there are two quantisers; */
    px_quantiser_state state;               /* which of them is next */
    px_range_coder *bits;
    const px_wavelet_choice *choice;
};

/* ---- Memory ---- */

static size_t area_of(size_t height, size_t width) {
    const size_t low_height = height < 10 ? height : (height + 1) / 2;
    const size_t low_width = width < 10 ? width : (width + 1) / 2;
    return px_product(low_height + 2 * MARGIN, low_width + 2 * MARGIN);
}

uint64_t px_wavelet_coder_memory(size_t height, size_t width, size_t components,
                                 px_wavelet_ways ways) {
    return sizeof(px_wavelet_coder) +
           (ways.predicted ? (uint64_t)components * FITS * sizeof(px_wavelet_fit) : 0) +
           (uint64_t)area_of(height, width) * (3 * RING + 1 + 3) * sizeof(uint16_t);
}

prism_status px_wavelet_coder_make(px_wavelet_coder **coder, const px_wavelet *wavelet,
                                   size_t components, px_wavelet_ways ways, prism_error *error) {
    px_wavelet_coder *c = *coder = px_alloc_zeroed(sizeof *c);
    if (!c)
        return px_out_of_memory(error, sizeof *c);
    c->wavelet = wavelet;
    c->components = components;
    c->area = area_of(wavelet->height, wavelet->width);
    c->ring = px_alloc_zeroed(RING, 3, c->area, sizeof *c->ring);
    c->zeros = px_alloc_zeroed(c->area, sizeof *c->zeros);
    c->decayed = px_alloc_zeroed(3, c->area, sizeof *c->decayed);
    if (!c->ring || !c->zeros || !c->decayed)
        return px_out_of_memory(error, px_product(RING, 3, c->area, sizeof *c->ring));
    if (ways.predicted)
        c->fits = px_alloc_zeroed(components ? components : 1, FITS, sizeof *c->fits);
    if (ways.predicted && !c->fits)
        return px_out_of_memory(error, px_product(components, FITS, sizeof *c->fits));
    c->dependent = ways.dependent;
    px_wavelet_models_init(&c->models);
    for (int i = 0; i <= PX_WAVELET_LEVELS; i++)
        for (int j = 0; j < 3; j++)
            c->empty[i][j] = (px_bit)PX_BIT_INIT;
    return PRISM_OK;
}

void px_wavelet_coder_free(px_wavelet_coder *c) {
    if (!c)
        return;
    free(c->ring);
    free(c->zeros);
    free(c->decayed);
    free(c->fits);
    free(c);
}

/* ---- Bands ---- */

/* One band of one component while it is coded. */
typedef struct band_work {
    const px_band *band;
    int index; /* among those of its level: 0..2 */
    int class, group;
    size_t component;
    magnitudes own, other[2], before[4]; /* other bands; the same of components before */
    uint16_t *decayed;
    const int32_t *parents; /* the plane, or NULL */
    const px_band *parent;
    int32_t average, average_before; /* in 2^8 ONE */
    int32_t seen;
    int32_t *plane;
    const float *numbers;
    px_wavelet_fit *fit;
} band_work;

static magnitudes magnitudes_at(uint16_t *area, const px_band *band) {
    const size_t span = band->width + 2 * MARGIN;
    return (magnitudes){area + MARGIN * span + MARGIN, span};
}

static uint16_t *area_at(px_wavelet_coder *c, size_t component, int index) {
    return c->ring + (component % RING * 3 + (size_t)index) * c->area;
}

static int32_t parent_of(const px_wavelet_coder *c, const band_work *w, size_t y, size_t x) {
    if (!w->parents)
        return 0;
    const px_band *p = w->parent;
    const size_t up = w->band->height > p->height ? y / 2 : y;
    const size_t left = w->band->width > p->width ? x / 2 : x;
    const size_t row = up < p->height ? up : p->height - 1;
    const size_t column = left < p->width ? left : p->width - 1;
    const int32_t number = w->parents[(p->y + row) * c->wavelet->width + p->x + column];
    const int32_t unit = c->dependent ? PX_COEFFICIENT_ONE / 2 : PX_COEFFICIENT_ONE;
    const int32_t halves = (abs(number) + unit / 2) / unit * (c->dependent ? 1 : 2);
    return halves < PX_LAST_HALVES ? halves : PX_LAST_HALVES;
}

static int32_t within_limit(int32_t number) {
    return number < -PX_FIT_LIMIT ? -PX_FIT_LIMIT : number > PX_FIT_LIMIT ? PX_FIT_LIMIT : number;
}

static int32_t *coefficient_at(const px_wavelet_coder *c, const band_work *w, size_t y, size_t x) {
    return w->plane + (w->band->y + y) * c->wavelet->width + w->band->x + x;
}

/* All but what px_trellis_look_west adds. */
static void find_features(const px_wavelet_coder *c, const band_work *w, px_wavelet_site *s,
                          size_t y, size_t x) {
    const size_t span = w->own.span, at = y * span + x;
    const uint16_t *o = w->own.at + at, *m1 = w->before[0].at + at, *m2 = w->before[1].at + at;
    const int32_t f[PX_MAGNITUDE_FEATURES] = {0,
                                              o[-(ptrdiff_t)span],
                                              o[-(ptrdiff_t)span - 1] + o[1 - (ptrdiff_t)span],
                                              o[-2 * (ptrdiff_t)span],
                                              parent_of(c, w, y, x),
                                              w->other[0].at[y * w->other[0].span + x],
                                              w->other[1].at[y * w->other[1].span + x],
                                              *m1,
                                              *m2,
                                              w->before[2].at[at] + w->before[3].at[at],
                                              m1[-1] + m1[1] + m1[-(ptrdiff_t)span] + m1[span],
                                              m1[-(ptrdiff_t)span - 1] + m1[1 - (ptrdiff_t)span] +
                                                  m1[span - 1] + m1[span + 1]};
    for (int i = 0; i < 12; i++)
        s->features[i] = f[i] * HALF;
    s->features[13] = w->average_before >> 8;
    s->features[14] = w->decayed[y * w->band->width + x];
    s->features[15] = ONE / 10;
}

static px_wavelet_site site_at(const px_wavelet_coder *c, const band_work *w, size_t y, size_t x) {
    px_wavelet_site s = {.class = w->class,
                         .group = w->group,
                         .component = w->component,
                         .dependent = c->dependent,
                         .quantiser = px_quantiser_of(c->state)};
    find_features(c, w, &s, y, x);
    return s;
}

static px_trellis_west west_of(const px_wavelet_coder *c, const band_work *w, size_t y, size_t x) {
    const uint16_t *own = w->own.at + y * w->own.span + x;
    return (px_trellis_west){.coefficient = x ? within_limit(*(coefficient_at(c, w, y, x) - 1)) : 0,
                             .halves = own[-1],
                             .far = own[-2],
                             .average = w->average,
                             .seen = w->seen};
}

/* ---- What is predicted ---- */

/* Inputs of a fit, but for the neighbour to the west, which is the first. Returns how many. */
static int find_inputs(const px_wavelet_coder *c, const band_work *w, int32_t *inputs, size_t y,
                       size_t x) {
    const int32_t *to = coefficient_at(c, w, y, x);
    const size_t width = c->wavelet->width, size = c->wavelet->height * width;
    const size_t before = w->component < PX_FIT_BEFORE ? w->component : PX_FIT_BEFORE;
    inputs[0] = 0;
    inputs[1] = within_limit(y ? to[-(ptrdiff_t)width] : 0);
    for (size_t i = 0; i < before; i++) {
        const size_t back = w->component - px_fit_component(w->component, i);
        inputs[PX_FIT_NEIGHBOURS + i] = within_limit(to[-(ptrdiff_t)(back * size)]);
    }
    return PX_FIT_NEIGHBOURS + (int)before;
}

/* ---- What the encoder chooses ---- */

static float number_at(const px_wavelet_coder *c, const band_work *w, size_t y, size_t x) {
    return w->numbers[coefficient_at(c, w, y, x) - w->plane] * c->choice->scale;
}

/* The nearest integer, the one below or 0: whichever costs least in errors and bits. */
static int32_t choose(px_wavelet_coder *c, const px_wavelet_site *s, float rest) {
    const float size = fabsf(rest);
    const int32_t high = (int32_t)(size + 0.5f);
    if (high == 0)
        return 0;
    const int32_t candidates[3] = {0, high - 1, high};
    float bits[3], least = HUGE_VALF;
    int32_t best = 0;
    px_wavelet_costs(&c->models, s, candidates, 3, bits);
    for (int i = 0; i < 3; i++) {
        const float error = size - (float)candidates[i];
        const float cost = error * error + c->choice->bit * bits[i];
        if (cost < least) {
            least = cost;
            best = candidates[i];
        }
    }
    return rest < 0 ? -best : best;
}

/* The steps of a row from x on. */
static const int32_t *plan_row(px_wavelet_coder *c, const band_work *w, size_t y, size_t first) {
    px_trellis_place *places = px_trellis_places(c->choice->trellis);
    const px_trellis_west west = west_of(c, w, y, first);
    int32_t inputs[PX_FIT_INPUTS];
    for (size_t x = first; x < w->band->width; x++) {
        px_trellis_place *place = &places[x - first];
        place->site = site_at(c, w, y, x);
        place->number = number_at(c, w, y, x);
        place->predicted =
            w->fit ? px_wavelet_fit_sum(w->fit, inputs, find_inputs(c, w, inputs, y, x)) : 0;
    }
    return px_trellis_run(c->choice->trellis, &c->models, w->band->width - first, c->state, &west,
                          w->fit ? w->fit->weights[0] : 0, c->choice->bit);
}

/* ---- One coefficient ---- */

static void learn_averages(band_work *w, int32_t halves, size_t y, size_t x) {
    enum { MOST = 1800 };
    uint16_t *decayed = &w->decayed[y * w->band->width + x];
    *decayed =
        (uint16_t)(*decayed + (((halves < MOST ? halves : MOST) * HALF - *decayed) * 77 >> 8));
    w->average = px_wavelet_average(w->average, w->seen++, halves);
}

/* A number of steps from what is predicted; returns the half steps of it. */
static int32_t code_steps(px_wavelet_coder *c, const px_wavelet_site *s, int32_t steps) {
    const bool negative = steps < 0;
    const int32_t magnitude = px_wavelet_code_magnitude(&c->models, c->bits, s, abs(steps));
    const int32_t halves = px_halves_of(s->quantiser, magnitude);
    if (c->dependent)
        c->state = px_quantiser_next(c->state, magnitude);
    return magnitude && px_code_plain(c->bits, negative) ? -halves : halves;
}

/* The models learn from a coefficient that is known. Returns whether predictions are others now. */
static bool learn(px_wavelet_coder *c, band_work *w, const px_wavelet_site *s, int32_t *inputs,
                  int count, size_t y, size_t x, int32_t halves) {
    const int32_t kept = abs(halves) < PX_LAST_HALVES ? abs(halves) : PX_LAST_HALVES;
    bool changed = false;
    if (w->fit) {
        inputs[count] = within_limit(*coefficient_at(c, w, y, x));
        changed = px_wavelet_fit_learn(w->fit, inputs, count, s->expected);
    }
    w->own.at[y * w->own.span + x] = (uint16_t)kept;
    if (kept || s->expected > ONE / 32)
        px_wavelet_learn_expected(&c->models, s, kept);
    learn_averages(w, kept, y, x);
    return changed;
}

/* `steps`: what was planned, or NULL. Returns whether predictions are others now. */
static bool code_coefficient(px_wavelet_coder *c, band_work *w, size_t y, size_t x,
                             const int32_t *steps) {
    px_wavelet_site s = site_at(c, w, y, x);
    const px_trellis_west west = west_of(c, w, y, x);
    int32_t inputs[PX_FIT_INPUTS + 1], predicted = 0;
    int count = 0;
    px_trellis_look_west(&s, &west);
    px_wavelet_expect(&c->models, &s);
    if (w->fit) {
        count = find_inputs(c, w, inputs, y, x);
        inputs[0] = west.coefficient;
        predicted = px_wavelet_fit_rounded(px_wavelet_fit_sum(w->fit, inputs, count));
    }
    int32_t chosen = steps ? *steps : 0;
    if (w->numbers && !steps)
        chosen =
            choose(c, &s, number_at(c, w, y, x) - (float)predicted * (1.0f / PX_COEFFICIENT_ONE));
    const int32_t halves = code_steps(c, &s, chosen);
    *coefficient_at(c, w, y, x) = predicted + halves * (PX_COEFFICIENT_ONE / 2);
    return learn(c, w, &s, inputs, count, y, x, halves);
}

static bool is_over(const px_wavelet_coder *c) {
    return c->bits->decoding ? c->bits->decoder.in->failed : c->bits->encoder.out->failed;
}

static void code_band(px_wavelet_coder *c, band_work *w) {
    const bool planned = c->choice && c->choice->trellis;
    for (size_t y = 0; y < w->band->height && !is_over(c); y++) {
        const int32_t *steps = NULL;
        for (size_t x = 0; x < w->band->width; x++) {
            if (planned && !steps)
                steps = plan_row(c, w, y, x);
            const bool changed = code_coefficient(c, w, y, x, steps);
            steps = steps && !changed ? steps + 1 : NULL;
        }
    }
}

/* Nothing but zeros: the models hear of it no more than this. */
static void clear_band(px_wavelet_coder *c, band_work *w) {
    for (size_t y = 0; y < w->band->height; y++) {
        memset(w->plane + (w->band->y + y) * c->wavelet->width + w->band->x, 0,
               w->band->width * sizeof *w->plane);
        for (size_t x = 0; x < w->band->width; x++) {
            uint16_t *decayed = &w->decayed[y * w->band->width + x];
            *decayed = (uint16_t)(*decayed - (*decayed * 77 >> 8));
        }
    }
    w->average = 0;
}

/* ---- Levels ---- */

/* The bands of a level, or the lowest one. */
typedef struct level_work {
    const px_band *bands;
    int count;
    int level; /* PX_WAVELET_LEVELS for the lowest */
} level_work;

/* That of band `first` and of those behind it. */
static level_work level_at(const px_wavelet *w, int first) {
    level_work l = {w->bands + first, 1, first ? w->bands[first].level : PX_WAVELET_LEVELS};
    while (first && first + l.count < w->band_count && l.bands[l.count].level == l.level)
        l.count++;
    return l;
}

static int class_of(const px_band *band) {
    const int level = band->level < 4 ? band->level : 4;
    return band->orient ? 3 * level + band->orient - 1 : PX_MAGNITUDE_CLASSES - 1;
}

/* The band of the same orientation in the level above. */
static const px_band *parent_band(const px_wavelet *w, const px_band *band) {
    for (int i = 0; i < w->band_count; i++)
        if (w->bands[i].orient == band->orient && w->bands[i].level == band->level + 1)
            return &w->bands[i];
    return NULL;
}

static band_work work_of(px_wavelet_coder *c, const level_work *l, int index, size_t component,
                         int32_t *planes) {
    const px_band *band = &l->bands[index];
    const size_t size = c->wavelet->height * c->wavelet->width;
    band_work w = {.band = band,
                   .index = index,
                   .class = class_of(band),
                   .group = component == 0  ? 0
                            : component < 6 ? 1
                                            : 2,
                   .component = component,
                   .decayed = c->decayed + (size_t)index * c->area,
                   .parent = band->orient ? parent_band(c->wavelet, band) : NULL,
                   .plane = planes + component * size,
                   .average_before = c->averages[index],
                   .fit = c->fits ? &c->fits[component * FITS + (size_t)index] : NULL};
    w.parents = w.parent ? w.plane : NULL;
    w.average = component ? w.average_before * 4 / 5 : ONE * 256;
    w.own = magnitudes_at(area_at(c, component, index), band);
    for (int i = 0; i < 2; i++) /* bands of the level that are done, the last one first */
        w.other[i] = i < index ? magnitudes_at(area_at(c, component, index - 1 - i),
                                               &l->bands[index - 1 - i])
                               : magnitudes_at(c->zeros, band);
    for (size_t i = 0; i < 4; i++)
        w.before[i] =
            magnitudes_at(i < component ? area_at(c, component - 1 - i, index) : c->zeros, band);
    if (c->choice)
        w.numbers = c->choice->numbers + component * size;
    return w;
}

/* What is not zero in the bands of a component's level. */
typedef struct content {
    size_t places, others; /* all, and those that may become more than zeros */
    float gain;            /* squares of errors, in steps, that these take away */
} content;

static void add_row(content *c, const float *numbers, float scale, size_t count) {
    static const float ZERO = 0.6f; /* steps */
    c->places += count;
    for (size_t i = 0; i < count; i++) {
        const float size = fabsf(numbers[i]) * scale;
        if (size <= ZERO)
            continue;
        const float rest = size - floorf(size + 0.5f);
        c->others++;
        c->gain += size * size - rest * rest;
    }
}

/* Whether all bands of a component's level had better be zeros: where few are others, to say which
 * takes more than they are worth. */
static bool is_empty(const px_wavelet *w, const px_wavelet_choice *choice, const level_work *l,
                     size_t component) {
    static const float VALUE_BITS = 3; /* of a number, beside its place, which contexts tell */
    const size_t size = w->height * w->width;
    content c = {.places = 0};
    for (int b = 0; b < l->count; b++)
        for (size_t y = 0; y < l->bands[b].height; y++)
            add_row(&c,
                    choice->numbers + component * size + (l->bands[b].y + y) * w->width +
                        l->bands[b].x,
                    choice->scale, l->bands[b].width);
    if (!c.others)
        return true;
    const float bits = log2f((float)c.places / (float)c.others) + VALUE_BITS;
    return c.gain < choice->least_gain * choice->bit * bits * (float)c.others;
}

size_t px_wavelet_coded(const px_wavelet *w, const px_wavelet_choice *choice, size_t components) {
    size_t count = 0;
    for (int i = 0; i < w->band_count;) {
        const level_work l = level_at(w, i);
        size_t size = 0;
        for (int b = 0; b < l.count; b++)
            size += l.bands[b].height * l.bands[b].width;
        for (size_t k = 0; k < components; k++)
            count += is_empty(w, choice, &l, k) ? 0 : size;
        i += l.count;
    }
    return count;
}

static void code_component(px_wavelet_coder *c, const level_work *l, size_t component,
                           int32_t *planes, int *emptiness) {
    int empty = c->bits->decoding ? 0 : is_empty(c->wavelet, c->choice, l, component);
    empty = px_code_bit(c->bits, &c->empty[l->level][(*emptiness & 1) + (*emptiness >> 1)], empty);
    *emptiness = (*emptiness << 1 | empty) & 3; /* of the last two components */
    for (int b = 0; b < l->count; b++) {
        memset(area_at(c, component, b), 0, c->area * sizeof *c->ring);
        band_work w = work_of(c, l, b, component, planes);
        if (empty)
            clear_band(c, &w);
        else
            code_band(c, &w);
        c->averages[b] = w.average;
    }
}

static void code_level(px_wavelet_coder *c, const level_work *l, int32_t *planes) {
    int emptiness = 0;
    memset(c->decayed, 0, 3 * c->area * sizeof *c->decayed);
    memset(c->averages, 0, sizeof c->averages);
    for (size_t i = 0; c->fits && i < c->components * FITS; i++)
        px_wavelet_fit_carry(&c->fits[i]);
    for (size_t k = 0; k < c->components && !is_over(c); k++)
        code_component(c, l, k, planes, &emptiness);
}

void px_wavelet_code(px_wavelet_coder *c, px_range_coder *bits, int32_t *planes,
                     const px_wavelet_choice *choice, int last, size_t *ends) {
    const px_wavelet *w = c->wavelet;
    c->bits = bits;
    c->choice = choice;
    for (int i = 0; i < w->band_count;) {
        const level_work l = level_at(w, i);
        if (l.level >= last)
            code_level(c, &l, planes);
        if (ends && !bits->decoding)
            ends[i ? l.level : w->levels] = px_range_encoder_reach(&bits->encoder);
        i += l.count;
    }
}
