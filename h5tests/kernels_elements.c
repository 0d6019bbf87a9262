/* Elements to planes and back, against one element at a time. */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "kernels_support.h"
#include "planes/element_kernels.h"

enum { PLANE_STRIDE = PX_BLOCK_POSITIONS + 5, MARGIN = 3 };

typedef struct block {
    px_element_format format;
    size_t element_stride;
    uint8_t *elements; /* at an odd address */
    int16_t planes[PX_BLOCK_PLANES * PLANE_STRIDE];
} block;

/* Both sizes, byte orders and signs; positions that touch each other, and some that do not. */
static bool block_make(block *b, uint32_t index, uint8_t *room) {
    const size_t size = 1 + (index & 1);
    const px_element_format format = {.size = size,
                                      .swapped = size > 1 && index & 2,
                                      .flip = (uint16_t)(index & 4 ? 0x80 << 8 * (size - 1) : 0)};
    const size_t between = index & 8 ? MARGIN : 0;
    *b = (block){.format = format,
                 .element_stride = (PX_BLOCK_PLANES + between) * size,
                 .elements = room + 1};
    return index < 16;
}

static int16_t sample_of(const px_element_format *f, const uint8_t *at) {
    if (f->size == 1)
        return (int16_t)(int8_t)(*at ^ f->flip);
    const bool big = (px_native_order() == PRISM_BIG_ENDIAN) != f->swapped;
    return (int16_t)((at[big] | at[!big] << 8) ^ f->flip);
}

enum { ROOM = 1 + PX_BLOCK_POSITIONS * (PX_BLOCK_PLANES + MARGIN) * 2 };

static void check_element_load_block(px_simd set) {
    static uint8_t room[ROOM];
    block b;
    uint32_t random = 7;
    for (uint32_t index = 0; block_make(&b, index, room); index++) {
        for (size_t i = 0; i < ROOM; i++)
            room[i] = (uint8_t)random_next(&random);
        px_element_kernels_of(set)->load_block(b.planes, PLANE_STRIDE, b.elements, b.element_stride,
                                               &b.format);
        for (size_t q = 0; q < PX_BLOCK_POSITIONS; q++)
            for (size_t k = 0; k < PX_BLOCK_PLANES; k++)
                assert_int_equal(
                    b.planes[k * PLANE_STRIDE + q],
                    sample_of(&b.format, b.elements + q * b.element_stride + k * b.format.size));
    }
}

static void check_element_store_block(px_simd set) {
    static uint8_t room[ROOM];
    block b;
    for (uint32_t index = 0; block_make(&b, index, room); index++) {
        numbers n = {.random = 3 + index, .bits = 8 * (int)b.format.size};
        fill_16(b.planes, PX_BLOCK_PLANES * PLANE_STRIDE, &n);
        memset(room, 0x5a, sizeof room);
        px_element_kernels_of(set)->store_block(b.elements, b.element_stride, b.planes,
                                                PLANE_STRIDE, &b.format);
        for (size_t q = 0; q < PX_BLOCK_POSITIONS; q++) {
            const uint8_t *row = b.elements + q * b.element_stride;
            for (size_t k = 0; k < PX_BLOCK_PLANES; k++)
                assert_int_equal(b.planes[k * PLANE_STRIDE + q],
                                 sample_of(&b.format, row + k * b.format.size));
            for (size_t i = PX_BLOCK_PLANES * b.format.size; i < b.element_stride; i++)
                assert_int_equal(row[i], 0x5a);
        }
    }
}

const kernel_check element_checks[] = {KERNEL(element, load_block), KERNEL(element, store_block),
                                       LAST_KERNEL};
