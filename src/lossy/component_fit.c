/* Numbers of elements, and which components they have: the eigenvectors of products of planes. */
#include "lossy/component_fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/effort.h"
#include "base/sort.h"
#include "base/status.h"
#include "linear/eigenvectors.h"
#include "linear/product_kernels.h"

void px_component_fit_free(px_component_fit *fit) {
    px_components_free(&fit->components);
    free(fit->numbers);
    free(fit->means);
    free(fit->variances);
    free(fit->vectors);
    free(fit->scores);
    *fit = (px_component_fit){.rank = 0};
}

/* ---- Numbers ---- */

/* Elements in a row, of one plane or of as many as there are elements. */
static void add_to_means(double *means, size_t *counts, size_t planes, const bool *is_exact,
                         const double *numbers, size_t count) {
    const bool one = planes == 1;
    for (size_t i = 0; i < count && one; i++)
        *means += numbers[i];
    for (size_t i = 0; i < count && !one; i++)
        means[i] += numbers[i];
    for (size_t i = 0; i < count && is_exact; i++)
        counts[one ? 0 : i] += !is_exact[i];
    for (size_t i = 0; i < planes && !is_exact; i++)
        counts[i] += one ? count : 1;
}

/* A run of elements, which may be of many planes. */
static void add_run_to_means(double *means, size_t *counts, const px_layout *l,
                             const px_numbers *values, const px_number_run *run) {
    size_t plane = run->first / l->inner % l->count, inner = run->first % l->inner;
    for (size_t i = 0; i < run->count;) {
        const size_t left = l->inner == 1 ? l->count - plane : l->inner - inner;
        const size_t count = px_smaller(left, run->count - i);
        const size_t planes = l->inner == 1 ? count : 1;
        add_to_means(means + plane, counts + plane, planes,
                     values->is_exact ? values->is_exact + run->first + i : NULL, run->numbers + i,
                     count);
        i += count;
        inner = 0;
        plane = (plane + planes) % l->count;
    }
}

/* Sums first, then means. */
static prism_status find_means(px_component_fit *fit, const px_numbers *values,
                               prism_error *error) {
    const px_layout *l = &fit->layout;
    size_t *counts = px_alloc_zeroed(l->count, sizeof *counts);
    if (!counts)
        return px_out_of_memory(error, l->count * sizeof *counts);
    for (px_number_run run = {.count = 0}; px_numbers_next(values, &run);)
        add_run_to_means(fit->means, counts, l, values, &run);
    for (size_t k = 0; k < l->count; k++)
        fit->means[k] = counts[k] ? fit->means[k] / (double)counts[k] : 0;
    free(counts);
    return PRISM_OK;
}

/* ---- Background ---- */

enum { LOOKED_AT = 1024, FEW_ALIKE = 8 }; /* positions */

static uint64_t hash_position(const px_numbers *values, const px_layout *l, size_t position) {
    const size_t from = position / l->inner * l->count * l->inner + position % l->inner;
    uint64_t hash = 0;
    for (size_t k = 0; k < l->count; k++)
        hash = (hash ^ px_view_word(&values->words, from + k * l->inner)) * 0x9e3779b97f4a7c15;
    return hash;
}

/* How often the most frequent one of sorted hashes comes. */
static size_t most_frequent(uint64_t *which, const uint64_t *sorted, size_t count) {
    size_t most = 0;
    for (size_t i = 0, same = 0; i < count; i++) {
        same = i && sorted[i] == sorted[i - 1] ? same + 1 : 1;
        if (same > most) {
            most = same;
            *which = sorted[i];
        }
    }
    return most;
}

/* Where many positions are alike, numbers are about these instead of the means: such positions
 * become zeros, without an error. */
static void centre_on_background(px_component_fit *fit, const px_numbers *values) {
    static const double SHARE = 0.1;
    const px_layout *l = &fit->layout;
    const size_t count = px_smaller(LOOKED_AT, fit->positions);
    uint64_t hashes[LOOKED_AT] = {0}, sorted[LOOKED_AT] = {0}, which = 0;
    for (size_t i = 0; i < count; i++)
        sorted[i] = hashes[i] = hash_position(values, l, i * fit->positions / count);
    px_sort_words(sorted, count);
    const size_t alike = most_frequent(&which, sorted, count);
    if (alike < FEW_ALIKE || (double)alike < SHARE * (double)count)
        return;
    size_t at = 0;
    while (hashes[at] != which)
        at++;
    at = at * fit->positions / count;
    for (size_t k = 0; k < l->count; k++) {
        const size_t from = (at / l->inner * l->count + k) * l->inner + at % l->inner;
        if (!px_is_exact(values, from))
            px_numbers_get(values, &fit->means[k], from, 1);
    }
}

/* Elements that lie in a row, of which the first is that of a plane and a position, which becomes
 * number `at` of its plane; the next ones are of the planes that follow, or of the positions. What
 * must stay exact goes on as the number before. */
static void load_run(px_component_fit *fit, const px_numbers *values, size_t plane, size_t position,
                     size_t at, size_t count, bool of_planes) {
    const px_layout *l = &fit->layout;
    const size_t from = (position / l->inner * l->count + plane) * l->inner + position % l->inner;
    const size_t step = of_planes ? fit->span : 1;
    double numbers[PX_NUMBER_RUN];
    float *to = fit->numbers + plane * fit->span + at;
    px_numbers_get(values, numbers, from, count);
    for (size_t i = 0; i < count; i++, to += step)
        *to = !px_is_exact(values, from + i)
                  ? (float)(numbers[i] - fit->means[of_planes ? plane + i : plane])
              : at + (of_planes ? 0 : i) ? to[-1]
                                         : 0;
}

/* Few planes at a time, so that the places that are written stay in the cache. */
static void load_across(px_component_fit *fit, const px_numbers *values, size_t at,
                        px_position_run run) {
    enum { PLANES = 64, POSITIONS = 16 };
    const size_t planes = fit->layout.count;
    for (size_t first = 0; first < run.count; first += POSITIONS)
        for (size_t k = 0; k < planes; k += PLANES)
            for (size_t p = first; p < run.count && p < first + POSITIONS; p++)
                load_run(fit, values, k, run.first + p, at + p, px_smaller(PLANES, planes - k),
                         true);
}

static void load_along(px_component_fit *fit, const px_numbers *values, size_t at,
                       px_position_run run) {
    const px_layout *l = &fit->layout;
    for (size_t done = 0; done < run.count;) {
        const size_t first = run.first + done;
        const size_t count = px_smaller(l->inner - first % l->inner, run.count - done);
        for (size_t k = 0; k < l->count; k++)
            for (size_t i = 0; i < count; i += PX_NUMBER_RUN)
                load_run(fit, values, k, first + i, at + done + i,
                         px_smaller(PX_NUMBER_RUN, count - i), false);
        done += count;
    }
}

/* They become the numbers from `at` on. */
static void load_positions(px_component_fit *fit, const px_numbers *values, size_t at,
                           px_position_run run) {
    if (fit->layout.inner == 1)
        load_across(fit, values, at, run);
    else
        load_along(fit, values, at, run);
}

static prism_status alloc_numbers(px_component_fit *fit, prism_error *error) {
    fit->numbers = px_alloc(fit->layout.count, fit->span, sizeof *fit->numbers);
    return fit->numbers
               ? PRISM_OK
               : px_out_of_memory(error, px_product(fit->layout.count, fit->span, sizeof(float)));
}

prism_status px_component_fit_load(px_component_fit *fit, const px_numbers *values,
                                   prism_error *error) {
    fit->span = fit->positions;
    const prism_status status = alloc_numbers(fit, error);
    if (status == PRISM_OK)
        load_positions(fit, values, 0, (px_position_run){0, fit->positions});
    return status;
}

/* ---- Which positions components are found from ---- */

enum { BLOCK = 256 }; /* positions of a product at a time */

/* Of more planes than so many, positions are compared instead, as far apart as it takes to have no
 * more of them. */
typedef struct sampling {
    bool dual;
    size_t runs, length; /* of positions: BLOCK, or 1 */
    size_t apart;        /* their beginnings in the array */
    size_t step;         /* and among the numbers at hand */
} sampling;

static sampling sampling_of(const px_component_fit *fit, int effort, bool is_part) {
    const size_t most = px_efforts.components[effort];
    sampling s = {.dual = fit->layout.count > most};
    s.length = s.dual ? 1 : BLOCK;
    const size_t units = (fit->positions + s.length - 1) / s.length;
    const size_t wanted = s.dual ? most : px_efforts.component_positions[effort] / BLOCK;
    const size_t each = units > wanted ? (units + wanted - 1) / wanted : 1;
    s.runs = (units + each - 1) / each;
    s.apart = each * s.length;
    s.step = is_part ? s.length : s.apart;
    return s;
}

static px_position_run sampled_run(const px_component_fit *fit, const sampling *s, size_t index) {
    const size_t first = index * s->apart;
    return (px_position_run){first, px_smaller(s->length, fit->positions - first)};
}

static prism_status load_part(px_component_fit *fit, const px_numbers *values, const sampling *s,
                              const px_position_run *runs, size_t run_count, prism_error *error) {
    fit->extra = s->runs * s->length;
    fit->span = fit->extra;
    for (size_t i = 0; i < run_count; i++)
        fit->span += runs[i].count;
    const prism_status status = alloc_numbers(fit, error);
    if (status != PRISM_OK)
        return status;
    for (size_t i = 0; i < s->runs; i++)
        load_positions(fit, values, i * s->length, sampled_run(fit, s, i));
    size_t at = fit->extra;
    for (size_t i = 0; i < run_count; at += runs[i++].count)
        load_positions(fit, values, at, runs[i]);
    return PRISM_OK;
}

/* ---- Principal components ---- */

static size_t rows_of(size_t count) {
    return (count + 3) / 4 * 4;
}

/* Products of all pairs of planes, or of positions, summed over a block of the others at a time. */
typedef struct product {
    double *sums; /* [rows_of(n)][rows_of(n)]; in the end, eigenvectors[n][n] */
    float *rows;  /* [rows_of(n)][BLOCK] */
    float factor; /* of numbers: a power of two, with which floats hold their squares */
    size_t n;
} product;

static prism_status product_make(product *p, size_t n, prism_error *error) {
    const size_t rows = rows_of(n);
    p->n = n;
    p->sums = px_alloc_zeroed(rows, rows, sizeof *p->sums);
    p->rows = px_alloc_zeroed(rows, BLOCK, sizeof *p->rows);
    return p->sums && p->rows ? PRISM_OK : px_out_of_memory(error, rows * rows * 8);
}

static void product_free(product *p) {
    free(p->sums);
    free(p->rows);
}

static void add_block(product *p) {
    px_product_kernels_best()->gram(p->sums, p->rows, rows_of(p->n), BLOCK, 0, rows_of(p->n));
}

/* Planes with planes. Returns of how many positions. */
static size_t add_planes(product *p, const px_component_fit *fit, const sampling *s) {
    size_t seen = 0;
    for (size_t b = 0; b < s->runs; b++) {
        const size_t count = sampled_run(fit, s, b).count;
        for (size_t k = 0; k < p->n; k++) {
            float *row = p->rows + k * BLOCK;
            for (size_t i = 0; i < count; i++)
                row[i] = fit->numbers[k * fit->span + b * s->step + i] * p->factor;
            memset(row + count, 0, (BLOCK - count) * sizeof *row);
        }
        add_block(p);
        seen += count;
    }
    return seen;
}

/* Positions with positions. */
static void add_positions(product *p, const px_component_fit *fit, const sampling *s) {
    for (size_t first = 0; first < fit->layout.count; first += BLOCK) {
        const size_t left = fit->layout.count - first, count = left < BLOCK ? left : BLOCK;
        for (size_t i = 0; i < p->n; i++) {
            float *row = p->rows + i * BLOCK;
            for (size_t k = 0; k < count; k++)
                row[k] = fit->numbers[(first + k) * fit->span + i * s->step] * p->factor;
            memset(row + count, 0, (BLOCK - count) * sizeof *row);
        }
        add_block(p);
    }
}

static prism_status eigenvectors(product *p, double *values, prism_error *error) {
    const size_t rows = rows_of(p->n);
    for (size_t i = 0; i < p->n; i++)
        memmove(p->sums + i * p->n, p->sums + i * rows, p->n * sizeof *p->sums);
    if (!px_eigenvectors(p->sums, p->n, values))
        return px_fail(error, PRISM_E_MEMORY, "no eigenvectors of %zu planes are found", p->n);
    for (size_t i = 0; i < p->n; i++)
        values[i] /= (double)p->factor * (double)p->factor;
    return PRISM_OK;
}

static void take_planes(px_component_fit *fit, const product *p, const double *values,
                        size_t seen) {
    for (size_t j = 0; j < p->n; j++) {
        const size_t from = p->n - 1 - j;
        fit->variances[j] = values[from] > 0 ? values[from] / (double)seen : 0;
        for (size_t k = 0; k < p->n; k++)
            fit->vectors[j * p->n + k] = (float)p->sums[from * p->n + k];
    }
}

/* Planes are sums of positions: their vectors follow from those of the positions. */
static void take_positions(px_component_fit *fit, const product *p, const double *values,
                           const sampling *s) {
    for (size_t j = 0; j < p->n; j++) {
        const double *vector = p->sums + (p->n - 1 - j) * p->n;
        const double value = values[p->n - 1 - j];
        fit->variances[j] = value > 0 ? value / (double)p->n : 0;
        for (size_t k = 0; k < fit->layout.count; k++) {
            double sum = 0;
            for (size_t i = 0; i < p->n; i++)
                sum += vector[i] * (double)fit->numbers[k * fit->span + i * s->step];
            fit->vectors[j * fit->layout.count + k] = value > 0 ? (float)(sum / sqrt(value)) : 0;
        }
    }
}

/* Makes the largest of the numbers about 1. */
static float factor_of(const px_numbers *values) {
    int exponent;
    frexp(values->most - values->least, &exponent);
    return (float)ldexp(1, -exponent);
}

static prism_status find_components(px_component_fit *fit, float factor, const sampling *s,
                                    prism_error *error) {
    const size_t planes = fit->layout.count;
    product p = {.factor = factor};
    fit->rank = s->dual ? s->runs : planes;
    fit->variances = px_alloc(fit->rank, sizeof *fit->variances);
    fit->vectors = px_alloc(fit->rank, planes, sizeof *fit->vectors);
    double *values = px_alloc(fit->rank, sizeof *values);
    prism_status status = fit->variances && fit->vectors && values
                              ? product_make(&p, fit->rank, error)
                              : px_out_of_memory(error, fit->rank * planes * sizeof(float));
    if (status == PRISM_OK) {
        size_t seen = 0;
        if (s->dual)
            add_positions(&p, fit, s);
        else
            seen = add_planes(&p, fit, s);
        status = eigenvectors(&p, values, error);
        if (status == PRISM_OK && s->dual)
            take_positions(fit, &p, values, s);
        else if (status == PRISM_OK)
            take_planes(fit, &p, values, seen);
    }
    product_free(&p);
    free(values);
    return status;
}

/* Whether floats hold the elements; and their means. */
static prism_status begin(px_component_fit *fit, const px_numbers *values, int axis, bool *suits,
                          prism_error *error) {
    static const double LARGEST = 1e30, SMALLEST = 1e-30;
    *fit = (px_component_fit){.layout = px_layout_make(values->array, axis)};
    fit->positions = fit->layout.height * fit->layout.width;
    *suits = values->most < LARGEST && values->least > -LARGEST &&
             values->most - values->least > SMALLEST;
    if (!*suits)
        return PRISM_OK;
    fit->means = px_alloc_zeroed(fit->layout.count, sizeof *fit->means);
    if (!fit->means)
        return px_out_of_memory(error, fit->layout.count * sizeof *fit->means);
    const prism_status status = find_means(fit, values, error);
    if (status == PRISM_OK)
        centre_on_background(fit, values);
    return status;
}

prism_status px_component_fit_make(px_component_fit *fit, const px_numbers *values, int axis,
                                   int effort, bool *suits, prism_error *error) {
    prism_status status = begin(fit, values, axis, suits, error);
    if (status == PRISM_OK && *suits)
        status = px_component_fit_load(fit, values, error);
    if (status != PRISM_OK || !*suits)
        return status;
    const sampling s = sampling_of(fit, effort, false);
    return find_components(fit, factor_of(values), &s, error);
}

prism_status px_component_fit_make_part(px_component_fit *fit, const px_numbers *values, int axis,
                                        int effort, const px_position_run *runs, size_t run_count,
                                        bool *suits, prism_error *error) {
    prism_status status = begin(fit, values, axis, suits, error);
    if (status != PRISM_OK || !*suits)
        return status;
    const sampling s = sampling_of(fit, effort, true);
    status = load_part(fit, values, &s, runs, run_count, error);
    return status == PRISM_OK ? find_components(fit, factor_of(values), &s, error) : status;
}

double px_component_fit_step(const px_component_fit *fit, double energy) {
    const double wanted = energy / (double)fit->positions;
    double low = 0, high = fit->rank ? fit->variances[0] : 0;
    for (int i = 0; i < 60; i++) {
        const double level = (low + high) / 2;
        double sum = 0;
        for (size_t k = 0; k < fit->rank; k++)
            sum += fmin(fit->variances[k], level);
        *(sum < wanted ? &low : &high) = level;
    }
    return sqrt(12 * high);
}

void px_component_fit_shed(px_component_fit *fit) {
    free(fit->numbers);
    free(fit->scores);
    fit->numbers = NULL;
    fit->scores = NULL;
}
