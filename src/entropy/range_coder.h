/*
 * Adaptive binary range coder for side information: each decision is coded with a probability that
 * follows what was seen before in the same context. docs/FORMAT.md, "Adaptive integers". After
 * G. N. N. Martin, "Range encoding", 1979; integers by their Elias-gamma class. Internal.
 */
#ifndef PX_ENTROPY_RANGE_CODER_H
#define PX_ENTROPY_RANGE_CODER_H

#include "base/bytes.h"

/* Two estimates of P(bit = 0) x 65536 with different memories; their mean is used. */
typedef struct px_bit {
    uint16_t fast, slow;
} px_bit;

#define PX_BIT_INIT                                                                                \
    { 32768, 32768 }

/* An integer in -2^20 < v < 2^20: its class (bit length of |v|) in unary, sign, then the bits below
 * the leading one, of which the upper two are modelled. */
enum { PX_INTEGER_CLASSES = 21 };

typedef struct px_integer {
    px_bit more[PX_INTEGER_CLASSES];
    px_bit sign;
    px_bit upper[PX_INTEGER_CLASSES][3];
} px_integer;

void px_integer_init(px_integer *model);

typedef struct px_range_encoder {
    px_buffer *out;
    uint64_t low;
    uint32_t range;
    uint8_t held;     /* the last byte, which a carry may still change */
    uint64_t pending; /* 0xff bytes after it */
    bool started;
} px_range_encoder;

px_range_encoder px_range_encoder_make(px_buffer *out);
void px_encode_bit(px_range_encoder *coder, px_bit *model, int bit);
void px_encode_integer(px_range_encoder *coder, px_integer *model, int32_t value);
/* A bit that is as likely 0 as 1. */
void px_encode_plain(px_range_encoder *coder, int bit);
void px_range_encoder_finish(px_range_encoder *coder);

/* Bytes of the output that a decoder reads for all that was coded so far. */
size_t px_range_encoder_reach(const px_range_encoder *coder);

/* Moves out the bytes of `low` that are settled, until the range has more than 24 bits again. */
void px_range_encoder_settle(px_range_encoder *coder);

/* `zero` of the range means 0, the rest 1. */
static inline void px_range_encoder_divide(px_range_encoder *coder, uint32_t zero, int bit) {
    if (bit) {
        coder->low += zero;
        coder->range -= zero;
    } else {
        coder->range = zero;
    }
}

/* A bit whose probability of being 1 is `probability` / 65536, 0 < probability < 65536. */
static inline void px_encode_probability(px_range_encoder *coder, int bit, uint32_t probability) {
    uint32_t zero = (uint32_t)((uint64_t)coder->range * (65536 - probability) >> 16);
    px_range_encoder_divide(coder, zero, bit);
    if (coder->range < 1u << 24)
        px_range_encoder_settle(coder);
}

typedef struct px_range_decoder {
    px_reader *in;
    uint32_t range;
    uint32_t code;
} px_range_decoder;

/* Reading beyond the end gives zero bytes and sets in->failed. */
px_range_decoder px_range_decoder_make(px_reader *in);
int px_decode_bit(px_range_decoder *coder, px_bit *model);
int px_decode_plain(px_range_decoder *coder);
void px_range_decoder_refill(px_range_decoder *coder);

static inline int px_range_decoder_divide(px_range_decoder *coder, uint32_t zero) {
    int bit = coder->code >= zero;
    if (bit) {
        coder->code -= zero;
        coder->range -= zero;
    } else {
        coder->range = zero;
    }
    return bit;
}

static inline int px_decode_probability(px_range_decoder *coder, uint32_t probability) {
    uint32_t zero = (uint32_t)((uint64_t)coder->range * (65536 - probability) >> 16);
    int bit = px_range_decoder_divide(coder, zero);
    if (coder->range < 1u << 24)
        px_range_decoder_refill(coder);
    return bit;
}

/* Sets in->failed on a class beyond the last. */
int32_t px_decode_integer(px_range_decoder *coder, px_integer *model);

/* Either of the two, for what both directions do alike. */
typedef struct px_range_coder {
    bool decoding;
    px_range_encoder encoder;
    px_range_decoder decoder;
} px_range_coder;

/* Why to stop before all is coded: more bytes than `limit`, or than there are. */
static inline bool px_range_coder_is_over(const px_range_coder *coder, size_t limit) {
    return coder->decoding ? coder->decoder.in->failed
                           : coder->encoder.out->failed || coder->encoder.out->size > limit;
}

/* Returns the bit: `bit` itself when encoding. */
static inline int px_code_probability(px_range_coder *coder, int bit, uint32_t probability) {
    if (coder->decoding)
        return px_decode_probability(&coder->decoder, probability);
    px_encode_probability(&coder->encoder, bit, probability);
    return bit;
}

#endif
