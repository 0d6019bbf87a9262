/*
 * How large the engines are: decided by the encoder from the shape, and stored.
 * docs/format-adaptive.md, "Parameters". Internal.
 */
#ifndef PX_ADAPTIVE_PLAN_H
#define PX_ADAPTIVE_PLAN_H

#include "base/bytes.h"
#include "planes/planes.h"

enum {
    PX_ENGINES = 5,
    PX_CLASSES = 4,
    PX_NEIGHBOURS = 8,    /* at most */
    PX_GROUP_BANDS = 256, /* bands that may predict each other */
    PX_ENGINE_SIZE = 1280 /* entries of an engine's vector: bounds work and memory of a sample */
};

typedef struct px_engine_plan {
    uint8_t neighbours; /* 0..8 of W, N, NW, NE, WW, NN, NEE, NNE, in this order */
    uint8_t classes;    /* 1 or 4; 0: there is no such engine */
    uint8_t share;      /* 16ths of all classes' sums that each class gets */
    uint8_t ridge;      /* 64ths of an observation of uncorrelated entries */
    bool forgets;       /* by 2^-13 a position */
    bool residual;      /* of samples less what their own plane predicts */
} px_engine_plan;

typedef struct px_adaptive_plan {
    px_engine_plan engines[PX_ENGINES]; /* the last one is of residuals */
    uint8_t fit_bits;                   /* small fits are solved at every 2^fit_bits-th sample */
    bool mixes_by_scale;                /* else there are two sets of weights */
    int group_bands;                    /* groups have this many bands, the last one fewer */
} px_adaptive_plan;

/* For bands of `height` rows in which so many positions are coded, of `depth` bits. `joint`: bands
 * may predict each other; `phases`: they are phases of planes. */
void px_adaptive_plan_make(px_adaptive_plan *plan, size_t bands, size_t height, size_t positions,
                           unsigned depth, bool joint, bool phases, int effort);

void px_adaptive_plan_write(const px_adaptive_plan *plan, px_buffer *out);
prism_status px_adaptive_plan_read(px_adaptive_plan *plan, size_t bands, size_t height,
                                   size_t width, px_reader *in, prism_error *error);

#endif
