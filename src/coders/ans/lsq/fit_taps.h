/* Fitting taps to planes. Internal. */
#ifndef PX_LSQ_FIT_TAPS_H
#define PX_LSQ_FIT_TAPS_H

#include "coders/ans/lsq/encoder.h"

/* Sets the own taps of a wave to what predicts its samples best without other planes. */
prism_status px_fit_own_taps(const px_lsq_encoder *encoder, px_wave *wave, prism_error *error);

/* Taps of plane k for method quick: on P, and on samples of rows above. */
prism_status px_fit_quick_taps(px_lsq_encoder *encoder, const px_view *view, size_t k,
                               prism_error *error);

#endif
