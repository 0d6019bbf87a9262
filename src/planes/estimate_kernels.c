#include "planes/estimate_kernels.h"

#include "planes/planes.h"
#include "planes/symbol_lanes.h"

PX_INLINE uint8_t edge_symbol(const int16_t *row, const int16_t *above, unsigned depth) {
    const int32_t guess = px_median_edge(row[-1], above[0], above[-1]);
    const bool flat = row[-1] == above[0] && row[-1] == above[-1];
    return (uint8_t)(px_histogram_symbol(px_wrap(row[0] - guess, depth)) |
                     (flat ? PX_FLAT_SYMBOL : 0));
}

PX_INLINE px_part_8 edge_part(const int16_t *row, const int16_t *above, unsigned depth) {
    const int unused = 32 - (int)depth;
    const px_part west = part_load_i16(row - 1), north = part_load_i16(above),
                  corner = part_load_i16(above - 1);
    const px_part guess = part_median_edge(west, north, corner);
    const px_part residual = (part_load_i16(row) - guess) << unused >> unused;
    const px_part flat = (west == north) & (west == corner) & PX_FLAT_SYMBOL;
    return __builtin_convertvector(part_symbols(residual) | flat, px_part_8);
}

/* The last vector of a row begins before its end: rows of small planes are mostly ends. */
static void edge_symbols(uint8_t *symbols, const int16_t *row, const int16_t *above, size_t n,
                         unsigned depth) {
    size_t i = 0;
    for (; i + PX_PART_LANES <= n; i += PX_PART_LANES)
        *(px_part_8 *)(symbols + i) = edge_part(row + i, above + i, depth);
    if (i < n && n >= PX_PART_LANES) {
        i = n - PX_PART_LANES;
        *(px_part_8 *)(symbols + i) = edge_part(row + i, above + i, depth);
        return;
    }
    for (; i < n; i++)
        symbols[i] = edge_symbol(row + i, above + i, depth);
}

const px_estimate_kernels PX_KERNEL_TABLE(px_estimate_kernels) = {.edge_symbols = edge_symbols};
