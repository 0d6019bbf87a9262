/* Whether a plane that was decoded alone is that of the whole array, for tests and fuzz targets. */
#ifndef H5TESTS_PLANE_CHECK_H
#define H5TESTS_PLANE_CHECK_H

#include <stdbool.h>
#include <string.h>

#include "base/array.h"
#include "prism.h"

/* The plane that the element at `index` is of, and its place there. */
static inline void locate(size_t *plane, size_t *place, const prism_info *info, size_t index) {
    size_t at[PRISM_MAX_RANK] = {0};
    bool counts[PRISM_MAX_RANK] = {false};
    *plane = *place = 0;
    for (unsigned i = info->array.rank; i-- > 0; index /= (size_t)info->array.dims[i])
        at[i] = index % (size_t)info->array.dims[i];
    for (unsigned i = 0; i < info->axis_count; i++) {
        counts[info->axes[i]] = true;
        *plane = *plane * (size_t)info->array.dims[info->axes[i]] + at[info->axes[i]];
    }
    for (unsigned i = 0; i < info->array.rank; i++)
        *place = counts[i] ? *place : *place * (size_t)info->array.dims[i] + at[i];
}

/* `elements`: all of the array, in `size` bytes. */
static inline bool is_plane(const prism_info *info, const uint8_t *elements, size_t size,
                            uint64_t wanted, const uint8_t *plane) {
    const size_t element = prism_type_size(info->array.type);
    for (size_t i = 0; i < size / element; i++) {
        size_t number, place;
        locate(&number, &place, info, i);
        if (number == wanted &&
            memcmp(plane + place * element, elements + i * element, element) != 0)
            return false;
    }
    return true;
}

#endif
