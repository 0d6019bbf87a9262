/*
 * Elements of any type as words: the bits of each in a uint64_t, whatever their byte order.
 * Internal.
 */
#ifndef PX_MAPPING_BIT_PATTERNS_H
#define PX_MAPPING_BIT_PATTERNS_H

#include <string.h>

#include "base/array.h"

typedef struct px_bit_patterns {
    const prism_array *array;
    const px_number *number;
    size_t count;
    uint64_t *bits;              /* [count]; owned */
    struct px_found_rule *found; /* see dequantiser.h; NULL if it is not kept */
    struct px_value_set *values; /* see value_set.h; NULL if they are not kept */
} px_bit_patterns;

/* Memory for the words of `array`; they are not initialised. */
prism_status px_bit_patterns_alloc(px_bit_patterns *words, const prism_array *array,
                                   prism_error *error);
void px_bit_patterns_free(px_bit_patterns *words);

void px_bit_patterns_load(px_bit_patterns *words, const void *elements);
void px_bit_patterns_store(const px_bit_patterns *words, void *elements);

/* Word i of `elements` in the order of this machine, or in the other if `swapped`. */
static inline uint64_t px_word_at(const void *elements, size_t i, size_t size, bool swapped) {
    const uint8_t *at = (const uint8_t *)elements + i * size;
    uint16_t half;
    uint32_t single;
    uint64_t word;
    switch (size) {
    case 1:
        return *at;
    case 2:
        memcpy(&half, at, sizeof half);
        return swapped ? __builtin_bswap16(half) : half;
    case 4:
        memcpy(&single, at, sizeof single);
        return swapped ? __builtin_bswap32(single) : single;
    default:
        memcpy(&word, at, sizeof word);
        return swapped ? __builtin_bswap64(word) : word;
    }
}

/* Elements where they lie, read as words. */
typedef struct px_word_view {
    const void *elements;
    size_t count, size; /* size: bytes of each */
    bool swapped;       /* in the other byte order than this machine's */
    const px_number *number;
} px_word_view;

px_word_view px_word_view_of(const prism_array *array, const void *elements);
px_word_view px_bit_patterns_view(const px_bit_patterns *words);

static inline uint64_t px_view_word(const px_word_view *view, size_t i) {
    return px_word_at(view->elements, i, view->size, view->swapped);
}

static inline void px_word_put(void *elements, size_t i, size_t size, bool swapped, uint64_t word) {
    uint8_t *at = (uint8_t *)elements + i * size;
    const uint16_t half = swapped ? __builtin_bswap16((uint16_t)word) : (uint16_t)word;
    const uint32_t single = swapped ? __builtin_bswap32((uint32_t)word) : (uint32_t)word;
    const uint64_t whole = swapped ? __builtin_bswap64(word) : word;
    switch (size) {
    case 1:
        *at = (uint8_t)word;
        break;
    case 2:
        memcpy(at, &half, sizeof half);
        break;
    case 4:
        memcpy(at, &single, sizeof single);
        break;
    default:
        memcpy(at, &whole, sizeof whole);
    }
}

static inline uint64_t px_word_sign(const px_number *number) {
    return (uint64_t)1 << (8 * number->size - 1);
}

/* All bits of an element. */
static inline uint64_t px_word_last(const px_number *number) {
    return px_word_sign(number) | (px_word_sign(number) - 1);
}

/* Bits as an unsigned number that orders words as their values are: -NaN, -infinity, ..., -0, +0,
 * ..., NaN for floats. */
static inline uint64_t px_word_rank(uint64_t bits, const px_number *number) {
    const uint64_t sign = px_word_sign(number);
    if (number->fraction && (bits & sign))
        return ~bits & px_word_last(number);
    return number->is_signed ? bits ^ sign : bits;
}

static inline uint64_t px_word_of_rank(uint64_t rank, const px_number *number) {
    const uint64_t sign = px_word_sign(number);
    if (number->fraction && !(rank & sign))
        return ~rank & px_word_last(number);
    return number->is_signed ? rank ^ sign : rank;
}

/* Bits below the sign: the magnitude of a float as an integer, which infinity and NaNs pass. */
static inline uint64_t px_float_infinity(const px_number *number) {
    return (px_word_sign(number) - 1) & ~(((uint64_t)1 << number->fraction) - 1);
}

static inline bool px_float_is_finite(uint64_t bits, const px_number *number) {
    return (bits & (px_word_sign(number) - 1)) < px_float_infinity(number);
}

/* Zeros and finite numbers that no mode of a processor flushes to zero, as it may with denormal
 * ones. */
static inline bool px_float_is_normal(uint64_t bits, const px_number *number) {
    const uint64_t magnitude = bits & (px_word_sign(number) - 1);
    return px_float_is_finite(bits, number) && (!magnitude || magnitude >> number->fraction);
}

/* Bit length of v: 0 for 0. */
static inline unsigned px_bit_length(uint64_t v) {
    return v ? 64 - (unsigned)__builtin_clzll(v) : 0;
}

#endif
