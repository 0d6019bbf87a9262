#include "words.h"

#include <stdlib.h>
#include <string.h>

#include "sizes.h"
#include "status.h"

prism_status px_words_alloc(px_words *words, const prism_array *array, prism_error *error) {
    size_t size;
    *words = (px_words){.array = array};
    prism_status status = prism_array_size(array, &size, error);
    if (status != PRISM_OK)
        return status;
    words->number = px_number_of(array->type);
    words->count = size / words->number->size;
    words->bits = px_alloc(words->count, sizeof *words->bits);
    return words->bits ? PRISM_OK : px_out_of_memory(error, words->count * sizeof *words->bits);
}

void px_words_free(px_words *words) {
    free(words->bits);
    words->bits = NULL;
}

static bool is_swapped(const px_words *words) {
    return words->array->order != px_native_order();
}

static uint16_t swap_16(uint16_t bits) {
    return __builtin_bswap16(bits);
}

static uint32_t swap_32(uint32_t bits) {
    return __builtin_bswap32(bits);
}

static uint64_t swap_64(uint64_t bits) {
    return __builtin_bswap64(bits);
}

/* One loop each way for every size. */
#define DEFINE_TRANSFER(width)                                                                     \
    static void load_##width(const px_words *words, const uint8_t *from, bool swapped) {           \
        uint##width##_t bits;                                                                      \
        for (size_t i = 0; i < words->count; i++) {                                                \
            memcpy(&bits, from + i * sizeof bits, sizeof bits);                                    \
            words->bits[i] = swapped ? swap_##width(bits) : bits;                                  \
        }                                                                                          \
    }                                                                                              \
    static void store_##width(const px_words *words, uint8_t *to, bool swapped) {                  \
        for (size_t i = 0; i < words->count; i++) {                                                \
            uint##width##_t bits = (uint##width##_t)words->bits[i];                                \
            bits = swapped ? swap_##width(bits) : bits;                                            \
            memcpy(to + i * sizeof bits, &bits, sizeof bits);                                      \
        }                                                                                          \
    }

DEFINE_TRANSFER(16)
DEFINE_TRANSFER(32)
DEFINE_TRANSFER(64)

void px_words_load(px_words *words, const void *elements) {
    const uint8_t *from = elements;
    switch (words->number->size) {
    case 1:
        for (size_t i = 0; i < words->count; i++)
            words->bits[i] = from[i];
        break;
    case 2:
        load_16(words, from, is_swapped(words));
        break;
    case 4:
        load_32(words, from, is_swapped(words));
        break;
    default:
        load_64(words, from, is_swapped(words));
    }
}

void px_words_store(const px_words *words, void *elements) {
    uint8_t *to = elements;
    switch (words->number->size) {
    case 1:
        for (size_t i = 0; i < words->count; i++)
            to[i] = (uint8_t)words->bits[i];
        break;
    case 2:
        store_16(words, to, is_swapped(words));
        break;
    case 4:
        store_32(words, to, is_swapped(words));
        break;
    default:
        store_64(words, to, is_swapped(words));
    }
}
