#include "sample.h"

#include <stdlib.h>
#include <string.h>

#include "status.h"

enum { LONGEST_EDGE = 256 };

/* A small array is its own sample. Else the longest side is halved until the sample is small, but
 * not the sides that are as short as a number of channels or frames usually is. */
static void sample_shape(prism_array *cut, uint64_t limit) {
    uint64_t elements = 1;
    for (unsigned i = 0; i < cut->rank; i++)
        elements *= cut->dims[i];
    if (elements <= limit)
        return;
    elements = 1;
    for (unsigned i = 0; i < cut->rank; i++) {
        if (cut->dims[i] > LONGEST_EDGE && cut->rank > 1)
            cut->dims[i] = LONGEST_EDGE;
        elements *= cut->dims[i];
    }
    while (elements > limit) {
        unsigned longest = 0;
        for (unsigned i = 1; i < cut->rank; i++)
            if (cut->dims[i] > cut->dims[longest])
                longest = i;
        elements = elements / cut->dims[longest] * ((cut->dims[longest] + 1) / 2);
        cut->dims[longest] = (cut->dims[longest] + 1) / 2;
    }
}

/* Copies the middle of `array` along dimension `i` and all after it; returns the end of the copy.
 */
static uint8_t *copy_middle(uint8_t *to, const uint8_t *from, const prism_array *array,
                            const prism_array *cut, unsigned i) {
    size_t run = prism_type_size(array->type);
    for (unsigned j = i + 1; j < array->rank; j++)
        run *= (size_t)array->dims[j];
    from += (array->dims[i] - cut->dims[i]) / 2 * run;
    for (uint64_t index = 0; index < cut->dims[i]; index++, from += run) {
        if (i + 1 < array->rank) {
            to = copy_middle(to, from, array, cut, i + 1);
        } else {
            memcpy(to, from, run);
            to += run;
        }
    }
    return to;
}

prism_status px_sample_make(px_sample *sample, const prism_array *array, const void *elements,
                            int effort, prism_error *error) {
    size_t whole;
    *sample = (px_sample){.array = *array};
    sample_shape(&sample->array,
                 effort <= PX_SAMPLE_BRISK_EFFORT ? PX_SAMPLE_BRISK_ELEMENTS : PX_SAMPLE_ELEMENTS);
    prism_status status = prism_array_size(array, &whole, error);
    if (status == PRISM_OK)
        status = prism_array_size(&sample->array, &sample->size, error);
    if (status != PRISM_OK)
        return status;
    sample->elements = malloc(sample->size);
    if (!sample->elements)
        return px_out_of_memory(error, sample->size);
    sample->share = (double)sample->size / (double)whole;
    copy_middle(sample->elements, elements, array, &sample->array, 0);
    return PRISM_OK;
}

void px_sample_free(px_sample *sample) {
    free(sample->elements);
    *sample = (px_sample){.elements = NULL};
}
