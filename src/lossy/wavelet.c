/*
 * Sums of components whose scores are wavelets: coefficients are quantised where errors and bits
 * balance, and coded from the coarsest level on, so that a part of the payload gives a smaller
 * picture. docs/format-components.md, "Wavelet".
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/effort.h"
#include "base/status.h"
#include "lossy/component_stage.h"
#include "lossy/step_search.h"
#include "lossy/wavelet_coder.h"

enum { PREDICTED = 4, DEPENDENT = 8 }; /* bits of the payload's first byte */

/* ---- Encoding ---- */

typedef struct encoder {
    px_component_encoder common;
    px_wavelet wavelet;
    px_buffer payload;
    px_wavelet_ways ways;
    px_trellis *trellis;                /* if the ways are dependent */
    size_t ends[PX_WAVELET_LEVELS + 1]; /* see px_wavelet_code */
    size_t most;                        /* components that are tried */
    float least_gain;                   /* see px_wavelet_choice */
    size_t used, worth;                 /* by the last attempt: those that are more than zeros, */
    double reached;                     /* and worth their bits; its error */
} encoder;

static const float BIT = 0.09f; /* what a bit is worth: squared steps */

/* What a component's level must gain, as a share of its cost without contexts: where size is all
 * that matters, more than nothing; with the last one, all is left out that may be. */
static const float ANY_GAIN = 0, USUAL_GAIN = 0.4f, FULL_GAIN = 1;

static void encoder_free(encoder *e) {
    px_component_encoder_free(&e->common);
    px_wavelet_free(&e->wavelet);
    px_buffer_free(&e->payload);
    px_trellis_free(e->trellis);
}

/* Scores become their wavelets, where they lie. */
static void transform_scores(encoder *e) {
    const size_t positions = e->common.fit.positions;
    for (size_t k = 0; k < e->common.fit.components.count; k++) {
        float *plane = e->common.fit.scores + k * positions;
        px_wavelet_forward(&e->wavelet, plane, plane);
    }
}

static float largest_of(const float *numbers, size_t count) {
    float largest = 0;
    for (size_t i = 0; i < count; i++)
        largest = fmaxf(largest, fabsf(numbers[i]));
    return largest;
}

/* The payload for a step, and its coefficients in e->common.scores. */
static prism_status code(encoder *e, const px_wavelet_choice *choice, prism_error *error) {
    px_wavelet_coder *coder;
    px_buffer_free(&e->payload);
    e->payload = (px_buffer){.data = NULL};
    prism_status status =
        px_wavelet_coder_make(&coder, &e->wavelet, e->common.fit.components.count, e->ways, error);
    if (status == PRISM_OK) {
        px_range_coder bits = {.encoder = px_range_encoder_make(&e->payload)};
        px_wavelet_code(coder, &bits, e->common.scores, choice, 0, e->ends);
        px_range_encoder_finish(&bits.encoder);
        status = px_buffer_status(&e->payload, error);
    }
    px_wavelet_coder_free(coder);
    return status;
}

/* Whether a component takes away more of the error than its basis and its coefficients cost. */
static bool is_worth(const encoder *e, size_t k) {
    enum { COEFFICIENT_BITS = 6 };
    const px_components *c = &e->common.fit.components;
    const int32_t *coefficients = e->common.scores;
    const float *numbers = e->common.fit.scores;
    const double usual = -c->fineness[k] / 2.0 + log2((double)c->layout.count) / 2;
    const double step = (double)c->step;
    double bits = (double)c->layout.count * fmax(0.5, 2 - usual), gain = 0;
    for (size_t i = k * c->positions; i < (k + 1) * c->positions; i++) {
        const double q = coefficients[i] * (1.0 / PX_COEFFICIENT_ONE);
        gain += q * (2 * (double)numbers[i] / step - q);
        bits += fabs(q) >= 0.5 ? COEFFICIENT_BITS : 0;
    }
    return gain > (double)BIT * bits;
}

/* What the components were good for. */
static void judge_components(encoder *e) {
    e->used = e->worth =
        px_component_encoder_used(&e->common, e->common.scores, sizeof *e->common.scores);
    while (e->worth > 1 && !is_worth(e, e->worth - 1))
        e->worth--;
}

static void restore_scores(encoder *e) {
    const size_t positions = e->common.fit.positions;
    for (size_t k = 0; k < e->common.fit.components.count; k++)
        px_wavelet_inverse(&e->wavelet, e->common.scores + k * positions, 0);
}

static px_wavelet_choice choice_of(const encoder *e, double step) {
    return (px_wavelet_choice){.numbers = e->common.fit.scores,
                               .scale = (float)(1 / step),
                               .bit = BIT,
                               .least_gain = e->least_gain,
                               .trellis = e->trellis};
}

static prism_status attempt(void *context, double step, double *reached, prism_error *error) {
    encoder *e = context;
    const size_t all = e->common.fit.components.count * e->common.fit.positions;
    const px_wavelet_choice choice = choice_of(e, step);
    *reached = HUGE_VAL;
    if (largest_of(choice.numbers, all) * choice.scale >= PX_LAST_COEFFICIENT)
        return PRISM_OK;
    px_component_fit_restep(&e->common.fit, step);
    prism_status status = code(e, &choice, error);
    if (status != PRISM_OK)
        return status;
    judge_components(e);
    restore_scores(e);
    status = px_component_encoder_reached(&e->common, reached, error);
    e->reached = *reached;
    return status;
}

static prism_status write_all(encoder *e, px_coded *mapped, prism_error *error) {
    px_buffer *out = &mapped->sections.payload;
    px_component_encoder_write(&e->common, &mapped->sections.parameters, NULL, NULL);
    px_put_u8(out,
              (uint8_t)((e->ways.predicted ? PREDICTED : 0) | (e->ways.dependent ? DEPENDENT : 0)));
    for (int by = 1; by <= PX_MOST_REDUCED && by <= e->wavelet.levels; by++)
        mapped->ends[by - 1] = out->size + e->ends[by];
    px_put_bytes(out, e->payload.data, e->payload.size);
    mapped->pipeline = (px_pipeline){.transform = PRISM_TRANSFORM_NONE,
                                     .predictor = PRISM_PREDICTOR_LSQ,
                                     .coder = PRISM_CODER_ANS,
                                     .effort = e->common.effort,
                                     .axis = e->common.axis};
    return px_sections_status(&mapped->sections, error);
}

static prism_status prepare(encoder *e, double step, prism_error *error) {
    static const double SHARE = 0.12; /* of the noise: components with less are left out */
    prism_status status = px_component_encoder_fit(&e->common, step, SHARE, error);
    if (status != PRISM_OK)
        return status;
    e->common.fit.components.count = px_smaller(e->common.fit.components.count, e->most);
    transform_scores(e);
    return PRISM_OK;
}

/* Components that stay: until they have been coded once, those that say more than the noise. */
static size_t surely_used(const encoder *e, double step, bool coded) {
    static const double SHARE = 0.8;
    const px_component_fit *fit = &e->common.fit;
    size_t count = coded ? fit->components.count : 0;
    while (!coded && count < fit->components.count &&
           fit->variances[count] > SHARE * step * step / 12)
        count++;
    return count;
}

/* Whether decoding would be slower than this effort may be: coefficients are coded one by one. */
static bool takes_long(const encoder *e, double step, bool coded) {
    static const double FIRST = 2; /* the first step is too small where coefficients vanish */
    const px_wavelet_choice choice = choice_of(e, step);
    const double coefficients =
        (double)px_wavelet_coded(&e->wavelet, &choice, surely_used(e, step, coded));
    const double most = px_most_coefficients(e->common.request);
    return coefficients > (coded ? most : FIRST * most);
}

/* The same, unless leaving out more helps. */
static bool stays_long(encoder *e, double step, bool coded) {
    if (takes_long(e, step, coded))
        e->least_gain = FULL_GAIN;
    return takes_long(e, step, coded);
}

/* Whether scores take so many bits that coding them where they lie is smaller. */
static bool is_dense(const encoder *e, double step) {
    static const double MOST_BITS = 2; /* for a score */
    const int effort = e->common.effort;
    return e->common.request->found.transform != PRISM_TRANSFORM_AUTO &&
           !px_efforts.only_size[effort] &&
           8 * (double)e->common.request->limit >
               MOST_BITS * (double)surely_used(e, step, false) * (double)e->common.fit.positions;
}

/* Whether another stage's chunk is surely smaller: bytes fall with the error that is allowed, at
 * most as fast as it grows. */
static bool is_hopeless(const encoder *e) {
    static const double MARGIN = 1.1;
    const px_lossy_request *request = e->common.request;
    const double ratio = fmin(1, e->reached / (double)request->bound.value);
    return (double)e->payload.size * ratio > MARGIN * (double)request->limit;
}

/* Two quantisers have contexts of their own, which few coefficients do not fill. */
static void reconsider_ways(encoder *e) {
    enum { SMALL = 3072 };
    if (e->payload.size >= SMALL)
        return;
    px_trellis_free(e->trellis);
    e->trellis = NULL;
    e->ways.dependent = false;
}

/* The step decides which components there are, and how fine their basis is; it is found in rounds,
 * with another one where some at the end have become nothing. */
static prism_status search(encoder *e, bool *found, prism_error *error) {
    enum { ROUNDS = 3, MOST_ROUNDS = 5 };
    static const int attempts[MOST_ROUNDS] = {2, 2, 10, 10, 10};
    double step = px_component_encoder_step(&e->common);
    prism_status status = PRISM_OK;
    for (int i = 0; i < MOST_ROUNDS && status == PRISM_OK; i++) {
        status = prepare(e, step, error);
        *found = false;
        if (status != PRISM_OK || stays_long(e, step, i > 0) || (i == 0 && is_dense(e, step)))
            return status;
        status = px_step_search(found, &step, (double)e->common.request->bound.value, attempts[i],
                                attempt, e, error);
        if (i + 1 < ROUNDS && is_hopeless(e)) {
            *found = false;
            return status;
        }
        if (i + 1 >= ROUNDS && (!*found || e->used == e->common.fit.components.count))
            break;
        e->most = e->worth ? e->worth : 1; /* of which the step may have been too large */
        if (i + 1 < ROUNDS)
            reconsider_ways(e);
    }
    return status;
}

static prism_status encode_with(encoder *e, px_coded *mapped, prism_error *error) {
    const px_layout *l = &e->common.fit.layout;
    e->ways = (px_wavelet_ways){px_efforts.predicted_coefficients[e->common.effort],
                                px_efforts.dependent_coefficients[e->common.effort]};
    e->least_gain = e->ways.dependent ? ANY_GAIN : USUAL_GAIN;
    prism_status status = px_wavelet_make(&e->wavelet, l->height, l->width, error);
    if (status == PRISM_OK && e->ways.dependent)
        status = px_trellis_make(&e->trellis, l->width, error);
    if (status == PRISM_OK)
        status = search(e, &mapped->is_mapped, error);
    return status == PRISM_OK && mapped->is_mapped ? write_all(e, mapped, error) : status;
}

static prism_status encode(px_coded *mapped, const px_lossy_request *request, prism_error *error) {
    encoder e = {.most = SIZE_MAX};
    bool suits = false;
    prism_status status = px_component_encoder_make(&e.common, request, &suits, error);
    if (status == PRISM_OK && suits)
        status = encode_with(&e, mapped, error);
    encoder_free(&e);
    return status;
}

/* ---- Decoding ---- */

typedef struct decoder {
    px_component_header header;
    px_components components;
    px_wavelet wavelet;
    px_wavelet_coder *coder;
    int32_t *scores;
} decoder;

static void decoder_free(decoder *d) {
    px_components_free(&d->components);
    px_wavelet_free(&d->wavelet);
    px_wavelet_coder_free(d->coder);
    free(d->scores);
}

/* The first byte. Ends of levels stood behind it before chunks had parts: up to one for each
 * reduction. */
static px_wavelet_ways read_ways(px_reader *payload) {
    const uint8_t first = px_get_u8(payload);
    for (int i = 0; i < (first & PX_MOST_REDUCED) && !payload->failed; i++)
        px_get_size(payload);
    payload->failed |= first > (PX_MOST_REDUCED | PREDICTED | DEPENDENT);
    return (px_wavelet_ways){(first & PREDICTED) != 0, (first & DEPENDENT) != 0};
}

/* Of the levels from the coarsest on to `last`: the others stay wavelets. */
static prism_status decode_scores(decoder *d, px_mapping_source *source, int last,
                                  prism_error *error) {
    const size_t positions = d->components.positions, count = d->header.count;
    d->scores = px_alloc_zeroed(count, positions, sizeof *d->scores);
    if (!d->scores)
        return px_out_of_memory(error, px_product(count, positions, sizeof *d->scores));
    prism_status status =
        px_wavelet_make(&d->wavelet, d->header.layout.height, d->header.layout.width, error);
    const px_wavelet_ways ways = read_ways(&source->payload);
    if (status == PRISM_OK)
        status = px_wavelet_coder_make(&d->coder, &d->wavelet, count, ways, error);
    if (status != PRISM_OK)
        return status;
    px_range_coder bits = {.decoding = true, .decoder = px_range_decoder_make(&source->payload)};
    px_wavelet_code(d->coder, &bits, d->scores, NULL, last, NULL);
    if (source->payload.failed)
        return px_fail(error, PRISM_E_TRUNCATED, "the coefficients end too early");
    for (size_t k = 0; k < count; k++)
        px_wavelet_inverse(&d->wavelet, d->scores + k * positions, last);
    return PRISM_OK;
}

static prism_status decode(void *elements, px_mapping_source *source, prism_error *error) {
    decoder d = {.scores = NULL};
    prism_status status = px_component_read(&d.header, &d.components, source, NULL, NULL, error);
    if (status == PRISM_OK)
        status = decode_scores(&d, source, 0, error);
    if (status == PRISM_OK)
        status =
            px_components_restore(&d.components, d.scores, &source->chunk->array, elements, error);
    decoder_free(&d);
    return status == PRISM_OK ? px_component_exceptions(&d.header, source, elements, error)
                              : status;
}

/* ---- Reduced pictures ---- */

/* Low frequencies grow by the root of 2 with each halving: back to the size of scores. */
static int32_t without_gain(int32_t score, int halvings) {
    enum { HALF_ROOT = 46341, BITS = 16 }; /* 2^(BITS - 1/2) */
    const int64_t even =
        halvings & 1 ? ((int64_t)score * HALF_ROOT + (1 << (BITS - 1))) >> BITS : score;
    const int by = halvings / 2;
    return (int32_t)(by ? (even + (1 << (by - 1))) >> by : even);
}

/* The corner of each plane that the levels from `by` on restore, one after the other. */
static void gather_scores(decoder *d, int by) {
    const px_wavelet *w = &d->wavelet;
    const size_t height = w->heights[by], width = w->widths[by];
    const int halvings = (w->height > 1 ? by : 0) + (w->width > 1 ? by : 0);
    int32_t *to = d->scores;
    for (size_t k = 0; k < d->header.count; k++)
        for (size_t y = 0; y < height; y++)
            for (size_t x = 0; x < width; x++)
                *to++ = without_gain(d->scores[(k * w->height + y) * w->width + x], halvings);
}

/* Whether the levels divide as reduced arrays do: small planes are not divided so often. */
static bool divides(const decoder *d, const px_layout *reduced, int by) {
    const px_wavelet *w = &d->wavelet;
    return by <= w->levels && w->heights[by] == (w->height + (1u << by) - 1) >> by &&
           w->widths[by] == (w->width + (1u << by) - 1) >> by &&
           reduced->count == d->header.layout.count &&
           reduced->height * reduced->width == w->heights[by] * w->widths[by];
}

static prism_status reduce(void *elements, px_mapping_source *source, const prism_array *reduced,
                           int by, prism_error *error) {
    decoder d = {.scores = NULL};
    prism_status status = px_component_read(&d.header, &d.components, source, NULL, NULL, error);
    const px_layout layout = px_layout_make(reduced, d.header.axis);
    if (status == PRISM_OK)
        status = decode_scores(&d, source, by, error);
    if (status == PRISM_OK && !divides(&d, &layout, by))
        status = px_fail(error, PRISM_E_OPTION,
                         "reduce=%d: the chunk's planes are too small for it", by);
    if (status == PRISM_OK) {
        gather_scores(&d, by);
        d.components.layout = layout;
        d.components.positions = layout.height * layout.width;
        status = px_components_restore(&d.components, d.scores, reduced, elements, error);
    }
    decoder_free(&d);
    return status;
}

static uint64_t memory(const px_chunk *chunk) {
    px_component_header h;
    if (!px_component_header_of(&h, chunk))
        return 0;
    px_reader payload = px_reader_make(chunk->payload, chunk->payload_there);
    return px_component_memory(&h) + px_wavelet_memory(h.layout.height, h.layout.width) +
           px_wavelet_coder_memory(h.layout.height, h.layout.width, h.count, read_ways(&payload));
}

const px_lossy_stage px_lossy_wavelet = {.number = PRISM_MAPPING_WAVELET,
                                         .suits = {[PRISM_BOUND_REL_RMSE] = true},
                                         .has_components = true,
                                         .encode = encode,
                                         .decoder = {.decode = decode, .memory = memory},
                                         .reduce = reduce};
