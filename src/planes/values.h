/* Which values occur in an array: the one place where different ones are counted. Internal. */
#ifndef PX_PLANES_VALUES_H
#define PX_PLANES_VALUES_H

#include "base/bit_set.h"
#include "planes/planes.h"

typedef struct px_values {
    px_bit_set seen;
    size_t count;
} px_values;

static inline void px_values_add(px_values *values, uint16_t value) {
    values->count += px_bit_set_add(&values->seen, value);
}

/* The number by which a sample is seen: in ascending order. */
static inline uint16_t px_value_of_sample(int16_t sample) {
    return (uint16_t)(sample - INT16_MIN);
}

/* Those of all samples; looking ends once there are more than `most`. */
void px_values_of_planes(px_values *values, const px_planes *planes, size_t most);

/* The same of elements of 1 or 2 bytes, by their bits in any order. */
void px_values_of_elements(px_values *values, const void *elements, size_t size, size_t width,
                           size_t most);

/* Samples that were seen, in ascending order. */
void px_values_list(int16_t *samples, const px_values *values);

#endif
