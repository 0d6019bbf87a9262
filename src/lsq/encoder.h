/* The encoder's passes over a group of planes; encode.c runs them in order. Internal. */
#ifndef PX_LSQ_ENCODER_H
#define PX_LSQ_ENCODER_H

#include "lsq/group.h"

/* How much work the effort allows. */
typedef struct px_lsq_settings {
    size_t tap_positions;  /* of a plane, about, from which taps are fitted */
    size_t gram_positions; /* for the order and the importance */
    bool robust;           /* taps of samples are fitted twice, outliers counting less */
} px_lsq_settings;

typedef struct px_lsq_encoder {
    px_lsq_group group;
    px_lsq_model model;
    px_lsq_settings settings;
    const px_planes *planes;
    size_t first;   /* of the group's planes */
    int32_t *mixed; /* [count][span] (P, E) of all planes; in the end their symbols */
    size_t span;
    float *importance; /* a padded plane: square roots of weights of positions, 0 in the pads */
    bool *low_bits;    /* [count] whether the plane's symbols have low bits */
} px_lsq_encoder;

/* Mean, kind, patches and fraction of every plane, in the order as it comes. */
prism_status px_lsq_analyse(px_lsq_encoder *encoder, prism_error *error);

/* model.order, by pivoting: planes that leave the largest variance unexplained come first. */
prism_status px_lsq_order(px_lsq_encoder *encoder, prism_error *error);

/* Positions with small innovations count more in all fits (analyse.c has why). */
prism_status px_lsq_importance(px_lsq_encoder *encoder, prism_error *error);

/* Fits weights of a matrix to tiles, and predicts all planes by them. */
prism_status px_lsq_fit_matrix(px_lsq_encoder *encoder, px_weights *weights, const px_tiles *tiles,
                               bool innovations, prism_error *error);

/* Fits the taps of innovations or of samples of all planes. */
prism_status px_lsq_fit_taps(px_lsq_encoder *encoder, bool innovations, prism_error *error);

/* Plane k less its mean, to the samples of the group's full view; its pads are not set. */
void px_lsq_load(px_lsq_encoder *encoder, size_t k);

/* The same as the view in which the plane is coded, with its (P, E). The pool is of the view. */
prism_status px_lsq_open(px_view *view, px_pool *pool, px_lsq_encoder *encoder, size_t k,
                         prism_error *error);

/* Bias, scale and symbols of every plane; then the shapes. */
prism_status px_lsq_symbols(px_lsq_encoder *encoder, prism_error *error);

/* mixed[k], or where the symbols of plane k stand in a plane of the geometry. */
int32_t *px_lsq_mixed(const px_lsq_encoder *encoder, const px_geometry *geometry, size_t k);

/* Cholesky factor (lower, row-major, n x n) in place; false if it is not positive definite. */
bool px_factorise(double *matrix, size_t n);

#endif
