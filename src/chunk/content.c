#include "chunk/content.h"

#include "base/array.h"
#include "base/status.h"
#include "chunk/chunk.h"
#include "pipeline/block_reader.h"

/* Blocks are of one method. */
static void use_blocks(prism_options *options) {
    options->predictor = PRISM_PREDICTOR_LSQ;
    options->coder = PRISM_CODER_ANS;
}

/* Axes that count from the end as such that count from the beginning; `rank` for one that is not
 * there. */
static int counted_axis(int axis, int rank) {
    if (axis > PRISM_AXIS_LAST)
        return axis;
    const int from_end = PRISM_AXIS_LAST - axis;
    return from_end < rank ? rank - 1 - from_end : rank;
}

prism_status px_content_make(px_content *c, const prism_array *array, const void *elements,
                             const prism_options *options, prism_error *error) {
    prism_status status = prism_array_size(array, &c->size, error);
    if (status != PRISM_OK)
        return status;
    const int axis = counted_axis(options->axis, (int)array->rank);
    if (axis >= (int)array->rank)
        return px_fail(error, PRISM_E_OPTION, "axis %d: the array has rank %u",
                       options->axis < 0 ? options->axis - PRISM_AXIS_LAST - 1 : axis, array->rank);
    c->array = array;
    c->elements = elements;
    c->squeezed = px_squeeze(array);
    c->options = *options;
    c->asked_axis = axis;
    c->options.axis = px_squeezed_axis(&c->squeezed, axis);
    const bool unit = axis >= 0 && c->options.axis == PX_AXIS_NONE;
    c->unit_axis = unit ? axis : PRISM_AXIS_AUTO;
    if (px_blocks_asked(options))
        use_blocks(&c->options);
    return PRISM_OK;
}

px_chunk px_chunk_of_coded(const px_coded *coded, const prism_array *array) {
    const px_sections *sections = &coded->sections;
    px_chunk chunk = {
        .array = *array,
        .pipeline = coded->pipeline,
        .is_mapped = coded->is_mapped,
        .parameters = sections->parameters.data,
        .parameter_size = sections->parameters.size,
        .payload = sections->payload.data,
        .payload_size = sections->payload.size,
        .payload_there = sections->payload.size,
        .parts = px_parts_make(coded->ends, sections->parameters.size, sections->payload.size)};
    chunk.head_payload = chunk.is_mapped ? px_mapping_head(&chunk, &px_chunk_codec) : 0;
    chunk.has_blocks = chunk.head_payload || px_is_in_blocks(&chunk);
    return chunk;
}

static void use_raw(px_chunk *chunk, const px_content *c) {
    chunk->is_mapped = chunk->has_blocks = false;
    chunk->head_payload = 0;
    chunk->pipeline = (px_pipeline){.transform = PRISM_TRANSFORM_NONE,
                                    .predictor = PRISM_PREDICTOR_NONE,
                                    .coder = PRISM_CODER_RAW,
                                    .effort = c->options.effort,
                                    .axis = PRISM_AXIS_AUTO};
    chunk->parameters = NULL;
    chunk->parameter_size = 0;
    chunk->payload = c->elements;
    chunk->payload_size = c->size;
    chunk->parts = (px_parts){.ends = {0}};
}

/* Of the array for those of the squeezed one. */
static px_pipeline unsqueezed(const px_pipeline *pipeline, const px_content *c) {
    px_pipeline whole = *pipeline;
    if (pipeline->roles.rank)
        whole.roles = px_roles_of_axes(&pipeline->roles, c->squeezed.axes);
    else
        whole.axis =
            pipeline->axis < 0 ? c->unit_axis : px_unsqueezed_axis(&c->squeezed, pipeline->axis);
    return whole;
}

prism_status px_content_write(px_buffer *out, px_pipeline *used, const px_content *c,
                              const px_coded *coded, const void *decoded, prism_error *error) {
    px_chunk chunk = px_chunk_of_coded(coded, c->array);
    chunk.pipeline = unsqueezed(&coded->pipeline, c);
    chunk.has_checksum = c->options.checksum;
    if (chunk.has_checksum)
        chunk.elements_crc = px_crc32_by(decoded, c->size, c->options.threads);
    if (!px_coded_size(coded) || px_coded_size(coded) >= c->size)
        use_raw(&chunk, c);
    *used = chunk.pipeline;
    if (used->roles.rank && !px_roles_are_valid(&used->roles, &chunk.array))
        return px_fail(error, PRISM_E_INTERNAL, "the roles of axes are not those of the array");
    return px_chunk_write(&chunk, out, error);
}
