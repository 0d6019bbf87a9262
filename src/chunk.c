#include "chunk.h"

#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "choose.h"
#include "mapping/mapping.h"
#include "pipeline.h"
#include "status.h"
#include "tiny.h"

/* ---- Encoding ---- */

static void use_raw(px_chunk *chunk, const void *elements, size_t size, int effort) {
    chunk->is_mapped = false;
    chunk->pipeline = (px_pipeline){.transform = PRISM_TRANSFORM_NONE,
                                    .predictor = PRISM_PREDICTOR_NONE,
                                    .coder = PRISM_CODER_RAW,
                                    .effort = effort,
                                    .axis = PRISM_AXIS_AUTO};
    chunk->parameters = NULL;
    chunk->parameter_size = 0;
    chunk->payload = elements;
    chunk->payload_size = size;
}

/* The chunk with these sections, or raw if they are not smaller than the elements, or none. */
static prism_status write_chunk(px_buffer *out, px_pipeline *used, px_chunk *chunk,
                                const px_buffer *parameters, const px_buffer *payload,
                                const void *elements, size_t size, const prism_options *options,
                                prism_error *error) {
    chunk->has_checksum = options->checksum;
    chunk->elements_crc = options->checksum ? px_crc32(elements, size) : 0;
    if (!payload || parameters->size + payload->size >= size) {
        use_raw(chunk, elements, size, options->effort);
    } else {
        chunk->parameters = parameters->data;
        chunk->parameter_size = parameters->size;
        chunk->payload = payload->data;
        chunk->payload_size = payload->size;
    }
    *used = chunk->pipeline;
    return px_chunk_write(chunk, out, error);
}

static prism_status choose_and_encode(px_coded *coded, const prism_array *array,
                                      const void *elements, size_t size,
                                      const prism_options *options, bool of_wide,
                                      prism_error *error) {
    px_pipeline pipeline;
    prism_status status = px_choose(&pipeline, array, elements, options, of_wide, error);
    return status == PRISM_OK ? px_pipeline_encode(coded, array, elements, &pipeline, size, error)
                              : status;
}

static prism_status encode_integers(px_buffer *out, px_pipeline *used, const prism_array *array,
                                    const void *elements, size_t size, const prism_options *options,
                                    bool of_wide, prism_error *error) {
    px_coded coded = {.pipeline = {0}};
    px_chunk chunk = {.array = *array};
    prism_status status =
        px_tiny_suits(array, options)
            ? px_tiny_encode(&coded, array, elements, options, size, error)
            : choose_and_encode(&coded, array, elements, size, options, of_wide, error);
    if (status != PRISM_OK)
        return status;
    chunk.pipeline = coded.pipeline;
    status = write_chunk(out, used, &chunk, &coded.parameters, &coded.payload, elements, size,
                         options, error);
    px_coded_free(&coded);
    return status;
}

prism_status px_chunk_encode(px_buffer *out, px_pipeline *used, const prism_array *array,
                             const void *elements, const prism_options *options, px_chunk_role role,
                             prism_error *error) {
    size_t size;
    px_mapped mapped;
    prism_status status = prism_array_size(array, &size, error);
    if (status == PRISM_OK)
        status = px_mapping_encode(
            &mapped, &(px_mapping_request){array, elements, options, role.depth}, error);
    if (status != PRISM_OK)
        return status;
    if (mapped.used) {
        px_chunk chunk = {.array = *array, .pipeline = mapped.pipeline, .is_mapped = true};
        status = write_chunk(out, used, &chunk, &mapped.parameters, &mapped.payload, elements, size,
                             options, error);
    } else if (px_type_is_narrow(array->type)) {
        status = encode_integers(out, used, array, elements, size, options, role.of_wide, error);
    } else {
        px_chunk chunk = {.array = *array};
        status = write_chunk(out, used, &chunk, NULL, NULL, elements, size, options, error);
    }
    px_mapped_free(&mapped);
    return status;
}

/* ---- Decoding ---- */

prism_status px_chunk_decode(const px_chunk *chunk, void *elements, int threads, unsigned depth,
                             prism_error *error) {
    return chunk->is_mapped ? px_mapping_decode(chunk, elements, threads, depth, error)
                            : px_pipeline_decode(chunk, elements, threads, error);
}

bool px_chunk_is_whole(const px_chunk *chunk) {
    return chunk->is_mapped || chunk->pipeline.coder == PRISM_CODER_RAW;
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
    else if (status == PRISM_OK)
        pick_planes(elements, all, &chunk->array, chunk->pipeline.axis, planes, count);
    free(all);
    return status;
}

prism_status px_chunk_decode_planes(const px_chunk *chunk, const uint64_t *planes, size_t count,
                                    void *elements, int threads, prism_error *error) {
    return px_chunk_is_whole(chunk)
               ? decode_and_pick(chunk, planes, count, elements, threads, error)
               : px_pipeline_decode_planes(chunk, planes, count, elements, threads, error);
}
