/* Elements to planes and back: where the axis order and the byte order of the array end. */
#include "planes/planes.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/sizes.h"
#include "base/status.h"
#include "base/threads.h"
#include "planes/element_kernels.h"
#include "system/memory.h"

px_layout px_layout_make(const prism_array *array, int axis) {
    px_layout layout = {.count = 1, .outer = 1, .inner = 1, .width = 1};
    for (int i = 0; i < (int)array->rank; i++) {
        size_t dim = (size_t)array->dims[i];
        if (i == axis) {
            layout.count = dim;
            continue;
        }
        layout.width = dim > 1 ? dim : layout.width;
        if (i < axis || axis < 0)
            layout.outer *= dim;
        else
            layout.inner *= dim;
    }
    layout.height = layout.outer * layout.inner / layout.width;
    return layout;
}

px_planes px_planes_shape(const prism_array *array, const px_layout *layout) {
    return (px_planes){.count = layout->count,
                       .height = layout->height,
                       .width = layout->width,
                       .stride = px_plane_stride(layout->height * layout->width),
                       .depth = (unsigned)prism_type_size(array->type) * 8};
}

prism_status px_planes_alloc(px_planes *planes, const prism_array *array, const px_layout *layout,
                             prism_error *error) {
    *planes = px_planes_shape(array, layout);
    return px_planes_take(planes, error);
}

prism_status px_planes_make(px_planes *planes, const prism_array *array, int axis,
                            const void *elements, prism_error *error) {
    const px_layout layout = px_layout_make(array, axis);
    prism_status status = px_planes_alloc(planes, array, &layout, error);
    if (status == PRISM_OK)
        px_planes_load(planes, array, &layout, elements);
    return status;
}

prism_status px_planes_take(px_planes *planes, prism_error *error) {
    if (!planes->samples)
        planes->samples = px_large_alloc(px_planes_bytes(planes));
    return planes->samples ? PRISM_OK : px_out_of_memory(error, px_planes_bytes(planes));
}

void px_planes_free(px_planes *planes) {
    px_large_free(planes->samples);
    free(planes->holes);
    *planes = (px_planes){0};
}

/* Flipping the top bit subtracts half the range. */
px_element_format px_element_format_of(const prism_array *array) {
    size_t size = prism_type_size(array->type);
    return (px_element_format){
        .size = size,
        .swapped = size > 1 && px_is_swapped(array),
        .flip = (uint16_t)(px_number_of(array->type)->is_signed ? 0 : 0x80 << 8 * (size - 1))};
}

static inline uint16_t swap_if(uint16_t bits, bool swapped) {
    return swapped ? __builtin_bswap16(bits) : bits;
}

static inline int16_t load_element(const uint8_t *bytes, px_element_format format) {
    if (format.size == 1)
        return (int16_t)(int8_t)(*bytes ^ format.flip);
    uint16_t bits;
    memcpy(&bits, bytes, 2);
    return (int16_t)(swap_if(bits, format.swapped) ^ format.flip);
}

static inline void store_element(uint8_t *bytes, int16_t sample, px_element_format format) {
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
 * the first two with runs of `inner`. Where inner is 1 (channels last), blocks of planes by
 * positions keep both sides in the cache, and whole blocks go through the kernels.
 */
typedef struct transfer {
    const px_planes *planes;
    const px_layout *layout;
    uint8_t *elements; /* only read when loading */
    px_element_format format;
    bool loads;
    size_t places, part; /* what is moved, one by one or in blocks; so many together */
} transfer;

static void move_elements(const transfer *t, uint8_t *elements, int16_t *samples, size_t count) {
    const size_t size = t->format.size;
    if (t->loads)
        for (size_t i = 0; i < count; i++)
            samples[i] = load_element(elements + i * size, t->format);
    else
        for (size_t i = 0; i < count; i++)
            store_element(elements + i * size, samples[i], t->format);
}

static void move_run(const transfer *t, size_t o, size_t k) {
    const size_t inner = t->layout->inner;
    move_elements(t, t->elements + (o * t->layout->count + k) * inner * t->format.size,
                  px_plane(t->planes, k) + o * inner, inner);
}

/* Planes k.. at positions o..; a whole block if inner is 1 and there are enough of both. */
static void move_block(const transfer *t, size_t o, size_t k) {
    const size_t count = t->layout->count, outer = t->layout->outer;
    const size_t last_plane = px_smaller(k + PX_BLOCK_PLANES, count);
    const size_t last_position = px_smaller(o + PX_BLOCK_POSITIONS, outer);
    if (last_plane - k == PX_BLOCK_PLANES && last_position - o == PX_BLOCK_POSITIONS) {
        const px_element_kernels *kernels = px_element_kernels_best();
        const size_t stride = count * t->format.size;
        uint8_t *elements = t->elements + (o * count + k) * t->format.size;
        int16_t *samples = px_plane(t->planes, k) + o;
        if (t->loads)
            kernels->load_block(samples, t->planes->stride, elements, stride, &t->format);
        else
            kernels->store_block(elements, stride, samples, t->planes->stride, &t->format);
        return;
    }
    for (; k < last_plane; k++)
        for (size_t q = o; q < last_position; q++)
            move_run(t, q, k);
}

/* Threads move parts of the elements side by side: of a plane, of runs, or of whole blocks. */
enum { PART_BYTES = 1 << 19 };

static prism_status move_part(void *context, size_t index, size_t worker, prism_error *error) {
    const transfer *t = context;
    const size_t count = t->layout->count, first = index * t->part;
    const size_t end = px_smaller(first + t->part, t->places);
    (void)worker;
    (void)error;
    if (count == 1) {
        move_elements(t, t->elements + first * t->format.size, t->planes->samples + first,
                      end - first);
    } else if (t->layout->inner > 1) {
        for (size_t i = first; i < end; i++)
            move_run(t, i / count, i % count);
    } else {
        for (size_t o = first; o < end; o += PX_BLOCK_POSITIONS)
            for (size_t k = 0; k < count; k += PX_BLOCK_PLANES)
                move_block(t, o, k);
    }
    return PRISM_OK;
}

static void move_all(transfer t, int threads) {
    const px_layout *layout = t.layout;
    const size_t all = px_plane_size(t.planes) * layout->count;
    t.places = layout->count == 1  ? all
               : layout->inner > 1 ? layout->outer * layout->count
                                   : layout->outer;
    const size_t blocks = PART_BYTES / PX_BLOCK_POSITIONS / (all / t.places * t.format.size);
    t.part = PX_BLOCK_POSITIONS * (blocks ? blocks : 1);
    px_run((t.places - 1) / t.part + 1, threads, move_part, &t, NULL);
}

void px_planes_load_by(px_planes *planes, const prism_array *array, const px_layout *layout,
                       const void *elements, int threads) {
    move_all((transfer){.planes = planes,
                        .layout = layout,
                        .elements = (uint8_t *)(uintptr_t)elements,
                        .format = px_element_format_of(array),
                        .loads = true},
             threads);
}

void px_planes_store_by(const px_planes *planes, const prism_array *array, const px_layout *layout,
                        void *elements, int threads) {
    move_all((transfer){.planes = planes,
                        .layout = layout,
                        .elements = elements,
                        .format = px_element_format_of(array)},
             threads);
}

void px_planes_load(px_planes *planes, const prism_array *array, const px_layout *layout,
                    const void *elements) {
    px_planes_load_by(planes, array, layout, elements, 1);
}

void px_planes_store(const px_planes *planes, const prism_array *array, const px_layout *layout,
                     void *elements) {
    px_planes_store_by(planes, array, layout, elements, 1);
}
