/*
 * Coefficients of wavelets, band after band: what is predicted, and how many steps they are from
 * it, by context mixing (wavelet_models.h). One function codes and decodes.
 * docs/format-components.md, "Coefficients". Internal.
 */
#ifndef PX_LOSSY_WAVELET_CODER_H
#define PX_LOSSY_WAVELET_CODER_H

#include "entropy/range_coder.h"
#include "lossy/wavelet_transform.h"
#include "lossy/wavelet_trellis.h"

typedef struct px_wavelet_coder px_wavelet_coder;

enum {
    PX_LAST_COEFFICIENT = 1 << 18, /* steps */
    PX_COEFFICIENT_ONE = 256       /* a step, in planes */
};

/* What an encoder chooses from: numbers in the layout of the coefficients, and how many squared
 * steps a bit is worth. A decoder has none. The trellis is there if quantisers are dependent. */
typedef struct px_wavelet_choice {
    const float *numbers;
    float scale; /* makes steps of the numbers */
    float bit;
    float least_gain; /* of a level that is coded, as a share of what it may cost */
    px_trellis *trellis;
} px_wavelet_choice;

/* How coefficients are coded. */
typedef struct px_wavelet_ways {
    bool predicted; /* by those that are known (wavelet_fit.h) */
    bool dependent; /* two quantisers (wavelet_trellis.h) */
} px_wavelet_ways;

/* Coefficients of `components` planes, one after another. */
prism_status px_wavelet_coder_make(px_wavelet_coder **coder, const px_wavelet *wavelet,
                                   size_t components, px_wavelet_ways ways, prism_error *error);
void px_wavelet_coder_free(px_wavelet_coder *coder);
uint64_t px_wavelet_coder_memory(size_t height, size_t width, size_t components,
                                 px_wavelet_ways ways);

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
