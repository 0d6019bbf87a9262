/*
 * Elements of any type as bytes in which a match finder finds most: put in the order of planes,
 * subtracted from each other, and sorted by bytes or bits. Elements count as unsigned integers of
 * their width, so that differences wrap and come back to the last bit.
 * docs/FORMAT.md, "zstd". Internal.
 *
 *   elements -> order of planes -> differences -> zigzag -> shuffle
 *
 * Shuffles and zigzag are those of Blosc, HDF5 and Protocol Buffers.
 */
#ifndef PX_CODERS_BYTE_TRANSFORM_H
#define PX_CODERS_BYTE_TRANSFORM_H

#include "base/bytes.h"
#include "prism.h"

enum { PX_MOST_DIFFERENCES = 4 };

typedef enum px_shuffle {
    PX_SHUFFLE_NONE = 0,  /* elements in little-endian order */
    PX_SHUFFLE_BYTES = 1, /* the most significant bytes of all elements, then the next ones, ... */
    PX_SHUFFLE_BITS = 2   /* the most significant bits of all elements, then the next ones, ... */
} px_shuffle;

typedef struct px_byte_transform {
    int axis;             /* of the planes; PRISM_AXIS_AUTO: elements in their own order */
    unsigned differences; /* how many, one after the other */
    size_t distances[PX_MOST_DIFFERENCES]; /* elements, at least 1; those before the first are 0 */
    bool zigzag;                           /* 0, -1, 1, -2, ... become 0, 1, 2, 3, ... */
    px_shuffle shuffle;
} px_byte_transform;

/* Bytes of `count` elements of so many bytes once they are shuffled. */
size_t px_transformed_size(px_shuffle shuffle, size_t count, size_t width);

/* Elements in the order of planes, from number `start` on, after differences and zigzag: count
 * words of this machine. */
void px_byte_transform_words(void *words, const prism_array *array, const void *elements,
                             const px_byte_transform *t, size_t start, size_t count);

/* The words, shuffled: px_transformed_size bytes. */
void px_byte_transform_shuffle(uint8_t *bytes, const void *words, size_t count, size_t width,
                               px_shuffle shuffle);

/* The way back, of all elements. `scratch` has room for them. */
void px_byte_transform_inverse(void *elements, void *scratch, const prism_array *array,
                               const uint8_t *bytes, const px_byte_transform *t);

/* All but the axis, which is the chunk's. Reading fails (PRISM_E_CORRUPT, PRISM_E_TRUNCATED) on
 * what is no transform of `array`. */
void px_byte_transform_write(px_buffer *out, const px_byte_transform *t);
prism_status px_byte_transform_read(px_byte_transform *t, px_reader *in, const prism_array *array,
                                    prism_error *error);

#endif
