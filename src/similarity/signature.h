/*
 * What a frame is judged by: hashes and a thumbnail to find frames that resemble it, and a part of
 * its samples to find out how much of it other frames tell. A few kilobytes a frame. Internal.
 */
#ifndef PX_SIMILARITY_SIGNATURE_H
#define PX_SIMILARITY_SIGNATURE_H

#include "similarity/hash.h"

enum {
    PX_THUMBNAIL = 16 * 16,
    PX_PATCH_ROWS = 3 /* of a run of samples: above, its own, below */
};

typedef struct px_signatures {
    size_t count;        /* frames */
    size_t samples;      /* of a frame that are looked at */
    size_t run;          /* of them that stand side by side */
    unsigned depth;      /* bits of a sample */
    px_hashes *hashes;   /* [count] */
    uint64_t *contents;  /* [count]; equal frames have equal ones */
    int16_t *thumbnails; /* [count][PX_THUMBNAIL] */
    int16_t *patches;    /* [count][samples / run][PX_PATCH_ROWS][run + 2]; 0 outside the plane */
} px_signatures;

/* For frames of the size of these planes; `samples` of each are looked at, about. */
prism_status px_signatures_alloc(px_signatures *s, size_t count, const px_planes *planes,
                                 size_t samples, prism_error *error);
void px_signatures_free(px_signatures *s);

/* Fills in the signature of `frame` from plane `index`. */
void px_signatures_set(px_signatures *s, size_t frame, const px_planes *planes, size_t index);

/* How different the thumbnails are; what is as much as `enough` may be more. */
uint32_t px_thumbnail_distance(const px_signatures *s, size_t a, size_t b, uint32_t enough);

static inline size_t px_patches_size(const px_signatures *s) {
    return s->samples / s->run * PX_PATCH_ROWS * (s->run + 2);
}

#endif
