/*
 * Many arrays in one block of memory: what needs them is laid out twice by the same function, first
 * to find the size, then, with the block, to get the addresses. Internal.
 */
#ifndef PX_BASE_ARENA_H
#define PX_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/sizes.h"
#include "system/memory.h"

typedef struct px_arena {
    uint8_t *base; /* NULL while the size is being found */
    size_t used;
} px_arena;

/* Room for `count` items, zeroed, aligned to a cache line. */
static inline void *px_arena_take(px_arena *arena, size_t count, size_t size) {
    size_t at = arena->used;
    arena->used = px_sum(arena->used, px_sum(px_product(count, size), 63)) & ~(size_t)63;
    return arena->base ? arena->base + at : NULL;
}

/* The block for what was found; free it with px_large_free(). NULL if there is no memory. */
static inline void *px_arena_allocate(px_arena *arena) {
    arena->base = px_large_alloc(arena->used);
    if (arena->base)
        memset(arena->base, 0, arena->used);
    arena->used = 0;
    return arena->base;
}

#endif
