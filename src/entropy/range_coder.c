#include "entropy/range_coder.h"

#include <stdlib.h>

enum { FAST_RATE = 4, SLOW_RATE = 7, MIN_SHARE = 64 };

void px_integer_init(px_integer *model) {
    const px_bit even = PX_BIT_INIT;
    for (int c = 0; c < PX_INTEGER_CLASSES; c++) {
        model->more[c] = even;
        for (int i = 0; i < 3; i++)
            model->upper[c][i] = even;
    }
    model->sign = even;
}

/* The part of `range` that stands for a 0; never empty, never all of it. */
static uint32_t share_of_zero(const px_bit *model, uint32_t range) {
    uint32_t p = ((uint32_t)model->fast + model->slow) >> 1;
    if (p < MIN_SHARE)
        p = MIN_SHARE;
    if (p > 65536 - MIN_SHARE)
        p = 65536 - MIN_SHARE;
    return (range >> 16) * p;
}

static void learn(px_bit *model, int bit) {
    if (bit) {
        model->fast = (uint16_t)(model->fast - (model->fast >> FAST_RATE));
        model->slow = (uint16_t)(model->slow - (model->slow >> SLOW_RATE));
    } else {
        model->fast = (uint16_t)(model->fast + ((65535 - model->fast) >> FAST_RATE));
        model->slow = (uint16_t)(model->slow + ((65535 - model->slow) >> SLOW_RATE));
    }
}

px_range_encoder px_range_encoder_make(px_buffer *out) {
    return (px_range_encoder){.out = out, .range = UINT32_MAX};
}

/* Moves the top byte of `low` out; a carry goes into the held byte and turns pending 0xff to 0. */
static void shift_out(px_range_encoder *coder) {
    uint8_t carry = (uint8_t)(coder->low >> 32);
    uint8_t top = (uint8_t)(coder->low >> 24);
    if (top == 0xff && !carry) {
        coder->pending++;
    } else {
        if (coder->started)
            px_put_u8(coder->out, (uint8_t)(coder->held + carry));
        for (; coder->pending; coder->pending--)
            px_put_u8(coder->out, (uint8_t)(0xff + carry));
        coder->held = top;
        coder->started = true;
    }
    coder->low = (coder->low & 0x00ffffff) << 8;
}

void px_range_encoder_settle(px_range_encoder *coder) {
    for (; coder->range < 1u << 24; coder->range <<= 8)
        shift_out(coder);
}

void px_encode_bit(px_range_encoder *coder, px_bit *model, int bit) {
    px_range_encoder_divide(coder, share_of_zero(model, coder->range), bit);
    learn(model, bit);
    px_range_encoder_settle(coder);
}

void px_encode_plain(px_range_encoder *coder, int bit) {
    coder->range >>= 1;
    if (bit)
        coder->low += coder->range;
    px_range_encoder_settle(coder);
}

void px_range_encoder_finish(px_range_encoder *coder) {
    for (int i = 0; i < 5; i++)
        shift_out(coder);
}

/* A decoder is four bytes ahead of the encoder, and of those that the encoder still holds. */
size_t px_range_encoder_reach(const px_range_encoder *coder) {
    return coder->out->size + (size_t)coder->started + (size_t)coder->pending + 4;
}

static int bit_length(uint32_t value) {
    return value ? 32 - __builtin_clz(value) : 0;
}

void px_encode_integer(px_range_encoder *coder, px_integer *model, int32_t value) {
    uint32_t size = (uint32_t)abs(value);
    int class = bit_length(size);
    for (int c = 0; c < class; c++)
        px_encode_bit(coder, &model->more[c], 1);
    if (class < PX_INTEGER_CLASSES - 1)
        px_encode_bit(coder, &model->more[class], 0);
    if (class == 0)
        return;
    px_encode_bit(coder, &model->sign, value < 0);
    int context = 0;
    for (int i = class - 2; i >= 0; i--) {
        int bit = (int)(size >> i & 1);
        if (i >= class - 3) {
            px_encode_bit(coder, &model->upper[class][context], bit);
            context = 1 + bit;
        } else {
            px_encode_plain(coder, bit);
        }
    }
}

static uint8_t next_byte(px_range_decoder *coder) {
    return px_get_u8(coder->in);
}

px_range_decoder px_range_decoder_make(px_reader *in) {
    px_range_decoder coder = {.in = in, .range = UINT32_MAX};
    for (int i = 0; i < 4; i++)
        coder.code = coder.code << 8 | next_byte(&coder);
    return coder;
}

void px_range_decoder_refill(px_range_decoder *coder) {
    for (; coder->range < 1u << 24; coder->range <<= 8)
        coder->code = coder->code << 8 | next_byte(coder);
}

/* By value, so that the state of a decoder stays in registers from bit to bit. */
static __attribute__((noinline)) px_range_decoder refilled(px_range_decoder coder) {
    px_range_decoder_refill(&coder);
    return coder;
}

static inline int decode_bit(px_range_decoder *coder, px_bit *model) {
    const int bit = px_range_decoder_divide(coder, share_of_zero(model, coder->range));
    learn(model, bit);
    if (coder->range < 1u << 24)
        *coder = refilled(*coder);
    return bit;
}

static inline int decode_plain(px_range_decoder *coder) {
    coder->range >>= 1;
    const int bit = coder->code >= coder->range;
    if (bit)
        coder->code -= coder->range;
    if (coder->range < 1u << 24)
        *coder = refilled(*coder);
    return bit;
}

int px_decode_bit(px_range_decoder *coder, px_bit *model) {
    return decode_bit(coder, model);
}

int px_decode_plain(px_range_decoder *coder) {
    return decode_plain(coder);
}

/* Of a class above 0: the sign and the bits below the leading one. */
static inline int32_t decode_magnitude(px_range_decoder *coder, px_integer *model, int class) {
    const int negative = decode_bit(coder, &model->sign);
    int32_t size = 1;
    int context = 0;
    for (int i = class - 2; i >= 0; i--) {
        int bit;
        if (i >= class - 3) {
            bit = decode_bit(coder, &model->upper[class][context]);
            context = 1 + bit;
        } else {
            bit = decode_plain(coder);
        }
        size = size << 1 | bit;
    }
    return negative ? -size : size;
}

int32_t px_decode_integer(px_range_decoder *coder, px_integer *model) {
    px_range_decoder local = *coder;
    int class = 0;
    while (class < PX_INTEGER_CLASSES - 1 && decode_bit(&local, &model->more[class]))
        class ++;
    const int32_t value = class ? decode_magnitude(&local, model, class) : 0;
    *coder = local;
    return value;
}
