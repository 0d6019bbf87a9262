/* How often each byte comes. Internal. */
#ifndef PX_BASE_BYTE_COUNTS_H
#define PX_BASE_BYTE_COUNTS_H

#include <stddef.h>
#include <stdint.h>

enum { PX_BYTES = 256, PX_COUNT_TURNS = 4 };

/* In turns, so that a byte does not wait for the one before. Begins with zeros. */
typedef struct px_byte_counts {
    uint32_t turns[PX_COUNT_TURNS][PX_BYTES];
} px_byte_counts;

static inline void px_byte_counts_add(px_byte_counts *c, const uint8_t *bytes, size_t size) {
    size_t i = 0;
    for (; i + PX_COUNT_TURNS <= size; i += PX_COUNT_TURNS)
        for (size_t t = 0; t < PX_COUNT_TURNS; t++)
            c->turns[t][bytes[i + t]]++;
    for (; i < size; i++)
        c->turns[0][bytes[i]]++;
}

static inline uint32_t px_byte_count(const px_byte_counts *c, size_t byte) {
    uint32_t count = 0;
    for (size_t t = 0; t < PX_COUNT_TURNS; t++)
        count += c->turns[t][byte];
    return count;
}

#endif
