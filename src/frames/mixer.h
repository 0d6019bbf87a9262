/*
 * What the coder of mixed frames knows while it codes a frame sample by sample: everything here
 * follows from the model and from the samples coded so far, in the encoder as in the decoder.
 * docs/format-frames.md, "Method 6". Internal.
 */
#ifndef PX_FRAMES_MIXER_H
#define PX_FRAMES_MIXER_H

#include "kernels/wave.h"
#include "online/model.h"

enum {
    PX_FRAME_TEXTURES = 16,    /* classes of samples that have weights of their own */
    PX_FRAME_ERROR_PADS = 2,   /* columns left and right of rows of errors */
    PX_FRAME_SCALE_INPUTS = 8, /* of the fit of scales */
    PX_FRAME_STACKED = 5       /* experts that the fit of means looks at */
};

typedef struct px_frame_mixer {
    px_online_model decisions; /* no more of it than decisions need */
    px_logistic_mixer mixer;
    px_fit stack[PX_FRAME_TEXTURES], scale;

    /* Of a frame at a time. */
    const px_wave *wave; /* its samples are less `mean` */
    int mean;
    int32_t *sums;    /* [width and PX_LANES] taps on the references along a row */
    int32_t *columns; /* [1 + width + 1][PX_BLEND_EXPERTS] energies down to the row above */
    int32_t *errors;  /* [2][pads + width + pads], 8 fractional bits: of this row and that above */
    void *memory;     /* owns the arrays, and the counts of values of `decisions` */
} px_frame_mixer;

/* For all frames of the planes, with samples low..high that `coder` codes. px_frame_mixer_free also
 * after a failure. */
prism_status px_frame_mixer_alloc(px_frame_mixer *mixer, px_range_coder *coder,
                                  const px_planes *planes, int32_t low, int32_t high,
                                  prism_error *error);
void px_frame_mixer_free(px_frame_mixer *mixer);

/* Energies and errors above a frame; `wave` must outlive its rows. */
void px_frame_mixer_begin(px_frame_mixer *mixer, const px_wave *wave, int mean);

#endif
