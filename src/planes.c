/* Elements to planes and back: where the axis order and the byte order of the array end. */
#include "planes.h"

#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "status.h"

px_layout px_layout_make(const prism_array *array, int axis) {
    px_layout layout = {.count = 1, .outer = 1, .inner = 1, .width = 1};
    for (int i = 0; i < (int)array->rank; i++) {
        size_t dim = (size_t)array->dims[i];
        if (i == axis) {
            layout.count = dim;
            continue;
        }
        layout.width = dim;
        if (i < axis || axis < 0)
            layout.outer *= dim;
        else
            layout.inner *= dim;
    }
    layout.height = layout.outer * layout.inner / layout.width;
    return layout;
}

prism_status px_planes_alloc(px_planes *planes, const prism_array *array, const px_layout *layout,
                             prism_error *error) {
    size_t bytes = layout->count * layout->height * layout->width * sizeof *planes->samples;
    *planes = (px_planes){.count = layout->count,
                          .height = layout->height,
                          .width = layout->width,
                          .depth = (unsigned)prism_type_size(array->type) * 8,
                          .samples = malloc(bytes)};
    return planes->samples ? PRISM_OK : px_out_of_memory(error, bytes);
}

void px_planes_free(px_planes *planes) {
    free(planes->samples);
    *planes = (px_planes){0};
}

/* One element's bits as a sample and back: flipping the top bit subtracts half the range. */
typedef struct element_format {
    size_t size;
    bool swapped; /* the bytes are not in this machine's order */
    uint16_t flip;
} element_format;

static element_format format_of(const prism_array *array) {
    const uint16_t one = 1;
    bool little = *(const uint8_t *)&one == 1;
    size_t size = prism_type_size(array->type);
    return (element_format){
        .size = size,
        .swapped = (array->order == PRISM_LITTLE_ENDIAN) != little,
        .flip = (uint16_t)(px_type_is_signed(array->type) ? 0 : 0x80 << 8 * (size - 1))};
}

static inline uint16_t swap_if(uint16_t bits, bool swapped) {
    return swapped ? __builtin_bswap16(bits) : bits;
}

static inline int16_t load_element(const uint8_t *bytes, element_format format) {
    if (format.size == 1)
        return (int16_t)(int8_t)(*bytes ^ format.flip);
    uint16_t bits;
    memcpy(&bits, bytes, 2);
    return (int16_t)(swap_if(bits, format.swapped) ^ format.flip);
}

static inline void store_element(uint8_t *bytes, int16_t sample, element_format format) {
    uint16_t bits = (uint16_t)((uint16_t)sample ^ format.flip);
    if (format.size == 1) {
        *bytes = (uint8_t)bits;
        return;
    }
    bits = swap_if(bits, format.swapped);
    memcpy(bytes, &bits, 2);
}

/*
 * The elements are outer x count x inner, the planes count x (outer x inner): a transposition of
 * the first two with runs of `inner`. Where inner is 1 (channels last), going through squares of
 * BLOCK planes by BLOCK positions keeps both sides in the cache.
 */
enum { BLOCK = 32 };

typedef void (*move_run)(uint8_t *elements, int16_t *samples, size_t count, element_format format);

static inline void load_run(uint8_t *elements, int16_t *samples, size_t count,
                            element_format format) {
    for (size_t i = 0; i < count; i++)
        samples[i] = load_element(elements + i * format.size, format);
}

static inline void store_run(uint8_t *elements, int16_t *samples, size_t count,
                             element_format format) {
    for (size_t i = 0; i < count; i++)
        store_element(elements + i * format.size, samples[i], format);
}

static inline size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

static inline void move_blocks(const px_planes *planes, const px_layout *layout, size_t inner,
                               uint8_t *elements, element_format format, move_run move) {
    const size_t count = layout->count;
    for (size_t o = 0; o < layout->outer; o += BLOCK)
        for (size_t c = 0; c < count; c += BLOCK)
            for (size_t k = c; k < smaller(c + BLOCK, count); k++)
                for (size_t q = o; q < smaller(o + BLOCK, layout->outer); q++)
                    move(elements + (q * count + k) * inner * format.size,
                         px_plane(planes, k) + q * inner, inner, format);
}

/* Constants where they are known, so that the common cases become tight loops. */
static inline void move_all(const px_planes *planes, const px_layout *layout, uint8_t *elements,
                            element_format format, move_run move) {
    if (format.size == 1 && layout->inner == 1)
        move_blocks(planes, layout, 1, elements, (element_format){1, false, format.flip}, move);
    else if (format.size == 1)
        move_blocks(planes, layout, layout->inner, elements,
                    (element_format){1, false, format.flip}, move);
    else if (layout->inner == 1)
        move_blocks(planes, layout, 1, elements, (element_format){2, format.swapped, format.flip},
                    move);
    else
        move_blocks(planes, layout, layout->inner, elements, format, move);
}

void px_planes_load(px_planes *planes, const prism_array *array, const px_layout *layout,
                    const void *elements) {
    uint8_t *bytes = (uint8_t *)(uintptr_t)elements; /* load_run only reads */
    move_all(planes, layout, bytes, format_of(array), load_run);
}

void px_planes_store(const px_planes *planes, const prism_array *array, const px_layout *layout,
                     void *elements) {
    move_all(planes, layout, elements, format_of(array), store_run);
}
