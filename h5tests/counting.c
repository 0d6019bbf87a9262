#include "counting.h"

#include <errno.h>
#include <execinfo.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

enum { MOST_BLOCKS = 1 << 15 }; /* at a time */

static struct {
    bool active;
    refusal refused;
    counts now;
    uint64_t *ways;
    size_t room;
} state;

/* What was asked for, by address: open addressing, without holes. */
static struct {
    void *block;
    size_t size;
} blocks[MOST_BLOCKS];

static size_t place_of(const void *block) {
    size_t at = (size_t)((uintptr_t)block * UINT64_C(0x9e3779b97f4a7c15) >> 49);
    while (blocks[at].block && blocks[at].block != block)
        at = (at + 1) % MOST_BLOCKS;
    return at;
}

/* Blocks after it that would not be found across a hole move up. */
static void forget(size_t at) {
    blocks[at].block = NULL;
    for (size_t next = (at + 1) % MOST_BLOCKS; blocks[next].block;
         next = (next + 1) % MOST_BLOCKS) {
        void *block = blocks[next].block;
        blocks[next].block = NULL;
        const size_t place = place_of(block);
        blocks[place].block = block;
        blocks[place].size = blocks[next].size;
    }
}

void counting_start(refusal refused) {
    state.refused = refused;
    state.now = (counts){0};
    memset(blocks, 0, sizeof blocks);
    state.active = true;
    state.room = 0;
}

void counting_trace(uint64_t *ways, size_t room) {
    state.ways = ways;
    state.room = room;
}

counts counting_stop(void) {
    state.active = false;
    return state.now;
}

static uint64_t way_here(void) {
    enum { FRAMES = 9 };
    void *frames[FRAMES];
    const int count = backtrace(frames, FRAMES);
    uint64_t hash = 0;
    for (int i = 0; i < count; i++)
        hash = (hash ^ (uint64_t)(uintptr_t)frames[i]) * 0x9e3779b97f4a7c15u;
    return hash;
}

/* Counts a call; true if it is to fail. */
static bool is_refused(void) {
    if (!state.active)
        return false;
    const size_t call = ++state.now.calls, first = state.refused.first;
    if (call <= state.room)
        state.ways[call - 1] = way_here();
    return first && (call == first || (state.refused.lasting && call > first));
}

static void *taken(void *block, size_t size) {
    if (!state.active || !block)
        return block;
    const size_t at = place_of(block);
    blocks[at].block = block;
    blocks[at].size = size;
    state.now.blocks++;
    state.now.bytes += size;
    if (state.now.bytes > state.now.peak)
        state.now.peak = state.now.bytes;
    return block;
}

static void given_back(void *block) {
    const size_t at = place_of(block);
    if (!state.active || !block || !blocks[at].block)
        return;
    state.now.blocks--;
    state.now.bytes -= blocks[at].size;
    forget(at);
}

/* ---- malloc and its kin ---- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
int __real_posix_memalign(void **block, size_t alignment, size_t size);
void __real_free(void *block);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
int __wrap_posix_memalign(void **block, size_t alignment, size_t size);
void __wrap_free(void *block);

void *__wrap_malloc(size_t size) {
    return is_refused() ? NULL : taken(__real_malloc(size), size);
}

void *__wrap_calloc(size_t count, size_t size) {
    return is_refused() ? NULL : taken(__real_calloc(count, size), count * size);
}

void *__wrap_realloc(void *block, size_t size) {
    if (is_refused())
        return NULL;
    given_back(block);
    return taken(__real_realloc(block, size), size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size) {
    return is_refused() ? NULL : taken(__real_aligned_alloc(alignment, size), size);
}

int __wrap_posix_memalign(void **block, size_t alignment, size_t size) {
    const int result = is_refused() ? ENOMEM : __real_posix_memalign(block, alignment, size);
    if (result == 0)
        taken(*block, size);
    return result;
}

void __wrap_free(void *block) {
    given_back(block);
    __real_free(block);
}

/* ---- zlib, by its own means ---- */

int __real_deflateInit2_(z_streamp stream, int level, int method, int bits, int memory,
                         int strategy, const char *version, int size);
int __real_inflateInit_(z_streamp stream, const char *version, int size);
int __wrap_deflateInit2_(z_streamp stream, int level, int method, int bits, int memory,
                         int strategy, const char *version, int size);
int __wrap_inflateInit_(z_streamp stream, const char *version, int size);

static void *allocate(void *opaque, unsigned count, unsigned size) {
    (void)opaque;
    return __wrap_calloc(count, size);
}

static void release(void *opaque, void *block) {
    (void)opaque;
    __wrap_free(block);
}

int __wrap_deflateInit2_(z_streamp stream, int level, int method, int bits, int memory,
                         int strategy, const char *version, int size) {
    stream->zalloc = allocate;
    stream->zfree = release;
    return __real_deflateInit2_(stream, level, method, bits, memory, strategy, version, size);
}

int __wrap_inflateInit_(z_streamp stream, const char *version, int size) {
    stream->zalloc = allocate;
    stream->zfree = release;
    return __real_inflateInit_(stream, version, size);
}

/* ---- libzstd, which takes no functions of ours: a context counts with what it has at first ----
 */

void *__real_ZSTD_createCCtx(void);
void *__real_ZSTD_createDCtx(void);
size_t __real_ZSTD_freeCCtx(void *context);
size_t __real_ZSTD_freeDCtx(void *context);
void *__wrap_ZSTD_createCCtx(void);
void *__wrap_ZSTD_createDCtx(void);
size_t __wrap_ZSTD_freeCCtx(void *context);
size_t __wrap_ZSTD_freeDCtx(void *context);

void *__wrap_ZSTD_createCCtx(void) {
    void *context = is_refused() ? NULL : __real_ZSTD_createCCtx();
    return context ? taken(context, ZSTD_sizeof_CCtx(context)) : NULL;
}

void *__wrap_ZSTD_createDCtx(void) {
    void *context = is_refused() ? NULL : __real_ZSTD_createDCtx();
    return context ? taken(context, ZSTD_sizeof_DCtx(context)) : NULL;
}

size_t __wrap_ZSTD_freeCCtx(void *context) {
    given_back(context);
    return __real_ZSTD_freeCCtx(context);
}

size_t __wrap_ZSTD_freeDCtx(void *context) {
    given_back(context);
    return __real_ZSTD_freeDCtx(context);
}
