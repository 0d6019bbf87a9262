/*
 * Sums of components whose scores are quantised where they lie: integers of planes, which are a
 * chunk within the chunk. The decoder filters each plane before it adds them, by weights that the
 * encoder found by least squares: what is left of the noise of quantising is smaller by a tenth.
 * docs/format-components.md, "Spatial". After N. Wiener's filter.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/effort.h"
#include "base/sizes.h"
#include "base/status.h"
#include "linear/cholesky.h"
#include "linear/product_kernels.h"
#include "lossy/component_kernels.h"
#include "lossy/component_stage.h"
#include "lossy/step_search.h"

enum {
    WEIGHT_BITS = 12,   /* after the point */
    COARSE_BITS = 4,    /* of them, of which a coarse filter has none */
    LAST_WEIGHT = 8191, /* of 2^WEIGHT_BITS */
    FINE_PLACE = 8,     /* planes with larger integers have fine filters */
    MARGIN = 2          /* places around a plane that the filter looks at */
};

typedef struct filter {
    bool used, fine;
    int32_t weights[PX_FILTER_TAPS];
} filter;

static const filter IDENTITY = {.weights = {1 << WEIGHT_BITS}};

/* A plane with a margin that repeats what is at its edges. */
typedef struct padded {
    size_t height, width, span;
    int32_t *places; /* [height + 2 MARGIN][span]; owned */
} padded;

static prism_status padded_make(padded *p, const px_layout *l, prism_error *error) {
    *p = (padded){.height = l->height, .width = l->width, .span = l->width + 2 * MARGIN};
    p->places = px_alloc(p->height + 2 * MARGIN, p->span, sizeof *p->places);
    return p->places ? PRISM_OK : px_out_of_memory(error, p->height * p->span * 4);
}

static const int32_t *padded_row(const padded *p, size_t y) {
    return p->places + (y + MARGIN) * p->span + MARGIN;
}

static void repeat_edges(padded *p) {
    const size_t bytes = p->span * sizeof *p->places;
    for (size_t y = 0; y < p->height; y++) {
        int32_t *row = p->places + (y + MARGIN) * p->span;
        for (size_t i = 0; i < MARGIN; i++) {
            row[i] = row[MARGIN];
            row[MARGIN + p->width + i] = row[MARGIN + p->width - 1];
        }
    }
    int32_t *first = p->places + MARGIN * p->span;
    int32_t *last = first + (p->height - 1) * p->span;
    for (size_t i = 1; i <= MARGIN; i++) {
        memcpy(first - i * p->span, first, bytes);
        memcpy(last + i * p->span, last, bytes);
    }
}

static void filter_plane(int32_t *scores, const padded *p, const filter *f) {
    for (size_t y = 0; y < p->height; y++)
        px_component_kernels_best()->filter(scores + y * p->width, padded_row(p, y), p->span,
                                            f->weights, WEIGHT_BITS - PX_SCORE_BITS, p->width);
}

/* ---- Side information ---- */

static void code_filter(filter *f, const filter *last, px_integer *weights, px_field_coder *side) {
    const int bits = f->fine ? 0 : COARSE_BITS;
    const int least = -((LAST_WEIGHT + (1 << bits) - 1) >> bits);
    for (int t = 0; t < PX_FILTER_TAPS; t++) {
        int weight = f->weights[t] >> bits;
        px_field_integer(side, &weights[t], &weight, last->weights[t] >> bits, least,
                         LAST_WEIGHT >> bits);
        f->weights[t] = weight * (1 << bits);
    }
}

static void code_flag(bool *flag, px_bit *model, px_field_coder *side) {
    int bit = *flag;
    px_field_bit(side, model, &bit);
    *flag = bit;
}

/* One for each component. */
typedef struct filter_list {
    filter *items;
    size_t count;
} filter_list;

static void code_filters(void *context, px_field_coder *side) {
    const filter_list *list = context;
    filter *filters = list->items;
    px_bit used = PX_BIT_INIT, fine = PX_BIT_INIT;
    px_integer weights[2][PX_FILTER_TAPS];
    filter last = IDENTITY;
    for (int t = 0; t < PX_FILTER_TAPS; t++) {
        px_integer_init(&weights[0][t]);
        px_integer_init(&weights[1][t]);
    }
    for (size_t k = 0; k < list->count && !side->bad; k++) {
        code_flag(&filters[k].used, &used, side);
        if (!filters[k].used) {
            filters[k] = IDENTITY;
            continue;
        }
        code_flag(&filters[k].fine, &fine, side);
        code_filter(&filters[k], &last, weights[filters[k].fine], side);
        last = filters[k];
    }
}

/* ---- Encoding ---- */

typedef struct encoder {
    px_component_encoder common;
    int16_t *places; /* [components][positions] */
    filter *filters; /* [components] */
    padded plane;
    float *rows; /* of a fit: [FIT_ROWS][FIT_LENGTH] */
} encoder;

enum {
    FIT_ROWS = 16,
    FIT_LENGTH = 256
}; /* taps, the target, and nothing to make it four times four */

static void encoder_free(encoder *e) {
    px_component_encoder_free(&e->common);
    free(e->places);
    free(e->filters);
    free(e->plane.places);
    free(e->rows);
}

/* Rows of what the taps see, and of what they should come to. */
static void fill_rows(float *rows, const padded *p, size_t y, size_t x, size_t count,
                      const float *scores, float scale) {
    const int32_t *from = padded_row(p, y) + x;
    for (int t = 0; t < PX_FILTER_TAPS; t++) {
        const ptrdiff_t away = px_filter_rows[t] * (ptrdiff_t)p->span + px_filter_columns[t];
        float *row = rows + t * FIT_LENGTH;
        for (size_t i = 0; i < count; i++)
            row[i] =
                t ? (float)(from[(ptrdiff_t)i + away] + from[(ptrdiff_t)i - away]) : (float)from[i];
        memset(row + count, 0, (FIT_LENGTH - count) * sizeof *row);
    }
    float *target = rows + PX_FILTER_TAPS * FIT_LENGTH;
    for (size_t i = 0; i < count; i++)
        target[i] = scores[y * p->width + x + i] * scale;
    memset(target + count, 0, (FIT_LENGTH - count) * sizeof *target);
}

/* The weights that the sums of products ask for, or those that change nothing. */
static filter solve_filter(const double *sums, bool fine) {
    static const double RIDGE = 1e-6;
    double matrix[PX_FILTER_TAPS * PX_FILTER_TAPS], sides[PX_FILTER_TAPS], trace = 1e-9;
    filter f = {.used = true, .fine = fine};
    for (int i = 0; i < PX_FILTER_TAPS; i++) {
        trace += sums[i * FIT_ROWS + i];
        sides[i] = sums[PX_FILTER_TAPS * FIT_ROWS + i];
        for (int j = 0; j <= i; j++)
            matrix[i * PX_FILTER_TAPS + j] = sums[i * FIT_ROWS + j];
    }
    for (int i = 0; i < PX_FILTER_TAPS; i++)
        matrix[i * PX_FILTER_TAPS + i] += RIDGE * trace;
    if (!px_solve_definite(matrix, PX_FILTER_TAPS, sides))
        return IDENTITY;
    const int bits = fine ? 0 : COARSE_BITS;
    for (int i = 0; i < PX_FILTER_TAPS; i++) {
        const double weight = rint(ldexp(sides[i], WEIGHT_BITS - bits)) * (1 << bits);
        f.weights[i] =
            (int32_t)fmax(-LAST_WEIGHT & -(1 << bits), fmin(LAST_WEIGHT & -(1 << bits), weight));
    }
    return f;
}

static filter fit_filter(const encoder *e, const float *scores, float scale, bool fine) {
    const padded *p = &e->plane;
    const size_t most = px_efforts.filter_positions[e->common.effort];
    const size_t all = p->height * p->width, step = all > most ? (all + most - 1) / most : 1;
    double sums[FIT_ROWS * FIT_ROWS] = {0};
    for (size_t y = 0; y < p->height; y += step)
        for (size_t x = 0; x < p->width; x += FIT_LENGTH) {
            const size_t left = p->width - x, count = left < FIT_LENGTH ? left : FIT_LENGTH;
            fill_rows(e->rows, p, y, x, count, scores, scale);
            px_product_kernels_best()->gram(sums, e->rows, FIT_ROWS, FIT_LENGTH, 0, FIT_ROWS);
        }
    return solve_filter(sums, fine);
}

/* The nearest integer, ties to even, of what 16 bits hold: without a call, so that compilers make
 * vectors of it. */
static int16_t nearest(float number) {
    static const float ROUNDING = 12582912; /* 1.5 * 2^23 */
    const float clipped = number < -32767 ? -32767 : number > 32767 ? 32767 : number;
    return (int16_t)((clipped + ROUNDING) - ROUNDING);
}

/* The quantised plane, in e->places and e->plane. Returns its largest number. */
static float quantise_plane(encoder *e, size_t k, float scale) {
    const size_t positions = e->common.fit.positions;
    const float *scores = e->common.fit.scores + k * positions;
    int16_t *places = e->places + k * positions;
    float largest = 0;
    for (size_t i = 0; i < positions; i++) {
        const float place = scores[i] * scale, size = fabsf(place);
        largest = size > largest ? size : largest;
        places[i] = nearest(place);
    }
    for (size_t y = 0; y < e->plane.height; y++)
        for (size_t x = 0; x < e->plane.width; x++)
            e->plane.places[(y + MARGIN) * e->plane.span + MARGIN + x] =
                places[y * e->plane.width + x];
    repeat_edges(&e->plane);
    return largest;
}

static double squares_off(const float *scores, const int32_t *decoded, float scale, size_t count) {
    enum { LANES = 8 };
    float sums[LANES] = {0};
    for (size_t i = 0; i + LANES <= count; i += LANES)
        for (size_t k = 0; k < LANES; k++) {
            const float off =
                scores[i + k] * scale - (float)decoded[i + k] * (1.0f / (1 << PX_SCORE_BITS));
            sums[k] += off * off;
        }
    double sum = 0;
    for (size_t k = 0; k < LANES; k++)
        sum += (double)sums[k];
    return sum / ((double)scale * (double)scale);
}

/* A plane, with a new filter or the one there is. Returns its largest number, in steps. */
static float quantise_component(encoder *e, size_t k, float scale, bool refit) {
    const px_component_fit *fit = &e->common.fit;
    const float *scores = fit->scores + k * fit->positions;
    const float largest = quantise_plane(e, k, scale);
    if (refit)
        e->filters[k] = fit_filter(e, scores, scale, largest > FINE_PLACE);
    filter_plane(e->common.scores + k * fit->positions, &e->plane, &e->filters[k]);
    return largest;
}

static prism_status attempt(void *context, double step, double *reached, prism_error *error) {
    encoder *e = context;
    bool fits = true;
    px_component_fit_restep(&e->common.fit, step);
    for (size_t k = 0; k < e->common.fit.components.count; k++)
        fits &= quantise_component(e, k, (float)(1 / step), true) < INT16_MAX;
    if (fits)
        return px_component_encoder_reached(&e->common, reached, error);
    *reached = HUGE_VAL;
    return PRISM_OK;
}

/* The squares of the errors of scores, of one of `apart` components. */
static double score_errors(const encoder *e, double step, size_t apart) {
    const px_component_fit *fit = &e->common.fit;
    double sum = 0;
    for (size_t k = 0; k < fit->components.count; k += apart)
        sum += squares_off(fit->scores + k * fit->positions, e->common.scores + k * fit->positions,
                           (float)(1 / step), fit->positions);
    return sum;
}

/* The step behind the one that reached that error. What no component says and what rounding adds
 * stays about as it is; how errors of scores grow, some components tell. */
static double refined(encoder *e, double step, double reached) {
    enum { APART = 4 };
    const double aim = px_step_aim((double)e->common.request->bound.value);
    const double next = step * fmin(4, fmax(0.25, aim / reached));
    const double all = score_errors(e, step, 1) * e->common.scale / e->common.reference;
    const double wanted = (aim * aim - reached * reached + all) / all;
    const double before = score_errors(e, step, APART);
    if (!(next > 0) || !isfinite(reached) || !(wanted > 0) || !(before > 0))
        return next;
    for (size_t k = 0; k < e->common.fit.components.count; k += APART)
        quantise_component(e, k, (float)(1 / next), false);
    const double power = log(score_errors(e, next, APART) / before) / log(next / step);
    return power > 0.5 && power < 3 ? step * pow(wanted, 1 / power) : next;
}

static prism_status search(encoder *e, double step, bool *found, prism_error *error) {
    enum { ATTEMPTS = 8, MANY = 8 };
    /* What few components round to depends on more than the size of the step. */
    if (e->common.fit.components.count >= MANY) {
        double reached;
        const prism_status status = attempt(e, step, &reached, error);
        if (status != PRISM_OK)
            return status;
        step = refined(e, step, reached);
    }
    return px_step_search(found, &step, (double)e->common.request->bound.value, ATTEMPTS, attempt,
                          e, error);
}

/* Planes of components, as a chunk within the chunk has them. */
static prism_array planes_of(const px_component_header *h) {
    return (prism_array){.type = PRISM_INT16,
                         .order = px_native_order(),
                         .rank = 3,
                         .dims = {h->count, h->layout.height, h->layout.width}};
}

static bool are_narrow(const int16_t *places, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (places[i] != (int8_t)places[i])
            return false;
    return true;
}

/* Narrow ones become bytes where they lie. */
static prism_status write_places(encoder *e, px_coded *mapped, prism_error *error) {
    const px_mapping_request *request = e->common.request->mapping;
    const px_component_header h = {.count = e->common.fit.components.count,
                                   .layout = e->common.fit.layout};
    const size_t count = h.count * e->common.fit.positions;
    px_mapping_request inner = *request;
    prism_options options = *request->options;
    prism_array array = planes_of(&h);
    options.axis = 0;
    options.transform = h.count > 1 && px_efforts.mixed_components[e->common.effort]
                            ? PRISM_TRANSFORM_CHANNELS
                            : PRISM_TRANSFORM_NONE;
    options.predictor = PRISM_PREDICTOR_LSQ;
    options.coder = PRISM_CODER_ANS;
    inner.options = &options;
    inner.depth = PX_CHUNK_DEPTH - 1;
    if (!are_narrow(e->places, count))
        return px_inner_encode(mapped, &inner, &array, e->places, error);
    array.type = PRISM_INT8;
    int8_t *bytes = (int8_t *)e->places;
    for (size_t i = 0; i < count; i++)
        bytes[i] = (int8_t)e->places[i];
    return px_inner_encode(mapped, &inner, &array, bytes, error);
}

static prism_status encode_with(encoder *e, px_coded *mapped, prism_error *error) {
    static const double SHARE = 0.8;      /* of the noise: components with less are left out */
    static const double LEAST_BITS = 0.3; /* for a score: with less, wavelets are surely smaller */
    const double step = px_component_encoder_step(&e->common);
    prism_status status = px_component_encoder_fit(&e->common, step, SHARE, error);
    if (status != PRISM_OK)
        return status;
    const size_t count = e->common.fit.components.count;
    if (!count || (double)e->common.request->limit <
                      LEAST_BITS / 8 * (double)count * (double)e->common.fit.positions)
        return PRISM_OK;
    e->places = px_alloc(count, e->common.fit.positions, sizeof *e->places);
    e->filters = px_alloc_zeroed(count, sizeof *e->filters);
    e->rows = px_alloc_zeroed(FIT_ROWS, FIT_LENGTH, sizeof *e->rows);
    status = padded_make(&e->plane, &e->common.fit.layout, error);
    if (status == PRISM_OK && (!e->places || !e->filters || !e->rows))
        status = px_out_of_memory(error, count * e->common.fit.positions * 2);
    if (status == PRISM_OK)
        status = search(e, step, &mapped->is_mapped, error);
    if (status != PRISM_OK || !mapped->is_mapped)
        return status;
    e->common.fit.components.count =
        px_component_encoder_used(&e->common, e->places, sizeof *e->places);
    mapped->is_mapped = e->common.fit.components.count > 0;
    if (!mapped->is_mapped)
        return PRISM_OK;
    filter_list filters = {e->filters, e->common.fit.components.count};
    px_component_encoder_write(&e->common, &mapped->sections.parameters, code_filters, &filters);
    status = write_places(e, mapped, error);
    mapped->pipeline.axis = e->common.axis;
    mapped->pipeline.roles = (px_roles){.rank = 0};
    return status;
}

static prism_status encode(px_coded *mapped, const px_lossy_request *request, prism_error *error) {
    encoder e = {.rows = NULL};
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
    filter_list filters;
    padded plane;
    int32_t *scores;
} decoder;

static void decoder_free(decoder *d) {
    px_components_free(&d->components);
    free(d->filters.items);
    free(d->plane.places);
    free(d->scores);
}

static prism_status read_parameters(decoder *d, px_mapping_source *source, prism_error *error) {
    filter_list *filters = &d->filters;
    filters->count = d->header.count;
    filters->items = px_alloc_zeroed(filters->count, sizeof *filters->items);
    return filters->items
               ? px_component_read(&d->header, &d->components, source, code_filters, filters, error)
               : px_out_of_memory(error, px_product(filters->count, sizeof *filters->items));
}

static void load_plane(padded *p, const px_integers *places, size_t first) {
    for (size_t y = 0; y < p->height; y++) {
        int32_t *row = p->places + (y + MARGIN) * p->span + MARGIN;
        for (size_t x = 0; x < p->width; x++) {
            const size_t at = first + y * p->width + x;
            row[x] = places->size == 1 ? ((const int8_t *)places->elements)[at]
                                       : (int16_t)px_integer_at(places, at);
        }
    }
    repeat_edges(p);
}

/* Before all else, while nothing else is in memory; finds the header, too. */
static prism_status decode_places(px_integers *places, px_component_header *header,
                                  px_mapping_source *source, prism_error *error) {
    if (!px_component_header_of(header, source->chunk) || !header->count)
        return px_fail(error, PRISM_E_CORRUPT, "there are no components");
    const prism_array array = planes_of(header);
    return px_inner_decode_integers(source, &array, 1u << PRISM_INT8 | 1u << PRISM_INT16, places,
                                    error);
}

static prism_status filter_planes(decoder *d, const px_integers *places, prism_error *error) {
    const size_t positions = d->components.positions;
    d->scores = px_alloc(d->header.count, positions, sizeof *d->scores);
    prism_status status = d->scores ? padded_make(&d->plane, &d->header.layout, error)
                                    : px_out_of_memory(error, d->header.count * positions * 4);
    for (size_t k = 0; k < d->header.count && status == PRISM_OK; k++) {
        load_plane(&d->plane, places, k * positions);
        filter_plane(d->scores + k * positions, &d->plane, &d->filters.items[k]);
    }
    return status;
}

static prism_status decode(void *elements, px_mapping_source *source, prism_error *error) {
    decoder d = {.scores = NULL};
    px_integers places = {.elements = NULL};
    prism_status status = decode_places(&places, &d.header, source, error);
    if (status == PRISM_OK)
        status = read_parameters(&d, source, error);
    if (status == PRISM_OK)
        status = filter_planes(&d, &places, error);
    free(places.elements);
    if (status == PRISM_OK)
        status =
            px_components_restore(&d.components, d.scores, &source->chunk->array, elements, error);
    decoder_free(&d);
    return status == PRISM_OK ? px_component_exceptions(&d.header, source, elements, error)
                              : status;
}

/* Beside the chunk within. */
static uint64_t memory(const px_chunk *chunk) {
    px_component_header h;
    if (!px_component_header_of(&h, chunk))
        return 0;
    return px_component_memory(&h) + h.count * sizeof(filter) +
           (h.layout.height + 2 * MARGIN) * (uint64_t)(h.layout.width + 2 * MARGIN) *
               sizeof(int32_t);
}

const px_lossy_stage px_lossy_spatial = {
    .number = PRISM_MAPPING_SPATIAL,
    .suits = {[PRISM_BOUND_REL_RMSE] = true},
    .has_components = true,
    .encode = encode,
    .decoder = {.decode = decode, .memory = memory, .chunks = 1}};
