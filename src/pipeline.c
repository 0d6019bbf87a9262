/*
 * The pipeline, there and back:
 *
 *   elements -> planes -> transform -> predictor -> coder
 *   planes.c              channels.c   paeth.c      deflate.c, jxl.c
 *                         stack.c
 *                                     `----------- native.c -------'
 */
#include "pipeline.h"

#include <string.h>

#include "status.h"

/* Samples to residuals. */
static prism_status predict_planes(px_coded *coded, px_planes *planes, prism_error *error) {
    px_pipeline *pipeline = &coded->pipeline;
    const px_transform_stage *transform = px_transform_stage_of(pipeline->transform);
    const px_predictor_stage *predictor = px_predictor_stage_of(pipeline->predictor);
    if (transform) {
        prism_status status = transform->forward(planes, pipeline, &coded->parameters, error);
        if (status != PRISM_OK)
            return status;
        if (!coded->parameters.size)
            pipeline->transform = PRISM_TRANSFORM_NONE;
    }
    if (predictor)
        predictor->forward(planes);
    return PRISM_OK;
}

static prism_status encode_planes(px_coded *coded, px_planes *planes, size_t limit,
                                  prism_error *error) {
    const px_coder_stage *coder = px_coder_stage_of(coded->pipeline.coder);
    if (!coder->predicts) {
        prism_status status = predict_planes(coded, planes, error);
        if (status != PRISM_OK)
            return status;
    }
    return coder->encode(planes, &coded->pipeline, limit, &coded->parameters, &coded->payload,
                         error);
}

prism_status px_pipeline_encode(px_coded *coded, const prism_array *array, const void *elements,
                                const px_pipeline *pipeline, size_t limit, prism_error *error) {
    *coded = (px_coded){.pipeline = *pipeline};
    px_layout layout = px_layout_make(array, pipeline->axis);
    px_planes planes;
    prism_status status = px_planes_alloc(&planes, array, &layout, error);
    if (status != PRISM_OK)
        return status;
    px_planes_load(&planes, array, &layout, elements);
    status = encode_planes(coded, &planes, limit, error);
    px_planes_free(&planes);
    if (status == PRISM_OK && (coded->parameters.failed || coded->payload.failed))
        status = px_out_of_memory(error, coded->payload.size);
    if (status != PRISM_OK)
        px_coded_free(coded);
    return status;
}

void px_coded_free(px_coded *coded) {
    px_buffer_free(&coded->parameters);
    px_buffer_free(&coded->payload);
}

/* Residuals to samples. */
static prism_status restore_planes(px_planes *planes, const px_pipeline *pipeline,
                                   px_reader *parameters, prism_error *error) {
    const px_transform_stage *transform = px_transform_stage_of(pipeline->transform);
    const px_predictor_stage *predictor = px_predictor_stage_of(pipeline->predictor);
    if (predictor)
        predictor->inverse(planes);
    return transform ? transform->inverse(planes, parameters, error) : PRISM_OK;
}

static prism_status decode_planes(px_planes *planes, const px_chunk *chunk, int threads,
                                  prism_error *error) {
    const px_coder_stage *coder = px_coder_stage_of(chunk->pipeline.coder);
    px_reader parameters = px_reader_make(chunk->parameters, chunk->parameter_size);
    px_reader payload = px_reader_make(chunk->payload, chunk->payload_size);
    prism_status status =
        coder->decode(planes, &chunk->pipeline, &parameters, &payload, threads, error);
    if (status == PRISM_OK && !coder->predicts)
        status = restore_planes(planes, &chunk->pipeline, &parameters, error);
    if (status == PRISM_OK && px_reader_left(&parameters))
        status = px_fail(error, PRISM_E_CORRUPT, "%zu bytes of parameters belong to no stage",
                         px_reader_left(&parameters));
    return status;
}

static prism_status decode_raw(const px_chunk *chunk, void *elements, prism_error *error) {
    size_t size;
    prism_status status = prism_array_size(&chunk->array, &size, error);
    if (status != PRISM_OK)
        return status;
    if (chunk->payload_size != size || chunk->parameter_size)
        return px_fail(error, PRISM_E_CORRUPT, "%zu bytes are stored raw for an array of %zu",
                       chunk->payload_size, size);
    memcpy(elements, chunk->payload, size);
    return PRISM_OK;
}

prism_status px_pipeline_decode(const px_chunk *chunk, void *elements, int threads,
                                prism_error *error) {
    if (chunk->pipeline.coder == PRISM_CODER_RAW)
        return decode_raw(chunk, elements, error);
    px_layout layout = px_layout_make(&chunk->array, chunk->pipeline.axis);
    px_planes planes;
    prism_status status = px_planes_alloc(&planes, &chunk->array, &layout, error);
    if (status != PRISM_OK)
        return status;
    status = decode_planes(&planes, chunk, threads, error);
    if (status == PRISM_OK)
        px_planes_store(&planes, &chunk->array, &layout, elements);
    px_planes_free(&planes);
    return status;
}
