#include "base/heap.h"

#include <stdlib.h>

#include "base/sizes.h"
#include "base/status.h"

prism_status px_heap_alloc(px_heap *heap, size_t capacity, prism_error *error) {
    *heap = (px_heap){.items = px_alloc(px_sum(capacity, 1), sizeof *heap->items)};
    return heap->items ? PRISM_OK : px_out_of_memory(error, capacity * sizeof *heap->items);
}

void px_heap_free(px_heap *heap) {
    free(heap->items);
    *heap = (px_heap){0};
}

static bool before(const px_heap_item *a, const px_heap_item *b) {
    return a->value != b->value ? a->value > b->value : a->frame < b->frame;
}

void px_heap_push(px_heap *heap, double value, uint32_t frame) {
    const px_heap_item item = {value, frame};
    size_t at = heap->count++;
    for (; at && before(&item, &heap->items[(at - 1) / 2]); at = (at - 1) / 2)
        heap->items[at] = heap->items[(at - 1) / 2];
    heap->items[at] = item;
}

bool px_heap_pop(px_heap *heap, uint32_t *frame) {
    if (!heap->count)
        return false;
    *frame = heap->items[0].frame;
    const px_heap_item item = heap->items[--heap->count];
    size_t at = 0;
    for (size_t child = 1; child < heap->count; child = 2 * at + 1) {
        child += child + 1 < heap->count && before(&heap->items[child + 1], &heap->items[child]);
        if (!before(&heap->items[child], &item))
            break;
        heap->items[at] = heap->items[child];
        at = child;
    }
    heap->items[at] = item;
    return true;
}
