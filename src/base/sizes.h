/*
 * Sizes of memory. Every product of dimensions that becomes an allocation goes through px_product,
 * so that what a chunk claims fails as memory that is not to be had, also where size_t has 32 bits.
 * Internal.
 */
#ifndef PX_BASE_SIZES_H
#define PX_BASE_SIZES_H

#include <stddef.h>
#include <stdint.h>

/* The product of all arguments; SIZE_MAX, of which there is never an allocation, if size_t has no
 * room for it. */
#define px_product(...)                                                                            \
    px_product_of((const uint64_t[]){__VA_ARGS__},                                                 \
                  sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

/* The same for a sum of two. */
size_t px_sum(uint64_t a, uint64_t b);

/* Memory for the product of all arguments, for free(), or NULL: px_alloc(rows, columns, size). */
#define px_alloc(...)        px_alloc_bytes(px_product(__VA_ARGS__))
#define px_alloc_zeroed(...) px_alloc_zeroed_bytes(px_product(__VA_ARGS__))

/* The same instead of `memory`, which stays where it is if there is none. */
#define px_realloc(memory, ...) px_realloc_bytes(memory, px_product(__VA_ARGS__))

static inline size_t px_smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

static inline uint64_t px_larger(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

size_t px_product_of(const uint64_t *factors, size_t count);
void *px_alloc_bytes(size_t bytes);
void *px_alloc_zeroed_bytes(size_t bytes);
void *px_realloc_bytes(void *memory, size_t bytes);

#endif
