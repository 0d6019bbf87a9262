/* Compiled for AVX-512 F, BW, CD, VL and VNNI and called only where the CPU has them. */
#if defined(__AVX512VNNI__)
#define PX_KERNELS_SET  px_kernels_avx512
#define PX_KERNELS_NAME "avx512"
#include "simd/bodies.h"
#endif
