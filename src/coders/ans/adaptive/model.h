/*
 * What the coder that learns knows while it codes a group of bands: everything here follows from
 * the samples coded so far, in the encoder as in the decoder. docs/format-adaptive.md.
 * Internal.
 *
 * A *band* is a plane, or one of the four phases of a plane (bands.h); a *position* has one sample
 * of each band. Samples are coded position by position, and at a position band by band. Means,
 * errors and scales of samples have 8 fractional bits.
 */
#ifndef PX_ADAPTIVE_MODEL_H
#define PX_ADAPTIVE_MODEL_H

#include "base/status.h"
#include "coders/ans/adaptive/plan.h"
#include "entropy/counter.h"
#include "entropy/range_coder.h"

enum {
    PX_ENGINE_STRIP = 16, /* one to a lane: positions whose rows above are whitened at once */
    PX_ENGINE_BATCH = 64, /* positions that are added to the sums at once */
    PX_ENGINE_BLOCK = 32, /* rows whose products are kept up to date together */
    PX_FACTOR_ROWS = 8,   /* rows that are factored at once */

    /* The experts, in the lanes of vectors. */
    PX_EXPERT_PLANE = 0,  /* the band's own neighbours */
    PX_EXPERT_ENGINE = 1, /* and the engines after it */
    PX_EXPERT_STACK = 6,  /* least squares over the means before */
    PX_EXPERT_BLEND = 7,  /* weighted by what was right nearby */
    PX_EXPERTS = 8,

    PX_ADAPTIVE_MEAN_BITS = 8,
    PX_ERROR_BITS = 4, /* more of running means of errors */
    PX_PLANE_TAPS = 7,
    PX_STACK_TAPS = 9,
    PX_FIT_ROWS = 11,
    PX_ADAPTIVE_SCALES = 64,
    PX_ENERGY_CLASSES = 8
};

/* ---- Engines: one covariance that predicts every band (engine_lanes.h) ---- */

/*
 * Of one class of positions. Vectors z = [1, neighbours' samples, the position's own] have `size`
 * entries, rows of matrices `stride`. The factor is that of the correlations: unit rows.
 */
typedef struct px_factor {
    int64_t *sums;          /* [size][stride], on and below the diagonal: of weight z z' */
    int16_t *rows;          /* [size][stride], strictly below: the Cholesky factor, 15 bits */
    int16_t *columns;       /* [stride][BLOCK]: column j of the rows of its block */
    int32_t *scale;         /* [size] standard deviation of the entry, 30 bits, times... */
    int8_t *exponent;       /* [size] ... 2^exponent */
    int32_t *inverse_scale; /* [size] 2^60 / scale */
    int32_t *inverse_pivot; /* [size] 2^44 / (diagonal of the factor, 30 bits) */
    int64_t weight;         /* sum of the weights, scaled as the sums are */
    int16_t *batch;         /* [BATCH][stride] vectors not yet in the sums */
    int32_t weights[PX_ENGINE_BATCH];
    int batched;
    uint32_t seen, factored, due; /* positions: so far, at the last factoring, at the next one */
    uint32_t undamped;            /* positions since the sums were last halved */
    bool ready;                   /* there is a factor */
} px_factor;

typedef struct px_engine {
    const px_engine_plan *plan;
    int bands, own; /* own: index of the first band's entry; the ones before are given */
    int ahead;      /* entries known a strip ahead: 1 and the rows above; 0 if not used */
    int size, stride;
    bool wide;                   /* entries have 16 bits, else 8 */
    int guard;                   /* fractional bits of the sums */
    int steps[PX_NEIGHBOURS][2]; /* dy, dx of the neighbours in the order of z */
    px_factor *factors;          /* [plan->classes] */
    int current, used;           /* class of the position; class whose factor predicts it */

    int16_t *whitened;      /* [stride] L^-1 z of the position, 11 bits */
    int32_t *products;      /* [BLOCK] factor times `whitened`, for the rows of a block */
    int64_t energy;         /* sum of squares of the whitened samples of the position */
    int16_t *strip_vectors; /* [ahead][STRIP] */
    int32_t *strip_pairs;   /* [ahead / 2 + 1][STRIP] pairs of whitened entries */
    int32_t *strip_sums;    /* [size - ahead][STRIP] products of the rows after `ahead` */

    /* Work space of the factoring. */
    int32_t *exact;      /* [size rounded up to 4][stride] the factor, 30 bits */
    int64_t *row_block;  /* [FACTOR_ROWS][stride] correlations, 60 bits */
    int32_t *reciprocal; /* [stride] 2^60 / root of the mantissa */
    int32_t *root_exponent;
    int16_t *pairs, *weighted_pairs; /* [BATCH / 2][stride][2] */
} px_engine;

/* ---- Small least squares (fit_lanes.h) ---- */

/* Row i of the moments has 8 entries, from row 8 on 16, the target's last. */
enum { PX_FIT_MOMENTS = 8 * 8 + 3 * 16 };

typedef struct px_fit {
    int64_t moments[PX_FIT_MOMENTS];
    int32_t weights[16]; /* 16 bits */
    int32_t error;       /* running mean of |error| */
} px_fit;

/* ---- Bands ---- */

typedef struct px_band {
    px_fit plane, stack;
    int32_t errors[PX_EXPERTS]; /* running means of |error| of the experts, 12 bits */
    int32_t offset;             /* engines see samples less this */
    int32_t error;              /* running mean of |error| of the blend, 12 bits */
    int32_t inverse_error;      /* 2^24 / it, of the last position */
    int32_t scale_weights[4];
    int64_t variance;
    int32_t precision; /* 2^24 / variance */
} px_band;

/* What the positions before say of a band's sample, before any sample of the position is known. */
typedef struct px_outlook {
    int32_t values[2 * PX_EXPERTS]; /* inputs of the plane's fit, relative to W, then its target */
    int32_t errors[PX_EXPERTS];     /* of the experts nearby, normalised, 8 bits */
    int32_t residuals[4];           /* inputs of the stack's fit */
    int32_t west, mean;             /* W; the plane's prediction */
    int32_t error_log;              /* of the blend nearby, 10 bits */
    int32_t padding;
} px_outlook;

/* What was found at a position of all bands; kept for as long as it has neighbours to come. */
typedef struct px_traces {
    int32_t (*errors)[PX_EXPERTS]; /* |sample - mean| */
    int32_t *residuals;            /* sample - mean of the first engine */
} px_traces;

/* ---- Mixing (mixer_lanes.h) ---- */

enum {
    /* Inputs fill the lanes: the experts, narrow; then wide, four of them giving way to others. */
    PX_INPUTS = 16,
    PX_INPUT_NODE = 10,
    PX_INPUT_VALUE,
    PX_INPUT_BIAS,
    PX_INPUT_HISTOGRAM,
    PX_NODES = 44, /* kinds of decisions */
    PX_FRACTIONS = 4,
    PX_MIX_CONTEXTS = PX_EXPERTS * PX_ENERGY_CLASSES,
    PX_COUNTER_LINE = 16,
    PX_HISTOGRAM_MARGIN = 80 /* counts of 0 beyond the smallest and the largest sample */
};

typedef struct px_logistic_mixer {
    int32_t (*by_scale)[PX_NODES][PX_INPUTS];            /* [PX_ADAPTIVE_SCALES] */
    int32_t (*by_band)[PX_NODES][PX_INPUTS];             /* [bands of a group] */
    int32_t (*by_expert)[PX_NODES][PX_INPUTS];           /* [MIX_CONTEXTS] */
    px_counter (*node_counters)[PX_NODES][PX_FRACTIONS]; /* [PX_ADAPTIVE_SCALES] */
    px_counter (*value_counters)[PX_COUNTER_LINE];       /* [2^value_bits] by band and value */
    int value_bits;
    int32_t rates[256];                  /* of counters, by count */
    int32_t (*scale_errors)[PX_EXPERTS]; /* [PX_ADAPTIVE_SCALES] mean |error| / scale, 16 bits */
    int32_t scale_counts[PX_ADAPTIVE_SCALES];
    void *memory;
} px_logistic_mixer;

/* What samples are coded by, one binary decision after the other. */
typedef struct px_decisions {
    px_range_coder *coder;
    px_logistic_mixer *mixer;
    size_t first_band;   /* of the group, among the coded bands of the chunk */
    int32_t low, high;   /* the smallest and the largest sample */
    bool wide;           /* they have more than 8 bits */
    bool mixes_by_scale; /* there is a third set of weights */
    uint16_t *histogram; /* [bands][histogram_size] how often each value came, or NULL */
    size_t histogram_size;
} px_decisions;

/* ---- All of it ---- */

typedef struct px_adaptive_model { /* named in adaptive_kernels.h */
    px_decisions decisions;
    size_t height, width;
    int bands;            /* of the group */
    int16_t *samples;     /* [height * width][bands]; the caller's */
    const uint8_t *holes; /* [height * width] positions that are not coded; NULL: there are none */
    size_t seen;          /* positions that have been coded */

    px_engine engines[PX_ENGINES];
    px_band *band;        /* [bands] */
    px_outlook *outlooks; /* [bands] */
    px_traces traces;     /* [trace_count][bands], a ring */
    size_t trace_count;
    int32_t *centres;  /* [CLASSES][bands] of the classes of positions */
    int32_t *features; /* [bands] what classes are told by */
    uint32_t class_sizes[PX_CLASSES];
    size_t fit_mask; /* fits are solved at every (mask + 1)th sample */
    void *memory;    /* owns every array above but `samples` */
} px_adaptive_model;

/* Bytes of a mixer, ... */
uint64_t px_logistic_mixer_memory(size_t bands, size_t samples, unsigned depth);

/* ... and of a model for a group, whatever its samples are. */
uint64_t px_adaptive_model_memory(const px_adaptive_plan *plan, size_t height, size_t width,
                                  unsigned depth);

/* For groups of at most `bands` bands, and `samples` of `depth` bits in all. */
prism_status px_logistic_mixer_alloc(px_logistic_mixer *mixer, size_t bands, size_t samples,
                                     unsigned depth, prism_error *error);
void px_logistic_mixer_free(px_logistic_mixer *mixer);

/* `model` has its first group of fields set, up to `samples`, and of the decisions those up to
 * `wide`; the rest is allocated and initialised. `plan` must outlive it; offsets[bands] are copied.
 */
prism_status px_adaptive_model_alloc(px_adaptive_model *model, const px_adaptive_plan *plan,
                                     const int32_t *offsets, prism_error *error);
void px_adaptive_model_free(px_adaptive_model *model);

#endif
