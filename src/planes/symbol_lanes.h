/* px_histogram_symbol (estimate.h) of many residuals at a time. Internal. */
#ifndef PX_PLANES_SYMBOL_LANES_H
#define PX_PLANES_SYMBOL_LANES_H

#include "planes/estimate.h"
#include "simd/lanes_float.h"

/* px_median_edge. */
PX_INLINE px_part part_median_edge(px_part west, px_part north, px_part corner) {
    const px_part low = part_min(west, north), high = part_max(west, north);
    return part_max(low, part_min(high, west + north - corner));
}

/* Of large residuals, the exponent and two bits of the mantissa as floats. */
PX_INLINE px_part part_symbols(px_part residual) {
    enum { TO_SYMBOL = PX_EXACT - ((127 + 6) << 2) };
    const px_part folded = (residual << 1) ^ (residual >> 31);
    const px_part bits = (px_part) __builtin_convertvector(folded, px_float_part);
    return part_min(part_select(folded < PX_EXACT, folded, (bits >> 21) + TO_SYMBOL),
                    part_all(PX_SYMBOLS - 1));
}

PX_INLINE void part_store_symbols(uint8_t *symbols, px_part residual) {
    *(px_part_8 *)symbols = __builtin_convertvector(part_symbols(residual), px_part_8);
}

#endif
