/* Arrays: element types and shapes. Internal. */
#ifndef PX_BASE_ARRAY_H
#define PX_BASE_ARRAY_H

#include "prism.h"

/* Chunks of HDF5 are smaller than this, and so are ours: sizes fit 32 bits in the container. */
#define PX_ARRAY_LIMIT ((uint64_t)UINT32_MAX)

/* What the bits of an element mean. */
typedef struct px_number {
    const char *name;
    uint8_t size;   /* bytes */
    bool is_signed; /* integers: two's complement */
    uint8_t
        fraction; /* floats: bits of the fraction, below those of the exponent; 0 for integers */
} px_number;

/* `type` is a known one. */
const px_number *px_number_of(prism_type type);

/* Elements of an array that prism_array_size has checked. */
uint64_t px_array_count(const prism_array *array);

/* The byte order of this machine. */
prism_order px_native_order(void);

/* Whether elements of more than one byte are in the other one. */
static inline bool px_is_swapped(const prism_array *array) {
    return array->order != px_native_order();
}

/* Below PX_TINY_BYTES, samples, estimates and trials take longer than coding. */
enum { PX_TINY_BYTES = 1 << 12 };
bool px_is_tiny(const prism_array *array);

/* Integers of 8 and 16 bits, which become samples as they are. */
bool px_type_is_narrow(prism_type type);

#endif
