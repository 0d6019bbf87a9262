#include "similarity/deduplication.h"

#include <stdlib.h>
#include <string.h>

#include "base/sizes.h"
#include "base/status.h"

void px_deduplication_free(px_deduplication *o) {
    free(o->planes);
    free(o->of_plane);
    free(o->next);
    free(o->repeated);
    free(o->slots);
}

prism_status px_deduplication_alloc(px_deduplication *o, size_t count, prism_error *error) {
    *o = (px_deduplication){.slot_count = 2};
    while (o->slot_count < 2 * count)
        o->slot_count *= 2;
    o->planes = calloc(count, sizeof *o->planes);
    o->of_plane = calloc(count, sizeof *o->of_plane);
    o->next = calloc(count, sizeof *o->next);
    o->repeated = calloc(count, sizeof *o->repeated);
    o->slots = px_alloc(o->slot_count, sizeof *o->slots);
    if (!o->planes || !o->of_plane || !o->next || !o->repeated || !o->slots) {
        px_deduplication_free(o);
        return px_out_of_memory(error, o->slot_count * sizeof *o->slots);
    }
    for (size_t i = 0; i < o->slot_count; i++)
        o->slots[i] = PX_NO_PLANE;
    return PRISM_OK;
}

/* The slot of the original that is equal to plane k, or of a new one. */
static uint32_t *find_slot(const px_deduplication *o, const px_signatures *s,
                           const px_planes *planes, uint32_t k) {
    const uint64_t content = s->contents[o->count];
    size_t at = (size_t)(content >> 20) & (o->slot_count - 1);
    for (; o->slots[at] != PX_NO_PLANE; at = (at + 1) & (o->slot_count - 1))
        if (s->contents[o->slots[at]] == content &&
            memcmp(px_plane(planes, o->planes[o->slots[at]]), px_plane(planes, k),
                   px_plane_size(planes) * sizeof *planes->samples) == 0)
            break;
    return &o->slots[at];
}

void px_deduplication_find(px_deduplication *o, px_signatures *s, const px_planes *planes) {
    for (uint32_t k = 0; k < planes->count; k++) {
        px_signatures_set(s, o->count, planes, k);
        uint32_t *slot = find_slot(o, s, planes, k);
        o->next[k] = PX_NO_PLANE;
        if (*slot == PX_NO_PLANE) {
            o->planes[o->count] = k;
            *slot = o->count++;
        }
        o->of_plane[k] = *slot;
    }
    s->count = o->count;
    for (uint32_t k = (uint32_t)planes->count; k-- > 0;) {
        const uint32_t first = o->planes[o->of_plane[k]];
        if (first == k)
            continue;
        o->repeated[o->of_plane[k]] = true;
        o->next[k] = o->next[first];
        o->next[first] = k;
    }
}
