/* A frame at work, with what its references say of it; and what is kept of frames for those after.
 * Internal. */
#ifndef PX_FRAMES_VIEW_H
#define PX_FRAMES_VIEW_H

#include "base/pool.h"
#include "coders/ans/frames/model.h"
#include "coders/ans/frames/motion.h"
#include "linear/geometry.h"

/* Arrays are padded planes of the geometry. */
typedef struct px_frame_view {
    px_pool pool;
    px_pool said; /* references and running */
    px_geometry geometry;
    size_t size;         /* samples of a frame */
    bool refers;         /* there are other frames; else there is one row of zeros for these two */
    bool couple;         /* two frames that are decoded: the first one, of which nothing is said,
                            leaves its logs where the second one has its running ones */
    int32_t *references; /* couples of samples, less their means */
    int16_t *running;    /* log errors of the references */
    int16_t *samples, *logs;
    size_t logs_stride; /* when decoding, they are where they are kept */
    bool decoding;
    uint16_t *errors;         /* NULL when decoding */
    int32_t *edge, *energies; /* of px_wave and px_blend */
    size_t kept;              /* turns whose logs are kept: all but the last */
    int16_t *kept_logs;       /* [kept][size], by turn */
    int32_t *spare_row;       /* of the last turn's logs, when decoding; before, of zeros */
} px_frame_view;

/* Bytes of a view for decoding, and of what px_frame_view_leave frees of it. Frames that `move` are
 * no couple. */
uint64_t px_frame_view_memory(size_t height, size_t width, size_t count, bool move);
uint64_t px_frame_view_left(size_t height, size_t width);

/* What a view is for. */
typedef struct px_frame_use {
    bool decoding;
    bool couple;                 /* see px_frame_view; when decoding */
    bool alone;                  /* of frames without references */
    const px_frame_view *beside; /* another view of the same frames, which keeps their logs; NULL:
                                    there is none */
} px_frame_use;

/* px_frame_view_free also after a failure. */
prism_status px_frame_view_make(px_frame_view *view, const px_planes *planes,
                                const px_frame_use *use, prism_error *error);
void px_frame_view_free(px_frame_view *view);

/* When all frames of a couple are decoded: the last one can still be stored. */
void px_frame_view_leave(px_frame_view *view);

/* References and running of the frame at `turn`, from planes whose turns came before; with `motion`
 * from where that says, if it is not NULL. */
void px_frame_view_refer(px_frame_view *view, const px_frames_model *model, const px_planes *planes,
                         size_t turn, const px_motion *motion);

/* The same without motion of rows from `first` to before `last`: those before have been set. */
void px_frame_view_refer_rows(px_frame_view *view, const px_frames_model *model,
                              const px_planes *planes, size_t turn, size_t first, size_t last);

/* The same of all rows, references first, and running when the logs of the references are kept. */
void px_frame_view_refer_samples(px_frame_view *view, const px_frames_model *model,
                                 const px_planes *planes, size_t turn);
void px_frame_view_refer_logs(px_frame_view *view, const px_frames_model *model, size_t turn);

/* Sets the mean of a frame in the model, and whether its samples are all the same. */
void px_frame_find_mean(px_frames_model *model, const px_planes *planes, size_t turn);

/* Samples less that mean. */
void px_frame_view_load(px_frame_view *view, const px_frames_model *model, const px_planes *planes,
                        size_t turn);

/* The same back; rows as in px_frame_view_refer_rows. */
void px_frame_view_store(const px_frame_view *view, const px_frames_model *model, px_planes *planes,
                         size_t turn);
void px_frame_view_store_rows(const px_frame_view *view, const px_frames_model *model,
                              px_planes *planes, size_t turn, size_t first, size_t last);

/* To be called before the frame at `turn` is coded, and thereafter: keeps view->logs for frames
 * that refer to it. */
void px_frame_view_begin(px_frame_view *view, size_t turn);
void px_frame_view_keep(px_frame_view *view, size_t turn);

/* The same where there is nothing to code: the logs of its reference, or of no errors at all. */
void px_frame_view_keep_plain(px_frame_view *view, const px_frame *frame, size_t turn);

/* A duplicate or constant frame, decoded and kept. */
void px_frame_view_store_plain(px_frame_view *view, px_frames_model *model, px_planes *planes,
                               size_t turn);

/* The wave and the blend of a frame; shapes are not set. */
px_wave px_frame_wave(const px_frame_view *view, px_blend *blend, const px_frame_model *model,
                      const px_frame *frame);

#endif
