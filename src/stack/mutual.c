/*
 * Each sample is predicted by least squares from its own neighbours and from what stands at its
 * place in the references, which a plain difference of the frames would not do: it doubles noise.
 * Where a prediction that is linear does not fit (few values, sharp edges), the median edge
 * detector on the frame or on the difference takes its place. The entropy of the residuals decides.
 *
 * Samples are less the mean of four neighbours that are known before them, so that few variables
 * say much.
 */
#include "stack/mutual.h"

#include <math.h>
#include <stdlib.h>

#include "estimate.h"
#include "status.h"

/* The variables of a frame. LEVEL is of use for the frame itself, TARGET (the sample) and AFTER
 * (what comes after it) in references only; of the means, differences are taken. */
enum { LEVEL, WEST, NORTH, NORTH_WEST, TARGET, AFTER, MEAN };
enum { OF_FRAME = NORTH_WEST - LEVEL + 1, OF_REFERENCE = AFTER - WEST + 2 };
enum { MOST_TERMS = OF_FRAME + PX_REFERENCES * OF_REFERENCE };

enum { LIMIT = 4095, BLOCK = 64 }; /* sums of so many products of two such fit 32 bits */

static int16_t limited(int32_t value) {
    return (int16_t)(value > LIMIT ? LIMIT : value < -LIMIT ? -LIMIT : value);
}

static void set_variables(const px_signatures *s, size_t frame, int16_t *to) {
    const size_t width = s->run + 2, n = s->samples;
    const int16_t *patch = s->patches + frame * px_patches_size(s);
    int64_t total = 0;
    for (size_t done = 0; done < n; done += s->run, patch += PX_PATCH_ROWS * width) {
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
    const int32_t average = (int32_t)(total / (int64_t)n);
    for (size_t i = 0; i < n; i++)
        to[LEVEL * n + i] = limited(to[MEAN * n + i] - average);
}

static double product(const int16_t *a, const int16_t *b, size_t n) {
    int64_t sum = 0;
    for (size_t i = 0; i < n; i += BLOCK) {
        const size_t end = n - i < BLOCK ? n : i + BLOCK;
        int32_t part = 0;
        for (size_t j = i; j < end; j++)
            part += a[j] * b[j];
        sum += part;
    }
    return (double)sum;
}

/* ---- Least squares ---- */

typedef struct terms {
    size_t count;
    const int16_t *values[MOST_TERMS];
} terms;

static void add_frame(terms *t, const int16_t *variables, int first, int last, size_t n) {
    for (int v = first; v <= last; v++)
        t->values[t->count++] = variables + (size_t)v * n;
}

/* Gaussian elimination of the normal equations; a ridge keeps equal terms apart. */
static void solve(double matrix[MOST_TERMS][MOST_TERMS + 1], size_t n, double *solution) {
    for (size_t k = 0; k < n; k++) {
        matrix[k][k] = matrix[k][k] * (1 + 1e-6) + 1e-3;
        for (size_t i = 0; i < k; i++) {
            const double factor = matrix[k][i] / matrix[i][i];
            for (size_t j = i; j <= n; j++)
                matrix[k][j] -= factor * matrix[i][j];
        }
    }
    for (size_t k = n; k-- > 0;) {
        double sum = matrix[k][n];
        for (size_t j = k + 1; j < n; j++)
            sum -= matrix[k][j] * solution[j];
        solution[k] = matrix[k][k] > 0 ? sum / matrix[k][k] : 0;
    }
}

static void fit(const terms *t, const int16_t *target, size_t samples, double *solution) {
    double matrix[MOST_TERMS][MOST_TERMS + 1];
    for (size_t i = 0; i < t->count; i++) {
        for (size_t j = 0; j <= i; j++)
            matrix[i][j] = matrix[j][i] = product(t->values[i], t->values[j], samples);
        matrix[i][t->count] = product(t->values[i], target, samples);
    }
    solve(matrix, t->count, solution);
}

/* Without the call that lrintf would be. */
static int32_t rounded(float value) {
    const float offset = 4 * LIMIT;
    value = value > offset ? offset : value < -offset ? -offset : value;
    return (int32_t)(value + offset + 0.5f) - 4 * LIMIT;
}

static double linear_bits(const terms *t, const int16_t *target, size_t samples) {
    double solution[MOST_TERMS];
    px_histogram h = {.total = 0};
    fit(t, target, samples, solution);
    for (size_t i = 0; i < samples; i += BLOCK) {
        const size_t n = samples - i < BLOCK ? samples - i : BLOCK;
        float sums[BLOCK] = {0};
        for (size_t k = 0; k < t->count; k++) {
            const float weight = (float)solution[k];
            for (size_t j = 0; j < n; j++)
                sums[j] += weight * (float)t->values[k][i + j];
        }
        for (size_t j = 0; j < n; j++)
            px_histogram_add(&h, target[i + j] - rounded(sums[j]));
    }
    return px_histogram_bits(&h);
}

/* ---- Median edge detector ---- */

/* On the frame, or on its difference from another. */
static double edge_bits(const px_signatures *s, size_t frame, const uint32_t *reference) {
    const size_t width = s->run + 2, size = px_patches_size(s);
    const int16_t *patches = s->patches + frame * size;
    const int16_t *other = reference ? s->patches + *reference * size : NULL;
    px_histogram h = {.total = 0};
    for (size_t patch = 0; patch < size; patch += PX_PATCH_ROWS * width)
        for (size_t north = patch + 1; north <= patch + s->run; north++) {
            const size_t at[] = {north + width, north + width - 1, north, north - 1};
            int32_t v[4];
            for (int i = 0; i < 4; i++)
                v[i] = patches[at[i]] - (other ? other[at[i]] : 0);
            px_histogram_add(&h, v[0] - px_median_edge(v[1], v[2], v[3]));
        }
    return px_histogram_bits(&h);
}

/* ---- Frames ---- */

/* The variables of `frame`; unless the same place was asked for others, they are still there. */
static const int16_t *describe(px_mutual *m, size_t place, size_t frame) {
    if (m->frames[place] != frame)
        set_variables(m->s, frame, m->variables[place]);
    m->frames[place] = frame;
    return m->variables[place];
}

/* Of the least squares. */
static double fitted_bits(px_mutual *m, size_t frame, const uint32_t *references, size_t count) {
    const size_t n = m->s->samples;
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
    return linear_bits(&t, variables + TARGET * n, n);
}

/* What references save of a linear prediction they save of one that is a little better, too. */
static const double LITTLE = 1.1;

double px_bits_given(px_mutual *m, size_t frame, const uint32_t *references, size_t count) {
    const double alone = m->alone[frame], fitted = m->fitted[frame];
    double given = fitted_bits(m, frame, references, count);
    if (fitted > 0 && fitted < LITTLE * alone)
        given *= alone / fitted;
    return fmin(fmin(given, alone), edge_bits(m->s, frame, references));
}

static prism_status alloc(px_mutual *m, prism_error *error) {
    const size_t samples = m->s->samples * sizeof(int16_t);
    m->alone = malloc(m->s->count * sizeof *m->alone);
    m->fitted = malloc(m->s->count * sizeof *m->fitted);
    bool ok = m->alone && m->fitted;
    for (int i = 0; i <= PX_REFERENCES; i++)
        ok &= (m->variables[i] = malloc(PX_VARIABLES * samples)) != NULL;
    for (int i = 0; i < PX_REFERENCES; i++)
        ok &= (m->differences[i] = malloc(samples)) != NULL;
    if (ok)
        return PRISM_OK;
    px_mutual_free(m);
    return px_out_of_memory(error, PX_VARIABLES * samples);
}

prism_status px_mutual_make(px_mutual *m, const px_signatures *s, prism_error *error) {
    *m = (px_mutual){.s = s, .frames = {SIZE_MAX, SIZE_MAX, SIZE_MAX}};
    prism_status status = alloc(m, error);
    for (size_t f = 0; f < s->count && status == PRISM_OK; f++) {
        m->fitted[f] = fitted_bits(m, f, NULL, 0);
        m->alone[f] = fmin(m->fitted[f], edge_bits(s, f, NULL));
    }
    return status;
}

void px_mutual_free(px_mutual *m) {
    free(m->alone);
    free(m->fitted);
    for (int i = 0; i <= PX_REFERENCES; i++)
        free(m->variables[i]);
    for (int i = 0; i < PX_REFERENCES; i++)
        free(m->differences[i]);
    *m = (px_mutual){0};
}
