/*
 * Linear prediction of each plane from the planes before it, at the same position: the unit lower
 * triangular matrix of the lift, in integers. docs/FORMAT.md, "Inter-plane weights". Internal.
 *
 *     prediction_k(p) = (sum over j of weight_kj * x_j(p) + offset_k + half) >> shift_k
 *
 * in arithmetic modulo 2^32, clamped to the range of a sample. Planes fall into groups of
 * PX_GROUP; plane k is predicted from the planes of its group before it. It does not matter whether
 * the planes are channels or frames.
 */
#ifndef PX_LINEAR_WEIGHTS_H
#define PX_LINEAR_WEIGHTS_H

#include "base/bytes.h"
#include "entropy/range_coder.h"
#include "planes/planes.h"

enum {
    PX_GROUP = 512,      /* bounds memory by 512 weights a plane, and work by 512 products */
    PX_MIN_SHIFT = 3,    /* the offset has three fractional bits */
    PX_MAX_SHIFT_8 = 20, /* by depth: prediction x 2^shift must fit 32 bits with room to spare */
    PX_MAX_SHIFT_16 = 14,
    PX_MIN_STEP = -6,    /* quantisation steps of weights are 2^-s, s in MIN_STEP..shift */
    PX_SCALE_LIMIT = 127 /* |scale| of a plane, in quarter octaves */
};

/* What is transmitted of one plane's prediction. A weight is level * 2^-step_exponent. */
typedef struct px_weight_row {
    bool used;       /* false: the plane is not predicted, and the rest means nothing */
    int shift;       /* fractional bits of the weights */
    int32_t offset;  /* in eighths of a sample unit */
    int16_t *levels; /* [index of the plane in its group][taps]; NULL if not used; owned */
} px_weight_row;

/*
 * A plane may be predicted from several samples of each plane before: `taps` variables a plane, of
 * which number `target` is the sample at the position itself.
 */
typedef struct px_weights {
    size_t count; /* planes */
    size_t taps, target;
    size_t plane_size; /* a row has fewer levels than this, which bounds memory by the chunk's */
    unsigned depth;
    bool centred;   /* predictions have no offset, and none is transmitted */
    bool expanded;  /* levels have become fixed-point weights, with a zero after each row */
    int precision;  /* quarter octaves by which steps are finer than scale_k / scale_j */
    int8_t *scales; /* [count][taps] log2 of the standard deviation of what variables before, and
                       those of the plane before it in its order, leave of each; x 4 */
    px_weight_row *rows; /* [count] */
} px_weights;

static inline size_t px_index_in_group(size_t plane) {
    return plane % PX_GROUP;
}

static inline int px_max_shift(unsigned depth) {
    return depth == 8 ? PX_MAX_SHIFT_8 : PX_MAX_SHIFT_16;
}

/* Levels of row k. */
static inline size_t px_row_size(const px_weights *weights, size_t k) {
    return px_index_in_group(k) * weights->taps;
}

/* s of the step 2^-s with which level i in the prediction of plane k is quantised. */
static inline int px_step_exponent(const px_weights *weights, size_t k, size_t i) {
    const int8_t *group = weights->scales + (k - px_index_in_group(k)) * weights->taps;
    int scale = group[px_row_size(weights, k) + weights->target];
    int s = (group[i] - scale + weights->precision + 2) >> 2;
    int shift = weights->rows[k].shift;
    return s < PX_MIN_STEP ? PX_MIN_STEP : s > shift ? shift : s;
}

/* For planes of plane_size samples, one tap each. All rows are unused, all scales 0. */
prism_status px_weights_alloc(px_weights *weights, size_t count, size_t plane_size, unsigned depth,
                              prism_error *error);

/* Bytes of the weights of `count` planes, all of them used. */
uint64_t px_weights_memory(size_t count, size_t taps);

/* More taps for weights that have no rows yet. */
prism_status px_weights_widen(px_weights *weights, size_t taps, size_t target, prism_error *error);
prism_status px_weight_row_alloc(px_weight_row *row, size_t levels, prism_error *error);
void px_weight_row_clear(px_weight_row *row);
void px_weights_free(px_weights *weights);

void px_weights_write(const px_weights *weights, px_buffer *out);

/* `weights` comes from px_weights_alloc. */
prism_status px_weights_read(px_weights *weights, px_reader *in, prism_error *error);

/* The same as a part of a larger range-coded stream; of `rows` rows, the first ones. */
void px_weights_encode(const px_weights *weights, px_range_encoder *coder);
prism_status px_weights_decode(px_weights *weights, size_t rows, px_range_decoder *coder,
                               prism_error *error);

/*
 * Row k as the kernels take it: `row` gets px_row_size fixed-point weights, and a zero after them;
 * *pair_count is half their number, rounded up. Levels that do not fit 16 bits after scaling give
 * PRISM_E_CORRUPT.
 */
prism_status px_weights_expand(const px_weights *weights, size_t k, int16_t *row,
                               size_t *pair_count, prism_error *error);

/* All rows, in place of the levels: for those that need the latter no more. */
prism_status px_weights_expand_all(px_weights *weights, prism_error *error);

#endif
