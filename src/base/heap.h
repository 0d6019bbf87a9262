/* A heap of frames: the one of the largest value comes out first, the lowest of equal ones.
 * Internal. */
#ifndef PX_BASE_HEAP_H
#define PX_BASE_HEAP_H

#include "prism.h"

typedef struct px_heap_item {
    double value;
    uint32_t frame;
} px_heap_item;

typedef struct px_heap {
    px_heap_item *items;
    size_t count;
} px_heap;

prism_status px_heap_alloc(px_heap *heap, size_t capacity, prism_error *error);
void px_heap_free(px_heap *heap);

/* There must be room. */
void px_heap_push(px_heap *heap, double value, uint32_t frame);

/* False if there is none. */
bool px_heap_pop(px_heap *heap, uint32_t *frame);

#endif
