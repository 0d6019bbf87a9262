/* The encoder and the decoder walk through the fields by the same functions (field_coder.h). */
#include "coders/ans/lsq/model.h"

#include <stdlib.h>
#include <string.h>

#include "base/sizes.h"
#include "base/status.h"
#include "entropy/field_coder.h"
#include "linear/mixer.h"

enum {
    MAX_START_ERROR = 31,
    SCALE_ERROR_UNIT = 8,
    MAX_SCALE_ERROR = 1024,
    MAX_SCALE_WEIGHT = 127,
    MOST_LOOKED_AT = 8 /* planes of which it is worth it */
};

/* ---- Memory ---------------------------------------------------------------------------------- */

prism_status px_model_alloc(px_lsq_model *model, const px_planes *planes, size_t count, bool quick,
                            bool mixes, prism_error *error) {
    const size_t size = px_plane_size(planes);
    *model = (px_lsq_model){.count = count,
                            .height = planes->height,
                            .width = planes->width,
                            .depth = planes->depth,
                            .quick = quick,
                            .mixes = mixes,
                            .order = calloc(count, sizeof *model->order),
                            .planes = calloc(count, sizeof *model->planes)};
    prism_status status = model->order && model->planes
                              ? PRISM_OK
                              : px_out_of_memory(error, count * sizeof *model->planes);
    if (status == PRISM_OK)
        status = px_weights_alloc(&model->samples, count, size, planes->depth, error);
    /* Innovations have fractional bits: they need the room of 16-bit samples. */
    if (status == PRISM_OK)
        status = px_weights_alloc(&model->innovations, count, size, 16, error);
    model->samples.centred = model->innovations.centred = true;
    if (status != PRISM_OK) {
        px_model_free(model);
        return status;
    }
    for (size_t k = 0; k < count; k++)
        model->order[k] = (uint16_t)k;
    memset(model->shapes, PX_SHAPE_PLAIN, sizeof model->shapes);
    return PRISM_OK;
}

void px_model_free(px_lsq_model *model) {
    for (size_t k = 0; model->planes && k < model->count; k++)
        free(model->planes[k].patches);
    free(model->planes);
    free(model->order);
    px_weights_free(&model->samples);
    px_weights_free(&model->innovations);
    *model = (px_lsq_model){0};
}

uint64_t px_model_memory(const px_planes *planes, size_t count, bool quick, bool mixes,
                         px_model_sort sort) {
    const uint64_t patches = sort.halves ? px_plane_size(planes) / PX_SAMPLES_PER_PATCH : 0;
    const uint64_t plane = sizeof(px_lsq_plane) + sizeof(uint16_t) + patches * sizeof(px_patch);
    uint64_t bytes = count * (plane + 2 * (sizeof(px_weight_row) + sizeof(int8_t)));
    if (mixes)
        bytes += px_weights_memory(count, sort.wide ? PX_SQUARE_TAPS : 1);
    if (mixes && !quick)
        bytes += px_weights_memory(count, 1);
    return bytes;
}

prism_status px_model_widen(px_lsq_model *model, prism_error *error) {
    model->wide = true;
    return px_weights_widen(&model->samples, PX_SQUARE_TAPS, PX_SQUARE_TARGET, error);
}

/* ---- Both directions ------------------------------------------------------------------------- */

typedef struct plane_models {
    px_integer kind[3]; /* by the kind of the plane before */
    px_bit phase[2];
    px_integer mean, fraction, start_error, bias;
    px_integer scale_offset, scale_error, scale_running, scale_blur, average;
    px_integer innovation_scale, innovation[PX_INNOVATION_TAPS];
    px_integer sample_scale, sample[PX_MEAN_TAPS];
    px_integer distance, difference; /* of patches */
    px_integer general;              /* of what comes once a group */
} plane_models;

typedef struct side {
    px_field_coder io;
    plane_models models;
    bool starved; /* there was no memory for patches */
    bool blocks;  /* as in the model */
    bool looks;   /* patches are not read */
} side;

static void models_init(plane_models *models) {
    const px_bit even = PX_BIT_INIT;
    px_integer *const single[] = {&models->mean,          &models->fraction,
                                  &models->start_error,   &models->bias,
                                  &models->scale_offset,  &models->scale_error,
                                  &models->scale_running, &models->scale_blur,
                                  &models->average,       &models->innovation_scale,
                                  &models->sample_scale,  &models->distance,
                                  &models->difference,    &models->general,
                                  &models->kind[0],       &models->kind[1],
                                  &models->kind[2]};
    for (size_t i = 0; i < sizeof single / sizeof *single; i++)
        px_integer_init(single[i]);
    for (int t = 0; t < PX_INNOVATION_TAPS; t++)
        px_integer_init(&models->innovation[t]);
    for (int t = 0; t < PX_MEAN_TAPS; t++)
        px_integer_init(&models->sample[t]);
    models->phase[0] = models->phase[1] = even;
}

static void code_bit(side *s, px_bit *model, int *bit) {
    px_field_bit(&s->io, model, bit);
}

static void code(side *s, px_integer *model, int *value, int last, int low, int high) {
    px_field_integer(&s->io, model, value, last, low, high);
}

/* The place of each plane among those that are left, in as many plain bits as that takes. */
static void code_order(side *s, uint16_t *order, size_t count) {
    uint16_t left[PX_GROUP];
    for (size_t i = 0; i < count; i++)
        left[i] = (uint16_t)i;
    for (size_t k = 0; k < count; k++) {
        size_t place = 0, others = count - k - 1;
        while (s->io.out && left[place] != order[k])
            place++;
        for (size_t bit = (size_t)1 << 9; bit; bit >>= 1) {
            if (bit > others)
                continue;
            px_bit even = PX_BIT_INIT;
            int set = (place & bit) != 0;
            code_bit(s, &even, &set);
            place |= set ? bit : 0;
        }
        s->io.bad |= place > others;
        place = place > others ? 0 : place;
        order[k] = left[place];
        memmove(left + place, left + place + 1, (others - place) * sizeof *left);
    }
}

static void code_taps(side *s, px_integer *scale_model, px_integer *models, px_taps *taps,
                      const px_taps *last, int count) {
    code(s, scale_model, &taps->scale, last->scale, -PX_MAX_TAP_SCALE, PX_MAX_TAP_SCALE);
    for (int t = 0; t < count; t++)
        code(s, &models[t], &taps->levels[t], 0, INT16_MIN, INT16_MAX);
}

/* Room for twice as many, or for as many as there may be. */
static px_patch *next_patch(side *s, px_lsq_plane *plane, uint32_t *capacity, uint32_t most) {
    if (plane->patch_count == *capacity) {
        uint32_t larger = *capacity ? 2 * *capacity : PX_FEWEST_PATCHES;
        larger = larger < most ? larger : most;
        px_patch *patches = px_realloc(plane->patches, larger, sizeof *patches);
        s->starved |= !patches;
        if (!patches)
            return NULL;
        plane->patches = patches;
        *capacity = larger;
    }
    return &plane->patches[plane->patch_count++];
}

/* Distances from one to the next, of which none is 0; a 0 ends the list. */
static void write_patches(side *s, const px_lsq_plane *plane) {
    int64_t last = -1;
    for (uint32_t i = 0; i < plane->patch_count; i++) {
        px_encode_integer(s->io.out, &s->models.distance,
                          (int32_t)(plane->patches[i].position - last));
        px_encode_integer(s->io.out, &s->models.difference, plane->patches[i].difference);
        last = plane->patches[i].position;
    }
    px_encode_integer(s->io.out, &s->models.distance, 0);
}

static void read_patches(side *s, px_lsq_plane *plane, uint64_t plane_size) {
    const uint32_t most = (uint32_t)(plane_size / PX_SAMPLES_PER_PATCH);
    uint32_t capacity = 0;
    uint64_t next = 0; /* one more than the position before */
    for (;;) {
        int32_t distance = px_decode_integer(s->io.in, &s->models.distance);
        if (distance == 0 || s->io.bad)
            return;
        next += (uint32_t)distance;
        const bool valid = distance > 0 && next <= plane_size && plane->patch_count < most;
        px_patch *patch = valid ? next_patch(s, plane, &capacity, most) : NULL;
        if (!patch) {
            s->io.bad = true;
            return;
        }
        patch->position = (uint32_t)(next - 1);
        patch->difference = px_decode_integer(s->io.in, &s->models.difference);
    }
}

static void code_kind(side *s, px_lsq_plane *plane, const px_lsq_plane *last, uint64_t size) {
    int kind = (int)plane->kind;
    code(s, &s->models.kind[last->kind], &kind, (int)last->kind, PX_PLANE_CONSTANT,
         s->blocks ? PX_PLANE_FULL : PX_PLANE_HALVED);
    plane->kind = (px_plane_kind)kind;
    if (plane->kind != PX_PLANE_HALVED || s->looks)
        return;
    code_bit(s, &s->models.phase[0], &plane->phase.rows);
    code_bit(s, &s->models.phase[1], &plane->phase.columns);
    if (s->io.out)
        write_patches(s, plane);
    else
        read_patches(s, plane, size);
}

static void code_plane(side *s, px_lsq_plane *plane, const px_lsq_plane *last, uint64_t size) {
    plane_models *m = &s->models;
    code_kind(s, plane, last, size);
    code(s, &m->mean, &plane->mean, last->mean, INT16_MIN, INT16_MAX);
    if (plane->kind == PX_PLANE_CONSTANT)
        return;
    code(s, &m->fraction, &plane->fraction, last->fraction, 0, PX_MAX_FRACTION);
    code(s, &m->start_error, &plane->start_error, last->start_error, 0, MAX_START_ERROR);
    code(s, &m->bias, &plane->bias, 0, -PX_MAX_BIAS, PX_MAX_BIAS);
    code(s, &m->scale_offset, &plane->scale_offset, last->scale_offset, -PX_MAX_SCALE_OFFSET,
         PX_MAX_SCALE_OFFSET);
    int units = plane->scale_error / SCALE_ERROR_UNIT;
    code(s, &m->scale_error, &units, last->scale_error / SCALE_ERROR_UNIT,
         -MAX_SCALE_ERROR / SCALE_ERROR_UNIT, MAX_SCALE_ERROR / SCALE_ERROR_UNIT);
    plane->scale_error = units * SCALE_ERROR_UNIT;
    code(s, &m->scale_running, &plane->scale_running, last->scale_running, -MAX_SCALE_WEIGHT,
         MAX_SCALE_WEIGHT);
    code(s, &m->scale_blur, &plane->scale_blur, last->scale_blur, -MAX_SCALE_WEIGHT,
         MAX_SCALE_WEIGHT);
    if (s->blocks)
        code(s, &m->average, &plane->average, last->average, 0, INT16_MAX);
    code_taps(s, &m->innovation_scale, m->innovation, &plane->innovation, &last->innovation,
              PX_INNOVATION_TAPS);
    code_taps(s, &m->sample_scale, m->sample, &plane->sample, &last->sample, PX_MEAN_TAPS);
}

/* A constant plane says nothing of most fields: they stay for the plane after it. */
static void keep_fields(px_lsq_plane *last, const px_lsq_plane *plane) {
    if (plane->kind == PX_PLANE_CONSTANT) {
        last->kind = plane->kind;
        last->mean = plane->mean;
        return;
    }
    *last = *plane;
}

/* What comes once a group. */
static void code_general(side *s, px_lsq_model *model) {
    px_integer *general = &s->models.general;
    int shape = PX_SHAPE_PLAIN;
    for (int c = 0; c < PX_SHAPE_CLASSES; c++) {
        int last = shape;
        shape = model->shapes[c];
        code(s, general, &shape, last, 0, PX_SHAPE_COUNT - 1);
        model->shapes[c] = (uint8_t)shape;
    }
    for (int t = 0; t < PX_INNOVATION_TAPS; t++)
        code(s, general, &model->innovation_steps[t], 0, -PX_MAX_TAP_SCALE, PX_MAX_TAP_SCALE);
    for (int t = 0; t < PX_MEAN_TAPS; t++)
        code(s, general, &model->sample_steps[t], 0, -PX_MAX_TAP_SCALE, PX_MAX_TAP_SCALE);
    if (model->mixes && !model->quick) {
        int wide = model->wide;
        code(s, general, &wide, 0, 0, 1);
        model->wide = wide;
    }
}

static void code_group(side *s, px_lsq_model *model) {
    code_general(s, model);
    if (model->mixes && !model->quick && !model->stored)
        code_order(s, model->order, model->count);
    px_lsq_plane last = {.kind = PX_PLANE_FULL};
    for (size_t k = 0; k < model->count && !s->io.bad; k++) {
        code_plane(s, &model->planes[k], &last, (uint64_t)model->height * model->width);
        keep_fields(&last, &model->planes[k]);
    }
}

/* ---- Writing and reading --------------------------------------------------------------------- */

static void write_apart(const px_weights *weights, px_buffer *out) {
    px_buffer apart = {0};
    px_range_encoder coder = px_range_encoder_make(&apart);
    px_weights_encode(weights, &coder);
    px_range_encoder_finish(&coder);
    px_put_sized(out, apart.data, apart.size);
    out->failed |= apart.failed;
    px_buffer_free(&apart);
}

void px_model_write(px_lsq_model *model, px_buffer *out) {
    px_range_encoder coder = px_range_encoder_make(out);
    side s = {.io = {.out = &coder}, .blocks = model->blocks};
    const bool within = model->mixes && !model->stored;
    models_init(&s.models);
    code_group(&s, model);
    if (within)
        px_weights_encode(&model->samples, &coder);
    if (within && !model->quick)
        px_weights_encode(&model->innovations, &coder);
    px_range_encoder_finish(&coder);
    if (model->mixes && model->stored) {
        write_apart(&model->samples, out);
        write_apart(&model->innovations, out);
    }
}

/* Fields after the kind of one that is halved are not there, where patches were not read. */
static bool is_halved(side *s, size_t count, uint16_t *order, bool ordered) {
    px_lsq_plane last = {.kind = PX_PLANE_FULL};
    if (ordered)
        code_order(s, order, count);
    for (size_t k = 0; k < count && !s->io.bad; k++) {
        px_lsq_plane plane = {.kind = PX_PLANE_CONSTANT};
        code_plane(s, &plane, &last, 0);
        if (plane.kind == PX_PLANE_HALVED)
            return true;
        keep_fields(&last, &plane);
    }
    return false;
}

px_model_sort px_model_look(px_reader in, size_t count, bool quick, bool mixes) {
    uint16_t order[MOST_LOOKED_AT];
    px_range_decoder coder = px_range_decoder_make(&in);
    px_lsq_model model = {.quick = quick, .mixes = mixes};
    side s = {.io = {.in = &coder}, .looks = true};
    models_init(&s.models);
    code_general(&s, &model);
    return (px_model_sort){.wide = model.wide,
                           .halves = count > MOST_LOOKED_AT ||
                                     is_halved(&s, count, order, mixes && !quick)};
}

/* A shift to the right by less than nothing is not to be had. */
static bool fractions_fit(const px_lsq_model *model) {
    for (size_t k = 0; k < model->count; k++)
        if (model->samples.rows[k].used && model->samples.rows[k].shift < model->planes[k].fraction)
            return false;
    return true;
}

static px_reader read_sized(px_reader *in) {
    const size_t size = px_get_size(in);
    const uint8_t *bytes = px_get_bytes(in, size);
    return px_reader_make(bytes, bytes ? size : 0);
}

/* Where the weights of stored planes are. */
static prism_status take_apart(px_lsq_model *model, px_reader *in, prism_error *error) {
    model->rows = model->mixes ? 0 : model->count;
    if (!model->mixes)
        return PRISM_OK;
    model->samples_apart = read_sized(in);
    model->innovations_apart = read_sized(in);
    return in->failed ? px_fail(error, PRISM_E_CORRUPT, "the weights of planes end too early")
                      : PRISM_OK;
}

/* From the first row on, again where some have been read. */
static prism_status read_apart(px_weights *weights, size_t rows, px_reader in, prism_error *error) {
    px_range_decoder coder = px_range_decoder_make(&in);
    const prism_status status = px_weights_decode(weights, rows, &coder, error);
    return status == PRISM_OK && rows == weights->count && px_reader_left(&in)
               ? px_fail(error, PRISM_E_CORRUPT, "bytes after the weights of planes")
               : status;
}

prism_status px_model_read_rows(px_lsq_model *model, size_t rows, prism_error *error) {
    if (!model->stored || rows <= model->rows)
        return PRISM_OK;
    prism_status status = read_apart(&model->samples, rows, model->samples_apart, error);
    if (status == PRISM_OK)
        status = read_apart(&model->innovations, rows, model->innovations_apart, error);
    if (status == PRISM_OK && !fractions_fit(model))
        return px_fail(error, PRISM_E_CORRUPT, "a prediction has too few fractional bits");
    if (status == PRISM_OK)
        model->rows = rows;
    return status;
}

prism_status px_model_read(px_lsq_model *model, px_reader *in, prism_error *error) {
    px_range_decoder coder = px_range_decoder_make(in);
    side s = {.io = {.in = &coder}, .blocks = model->blocks};
    models_init(&s.models);
    code_group(&s, model);
    if (s.starved)
        return px_out_of_memory(error, model->height * model->width / PX_SAMPLES_PER_PATCH *
                                           sizeof(px_patch));
    if (s.io.bad || in->failed || (model->wide && model->count > PX_WIDE_PLANES))
        return px_fail(error, PRISM_E_CORRUPT, "the model of the planes is out of range");
    if (model->stored)
        return take_apart(model, in, error);
    prism_status status = model->wide ? px_model_widen(model, error) : PRISM_OK;
    if (model->mixes && status == PRISM_OK)
        status = px_weights_decode(&model->samples, model->count, &coder, error);
    if (model->mixes && !model->quick && status == PRISM_OK)
        status = px_weights_decode(&model->innovations, model->count, &coder, error);
    if (status == PRISM_OK && !fractions_fit(model))
        status = px_fail(error, PRISM_E_CORRUPT, "a prediction has too few fractional bits");
    return status;
}

int px_tap_step(int scale, int finer) {
    int step = (scale + finer + 2) >> 2;
    return step < 0 ? 0 : step > PX_TAP_BITS ? PX_TAP_BITS : step;
}

bool px_taps_expand(int32_t *values, const px_taps *taps, const int *steps, int count) {
    for (int t = 0; t < count; t++) {
        int left = PX_TAP_BITS - px_tap_step(taps->scale, steps[t]);
        values[t] = taps->levels[t] * (1 << left);
        if (values[t] < INT16_MIN || values[t] > INT16_MAX)
            return false;
    }
    return true;
}
