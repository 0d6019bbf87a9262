/*
 * What is transmitted of a stack of frames besides the coded samples: docs/format-frames.md,
 * "Model". Reading checks everything that decoding relies on. Internal.
 */
#ifndef PX_FRAMES_MODEL_H
#define PX_FRAMES_MODEL_H

#include "coders/ans/lsq/wave.h"
#include "similarity/plan.h"

enum {
    PX_FRAME_TAPS = 2 * PX_SQUARE_TAPS + PX_OWN_TAPS, /* first reference, second one, own */
    PX_FRAME_TAP_BITS = 8,                            /* fractional bits of levels */
    PX_FRAME_TAP_LIMIT = (1 << 11) - 1,
    PX_GATE_UNIT = 128, /* of a gate's levels, in 2^-PX_BLEND_BITS octaves */
    PX_GATE_LIMIT = 48,
    PX_POWER_LIMIT = 255,
    PX_ERROR_SHIFT_LIMIT = 10,
    PX_FRAME_SCALE_UNIT = 8,
    PX_FRAME_SCALE_LIMIT = 128,
    PX_FRAME_OFFSET_LIMIT = 1 << 12,
    PX_FRAME_BIAS_LIMIT = 1 << 15,
    PX_FRAME_SERIES = 2 /* of frames that share states of the entropy coder */
};

/* Scales are as in px_wave; those of errors in PX_FRAME_SCALE_UNIT. */
typedef struct px_frame_model {
    bool constant;  /* every sample is the mean */
    bool begins;    /* the states of the entropy coder begin anew */
    uint32_t words; /* from there to where they do so again */
    int mean;
    int taps[PX_FRAME_TAPS];
    int bias, start_error; /* as in the model of method lsq */
    int error_shift, power, gates[PX_BLEND_EXPERTS];
    int scale_offset, scale_running, scale_blur;
    int scale_error, scale_spread, scale_energy;
} px_frame_model;

typedef struct px_frames_model {
    px_stack_plan plan;
    px_frame_model *frames; /* [plan.count], in coding order; owned */
    uint8_t shapes[PX_SHAPE_CLASSES];
    bool mixed; /* method 6: no shapes, segments and scales */
} px_frames_model;

/* Bytes of the model of a chunk of `count` frames that is read. */
uint64_t px_frames_model_memory(size_t count);

/* Zeros, for a plan that has been made or read. */
prism_status px_frames_model_alloc(px_frames_model *model, prism_error *error);
void px_frames_model_free(px_frames_model *model);

void px_frames_model_write(px_frames_model *model, px_buffer *out);

/* Of `count` frames; allocates the plan and the model. */
prism_status px_frames_model_read(px_frames_model *model, bool mixed, size_t count, px_reader *in,
                                  prism_error *error);

/* Neither a duplicate nor constant. */
bool px_frame_is_coded(const px_frames_model *model, size_t turn);

/* Series of frames, of which each turn belongs to the next one: large chunks have two, that two
 * threads may decode them. */
size_t px_frame_series(const px_planes *planes);

/* Experts of a frame, which its references decide. */
int px_frame_experts(const px_frame *frame);

#endif
