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
#include "coders/method.h"

typedef struct online {
    px_bands bands;
    px_adaptive_plan plan;
    px_range_coder coder;
    px_logistic_mixer mixer;
    int32_t low, high; /* of all coded samples */
    bool wide;         /* they have more than 8 bits */
    int32_t *offsets;  /* [coded_count] */
    int16_t *samples;  /* of a group */
} online;

static void online_free(online *o) {
    px_bands_free(&o->bands);
    px_logistic_mixer_free(&o->mixer);
    free(o->offsets);
    free(o->samples);
}

static size_t positions_of(const online *o) {
    return o->bands.height * o->bands.width;
}

/* Memory that depends on the number of coded bands. */
static prism_status online_alloc(online *o, unsigned depth, prism_error *error) {
    const size_t group = (size_t)o->plan.group_bands, count = o->bands.coded_count;
    const size_t bytes = px_product(positions_of(o), group, sizeof *o->samples);
    o->offsets = calloc(count + 1, sizeof *o->offsets);
    o->samples = px_alloc(bytes);
    if (!o->offsets || !o->samples)
        return px_out_of_memory(error, bytes);
    return px_logistic_mixer_alloc(&o->mixer, group, px_product(positions_of(o), count), depth,
                                   error);
}

/* ---- Range and offsets ---- */

/* Offsets are in 256ths of the range. */
static int32_t offset_of(const online *o, int32_t level) {
    const int64_t range = (int64_t)o->high - o->low + 1;
    return (int32_t)(o->low + (range * level + range / 2) / 256);
}

static const int16_t *plane_of(const online *o, const px_planes *planes, size_t k) {
    return px_plane(planes, o->bands.coded[k] % o->bands.planes);
}

/* Constant planes do not count. */
static void find_range(online *o, const px_planes *planes) {
    o->low = INT16_MAX;
    o->high = INT16_MIN;
    for (size_t k = 0; k < o->bands.coded_count; k++) {
        const int16_t *samples = plane_of(o, planes, k);
        for (size_t p = 0; p < px_plane_size(planes); p++) {
            o->low = samples[p] < o->low ? samples[p] : o->low;
            o->high = samples[p] > o->high ? samples[p] : o->high;
        }
    }
    o->wide = o->low < INT8_MIN || o->high > INT8_MAX;
}

/* The mean of a plane that a coded band is of, in 256ths of the range. */
static int32_t level_of(const online *o, const px_planes *planes, size_t k) {
    const size_t size = px_plane_size(planes);
    const int16_t *samples = plane_of(o, planes, k);
    int64_t sum = 0;
    for (size_t p = 0; p < size; p++)
        sum += samples[p] - o->low;
    return (int32_t)(sum / (int64_t)size * 256 / ((int64_t)o->high - o->low + 1));
}

static void write_range(online *o, const px_planes *planes) {
    px_integer bounds, levels;
    px_integer_init(&bounds);
    px_integer_init(&levels);
    px_range_encoder *coder = &o->coder.encoder;
    px_encode_integer(coder, &bounds, o->low);
    px_encode_integer(coder, &bounds, o->high - o->low);
    int32_t last = 0;
    for (size_t k = 0; o->wide && k < o->bands.coded_count; k++) {
        int32_t level = level_of(o, planes, k);
        px_encode_integer(coder, &levels, level - last);
        o->offsets[k] = offset_of(o, level);
        last = level;
    }
}

static prism_status read_range(online *o, unsigned depth, prism_error *error) {
    px_integer bounds, levels;
    px_integer_init(&bounds);
    px_integer_init(&levels);
    px_range_decoder *coder = &o->coder.decoder;
    o->low = px_decode_integer(coder, &bounds);
    o->high = o->low + px_decode_integer(coder, &bounds);
    if (coder->in->failed || o->low >= o->high || o->low != px_wrap(o->low, depth) ||
        o->high != px_wrap(o->high, depth))
        return px_fail(error, PRISM_E_CORRUPT, "samples from %d to %d", o->low, o->high);
    o->wide = o->low < INT8_MIN || o->high > INT8_MAX;
    int32_t level = 0;
    for (size_t k = 0; o->wide && k < o->bands.coded_count; k++) {
        level += px_decode_integer(coder, &levels);
        if (coder->in->failed || level < 0 || level > 255)
            return px_fail(error, PRISM_E_CORRUPT, "offset %d of band %zu", level, k);
        o->offsets[k] = offset_of(o, level);
    }
    return PRISM_OK;
}

/* ---- Groups ---- */

/* Why to stop before all rows are done: more bytes than `limit`, or than there are. */
static bool is_over(const online *o, size_t limit) {
    if (o->coder.decoding)
        return o->coder.decoder.in->failed;
    return o->coder.encoder.out->failed || o->coder.encoder.out->size > limit;
}

static prism_status code_group(online *o, size_t first, size_t count, size_t limit,
                               prism_error *error) {
    px_adaptive_model model = {.coder = &o->coder,
                               .mixer = &o->mixer,
                               .height = o->bands.height,
                               .width = o->bands.width,
                               .bands = (int)count,
                               .first_band = first,
                               .low = o->low,
                               .high = o->high,
                               .wide = o->wide,
                               .samples = o->samples};
    prism_status status = px_adaptive_model_alloc(&model, &o->plan, o->offsets + first, error);
    if (status != PRISM_OK)
        return status;
    const px_adaptive_kernels *kernels = px_adaptive_kernels_best();
    for (size_t y = 0; y < model.height && !is_over(o, limit); y++)
        kernels->code_row(&model, y);
    px_adaptive_model_free(&model);
    return PRISM_OK;
}

static prism_status code_groups(online *o, px_planes *planes, size_t limit, prism_error *error) {
    const size_t group = (size_t)o->plan.group_bands, all = o->bands.coded_count;
    prism_status status = PRISM_OK;
    for (size_t first = 0; first < all && status == PRISM_OK && !is_over(o, limit);
         first += group) {
        size_t count = all - first < group ? all - first : group;
        if (!o->coder.decoding)
            px_bands_gather(&o->bands, planes, first, count, o->samples);
        status = code_group(o, first, count, limit, error);
        if (status == PRISM_OK && o->coder.decoding)
            status = px_planes_take(planes, error);
        if (status == PRISM_OK && o->coder.decoding)
            px_bands_scatter(&o->bands, planes, first, count, o->samples);
    }
    return status;
}

/* ---- Both directions ---- */

static prism_status encode_into(online *o, px_planes *planes, bool joint, int effort, size_t limit,
                                px_sections *out, prism_error *error) {
    prism_status status =
        px_bands_alloc(&o->bands, planes, joint ? px_bands_edge(planes) : 1, error);
    if (status != PRISM_OK)
        return status;
    px_bands_find(&o->bands, planes);
    find_range(o, planes);
    px_adaptive_plan_make(&o->plan, o->bands.coded_count, o->bands.height, o->bands.width,
                          planes->depth, joint, o->bands.edge > 1, effort);
    px_put_u8(&out->parameters, (uint8_t)o->bands.edge);
    px_adaptive_plan_write(&o->plan, &out->parameters);
    status = online_alloc(o, planes->depth, error);
    if (status != PRISM_OK)
        return status;
    o->coder.encoder = px_range_encoder_make(&out->payload);
    px_bands_write(&o->bands, &o->coder.encoder);
    if (o->bands.coded_count)
        write_range(o, planes);
    status = code_groups(o, planes, limit, error);
    if (status == PRISM_OK && !is_over(o, limit))
        status = px_bands_encode_rest(&o->bands, planes, &o->coder.encoder, error);
    px_range_encoder_finish(&o->coder.encoder);
    return status;
}

static prism_status decode_from(online *o, px_planes *planes, px_reader *parameters,
                                px_reader *payload, prism_error *error) {
    const uint8_t edge = px_get_u8(parameters);
    if (edge != 1 && edge != 2)
        return px_fail(error, PRISM_E_CORRUPT, "phases of %u x %u", edge, edge);
    prism_status status = px_bands_alloc(&o->bands, planes, edge, error);
    if (status != PRISM_OK)
        return status;
    o->coder = (px_range_coder){.decoding = true, .decoder = px_range_decoder_make(payload)};
    status = px_bands_read(&o->bands, &o->coder.decoder, planes->depth, error);
    if (status == PRISM_OK)
        status = px_adaptive_plan_read(&o->plan, o->bands.coded_count, o->bands.height,
                                       o->bands.width, parameters, error);
    if (status == PRISM_OK && px_reader_left(parameters))
        return px_fail(error, PRISM_E_CORRUPT, "%zu parameter bytes are left",
                       px_reader_left(parameters));
    if (status == PRISM_OK)
        status = online_alloc(o, planes->depth, error);
    if (status == PRISM_OK && o->bands.coded_count)
        status = read_range(o, planes->depth, error);
    if (status == PRISM_OK)
        status = code_groups(o, planes, 0, error);
    if (status == PRISM_OK)
        status = px_planes_take(planes, error);
    if (status == PRISM_OK)
        status = px_bands_decode_rest(&o->bands, planes, &o->coder.decoder, error);
    if (status == PRISM_OK && (payload->failed || px_reader_left(payload)))
        return px_fail(error, PRISM_E_CORRUPT, "the payload does not end with the samples");
    return status;
}

static prism_status encode(const px_planes *planes, px_pipeline *pipeline, int effort, size_t limit,
                           px_sections *out, prism_error *error) {
    online o = {.offsets = NULL};
    px_planes same = *planes; /* samples are read, and written as they were */
    const bool joint = pipeline->transform != PRISM_TRANSFORM_NONE;
    prism_status status = encode_into(&o, &same, joint, effort, limit, out, error);
    online_free(&o);
    return status;
}

static prism_status decode(px_planes *planes, const px_pipeline *pipeline, px_reader *parameters,
                           px_reader *payload, const px_request *request, prism_error *error) {
    (void)pipeline;
    (void)request; /* every sample depends on the one before */
    online o = {.offsets = NULL};
    prism_status status = decode_from(&o, planes, parameters, payload, error);
    online_free(&o);
    return status;
}

/* Groups after the first are as large as it or smaller. Planes are taken when the first is done;
 * how many bands are coded, and so how many groups there are, is not known yet. */
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
    if (px_adaptive_plan_read(&plan, count, height, width, &parameters, NULL) != PRISM_OK)
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

const px_native_method px_adaptive = {encode, decode, decode_memory, .late = true};
