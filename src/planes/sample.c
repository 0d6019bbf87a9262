#include "planes/sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/effort.h"
#include "base/low_discrepancy.h"
#include "base/status.h"

enum {
    LONGEST_EDGE = 256,
    LONGEST_LINE = 1024 /* where all other sides are short */
};

static uint64_t elements_of(const prism_array *array) {
    uint64_t elements = 1;
    for (unsigned i = 0; i < array->rank; i++)
        elements *= array->dims[i];
    return elements;
}

static unsigned longest_side(const prism_array *array) {
    unsigned longest = 0;
    for (unsigned i = 1; i < array->rank; i++)
        if (array->dims[i] > array->dims[longest])
            longest = i;
    return longest;
}

/* A small array is its own sample. Else the longest side is halved until the sample is small, but
 * not the sides that are as short as a number of channels or frames usually is. Where all
 * others are short, more is left of the longest. */
void px_sample_shape(prism_array *cut, int effort) {
    const uint64_t limit = px_efforts.sample[effort];
    if (elements_of(cut) <= limit)
        return;
    uint64_t *longest = &cut->dims[longest_side(cut)];
    const uint64_t whole = *longest;
    for (unsigned i = 0; i < cut->rank && cut->rank > 1; i++)
        cut->dims[i] = cut->dims[i] < LONGEST_EDGE ? cut->dims[i] : LONGEST_EDGE;
    while (elements_of(cut) > limit) {
        uint64_t *side = &cut->dims[longest_side(cut)];
        *side = (*side + 1) / 2;
    }
    const uint64_t line = whole < LONGEST_LINE ? whole : LONGEST_LINE;
    if (*longest < line && elements_of(cut) / *longest * line <= limit)
        *longest = line;
}

/* ---- Where ---- */

/* Sides that are shorter may be channels, which differ even where nothing is. */
enum { LEAST_SIDE = 16 };

/* Where a part lies: its first element, and the elements from one to the next along each axis. */
typedef struct part {
    const uint8_t *first;
    size_t steps[PRISM_MAX_RANK], width;
    const prism_array *shape;
} part;

static part part_at(const prism_array *array, const void *elements, const prism_array *cut,
                    unsigned sixteenths) {
    part p = {.first = elements, .width = prism_type_size(array->type), .shape = cut};
    size_t step = p.width;
    for (unsigned i = array->rank; i-- > 0; step *= (size_t)array->dims[i]) {
        p.steps[i] = step;
        p.first += (array->dims[i] - cut->dims[i]) * sixteenths / PX_PLACES * step;
    }
    return p;
}

/* Whether an element differs from one before it along a long side. */
static bool changes_at(const part *p, size_t place) {
    const uint8_t *element = p->first;
    bool before[PRISM_MAX_RANK] = {false};
    for (unsigned i = p->shape->rank; i-- > 0; place /= (size_t)p->shape->dims[i]) {
        const size_t index = place % (size_t)p->shape->dims[i];
        before[i] = index && p->shape->dims[i] >= LEAST_SIDE;
        element += index * p->steps[i];
    }
    for (unsigned i = 0; i < p->shape->rank; i++)
        if (before[i] && memcmp(element, element - p->steps[i], p->width) != 0)
            return true;
    return false;
}

/* The logarithm of the share of elements that change, by some places. */
static double log_changes(const part *p) {
    enum { LOOKS = 1 << 10 };
    const size_t count = (size_t)px_array_count(p->shape), step = (count + LOOKS - 1) / LOOKS;
    const size_t looks = count / step;
    size_t changes = 1;
    for (size_t i = 0; i < looks; i++)
        changes += changes_at(p, px_low_discrepancy(i, step));
    return log2((double)changes / (double)looks);
}

unsigned px_sample_place(const prism_array *array, const void *elements, const prism_array *cut) {
    static const unsigned others[] = {4, 12, 0, 16, 2, 14};
    static const double EMPTIER = 1; /* a factor of two */
    if (px_array_count(cut) == px_array_count(array))
        return PX_MIDDLE;
    part p = part_at(array, elements, array, 0);
    const double whole = log_changes(&p);
    unsigned best = PX_MIDDLE;
    p = part_at(array, elements, cut, best);
    double least = whole - log_changes(&p);
    for (size_t i = 0; i < sizeof others / sizeof *others && least > EMPTIER; i++) {
        p = part_at(array, elements, cut, others[i]);
        const double unlike = fabs(whole - log_changes(&p));
        best = unlike < least ? others[i] : best;
        least = fmin(least, unlike);
    }
    return best;
}

/* ---- The part ---- */

/* Copies a part of `array` along dimension `i` and all after it: `sixteenths` of what it leaves out
 * lie before it. Returns the end of the copy. */
static uint8_t *copy_part(uint8_t *to, const uint8_t *from, const prism_array *array,
                          const prism_array *cut, unsigned sixteenths, unsigned i) {
    size_t run = prism_type_size(array->type);
    bool whole = true; /* along all dimensions after it */
    for (unsigned j = i + 1; j < array->rank; j++) {
        run *= (size_t)array->dims[j];
        whole &= cut->dims[j] == array->dims[j];
    }
    from += (array->dims[i] - cut->dims[i]) * sixteenths / PX_PLACES * run;
    if (whole) {
        memcpy(to, from, (size_t)cut->dims[i] * run);
        return to + (size_t)cut->dims[i] * run;
    }
    for (uint64_t index = 0; index < cut->dims[i]; index++, from += run)
        to = copy_part(to, from, array, cut, sixteenths, i + 1);
    return to;
}

prism_status px_sample_cut_at(px_sample *sample, const prism_array *array, const void *elements,
                              const prism_array *cut, unsigned sixteenths, prism_error *error) {
    size_t whole;
    *sample = (px_sample){.array = *cut, .sixteenths = sixteenths};
    prism_status status = prism_array_size(array, &whole, error);
    if (status == PRISM_OK)
        status = prism_array_size(cut, &sample->size, error);
    if (status != PRISM_OK)
        return status;
    sample->elements = malloc(sample->size);
    if (!sample->elements)
        return px_out_of_memory(error, sample->size);
    sample->share = (double)sample->size / (double)whole;
    copy_part(sample->elements, elements, array, cut, sixteenths, 0);
    return PRISM_OK;
}

prism_status px_sample_cut(px_sample *sample, const prism_array *array, const void *elements,
                           const prism_array *cut, prism_error *error) {
    const unsigned place = px_sample_place(array, elements, cut);
    return px_sample_cut_at(sample, array, elements, cut, place, error);
}

prism_status px_sample_make(px_sample *sample, const prism_array *array, const void *elements,
                            int effort, prism_error *error) {
    prism_array cut = *array;
    px_sample_shape(&cut, effort);
    return px_sample_cut(sample, array, elements, &cut, error);
}

prism_status px_sample_mask(px_sample *sample, const prism_array *array, const px_gaps *mask,
                            prism_error *error) {
    size_t size;
    if (!px_gaps_for(mask, array))
        return PRISM_OK;
    prism_array cut = mask->array;
    for (unsigned i = 0; i < cut.rank; i++)
        if (cut.dims[i] > 1)
            cut.dims[i] = sample->array.dims[i];
    prism_status status = prism_array_size(&cut, &size, error);
    if (status != PRISM_OK)
        return status;
    uint8_t *missing = malloc(size);
    if (!missing)
        return px_out_of_memory(error, size);
    copy_part(missing, mask->missing, &mask->array, &cut, sample->sixteenths, 0);
    sample->mask = (px_gaps){cut, missing};
    return PRISM_OK;
}

void px_sample_free(px_sample *sample) {
    free((void *)(uintptr_t)sample->mask.missing);
    free(sample->elements);
    *sample = (px_sample){.elements = NULL};
}
