/* Group after group of planes. Nothing goes from one group to the next but the words of the entropy
 * coder, which follow each other. */
#include "coders/ans/lsq/chunk.h"

#include <stdlib.h>

#include "base/effort.h"
#include "base/pool.h"
#include "base/sizes.h"
#include "base/status.h"
#include "coders/ans/lsq/bands.h"
#include "coders/ans/lsq/block_row.h"
#include "coders/ans/lsq/decode.h"
#include "coders/ans/lsq/encoder.h"
#include "planes/fold.h"

/* Columns and rows are counted in 32 bits with room to spare. */
enum { EDGE_LIMIT = 1 << 30 };

static bool is_codable(const px_planes *planes) {
    return planes->width < EDGE_LIMIT && planes->height < EDGE_LIMIT;
}

static bool is_mixed(const px_pipeline *pipeline) {
    return pipeline->transform == PRISM_TRANSFORM_CHANNELS;
}

static size_t group_size(const px_planes *planes, size_t first) {
    size_t left = planes->count - first;
    return left < PX_GROUP ? left : PX_GROUP;
}

static bool mixes(const px_planes *planes, size_t first, const px_pipeline *pipeline) {
    return is_mixed(pipeline) && group_size(planes, first) > 1;
}

/* ---- Encoding ---- */

static px_group_task task_of(const px_planes *planes, size_t first, const px_task *task,
                             size_t coded) {
    return (px_group_task){.first = first,
                           .count = group_size(planes, first),
                           .quick = task->method == PRISM_METHOD_QUICK,
                           .mixes = mixes(planes, first, &task->pipeline),
                           .may_have_bands = px_bands_possible(planes),
                           .threads = task->pipeline.threads,
                           .effort = task->effort,
                           .swift = task->swift,
                           .limit = coded < task->limit ? task->limit - coded : 0};
}

static prism_status encode_group(const px_planes *planes, const px_group_task *task,
                                 px_sections *out, bool *too_long, prism_error *error) {
    px_lsq_encoder encoder;
    prism_status status = px_lsq_encoder_make(&encoder, planes, task, error);
    if (status == PRISM_OK)
        status = (task->quick ? px_quick_fit : px_lsq_fit)(&encoder, error);
    if (status == PRISM_OK)
        status = px_lsq_encoder_write(&encoder, task->limit, out, too_long, error);
    px_lsq_encoder_free(&encoder);
    return status;
}

static bool may_be_wide(const px_group_task *task) {
    return !task->quick && task->mixes && px_efforts.wide[task->effort] &&
           task->count <= PX_WIDE_PLANES;
}

/* Whether squares pay for their weights is not to be told from covariances: where both ways are
 * gone, the second one takes the place of the first if it is smaller. */
static prism_status encode_both(const px_planes *planes, const px_group_task *task,
                                px_sections *out, bool *too_long, prism_error *error) {
    const size_t parameters = out->parameters.size, payload = out->payload.size;
    px_group_task wide_task = *task;
    wide_task.wide = true;
    px_sections wide = {.payload = {0}};
    bool wide_too_long = false;
    prism_status status = encode_group(planes, task, out, too_long, error);
    if (status == PRISM_OK)
        status = px_sections_status(out, error);
    if (status == PRISM_OK)
        status = encode_group(planes, &wide_task, &wide, &wide_too_long, error);
    if (status == PRISM_OK)
        status = px_sections_status(&wide, error);
    const size_t narrow = px_sections_size(out) - parameters - payload;
    if (status == PRISM_OK && !wide_too_long && (*too_long || px_sections_size(&wide) < narrow)) {
        out->parameters.size = parameters;
        out->payload.size = payload;
        px_sections_append(out, &wide);
        *too_long = false;
    }
    px_sections_free(&wide);
    return status;
}

/* Where planes are smaller, or have data here and there, bands are not worth it; squares of wide
 * weights miss the rows beyond the edge of a band, which costs 0.2 %; planes that are
 * doubled are coded at half their size, which bands cannot be. */
static bool suits_bands(const px_planes *planes, const px_group_task *task) {
    enum { ROWS = 128, SAMPLES = 1 << 14 };
    return px_bands_possible(planes) && planes->height >= ROWS && !may_be_wide(task) &&
           px_plane_size(planes) >= SAMPLES && !planes->holes &&
           !px_lsq_has_doubled(planes, task->first, task->count);
}

/* The planes of a group as two bands side by side, as blocks are; the task becomes that of the row,
 * which needs the bands and the planes for as long. */
static prism_status make_bands(px_planes *row, px_rectangle bands[PX_BANDS], px_group_task *task,
                               const px_planes *planes, prism_error *error) {
    const px_block_list list = {bands, PX_BANDS, true};
    for (size_t i = 0; i < PX_BANDS; i++)
        bands[i] = px_band_at(planes, i);
    task->bands = bands;
    task->banded = planes;
    task->block_width = planes->width;
    return px_block_row_shape(row, planes, task->count, &list, error);
}

prism_status px_lsq_chunk_encode(const px_planes *planes, const px_task *task, px_coded *out,
                                 prism_error *error) {
    px_pool pool = {.count = 0};
    px_planes folded;
    const bool mixed = is_mixed(&task->pipeline);
    prism_status status = px_fold(&folded, planes, mixed, &pool, error);
    if (status == PRISM_OK)
        status = px_fold_holes(&folded, planes, mixed, error);
    bool too_long = status == PRISM_OK && !is_codable(&folded);
    if (planes->count == 1)
        out->pipeline.transform = PRISM_TRANSFORM_NONE;
    for (size_t first = 0; status == PRISM_OK && !too_long && first < folded.count;
         first += PX_GROUP) {
        px_group_task group = task_of(&folded, first, task, out->sections.payload.size);
        px_sections *to = &out->sections;
        px_planes row = {.count = 0};
        px_rectangle bands[PX_BANDS];
        if (suits_bands(&folded, &group))
            status = make_bands(&row, bands, &group, &folded, error);
        const px_planes *coded = group.bands ? &row : &folded;
        if (status == PRISM_OK)
            status = may_be_wide(&group) ? encode_both(coded, &group, to, &too_long, error)
                                         : encode_group(coded, &group, to, &too_long, error);
        px_planes_free(&row);
    }
    if (status == PRISM_OK && too_long)
        px_buffer_exceed(&out->sections.payload, task->limit);
    if (px_is_folded(planes, mixed))
        free(folded.holes);
    px_pool_free(&pool);
    return status;
}

/* ---- Decoding ---- */

/* Where the first group keeps what all of its planes come from until its end, planes need no memory
 * before. */
static bool is_late(const px_planes *planes, const px_pipeline *pipeline) {
    return planes->count == 1 || mixes(planes, 0, pipeline);
}

static prism_status decode_groups(px_planes *planes, const px_pipeline *pipeline,
                                  px_group_kind kind, px_reader *parameters, px_rans_stream *stream,
                                  prism_error *error) {
    prism_status status = PRISM_OK;
    kind.late = is_late(planes, pipeline);
    kind.may_have_bands = px_bands_possible(planes);
    if (!is_codable(planes))
        return px_fail(error, PRISM_E_CORRUPT, "planes are too large for coder ans");
    if (!kind.late)
        status = px_planes_take(planes, error);
    for (size_t first = 0; first < planes->count && status == PRISM_OK; first += PX_GROUP) {
        kind.mixes = mixes(planes, first, pipeline);
        kind.late = kind.late && first == 0;
        status = px_lsq_decode_group(planes, first, group_size(planes, first), &kind, parameters,
                                     stream, error);
    }
    if (status == PRISM_OK && (stream->words != stream->end || px_reader_left(parameters)))
        status = px_fail(error, PRISM_E_CORRUPT, "bytes after the coded samples");
    return status;
}

/* Those of lines take the place of those of planes. */
static prism_status take_holes(px_planes *folded, px_planes *planes, bool mixed,
                               prism_error *error) {
    prism_status status = px_fold_holes(folded, planes, mixed, error);
    if (status == PRISM_OK && px_is_folded(planes, mixed)) {
        free(planes->holes);
        planes->holes = NULL;
    }
    return status;
}

prism_status px_lsq_chunk_decode(px_planes *planes, const px_pipeline *pipeline, bool quick,
                                 px_reader *parameters, px_reader *payload, int threads,
                                 prism_error *error) {
    const px_group_kind kind = {.quick = quick, .threads = threads};
    px_pool pool = {.count = 0};
    px_planes folded = px_fold_shape(planes, is_mixed(pipeline));
    px_rans_stream stream = {.failed = 0};
    px_rans_start(&stream, quick ? PX_MAX_STATES : PX_RANS_LANES);
    prism_status status = take_holes(&folded, planes, is_mixed(pipeline), error);
    if (status == PRISM_OK)
        status = px_rans_get(&stream, payload, &pool, error);
    if (status == PRISM_OK)
        status = decode_groups(&folded, pipeline, kind, parameters, &stream, error);
    px_pool_free(&pool);
    if (!px_is_folded(planes, is_mixed(pipeline))) {
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

static bool kind_may_be_wide(const px_group_kind *kind, size_t count) {
    return kind->mixes && !kind->quick && count <= PX_WIDE_PLANES;
}

/* What the first group's parameters say of its model; with bands, no plane is halved. */
static px_model_sort look(px_reader parameters, size_t count, const px_group_kind *kind,
                          bool banded) {
    px_model_sort sort = px_model_look(parameters, count, kind->quick, kind->mixes);
    sort.wide &= kind_may_be_wide(kind, count);
    sort.halves &= !banded;
    return sort;
}

/* Of groups after the first, which come when planes have their memory: what they are is not known
 * yet. Those but the last are as large as the first. */
static uint64_t later_memory(const px_planes *planes, size_t last, const px_group_kind *first) {
    px_group_kind kind = *first;
    kind.late = false;
    const px_model_sort any = {.wide = kind_may_be_wide(&kind, last), .halves = true};
    const uint64_t small = px_lsq_decode_memory(planes, last, &kind, any);
    const uint64_t full =
        px_lsq_decode_memory(planes, PX_GROUP, &kind, (px_model_sort){false, true});
    return px_planes_bytes(planes) +
           (planes->count > 2 * PX_GROUP ? px_larger(small, full) : small);
}

uint64_t px_lsq_chunk_memory(const px_planes *planes, const px_pipeline *pipeline, bool quick,
                             px_reader parameters, size_t payload_size) {
    const px_planes folded = px_fold_shape(planes, is_mixed(pipeline));
    const size_t count = group_size(&folded, 0);
    const size_t last = (folded.count - 1) % PX_GROUP + 1;
    px_group_kind kind = {.quick = quick,
                          .mixes = mixes(&folded, 0, pipeline),
                          .late = is_late(&folded, pipeline),
                          .may_have_bands = px_bands_possible(&folded)};
    const bool banded = kind.may_have_bands && px_get_varint(&parameters) > 0;
    const bool only = folded.count == count;
    kind.may_have_bands = only ? banded : kind.may_have_bands;
    if (!is_codable(&folded))
        return px_rans_memory(payload_size);
    const px_model_sort sort = look(parameters, count, &kind, banded && only);
    uint64_t groups = px_lsq_decode_memory(&folded, count, &kind, sort);
    if (!kind.late)
        groups += px_planes_bytes(&folded);
    if (!only)
        groups = px_larger(groups, later_memory(&folded, last, &kind));
    const uint64_t bytes = px_rans_memory(payload_size) + groups;
    return px_is_folded(planes, is_mixed(pipeline))
               ? px_larger(bytes, px_planes_bytes(&folded) + px_planes_bytes(planes))
               : bytes;
}
