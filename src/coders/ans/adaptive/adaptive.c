/*
 * The coder that learns: no weights are sent, since everything is learned from the samples before,
 * in the decoder as in the encoder. docs/format-adaptive.md.
 *
 *   planes ----> bands -> groups of bands -> rows of positions -> decisions
 *   adaptive.c   bands.c  plan.c             adaptive_kernels.c
 *
 * Transmitted weights cost a tenth of a small chunk, and forbid large neighbourhoods; learning them
 * costs time instead: the decoder works as hard as the encoder.
 */
#include <stdlib.h>

#include "base/sizes.h"
#include "coders/ans/adaptive/adaptive_kernels.h"
#include "coders/ans/adaptive/bands.h"
#include "coders/ans/adaptive/model.h"
#include "entropy/sample_range.h"
#include "planes/stages.h"

typedef struct codec {
    px_bands bands;
    px_adaptive_plan plan;
    px_range_coder coder;
    px_logistic_mixer mixer;
    px_sample_range range; /* of all coded samples */
    bool wide;             /* they have more than 8 bits */
    int32_t *offsets;      /* [coded_count] */
    int16_t *samples;      /* of a group */
    px_holes *holes; /* of positions at which no band of a group has data; NULL: there are none */
} codec;

static void codec_free(codec *c) {
    px_bands_free(&c->bands);
    px_logistic_mixer_free(&c->mixer);
    free(c->offsets);
    free(c->samples);
    free(c->holes);
}

static size_t positions_of(const codec *c) {
    return c->bands.height * c->bands.width;
}

/* Memory that depends on the number of coded bands. */
static prism_status codec_alloc(codec *c, unsigned depth, prism_error *error) {
    const size_t group = (size_t)c->plan.group_bands, count = c->bands.coded_count;
    const size_t bytes = px_product(positions_of(c), group, sizeof *c->samples);
    c->offsets = calloc(count + 1, sizeof *c->offsets);
    c->samples = px_alloc(bytes);
    if (!c->offsets || !c->samples)
        return px_out_of_memory(error, bytes);
    return px_logistic_mixer_alloc(&c->mixer, group, px_product(positions_of(c), count), depth,
                                   error);
}

/* ---- Range and offsets ---- */

/* Offsets are in 256ths of the range. */
static int32_t offset_of(const codec *c, int32_t level) {
    const int64_t range = (int64_t)c->range.high - c->range.low + 1;
    return (int32_t)(c->range.low + (range * level + range / 2) / 256);
}

static const int16_t *plane_of(const codec *c, const px_planes *planes, size_t k) {
    return px_plane(planes, c->bands.coded[k] % c->bands.planes);
}

/* Constant planes do not count. */
static void find_range(codec *c, const px_planes *planes) {
    c->range = PX_EMPTY_RANGE;
    for (size_t k = 0; k < c->bands.coded_count; k++)
        px_sample_range_widen(&c->range, plane_of(c, planes, k), px_plane_size(planes));
}

static bool is_wide(const px_sample_range *range) {
    return range->low < INT8_MIN || range->high > INT8_MAX;
}

/* The mean of a plane that a coded band is of, in 256ths of the range. */
static int32_t level_of(const codec *c, const px_planes *planes, size_t k) {
    const size_t size = px_plane_size(planes);
    const int16_t *samples = plane_of(c, planes, k);
    int64_t sum = 0;
    for (size_t p = 0; p < size; p++)
        sum += samples[p] - c->range.low;
    return (int32_t)(sum / (int64_t)size * 256 / ((int64_t)c->range.high - c->range.low + 1));
}

static void write_range(codec *c, const px_planes *planes) {
    px_integer levels;
    px_integer_init(&levels);
    px_range_encoder *coder = &c->coder.encoder;
    px_sample_range_write(&c->range, coder);
    c->wide = is_wide(&c->range);
    int32_t last = 0;
    for (size_t k = 0; c->wide && k < c->bands.coded_count; k++) {
        int32_t level = level_of(c, planes, k);
        px_encode_integer(coder, &levels, level - last);
        c->offsets[k] = offset_of(c, level);
        last = level;
    }
}

static prism_status read_range(codec *c, unsigned depth, prism_error *error) {
    px_integer levels;
    px_integer_init(&levels);
    px_range_decoder *coder = &c->coder.decoder;
    prism_status status = px_sample_range_read(&c->range, coder, depth, error);
    if (status != PRISM_OK)
        return status;
    c->wide = is_wide(&c->range);
    int32_t level = 0;
    for (size_t k = 0; c->wide && k < c->bands.coded_count; k++) {
        level += px_decode_integer(coder, &levels);
        if (coder->in->failed || level < 0 || level > 255)
            return px_fail(error, PRISM_E_CORRUPT, "offset %d of band %zu", level, k);
        c->offsets[k] = offset_of(c, level);
    }
    return PRISM_OK;
}

/* ---- Groups ---- */

static bool has_no_data(const codec *c, const px_planes *planes, size_t first, size_t count,
                        size_t position) {
    for (size_t k = first; k < first + count; k++)
        if (!px_holes_of(planes->holes, c->bands.coded[k] % c->bands.planes)[position])
            return false;
    return true;
}

/* The holes of a group: positions are coded with all of its bands. */
static prism_status join_holes(codec *c, const px_planes *planes, size_t first, size_t count,
                               prism_error *error) {
    if (!planes->holes)
        return PRISM_OK;
    free(c->holes);
    c->holes = px_holes_alloc(planes->height, planes->width, 1);
    if (!c->holes)
        return px_out_of_memory(error, px_plane_size(planes));
    for (size_t i = 0; i < px_plane_size(planes); i++)
        c->holes->first[i] = has_no_data(c, planes, first, count, i);
    return px_holes_link(c->holes, error);
}

/* Positions of the first group that are coded. */
static size_t coded_positions(const codec *c) {
    return c->holes ? px_holes_left(c->holes, 0) : positions_of(c);
}

static prism_status code_group(codec *c, size_t first, size_t count, size_t limit,
                               prism_error *error) {
    px_adaptive_model model = {.decisions = {.coder = &c->coder,
                                             .mixer = &c->mixer,
                                             .first_band = first,
                                             .low = c->range.low,
                                             .high = c->range.high,
                                             .wide = c->wide},
                               .height = c->bands.height,
                               .width = c->bands.width,
                               .bands = (int)count,
                               .samples = c->samples,
                               .holes = px_holes_of(c->holes, 0)};
    prism_status status = px_adaptive_model_alloc(&model, &c->plan, c->offsets + first, error);
    if (status != PRISM_OK)
        return status;
    const px_adaptive_kernels *kernels = px_adaptive_kernels_best();
    for (size_t y = 0; y < model.height && !px_range_coder_is_over(&c->coder, limit); y++)
        kernels->code_row(&model, y);
    px_adaptive_model_free(&model);
    return PRISM_OK;
}

static prism_status code_groups(codec *c, px_planes *planes, size_t limit, prism_error *error) {
    const size_t group = (size_t)c->plan.group_bands, all = c->bands.coded_count;
    prism_status status = PRISM_OK;
    for (size_t first = 0;
         first < all && status == PRISM_OK && !px_range_coder_is_over(&c->coder, limit);
         first += group) {
        size_t count = all - first < group ? all - first : group;
        status = join_holes(c, planes, first, count, error);
        if (status != PRISM_OK)
            break;
        if (!c->coder.decoding)
            px_bands_gather(&c->bands, planes, first, count, c->samples);
        status = code_group(c, first, count, limit, error);
        if (status == PRISM_OK && c->coder.decoding)
            status = px_planes_take(planes, error);
        if (status == PRISM_OK && c->coder.decoding)
            px_bands_scatter(&c->bands, planes, first, count, c->samples);
    }
    return status;
}

/* ---- Both directions ---- */

static prism_status encode_into(codec *c, px_planes *planes, bool joint, int effort, size_t limit,
                                px_sections *out, prism_error *error) {
    prism_status status = px_bands_alloc(
        &c->bands, planes, joint && !planes->holes ? px_bands_edge(planes) : 1, error);
    if (status != PRISM_OK)
        return status;
    px_bands_find(&c->bands, planes);
    find_range(c, planes);
    if (c->bands.coded_count)
        status = join_holes(c, planes, 0, c->bands.coded_count, error);
    if (status != PRISM_OK)
        return status;
    px_adaptive_plan_make(&c->plan, c->bands.coded_count, c->bands.height, coded_positions(c),
                          planes->depth, joint, c->bands.edge > 1, effort);
    px_put_u8(&out->parameters, (uint8_t)c->bands.edge);
    px_adaptive_plan_write(&c->plan, &out->parameters);
    status = codec_alloc(c, planes->depth, error);
    if (status != PRISM_OK)
        return status;
    c->coder.encoder = px_range_encoder_make(&out->payload);
    px_bands_write(&c->bands, &c->coder.encoder);
    if (c->bands.coded_count)
        write_range(c, planes);
    status = code_groups(c, planes, limit, error);
    if (status == PRISM_OK && !px_range_coder_is_over(&c->coder, limit))
        status = px_bands_encode_rest(&c->bands, planes, &c->coder.encoder, error);
    px_range_encoder_finish(&c->coder.encoder);
    return status;
}

static prism_status decode_from(codec *c, px_planes *planes, px_reader *parameters,
                                px_reader *payload, prism_error *error) {
    const uint8_t edge = px_get_u8(parameters);
    if (edge != 1 && (edge != 2 || planes->holes))
        return px_fail(error, PRISM_E_CORRUPT, "phases of %u x %u", edge, edge);
    prism_status status = px_bands_alloc(&c->bands, planes, edge, error);
    if (status != PRISM_OK)
        return status;
    c->coder = (px_range_coder){.decoding = true, .decoder = px_range_decoder_make(payload)};
    status = px_bands_read(&c->bands, &c->coder.decoder, planes->depth, error);
    if (status == PRISM_OK)
        status = px_adaptive_plan_read(&c->plan, c->bands.coded_count, c->bands.height,
                                       c->bands.width, parameters, error);
    if (status == PRISM_OK && px_reader_left(parameters))
        return px_fail(error, PRISM_E_CORRUPT, "%zu parameter bytes are left",
                       px_reader_left(parameters));
    if (status == PRISM_OK)
        status = codec_alloc(c, planes->depth, error);
    if (status == PRISM_OK && c->bands.coded_count)
        status = read_range(c, planes->depth, error);
    if (status == PRISM_OK)
        status = code_groups(c, planes, 0, error);
    if (status == PRISM_OK)
        status = px_planes_take(planes, error);
    if (status == PRISM_OK)
        status = px_bands_decode_rest(&c->bands, planes, &c->coder.decoder, error);
    if (status == PRISM_OK && (payload->failed || px_reader_left(payload)))
        return px_fail(error, PRISM_E_CORRUPT, "the payload does not end with the samples");
    return status;
}

static prism_status encode(const px_planes *planes, const px_task *task, px_coded *out,
                           prism_error *error) {
    codec c = {.offsets = NULL};
    px_planes same = *planes; /* samples are read, and written as they were */
    const bool joint = task->pipeline.transform != PRISM_TRANSFORM_NONE;
    prism_status status =
        encode_into(&c, &same, joint, task->effort, task->limit, &out->sections, error);
    codec_free(&c);
    return status;
}

static prism_status decode(px_planes *planes, const px_pipeline *pipeline, px_reader *parameters,
                           px_reader *payload, const px_request *request, prism_error *error) {
    (void)pipeline;
    (void)request; /* every sample depends on the one before */
    codec c = {.offsets = NULL};
    prism_status status = decode_from(&c, planes, parameters, payload, error);
    codec_free(&c);
    return status;
}

/* Groups after the first are as large as it or smaller. Planes are taken when the first is done;
 * how many bands are coded, and so how many groups there are, is not known yet: there may be none,
 * and any size of groups. */
static uint64_t decode_memory(const px_planes *planes, const px_pipeline *pipeline,
                              px_reader parameters, size_t payload_size) {
    (void)pipeline, (void)payload_size;
    const uint8_t edge = px_get_u8(&parameters);
    px_adaptive_plan plan;
    if (edge != 1 && edge != 2)
        return 0;
    const size_t height = (planes->height + edge - 1) / edge;
    const size_t width = (planes->width + edge - 1) / edge;
    const size_t count = px_product(edge, edge, planes->count);
    const uint64_t bands = px_bands_memory(count);
    if (px_adaptive_plan_read(&plan, 0, height, width, &parameters, NULL) != PRISM_OK)
        return bands;
    const size_t positions = height * width, group = (size_t)plan.group_bands;
    const uint64_t samples = px_planes_bytes(planes);
    const uint64_t model = px_adaptive_model_memory(&plan, height, width, planes->depth);
    const uint64_t both = samples + model, larger = samples > model ? samples : model;
    return bands + (count + (uint64_t)1) * sizeof(int32_t) +
           positions * (uint64_t)group * sizeof(int16_t) +
           px_logistic_mixer_memory(group, px_product(positions, count), planes->depth) +
           (count > group ? both : larger);
}

const px_coder_stage px_adaptive = {
    .late = true, .encode = encode, .decode = decode, .decode_memory = decode_memory};
