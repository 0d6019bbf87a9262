/*
 * Coefficients of wavelets by context mixing: the magnitude of each is expected from its
 * neighbours, from the band above it, from the other bands and from the components before, and
 * binary decisions, "larger than that?", are coded by mixed probabilities. One function codes and
 * decodes. docs/format-components.md, "Coefficients". Internal.
 */
#ifndef PX_LOSSY_WAVELET_CODER_H
#define PX_LOSSY_WAVELET_CODER_H

#include "entropy/counter.h"
#include "entropy/range_coder.h"
#include "lossy/wavelet_transform.h"

typedef struct px_wavelet_coder px_wavelet_coder;

enum {
    PX_LAST_COEFFICIENT = 1 << 18, /* steps */
    PX_COEFFICIENT_ONE = 256       /* a step, in planes */
};

/* What an encoder chooses from: numbers in the layout of the coefficients, and how many squared
 * steps a bit is worth. A decoder has none. */
typedef struct px_wavelet_choice {
    const float *numbers;
    float scale; /* makes steps of the numbers */
    float bit;
} px_wavelet_choice;

/* Coefficients of `components` planes, one after another; `predicts` what they come to, by those
 * that are known (wavelet_fit.h). */
prism_status px_wavelet_coder_make(px_wavelet_coder **coder, const px_wavelet *wavelet,
                                   size_t components, bool predicts, prism_error *error);
void px_wavelet_coder_free(px_wavelet_coder *coder);
uint64_t px_wavelet_coder_memory(size_t height, size_t width, size_t components, bool predicts);

/* Codes all bands from the coarsest level on to level `last`; planes become the coefficients, as
 * they are decoded. ends[level] becomes how many bytes decoding takes down to each level,
 * ends[wavelet->levels] for band 0 alone. Stops where the input does. */
void px_wavelet_code(px_wavelet_coder *coder, px_range_coder *bits, int32_t *planes,
                     const px_wavelet_choice *choice, int last, size_t *ends);

/* How many of them are coded one by one: those of a component's level of which none is more than
 * zero are not. */
size_t px_wavelet_coded(const px_wavelet *wavelet, const px_wavelet_choice *choice,
                        size_t components);

#endif
