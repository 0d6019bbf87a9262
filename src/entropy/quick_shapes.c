#include "entropy/quick_shapes.h"

#include <stddef.h>

#include "entropy/shapes.h"

static int start_of(const px_slots *slots, int digit) {
    if (digit == -slots->limit)
        return 0;
    return digit > slots->limit ? 1 << PX_QUICK_BITS : px_slot_of(slots, 16 * digit - 8);
}

static void fill(px_quick_shapes *shapes, int class, const px_slots *slots, bool decoding) {
    const int limit = slots->limit;
    shapes->limits[class] = limit;
    for (int digit = -limit; digit <= limit; digit++) {
        int start = start_of(slots, digit), end = start_of(slots, digit + 1);
        int shown = digit == limit ? PX_QUICK_ESCAPE : digit == -limit ? -PX_QUICK_ESCAPE : digit;
        int32_t entry =
            shown * (1 << 2 * PX_QUICK_BITS) + ((end - start - 1) << PX_QUICK_BITS) + start;
        shapes->encode[class][digit + PX_QUICK_DIGITS / 2] = start | (end - start) << 16;
        for (int slot = start; slot < end && decoding; slot++)
            shapes->decode[class][slot] = entry;
    }
}

const px_quick_shapes *px_quick_tables_make(px_pool *pool, const uint8_t *shapes,
                                            const bool *used) {
    px_quick_shapes *made =
        px_pool_take_zeroed(pool, used ? offsetof(px_quick_shapes, decode) : sizeof *made);
    for (int c = 0; made && c < PX_QUICK_TABLES; c++) {
        px_slots slots;
        if (used && !used[c])
            continue;
        px_slots_make(&slots, PX_QUICK_BITS, shapes[c], px_quick_scale(c));
        fill(made, c, &slots, !used);
    }
    return made;
}
