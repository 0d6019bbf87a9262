/*
 * A first look at an array, in little time: whether coder zstd may come near what others made of
 * it. Internal.
 */
#ifndef PX_SURVEY_BYTE_LOOK_H
#define PX_SURVEY_BYTE_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "prism.h"

typedef struct px_byte_look {
    double entropy; /* bytes of the array, by that of the bytes of elements or of differences */
    double nearby;  /* the share of differences that come again among those of a few places, */
    double wide;    /* of elements of 32 and 64 bits there, */
    double far;     /* and of differences within the first part of the array, where runs do not
                       count; of a small array, or of its elements */
    int turns;      /* the axis along which wide elements take turns, if any; else AUTO */
    double new;     /* the share of elements that are in no other plane along that axis */
    bool is_small;
} px_byte_look;

/* Bytes by the entropy of bytes[count], with what counting so few of them misses. */
double px_entropy_of_bytes(const uint8_t *bytes, size_t count);

/* The share of windows from all over words[bytes] that come again. Runs of one word do not
 * count. */
double px_share_far(const uint8_t *words, size_t bytes, size_t width);

/* With planes along `axis`, or elements in their own order. */
prism_status px_byte_look_make(px_byte_look *look, const prism_array *array, const void *elements,
                               int axis, prism_error *error);

/* Whether what does not come again may take less than so many bytes. */
bool px_byte_look_promises(const px_byte_look *look, double bytes);

#endif
