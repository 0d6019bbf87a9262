/*
 * Errors on a grid are spread evenly where elements fill its cells; where few values make up an
 * array, or most elements are near one, a grid may be far coarser. So the error is sought on
 * elements. The commonest integer is the middle of a cell: a background without error is what
 * makes the mean small.
 */
#include "lossy/grid_error.h"

#include <math.h>
#include <stdlib.h>

#include "base/sizes.h"
#include "base/sort.h"
#include "base/status.h"
#include "lossy/quantiser.h"

enum {
    SAMPLES = 1 << 14,
    RUN = 64,     /* elements that are looked at in one piece */
    HALVINGS = 12 /* of what lies between one that keeps the bound and one that does not */
};

static const double MARGIN = 0.999; /* of the bound: errors of other elements may be larger */

typedef struct sample {
    uint64_t *words;
    double *scales; /* of the words */
    size_t count;
    px_quantiser quantiser;
    uint64_t middle;
    double most; /* mean square of errors */
} sample;

static void sample_free(sample *s) {
    free(s->words);
    free(s->scales);
}

static prism_status sample_alloc(sample *s, size_t count, prism_error *error) {
    s->words = px_alloc(count, sizeof *s->words);
    s->scales = px_alloc(count, sizeof *s->scales);
    return s->words && s->scales ? PRISM_OK
                                 : px_out_of_memory(error, px_product(count, sizeof *s->words));
}

/* Runs from everywhere. Those of `most`, a mean over all elements, that must be exact have none. */
static void fill(sample *s, const px_numbers *values, double most) {
    const size_t count = values->words.count;
    size_t seen = 0;
    const size_t apart = count > SAMPLES ? count / (SAMPLES / RUN) : RUN;
    for (size_t start = 0; start < count && s->count + RUN <= SAMPLES; start += apart)
        for (size_t i = start; i < start + RUN && i < count; i++, seen++) {
            if (px_is_exact(values, i))
                continue;
            s->words[s->count] = px_view_word(&values->words, i);
            s->scales[s->count++] = px_value_scale(values, i);
        }
    s->most = most * (double)seen / (double)(s->count ? s->count : 1);
}

/* The rank that most of the words have. */
static prism_status find_commonest(sample *s, const px_numbers *values, prism_error *error) {
    uint64_t *ranks = px_alloc(s->count, sizeof *ranks);
    size_t longest = 0;
    if (!ranks)
        return px_out_of_memory(error, px_product(s->count, sizeof *ranks));
    for (size_t i = 0; i < s->count; i++)
        ranks[i] = px_word_rank(s->words[i], values->words.number);
    px_sort_words(ranks, s->count);
    for (size_t i = 0, run = 0; i < s->count; i++) {
        run = i && ranks[i] == ranks[i - 1] ? run + 1 : 1;
        if (run > longest) {
            longest = run;
            s->middle = ranks[i];
        }
    }
    free(ranks);
    return PRISM_OK;
}

/* Whether the mean of errors is small enough on the grid of this largest one. */
static bool keeps(sample *s, double largest) {
    px_quantiser *q = &s->quantiser;
    double sum = 0;
    if (!px_quantiser_divide(q, largest))
        return false;
    if (!px_number_of(q->type)->fraction)
        px_quantiser_centre(q, s->middle);
    for (size_t i = 0; i < s->count; i++) {
        const uint64_t word = px_quantiser_word(q, px_quantiser_place(q, s->words[i]));
        const double e = px_value_distance(word, s->words[i], q->type) * s->scales[i];
        sum += e * e;
    }
    return sum <= MARGIN * MARGIN * s->most * (double)s->count;
}

/* The largest one below the range that keeps the bound, or 0; integers have `whole` ones. */
static double search(sample *s, double range, bool whole) {
    const double even = sqrt(3 * s->most); /* of errors that are spread evenly */
    double low = 0, high = whole ? fmax(1, floor(even)) : even;
    for (; high < range && keeps(s, high); high *= 2)
        low = high;
    for (int i = 0; i < HALVINGS && high - low > (double)whole; i++) {
        const double middle = whole ? floor((low + high) / 2) : (low + high) / 2;
        *(keeps(s, middle) ? &low : &high) = middle;
    }
    return low;
}

prism_status px_grid_error_find(px_grid_error *found, const px_lossy_request *request,
                                double reference, prism_error *error) {
    const px_numbers *values = request->values;
    const double bound = (double)request->bound.value;
    const double most = bound * bound * reference / (double)values->words.count;
    sample s = {.count = 0};
    *found = (px_grid_error){.largest = 0};
    if (!(most > 0) || !isfinite(most) || !px_quantiser_range(&s.quantiser, values))
        return PRISM_OK;
    prism_status status = sample_alloc(&s, SAMPLES, error);
    if (status == PRISM_OK) {
        fill(&s, values, most);
        status = s.count ? find_commonest(&s, values, error) : PRISM_OK;
    }
    if (status == PRISM_OK && s.count)
        *found = (px_grid_error){
            search(&s, values->most - values->least, !values->words.number->fraction), s.middle};
    sample_free(&s);
    return status;
}
