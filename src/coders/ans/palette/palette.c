/*
 * The coder of drawings, masks and label maps: samples whose values are names become indices into
 * a table of them, and each index is guessed from its neighbours, from the same place in another
 * plane, and from where the same neighbours stood before. docs/format-palette.md.
 *
 *   planes -> values -> indices -> rows -> decisions
 *   palette.c           model.c    decide_lanes.h, flat.h, escape.h
 *
 * Names are not predicted by arithmetic: contexts are hashed. Where there are many values, those
 * that no neighbour has may be numbers.
 */
#include "coders/ans/palette/model.h"

#include <stdlib.h>

#include "base/effort.h"
#include "base/sizes.h"
#include "base/status.h"
#include "coders/ans/palette/palette_kernels.h"
#include "planes/stages.h"
#include "planes/values.h"

/* Of the rows, that many at least say something of the others, and of planes, which say much of
 * each other; the first ones may take so much more. */
enum { LEAST_PLANES = 3 };
static const double LEAST_SHARE = 0.25, DOUBT = 1;

/* ---- Values ---- */

typedef struct values {
    int16_t *samples; /* ascending */
    int count;
} values;

static px_palette_kind kind_of(const values *v, bool fast) {
    return (px_palette_kind){
        .fast = fast, .many = v->count > PX_PALETTE_FEW, .wide = v->count > PX_PALETTE_BYTE};
}

static size_t most_values(bool wide) {
    return wide ? PX_PALETTE_VALUES : PX_PALETTE_BYTE;
}

static prism_status values_alloc(values *v, bool wide, prism_error *error) {
    const size_t most = most_values(wide);
    v->samples = px_alloc(most, sizeof *v->samples);
    return v->samples ? PRISM_OK : px_out_of_memory(error, most * sizeof *v->samples);
}

static prism_status values_find(values *v, const px_planes *planes, prism_error *error) {
    px_values found;
    px_values_of_planes(&found, planes, PX_PALETTE_VALUES);
    v->count = (int)found.count;
    const prism_status status = values_alloc(v, v->count > PX_PALETTE_BYTE, error);
    if (status == PRISM_OK)
        px_values_list(v->samples, &found);
    return status;
}

static void values_write(const values *v, px_range_encoder *coder) {
    px_integer model;
    px_integer_init(&model);
    px_encode_integer(coder, &model, v->count - 1);
    for (int i = 0, last = 0; i < v->count; last = v->samples[i++])
        px_encode_integer(coder, &model, v->samples[i] - last);
}

static prism_status values_read(values *v, px_range_decoder *coder, unsigned depth,
                                px_palette_kind kind, prism_error *error) {
    px_integer model;
    px_integer_init(&model);
    v->count = px_decode_integer(coder, &model) + 1;
    const px_palette_kind is = kind_of(v, kind.fast);
    if (v->count < 1 || (size_t)v->count > most_values(kind.wide) || is.many != kind.many ||
        is.wide != kind.wide)
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

/* ---- The kind of model ---- */

enum { FAST = 1, MANY = 2, WIDE = 4 };

static void write_kind(px_buffer *parameters, px_palette_kind kind) {
    px_put_u8(parameters,
              (uint8_t)((kind.fast ? FAST : 0) | (kind.many ? MANY : 0) | (kind.wide ? WIDE : 0)));
}

static px_palette_kind read_kind(px_reader *parameters) {
    const uint8_t set = px_get_u8(parameters);
    parameters->failed |= set > (FAST | MANY | WIDE) || (set & (MANY | WIDE)) == WIDE;
    return (px_palette_kind){.fast = set & FAST, .many = set & MANY, .wide = set & WIDE};
}

/* ---- Rows ---- */

static prism_status model_make(px_palette_model *m, const px_planes *planes, const values *v,
                               px_palette_kind kind, prism_error *error) {
    m->count = planes->count;
    m->height = planes->height;
    m->width = planes->width;
    m->depth = planes->depth;
    m->values = v->count;
    m->kind = kind;
    return px_palette_model_alloc(m, error);
}

static void put_index(px_palette_model *m, size_t x, uint16_t index) {
    px_palette_row(m)[x] = (uint8_t)index;
    m->row_uppers[x] = (uint8_t)(index >> 8);
}

/* Whether so many bytes for a share of the rows come to more than `limit` for all: the more rows
 * there are, the surer. */
static bool is_hopeless(size_t size, double share, size_t limit) {
    const double slack = 1 + DOUBT * (1 - share);
    return share >= LEAST_SHARE && (double)size > slack * share * (double)limit;
}

static void encode_rows(px_palette_model *m, const px_planes *planes, const values *v,
                        const px_task *task) {
    const px_palette_kernels *kernels = px_palette_kernels_best();
    const double rows = (double)m->count * (double)m->height;
    px_buffer *out = m->coder.encoder.out;
    uint16_t index_of[UINT16_MAX + 1];
    for (int i = 0; i < v->count; i++)
        index_of[px_value_of_sample(v->samples[i])] = (uint16_t)i;
    for (size_t k = 0; k < m->count; k++)
        for (size_t y = 0; y < m->height; y++) {
            const double share = (double)(k * m->height + y) / rows;
            if (out->failed || out->size > task->limit)
                return;
            if (task->doubtful && (m->count == 1 || k >= LEAST_PLANES) &&
                is_hopeless(out->size, share, task->limit)) {
                px_buffer_exceed(out, task->limit);
                return;
            }
            const int16_t *samples = px_plane(planes, k) + y * m->width;
            for (size_t x = 0; x < m->width; x++)
                put_index(m, x, index_of[px_value_of_sample(samples[x])]);
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
            const size_t first = px_palette_plane(m, k + 1) + y * m->row_stride;
            int16_t *samples = px_plane(planes, k) + y * m->width;
            for (size_t x = 0; x < m->width; x++)
                samples[x] = v->samples[px_palette_index(m, first + x)];
        }
}

/* Tables are given back before planes are taken. */
static prism_status decode_indices(px_palette_model *m, px_planes *planes, const values *v,
                                   px_palette_kind kind, prism_error *error) {
    prism_status status = model_make(m, planes, v, kind, error);
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

static prism_status encode_indices(const px_planes *planes, const values *v, const px_task *task,
                                   px_coded *out, prism_error *error) {
    px_palette_model m = {.coder.encoder = px_range_encoder_make(&out->sections.payload)};
    const px_palette_kind kind = kind_of(v, px_efforts.few_contexts[task->effort]);
    write_kind(&out->sections.parameters, kind);
    values_write(v, &m.coder.encoder);
    if (v->count > 1) {
        prism_status status = model_make(&m, planes, v, kind, error);
        if (status != PRISM_OK)
            return status;
        encode_rows(&m, planes, v, task);
    }
    px_range_encoder_finish(&m.coder.encoder);
    px_palette_model_free(&m);
    return PRISM_OK;
}

static prism_status encode(const px_planes *planes, const px_task *task, px_coded *out,
                           prism_error *error) {
    values v;
    if (!px_palette_has_room(planes))
        return px_fail(error, PRISM_E_OPTION, "too narrow planes");
    out->pipeline.transform = PRISM_TRANSFORM_NONE;
    prism_status status = values_find(&v, planes, error);
    if (status == PRISM_OK)
        status = encode_indices(planes, &v, task, out, error);
    free(v.samples);
    return status;
}

static prism_status fill(px_planes *planes, int16_t sample, prism_error *error) {
    const prism_status status = px_planes_take(planes, error);
    for (size_t k = 0; k < planes->count && status == PRISM_OK; k++)
        for (size_t p = 0; p < px_plane_size(planes); p++)
            px_plane(planes, k)[p] = sample;
    return status;
}

static prism_status decode_payload(px_planes *planes, px_reader *payload, values *v,
                                   px_palette_kind kind, prism_error *error) {
    px_palette_model m = {.coder = {.decoding = true, .decoder = px_range_decoder_make(payload)}};
    prism_status status = values_read(v, &m.coder.decoder, planes->depth, kind, error);
    if (status == PRISM_OK)
        status = v->count > 1 ? decode_indices(&m, planes, v, kind, error)
                              : fill(planes, v->samples[0], error);
    if (status == PRISM_OK && (payload->failed || px_reader_left(payload)))
        return px_fail(error, PRISM_E_CORRUPT, "the payload does not end with the samples");
    return status;
}

static prism_status decode(px_planes *planes, const px_pipeline *pipeline, px_reader *parameters,
                           px_reader *payload, const px_request *request, prism_error *error) {
    (void)pipeline;
    (void)request; /* every index depends on the one before */
    const px_palette_kind kind = read_kind(parameters);
    values v;
    if (parameters->failed)
        return px_fail(error, PRISM_E_CORRUPT, "an unknown set of contexts");
    if (!px_palette_has_room(planes))
        return px_fail(error, PRISM_E_CORRUPT, "planes are too narrow for indices");
    prism_status status = values_alloc(&v, kind.wide, error);
    if (status == PRISM_OK)
        status = decode_payload(planes, payload, &v, kind, error);
    free(v.samples);
    return status;
}

static uint64_t decode_memory(const px_planes *planes, const px_pipeline *pipeline,
                              px_reader parameters, size_t payload_size) {
    (void)pipeline, (void)payload_size;
    const px_palette_kind kind = read_kind(&parameters);
    if (parameters.failed || !px_palette_has_room(planes))
        return 0;
    const px_palette_bytes bytes = px_palette_model_memory(planes, kind);
    const uint64_t samples = px_planes_bytes(planes);
    return most_values(kind.wide) * sizeof(int16_t) + bytes.indices +
           (bytes.tables > samples ? bytes.tables : samples);
}

const px_coder_stage px_palette = {
    .late = true, .encode = encode, .decode = decode, .decode_memory = decode_memory};
