/*
 * Instruction sets. A file of kernels (*_kernels.c) is written once, in the lanes of lanes.h, and
 * compiled for each set (CMakeLists.txt), so that every set computes the same and chunks do not
 * depend on the machine. Its header declares a table of functions and, by PX_KERNEL_TABLES, one
 * such table for each set. Internal.
 */
#ifndef PX_SIMD_SIMD_H
#define PX_SIMD_SIMD_H

#include <stdbool.h>

/* In the order of their strength. */
typedef enum px_simd {
    PX_SIMD_SCALAR, /* any machine; compilers turn the lanes into SSE2 or NEON */
#if defined(__x86_64__)
    PX_SIMD_AVX2,
    PX_SIMD_AVX512, /* F, BW, CD, VL, VNNI */
#endif
    PX_SIMD_SETS
} px_simd;

const char *px_simd_name(px_simd set);

/* Whether this CPU runs it. */
bool px_simd_runs(px_simd set);

/* The strongest one that this CPU runs, or the one that is forced. */
px_simd px_simd_best(void);

/* Makes px_simd_best return `set` from now on: for tests. PX_SIMD_SETS undoes it. */
void px_simd_force(px_simd set);

/* The tables NAME_scalar, ... of type NAME, and NAME_of(set) and NAME_best(), which choose one. */
#if defined(__x86_64__)
#define PX_KERNEL_TABLES(name)                                                                     \
    extern const name name##_scalar, name##_avx2, name##_avx512;                                   \
    static inline const name *name##_of(px_simd set) {                                             \
        return set == PX_SIMD_AVX512 ? &name##_avx512                                              \
               : set == PX_SIMD_AVX2 ? &name##_avx2                                                \
                                     : &name##_scalar;                                             \
    }                                                                                              \
    PX_KERNEL_BEST(name)
#else
#define PX_KERNEL_TABLES(name)                                                                     \
    extern const name name##_scalar;                                                               \
    static inline const name *name##_of(px_simd set) {                                             \
        (void)set;                                                                                 \
        return &name##_scalar;                                                                     \
    }                                                                                              \
    PX_KERNEL_BEST(name)
#endif
#define PX_KERNEL_BEST(name)                                                                       \
    static inline const name *name##_best(void) {                                                  \
        return name##_of(px_simd_best());                                                          \
    }

/* The table of the set that a file of kernels is compiled for: CMakeLists.txt sets PX_SIMD_SET. */
#define PX_KERNEL_JOIN_(name, set) name##_##set
#define PX_KERNEL_JOIN(name, set)  PX_KERNEL_JOIN_(name, set)
#define PX_KERNEL_TABLE(name)      PX_KERNEL_JOIN(name, PX_SIMD_SET)

#endif
