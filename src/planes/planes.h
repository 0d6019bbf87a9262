/*
 * A chunk as planes: `count` images of height x width samples. What the planes are (channels,
 * frames, bands) is of no concern to the stages that work on them. Internal.
 */
#ifndef PX_PLANES_PLANES_H
#define PX_PLANES_PLANES_H

#include "base/sizes.h"
#include "planes/holes.h"
#include "prism.h"

/* How an array falls into planes: the elements along `axis` of one position are one sample of each
 * plane; the last of the other dimensions that is longer than 1 is the width, all before it make
 * the height. */
typedef struct px_layout {
    size_t count, height, width; /* planes, rows, samples in a row */
    size_t outer, inner;         /* products of the dimensions before and after the axis */
} px_layout;

/* Part of the picture that a plane is. */
typedef struct px_rectangle {
    size_t y, x, height, width;
} px_rectangle;

/*
 * Samples are signed: unsigned types are stored less half their range. The samples of an 8-bit type
 * are in -128..127, so that residuals can wrap modulo 2^depth and still be samples.
 */
typedef struct px_planes {
    size_t count, height, width;
    size_t stride;    /* samples from one plane to the next: px_plane_stride(height * width) */
    unsigned depth;   /* bits of a sample: 8 or 16 */
    int16_t *samples; /* [count][stride], of which height * width are used; owned */
    px_holes *holes;  /* samples that need not be coded; NULL: there are none; owned */
} px_planes;

/* `axis` in 0..rank-1, or PRISM_AXIS_AUTO for a single plane. */
px_layout px_layout_make(const prism_array *array, int axis);

/* The planes of `array`, without samples. */
px_planes px_planes_shape(const prism_array *array, const px_layout *layout);

/* Memory for the planes of `array`; samples are not initialised. */
prism_status px_planes_alloc(px_planes *planes, const prism_array *array, const px_layout *layout,
                             prism_error *error);

/* The elements as planes along an axis. */
prism_status px_planes_make(px_planes *planes, const prism_array *array, int axis,
                            const void *elements, prism_error *error);

/* Memory for planes whose shape is set, unless they have it. */
prism_status px_planes_take(px_planes *planes, prism_error *error);
void px_planes_free(px_planes *planes);

/* Elements (in the array's byte order) to samples and back. */
void px_planes_load(px_planes *planes, const prism_array *array, const px_layout *layout,
                    const void *elements);
void px_planes_store(const px_planes *planes, const prism_array *array, const px_layout *layout,
                     void *elements);

/* The same by several threads. */
void px_planes_load_by(px_planes *planes, const prism_array *array, const px_layout *layout,
                       const void *elements, int threads);
void px_planes_store_by(const px_planes *planes, const prism_array *array, const px_layout *layout,
                        void *elements, int threads);

/* An odd number of cache lines: at a power of two, the same position of all planes would lie in one
 * set of the caches. */
static inline size_t px_plane_stride(size_t size) {
    enum { LINE = 64 / sizeof(int16_t) };
    return (px_sum(size, LINE - 1) / LINE | 1) * LINE;
}

/* Bytes of all planes in memory. */
static inline size_t px_planes_bytes(const px_planes *planes) {
    return px_product(planes->count, planes->stride, sizeof *planes->samples);
}

static inline size_t px_plane_size(const px_planes *planes) {
    return planes->height * planes->width;
}

/* Bytes of a plane's samples at their depth. */
static inline size_t px_plane_bytes(const px_planes *planes) {
    return px_plane_size(planes) * (planes->depth / 8);
}

static inline int16_t *px_plane(const px_planes *planes, size_t index) {
    return planes->samples + index * planes->stride;
}

/* value modulo 2^depth, as a sample. */
static inline int16_t px_wrap(int32_t value, unsigned depth) {
    return depth == 8 ? (int16_t)(int8_t)value : (int16_t)value;
}

#endif
