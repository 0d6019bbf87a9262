#include "planes/sample.h"

#include <stdlib.h>
#include <string.h>

#include "base/effort.h"
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
    from += (array->dims[i] - cut->dims[i]) * sixteenths / 16 * run;
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
    return px_sample_cut_at(sample, array, elements, cut, PX_MIDDLE, error);
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
