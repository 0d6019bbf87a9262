#include "planes/values.h"

void px_values_of_planes(px_values *values, const px_planes *planes, size_t most) {
    *values = (px_values){.count = 0};
    for (size_t k = 0; k < planes->count; k++) {
        const int16_t *samples = px_plane(planes, k);
        for (size_t p = 0; p < px_plane_size(planes) && values->count <= most; p++)
            px_values_add(values, px_value_of_sample(samples[p]));
    }
}

void px_values_of_elements(px_values *values, const void *elements, size_t size, size_t width,
                           size_t most) {
    const uint8_t *bytes = elements;
    *values = (px_values){.count = 0};
    for (size_t i = 0; i < size && values->count <= most; i += width)
        px_values_add(values, (uint16_t)(width == 1 ? bytes[i] : bytes[i] | bytes[i + 1] << 8));
}

void px_values_list(int16_t *samples, const px_values *values) {
    for (int i = 0; i < PX_BIT_SET_WORDS; i++)
        for (uint64_t word = values->seen.words[i]; word; word &= word - 1)
            *samples++ = (int16_t)(64 * i + __builtin_ctzll(word) + INT16_MIN);
}
