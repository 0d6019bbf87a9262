/* The different frames of a stack: of equal planes only the first one is planned. Internal. */
#ifndef PX_SIMILARITY_DEDUPLICATION_H
#define PX_SIMILARITY_DEDUPLICATION_H

#include "similarity/signature.h"

#define PX_NO_PLANE UINT32_MAX

typedef struct px_deduplication {
    uint32_t count;
    uint32_t *planes;   /* [count]: where each comes first */
    uint32_t *of_plane; /* [planes]: the original of each plane */
    uint32_t *next;     /* [planes]: the next plane that is equal, or PX_NO_PLANE */
    bool *repeated;     /* [count] */
    uint32_t *slots;    /* a hash table of originals by content, ... */
    size_t slot_count;  /* ... a power of two */
} px_deduplication;

prism_status px_deduplication_alloc(px_deduplication *o, size_t count, prism_error *error);
void px_deduplication_free(px_deduplication *o);

/* Fills both; the signatures are those of the originals. */
void px_deduplication_find(px_deduplication *o, px_signatures *s, const px_planes *planes);

#endif
