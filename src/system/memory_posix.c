#include "system/memory.h"

#include <stdlib.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

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

void px_large_free(void *block) {
    free(block);
}
