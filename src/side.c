#include "side.h"

void px_side_bit(px_side *side, px_bit *model, int *bit) {
    if (side->out)
        px_encode_bit(side->out, model, *bit);
    else
        *bit = px_decode_bit(side->in, model);
}

void px_side_integer(px_side *side, px_integer *model, int *value, int last, int low, int high) {
    if (side->out) {
        px_encode_integer(side->out, model, *value - last);
        return;
    }
    *value = last + px_decode_integer(side->in, model);
    side->bad |= *value < low || *value > high;
    if (side->bad)
        *value = low > 0 || high < 0 ? low : 0;
}
