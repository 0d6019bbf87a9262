/* One frame as the coder that mixes sees it (docs/format-frames.md, "Method 6"). Internal. */
#ifndef PX_FRAME_MIXER_H
#define PX_FRAME_MIXER_H

#include "kernels/wave.h"
#include "online/model.h"

enum {
    PX_FRAME_TEXTURES = 16, /* classes of samples that have weights of their own */
    PX_FRAME_PADS = 2       /* columns left and right of rows of errors */
};

typedef struct px_frame_mixer {
    px_online_model decisions; /* what code_sample needs of it */
    px_logistic_mixer mixer;
    const px_wave *wave; /* of the frame; samples are its own less `mean` */
    int mean;
    int32_t *sums;      /* [width] taps on the references along a row */
    int32_t *columns;   /* [width + 2][16] energies of the row above */
    int32_t *residuals; /* [2][width + 2 pads], 8 bits, of this row and the one above */
    px_fit stack[PX_FRAME_TEXTURES], scale;
    int32_t texture_errors[PX_FRAME_TEXTURES];
} px_frame_mixer;

#endif
