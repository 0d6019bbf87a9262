/*
 * The pipeline, there and back. Elements of other types become integers before it (mapping/).
 *
 *   integers -> planes -> transform -> predictor -> coder
 *   planes.c              channels.c   paeth.c      deflate.c, jxl.c
 *                         stack.c
 *                                     `---------- coders/ans ------'
 */
#include "pipeline/pipeline.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/status.h"
#include "coders/zstd.h"
#include "planes/fold.h"

void px_prepared_free(px_prepared *prepared) {
    px_planes_free(&prepared->planes);
    px_buffer_free(&prepared->parameters);
}

/* Samples to residuals. */
static prism_status predict_planes(px_prepared *p, prism_error *error) {
    px_pipeline *pipeline = &p->task.pipeline;
    const px_transform_stage *transform = px_transform_stage_of(pipeline->transform);
    const px_predictor_stage *predictor = px_predictor_stage_of(pipeline->predictor);
    if (transform) {
        prism_status status = transform->forward(&p->planes, &p->task, &p->parameters, error);
        if (status == PRISM_OK)
            status = px_buffer_status(&p->parameters, error);
        if (status != PRISM_OK)
            return status;
        if (!p->parameters.size)
            pipeline->transform = PRISM_TRANSFORM_NONE;
    }
    if (predictor)
        predictor->forward(&p->planes);
    return PRISM_OK;
}

prism_status px_arrange_planes(px_planes *planes, const prism_array *array, const void *elements,
                               const px_pipeline *pipeline, prism_error *error) {
    const prism_array arranged = px_arranged_array(array, &pipeline->roles);
    const px_layout layout = px_layout_make(&arranged, pipeline->axis);
    const bool keeps = px_roles_keep_order(&pipeline->roles);
    const size_t size = (size_t)px_array_count(array) * prism_type_size(array->type);
    void *turned = keeps ? NULL : malloc(size);
    if (!keeps && !turned)
        return px_out_of_memory(error, size);
    if (!keeps)
        px_arrange(turned, array, &pipeline->roles, elements, pipeline->threads);
    const prism_status status = px_planes_alloc(planes, &arranged, &layout, error);
    if (status == PRISM_OK)
        px_planes_load_by(planes, &arranged, &layout, keeps ? elements : turned, pipeline->threads);
    free(turned);
    return status;
}

static bool has_holes(const px_pipeline *pipeline, const px_gaps *mask) {
    return mask && px_coder_predicts(pipeline->coder);
}

static px_roles order_of(const px_pipeline *pipeline, const prism_array *array) {
    return pipeline->roles.rank ? pipeline->roles : px_roles_along(pipeline->axis, array->rank);
}

prism_status px_prepare(px_prepared *prepared, const prism_array *array, const void *elements,
                        const px_task *task, prism_error *error) {
    *prepared = (px_prepared){.task = *task};
    prism_status status =
        px_arrange_planes(&prepared->planes, array, elements, &task->pipeline, error);
    const px_gaps *mask = px_gaps_for(task->mask, array);
    const px_roles order = order_of(&task->pipeline, array);
    if (status == PRISM_OK && has_holes(&task->pipeline, mask))
        status = px_holes_make(&prepared->planes.holes, mask, array, &order, error);
    if (status == PRISM_OK && !px_coder_predicts(task->pipeline.coder))
        status = predict_planes(prepared, error);
    if (status != PRISM_OK)
        px_prepared_free(prepared);
    return status;
}

prism_status px_prepared_finish(px_coded *coded, const px_prepared *prepared, prism_error *error) {
    px_put_bytes(&coded->sections.parameters, prepared->parameters.data, prepared->parameters.size);
    return px_sections_status(&coded->sections, error);
}

/* ---- Coding ---- */

void px_coded_free(px_coded *coded) {
    px_sections_free(&coded->sections);
}

prism_status px_coded_finish(px_coded *coded, prism_status status, prism_error *error) {
    if (status == PRISM_OK)
        status = px_sections_status(&coded->sections, error);
    if (status != PRISM_OK)
        px_coded_free(coded);
    return status;
}

size_t px_coded_size(const px_coded *coded) {
    return px_sections_size(&coded->sections);
}

void px_coded_keep_smaller(px_coded *best, px_coded *tried) {
    const size_t least = px_coded_size(best);
    const bool smaller = !least || px_coded_size(tried) < least;
    px_coded_free(smaller ? best : tried);
    if (smaller)
        *best = *tried;
}

prism_status px_try(px_coded *best, const px_planes *planes, const px_task *task,
                    prism_error *error) {
    const px_coder_stage *coder = px_coder_stage_of(task->pipeline.coder, task->method);
    px_coded tried = {.pipeline = task->pipeline};
    if (task->method)
        px_put_u8(&tried.sections.parameters, (uint8_t)task->method);
    prism_status status = coder->encode(planes, task, &tried, error);
    status = px_coded_finish(&tried, status, error);
    if (status == PRISM_OK)
        px_coded_keep_smaller(best, &tried);
    return status;
}

/* ---- Residuals ---- */

static void average_planes(float *means, const px_planes *planes) {
    for (size_t p = 0; p < px_plane_size(planes); p++) {
        int64_t sum = 0;
        for (size_t k = 0; k < planes->count; k++)
            sum += abs(px_plane(planes, k)[p]);
        means[p] = (float)((double)sum / (double)planes->count);
    }
}

prism_status px_pipeline_residuals(float *means, const prism_array *array, const void *elements,
                                   const px_task *task, prism_error *error) {
    px_prepared prepared;
    if (px_coder_predicts(task->pipeline.coder) || task->pipeline.predictor == PRISM_PREDICTOR_LSQ)
        return px_fail(error, PRISM_E_OPTION,
                       "predictor lsq leaves no residuals: it predicts distributions");
    if (!px_type_is_narrow(array->type))
        return px_fail(error, PRISM_E_TYPE, "residuals are those of integers of 8 and 16 bits");
    prism_status status = px_prepare(&prepared, array, elements, task, error);
    if (status != PRISM_OK)
        return status;
    average_planes(means, &prepared.planes);
    px_prepared_free(&prepared);
    return PRISM_OK;
}

/* ---- Decoding ---- */

/* Residuals to samples. */
static prism_status restore_planes(px_planes *planes, const px_pipeline *pipeline,
                                   px_reader *parameters, prism_error *error) {
    const px_transform_stage *transform = px_transform_stage_of(pipeline->transform);
    const px_predictor_stage *predictor = px_predictor_stage_of(pipeline->predictor);
    if (predictor)
        predictor->inverse(planes);
    return transform ? transform->inverse(planes, parameters, error) : PRISM_OK;
}

/* The method's number is the first of coder ans' parameters. */
static prism_method take_method(prism_coder coder, px_reader *parameters) {
    return coder == PRISM_CODER_ANS ? (prism_method)px_get_u8(parameters) : PRISM_METHOD_NONE;
}

static prism_status decode_planes(px_planes *planes, const px_chunk *chunk,
                                  const px_request *request, prism_error *error) {
    px_reader parameters = px_reader_make(chunk->parameters, chunk->parameter_size);
    px_reader payload = px_reader_make(chunk->payload, chunk->payload_size);
    const prism_method method = take_method(chunk->pipeline.coder, &parameters);
    const px_coder_stage *coder = px_coder_stage_of(chunk->pipeline.coder, method);
    if (!coder)
        return px_fail(error, PRISM_E_CORRUPT, "method %u of coder ans is not known",
                       (unsigned)method);
    if (chunk->has_blocks != (method == PRISM_METHOD_BLOCKS))
        return px_fail(error, PRISM_E_CORRUPT,
                       "a chunk says that it is in blocks and is not, or the reverse");
    prism_status status = coder->late ? PRISM_OK : px_planes_take(planes, error);
    if (status == PRISM_OK)
        status = coder->decode(planes, &chunk->pipeline, &parameters, &payload, request, error);
    if (status == PRISM_OK && !px_coder_predicts(chunk->pipeline.coder))
        status = restore_planes(planes, &chunk->pipeline, &parameters, error);
    if (status == PRISM_OK && px_reader_left(&parameters))
        status = px_fail(error, PRISM_E_CORRUPT, "%zu bytes of parameters belong to no stage",
                         px_reader_left(&parameters));
    return status;
}

/* That elements take before they are in the order of the array; 0 where they are at once. */
static size_t arranged_bytes(const px_chunk *chunk) {
    return px_roles_keep_order(&chunk->pipeline.roles)
               ? 0
               : (size_t)px_array_count(&chunk->array) * prism_type_size(chunk->array.type);
}

static prism_status decode_raw(const px_chunk *chunk, void *elements, prism_error *error) {
    size_t size;
    prism_status status = prism_array_size(&chunk->array, &size, error);
    if (status == PRISM_OK && (chunk->payload_size != size || chunk->parameter_size))
        return px_fail(error, PRISM_E_CORRUPT, "%zu bytes are stored raw for an array of %zu",
                       chunk->payload_size, size);
    if (status == PRISM_OK)
        memcpy(elements, chunk->payload, chunk->payload_size);
    return status;
}

/* Where elements are decoded to before they are in the order of the array: the elements themselves,
 * or memory of its own. */
static void *turned_of(const px_chunk *chunk, void *elements) {
    const size_t size = arranged_bytes(chunk);
    return size ? malloc(size) : elements;
}

/* Ends what turned_of began. */
static void turn_back(void *elements, const px_chunk *chunk, void *turned, int threads) {
    if (turned == elements)
        return;
    px_rearrange(elements, &chunk->array, &chunk->pipeline.roles, turned, threads);
    free(turned);
}

static prism_status decode_zstd(const px_chunk *chunk, void *elements, prism_error *error) {
    const prism_array arranged = px_arranged_array(&chunk->array, &chunk->pipeline.roles);
    px_reader parameters = px_reader_make(chunk->parameters, chunk->parameter_size);
    px_reader payload = px_reader_make(chunk->payload, chunk->payload_size);
    void *turned = turned_of(chunk, elements);
    if (!turned)
        return px_out_of_memory(error, arranged_bytes(chunk));
    prism_status status =
        px_zstd_decode(turned, &arranged, chunk->pipeline.axis, &parameters, &payload, error);
    if (status == PRISM_OK && px_reader_left(&parameters))
        status = px_fail(error, PRISM_E_CORRUPT, "bytes after the end of the byte transform");
    if (status == PRISM_OK)
        turn_back(elements, chunk, turned, 1);
    else if (turned != elements)
        free(turned);
    return status;
}

/* Planes to elements. */
static prism_status store_planes(const px_planes *planes, const px_chunk *chunk, void *elements,
                                 int threads, prism_error *error) {
    const prism_array arranged = px_arranged_array(&chunk->array, &chunk->pipeline.roles);
    const px_layout layout = px_layout_make(&arranged, chunk->pipeline.axis);
    void *turned = turned_of(chunk, elements);
    if (!turned)
        return px_out_of_memory(error, arranged_bytes(chunk));
    px_planes_store_by(planes, &arranged, &layout, turned, threads);
    turn_back(elements, chunk, turned, threads);
    return PRISM_OK;
}

static prism_status take_holes(px_planes *planes, const px_chunk *chunk, prism_error *error) {
    const px_roles order = order_of(&chunk->pipeline, &chunk->array);
    return has_holes(&chunk->pipeline, chunk->mask)
               ? px_holes_make(&planes->holes, chunk->mask, &chunk->array, &order, error)
               : PRISM_OK;
}

prism_status px_pipeline_decode(const px_chunk *chunk, void *elements, int threads,
                                prism_error *error) {
    if (px_takes_elements(chunk->pipeline.coder))
        return chunk->pipeline.coder == PRISM_CODER_RAW ? decode_raw(chunk, elements, error)
                                                        : decode_zstd(chunk, elements, error);
    const px_layout layout = px_pipeline_layout(&chunk->pipeline, &chunk->array);
    px_planes planes = px_planes_shape(&chunk->array, &layout);
    prism_status status = take_holes(&planes, chunk, error);
    if (status == PRISM_OK)
        status = decode_planes(&planes, chunk, &(px_request){.threads = threads}, error);
    if (status == PRISM_OK)
        status = store_planes(&planes, chunk, elements, threads, error);
    px_planes_free(&planes);
    return status;
}

prism_method px_pipeline_method(const px_chunk *chunk) {
    px_reader parameters = px_reader_make(chunk->parameters, chunk->parameter_size);
    const prism_method method = take_method(chunk->pipeline.coder, &parameters);
    return px_coder_stage_of(chunk->pipeline.coder, method) ? method : PRISM_METHOD_NONE;
}

static uint64_t planes_memory(const px_planes *planes, const px_pipeline *pipeline,
                              px_reader parameters, size_t payload_size) {
    const prism_method method = take_method(pipeline->coder, &parameters);
    const px_coder_stage *coder = px_coder_stage_of(pipeline->coder, method);
    const px_transform_stage *transform = px_transform_stage_of(pipeline->transform);
    if (!coder)
        return 0;
    const uint64_t coding = coder->decode_memory(planes, pipeline, parameters, payload_size);
    const uint64_t lifting =
        transform && !px_coder_predicts(pipeline->coder) ? transform->inverse_memory(planes) : 0;
    return (coder->late ? 0 : px_planes_bytes(planes)) + (coding > lifting ? coding : lifting);
}

/* Of what is left when there are holes: beside it lie their maps, those of lines in their place, or
 * one of all planes together. */
static uint64_t memory_with_holes(const px_chunk *chunk, const px_planes *planes, uint64_t rest) {
    const px_pipeline *pipeline = &chunk->pipeline;
    if (!has_holes(pipeline, chunk->mask))
        return rest;
    const bool mixed = pipeline->transform == PRISM_TRANSFORM_CHANNELS;
    const px_roles order = order_of(pipeline, &chunk->array);
    const uint64_t link = px_holes_link_bytes(planes->height, planes->width);
    const uint64_t maps = px_holes_bytes(chunk->mask, &chunk->array, &order);
    const prism_method method = px_pipeline_method(chunk);
    const bool by_lines = method == PRISM_METHOD_QUICK || method == PRISM_METHOD_LSQ;
    if (by_lines && px_is_folded(planes, mixed)) {
        const uint64_t lines = px_fold_holes_bytes(planes, mixed);
        return px_larger(maps + px_larger(link, lines), lines + rest);
    }
    const bool joins = method == PRISM_METHOD_ADAPTIVE;
    const uint64_t joint = joins ? px_holes_maps_bytes(planes->height, planes->width, 1) + link : 0;
    return maps + px_larger(link, joint + rest);
}

uint64_t px_pipeline_memory(const px_chunk *chunk) {
    const px_pipeline *pipeline = &chunk->pipeline;
    const px_reader parameters = px_reader_make(chunk->parameters, chunk->parameter_size);
    if (pipeline->coder == PRISM_CODER_RAW)
        return 0;
    if (px_takes_elements(pipeline->coder))
        return arranged_bytes(chunk) + px_zstd_memory(&chunk->array, parameters);
    const px_layout layout = px_pipeline_layout(pipeline, &chunk->array);
    const px_planes planes = px_planes_shape(&chunk->array, &layout);
    const uint64_t decoding = planes_memory(&planes, pipeline, parameters, chunk->payload_size);
    const uint64_t storing = px_planes_bytes(&planes) + arranged_bytes(chunk);
    return memory_with_holes(chunk, &planes, px_larger(decoding, storing));
}

uint64_t px_coded_memory(const px_coded *coded, const prism_array *array, const px_gaps *mask) {
    const px_sections *sections = &coded->sections;
    const px_chunk chunk = {.array = *array,
                            .pipeline = coded->pipeline,
                            .parameters = sections->parameters.data,
                            .parameter_size = sections->parameters.size,
                            .payload_size = sections->payload.size,
                            .mask = mask};
    const uint64_t codes = mask ? px_array_count(&mask->array) : 0;
    return codes + px_pipeline_memory(&chunk);
}

/* ---- Some planes ---- */

/* The axes of a picture in place of those of planes, and before them all planes as one axis. */
static void join_axes(px_chunk *joined, const px_chunk *chunk) {
    const px_roles *roles = &chunk->pipeline.roles;
    uint32_t counting = 0;
    int place[PRISM_MAX_RANK] = {0};
    for (unsigned i = 0; i < roles->planes; i++)
        counting |= UINT32_C(1) << roles->axes[i];
    joined->array.rank = 1;
    for (unsigned i = 0; i < chunk->array.rank; i++)
        if (!(counting >> i & 1)) {
            place[i] = (int)joined->array.rank;
            joined->array.dims[joined->array.rank++] = chunk->array.dims[i];
        }
    joined->pipeline.roles = (px_roles){.rank = 1, .planes = 1};
    for (unsigned i = roles->planes; i < roles->rank; i++)
        joined->pipeline.roles.axes[joined->pipeline.roles.rank++] = (uint8_t)place[roles->axes[i]];
}

px_chunk px_chunk_of_some(const px_chunk *chunk, size_t count) {
    px_chunk some = *chunk;
    const int axis = px_pipeline_axis(&chunk->pipeline);
    if (axis >= 0) {
        some.array.dims[axis] = count;
    } else if (chunk->pipeline.axis >= 0) {
        join_axes(&some, chunk);
        some.array.dims[0] = count;
    }
    return some;
}

static prism_status store_some(const px_planes *all, const px_chunk *chunk, const uint64_t *planes,
                               size_t count, void *elements, prism_error *error) {
    const px_chunk part = px_chunk_of_some(chunk, count);
    const px_layout layout = px_pipeline_layout(&part.pipeline, &part.array);
    px_planes some;
    prism_status status = px_planes_alloc(&some, &part.array, &layout, error);
    if (status != PRISM_OK)
        return status;
    for (size_t i = 0; i < count; i++)
        memcpy(px_plane(&some, i), px_plane(all, (size_t)planes[i]),
               px_plane_size(all) * sizeof *all->samples);
    status = store_planes(&some, &part, elements, 1, error);
    px_planes_free(&some);
    return status;
}

prism_status px_pipeline_decode_planes(const px_chunk *chunk, const uint64_t *planes, size_t count,
                                       void *elements, int threads, prism_error *error) {
    const px_layout layout = px_pipeline_layout(&chunk->pipeline, &chunk->array);
    px_planes all = px_planes_shape(&chunk->array, &layout);
    bool *wanted = calloc(layout.count, sizeof *wanted);
    if (!wanted)
        return px_out_of_memory(error, layout.count);
    for (size_t i = 0; i < count; i++)
        wanted[planes[i]] = true;
    prism_status status =
        decode_planes(&all, chunk, &(px_request){.wanted = wanted, .threads = threads}, error);
    if (status == PRISM_OK)
        status = store_some(&all, chunk, planes, count, elements, error);
    free(wanted);
    px_planes_free(&all);
    return status;
}
