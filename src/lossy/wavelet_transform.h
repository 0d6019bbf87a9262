/*
 * The 9/7 wavelet of a plane (A. Cohen, I. Daubechies, J.-C. Feauveau, 1992; lifting by W.
 * Sweldens, 1996), and its inverse in integers. docs/format-components.md, "Wavelet". Internal.
 */
#ifndef PX_LOSSY_WAVELET_TRANSFORM_H
#define PX_LOSSY_WAVELET_TRANSFORM_H

#include "prism.h"

enum { PX_WAVELET_LEVELS = 5, PX_WAVELET_BANDS = 3 * PX_WAVELET_LEVELS + 1 };

/* A rectangle of a plane whose bands lie as S. Mallat laid them out. */
typedef struct px_band {
    size_t y, x, height, width;
    int level;  /* 0 is the finest */
    int orient; /* 0: low in both directions, 1: high across, 2: high down, 3: high in both */
} px_band;

typedef struct px_wavelet {
    size_t height, width;
    int levels;
    size_t heights[PX_WAVELET_LEVELS + 1], widths[PX_WAVELET_LEVELS + 1]; /* what a level divides */
    int band_count;
    px_band bands[PX_WAVELET_BANDS]; /* from the coarsest on */
    double *plane, *other, *line;    /* for the transform; owned */
} px_wavelet;

/* Free also on failure. */
prism_status px_wavelet_make(px_wavelet *w, size_t height, size_t width, prism_error *error);
void px_wavelet_free(px_wavelet *w);

/* Bytes of it. */
uint64_t px_wavelet_memory(size_t height, size_t width);

/* bands[height][width] = the wavelet of numbers[height][width]. */
void px_wavelet_forward(px_wavelet *w, float *bands, const float *numbers);

/* Integers in place, from level w->levels - 1 down to `last`. */
void px_wavelet_inverse(px_wavelet *w, int32_t *plane, int last);

#endif
