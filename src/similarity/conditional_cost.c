/*
 * Each sample is predicted by least squares from its own neighbours and from what stands at its
 * place in the references, which a plain difference of the frames would not do: it doubles noise.
 * Where a prediction that is linear does not fit (few values, sharp edges), the median edge
 * detector on the frame or on the difference takes its place. The entropy of the residuals decides.
 *
 * Samples are less the mean of four neighbours that are known before them, so that few variables
 * say much.
 */
#include "similarity/conditional_cost.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/sizes.h"
#include "base/status.h"
#include "linear/cholesky.h"
#include "planes/estimate.h"
#include "similarity/conditional_kernels.h"

/* The variables of a frame. LEVEL is of use for the frame itself, TARGET (the sample) and AFTER
 * (what comes after it) in references only; of the means, differences are taken. */
enum { LEVEL, WEST, NORTH, NORTH_WEST, TARGET, AFTER, MEAN };
enum { OF_FRAME = NORTH_WEST - LEVEL + 1, OF_REFERENCE = AFTER - WEST + 2 };
enum { MOST_TERMS = OF_FRAME + PX_REFERENCES * OF_REFERENCE };

enum { LIMIT = 4095 };

static int16_t limited(int32_t value) {
    return (int16_t)(value > LIMIT ? LIMIT : value < -LIMIT ? -LIMIT : value);
}

static void set_variables(const px_conditional_cost *m, size_t frame, int16_t *to) {
    const px_signatures *s = m->s;
    const size_t width = s->run + 2, n = m->padded;
    const int16_t *patch = s->patches + frame * px_patches_size(s);
    int64_t total = 0;
    for (size_t done = 0; done < s->samples; done += s->run, patch += PX_PATCH_ROWS * width) {
        const int16_t *north = patch + 1, *here = north + width, *south = here + width;
        int16_t *v = to + done;
        for (size_t i = 0; i < s->run; i++) {
            const int32_t w = here[i - 1], nn = north[i], nw = north[i - 1];
            const int32_t mean = (w + nn + nw + north[i + 1]) >> 2;
            v[TARGET * n + i] = limited(here[i] - mean);
            v[WEST * n + i] = limited(w - mean);
            v[NORTH * n + i] = limited(nn - mean);
            v[NORTH_WEST * n + i] = limited(nw - mean);
            v[AFTER * n + i] = limited(((here[i + 1] + south[i]) >> 1) - mean);
            v[MEAN * n + i] = (int16_t)mean;
            total += mean;
        }
    }
    const int32_t average = (int32_t)(total / (int64_t)s->samples);
    for (size_t i = 0; i < s->samples; i++)
        to[LEVEL * n + i] = limited(to[MEAN * n + i] - average);
}

/* ---- Least squares ---- */

typedef struct terms {
    size_t count;
    const int16_t *values[MOST_TERMS + 1]; /* with the target, last */
} terms;

static void add_frame(terms *t, const int16_t *variables, int first, int last, size_t n) {
    for (int v = first; v <= last; v++)
        t->values[t->count++] = variables + (size_t)v * n;
}

/* A ridge keeps equal terms apart. */
static void fit(const terms *t, size_t samples, float *weights) {
    double products[(MOST_TERMS + 1) * (MOST_TERMS + 1)];
    double matrix[MOST_TERMS * MOST_TERMS], solution[MOST_TERMS];
    const size_t n = t->count, rows = n + 1;
    px_conditional_kernels_best()->products(products, t->values, rows, samples);
    for (size_t i = 0; i < n; i++) {
        memcpy(matrix + i * n, products + i * rows, (i + 1) * sizeof *matrix);
        matrix[i * n + i] = matrix[i * n + i] * (1 + 1e-6) + 1e-3;
        solution[i] = products[n * rows + i];
    }
    const bool solved = px_solve_definite(matrix, n, solution);
    for (size_t i = 0; i < n; i++)
        weights[i] = solved ? (float)solution[i] : 0;
}

static double linear_bits(px_conditional_cost *m, const terms *t) {
    float weights[MOST_TERMS];
    px_histogram h = {.counts = {0}};
    fit(t, m->padded, weights);
    px_conditional_kernels_best()->linear_symbols(m->symbols, t->values, weights, t->count,
                                                  t->values[t->count], m->padded);
    px_histogram_add_symbols(&h, m->symbols, m->s->samples);
    return px_histogram_bits(&h);
}

/* ---- Median edge detector ---- */

/* On the frame, or on its difference from another. */
static double edge_bits(px_conditional_cost *m, size_t frame, const uint32_t *reference) {
    const px_signatures *s = m->s;
    const size_t width = s->run + 2, size = px_patches_size(s);
    const int16_t *row = s->patches + frame * size + 1;
    const int16_t *other = reference ? s->patches + *reference * size + 1 : NULL;
    px_histogram h = {.counts = {0}};
    for (size_t done = 0; done < s->samples; done += s->run, row += PX_PATCH_ROWS * width) {
        px_conditional_kernels_best()->edge_symbols(m->symbols + done, row, other, width, s->run);
        other = other ? other + PX_PATCH_ROWS * width : NULL;
    }
    px_histogram_add_symbols(&h, m->symbols, s->samples);
    return px_histogram_bits(&h);
}

/* ---- Frames ---- */

/* The variables of `frame`; until the same slot is taken by others, they stay there. */
static const int16_t *describe(px_conditional_cost *m, size_t place, size_t frame) {
    const size_t slot = m->slots == m->s->count ? frame : place;
    int16_t *variables = m->variables + slot * PX_VARIABLES * m->padded;
    if (m->frames[slot] != frame)
        set_variables(m, frame, variables);
    m->frames[slot] = frame;
    return variables;
}

/* Of the least squares. */
static double fitted_bits(px_conditional_cost *m, size_t frame, const uint32_t *references,
                          size_t count) {
    const size_t n = m->padded;
    const int16_t *variables = describe(m, 0, frame), *mean = variables + MEAN * n;
    terms t = {.count = 0};
    add_frame(&t, variables, LEVEL, NORTH_WEST, n);
    for (size_t r = 0; r < count; r++) {
        const int16_t *other = describe(m, 1 + r, references[r]);
        for (size_t i = 0; i < n; i++)
            m->differences[r][i] = limited(other[MEAN * n + i] - mean[i]);
        add_frame(&t, other, WEST, AFTER, n);
        add_frame(&t, m->differences[r], 0, 0, n);
    }
    t.values[t.count] = variables + TARGET * n;
    return linear_bits(m, &t);
}

/* What references save of a linear prediction they save of one that is a little better, too. */
static const double LITTLE = 1.1;

double px_bits_given(px_conditional_cost *m, size_t frame, const uint32_t *references,
                     size_t count) {
    const double alone = m->alone[frame], fitted = m->fitted[frame];
    double given = fitted_bits(m, frame, references, count);
    if (fitted > 0 && fitted < LITTLE * alone)
        given *= alone / fitted;
    return fmin(fmin(given, alone), edge_bits(m, frame, references));
}

static prism_status alloc(px_conditional_cost *m, prism_error *error) {
    const size_t count = m->s->count, places = 1 + PX_REFERENCES;
    m->padded =
        (m->s->samples + PX_CONDITIONAL_STEP - 1) / PX_CONDITIONAL_STEP * PX_CONDITIONAL_STEP;
    m->slots = count <= PX_CONDITIONAL_KEPT ? count : places;
    m->alone = px_alloc(count, sizeof *m->alone);
    m->fitted = px_alloc(count, sizeof *m->fitted);
    m->frames = px_alloc(m->slots, sizeof *m->frames);
    m->variables = px_alloc_zeroed(m->slots, PX_VARIABLES, m->padded, sizeof *m->variables);
    m->symbols = malloc(m->padded + PX_CONDITIONAL_STEP);
    bool ok = m->alone && m->fitted && m->frames && m->variables && m->symbols;
    for (int i = 0; i < PX_REFERENCES; i++)
        ok &= (m->differences[i] = px_alloc(m->padded, sizeof(int16_t))) != NULL;
    for (size_t i = 0; i < m->slots && ok; i++)
        m->frames[i] = SIZE_MAX;
    if (ok)
        return PRISM_OK;
    const size_t bytes = m->slots * PX_VARIABLES * m->padded * sizeof *m->variables;
    px_conditional_free(m);
    return px_out_of_memory(error, bytes);
}

prism_status px_conditional_make(px_conditional_cost *m, const px_signatures *s,
                                 prism_error *error) {
    *m = (px_conditional_cost){.s = s};
    prism_status status = alloc(m, error);
    for (size_t f = 0; f < s->count && status == PRISM_OK; f++) {
        m->fitted[f] = fitted_bits(m, f, NULL, 0);
        m->alone[f] = fmin(m->fitted[f], edge_bits(m, f, NULL));
    }
    return status;
}

void px_conditional_free(px_conditional_cost *m) {
    free(m->alone);
    free(m->fitted);
    free(m->frames);
    free(m->variables);
    free(m->symbols);
    for (int i = 0; i < PX_REFERENCES; i++)
        free(m->differences[i]);
    *m = (px_conditional_cost){0};
}
