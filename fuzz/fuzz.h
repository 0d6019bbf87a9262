/*
 * What fuzz targets share. A target is one function, LLVMFuzzerTestOneInput, which ends the process
 * where a promise is broken (FUZZ_REQUIRE). libFuzzer calls it with inputs that it changes
 * (scripts/fuzz); replay.c calls it with the files of a corpus, in every test run.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "prism.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Larger arrays and hungrier chunks are left out: nothing in them is new, and they take long.
 * FUZZ_ELEMENTS: of arrays that a target makes. */
#ifdef FUZZ_HARDENED
enum { FUZZ_ARRAY_BYTES = 1 << 12, FUZZ_MEMORY = 1 << 24, FUZZ_ELEMENTS = 1 << 8 };
#else
enum { FUZZ_ARRAY_BYTES = 1 << 17, FUZZ_MEMORY = 1 << 26, FUZZ_ELEMENTS = 1 << 11 };
#endif

/* Says which promise is broken and by which input, and ends the process. */
_Noreturn void fuzz_break(const char *promise, const char *file, int line);

#define FUZZ_REQUIRE(promise)                                                                      \
    do {                                                                                           \
        if (!(promise))                                                                            \
            fuzz_break(#promise, __FILE__, __LINE__);                                              \
    } while (0)

/* Memory of exactly that size, so that reads and writes beyond are seen: by the address sanitizer,
 * or without it by the processor, since the memory ends where a page begins that nobody may touch.
 */
void *fuzz_alloc(size_t size);
void fuzz_free(void *memory);

/* The same, filled with a byte. */
uint8_t *fuzz_filled(size_t size, uint8_t with);

/* A copy of the input. */
uint8_t *fuzz_copy(const uint8_t *data, size_t size);

/* Numbers that depend on the input alone. */
uint32_t fuzz_seed(const uint8_t *data, size_t size);
uint32_t fuzz_below(uint32_t *seed, uint32_t limit);

/* Breaks if more bytes are allocated at once between these, in this thread and others. The address
 * sanitizer counts them; without it, nothing is known. */
void fuzz_memory_start(void);
void fuzz_memory_stop(uint64_t most);

/* What a chunk says of itself; false where it says nothing, or is left out. *bytes: of its
 * elements. */
bool fuzz_inspect(prism_info *info, size_t *bytes, const uint8_t *chunk, size_t size);

/* Whether it decodes to the same elements with every set of kernels: libjxl's own are its matter.
 */
bool fuzz_is_exact(const prism_info *info);

#endif
