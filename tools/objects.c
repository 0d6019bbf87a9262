#include "objects.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/sizes.h"

static const size_t LEAST = 64;

/* Where the pair is, or would be. */
static tool_pair *slot_of(const tool_objects *o, haddr_t from) {
    size_t i = (size_t)((uint64_t)from * UINT64_C(0x9e3779b97f4a7c15) >> 32) % o->capacity;
    while (o->pairs[i].from != HADDR_UNDEF && o->pairs[i].from != from)
        i = (i + 1) % o->capacity;
    return &o->pairs[i];
}

static bool grow(tool_objects *o) {
    tool_objects larger = {.count = o->count, .capacity = o->capacity ? 2 * o->capacity : LEAST};
    larger.pairs = px_alloc(larger.capacity, sizeof *larger.pairs);
    if (!larger.pairs)
        return false;
    for (size_t i = 0; i < larger.capacity; i++)
        larger.pairs[i].from = HADDR_UNDEF;
    for (size_t i = 0; i < o->capacity; i++)
        if (o->pairs[i].from != HADDR_UNDEF)
            *slot_of(&larger, o->pairs[i].from) = o->pairs[i];
    free(o->pairs);
    *o = larger;
    return true;
}

bool tool_objects_add(tool_objects *o, haddr_t from, haddr_t to) {
    if (2 * o->count >= o->capacity && !grow(o))
        return false;
    tool_pair *slot = slot_of(o, from);
    o->count += slot->from == HADDR_UNDEF;
    *slot = (tool_pair){from, to};
    return true;
}

haddr_t tool_objects_find(const tool_objects *o, haddr_t from) {
    if (!o->capacity)
        return HADDR_UNDEF;
    const tool_pair *slot = slot_of(o, from);
    return slot->from == from ? slot->to : HADDR_UNDEF;
}

void tool_objects_free(tool_objects *o) {
    free(o->pairs);
    *o = (tool_objects){0};
}
