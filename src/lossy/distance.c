/*
 * libjxl's own lossy coding (coder jxl, bound distance): each plane a grey image in JPEG XL, or
 * three channels on the last axis one in colour. How far elements may be off is up to libjxl, which
 * decodes in floating point: another version, or another processor, may come to neighbours of the
 * elements that were measured here.
 */
#include <stdlib.h>

#include "base/array.h"
#include "base/sizes.h"
#include "base/squeeze.h"
#include "base/status.h"
#include "lossy/images.h"
#include "lossy/reduced.h"
#include "lossy/stage.h"

/* How the squeezed array falls into images. */
typedef struct pictures {
    int axis; /* of the planes, or PRISM_AXIS_AUTO for a single one */
    px_images images;
} pictures;

enum { PARTED = 0x80 }; /* a bit beside the axis */

/* ---- Encoding ---- */

/* The shortest dimension, of equal ones the last: planes are to be large. */
static int shortest_axis(const prism_array *array) {
    int axis = PRISM_AXIS_AUTO;
    for (int i = 0; i < (int)array->rank && array->rank > 2; i++)
        if (axis < 0 || array->dims[i] <= array->dims[axis])
            axis = i;
    return axis;
}

static pictures find_pictures(const prism_array *array, int asked) {
    const int axis = asked == PRISM_AXIS_AUTO ? shortest_axis(array)
                     : asked >= 0             ? asked
                                              : PRISM_AXIS_AUTO;
    const bool coloured = axis > 0 && axis + 1 == (int)array->rank && array->dims[axis] == 3;
    return (pictures){axis, {.colours = coloured ? 3 : 1}};
}

static prism_status encode(px_coded *mapped, const px_lossy_request *request, prism_error *error) {
    const prism_array *array = request->mapping->array;
    const prism_options *options = request->mapping->options;
    pictures p = find_pictures(array, options->axis);
    const px_layout layout = px_layout_make(array, p.axis);
    px_planes planes;
    prism_status status = px_planes_alloc(&planes, array, &layout, error);
    if (status != PRISM_OK)
        return status;
    px_planes_load(&planes, array, &layout, request->mapping->elements);
    mapped->pipeline = (px_pipeline){.transform = PRISM_TRANSFORM_NONE,
                                     .predictor = PRISM_PREDICTOR_NONE,
                                     .coder = PRISM_CODER_JXL,
                                     .effort = options->effort,
                                     .axis = p.axis};
    mapped->is_mapped = true;
    status = px_images_encode(&p.images, mapped, &planes, options->effort, request->bound.value,
                              request->limit, error);
    px_put_u8(&mapped->sections.parameters,
              (uint8_t)((p.axis + 1) | (p.images.parted ? PARTED : 0)));
    px_put_u8(&mapped->sections.parameters, (uint8_t)p.images.colours);
    px_planes_free(&planes);
    return status;
}

/* ---- Decoding ---- */

static bool read_pictures(pictures *p, px_planes *shape, px_layout *layout, px_reader *in,
                          const prism_array *array) {
    px_bound bound;
    const bool valid = px_bound_read(&bound, in) && px_type_is_narrow(array->type);
    const uint8_t first = px_get_u8(in);
    p->axis = (first & (PARTED - 1)) - 1;
    p->images = (px_images){px_get_u8(in), (first & PARTED) != 0};
    if (!valid || in->failed || p->axis >= (int)array->rank)
        return false;
    *layout = px_layout_make(array, p->axis);
    *shape = px_planes_shape(array, layout);
    return p->images.colours == 1 || (p->images.colours == 3 && shape->count == 3);
}

/* The planes of the source's chunk, to be freed on success. */
static prism_status decode_planes(px_planes *planes, px_layout *layout, pictures *p,
                                  px_mapping_source *source, bool coarse, prism_error *error) {
    if (!read_pictures(p, planes, layout, &source->parameters, &source->chunk->array))
        return px_fail(error, PRISM_E_CORRUPT, "what the JPEG XL images show is damaged");
    prism_status status = px_planes_take(planes, error);
    if (status != PRISM_OK)
        return status;
    status = px_images_decode(planes, &p->images, &source->payload, coarse, error);
    if (status != PRISM_OK)
        px_planes_free(planes);
    return status;
}

static prism_status decode(void *elements, px_mapping_source *source, prism_error *error) {
    pictures p;
    px_planes planes;
    px_layout layout;
    prism_status status = decode_planes(&planes, &layout, &p, source, false, error);
    if (status != PRISM_OK)
        return status;
    px_planes_store(&planes, &source->chunk->array, &layout, elements);
    px_planes_free(&planes);
    return PRISM_OK;
}

static uint64_t memory(const px_chunk *chunk) {
    pictures p;
    px_planes planes;
    px_layout layout;
    const prism_array array = px_squeeze(&chunk->array).array;
    px_reader parameters = px_reader_make(chunk->parameters, chunk->parameter_size);
    px_get_u8(&parameters);
    return read_pictures(&p, &planes, &layout, &parameters, &array)
               ? px_planes_bytes(&planes) +
                     px_images_memory(&p.images, &planes, chunk->payload_size)
               : 0;
}

/* ---- Reduced pictures ---- */

/* The mean of a block, halves up; less INT16_MIN, samples are positive. */
static int16_t mean_of(const px_planes *planes, const int16_t *samples, size_t y, size_t x,
                       size_t side) {
    const size_t bottom = px_smaller(y + side, planes->height);
    const size_t right = px_smaller(x + side, planes->width);
    const int64_t n = (int64_t)((bottom - y) * (right - x));
    int64_t sum = 0;
    for (size_t v = y; v < bottom; v++)
        for (size_t u = x; u < right; u++)
            sum += samples[v * planes->width + u] - INT16_MIN;
    return (int16_t)((2 * sum + n) / (2 * n) + INT16_MIN);
}

static void reduce_plane(int16_t *to, const px_planes *planes, const int16_t *samples,
                         size_t side) {
    for (size_t y = 0; y < planes->height; y += side)
        for (size_t x = 0; x < planes->width; x += side)
            *to++ = mean_of(planes, samples, y, x, side);
}

/* Whether the array is what the pictures become. */
static bool is_reduced(const prism_array *reduced, const prism_array *array, int axis, int by) {
    prism_array expected;
    bool same = px_reduced_array(&expected, array, axis, by) && expected.rank == reduced->rank;
    for (unsigned i = 0; same && i < expected.rank; i++)
        same = expected.dims[i] == reduced->dims[i];
    return same;
}

static prism_status reduce_all(void *elements, const px_planes *planes, const prism_array *reduced,
                               int axis, int by, prism_error *error) {
    px_planes small;
    const px_layout layout = px_layout_make(reduced, axis);
    prism_status status = px_planes_alloc(&small, reduced, &layout, error);
    if (status != PRISM_OK)
        return status;
    for (size_t k = 0; k < planes->count; k++)
        reduce_plane(px_plane(&small, k), planes, px_plane(planes, k), (size_t)1 << by);
    px_planes_store(&small, reduced, &layout, elements);
    px_planes_free(&small);
    return PRISM_OK;
}

static prism_status reduce(void *elements, px_mapping_source *source, const prism_array *reduced,
                           int by, prism_error *error) {
    pictures p;
    px_planes planes;
    px_layout layout;
    prism_status status = decode_planes(&planes, &layout, &p, source, by >= PX_COARSE, error);
    if (status != PRISM_OK)
        return status;
    status = is_reduced(reduced, &source->chunk->array, p.axis, by)
                 ? reduce_all(elements, &planes, reduced, p.axis, by, error)
                 : px_fail(error, PRISM_E_CORRUPT, "the header has another axis than the images");
    px_planes_free(&planes);
    return status;
}

const px_lossy_stage px_lossy_distance = {.number = PRISM_MAPPING_DISTANCE,
                                          .suits = {[PRISM_BOUND_DISTANCE] = true},
                                          .encode = encode,
                                          .decoder = {.decode = decode, .memory = memory},
                                          .reduce = reduce};
