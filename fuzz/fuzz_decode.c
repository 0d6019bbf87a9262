/*
 * Whole chunks. A chunk is refused or gives elements: the same ones whatever stood in the output
 * before, by every set of kernels and any number of threads, and in no more memory than it says.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "simd/simd.h"

static prism_status decode(uint8_t *output, size_t bytes, const uint8_t *chunk, size_t size,
                           const prism_decode_options *options) {
    prism_error error;
    const prism_status status = prism_decode(chunk, size, output, bytes, options, &error);
    FUZZ_REQUIRE(error.status == status);
    FUZZ_REQUIRE((*error.message != 0) == (status != PRISM_OK));
    return status;
}

/* One that this CPU has. */
static void force_a_set(uint32_t *seed) {
    px_simd set = (px_simd)fuzz_below(seed, PX_SIMD_SETS);
    while (!px_simd_runs(set))
        set--;
    px_simd_force(set);
}

static void check_again(const uint8_t *output, size_t bytes, const uint8_t *chunk, size_t size,
                        prism_status status, uint32_t *seed) {
    const prism_decode_options options = {
        .skip_checksum = true, .threads = 1 + (int)fuzz_below(seed, 3), .memory_limit = 0};
    uint8_t *again = fuzz_filled(bytes, 0x5a);
    force_a_set(seed);
    const prism_status other = decode(again, bytes, chunk, size, &options);
    px_simd_force(PX_SIMD_SETS);
    FUZZ_REQUIRE((other == PRISM_OK) == (status == PRISM_OK));
    FUZZ_REQUIRE(status != PRISM_OK || memcmp(output, again, bytes) == 0);
    fuzz_free(again);
}

/* A checksum that is looked at changes nothing but that the chunk may be refused. */
static void check_sums(const uint8_t *output, size_t bytes, const uint8_t *chunk, size_t size,
                       prism_status status) {
    uint8_t *again = fuzz_filled(bytes, 0x33);
    const prism_status other = decode(again, bytes, chunk, size, NULL);
    FUZZ_REQUIRE(other != PRISM_OK || (status == PRISM_OK && memcmp(output, again, bytes) == 0));
    fuzz_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    prism_info info;
    size_t bytes;
    if (!fuzz_inspect(&info, &bytes, data, size) || info.decode_bytes > FUZZ_MEMORY)
        return 0;
    uint32_t seed = fuzz_seed(data, size);
    uint8_t *chunk = fuzz_copy(data, size), *output = fuzz_filled(bytes, 0xa5);
    const prism_decode_options options = {.skip_checksum = true, .memory_limit = FUZZ_MEMORY};
    fuzz_memory_start();
    const prism_status status = decode(output, bytes, chunk, size, &options);
    fuzz_memory_stop(info.decode_bytes);
    if (fuzz_is_exact(&info) && fuzz_below(&seed, 2))
        check_again(output, bytes, chunk, size, status, &seed);
    if (fuzz_is_exact(&info) && !fuzz_below(&seed, 4))
        check_sums(output, bytes, chunk, size, status);
    fuzz_free(output);
    fuzz_free(chunk);
    return 0;
}
