#include "base/pool.h"

#include <string.h>

#include "base/status.h"
#include "system/memory.h"

void *px_pool_take(px_pool *pool, size_t bytes) {
    void *block = NULL;
    if (!pool->wanted && pool->count < PX_POOL_BLOCKS)
        block = px_large_alloc(bytes);
    if (block)
        pool->blocks[pool->count++] = block;
    else if (!pool->wanted)
        pool->wanted = bytes + 1;
    return block;
}

void *px_pool_take_zeroed(px_pool *pool, size_t bytes) {
    void *block = px_pool_take(pool, bytes);
    if (block)
        memset(block, 0, bytes);
    return block;
}

void px_pool_drop(px_pool *pool, void *block) {
    for (size_t i = 0; i < pool->count; i++)
        if (pool->blocks[i] == block) {
            px_large_free(block);
            pool->blocks[i] = pool->blocks[--pool->count];
            return;
        }
}

void px_pool_free(px_pool *pool) {
    while (pool->count)
        px_large_free(pool->blocks[--pool->count]);
}

prism_status px_pool_status(const px_pool *pool, prism_error *error) {
    return pool->wanted ? px_out_of_memory(error, pool->wanted) : PRISM_OK;
}
