/*
 * What the encoder and the decoder of a group of planes have in common: the planes' memory, the
 * prediction from planes before, and what is kept for planes after. Internal.
 */
#ifndef PX_LSQ_GROUP_H
#define PX_LSQ_GROUP_H

#include "coders/ans/lsq/model.h"
#include "coders/ans/lsq/wave.h"
#include "linear/mixer.h"

/* A plane at work: in full, or at half its size. All arrays are padded planes, but that `mixed` and
 * `running` may be rows of zeros that stand for all rows: their strides are 0 then. */
typedef struct px_view {
    px_geometry geometry;
    int32_t *mixed;   /* (P, E) */
    int16_t *running; /* mean of log errors of planes before */
    size_t mixed_stride, running_stride;
    size_t logs_stride; /* 0: as above, but of what nobody asks for */
    int16_t *samples;
    int16_t *logs;        /* then, where planes are predicted from them, innovations */
    uint16_t *errors;     /* absolute ones; decoding has them for method quick only, of a row */
    const uint8_t *holes; /* of the plane; NULL: it has none */
} px_view;

typedef struct px_lsq_group {
    px_pool pool;
    px_pool kept;  /* of decoding: samples, which become planes in the end */
    px_pool tiles; /* of encoding: tiles and couples, which are for fits */
    const px_lsq_model *model;
    bool decoding;
    px_view full;
    bool couple; /* decoding two planes that mix: they need less than many do, see px_view_turn */
    int32_t *spare_row, *mixed;
    px_geometry tiled; /* of tiles: without pads when decoding, unless the model is wide */
    px_tiles samples, innovations;
    px_couples couples; /* instead of tiles of samples, if the model is wide */
    px_mixer sample_mixer, innovation_mixer;
    int coded; /* planes so far that are not constant */
} px_lsq_group;

/* Distributions for the model's method; the others are NULL. Encoders say which classes of scales
 * they need, and have no inverses. */
typedef struct px_tables {
    const px_shapes *shapes;
    const px_quick_shapes *quick;
} px_tables;

prism_status px_tables_make(px_tables *tables, px_pool *pool, const px_lsq_model *model,
                            const bool *classes, prism_error *error);

/* What decoding a group takes in all, and what of it is `kept`. */
typedef struct px_group_bytes {
    uint64_t all, kept;
} px_group_bytes;

px_group_bytes px_lsq_group_memory(const px_planes *planes, size_t count, bool quick, bool mixes,
                                   px_model_sort sort);

/* Memory for planes, and for tiles if the model mixes; px_lsq_group_free also after a failure. */
prism_status px_lsq_group_make(px_lsq_group *group, const px_lsq_model *model, bool decoding,
                               prism_error *error);
void px_lsq_group_free(px_lsq_group *group);

/* plane k's view: the group's own, or one at half size with P, E and the running mean in it. The
 * pool is of the view alone. When decoding, the half is in the memory of the whole. */
prism_status px_view_open(px_view *view, px_pool *pool, px_lsq_group *group, size_t k,
                          prism_error *error);

/* Before plane k of a couple is decoded. Nothing is said of the first one, so that its logs are
 * where that would be; nobody asks for those of the second one. */
void px_view_turn(px_lsq_group *group, size_t k);

/* Samples and logs back to full size, with the plane's patches. */
void px_view_close(const px_view *view, px_lsq_group *group, size_t k);

/* An array of the view at full size, if the view is half. */
void px_view_grow(const px_view *view, px_lsq_group *group, size_t k, const int16_t *half,
                  int16_t *whole);

/* The wave of plane k with the taps of its samples; false if they do not fit. Tables and `edge` are
 * not set. */
bool px_sample_wave(px_wave *wave, const px_view *view, const px_lsq_model *model, size_t k);

/* The same with the taps of its innovation. */
bool px_innovation_wave(px_wave *wave, const px_view *view, const px_lsq_model *model, size_t k);

/* What stands above a plane: samples and errors. */
void px_pad_above(const px_wave *wave);
void px_pad_errors_above(const px_wave *wave);

/* Causal pads of wave->samples: what taps find above, left and right of the plane. */
void px_causal_pads(const px_wave *wave);

/* The same of wave->errors, once they are there. */
void px_causal_error_pads(const px_wave *wave);

/* Pads for method quick, also of wave->errors: all of them, or those above, which need no samples.
 */
void px_quick_pads(const px_wave *wave);
void px_quick_pads_above(const px_wave *wave);

/* The average of `count` logs of errors from their sum, in 1/16 of theirs. */
int32_t px_log_average(int64_t sum, size_t count);

/* How much of its difference from the logs of a plane the running mean takes, in 1/2^15, where that
 * plane is number `coded` (from 1) of those that are not constant. */
int32_t px_running_rate(int coded);

/* Takes the logs of a plane, laid out as the full view's, whose average is given, into the running
 * mean. */
void px_running_update(px_lsq_group *group, const int16_t *logs, int32_t average);

/* What stands for errors above a plane: in half octaves above 1, of their mean, and back. */
int px_start_error_level(double error);
int32_t px_start_error(int level);

#endif
