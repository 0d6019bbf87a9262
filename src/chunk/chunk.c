#include "chunk/chunk.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/squeeze.h"
#include "base/status.h"
#include "choose/choose.h"
#include "choose/rival.h"
#include "choose/tiny.h"
#include "mapping/mapping.h"
#include "pipeline/pipeline.h"

/* Of chunks within chunks. */
static const px_inner_codec inner_codec = {px_chunk_encode, px_chunk_memory, px_chunk_decode};

/* ---- Encoding ---- */

/* The elements of a chunk, and how they are coded: as an array without dimensions of 1. */
typedef struct content {
    const prism_array *array;
    const void *elements;
    size_t size; /* bytes */
    px_squeezed squeezed;
    prism_options options; /* for the squeezed array */
    int unit_axis;         /* asked for, of the array itself, where its dimension is 1; else AUTO */
} content;

static prism_status content_make(content *c, const prism_array *array, const void *elements,
                                 const prism_options *options, prism_error *error) {
    prism_status status = prism_array_size(array, &c->size, error);
    if (status != PRISM_OK)
        return status;
    if (options->axis >= (int)array->rank)
        return px_fail(error, PRISM_E_OPTION, "axis %d: the array has rank %u", options->axis,
                       array->rank);
    c->array = array;
    c->elements = elements;
    c->squeezed = px_squeeze(array);
    c->options = *options;
    c->options.axis = px_squeezed_axis(&c->squeezed, options->axis);
    const bool unit = options->axis >= 0 && c->options.axis == PX_AXIS_NONE;
    c->unit_axis = unit ? options->axis : PRISM_AXIS_AUTO;
    return PRISM_OK;
}

static px_chunk chunk_of(const content *c, const px_pipeline *pipeline) {
    px_chunk chunk = {.array = *c->array, .pipeline = *pipeline};
    chunk.pipeline.axis =
        pipeline->axis < 0 ? c->unit_axis : px_unsqueezed_axis(&c->squeezed, pipeline->axis);
    return chunk;
}

static void use_raw(px_chunk *chunk, const content *c) {
    chunk->is_mapped = false;
    chunk->pipeline = (px_pipeline){.transform = PRISM_TRANSFORM_NONE,
                                    .predictor = PRISM_PREDICTOR_NONE,
                                    .coder = PRISM_CODER_RAW,
                                    .effort = c->options.effort,
                                    .axis = PRISM_AXIS_AUTO};
    chunk->parameters = NULL;
    chunk->parameter_size = 0;
    chunk->payload = c->elements;
    chunk->payload_size = c->size;
}

/* The chunk with these sections, or raw if they are not smaller than the elements, or none. */
static prism_status write_chunk(px_buffer *out, px_pipeline *used, px_chunk *chunk,
                                const px_sections *sections, const content *c, prism_error *error) {
    chunk->has_checksum = c->options.checksum;
    chunk->elements_crc = chunk->has_checksum ? px_crc32(c->elements, c->size) : 0;
    if (!sections || px_sections_size(sections) >= c->size) {
        use_raw(chunk, c);
    } else {
        chunk->parameters = sections->parameters.data;
        chunk->parameter_size = sections->parameters.size;
        chunk->payload = sections->payload.data;
        chunk->payload_size = sections->payload.size;
    }
    *used = chunk->pipeline;
    return px_chunk_write(chunk, out, error);
}

static prism_status choose_and_encode(px_coded *coded, const content *c, bool of_wide,
                                      prism_error *error) {
    const prism_array *array = &c->squeezed.array;
    px_pipeline pipeline;
    if (px_tiny_suits(array, &c->options))
        return px_tiny_encode(coded, array, c->elements, &c->options, c->size, error);
    prism_status status =
        px_choose(&pipeline, coded, array, c->elements, &c->options, of_wide, error);
    return status == PRISM_OK && !coded->sections.payload.size
               ? px_pipeline_encode(coded, array, c->elements, &pipeline, c->size, error)
               : status;
}

static prism_status encode_integers(px_buffer *out, px_pipeline *used, const content *c,
                                    bool of_wide, prism_error *error) {
    px_coded coded = {.pipeline = {0}};
    prism_status status = choose_and_encode(&coded, c, of_wide, error);
    if (status != PRISM_OK)
        return status;
    px_chunk chunk = chunk_of(c, &coded.pipeline);
    status = write_chunk(out, used, &chunk, &coded.sections, c, error);
    px_coded_free(&coded);
    return status;
}

/* *out becomes the chunk by coder zstd, where that is smaller or nothing is there. */
static prism_status encode_by_rival(px_buffer *out, px_pipeline *used, const content *c,
                                    px_rival *rival, prism_error *error) {
    px_mapped coded;
    px_buffer other = {0};
    px_pipeline pipeline;
    prism_status status = px_rival_encode(&coded, rival, error);
    if (status == PRISM_OK) {
        px_chunk chunk = chunk_of(c, &coded.pipeline);
        chunk.is_mapped = coded.used;
        status = write_chunk(&other, &pipeline, &chunk,
                             coded.sections.payload.size ? &coded.sections : NULL, c, error);
    }
    if (status == PRISM_OK && (!out->size || other.size < out->size)) {
        const px_buffer kept = *out;
        *out = other;
        other = kept;
        *used = pipeline;
    }
    px_buffer_free(&other);
    px_mapped_free(&coded);
    return status;
}

/* By coder zstd, or by all else, whichever is smaller. */
static prism_status encode_either(px_buffer *out, px_pipeline *used, const content *c,
                                  const prism_options *options, px_chunk_role role,
                                  prism_error *error) {
    const px_mapping_request request = {&c->squeezed.array, c->elements, &c->options, role.depth,
                                        &inner_codec};
    px_rival rival;
    bool alone = options->coder == PRISM_CODER_ZSTD, worth = true;
    role.without_rival = true;
    prism_status status = px_rival_make(&rival, &request, error);
    if (status == PRISM_OK && !alone)
        status = px_rival_is_clear(&alone, &rival, error);
    if (status == PRISM_OK && !alone)
        status = px_chunk_encode(out, used, c->array, c->elements, options, role, error);
    if (status == PRISM_OK && !alone)
        status = px_rival_may_win(&worth, &rival, out->size, error);
    if (status == PRISM_OK && worth)
        status = encode_by_rival(out, used, c, &rival, error);
    px_rival_free(&rival);
    return status;
}

prism_status px_chunk_encode(px_buffer *out, px_pipeline *used, const prism_array *array,
                             const void *elements, const prism_options *options, px_chunk_role role,
                             prism_error *error) {
    content c;
    px_mapped mapped;
    prism_status status = content_make(&c, array, elements, options, error);
    if (status == PRISM_OK)
        status = px_stages_check(options->transform, options->predictor, options->coder, error);
    if (status == PRISM_OK && !role.without_rival && px_rival_suits(array, options, role.depth))
        return encode_either(out, used, &c, options, role, error);
    if (status == PRISM_OK)
        status = px_mapping_encode(&mapped,
                                   &(px_mapping_request){&c.squeezed.array, elements, &c.options,
                                                         role.depth, &inner_codec},
                                   error);
    if (status != PRISM_OK)
        return status;
    if (mapped.used) {
        px_chunk chunk = chunk_of(&c, &mapped.pipeline);
        chunk.is_mapped = true;
        status = write_chunk(out, used, &chunk, &mapped.sections, &c, error);
    } else if (px_type_is_narrow(array->type)) {
        status = encode_integers(out, used, &c, role.of_wide, error);
    } else {
        px_chunk chunk = {.array = *array};
        status = write_chunk(out, used, &chunk, NULL, &c, error);
    }
    px_mapped_free(&mapped);
    return status;
}

/* ---- Decoding ---- */

prism_status px_chunk_decode(const px_chunk *chunk, void *elements, int threads, unsigned depth,
                             prism_error *error) {
    return chunk->is_mapped
               ? px_mapping_decode(chunk, elements, threads, depth, &inner_codec, error)
               : px_pipeline_decode(chunk, elements, threads, error);
}

uint64_t px_chunk_memory(const px_chunk *chunk, unsigned depth) {
    return chunk->is_mapped ? px_mapping_memory(chunk, depth, &inner_codec)
                            : px_pipeline_memory(chunk);
}

prism_method px_chunk_method(const px_chunk *chunk) {
    px_chunk inner = *chunk;
    for (int depth = 0; inner.is_mapped; depth++) {
        const px_chunk outer = inner;
        if (depth == PX_CHUNK_DEPTH || !px_mapping_inner(&inner, &outer))
            return PRISM_METHOD_NONE;
    }
    return px_pipeline_method(&inner);
}

/* Whether even single planes take all elements first: those of any type, which are no samples. */
static bool is_whole(const px_chunk *chunk) {
    return chunk->is_mapped || px_takes_elements(chunk->pipeline.coder);
}

uint64_t px_chunk_planes_memory(const px_chunk *chunk, size_t planes) {
    const px_layout layout = px_layout_make(&chunk->array, chunk->pipeline.axis);
    const uint64_t element = prism_type_size(chunk->array.type);
    const uint64_t size = (uint64_t)layout.height * layout.width;
    const uint64_t picked =
        is_whole(chunk) ? layout.count * size * element
                        : layout.count * sizeof(bool) +
                              planes * (uint64_t)px_plane_stride((size_t)size) * sizeof(int16_t);
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
    return is_whole(chunk)
               ? decode_and_pick(chunk, planes, count, elements, threads, error)
               : px_pipeline_decode_planes(chunk, planes, count, elements, threads, error);
}
