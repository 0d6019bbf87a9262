#include "system/memory.h"

#include <malloc.h>

enum { ALIGNMENT = 64 };

void *px_large_alloc(size_t bytes) {
    return _aligned_malloc(bytes ? bytes : 1, ALIGNMENT);
}

void px_large_free(void *block) {
    _aligned_free(block);
}
