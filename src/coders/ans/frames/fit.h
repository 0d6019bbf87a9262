/* What the encoder finds out of a frame, step by step. Internal. */
#ifndef PX_FRAMES_FIT_H
#define PX_FRAMES_FIT_H

#include "coders/ans/frames/view.h"
#include "coders/ans/lsq/encoder.h"

/* Planes of the geometry that fits work with. */
enum { PX_CONTEXT_ROWS = 8 };

typedef struct px_frame_fit {
    px_frame_view *view;
    px_frame_model *model;
    const px_frame *frame;
    int32_t *means, *near;                                      /* of blend_analyse */
    int16_t *contexts[PX_CONTEXT_ROWS], *blur[PX_CONTEXT_ROWS]; /* of the last rows, in turn */
    float *rows;                                                /* of moments */
    int32_t *dump;                                              /* of blend_analyse */
    float *slopes;                                              /* made of it */
    size_t tap_positions; /* from which taps are fitted, about */
} px_frame_fit;

/* Memory for the rest, but for `near`; owned by the pool. */
prism_status px_frame_fit_make(px_frame_fit *fit, px_pool *pool, px_frame_view *view, int effort,
                               prism_error *error);

/* Room for the dump of a frame and what is made of it. */
void px_frame_blend_take(px_frame_fit *fit, px_pool *pool, const px_geometry *geometry);

/* Taps, bias and start_error by weighted least squares; view->references and samples are set. */
prism_status px_frame_fit_taps(px_frame_fit *fit, prism_error *error);

/* error_shift, power and gates, from those that the model has. */
prism_status px_frame_fit_blend(px_frame_fit *fit, prism_error *error);

/* Both, beginning with what the frame before has. */
prism_status px_frame_fit_means(px_frame_fit *fit, const px_frame_model *last, prism_error *error);

/* Which blocks of the frame move: motion->vectors are what was found, and become 0 where they do
 * not help. Sets the means of the model. */
prism_status px_frame_fit_motion(px_frame_fit *fit, px_motion *motion, px_frames_model *model,
                                 const px_planes *planes, size_t turn, const px_frame_model *last,
                                 prism_error *error);

/* Means, and errors and their logs, once the means are fitted. */
void px_frame_fit_errors(px_frame_fit *fit);

/* Scales, by regression, after px_frame_fit_errors, when view->running is set; then symbols, and
 * histograms of them (lsq/encoder.h). Returns whether there are symbols with low bits. */
bool px_frame_fit_scale(px_frame_fit *fit, int32_t *symbols, px_symbol_histograms *histograms);

#endif
