/*
 * Either Huffman codes alone, which come to about the entropy of the bytes, or matches as well, as
 * they are found by looking at the last place only where three bytes were the same.
 */
#include "coders/guess.h"

#include <string.h>

#include "base/byte_counts.h"
#include "base/fast_math.h"

enum {
    HASH_BITS = 10,
    LEAST_MATCH = 3,
    MOST_MATCH = 258,
    FURTHEST = 1 << 15,
    BYTES = 256,
    LENGTHS = 32,     /* octaves and halves of lengths of matches, as symbols */
    HEADER_BITS = 130 /* of a stream */
};

/* Bits of a Huffman table for a symbol that occurs, and of a distance beside its logarithm. */
static const float SYMBOL_BITS = 4, DISTANCE_BITS = 2;

/* Matches may be cut otherwise than here: less than that makes no difference. */
static const float CLEARLY = 0.97f;

static float bits_of(const uint32_t *counts, size_t symbols) {
    uint32_t total = 0;
    float bits = HEADER_BITS;
    for (size_t s = 0; s < symbols; s++)
        total += counts[s];
    const float all = px_fast_log2((float)total + 1);
    for (size_t s = 0; s < symbols; s++)
        if (counts[s])
            bits += SYMBOL_BITS + (float)counts[s] * fmaxf(1, all - px_fast_log2((float)counts[s]));
    return bits;
}

static uint32_t three_at(const uint8_t *bytes) {
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16;
}

static uint32_t hash_of(uint32_t three) {
    return three * 0x9e3779b1u >> (32 - HASH_BITS);
}

/* Of a match of three. */
static size_t length_of(const uint8_t *a, const uint8_t *b, size_t most) {
    size_t length = LEAST_MATCH;
    while (length < most && a[length] == b[length])
        length++;
    return length;
}

/* One for a length of 3, 4, 5 to 6, ... */
static size_t symbol_of(size_t length) {
    size_t symbol = BYTES;
    for (size_t rest = length - LEAST_MATCH; rest; rest /= 2)
        symbol++;
    return symbol;
}

static float bits_with_matches(const uint8_t *bytes, size_t size) {
    uint32_t last[1 << HASH_BITS];
    uint32_t counts[BYTES + LENGTHS] = {0};
    float bits = 0;
    memset(last, 0, sizeof last);
    for (size_t i = 0; i < size;) {
        size_t length = 0, from = 0;
        if (i + LEAST_MATCH <= size) {
            const uint32_t three = three_at(bytes + i);
            uint32_t *place = &last[hash_of(three)];
            const size_t left = size - i, most = left < MOST_MATCH ? left : MOST_MATCH;
            from = *place;
            if (three_at(bytes + from) == three && from < i && i - from <= FURTHEST)
                length = length_of(bytes + from, bytes + i, most);
            *place = (uint32_t)i;
        }
        if (length) {
            counts[symbol_of(length)]++;
            bits += DISTANCE_BITS + px_fast_log2((float)(i - from));
            bits += length > 2 * LEAST_MATCH ? px_fast_log2((float)length) - 1 : 0;
            i += length;
        } else {
            counts[bytes[i++]]++;
        }
    }
    return bits + bits_of(counts, BYTES + LENGTHS);
}

px_guess px_guess_deflate(const uint8_t *bytes, size_t size) {
    px_byte_counts found = {{{0}}};
    uint32_t counts[BYTES];
    px_byte_counts_add(&found, bytes, size);
    for (size_t s = 0; s < BYTES; s++)
        counts[s] = px_byte_count(&found, s);
    const float alone = bits_of(counts, BYTES), with = bits_with_matches(bytes, size);
    const bool matches = with < CLEARLY * alone;
    return (px_guess){(double)(matches ? with : alone) / 8, matches};
}
