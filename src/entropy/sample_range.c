#include "entropy/sample_range.h"

#include "base/status.h"
#include "planes/planes.h"

void px_sample_range_widen(px_sample_range *range, const int16_t *samples, size_t count) {
    int32_t low = range->low, high = range->high;
    for (size_t i = 0; i < count; i++) {
        low = samples[i] < low ? samples[i] : low;
        high = samples[i] > high ? samples[i] : high;
    }
    *range = (px_sample_range){low, high};
}

void px_sample_range_write(const px_sample_range *range, px_range_encoder *coder) {
    px_integer bounds;
    px_integer_init(&bounds);
    px_encode_integer(coder, &bounds, range->low);
    px_encode_integer(coder, &bounds, range->high - range->low);
}

prism_status px_sample_range_read(px_sample_range *range, px_range_decoder *coder, unsigned depth,
                                  prism_error *error) {
    px_integer bounds;
    px_integer_init(&bounds);
    range->low = px_decode_integer(coder, &bounds);
    range->high = range->low + px_decode_integer(coder, &bounds);
    if (coder->in->failed || range->low >= range->high ||
        range->low != px_wrap(range->low, depth) || range->high != px_wrap(range->high, depth))
        return px_fail(error, PRISM_E_CORRUPT, "samples from %d to %d", range->low, range->high);
    return PRISM_OK;
}
