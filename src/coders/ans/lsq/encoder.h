/* Encoding a group of planes: memory, and the passes that encode.c and quick_encode.c run.
 * Internal. */
#ifndef PX_LSQ_ENCODER_H
#define PX_LSQ_ENCODER_H

#include <string.h>

#include "base/bytes.h"
#include "coders/ans/lsq/bands.h"
#include "coders/ans/lsq/group.h"
#include "coders/ans/lsq/wave_kernels.h"

/* What encoding a group of planes is asked for. */
typedef struct px_group_task {
    size_t first, count; /* of the planes */
    bool quick;          /* method quick, and not lsq */
    bool mixes;          /* planes are predicted from each other, */
    bool wide;           /* by wide weights (model.h); method lsq only */
    bool blocks;         /* for blocks that are coded apart; method lsq only */
    size_t block_width;  /* of blocks side by side that have pads between them, which are holes of
                            the planes (block_pads.c); 0: nothing lies between them */
    const px_rectangle *bands; /* [PX_BANDS] that lie side by side; NULL: there are none */
    const px_planes *banded;   /* the planes that they are of: those that are coded have a shape and
                                  holes only */
    bool may_have_bands;       /* the chunk says whether it has */
    bool stored;               /* planes are coded as they come */
    int threads;               /* that may be used */
    int effort;
    bool swift;   /* see px_task */
    size_t limit; /* more coded bytes than that are not wanted */
} px_group_task;

/* How much work the effort allows. */
typedef struct px_lsq_settings {
    size_t tap_positions;  /* of a plane, about, from which taps are fitted */
    size_t gram_positions; /* for the order and the importance */
    bool robust; /* taps of samples are fitted twice, rough places and outliers counting less */
    bool swift;  /* shapes are chosen by magnitudes that are about the same */
} px_lsq_settings;

/* Predictions of planes that have not been opened yet: one thread makes them as it opens planes,
 * while they are in the cache. */
typedef struct px_lsq_mixing px_lsq_mixing;

typedef struct px_lsq_encoder {
    px_lsq_group group;
    px_lsq_model model;
    px_group_task task;
    px_lsq_settings settings;
    const px_planes *planes; /* as they are coded; their samples are those of */
    const px_planes *source; /* these */
    int32_t *mixed;          /* [count][span] (P, E) of all planes; in the end their symbols */
    px_lsq_mixing *mixing;   /* NULL: planes are predicted already, or not at all */
    size_t span;
    float *importance; /* a padded plane: square roots of weights of positions, 0 in the pads */
    size_t importance_stride;       /* 0 where planes are alone: one row of ones */
    bool *low_bits;                 /* [count] whether the plane's symbols have low bits */
    bool classes[PX_SHAPE_CLASSES]; /* of scales that symbols may have */
} px_lsq_encoder;

/* Memory and a model; px_lsq_encoder_free also after a failure. */
prism_status px_lsq_encoder_make(px_lsq_encoder *encoder, const px_planes *planes,
                                 const px_group_task *task, prism_error *error);
void px_lsq_encoder_free(px_lsq_encoder *encoder);

/* The model, and the symbols of all planes; *too_long if they would take more than `limit`. */
prism_status px_lsq_encoder_write(px_lsq_encoder *encoder, size_t limit, px_sections *out,
                                  bool *too_long, prism_error *error);

/* All passes of a method: then the encoder can be written. */
prism_status px_lsq_fit(px_lsq_encoder *encoder, prism_error *error);   /* encode.c */
prism_status px_quick_fit(px_lsq_encoder *encoder, prism_error *error); /* quick_encode.c */

/* ---- Passes, in their order ---- */

/* Mean, kind, patches and fraction of every plane, in the order as it comes. */
prism_status px_lsq_analyse(px_lsq_encoder *encoder, prism_error *error);

/* Whether any of the planes seems to be doubled. */
bool px_lsq_has_doubled(const px_planes *planes, size_t first, size_t count);

/* model.order, by pivoting: planes that leave the largest variance unexplained come first. */
prism_status px_lsq_order(px_lsq_encoder *encoder, prism_error *error);

/* Samples of all planes to tiles. */
prism_status px_lsq_store_samples(px_lsq_encoder *encoder, prism_error *error);

/* Positions with small innovations count more in all fits (analyse.c has why). */
prism_status px_lsq_importance(px_lsq_encoder *encoder, prism_error *error);

/* Fits weights to about `positions` positions of tiles; their steps are coarser than
 * px_best_precision says by quarter octaves. */
prism_status px_lsq_fit_weights(px_lsq_encoder *encoder, px_weights *weights, const px_tiles *tiles,
                                size_t positions, int coarseness, prism_error *error);

/* Fits weights of a matrix to tiles, and predicts planes by them, as px_lsq_mix does. */
prism_status px_lsq_fit_matrix(px_lsq_encoder *encoder, px_weights *weights, const px_tiles *tiles,
                               bool innovations, prism_error *error);

/* Fits the taps of innovations or of samples of all planes. */
prism_status px_lsq_fit_taps(px_lsq_encoder *encoder, bool innovations, prism_error *error);

/* Predictions of all planes by weights that have been fitted, to px_lsq_mixed: by several threads
 * at once, by one when planes are opened, until px_lsq_mix_end. Tiles must be there as long. */
prism_status px_lsq_mix(px_lsq_encoder *encoder, const px_weights *weights, const px_tiles *tiles,
                        bool innovations, prism_error *error);
void px_lsq_mix_plane(px_lsq_encoder *encoder, size_t k);
void px_lsq_mix_end(px_lsq_encoder *encoder);

/* Bias, scale and symbols of every plane; then the shapes. */
prism_status px_lsq_symbols(px_lsq_encoder *encoder, prism_error *error);

/* ---- Side by side ---- */

/* What is done for a number, by an encoder of the group that has a plane at work of its own. */
typedef prism_status (*px_lsq_work)(px_lsq_encoder *encoder, size_t index, void *context,
                                    prism_error *error);

/* Does it for all numbers below `count`, on as many threads as the task allows. */
prism_status px_lsq_run(px_lsq_encoder *encoder, size_t count, px_lsq_work work, void *context,
                        prism_error *error);

/* The same for all planes, of which those that share tiles come one after the other. */
prism_status px_lsq_run_planes(px_lsq_encoder *encoder, px_lsq_work work, void *context,
                               prism_error *error);

/* ---- Planes ---- */

/* Of plane k; NULL: it has none. */
const uint8_t *px_lsq_holes(const px_lsq_encoder *encoder, size_t k);

/* The next samples with data of a row: `x` is where to look from, and becomes where they begin.
 * Returns how many they are; 0 where there are none. */
static inline size_t px_data_run(const uint8_t *holes, size_t width, size_t *x) {
    size_t end;
    while (holes && *x < width && holes[*x])
        ++*x;
    for (end = *x; end < width && !(holes && holes[end]); end++)
        ;
    return end - *x;
}

/* Samples of plane k that are coded. */
size_t px_lsq_samples(const px_lsq_encoder *encoder, size_t k);

/* Plane k less its mean, to the samples of the group's full view; its pads are not set. */
void px_lsq_load(px_lsq_encoder *encoder, size_t k);

/* The same as the view in which the plane is coded, with its (P, E). The pool is of the view. */
prism_status px_lsq_open(px_view *view, px_pool *pool, px_lsq_encoder *encoder, size_t k,
                         prism_error *error);

/* ---- Blocks side by side (block_pads.c) ---- */

/* Columns from one block to the next. */
static inline size_t px_block_pitch(size_t width) {
    return PX_PAD_LEFT + width + PX_PAD_RIGHT;
}

/* Positions of a plane that are in blocks, or all. */
static inline size_t px_lsq_positions(const px_group_task *task, size_t height, size_t width) {
    return task->block_width
               ? height * width / px_block_pitch(task->block_width) * task->block_width
               : height * width;
}

/* Rows of bands side by side are worked on one after the other, so that what lies between them
 * costs nothing: there are so many rows in one of the planes. */
static inline size_t px_lsq_across(const px_group_task *task) {
    return task->bands ? PX_BANDS : 1;
}

/* Row y of a wave, in a band of it, and where that begins. Its height is 0 below a lower band. */
size_t px_lsq_row(px_wave *row, const px_group_task *task, const px_wave *wave, size_t y,
                  size_t band);

/* What kernels take at once: the whole wave, or rows of its bands. */
static inline size_t px_lsq_parts(const px_group_task *task, const px_wave *wave) {
    return task->bands ? wave->height * PX_BANDS : 1;
}

size_t px_lsq_part(px_wave *part, const px_group_task *task, const px_wave *wave, size_t index);

/* What stands between blocks, and below a band that is lower than the other: the nearest element,
 * or, of samples and errors of a plane, what the decoder of a block has left and right of it.
 * Nothing is done where nothing lies between them. */
void px_lsq_pad_blocks(const px_group_task *task, const px_geometry *geometry, void *plane,
                       size_t size);
void px_lsq_pad_mixed(const px_group_task *task, const px_geometry *geometry, int32_t *mixed);
void px_lsq_pad_samples(const px_group_task *task, const px_wave *wave);
void px_lsq_pad_errors(const px_group_task *task, const px_wave *wave);

/* All pads of a plane of method quick, also of its errors, with those of blocks. */
void px_lsq_pad_quick(const px_group_task *task, const px_wave *wave);

/* mixed[k], or where the symbols of plane k stand in a plane of the geometry. */
int32_t *px_lsq_mixed(const px_lsq_encoder *encoder, const px_geometry *geometry, size_t k);

/* The average of the logs of errors of plane k, whose sum is given; of blocks with pads, of what
 * lies in them. */
int32_t px_lsq_average(const px_lsq_encoder *encoder, const px_wave *wave, size_t k,
                       int64_t log_sum);

/* What regression of log errors says of a plane's scale: moments as scale_moments has them, and how
 * many octaves the scale is above the mean log. */
void px_lsq_set_scale(px_lsq_plane *plane, const int64_t moments[PX_SCALE_MOMENTS], double octaves);

/* Adds a row to the moments, whose contexts are given. */
void px_lsq_add_moments(int64_t moments[PX_SCALE_MOMENTS], const px_wave *row,
                        const int16_t *around, const int16_t *blur);

/* Histograms of symbols by class of scales. */
enum { PX_SYMBOL_RANGE = 160 * 16 }; /* of sixteenths that they tell apart */
typedef uint32_t px_symbol_histogram[2 * PX_SYMBOL_RANGE];

/* Those of classes that are not used are not set: to clear them all takes longer than to count the
 * symbols of a small chunk. */
typedef struct px_symbol_histograms {
    px_symbol_histogram *classes;
    bool used[PX_SHAPE_CLASSES];
} px_symbol_histograms;

/* For so many classes; owned by the pool. */
px_symbol_histograms px_symbol_histograms_take(px_pool *pool, size_t count);

static inline void px_histogram_count(px_symbol_histograms *h, uint32_t class, int32_t z) {
    if (!h->used[class]) {
        memset(h->classes[class], 0, sizeof *h->classes);
        h->used[class] = true;
    }
    h->classes[class][z + PX_SYMBOL_RANGE]++;
}

/* Adds those of `count` classes to others. */
void px_symbol_histograms_merge(px_symbol_histograms *all, const px_symbol_histograms *more,
                                int count);

/* Adds symbols of method lsq. */
void px_add_symbols(px_symbol_histograms *histograms, const int32_t *symbols, size_t count);

/* Scales of the classes of method lsq. */
int px_class_scale(int class);

/* The shapes that serve `count` classes of scales best; scales[] as px_shape_distribution has them.
 * Classes without symbols take the shape before. `swift`: magnitudes that are about the same count
 * as one. */
void px_lsq_choose_shapes(uint8_t *shapes, const px_symbol_histograms *histograms, int count,
                          int (*scale_of)(int), bool swift);

/* ---- From samples to symbols ---- */

/* A plane at work. */
typedef struct px_symbol_plane {
    px_lsq_encoder encoder; /* its own plane at work, and the running mean before it; all else is
                               the group's */
    px_pool pool, view_pool;
    px_view view;
    size_t k;
    int32_t *means; /* a padded plane */
    int16_t *around,
        *blur; /* of a row: found twice, since planes of them are larger than the array */
} px_symbol_plane;

/* What a method does. */
typedef struct px_symbol_method {
    int classes; /* that have a shape */
    int (*scale_of)(int class);
    /* Means, errors and their average of a plane, whose view is open, */
    prism_status (*find_errors)(px_symbol_plane *at, prism_error *error);
    /* and scale and symbols, once what runs before it is known. */
    void (*find_symbols)(px_symbol_plane *at, px_symbol_histograms *histograms);
} px_symbol_method;

/* Symbols of all planes, and shapes; the histograms that the shapes are chosen by say which classes
 * are used. */
prism_status px_symbols_make(px_lsq_encoder *encoder, const px_symbol_method *method,
                             bool used[PX_SHAPE_CLASSES], prism_error *error);

#endif
