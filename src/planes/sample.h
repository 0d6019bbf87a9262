/* A part of an array that stands for all of it. Internal. */
#ifndef PX_PLANES_SAMPLE_H
#define PX_PLANES_SAMPLE_H

#include "planes/holes.h"

enum { PX_PLACES = 16, PX_MIDDLE = PX_PLACES / 2 /* sixteenths */ };

typedef struct px_sample {
    prism_array array;
    void *elements;      /* owned; free with px_sample_free */
    size_t size;         /* bytes */
    double share;        /* of the whole array */
    px_gaps mask;        /* of the sample, without bytes if there is none; owned, too */
    unsigned sixteenths; /* of what was left out that lie before it, along each axis */
} px_sample;

/* The shape of a sample: makes an array smaller, to about as many elements as the effort allows. */
void px_sample_shape(prism_array *cut, int effort);

/* Which part of the array to cut in that shape: the middle, unless that changes from element to
 * element much less often than the whole does, and another part does not. */
unsigned px_sample_place(const prism_array *array, const void *elements, const prism_array *cut);

/* A typical part of the array: about as many elements as the effort allows. */
prism_status px_sample_make(px_sample *sample, const prism_array *array, const void *elements,
                            int effort, prism_error *error);
/* A typical part of the array in the shape of `cut`, which is nowhere larger; or the one with so
 * many sixteenths of what is left out before it. */
prism_status px_sample_cut(px_sample *sample, const prism_array *array, const void *elements,
                           const prism_array *cut, prism_error *error);
prism_status px_sample_cut_at(px_sample *sample, const prism_array *array, const void *elements,
                              const prism_array *cut, unsigned sixteenths, prism_error *error);

/* The sample gets its part of a mask of the whole, which may be NULL. */
prism_status px_sample_mask(px_sample *sample, const prism_array *array, const px_gaps *mask,
                            prism_error *error);
void px_sample_free(px_sample *sample);

#endif
