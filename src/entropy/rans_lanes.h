/*
 * rANS in lanes (rans.h): digits with shares of a power of two, and what has no model, bits as they
 * are and escapes with Elias gamma codes. Decoding goes forwards, encoding backwards.
 */
#ifndef PX_ENTROPY_RANS_LANES_H
#define PX_ENTROPY_RANS_LANES_H

#include <stdlib.h>

#include "entropy/rans.h"
#include "simd/lanes.h"

/* ---- Decoding -------------------------------------------------------------------------------- */

static inline uint32_t read_raw(px_rans_reader *in, int bits) {
    const uint32_t value = px_rans_slot(in, bits);
    px_rans_skip(in, 0, 1, bits);
    return value;
}

enum { ESCAPE_SIZE_BITS = 5, ESCAPE_PART_BITS = 12, ESCAPE_MAX_SIZE = 20 };

/* How far a digit is beyond the largest one. */
static inline int32_t read_escape(px_rans_reader *in) {
    int size = (int)read_raw(in, ESCAPE_SIZE_BITS);
    size = size < ESCAPE_MAX_SIZE ? size : ESCAPE_MAX_SIZE;
    int low_size = size < ESCAPE_PART_BITS ? size : ESCAPE_PART_BITS;
    uint32_t value = read_raw(in, low_size);
    value |= read_raw(in, size - low_size) << ESCAPE_PART_BITS;
    return (int32_t)((1u << size | value) - 1);
}

/* Rare: done one by one. */
static __attribute__((noinline, unused)) void
read_escapes(px_mask mask, px_lanes *digits, px_lanes *states, const uint16_t **words) {
    for (uint32_t bits = mask_bits(mask); bits; bits &= bits - 1) {
        int lane = __builtin_ctz(bits);
        px_rans_reader in = {(uint32_t)(*states)[lane], *words};
        int32_t beyond = read_escape(&in);
        (*digits)[lane] += (*digits)[lane] < 0 ? -beyond : beyond;
        (*states)[lane] = (int32_t)in.state;
        *words = in.words;
    }
}

/* States below 2^16 take a word in. */
PX_INLINE px_lanes refill(px_mask mask, px_lanes states, const uint16_t **words) {
    px_mask low = mask_and(mask, lanes_below(states, lanes_all(1 << PX_STATE_BITS)));
    return lanes_select(low, states << 16 | lanes_next_words(low, words), states);
}

/* ---- Encoding -------------------------------------------------------------------------------- */

static inline void write_raw(px_rans_writer *out, uint32_t value, int bits) {
    px_rans_write(out, value, 1, bits);
}

static inline void write_escape(px_rans_writer *out, uint32_t beyond) {
    int size = 31 - __builtin_clz(beyond + 1);
    uint32_t value = beyond + 1 - (1u << size);
    int low_size = size < ESCAPE_PART_BITS ? size : ESCAPE_PART_BITS;
    write_raw(out, value >> ESCAPE_PART_BITS, size - low_size);
    write_raw(out, value & ((1u << low_size) - 1), low_size);
    write_raw(out, (uint32_t)size, ESCAPE_SIZE_BITS);
}

/* Last lane first: the reverse of read_escapes. */
static __attribute__((noinline, unused)) px_lanes
write_escapes(px_mask mask, px_lanes digits, px_lanes limit, px_lanes states, uint16_t **head) {
    for (uint32_t bits = mask_bits(mask); bits;) {
        int lane = 31 - __builtin_clz(bits);
        px_rans_writer out = {(uint32_t)states[lane], *head};
        write_escape(&out, (uint32_t)(abs(digits[lane]) - limit[lane]));
        states[lane] = (int32_t)out.state;
        *head = out.head;
        bits ^= 1u << lane;
    }
    return states;
}

PX_INLINE px_lanes drain(px_mask full, px_lanes states, uint16_t **head) {
    lanes_put_words(full, states, head);
    return lanes_select(full, lanes_shift_right_unsigned(states, 16), states);
}

/* The low bits of samples, in lanes that have some (1..13). */
PX_INLINE px_lanes put_low_bits(px_mask mask, px_lanes bits, px_lanes samples, px_lanes states,
                                uint16_t **head) {
    px_lanes value = samples & (lanes_shift_each_left(lanes_all(1), bits) - 1);
    px_lanes top = lanes_shift_each_right_unsigned(states, (32 - bits) & 31);
    states = drain(mask_and(mask, lanes_less((px_lanes){0}, top)), states, head);
    return lanes_select(mask, lanes_shift_each_left(states, bits) | value, states);
}

/* A digit that has `share` of 2^bits slots from `start` on. */
PX_INLINE px_lanes put_digit(px_mask active, px_lanes start, px_lanes share, int bits,
                             px_lanes states, uint16_t **head) {
    px_lanes top = lanes_shift_right_unsigned(states, 32 - bits);
    states = drain(mask_and(active, lanes_less(share - 1, top)), states, head);
    px_lanes quotient = lanes_divide_unsigned(states, share);
    px_lanes next = (quotient << bits) + (states - quotient * share) + start;
    return lanes_select(active, next, states);
}

/* What one step may write at most, in words. */
enum { STEP_WORDS = 5 * PX_RANS_LANES };

#endif
