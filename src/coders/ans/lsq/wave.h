/*
 * One plane as the wavefront coder sees it (docs/FORMAT.md, "Method 2, lsq"): sixteen lanes, each
 * on a row of its own and two columns behind the lane above it, so that a lane finds all causal
 * neighbours decoded, and sixteen samples can be decoded at a time. Internal.
 */
#ifndef PX_LSQ_WAVE_H
#define PX_LSQ_WAVE_H

#include "entropy/quick_shapes.h"
#include "entropy/rans.h"
#include "entropy/shapes.h"
#include "linear/product_kernels.h"

enum {
    PX_WAVE_LANES = PX_RANS_LANES,
    PX_WAVE_LAG = 2,         /* columns between a lane and the one above it */
    PX_WAVE_MIN_PERIOD = 48, /* steps after which a lane goes on with its next row, at least: the
                                last lane must be out of the way of the first */
    PX_TAP_BITS = 12,        /* fractional bits of taps */
    PX_OWN_TAPS = 6,         /* W, N, NW, NE, WW, NN of the plane itself */
    PX_INNOVATION_OWN_TAPS = 4
};

enum {
    PX_EXPERTS_ALONE = 8,  /* experts of a frame without references, */
    PX_EXPERTS_ONE = 12,   /* of one with one, */
    PX_BLEND_EXPERTS = 16, /* and of one with two */
    PX_BLEND_PAIRS = PX_BLEND_EXPERTS / 2,
    PX_BLEND_BITS = 8,       /* fractional bits of gates and of logarithms of energies */
    PX_BLEND_POWER_BITS = 4, /* of the power */
    PX_BLEND_ERROR = 7000    /* larger errors count as that */
};

/* How the means of a frame are blended from those of experts (docs/format-frames.md). The couples
 * of px_wave are then samples of the first and the second reference. */
typedef struct px_blend {
    int experts;
    int32_t gates[PX_BLEND_EXPERTS];
    int32_t power;
    int error_shift;                    /* errors are taken in units of 2^shift sixteenths */
    int32_t scale_spread, scale_energy; /* as scale_error of px_wave */
    int32_t *edge;                      /* [1 + experts / 2][width], for the last lane's energies */
} px_blend;

/* What a blend is fitted to: for one step in `every`, PX_BLEND_DUMP vectors of lanes: means of
 * experts, energies (two to a lane), samples, and 1 where the lane is in the plane. */
enum { PX_BLEND_DUMP = PX_BLEND_EXPERTS + PX_BLEND_PAIRS + 2 };

typedef struct px_blend_dump {
    int32_t *next; /* PX_BLEND_DUMP vectors for each step that is taken */
    size_t every;
} px_blend_dump;

/* A blend as its fit sees it; energies are in `unit`s of an error. */
typedef struct px_blend_scores {
    int experts;
    float gates[PX_BLEND_EXPERTS], power;
    float floor, unit, outliers;
} px_blend_scores;

/* The two rows above a plane, and errors of the lower one, where these are known. */
typedef struct px_rows_above {
    const int16_t *north, *north_north;
    const uint16_t *errors;
} px_rows_above;

/* Who sets what decoding asks of other planes, and takes what is decoded, while it goes on. */
typedef struct px_row_watch {
    bool (*before)(void *context, size_t rows); /* rows above are about to be looked at; false:
                                                   they are not to be had */
    void (*after)(void *context, size_t rows);  /* rows above are decoded */
    void *context;
} px_row_watch;

/* All planes lie in rows of `stride`, with pads, and pointers are to row 0, column 0. */
typedef struct px_wave {
    size_t height, width, stride;
    const int32_t *mixed;   /* what other planes say of it: P in the low half, E in the high one */
    const int16_t *running; /* running mean of the log errors of planes before */
    size_t mixed_stride,
        running_stride;         /* of the rows of these two; 0: all rows are one of zeros */
    int16_t *samples;           /* the plane itself; decoded, or with its causal pads */
    int16_t *logs;              /* log errors */
    size_t logs_stride;         /* of their rows; 0: nobody asks for them */
    uint16_t *errors;           /* absolute ones; not for wave_decode */
    int32_t *edge;              /* [2][width + PX_WAVE_LANES], for wave_decode */
    const px_rows_above *above; /* NULL: there are none */

    int fraction;                       /* fractional bits of P and E */
    int32_t taps_mixed[PX_SQUARE_TAPS]; /* for (P, E) couples */
    int32_t taps_own[PX_OWN_TAPS];
    int32_t bias;        /* of the mean, in sixteenths */
    int32_t start_error; /* taken for errors above the plane */
    int32_t scale_offset, scale_error, scale_running, scale_blur;
    const px_shapes *shapes;
    const px_quick_shapes *quick_shapes;
    const px_blend *blend;     /* for the blend_ kernels */
    const px_row_watch *watch; /* of blend_decode; NULL: everything is there */

    const uint8_t *holes; /* samples that are not coded, in rows of `width`; NULL: there are none */
} px_wave;

static inline size_t px_wave_period(size_t width) {
    return width < PX_WAVE_MIN_PERIOD ? PX_WAVE_MIN_PERIOD : width;
}

/* Steps until the last lane is through, rounded up to whole blocks of PX_WAVE_LANES. */
static inline size_t px_wave_steps(size_t height, size_t width) {
    size_t rounds = (height - 1) / PX_WAVE_LANES, last = (height - 1) % PX_WAVE_LANES;
    size_t busiest = rounds ? PX_WAVE_LANES - 1 : last;
    size_t steps = rounds * px_wave_period(width) + PX_WAVE_LAG * last + width;
    size_t before =
        rounds ? (rounds - 1) * px_wave_period(width) + PX_WAVE_LAG * busiest + width : 0;
    steps = steps > before ? steps : before;
    return (steps + PX_WAVE_LANES - 1) / PX_WAVE_LANES * PX_WAVE_LANES;
}

/* In place of the symbol of a sample that is not coded: its class is above all others. */
enum { PX_NO_SYMBOL = -1 };

static inline int32_t px_saturate(int32_t value) {
    return value < INT16_MIN ? INT16_MIN : value > INT16_MAX ? INT16_MAX : value;
}

/* What stands left of row y: the sample above, moved by as much as the prediction from other planes
 * moves. `north` is that of the row above the plane for y = 0, which says nothing if none is known.
 */
static inline int32_t px_wave_left_pad(const px_wave *wave, size_t y, int32_t north) {
    const int32_t *mixed = wave->mixed + y * wave->mixed_stride;
    if (y == 0 && !wave->above)
        return px_couple_low(mixed[0]) >> wave->fraction;
    int32_t moved = px_couple_low(mixed[0]) - px_couple_low(*(mixed - wave->mixed_stride));
    return px_saturate(north + (moved >> wave->fraction));
}

#endif
