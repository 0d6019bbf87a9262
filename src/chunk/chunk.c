#include "chunk/chunk.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/effort.h"
#include "base/squeeze.h"
#include "base/status.h"
#include "choose/apart.h"
#include "choose/choose.h"
#include "choose/mappings.h"
#include "choose/masked.h"
#include "choose/methods.h"
#include "choose/rival.h"
#include "choose/symbols.h"
#include "lossy/lossy.h"
#include "lossy/reduced.h"
#include "mapping/mapping.h"
#include "mapping/recent.h"
#include "mapping/repeats.h"
#include "mapping/split.h"
#include "pipeline/block_reader.h"
#include "pipeline/pipeline.h"

/* Of chunks within chunks. */
static const px_inner_codec inner_codec = {px_chunk_encode, px_encode, px_chunk_memory,
                                           px_chunk_decode, px_lossy_stage_of};

/* ---- Encoding ---- */

/* The elements of a chunk, and how they are coded: as an array without dimensions of 1. */
typedef struct content {
    const prism_array *array;
    const void *elements;
    size_t size; /* bytes */
    px_squeezed squeezed;
    prism_options options; /* for the squeezed array */
    int asked_axis;
    px_scales scales;
    int unit_axis; /* asked for, of the array itself, where its dimension is 1; else AUTO */
} content;

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

static prism_status content_make(content *c, const prism_array *array, const void *elements,
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

/* A chunk of what was coded, without checksums. */
static px_chunk chunk_of(const px_coded *coded, const prism_array *array) {
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
    chunk.head_payload = chunk.is_mapped ? px_mapping_head(&chunk, &inner_codec) : 0;
    chunk.has_blocks = chunk.head_payload || px_is_in_blocks(&chunk);
    return chunk;
}

static void use_raw(px_chunk *chunk, const content *c) {
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
static px_pipeline unsqueezed(const px_pipeline *pipeline, const content *c) {
    px_pipeline whole = *pipeline;
    if (pipeline->roles.rank)
        whole.roles = px_roles_of_axes(&pipeline->roles, c->squeezed.axes);
    else
        whole.axis =
            pipeline->axis < 0 ? c->unit_axis : px_unsqueezed_axis(&c->squeezed, pipeline->axis);
    return whole;
}

/* The chunk with what was coded, or raw if that is not smaller than the elements, or nothing. Its
 * checksum is that of `decoded`, which are the elements unless something was lost. */
static prism_status write_chunk(px_buffer *out, px_pipeline *used, const px_coded *coded,
                                const void *decoded, const content *c, prism_error *error) {
    px_chunk chunk = chunk_of(coded, c->array);
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

/* ---- Coder zstd, beside mappings and integers ---- */

/* Bytes that another way must stay below: raw takes as many as the elements have. */
static size_t size_to_beat(const px_coded *coded, const px_mapping_request *request) {
    const size_t raw =
        (size_t)px_array_count(request->array) * prism_type_size(request->array->type);
    const size_t size = px_coded_size(coded);
    return size && size < raw ? size : raw;
}

/* Where deflate is the best of all else, repetitions are what counts, and zstd finds more of those
 * that are far away. */
static bool is_sure(const px_coded *coded, const px_mapping_request *request) {
    enum { LONG = 1 << 16 /* bytes */ };
    const uint64_t size = px_array_count(request->array) * prism_type_size(request->array->type);
    return size >= LONG && !coded->is_mapped && px_coded_size(coded) &&
           coded->pipeline.coder == PRISM_CODER_DEFLATE;
}

static prism_status try_rival(px_coded *coded, px_rival *rival, bool alone,
                              const px_mapping_request *request, prism_error *error) {
    px_coded other;
    bool worth = true;
    prism_status status = PRISM_OK;
    if (!alone && !is_sure(coded, request))
        status = px_rival_may_win(&worth, rival, size_to_beat(coded, request), error);
    if (status != PRISM_OK || !worth)
        return status;
    status = px_rival_encode(&other, rival, error);
    if (status == PRISM_OK && px_coded_size(&other))
        px_coded_keep_smaller(coded, &other);
    else
        px_coded_free(&other);
    return status;
}

/* ---- Lossy encoding ---- */

/* With less than this share of a quick lossless chunk, no thorough one is smaller, unless the array
 * is so small that what it has in order shows to a thorough search only. */
static const double SURELY_SMALLER = 0.4;
enum { SURELY_FROM = 1 << 16 /* bytes of the array */ };

/* The lossy chunk, in `out` if it has less than `limit` bytes. */
static prism_status encode_lossy(px_buffer *out, px_pipeline *used, const content *c, size_t limit,
                                 prism_error *error) {
    px_coded coded;
    void *decoded;
    prism_status status = px_lossy_encode(&coded, &decoded,
                                          &(px_mapping_request){.array = &c->squeezed.array,
                                                                .elements = c->elements,
                                                                .options = &c->options,
                                                                .inner = &inner_codec,
                                                                .scales = c->scales},
                                          limit, error);
    if (status == PRISM_OK && coded.is_mapped)
        status = write_chunk(out, used, &coded, decoded, c, error);
    px_coded_free(&coded);
    free(decoded);
    return status;
}

static prism_options without_bound(const prism_options *options) {
    prism_options exact = *options;
    exact.bound = PRISM_BOUND_NONE;
    exact.bound_of = PRISM_BOUND_OF_RMS;
    exact.bound_value = 0;
    return exact;
}

/* Whether a quick lossless chunk shows that no lossless one is as small as `size`. */
static prism_status is_surely_smaller(bool *surely, size_t size, const content *c,
                                      prism_error *error) {
    px_buffer quick = {0};
    px_pipeline used;
    prism_options exact = without_bound(&c->options);
    *surely = false;
    if (px_array_count(c->array) * prism_type_size(c->array->type) < SURELY_FROM)
        return PRISM_OK;
    exact.axis = c->asked_axis;
    exact.effort = 1;
    prism_status status =
        px_chunk_encode(&quick, &used, c->array, c->elements, &exact, (px_chunk_role){0}, error);
    *surely = (double)size < SURELY_SMALLER * (double)quick.size;
    px_buffer_free(&quick);
    return status;
}

/* The smaller one of a lossy chunk and a lossless one. */
static prism_status encode_bounded(px_buffer *out, px_pipeline *used, const prism_array *array,
                                   const void *elements, const prism_options *options,
                                   px_scales scales, prism_error *error) {
    content c;
    px_buffer lossy = {0};
    px_pipeline pipeline;
    bool surely = false;
    const prism_options exact = without_bound(options);
    prism_status status = px_lossy_check(array, options, error);
    if (status == PRISM_OK)
        status = content_make(&c, array, elements, options, error);
    c.scales = scales;
    if (status == PRISM_OK)
        status = encode_lossy(&lossy, &pipeline, &c, SIZE_MAX, error);
    if (status == PRISM_OK && lossy.size)
        status = is_surely_smaller(&surely, lossy.size, &c, error);
    if (status == PRISM_OK && !surely)
        status = px_chunk_encode(out, used, array, elements, &exact, (px_chunk_role){0}, error);
    if (status == PRISM_OK && lossy.size && (surely || lossy.size < out->size)) {
        px_buffer_free(out);
        *out = lossy;
        *used = pipeline;
        return PRISM_OK;
    }
    px_buffer_free(&lossy);
    return status;
}

/* ---- Encoding either way ---- */

/* *alone: coder zstd is all that need be tried, if it was not so before. */
static prism_status look_at_rival(px_survey *survey, bool *alone, px_rival *rival,
                                  prism_error *error) {
    const px_mapping_request *request = rival->request;
    prism_status status =
        px_survey_begin(survey, request->array, request->elements, request->options, error);
    return status == PRISM_OK && !*alone ? px_rival_is_clear(alone, rival, error) : status;
}

/* What stands elsewhere, too, left out. Of this and of the next two, *sure: nothing else can be
 * smaller, but for what is in `parts` already. */
static prism_status encode_repeats(px_coded *parts, bool *sure, const px_mapping_request *request,
                                   prism_error *error) {
    px_coded coded;
    prism_status status = px_repeats_encode(&coded, sure, request, error);
    if (coded.is_mapped)
        px_coded_keep_smaller(parts, &coded);
    return status;
}

static prism_status encode_colours(px_coded *parts, bool *sure, const px_mapping_request *request,
                                   prism_error *error) {
    px_colour_set set;
    px_coded coded = {.is_mapped = false};
    prism_status status = px_symbols_find(&set, sure, request, error);
    if (status == PRISM_OK && px_colour_count(&set))
        status = px_colours_encode(&coded, request, &set, error);
    if (coded.is_mapped)
        px_coded_keep_smaller(parts, &coded);
    px_colour_set_free(&set);
    return status;
}

/* Beside all else. */
static prism_status encode_recent(px_coded *parts, const px_mapping_request *request,
                                  prism_error *error) {
    px_coded coded;
    prism_status status = px_recent_encode(&coded, request, error);
    if (coded.is_mapped)
        px_coded_keep_smaller(parts, &coded);
    return status;
}

/* Planes as chunks of their own, or places without data left out. */
static prism_status encode_parts(px_coded *parts, bool *sure, const px_mapping_request *request,
                                 prism_error *error) {
    int axis;
    px_coded coded = {.is_mapped = false};
    prism_status status = px_apart_find(&axis, sure, request, error);
    if (status == PRISM_OK)
        status = axis < 0 ? px_masked_encode(&coded, sure, request, error)
                          : px_split_encode(&coded, request, axis, error);
    if (coded.is_mapped)
        px_coded_keep_smaller(parts, &coded);
    return status;
}

/* The smaller one, but that what is asked for in blocks is in blocks if either is. */
static void keep_better(px_coded *best, px_coded *parts, const px_mapping_request *request) {
    const bool blocks = px_blocks_asked(request->options);
    const bool best_is = blocks && chunk_of(best, request->array).has_blocks;
    const bool parts_are = blocks && chunk_of(parts, request->array).has_blocks;
    if (best_is == parts_are) {
        px_coded_keep_smaller(best, parts);
        return;
    }
    px_coded_free(best_is ? parts : best);
    if (parts_are)
        *best = *parts;
}

/* For mappings and integers. */
static prism_status look(px_survey *survey, const px_mapping_request *request, px_chunk_role role,
                         prism_error *error) {
    const prism_array *array = request->array;
    const bool mapped = px_mapping_suits(array, role.depth);
    const px_survey_request asked = {mapped && px_type_is_narrow(array->type), role.of_wide};
    return mapped || px_choice_needs_sample(array, request->options)
               ? px_survey_finish(survey, array, request->elements, request->options, &asked, error)
               : PRISM_OK;
}

prism_status px_chunk_encode(px_buffer *out, px_pipeline *used, const prism_array *array,
                             const void *elements, const prism_options *options, px_chunk_role role,
                             prism_error *error) {
    if (options->bound != PRISM_BOUND_NONE)
        return encode_bounded(out, used, array, elements, options, role.scales, error);
    content c;
    px_coded coded = {.is_mapped = false}, parts = {.is_mapped = false};
    px_survey survey = {.values = 0};
    bool sure = false;
    prism_status status = content_make(&c, array, elements, options, error);
    px_gaps mask = {.missing = NULL};
    if (status == PRISM_OK && role.mask)
        mask = px_gaps_squeezed(role.mask, &c.squeezed);
    const px_mapping_request request = {.array = &c.squeezed.array,
                                        .elements = elements,
                                        .options = &c.options,
                                        .depth = role.depth,
                                        .trial = role.trial,
                                        .inner = &inner_codec,
                                        .scales = role.scales,
                                        .survey = &survey,
                                        .mask = role.mask ? &mask : NULL};
    px_rival rival = {.request = &request};
    /* Methods that know of holes are ahead of it within masks; low efforts have none. */
    const bool may_rival = !role.mask || role.trial || px_efforts.brisk[options->effort];
    bool rivals = status == PRISM_OK && !px_blocks_asked(options) && may_rival &&
                  px_rival_suits(array, options, role.depth);
    bool alone = options->coder == PRISM_CODER_ZSTD;
    if (status == PRISM_OK)
        status = px_stages_check(options->transform, options->predictor, options->coder, error);
    const bool as_it_is = px_blocks_asked(options) && px_type_is_narrow(array->type);
    if (status == PRISM_OK && !role.distinct)
        status = encode_repeats(&parts, &sure, &request, error);
    if (status == PRISM_OK && !alone && !as_it_is && !sure)
        status = encode_colours(&parts, &sure, &request, error);
    if (status == PRISM_OK && !sure)
        status = encode_recent(&parts, &request, error);
    rivals &= !sure;
    if (status == PRISM_OK && rivals)
        status = look_at_rival(&survey, &alone, &rival, error);
    if (status == PRISM_OK && !alone && !sure)
        status = encode_parts(&parts, &sure, &request, error);
    const bool plain = !alone && (!sure || px_blocks_asked(options));
    if (status == PRISM_OK && plain)
        status = look(&survey, &request, role, error);
    if (status == PRISM_OK && plain && !as_it_is)
        status = px_encode_mapped(&coded, &request, error);
    if (status == PRISM_OK && plain && !coded.is_mapped && px_type_is_narrow(array->type)) {
        px_coded_free(&coded);
        status = px_encode_integers(&coded, &request, error);
    }
    if (parts.is_mapped)
        keep_better(&coded, &parts, &request);
    if (status == PRISM_OK && rivals)
        status = try_rival(&coded, &rival, alone, &request, error);
    if (status == PRISM_OK)
        status = write_chunk(out, used, &coded, elements, &c, error);
    px_rival_free(&rival);
    px_survey_free(&survey);
    px_coded_free(&coded);
    return status;
}

px_bound px_chunk_bound(const px_chunk *chunk) {
    return chunk->is_mapped ? px_lossy_bound(chunk) : (px_bound){.kind = PRISM_BOUND_NONE};
}

bool px_chunk_is_portable(const px_chunk *chunk) {
    const px_bound bound = px_chunk_bound(chunk);
    return px_lossy_is_portable(&bound);
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
        if (depth > PX_CHUNK_DEPTH || !px_mapping_inner(&inner, &outer))
            return PRISM_METHOD_NONE;
    }
    return px_pipeline_method(&inner);
}

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

/* ---- Parts ---- */

prism_status px_chunk_open_regions(px_region_reader *reader, const px_chunk *chunk,
                                   prism_error *error) {
    return px_region_reader_open(reader, chunk, 0, &inner_codec, error);
}

uint64_t px_chunk_regions_memory(const px_chunk *chunk) {
    return px_region_reader_memory(chunk, &inner_codec);
}

/* ---- Reduced pictures ---- */

uint64_t px_chunk_reduced_memory(const px_chunk *chunk, const prism_array *reduced) {
    const px_layout layout = px_layout_make(reduced, px_pipeline_axis(&chunk->pipeline));
    const size_t stride = px_plane_stride(layout.height * layout.width);
    return px_chunk_memory(chunk, 0) + (uint64_t)layout.count * stride * sizeof(int16_t);
}

prism_status px_chunk_decode_reduced(const px_chunk *chunk, int by, void *elements,
                                     prism_error *error) {
    const px_squeezed squeezed = px_squeeze(&chunk->array);
    const int axis = px_squeezed_axis(&squeezed, px_pipeline_axis(&chunk->pipeline));
    prism_array reduced;
    if (!px_reduced_array(&reduced, &squeezed.array, axis, by))
        return px_fail(error, PRISM_E_INTERNAL, "the chunk holds no pictures");
    return px_lossy_reduce(chunk, elements, &reduced, by, &inner_codec, error);
}
