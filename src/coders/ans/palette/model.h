/*
 * What the coder of indices has learned so far, in the encoder as in the decoder.
 * docs/format-palette.md. Internal.
 */
#ifndef PX_PALETTE_MODEL_H
#define PX_PALETTE_MODEL_H

#include "coders/ans/palette/contexts.h"
#include "entropy/counter.h"
#include "entropy/range_coder.h"
#include "planes/planes.h"

enum {
    PX_PALETTE_FEW = 64,   /* values; of more, those that no neighbour has are escapes */
    PX_PALETTE_BYTE = 256, /* values whose indices are single bytes */
    PX_PALETTE_VALUES = UINT16_MAX + 1,
    PX_PALETTE_MARGIN = 16, /* blank indices after each row, and thereby before the next */
    PX_PALETTE_ABOVE = 8,   /* blank rows above each plane */

    PX_CONTEXTS_MANY = 3, /* of the list, for many values, */
    PX_CONTEXTS_FAST = 5, /* for few, */
    PX_CONTEXTS_ALL = sizeof px_palette_contexts / sizeof *px_palette_contexts,

    PX_STATES = 256,
    PX_WEIGHT_SETS = 256, /* of each selection */
    PX_SELECTIONS = 3,    /* of weights: by what is known, by runs, by the reference */
    PX_SHAPES = 1 << 12,  /* which neighbours have a value, and whether it is the first guess */
    PX_STEPS = 17,        /* of a correction: odds of -8..8 */
    PX_MATCH_STATES = 48,
    PX_PIECE = 16, /* indices that are copied by one decision */
    PX_PIECE_STATES = 256,

    PX_GUESSED = 8,        /* places whose indices are guessed, of many values */
    PX_FLAT_MATCHES = 5,   /* what a match says of a flat place */
    PX_FLAT_STATES = 9216, /* what is around it */
    PX_ESCAPE_CONTEXTS = 6,
    PX_ESCAPE_LINE = 16, /* counters for four bits of a value */
    PX_ESCAPE_BITS = 16  /* of a value */
};

typedef struct px_palette_kind {
    bool fast; /* few contexts, and whole pieces at once */
    bool many; /* more than PX_PALETTE_FEW values */
    bool wide; /* indices have upper bytes */
} px_palette_kind;

static inline int px_palette_context_count(px_palette_kind kind) {
    return !kind.fast ? PX_CONTEXTS_ALL : kind.many ? PX_CONTEXTS_MANY : PX_CONTEXTS_FAST;
}

/* Inputs of the mixer, in whole vectors: two of each context, the match and a constant. */
static inline int px_palette_lanes(px_palette_kind kind) {
    return (2 * px_palette_context_count(kind) + 2 + 15) / 16 * 16;
}

/* Of weights, all but the last one to be fast. */
static inline int px_palette_selections(px_palette_kind kind) {
    return PX_SELECTIONS - kind.fast;
}

typedef struct px_palette_model { /* named in palette_kernels.h */
    px_range_coder coder;
    size_t count, height, width;
    unsigned depth; /* of samples */
    int values;
    px_palette_kind kind;

    /* Rows and planes of indices with blanks between them; plane 0 is blank, plane k of the chunk
     * is plane k + 1 here. */
    size_t row_stride, plane_stride;
    uint8_t *indices;     /* their lower bytes, */
    uint8_t *uppers;      /* and the upper ones, if they are wide */
    uint32_t *references; /* [count] of each plane of the chunk: the plane here that it is like */
    uint8_t *row, *row_uppers; /* what is to be encoded, the former after a margin */

    int contexts, lanes;
    int slot_bits, match_bits, correction_bits;
    uint32_t *slots; /* [contexts][1 << slot_bits] probability 16 bits, check 8, state 8 */
    px_counter (
        *states)[2][PX_STATES]; /* [contexts] probabilities of a state; first guess, or later */
    int32_t *weights[PX_SELECTIONS];    /* [PX_WEIGHT_SETS][lanes] */
    int32_t (*shares)[PX_SELECTIONS];   /* [PX_SHAPES] in what the selections give */
    px_counter (*by_shape)[PX_STEPS];   /* [PX_SHAPES] */
    px_counter (*by_context)[PX_STEPS]; /* [1 << correction_bits] */
    px_counter matches[2][PX_MATCH_STATES];
    px_counter pieces[PX_PIECE_STATES];
    px_counter hits[PX_GUESSED][PX_GUESSED]; /* whether a place has the index, by guesses before */
    px_counter (*flats)[PX_FLAT_MATCHES];    /* [PX_FLAT_STATES] */
    px_counter (*escapes)[PX_ESCAPE_LINE];   /* [PX_ESCAPE_CONTEXTS][1 << escape_bits] */
    int escape_bits, escaped;                /* the last escape */
    int32_t escape_weights[PX_ESCAPE_BITS][PX_ESCAPE_CONTEXTS];
    uint32_t *recent; /* [1 << match_bits] where a context was seen last */
    size_t match;     /* where the indices are that those here seem to repeat */
    uint32_t match_length;

    int32_t state_rates[PX_STATES], rates[PX_COUNTER_COUNTS];
    void *tables; /* the memory of all but the indices */
} px_palette_model;

/* Whether planes of that shape have room: margins may be far larger than narrow planes. */
bool px_palette_has_room(const px_planes *planes);

/* Bytes of a model. */
typedef struct px_palette_bytes {
    uint64_t indices, tables;
} px_palette_bytes;

px_palette_bytes px_palette_model_memory(const px_planes *planes, px_palette_kind kind);

/* The shape, `depth`, `values` and `kind` are set. */
prism_status px_palette_model_alloc(px_palette_model *model, prism_error *error);

/* Of the model, only the indices remain. */
void px_palette_tables_free(px_palette_model *model);
void px_palette_model_free(px_palette_model *model);

/* Where the first index of a plane is, numbered as in `references`. */
static inline size_t px_palette_plane(const px_palette_model *model, size_t plane) {
    return plane * model->plane_stride + PX_PALETTE_ABOVE * model->row_stride + PX_PALETTE_MARGIN;
}

/* The row that is to be encoded. */
static inline uint8_t *px_palette_row(const px_palette_model *model) {
    return model->row + PX_PALETTE_MARGIN;
}

static inline int px_palette_index(const px_palette_model *model, size_t at) {
    return model->indices[at] | (model->kind.wide ? model->uppers[at] << 8 : 0);
}

#endif
