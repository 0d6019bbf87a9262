#include "mapping/split.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/sizes.h"
#include "base/status.h"
#include "mapping/stage.h"
#include "planes/planes.h"

/* An array with one index along the axis. */
static prism_array plane_of(const prism_array *array, int axis) {
    prism_array plane = *array;
    plane.dims[axis] = 1;
    return plane;
}

void px_split_plane(void *plane, const px_layout *layout, size_t k, const void *elements,
                    size_t size) {
    const size_t run = layout->inner * size;
    for (size_t o = 0; o < layout->outer; o++)
        memcpy((uint8_t *)plane + o * run,
               (const uint8_t *)elements + (o * layout->count + k) * run, run);
}

static void put_plane(void *elements, const px_layout *layout, size_t k, const void *plane,
                      size_t size) {
    const size_t run = layout->inner * size;
    for (size_t o = 0; o < layout->outer; o++)
        memcpy((uint8_t *)elements + (o * layout->count + k) * run,
               (const uint8_t *)plane + o * run, run);
}

/* ---- Encoding ---- */

/* The chunk's planes lie along the axis; its stages are those of the first one. */
static void take_pipeline(px_coded *mapped, const px_pipeline *of_plane, int axis) {
    mapped->pipeline = *of_plane;
    mapped->pipeline.axis = axis;
    mapped->pipeline.roles = (px_roles){.rank = 0};
}

static prism_status encode_planes(px_coded *mapped, const px_mapping_request *request, int axis,
                                  void *plane, prism_error *error) {
    const prism_array array = plane_of(request->array, axis);
    const px_layout layout = px_layout_make(request->array, axis);
    prism_status status = PRISM_OK;
    for (size_t k = 0; k < layout.count && status == PRISM_OK; k++) {
        px_pipeline used;
        px_split_plane(plane, &layout, k, request->elements, prism_type_size(array.type));
        status =
            px_inner_put(&mapped->sections.payload, &used, request, &array, plane, request->options,
                         (px_chunk_role){.depth = request->depth + 1}, error);
        if (status == PRISM_OK && k == 0)
            take_pipeline(mapped, &used, axis);
    }
    return status;
}

prism_status px_split_encode(px_coded *mapped, const px_mapping_request *request, int axis,
                             prism_error *error) {
    const prism_array array = plane_of(request->array, axis);
    size_t size;
    *mapped = (px_coded){.is_mapped = true};
    px_put_u8(&mapped->sections.parameters, PRISM_MAPPING_SPLIT);
    px_put_u8(&mapped->sections.parameters, (uint8_t)axis);
    prism_status status = prism_array_size(&array, &size, error);
    void *plane = status == PRISM_OK ? px_alloc(size) : NULL;
    if (status == PRISM_OK && !plane)
        status = px_out_of_memory(error, size);
    if (status == PRISM_OK)
        status = encode_planes(mapped, request, axis, plane, error);
    free(plane);
    return px_coded_finish(mapped, status, error);
}

/* ---- Decoding ---- */

/* The next plane, which is malloc'ed. */
static prism_status decode_plane(void **plane, px_mapping_source *source, const prism_array *array,
                                 prism_error *error) {
    prism_array of_plane = *array;
    prism_status status = px_inner_decode(source, &of_plane, 1u << array->type, plane, error);
    return status == PRISM_OK && of_plane.order != array->order
               ? px_fail(error, PRISM_E_CORRUPT, "a plane of its own has another byte order")
               : status;
}

static prism_status decode(void *elements, px_mapping_source *source, prism_error *error) {
    const prism_array *array = &source->chunk->array;
    const int axis = px_get_u8(&source->parameters);
    if (source->depth || source->chunk->mask || axis >= (int)array->rank)
        return px_fail(error, PRISM_E_CORRUPT, "planes of their own are not those of this array");
    const prism_array of_plane = plane_of(array, axis);
    const px_layout layout = px_layout_make(array, axis);
    prism_status status = PRISM_OK;
    for (size_t k = 0; k < layout.count && status == PRISM_OK; k++) {
        void *plane;
        status = decode_plane(&plane, source, &of_plane, error);
        if (status == PRISM_OK)
            put_plane(elements, &layout, k, plane, prism_type_size(array->type));
        free(plane);
    }
    return status;
}

/* Of one plane after the other. */
static uint64_t decode_memory(const px_chunk *chunk, unsigned depth, const px_inner_codec *codec) {
    px_reader payload = px_reader_make(chunk->payload, chunk->payload_there);
    uint64_t most = 0;
    px_chunk plane;
    if (depth || chunk->mask)
        return 0;
    while (px_reader_left(&payload) && px_inner_read(&plane, &payload, NULL) == PRISM_OK)
        most = px_larger(most, px_array_count(&plane.array) * prism_type_size(plane.array.type) +
                                   codec->memory(&plane, depth + 1));
    return most;
}

const px_mapping_stage px_mapping_split = {
    .number = PRISM_MAPPING_SPLIT, .decode = decode, .decode_memory = decode_memory};
