/* For any machine; compilers turn the lanes into SSE2 or NEON. */
#define PX_KERNELS_SET  px_kernels_scalar
#define PX_KERNELS_NAME "scalar"
#include "simd/bodies.h"
