/*
 * What the coder of mixed frames knows while it codes a frame sample by sample: everything here
 * follows from the model and from the samples coded so far, in the encoder as in the decoder.
 * docs/format-frames.md, "Method 6". Internal.
 */
#ifndef PX_FRAMES_MIXER_H
#define PX_FRAMES_MIXER_H

#include "coders/ans/adaptive/model.h"
#include "coders/ans/lsq/wave.h"
#include "entropy/sample_range.h"

enum {
    PX_FRAME_LOG_FLOOR = 26,
    PX_FRAME_CELL_FLOOR = 64,  /* for each step of a cell beyond one */
    PX_FRAME_TEXTURES = 16,    /* classes of samples that have weights of their own */
    PX_FRAME_ERROR_PADS = 2,   /* columns left and right of rows of errors */
    PX_FRAME_SCALE_INPUTS = 8, /* of the fit of scales */
    PX_FRAME_STACKED = 5,      /* experts that the fit of means looks at */
    PX_WINDOW_ROWS = 7,        /* of samples that the window looks at, the one at work included */
    PX_WINDOW_VALUES = 32,
    PX_WINDOW_TARGET = 31
};

/* A sample as the window sees it: what it is predicted from, and, last, itself, all less the blend
 * there. */
typedef struct px_window_past {
    int16_t values[PX_WINDOW_VALUES];
} px_window_past;

typedef struct px_frame_mixer {
    px_decisions decisions;
    px_decisions cells; /* numbers of cells, if samples are not exact */
    int32_t step;       /* width of a cell about a prediction; 1: samples are exact */
    int32_t log_floor;  /* 2^-8 of a sample: errors below it are alike */
    px_logistic_mixer mixer;
    px_fit stack[PX_FRAME_TEXTURES], scale;
    px_fit close;     /* of neighbours, for cells */
    bool windowed;    /* there is a window: */
    int window_shift; /* its inputs fit 12 bits then */
    size_t past_rows; /* that are kept */

    /* Of a frame at a time. */
    const px_wave *wave; /* its samples are less `mean` */
    int mean;
    int32_t *sums;    /* [width and PX_LANES] taps on the references along a row */
    int32_t *columns; /* [1 + width + 1][PX_BLEND_EXPERTS] energies down to the row above */
    int32_t *errors;  /* [2][pads + width + pads], 8 fractional bits: of this row and that above */
    px_window_past *past; /* [past_rows][width] of the last rows */
    int32_t *trusts;      /* [past_rows][width] what they count, 15 bits */
    void *memory;         /* owns the arrays, and the counts of values of `decisions` */
} px_frame_mixer;

/* Bytes of a mixer for such planes, whatever their samples are. */
uint64_t px_frame_mixer_memory(const px_planes *planes, bool windowed);

/* What the coded frames share. */
typedef struct px_frame_mixing {
    px_sample_range range;
    int32_t step;
    bool windowed;
} px_frame_mixing;

/* For all frames of the planes, which `coder` codes. px_frame_mixer_free also after a failure. */
prism_status px_frame_mixer_alloc(px_frame_mixer *mixer, px_range_coder *coder,
                                  const px_planes *planes, const px_frame_mixing *mixing,
                                  prism_error *error);
void px_frame_mixer_free(px_frame_mixer *mixer);

/* Energies and errors above a frame; `wave` must outlive its rows. */
void px_frame_mixer_begin(px_frame_mixer *mixer, const px_wave *wave, int mean);

#endif
