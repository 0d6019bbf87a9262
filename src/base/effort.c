#include "base/effort.h"

#include "base/sizes.h"

#define ALL SIZE_MAX
#define Q   PRISM_METHOD_QUICK
#define L   PRISM_METHOD_LSQ
#define A   PRISM_METHOD_ADAPTIVE
#define F   PRISM_METHOD_FRAMES
#define M   PRISM_METHOD_MIXED

/* clang-format off */
const px_effort_table px_efforts = {
    /* effort              1       2       3       4       5       6       7       8       9 */
    .sample        = {0,  65536,  65536,  65536, 262144, 262144, 262144, 262144, 262144, 262144},
    .brisk         = {0,      1,      1,      1,      0,      0,      0,      0,      0,      0},
    .only_size     = {0,      0,      0,      0,      0,      0,      0,      0,      1,      1},
    .quick_wide    = {0,      1,      1,      1,      1,      1,      0,      0,      0,      0},
    .small_native  = {0,      0,      0,      0,      1,      1,      1,      1,      1,      1},
    .trial         = {0,      1,      2,      3,      4,      5,      5,      5,      5,      5},
    .small_trial   = {0,      1,      2,      3,      3,      3,      3,      3,      3,      3},
    .frame_trial   = {0,      1,      2,      3,      3,      3,      3,      3,      3,      3},
    .candidates    = {0,      4,      4,      4,      8,      8,      8,      8,      8,      8},

    .planes        = {0,      Q,      Q,      Q,      L,      L,      L,      L,      A,      A},
    .fitted        = {0,      Q,      Q,      Q,      L,      L,      L,      L,      L,      L},
    .frames        = {0,      F,      F,      F,      F,      F,      F,      F,      M,      M},
    .palette       = {0,      0,      0,      0,      1,      1,      1,      1,      1,      1},
    .order0        = {0,      0,      0,      0,      1,      1,      1,      1,      1,      1},
    .before        = {0,      0,      0,      0,      0,      0,      5,      5,      7,      8},
    .decoding_times = {0,     8,      8,      8,      8,      8,      8,      8,     12,     12},

    .components          = {0,    256,    256,    256,    512,    512,   1024,   1024,   1024,   1024},
    .component_positions = {0,   8192,   8192,   8192,  32768,  32768,    ALL,    ALL,    ALL,    ALL},
    .filter_positions    = {0,   4096,   4096,   4096,   8192,   8192,    ALL,    ALL,    ALL,    ALL},
    .axes                = {0,      0,      0,      0,  1048576, 1048576, 4194304, 4194304, ALL, ALL},
    .coefficients        = {0,   0.05,   0.05,    0.1,    0.5,    0.5,    0.5,    0.5,      8,      8},
    .predicted_coefficients = {0,   0,      0,      0,      0,      0,      0,      0,      1,      1},
    .dependent_coefficients = {0,   0,      0,      0,      0,      0,      0,      0,      1,      1},
    .mixed_components    = {0,      0,      0,      0,      0,      0,      1,      1,      1,      1},

    .quick_taps    = {0,   6000,  24000,  96000,    ALL,    ALL,    ALL,    ALL,    ALL,    ALL},
    .quick_gram    = {0,  12000,  48000, 192000,    ALL,    ALL,    ALL,    ALL,    ALL,    ALL},
    .lsq_taps      = {0,   6000,   6000,   6000,   6000,  24000,    ALL,    ALL,    ALL,    ALL},
    .lsq_gram      = {0,  10000,  10000,  10000,  10000,  20000,  65536,  65536,  65536,  65536},
    .robust        = {0,      0,      0,      0,      0,      0,      1,      1,      1,      1},
    .robust_alone  = {0,      0,      0,      0,      0,      1,      1,      1,      1,      1},
    .wide          = {0,      0,      0,      0,      0,      0,      1,      1,      1,      1},
    .frame_taps    = {0,   8000,   8000,   8000,   8000,  12000,    ALL,    ALL,    ALL,    ALL},
    .window        = {0,      0,      0,      0,      0,      0,      0,      0,      0,      1},
    .all_engines   = {0,      0,      0,      0,      0,      0,      0,      0,      0,      1},
    .near          = {0,      0,      0,      0,      1,      1,      1,      1,      1,      1},
    .few_contexts  = {0,      1,      1,      1,      1,      1,      1,      1,      0,      0},
    .deflate_small = {0,      1,      2,      3,      4,      5,      6,      6,      6,      6},
    .jxl_small     = {0,      1,      2,      3,      4,      5,      6,      7,      7,      7},
    .zstd_level    = {0,      9,      9,     12,     16,     16,     16,     19,     22,     22},
    .zstd_search   = {0,      0,      0,      0,      2,      3,      4,      0,      0,      0},
    .zstd_alone    = {0,      1,      1,      1,      1,      1,      1,      0,      0,      0},
    .zstd_sample   = {0,  16384,  16384,  16384,  32768,  65536,  65536,  65536,  65536,  65536},
    .zstd_trials   = {0,      1,      1,      2,      3,      3,      3,      3,      3,      3},
    .jxl_memory    = {0,      1,      1,      1,      1,      1,      1,      1,      2,      2},
};
/* clang-format on */

size_t px_decoding_limit(int effort, size_t bytes) {
    enum { LEAST_BYTES = 1 << 20 };
    return px_product(px_efforts.decoding_times[effort], px_larger(bytes, LEAST_BYTES));
}
