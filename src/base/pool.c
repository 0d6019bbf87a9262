#include "base/pool.h"

#include <stdlib.h>
#include <string.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "base/status.h"

enum { ALIGNMENT = 64, HUGE_PAGE = 2 << 20 };

void *px_large_alloc(size_t bytes) {
    void *block = NULL;
    if (posix_memalign(&block, bytes >= HUGE_PAGE ? HUGE_PAGE : ALIGNMENT, bytes ? bytes : 1) != 0)
        return NULL;
#if defined(__linux__)
    if (bytes >= HUGE_PAGE) /* advice: may be ignored; the last page may be a part of a huge one */
        madvise(block, bytes / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
#endif
    return block;
}

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
            free(block);
            pool->blocks[i] = pool->blocks[--pool->count];
            return;
        }
}

void px_pool_free(px_pool *pool) {
    while (pool->count)
        free(pool->blocks[--pool->count]);
}

prism_status px_pool_status(const px_pool *pool, prism_error *error) {
    return pool->wanted ? px_out_of_memory(error, pool->wanted) : PRISM_OK;
}
