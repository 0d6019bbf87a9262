/* Symbols of the median edge detector, against planes/estimate.h, one sample at a time. */
#include "kernels_support.h"
#include "planes/estimate.h"
#include "planes/estimate_kernels.h"
#include "planes/planes.h"

enum { LONGEST = 70, PAD = 1 };

static uint8_t symbol_of(const int16_t *row, const int16_t *above, unsigned depth) {
    const int32_t guess = px_median_edge(row[-1], above[0], above[-1]);
    const bool flat = row[-1] == above[0] && above[0] == above[-1];
    const unsigned symbol = px_histogram_symbol(px_wrap(row[0] - guess, depth));
    return (uint8_t)(symbol + (flat ? PX_FLAT_SYMBOL : 0));
}

/* Few bits make places flat. */
static void check_estimate_edge_symbols(px_simd set) {
    static const int bits[] = {1, 4, 8, 16};
    int16_t row[PAD + LONGEST], above[PAD + LONGEST];
    uint8_t symbols[LONGEST + 1];
    for (size_t index = 0; index < 2 * sizeof bits / sizeof *bits; index++) {
        numbers n = {.random = 5 + (uint32_t)index, .bits = bits[index / 2], .extreme = index & 1};
        const unsigned depth = n.bits > 8 ? 16 : 8;
        for (size_t length = 0; length <= LONGEST; length++) {
            fill_16(row, PAD + LONGEST, &n);
            fill_16(above, PAD + LONGEST, &n);
            symbols[length] = 0x5a;
            px_estimate_kernels_of(set)->edge_symbols(symbols, row + PAD, above + PAD, length,
                                                      depth);
            for (size_t i = 0; i < length; i++)
                assert_int_equal(symbols[i], symbol_of(row + PAD + i, above + PAD + i, depth));
            assert_int_equal(symbols[length], 0x5a);
        }
    }
}

const kernel_check estimate_checks[] = {KERNEL(estimate, edge_symbols), LAST_KERNEL};
