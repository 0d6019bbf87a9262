/* Group after group of planes. Nothing goes from one group to the next but the words of the entropy
 * coder, which follow each other. */
#include "coders/ans/lsq/chunk.h"

#include <string.h>

#include "base/sizes.h"
#include "base/status.h"
#include "coders/ans/lsq/decode.h"
#include "planes/fold.h"

/* Columns and rows are counted in 32 bits with room to spare. */
enum { EDGE_LIMIT = 1 << 30 };

static bool is_codable(const px_planes *planes) {
    return planes->width < EDGE_LIMIT && planes->height < EDGE_LIMIT;
}

static size_t group_size(const px_planes *planes, size_t first) {
    size_t left = planes->count - first;
    return left < PX_GROUP ? left : PX_GROUP;
}

static bool mixes(const px_planes *planes, size_t first, const px_pipeline *pipeline) {
    return pipeline->transform == PRISM_TRANSFORM_CHANNELS && group_size(planes, first) > 1;
}

static prism_status encode_groups(const px_planes *planes, px_pipeline *pipeline, int effort,
                                  size_t limit, px_encode_group encode_group, px_sections *out,
                                  prism_error *error) {
    bool too_long = !is_codable(planes);
    prism_status status = PRISM_OK;
    if (planes->count == 1)
        pipeline->transform = PRISM_TRANSFORM_NONE;
    for (size_t first = 0; first < planes->count && status == PRISM_OK && !too_long;
         first += PX_GROUP) {
        const px_group_task task = {.mixes = mixes(planes, first, pipeline),
                                    .effort = effort,
                                    .swift = pipeline->swift,
                                    .limit =
                                        out->payload.size < limit ? limit - out->payload.size : 0};
        status =
            encode_group(planes, first, group_size(planes, first), &task, out, &too_long, error);
    }
    if (status == PRISM_OK && too_long)
        px_buffer_exceed(&out->payload, limit);
    return status;
}

prism_status px_chunk_of_groups_encode(const px_planes *planes, px_pipeline *pipeline, int effort,
                                       size_t limit, px_encode_group encode_group, px_sections *out,
                                       prism_error *error) {
    px_pool pool = {.count = 0};
    px_planes folded;
    prism_status status = px_fold(&folded, planes, &pool, error);
    if (status == PRISM_OK)
        status = encode_groups(&folded, pipeline, effort, limit, encode_group, out, error);
    px_pool_free(&pool);
    return status;
}

size_t px_words_room(const px_planes *planes, size_t limit) {
    enum {
        SAMPLE = 8,     /* bytes: a digit, an escape of two words, low bits */
        PLANE = 64,     /* the states, if a segment begins with it */
        SLACK = 1 << 13 /* words that a block of steps may need, and more */
    };
    const size_t plane = px_sum(px_product(px_plane_size(planes), SAMPLE), PLANE);
    const size_t most = px_product(planes->count, plane);
    return (limit < most ? limit : most) / 2 + SLACK;
}

uint64_t px_words_memory(size_t payload_size) {
    return ((uint64_t)payload_size / 2 + PX_WAVE_GUARD) * sizeof(uint16_t);
}

prism_status px_take_words(px_wave_stream *stream, px_reader *payload, px_pool *pool,
                           prism_error *error) {
    size_t count = px_reader_left(payload) / 2;
    uint16_t *words = px_pool_take(pool, px_product(px_sum(count, PX_WAVE_GUARD), sizeof *words));
    if (!words)
        return px_pool_status(pool, error);
    memcpy(words, px_get_bytes(payload, 2 * count), 2 * count);
    memset(words + count, 0, PX_WAVE_GUARD * sizeof *words);
    for (size_t i = 0; i < count; i++)
        words[i] = px_little_endian_16(words[i]);
    stream->words = words;
    stream->end = words + count;
    return px_reader_left(payload) ? px_fail(error, PRISM_E_CORRUPT, "half a word is left over")
                                   : PRISM_OK;
}

static prism_status decode_group(px_planes *planes, size_t first, const px_pipeline *pipeline,
                                 bool quick, px_reader *parameters, px_wave_stream *stream,
                                 bool late, prism_error *error) {
    px_lsq_model model;
    prism_status status = px_model_alloc(&model, planes, group_size(planes, first), quick,
                                         mixes(planes, first, pipeline), error);
    if (status != PRISM_OK)
        return status;
    status = px_model_read(&model, parameters, error);
    if (status == PRISM_OK && !px_wave_begin(stream))
        status = px_fail(error, PRISM_E_CORRUPT, "the coded samples have no beginning");
    if (status == PRISM_OK)
        status = px_lsq_decode_group(planes, first, &model, stream, late, error);
    if (status == PRISM_OK && !px_wave_ended(stream))
        status = px_fail(error, PRISM_E_CORRUPT, "the coded samples do not end as they should");
    px_model_free(&model);
    return status;
}

/* Where a group keeps what all of its planes come from until the end, they need no memory before.
 */
static bool is_late(const px_planes *planes, const px_pipeline *pipeline) {
    return planes->count == 1 || (planes->count <= PX_GROUP && mixes(planes, 0, pipeline));
}

static prism_status decode_groups(px_planes *planes, const px_pipeline *pipeline, bool quick,
                                  px_reader *parameters, px_wave_stream *stream,
                                  prism_error *error) {
    const bool late = is_late(planes, pipeline);
    prism_status status = PRISM_OK;
    if (!is_codable(planes))
        return px_fail(error, PRISM_E_CORRUPT, "planes are too large for coder ans");
    if (!late)
        status = px_planes_take(planes, error);
    for (size_t first = 0; first < planes->count && status == PRISM_OK; first += PX_GROUP)
        status = decode_group(planes, first, pipeline, quick, parameters, stream, late, error);
    if (status == PRISM_OK && (stream->words != stream->end || px_reader_left(parameters)))
        status = px_fail(error, PRISM_E_CORRUPT, "bytes after the coded samples");
    return status;
}

prism_status px_chunk_of_groups_decode(px_planes *planes, const px_pipeline *pipeline, bool quick,
                                       px_reader *parameters, px_reader *payload,
                                       prism_error *error) {
    px_pool pool = {.count = 0};
    px_planes folded = px_fold_shape(planes);
    px_wave_stream stream = {.failed = 0};
    px_wave_start(&stream, quick);
    prism_status status = px_take_words(&stream, payload, &pool, error);
    if (status == PRISM_OK)
        status = decode_groups(&folded, pipeline, quick, parameters, &stream, error);
    px_pool_free(&pool);
    if (!px_is_folded(planes)) {
        planes->samples = folded.samples;
        return status;
    }
    if (status == PRISM_OK)
        status = px_planes_take(planes, error);
    if (status == PRISM_OK)
        px_unfold(planes, &folded);
    px_planes_free(&folded);
    return status;
}

static uint64_t larger(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

static bool may_be_wide(const px_group_kind *kind, size_t count) {
    return kind->mixes && !kind->quick && count <= PX_WIDE_PLANES;
}

/* Of the groups, the first is the largest; which weights the last one has is not known yet. */
uint64_t px_chunk_of_groups_memory(const px_planes *planes, const px_pipeline *pipeline, bool quick,
                                   px_reader parameters, size_t payload_size) {
    const px_planes folded = px_fold_shape(planes);
    const size_t count = group_size(planes, 0);
    const size_t last = (planes->count - 1) % PX_GROUP + 1;
    px_group_kind kind = {
        .quick = quick, .mixes = mixes(planes, 0, pipeline), .late = is_late(planes, pipeline)};
    kind.wide = may_be_wide(&kind, count) && px_model_is_wide(parameters, quick, kind.mixes);
    if (!is_codable(&folded))
        return px_words_memory(payload_size);
    uint64_t group = px_lsq_decode_memory(&folded, count, &kind);
    kind.wide = may_be_wide(&kind, last);
    if (planes->count > count)
        group = larger(group, px_lsq_decode_memory(&folded, last, &kind));
    uint64_t bytes = px_words_memory(payload_size) + group;
    if (!kind.late)
        bytes += px_planes_bytes(&folded);
    return px_is_folded(planes) ? larger(bytes, px_planes_bytes(&folded) + px_planes_bytes(planes))
                                : bytes;
}
