/*
 * The memory of one task: many arrays, freed together. Large ones ask for huge pages, since the
 * first touch of small ones costs as much as decoding what goes there. Internal.
 */
#ifndef PX_BASE_POOL_H
#define PX_BASE_POOL_H

#include "prism.h"

enum { PX_POOL_BLOCKS = 48 };

typedef struct px_pool {
    void *blocks[PX_POOL_BLOCKS];
    size_t count;
    size_t wanted; /* bytes that were not to be had; 0: all went well */
} px_pool;

/* Memory aligned to 64 bytes, owned by the pool; zeroed or as it comes. After a failure the pool
 * gives NULL only. */
void *px_pool_take(px_pool *pool, size_t bytes);
void *px_pool_take_zeroed(px_pool *pool, size_t bytes);

/* Frees one of the arrays early. */
void px_pool_drop(px_pool *pool, void *block);
void px_pool_free(px_pool *pool);

/* PRISM_E_MEMORY if an array was not to be had. */
prism_status px_pool_status(const px_pool *pool, prism_error *error);

#endif
