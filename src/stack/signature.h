/*
 * What a frame is judged by: hashes and a thumbnail to find frames that resemble it, and a part of
 * its samples, as what they differ by from their neighbours, to find out how much of it another
 * frame tells. A few kilobytes a frame. Internal.
 */
#ifndef PX_STACK_SIGNATURE_H
#define PX_STACK_SIGNATURE_H

#include "stack/hash.h"

enum { PX_THUMBNAIL = 16 * 16 };

typedef struct px_signatures {
    size_t count;         /* frames */
    size_t samples;       /* of a frame that are looked at */
    size_t run;           /* of them that stand side by side */
    px_hashes *hashes;    /* [count] */
    uint64_t *contents;   /* [count]; equal frames have equal ones */
    double *alone;        /* [count], bits for the samples of the frame on its own */
    double *energies;     /* [count], of the innovations */
    int16_t *thumbnails;  /* [count][PX_THUMBNAIL] */
    int16_t *innovations; /* [count][samples] */
} px_signatures;

/* For frames of the size of these planes; `samples` of each are looked at, about. */
prism_status px_signatures_alloc(px_signatures *s, size_t count, const px_planes *planes,
                                 size_t samples, prism_error *error);
void px_signatures_free(px_signatures *s);

/* Fills in the signature of `frame` from plane `index`. */
void px_signatures_set(px_signatures *s, size_t frame, const px_planes *planes, size_t index);

/* How different the thumbnails are. */
uint32_t px_thumbnail_distance(const px_signatures *s, size_t a, size_t b);

/* Bits for the samples of `frame` if those of one or two others are known. */
double px_bits_given(const px_signatures *s, size_t frame, size_t reference);
double px_bits_given_two(const px_signatures *s, size_t frame, size_t first, size_t second);

#endif
