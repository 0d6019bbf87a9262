#include "counting.h"

#include <execinfo.h>
#include <malloc.h>
#include <stdlib.h>
#include <zlib.h>

enum { MOST_SITES = 1024 };

static struct {
    bool active;
    refusal refused;
    counts now;
    uint64_t *ways;
    size_t room;
} state;

static ptrdiff_t sites[MOST_SITES];
static size_t site_count;

void counting_start(refusal refused) {
    state.refused = refused;
    state.now = (counts){0};
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

size_t counting_sites(const ptrdiff_t **all) {
    *all = sites;
    return site_count;
}

static void note_site(const char *address) {
    const ptrdiff_t site = address - (const char *)(uintptr_t)counting_start;
    for (size_t i = 0; i < site_count; i++)
        if (sites[i] == site)
            return;
    if (site_count < MOST_SITES)
        sites[site_count++] = site;
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

/* Counts a call from `site`; true if it is to fail. */
static bool is_refused(const char *site) {
    if (!state.active)
        return false;
    const size_t call = ++state.now.calls, first = state.refused.first;
    if (call <= state.room)
        state.ways[call - 1] = way_here();
    const bool refused = first && (call == first || (state.refused.lasting && call > first));
    if (refused)
        note_site(site);
    return refused;
}

static void *taken(void *block) {
    if (!state.active || !block)
        return block;
    state.now.blocks++;
    state.now.bytes += malloc_usable_size(block);
    if (state.now.bytes > state.now.peak)
        state.now.peak = state.now.bytes;
    return block;
}

static void given_back(void *block) {
    if (!state.active || !block)
        return;
    state.now.blocks--;
    state.now.bytes -= malloc_usable_size(block);
}

/* ---- malloc and its kin ---- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void __real_free(void *block);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void __wrap_free(void *block);

void *__wrap_malloc(size_t size) {
    return is_refused(__builtin_return_address(0)) ? NULL : taken(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size) {
    return is_refused(__builtin_return_address(0)) ? NULL : taken(__real_calloc(count, size));
}

void *__wrap_realloc(void *block, size_t size) {
    if (is_refused(__builtin_return_address(0)))
        return NULL;
    given_back(block);
    return taken(__real_realloc(block, size));
}

void *__wrap_aligned_alloc(size_t alignment, size_t size) {
    return is_refused(__builtin_return_address(0)) ? NULL
                                                   : taken(__real_aligned_alloc(alignment, size));
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
