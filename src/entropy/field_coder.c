#include "entropy/field_coder.h"

void px_field_bit(px_field_coder *side, px_bit *model, int *bit) {
    if (side->out)
        px_encode_bit(side->out, model, *bit);
    else
        *bit = px_decode_bit(side->in, model);
}

void px_field_integer(px_field_coder *side, px_integer *model, int *value, int last, int low,
                      int high) {
    if (side->out) {
        px_encode_integer(side->out, model, *value - last);
        return;
    }
    *value = last + px_decode_integer(side->in, model);
    side->bad |= *value < low || *value > high;
    if (side->bad)
        *value = low > 0 || high < 0 ? low : 0;
}

void px_field_number(px_field_coder *side, px_integer *length, uint64_t *value) {
    int bits = side->out && *value ? 64 - __builtin_clzll(*value) : 0;
    px_field_integer(side, length, &bits, 0, 0, 64);
    uint64_t read = bits > 0;
    for (int i = bits - 2; i >= 0; i--) {
        const int bit = (int)(*value >> i & 1);
        if (side->out)
            px_encode_plain(side->out, bit);
        else
            read = read << 1 | (uint64_t)px_decode_plain(side->in);
    }
    if (!side->out)
        *value = read;
}
