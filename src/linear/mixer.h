/*
 * Products of planes before with a plane's weights, in panels: the sums over all planes before a
 * panel of PX_PANEL planes are made together, while each tile of samples is in the cache; what the
 * planes of the panel say of each other is added plane by plane. Where planes are few, sums need
 * more memory than they save time: then each plane has its products at once. Internal.
 */
#ifndef PX_LINEAR_MIXER_H
#define PX_LINEAR_MIXER_H

#include "linear/geometry.h"
#include "linear/product_kernels.h"
#include "linear/weights.h"

typedef struct px_mixer {
    const px_weights *weights;
    const px_tiles *tiles;     /* where weights have one tap a plane, */
    const px_couples *couples; /* or PX_SQUARE_TAPS; the other is NULL */
    int16_t *fixed;     /* weights in fixed point, row after row, with zeros where one is not used;
                           NULL: they are expanded already */
    int32_t *panel;     /* [pairs][taps][PX_PANEL] couples of weights */
    int32_t *apart;     /* memory for sums, or NULL: they are where planes will be */
    px_panel_sums sums; /* of the panel at work; its elements may be NULL: zeros */
    bool direct;        /* without panels */
    size_t shift;       /* of the tiles */
} px_mixer;

enum { PX_DIRECT_PLANES = 24 }; /* at most, that are not in panels; of squares, PX_PANEL */

/* The order of the variables of a plane in wide weights, as taps of a square: causal ones first. */
extern const int px_square_order[];
enum { PX_SQUARE_TARGET = 4 };

/* Bytes of a mixer without sums of its own, of weights that are expanded or not. */
uint64_t px_mixer_memory(size_t count, size_t taps, bool expanded);

/* Pairs for which tiles or couples of decoding need room: all planes but the last, and the sums of
 * a panel behind the planes before it. */
size_t px_mixer_pairs(size_t count, bool wide);

/* The same where no more than the first `planes` of them are decoded, by weights that are not wide.
 */
size_t px_mixer_pairs_of_first(size_t count, size_t planes);

/* The weights and planes must outlive the mixer; its memory is the pool's. `apart`: all planes are
 * there from the beginning, so that sums need memory of their own. */
prism_status px_mixer_make(px_mixer *mixer, px_pool *pool, const px_weights *weights,
                           const px_tiles *tiles, const px_couples *couples,
                           const px_geometry *geometry, bool apart, prism_error *error);

/* The prediction of plane k with `fraction` fractional bits more than what it is predicted from, to
 * the high or low halves of `mixed` (mix_finish). Planes must come in their order. */
void px_mixer_predict(px_mixer *mixer, const px_geometry *geometry, size_t k, int fraction,
                      bool high, int32_t *mixed);

/* To be called when plane k is in the couples, and its pads. */
void px_mixer_take(px_mixer *mixer, const px_geometry *geometry, size_t k);

#endif
