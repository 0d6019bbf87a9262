/*
 * coder=zstd: elements of any type as one frame of Zstandard (RFC 8878), after a byte transform.
 * It takes the elements themselves, not planes of samples, so that no mapping comes before it.
 * docs/FORMAT.md, "zstd". Internal.
 */
#ifndef PX_CODERS_ZSTD_H
#define PX_CODERS_ZSTD_H

#include "coders/byte_transform.h"

/* What encoding takes: a context of libzstd's, and memory for elements on their way. */
typedef struct px_zstd {
    void *context;          /* owned */
    void *words;            /* owned, as the others are */
    uint8_t *bytes, *coded; /* `coded` has the frame that was made last, */
    uint8_t *kept;          /* and this one the frame that was kept last */
    size_t room;            /* bytes of each */
} px_zstd;

/* For elements of up to so many bytes at a time. Free with px_zstd_free, after a failure, too. */
prism_status px_zstd_make(px_zstd *z, size_t capacity, prism_error *error);
void px_zstd_free(px_zstd *z);

enum { PX_ZSTD_QUICK = 0 /* an effort below all others, by which byte transforms are compared */ };

/* One frame of bytes[count] in z->coded. *size is SIZE_MAX where it would have more than `most`
 * bytes, which are at most z->room. */
prism_status px_zstd_frame(size_t *size, px_zstd *z, const uint8_t *bytes, size_t count,
                           size_t most, int effort, prism_error *error);

/* The same of all elements of an array, transformed. */
prism_status px_zstd_encode(size_t *size, px_zstd *z, const prism_array *array,
                            const void *elements, const px_byte_transform *t, int effort,
                            prism_error *error);

/* Keeps the frame that was made last. */
void px_zstd_keep(px_zstd *z);

/* All elements from what px_byte_transform_write and px_zstd_encode wrote. */
prism_status px_zstd_decode(void *elements, const prism_array *array, int axis,
                            px_reader *parameters, px_reader *payload, prism_error *error);

/* Bytes that decoding takes at most. */
uint64_t px_zstd_memory(const prism_array *array, px_reader parameters);

#endif
