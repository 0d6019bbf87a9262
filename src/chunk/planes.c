/* Some planes of a chunk. */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/status.h"
#include "chunk/chunk.h"
#include "pipeline/pipeline.h"

/* Whether even single planes take all elements first: those of any type, which are no samples. */
static bool is_whole(const px_chunk *chunk) {
    return chunk->is_mapped || px_takes_elements(chunk->pipeline.coder);
}

/* Several axes count planes. */
static bool is_joined(const px_chunk *chunk) {
    return chunk->pipeline.axis >= 0 && px_pipeline_axis(&chunk->pipeline) < 0;
}

uint64_t px_chunk_planes_memory(const px_chunk *chunk, size_t planes) {
    const px_layout layout = px_pipeline_layout(&chunk->pipeline, &chunk->array);
    const uint64_t element = prism_type_size(chunk->array.type);
    const uint64_t size = (uint64_t)layout.height * layout.width;
    const bool turned = !px_roles_keep_order(&chunk->pipeline.roles);
    const uint64_t plane =
        px_plane_stride((size_t)size) * sizeof(int16_t) + (turned ? size * element : 0);
    const uint64_t picked = is_whole(chunk)
                                ? (is_joined(chunk) ? 2 : 1) * layout.count * size * element
                                : layout.count * sizeof(bool) + planes * plane;
    return px_chunk_memory(chunk, 0) + picked;
}

/* planes[count] of elements that lie along `axis` of `array`. */
static void pick_planes(uint8_t *to, const uint8_t *from, const prism_array *array, int axis,
                        const uint64_t *planes, size_t count) {
    const px_layout layout = px_layout_make(array, axis);
    const size_t run = layout.inner * prism_type_size(array->type);
    for (size_t o = 0; o < layout.outer; o++, from += layout.count * run)
        for (size_t i = 0; i < count; i++, to += run)
            memcpy(to, from + planes[i] * run, run);
}

/* The same where several axes count the planes: as px_chunk_of_some says. */
static prism_status pick_joined(uint8_t *to, const uint8_t *from, const px_chunk *chunk,
                                const uint64_t *planes, size_t count, prism_error *error) {
    const px_chunk one = px_chunk_of_some(chunk, 1);
    const size_t element = prism_type_size(chunk->array.type);
    const size_t plane = (size_t)px_array_count(&one.array) * element;
    const size_t size = (size_t)px_array_count(&chunk->array) * element;
    uint8_t *arranged = malloc(size);
    if (!arranged)
        return px_out_of_memory(error, size);
    px_arrange(arranged, &chunk->array, &chunk->pipeline.roles, from, 1);
    for (size_t i = 0; i < count; i++, to += plane)
        px_rearrange(to, &one.array, &one.pipeline.roles, arranged + planes[i] * plane, 1);
    free(arranged);
    return PRISM_OK;
}

static prism_status decode_and_pick(const px_chunk *chunk, const uint64_t *planes, size_t count,
                                    void *elements, int threads, prism_error *error) {
    size_t size;
    prism_status status = prism_array_size(&chunk->array, &size, error);
    if (status != PRISM_OK)
        return status;
    uint8_t *all = malloc(size);
    if (!all)
        return px_out_of_memory(error, size);
    status = px_chunk_decode(chunk, all, threads, 0, error);
    if (status == PRISM_OK && chunk->pipeline.axis < 0)
        memcpy(elements, all, size);
    else if (status == PRISM_OK && is_joined(chunk))
        status = pick_joined(elements, all, chunk, planes, count, error);
    else if (status == PRISM_OK)
        pick_planes(elements, all, &chunk->array, px_pipeline_axis(&chunk->pipeline), planes,
                    count);
    free(all);
    return status;
}

prism_status px_chunk_decode_planes(const px_chunk *chunk, const uint64_t *planes, size_t count,
                                    void *elements, int threads, prism_error *error) {
    return is_whole(chunk)
               ? decode_and_pick(chunk, planes, count, elements, threads, error)
               : px_pipeline_decode_planes(chunk, planes, count, elements, threads, error);
}
