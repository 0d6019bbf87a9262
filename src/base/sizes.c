#include "base/sizes.h"

#include <stdbool.h>
#include <stdlib.h>

size_t px_product_of(const uint64_t *factors, size_t count) {
    size_t product = 1;
    bool fits = true;
    for (size_t i = 0; i < count; i++) {
        if (factors[i] == 0)
            return 0;
        fits &= !__builtin_mul_overflow(product, factors[i], &product);
    }
    return fits ? product : SIZE_MAX;
}

size_t px_sum(uint64_t a, uint64_t b) {
    size_t sum;
    return __builtin_add_overflow(a, b, &sum) ? SIZE_MAX : sum;
}

/* malloc(0) may give NULL, which would look like memory that has run out. */
static size_t at_least_one(size_t bytes) {
    return bytes ? bytes : 1;
}

void *px_alloc_bytes(size_t bytes) {
    return bytes < SIZE_MAX ? malloc(at_least_one(bytes)) : NULL;
}

void *px_alloc_zeroed_bytes(size_t bytes) {
    return bytes < SIZE_MAX ? calloc(at_least_one(bytes), 1) : NULL;
}

void *px_realloc_bytes(void *memory, size_t bytes) {
    return bytes < SIZE_MAX ? realloc(memory, at_least_one(bytes)) : NULL;
}
