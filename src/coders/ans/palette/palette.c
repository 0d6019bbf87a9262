/*
 * The coder of drawings, masks and label maps: samples of few different values become indices into
 * a table of them, and each index is guessed from its neighbours, from the same place in another
 * plane, and from where the same neighbours stood before. docs/format-palette.md.
 *
 *   planes -> values -> indices -> rows -> decisions
 *   palette.c           model.c    decide_lanes.h
 *
 * Nothing is predicted by arithmetic on values, which mean nothing there: contexts are hashed.
 */
#include "coders/ans/palette/model.h"

#include <string.h>

#include "base/effort.h"
#include "base/status.h"
#include "coders/ans/palette/palette_kernels.h"
#include "planes/stages.h"
#include "planes/values.h"

/* ---- Values ---- */

typedef struct values {
    int16_t samples[PX_PALETTE_VALUES]; /* ascending */
    int count;
} values;

/* False if there are too many. */
static bool values_find(values *v, const px_planes *planes) {
    px_values found;
    px_values_of_planes(&found, planes, PX_PALETTE_VALUES);
    if (found.count > PX_PALETTE_VALUES)
        return false;
    v->count = (int)found.count;
    px_values_list(v->samples, &found);
    return true;
}

static void values_write(const values *v, px_range_encoder *coder) {
    px_integer model;
    px_integer_init(&model);
    px_encode_integer(coder, &model, v->count - 1);
    for (int i = 0, last = 0; i < v->count; last = v->samples[i++])
        px_encode_integer(coder, &model, v->samples[i] - last);
}

static prism_status values_read(values *v, px_range_decoder *coder, unsigned depth,
                                prism_error *error) {
    px_integer model;
    px_integer_init(&model);
    v->count = px_decode_integer(coder, &model) + 1;
    if (v->count < 1 || v->count > PX_PALETTE_VALUES)
        return px_fail(error, PRISM_E_CORRUPT, "%d different values", v->count);
    int32_t last = 0;
    for (int i = 0; i < v->count; i++) {
        const int32_t sample = last + px_decode_integer(coder, &model);
        if (coder->in->failed || (i > 0 && sample <= last) || sample != px_wrap(sample, depth))
            return px_fail(error, PRISM_E_CORRUPT, "value %d is %d", i, sample);
        v->samples[i] = (int16_t)sample;
        last = sample;
    }
    return PRISM_OK;
}

/* ---- Rows ---- */

static prism_status model_make(px_palette_model *m, const px_planes *planes, const values *v,
                               bool fast, prism_error *error) {
    m->count = planes->count;
    m->height = planes->height;
    m->width = planes->width;
    m->values = v->count;
    m->fast = fast;
    return px_palette_model_alloc(m, error);
}

static void encode_rows(px_palette_model *m, const px_planes *planes, const values *v,
                        size_t limit) {
    const px_palette_kernels *kernels = px_palette_kernels_best();
    const px_buffer *out = m->coder.encoder.out;
    uint8_t index_of[UINT16_MAX + 1];
    for (int i = 0; i < v->count; i++)
        index_of[px_value_of_sample(v->samples[i])] = (uint8_t)i;
    for (size_t k = 0; k < m->count; k++)
        for (size_t y = 0; y < m->height; y++) {
            if (out->failed || out->size > limit)
                return;
            const int16_t *samples = px_plane(planes, k) + y * m->width;
            for (size_t x = 0; x < m->width; x++)
                m->row[x] = index_of[px_value_of_sample(samples[x])];
            kernels->code_row(m, k, y);
        }
}

static void decode_rows(px_palette_model *m) {
    const px_palette_kernels *kernels = px_palette_kernels_best();
    for (size_t k = 0; k < m->count; k++)
        for (size_t y = 0; y < m->height && !m->coder.decoder.in->failed; y++)
            kernels->code_row(m, k, y);
}

static void put_samples(px_planes *planes, const px_palette_model *m, const values *v) {
    for (size_t k = 0; k < m->count; k++)
        for (size_t y = 0; y < m->height; y++) {
            const uint8_t *indices = px_palette_plane(m, k + 1) + y * m->row_stride;
            int16_t *samples = px_plane(planes, k) + y * m->width;
            for (size_t x = 0; x < m->width; x++)
                samples[x] = v->samples[indices[x]];
        }
}

/* Tables are given back before planes are taken. */
static prism_status decode_indices(px_palette_model *m, px_planes *planes, const values *v,
                                   bool fast, prism_error *error) {
    prism_status status = model_make(m, planes, v, fast, error);
    if (status != PRISM_OK)
        return status;
    decode_rows(m);
    px_palette_tables_free(m);
    status = px_planes_take(planes, error);
    if (status == PRISM_OK)
        put_samples(planes, m, v);
    px_palette_model_free(m);
    return status;
}

/* ---- Both directions ---- */

static prism_status encode(const px_planes *planes, const px_task *task, px_coded *out,
                           prism_error *error) {
    px_palette_model m = {.tables = NULL};
    values v;
    if (!px_palette_has_room(planes) || !values_find(&v, planes))
        return px_fail(error, PRISM_E_OPTION, "too many different values, or too narrow planes");
    out->pipeline.transform = PRISM_TRANSFORM_NONE;
    const bool fast = px_efforts.few_contexts[task->effort];
    px_put_u8(&out->sections.parameters, fast);
    m.coder.encoder = px_range_encoder_make(&out->sections.payload);
    values_write(&v, &m.coder.encoder);
    if (v.count > 1) {
        prism_status status = model_make(&m, planes, &v, fast, error);
        if (status != PRISM_OK)
            return status;
        encode_rows(&m, planes, &v, task->limit);
    }
    px_range_encoder_finish(&m.coder.encoder);
    px_palette_model_free(&m);
    return PRISM_OK;
}

static prism_status fill(px_planes *planes, int16_t sample, prism_error *error) {
    const prism_status status = px_planes_take(planes, error);
    for (size_t k = 0; k < planes->count && status == PRISM_OK; k++)
        for (size_t p = 0; p < px_plane_size(planes); p++)
            px_plane(planes, k)[p] = sample;
    return status;
}

static prism_status decode(px_planes *planes, const px_pipeline *pipeline, px_reader *parameters,
                           px_reader *payload, const px_request *request, prism_error *error) {
    (void)pipeline;
    (void)request; /* every index depends on the one before */
    px_palette_model m = {.coder = {.decoding = true}};
    values v;
    const uint8_t fast = px_get_u8(parameters);
    if (parameters->failed || fast > 1)
        return px_fail(error, PRISM_E_CORRUPT, "contexts of set %u", fast);
    if (!px_palette_has_room(planes))
        return px_fail(error, PRISM_E_CORRUPT, "planes are too narrow for indices");
    m.coder.decoder = px_range_decoder_make(payload);
    prism_status status = values_read(&v, &m.coder.decoder, planes->depth, error);
    if (status == PRISM_OK)
        status = v.count > 1 ? decode_indices(&m, planes, &v, fast, error)
                             : fill(planes, v.samples[0], error);
    if (status == PRISM_OK && (payload->failed || px_reader_left(payload)))
        return px_fail(error, PRISM_E_CORRUPT, "the payload does not end with the samples");
    return status;
}

static uint64_t decode_memory(const px_planes *planes, const px_pipeline *pipeline,
                              px_reader parameters, size_t payload_size) {
    (void)pipeline, (void)payload_size;
    const bool fast = px_get_u8(&parameters);
    if (!px_palette_has_room(planes))
        return 0;
    const px_palette_bytes bytes = px_palette_model_memory(planes, fast);
    const uint64_t samples = px_planes_bytes(planes);
    return bytes.indices + (bytes.tables > samples ? bytes.tables : samples);
}

const px_coder_stage px_palette = {
    .late = true, .encode = encode, .decode = decode, .decode_memory = decode_memory};
