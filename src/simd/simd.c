/* Run-time choice of the instruction set. */
#include "simd/simd.h"

#include <stdatomic.h>

/* Written by tests only; the choice itself is cheap enough to be made anew each time. */
static _Atomic(px_simd) forced = PX_SIMD_SETS;

const char *px_simd_name(px_simd set) {
    static const char *const names[] = {"scalar", "avx2", "avx512"};
    return names[set];
}

bool px_simd_runs(px_simd set) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (set == PX_SIMD_AVX2)
        return __builtin_cpu_supports("avx2");
    if (set == PX_SIMD_AVX512)
        return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
#endif
    return set == PX_SIMD_SCALAR;
}

px_simd px_simd_best(void) {
    const px_simd chosen = atomic_load_explicit(&forced, memory_order_relaxed);
    if (chosen != PX_SIMD_SETS)
        return chosen;
    px_simd best = PX_SIMD_SETS - 1;
    while (!px_simd_runs(best))
        best--;
    return best;
}

void px_simd_force(px_simd set) {
    atomic_store_explicit(&forced, set, memory_order_relaxed);
}
