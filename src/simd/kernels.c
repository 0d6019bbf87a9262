/* Run-time choice of the kernels. */
#include "simd/kernels.h"

#include <stdatomic.h>

/* Written by tests only; the choice itself is cheap enough to be made anew each time. */
static _Atomic(const px_kernels *) forced;

#if defined(__x86_64__)
static const px_kernels *const all[] = {&px_kernels_scalar, &px_kernels_avx2, &px_kernels_avx512,
                                        NULL};
static const px_kernels *const with_avx2[] = {&px_kernels_scalar, &px_kernels_avx2, NULL};
#endif
static const px_kernels *const scalar_only[] = {&px_kernels_scalar, NULL};

const px_kernels *const *px_kernels_runnable(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni"))
        return all;
    if (__builtin_cpu_supports("avx2"))
        return with_avx2;
#endif
    return scalar_only;
}

const px_kernels *px_kernels_best(void) {
    const px_kernels *chosen = atomic_load_explicit(&forced, memory_order_relaxed);
    if (chosen)
        return chosen;
    const px_kernels *const *best = px_kernels_runnable();
    while (best[1])
        best++;
    return *best;
}

void px_kernels_force(const px_kernels *kernels) {
    atomic_store_explicit(&forced, kernels, memory_order_relaxed);
}
