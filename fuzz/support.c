#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/bytes.h"
#include "fuzz.h"

void fuzz_break(const char *promise, const char *file, int line) {
    fprintf(stderr, "%s:%d: this does not hold: %s\n", file, line, promise);
    abort();
}

/* ---- Memory that ends exactly ---- */

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define COUNTS_MEMORY
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define COUNTS_MEMORY
#endif

#ifdef COUNTS_MEMORY
void *fuzz_alloc(size_t size) {
    void *memory = malloc(size ? size : 1);
    FUZZ_REQUIRE(memory);
    return memory;
}

void fuzz_free(void *memory) {
    free(memory);
}
#else
/* As many as a target has at once, each with a page behind it. What is larger is no matter. */
enum { SLOTS = 8, SLOT = 1 << 17, GUARD = 1 << 16 };

static uint8_t *slots;
static bool taken[SLOTS];

static void make_slots(void) {
    const size_t step = SLOT + GUARD;
    slots = mmap(NULL, SLOTS * step, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    FUZZ_REQUIRE(slots != MAP_FAILED);
    for (size_t i = 0; i < SLOTS; i++)
        FUZZ_REQUIRE(mprotect(slots + i * step + SLOT, GUARD, PROT_NONE) == 0);
}

void *fuzz_alloc(size_t size) {
    if (!slots)
        make_slots();
    for (size_t i = 0; i < SLOTS && size <= SLOT; i++) {
        if (taken[i])
            continue;
        taken[i] = true;
        return slots + i * (SLOT + GUARD) + SLOT - size;
    }
    void *memory = malloc(size);
    FUZZ_REQUIRE(memory);
    return memory;
}

void fuzz_free(void *memory) {
    const size_t offset = (uintptr_t)memory - (uintptr_t)slots;
    if (offset <= SLOTS * (size_t)(SLOT + GUARD))
        taken[offset / (SLOT + GUARD)] = false;
    else
        free(memory);
}
#endif

uint8_t *fuzz_filled(size_t size, uint8_t with) {
    return memset(fuzz_alloc(size), with, size);
}

uint8_t *fuzz_copy(const uint8_t *data, size_t size) {
    uint8_t *copy = fuzz_alloc(size);
    if (size)
        memcpy(copy, data, size);
    return copy;
}

uint32_t fuzz_seed(const uint8_t *data, size_t size) {
    return px_crc32(data, size) | 1;
}

uint32_t fuzz_below(uint32_t *seed, uint32_t limit) {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed % limit;
}

bool fuzz_inspect(prism_info *info, size_t *bytes, const uint8_t *chunk, size_t size) {
    return prism_inspect(chunk, size, info, NULL) == PRISM_OK &&
           prism_array_size(&info->array, bytes, NULL) == PRISM_OK && *bytes <= FUZZ_ARRAY_BYTES;
}

bool fuzz_is_exact(const prism_info *info) {
    return info->mapping != PRISM_MAPPING_DISTANCE && info->coder != PRISM_CODER_JXL;
}

/* ---- How much memory is taken ---- */

#ifdef COUNTS_MEMORY
/* GCC has these of sanitizer/allocator_interface.h, too, but not the header. */
int __sanitizer_install_malloc_and_free_hooks(void (*allocated)(const volatile void *, size_t),
                                              void (*freed)(const volatile void *));
size_t __sanitizer_get_allocated_size(const volatile void *memory);

static _Atomic long long now, peak;
static atomic_bool counts;

static void note(const volatile void *memory, size_t size) {
    (void)memory;
    if (!counts)
        return;
    const long long after = atomic_fetch_add(&now, (long long)size) + (long long)size;
    if (after > peak)
        peak = after;
}

static void forget(const volatile void *memory) {
    if (counts && memory)
        atomic_fetch_sub(&now, (long long)__sanitizer_get_allocated_size(memory));
}

void fuzz_memory_start(void) {
    static bool hooked;
    if (!hooked)
        hooked = __sanitizer_install_malloc_and_free_hooks(note, forget) > 0;
    now = peak = 0;
    counts = true;
}

void fuzz_memory_stop(uint64_t most) {
    counts = false;
    if ((uint64_t)peak > most)
        fprintf(stderr, "%lld bytes are taken, %llu are said\n", peak, (unsigned long long)most);
    FUZZ_REQUIRE((uint64_t)peak <= most);
}
#else
void fuzz_memory_start(void) {}

void fuzz_memory_stop(uint64_t most) {
    (void)most;
}
#endif
