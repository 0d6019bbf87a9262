/* Compiled with -mavx2 and called only where the CPU has it. */
#if defined(__AVX2__)
#define PX_KERNELS_SET  px_kernels_avx2
#define PX_KERNELS_NAME "avx2"
#include "simd/bodies.h"
#endif
