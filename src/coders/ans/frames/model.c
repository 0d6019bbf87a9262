/* The encoder and the decoder walk through the fields by the same functions (field_coder.h). */
#include "coders/ans/frames/model.h"

#include <stdlib.h>
#include <string.h>

#include "base/sizes.h"
#include "base/status.h"
#include "entropy/field_coder.h"
#include "entropy/shapes.h"

enum { MAX_START_ERROR = 31, MAX_SCALE_WEIGHT = 127, WORDS_LOW_BITS = 15 };

prism_status px_frames_model_alloc(px_frames_model *model, prism_error *error) {
    model->frames = calloc(model->plan.count, sizeof *model->frames);
    memset(model->shapes, PX_SHAPE_PLAIN, sizeof model->shapes);
    return model->frames ? PRISM_OK
                         : px_out_of_memory(error, model->plan.count * sizeof *model->frames);
}

uint64_t px_frames_model_memory(size_t count) {
    return px_stack_plan_memory(count) + count * (uint64_t)sizeof(px_frame_model);
}

void px_frames_model_free(px_frames_model *model) {
    px_stack_plan_free(&model->plan);
    free(model->frames);
    model->frames = NULL;
}

int px_frame_experts(const px_frame *frame) {
    return frame->count == 0   ? PX_EXPERTS_ALONE
           : frame->count == 1 ? PX_EXPERTS_ONE
                               : PX_BLEND_EXPERTS;
}

size_t px_frame_series(const px_planes *planes) {
    enum { LEAST_BYTES = 1 << 22 };
    const bool large = px_product(planes->count, px_plane_bytes(planes)) >= LEAST_BYTES;
    return large && planes->count > 1 ? PX_FRAME_SERIES : 1;
}

bool px_frame_is_coded(const px_frames_model *model, size_t turn) {
    return !model->plan.frames[turn].duplicates && !model->frames[turn].constant;
}

/* ---- Both directions ------------------------------------------------------------------------- */

typedef struct frame_models {
    px_bit constant, begins;
    px_integer words[2];
    px_integer mean, bias, start_error, error_shift, power, offset, running, blur;
    px_integer scales[3];
    px_integer taps[PX_FRAME_TAPS], gates[PX_BLEND_EXPERTS];
    px_integer shape;
} frame_models;

static void models_init(frame_models *m) {
    const px_bit even = PX_BIT_INIT;
    px_integer *const single[] = {&m->words[0],    &m->words[1],    &m->mean,      &m->bias,
                                  &m->start_error, &m->error_shift, &m->power,     &m->offset,
                                  &m->running,     &m->blur,        &m->scales[0], &m->scales[1],
                                  &m->scales[2],   &m->shape};
    for (size_t i = 0; i < sizeof single / sizeof *single; i++)
        px_integer_init(single[i]);
    for (int t = 0; t < PX_FRAME_TAPS; t++)
        px_integer_init(&m->taps[t]);
    for (int e = 0; e < PX_BLEND_EXPERTS; e++)
        px_integer_init(&m->gates[e]);
    m->constant = m->begins = even;
}

static void code_flag(px_field_coder *side, px_bit *model, bool *flag) {
    int bit = *flag;
    px_field_bit(side, model, &bit);
    *flag = bit;
}

static void code_words(px_field_coder *side, px_integer models[2], uint32_t *words) {
    int low = (int)(*words & ((1u << WORDS_LOW_BITS) - 1)), high = (int)(*words >> WORDS_LOW_BITS);
    px_field_integer(side, &models[0], &high, 0, 0, UINT16_MAX);
    px_field_integer(side, &models[1], &low, 0, 0, (1 << WORDS_LOW_BITS) - 1);
    *words = (uint32_t)high << WORDS_LOW_BITS | (uint32_t)low;
}

static void code_segment(px_field_coder *side, frame_models *m, px_frame_model *frame) {
    code_flag(side, &m->begins, &frame->begins);
    if (frame->begins)
        code_words(side, m->words, &frame->words);
}

/* Taps on references that are not there are not coded. */
static void code_taps(px_field_coder *side, frame_models *m, px_frame_model *frame,
                      const px_frame_model *last, int references) {
    const int limit = PX_FRAME_TAP_LIMIT;
    for (int t = 0; t < PX_FRAME_TAPS; t++)
        if (t >= 2 * PX_SQUARE_TAPS || t < references * PX_SQUARE_TAPS)
            px_field_integer(side, &m->taps[t], &frame->taps[t], last->taps[t], -limit, limit);
}

static void code_scales(px_field_coder *side, frame_models *m, px_frame_model *frame,
                        const px_frame_model *last) {
    const int limit = PX_FRAME_SCALE_LIMIT;
    px_field_integer(side, &m->offset, &frame->scale_offset, last->scale_offset,
                     -PX_FRAME_OFFSET_LIMIT, PX_FRAME_OFFSET_LIMIT);
    px_field_integer(side, &m->running, &frame->scale_running, last->scale_running,
                     -MAX_SCALE_WEIGHT, MAX_SCALE_WEIGHT);
    px_field_integer(side, &m->blur, &frame->scale_blur, last->scale_blur, -MAX_SCALE_WEIGHT,
                     MAX_SCALE_WEIGHT);
    px_field_integer(side, &m->scales[0], &frame->scale_error, last->scale_error, -limit, limit);
    px_field_integer(side, &m->scales[1], &frame->scale_spread, last->scale_spread, -limit, limit);
    px_field_integer(side, &m->scales[2], &frame->scale_energy, last->scale_energy, -limit, limit);
}

/* Fields as differences from those of the frame before that has them. */
static void code_frame(px_field_coder *side, frame_models *m, px_frame_model *frame,
                       px_frame_model *last, const px_frame *planned, bool mixed) {
    code_flag(side, &m->constant, &frame->constant);
    px_field_integer(side, &m->mean, &frame->mean, last->mean, INT16_MIN, INT16_MAX);
    last->mean = frame->mean;
    if (frame->constant)
        return;
    if (!mixed)
        code_segment(side, m, frame);
    code_taps(side, m, frame, last, planned->count);
    px_field_integer(side, &m->bias, &frame->bias, 0, -PX_FRAME_BIAS_LIMIT, PX_FRAME_BIAS_LIMIT);
    px_field_integer(side, &m->start_error, &frame->start_error, last->start_error, 0,
                     MAX_START_ERROR);
    px_field_integer(side, &m->error_shift, &frame->error_shift, last->error_shift, 0,
                     PX_ERROR_SHIFT_LIMIT);
    px_field_integer(side, &m->power, &frame->power, last->power, 0, PX_POWER_LIMIT);
    for (int e = 1; e < px_frame_experts(planned); e++)
        px_field_integer(side, &m->gates[e], &frame->gates[e], last->gates[e], -PX_GATE_LIMIT,
                         PX_GATE_LIMIT);
    if (!mixed)
        code_scales(side, m, frame, last);
}

/* Of what a frame does not have, that of the one before stays. */
static void keep_fields(px_frame_model *last, const px_frame_model *frame,
                        const px_frame *planned) {
    px_frame_model kept = *frame;
    for (int t = planned->count * PX_SQUARE_TAPS; t < 2 * PX_SQUARE_TAPS; t++)
        kept.taps[t] = last->taps[t];
    for (int e = px_frame_experts(planned); e < PX_BLEND_EXPERTS; e++)
        kept.gates[e] = last->gates[e];
    *last = kept;
}

static void code_shapes(px_field_coder *side, frame_models *m, uint8_t shapes[PX_SHAPE_CLASSES]) {
    int shape = PX_SHAPE_PLAIN;
    for (int c = 0; c < PX_SHAPE_CLASSES; c++) {
        int before = shape;
        shape = shapes[c];
        px_field_integer(side, &m->shape, &shape, before, 0, PX_SHAPE_COUNT - 1);
        shapes[c] = (uint8_t)shape;
    }
}

static void code_model(px_field_coder *side, px_frames_model *model) {
    frame_models models;
    models_init(&models);
    if (!model->mixed)
        code_shapes(side, &models, model->shapes);
    px_frame_model last = {.mean = 0};
    for (size_t k = 0; k < model->plan.count && !side->bad; k++) {
        if (model->plan.frames[k].duplicates)
            continue;
        code_frame(side, &models, &model->frames[k], &last, &model->plan.frames[k], model->mixed);
        if (!model->frames[k].constant)
            keep_fields(&last, &model->frames[k], &model->plan.frames[k]);
    }
}

void px_frames_model_write(px_frames_model *model, px_buffer *out) {
    px_range_encoder coder = px_range_encoder_make(out);
    px_field_coder side = {.out = &coder};
    px_stack_plan_write(&model->plan, &coder);
    code_model(&side, model);
    px_range_encoder_finish(&coder);
}

prism_status px_frames_model_read(px_frames_model *model, bool mixed, size_t count, px_reader *in,
                                  prism_error *error) {
    *model = (px_frames_model){.mixed = mixed};
    px_range_decoder coder = px_range_decoder_make(in);
    px_field_coder side = {.in = &coder};
    prism_status status = px_stack_plan_read(&model->plan, count, &coder, error);
    if (status == PRISM_OK)
        status = px_frames_model_alloc(model, error);
    if (status != PRISM_OK)
        return status;
    code_model(&side, model);
    if (side.bad || in->failed)
        return px_fail(error, PRISM_E_CORRUPT, "the model of the frames is out of range");
    return PRISM_OK;
}
