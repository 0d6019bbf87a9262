/*
 * Elements to planes and back. Internal.
 */
#ifndef PX_PLANES_ELEMENT_KERNELS_H
#define PX_PLANES_ELEMENT_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "prism.h"
#include "simd/simd.h"

/* How elements become samples: bytes in this machine's order, then the top bit flipped or not. */
typedef struct px_element_format {
    size_t size;  /* 1 or 2 */
    bool swapped; /* the bytes are not in this machine's order */
    uint16_t flip;
} px_element_format;

/* That of an array of integers of 8 or 16 bits. Defined in planes.c. */
px_element_format px_element_format_of(const prism_array *array);

enum { PX_BLOCK_PLANES = 32, PX_BLOCK_POSITIONS = 16 };

typedef struct px_element_kernels {
    /* Blocks of PX_BLOCK_PLANES planes by PX_BLOCK_POSITIONS positions; the elements of a position
     * are one after the other, those of the next position `element_stride` bytes later. */
    void (*load_block)(int16_t *planes, size_t plane_stride, const uint8_t *elements,
                       size_t element_stride, const px_element_format *format);
    void (*store_block)(uint8_t *elements, size_t element_stride, const int16_t *planes,
                        size_t plane_stride, const px_element_format *format);
} px_element_kernels;

PX_KERNEL_TABLES(px_element_kernels)

#endif
