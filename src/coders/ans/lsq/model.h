/*
 * What is transmitted of a group of planes besides the coded samples: docs/FORMAT.md, "Model".
 * Method quick leaves most of it at zero, which costs next to nothing. Reading checks everything
 * that decoding relies on. Internal.
 */
#ifndef PX_LSQ_MODEL_H
#define PX_LSQ_MODEL_H

#include "base/pool.h"
#include "coders/ans/lsq/wave.h"
#include "entropy/range_coder.h"
#include "entropy/shapes.h"
#include "linear/geometry.h"
#include "linear/weights.h"
#include "planes/planes.h"

enum {
    PX_INNOVATION_TAPS = PX_SQUARE_TAPS + PX_INNOVATION_OWN_TAPS,
    PX_MEAN_TAPS = 2 * PX_SQUARE_TAPS + PX_OWN_TAPS,
    PX_MAX_FRACTION = 5,
    PX_MAX_TAP_SCALE = 128,
    PX_MAX_BIAS = 1 << 15,
    PX_SAMPLES_PER_PATCH = 16, /* of a halved plane, at least */
    PX_FEWEST_PATCHES = 64,    /* that there is room for, if there may be so many */
    PX_WIDE_PLANES = 256,      /* groups of more have no wide weights: fits would take too long */
    PX_MAX_SCALE_OFFSET = 1 << 11
};

/* Levels of taps, in the order P, E, own; a tap is level * 2^-step. */
typedef struct px_taps {
    int scale; /* quarter octaves */
    int levels[PX_MEAN_TAPS];
} px_taps;

/* Samples that a doubled plane has other than its half says: in order, by position. */
typedef struct px_patch {
    uint32_t position; /* y * width + x */
    int32_t difference;
} px_patch;

typedef enum px_plane_kind { PX_PLANE_CONSTANT, PX_PLANE_FULL, PX_PLANE_HALVED } px_plane_kind;

typedef struct px_lsq_plane {
    px_plane_kind kind;
    px_phase phase;
    int mean;
    int fraction;
    int start_error; /* as 1/2 octaves: log2 of the error + 1 */
    int bias;
    int scale_offset; /* in 1/16 octaves */
    int scale_error, scale_running, scale_blur;
    int average; /* of the logs of errors, in 1/16 of theirs; sent if the model is of blocks or
                    bands */
    px_taps innovation, sample;
    px_patch *patches;
    uint32_t patch_count;
} px_lsq_plane;

typedef struct px_lsq_model {
    size_t count;
    size_t height, width; /* of the planes */
    unsigned depth;
    bool quick;  /* method quick: no innovations */
    bool mixes;  /* planes are predicted from each other, */
    bool wide;   /* P from the squares around positions, not from positions alone */
    bool blocks; /* of blocks or bands, coded apart: no plane is halved, averages are sent */
    bool stored; /* planes are coded as they come, and weights apart, where they are read */
    px_reader samples_apart, innovations_apart; /* once they are wanted (px_model_read_rows) */
    size_t rows;                                /* of weights that have been read */
    uint16_t *order;      /* [count] the plane that is coded k-th; all below is in that order */
    px_lsq_plane *planes; /* [count] */
    px_weights samples, innovations;    /* P from samples, E from innovations */
    int innovation_steps[PX_MEAN_TAPS]; /* quarter octaves by which a tap's steps are finer */
    int sample_steps[PX_MEAN_TAPS];
    uint8_t shapes[PX_SHAPE_CLASSES];
} px_lsq_model;

/* Zeros, and the order as it comes. */
prism_status px_model_alloc(px_lsq_model *model, const px_planes *planes, size_t count, bool quick,
                            bool mixes, prism_error *error);
void px_model_free(px_lsq_model *model);

/* What makes a model large: wide weights, and the patches of halved planes. */
typedef struct px_model_sort {
    bool wide, halves;
} px_model_sort;

/* Bytes of the model of a group that is read. */
uint64_t px_model_memory(const px_planes *planes, size_t count, bool quick, bool mixes,
                         px_model_sort sort);

/* Of the model at the beginning of `in`, which is not of blocks. Where planes are many, one of them
 * may be halved without a look. */
px_model_sort px_model_look(px_reader in, size_t count, bool quick, bool mixes);

/* Makes room for wide weights. */
prism_status px_model_widen(px_lsq_model *model, prism_error *error);

void px_model_write(px_lsq_model *model, px_buffer *out);

/* `model` comes from px_model_alloc. What `in` reads must outlive a model of stored planes. */
prism_status px_model_read(px_lsq_model *model, px_reader *in, prism_error *error);

/* The weights of the first planes, where they are stored: nothing is to be done for others. */
prism_status px_model_read_rows(px_lsq_model *model, size_t rows, prism_error *error);

/* Step exponent of a tap: 0..PX_TAP_BITS. */
int px_tap_step(int scale, int finer);

/* Taps as 16-bit numbers with PX_TAP_BITS fractional bits; false if one does not fit. */
bool px_taps_expand(int32_t *values, const px_taps *taps, const int *steps, int count);

#endif
