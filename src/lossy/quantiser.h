/*
 * Numbers as places on a grid, each the middle of a cell: every element of a cell is within the
 * error of its middle. Integers are counted, so that those beyond 2^53 are exact, too; floats are
 * multiples of a step, so that 0 stays 0. docs/format-near.md, "Grid". Internal.
 */
#ifndef PX_LOSSY_QUANTISER_H
#define PX_LOSSY_QUANTISER_H

#include "base/bytes.h"
#include "lossy/numbers.h"

typedef struct px_quantiser {
    prism_type type;
    uint64_t least, most; /* ranks (px_word_rank) of the smallest and the largest element */
    /* Integers: the first cell begins `phase` before the least, and has half its width around its
     * middle. */
    uint64_t half, phase;
    /* Floats: the first place is this multiple of the step. */
    int64_t first;
    double step;
} px_quantiser;

/* The type, least and most; false where all elements must be exact. */
bool px_quantiser_range(px_quantiser *q, const px_numbers *values);

/* The smallest grid with cells of at most `error` around their middles; false where there is none
 * but the elements themselves, and where all of them must be exact. */
bool px_quantiser_make(px_quantiser *q, const px_numbers *values, double error);

/* The same once the range is known. */
bool px_quantiser_divide(px_quantiser *q, double error);

/* Gives a grid of integers the phase with which `rank` is the middle of a cell. */
void px_quantiser_centre(px_quantiser *q, uint64_t rank);

/* Width of the cells of a grid of integers; 0 where it does not fit 64 bits. */
uint64_t px_quantiser_width(const px_quantiser *q);

/* Number of the last place. */
uint64_t px_quantiser_last(const px_quantiser *q);

/* The cell of a word from least to most, and the word that a place stands for: any, if it is
 * beyond the last one. */
uint64_t px_quantiser_place(const px_quantiser *q, uint64_t word);
uint64_t px_quantiser_word(const px_quantiser *q, uint64_t place);

void px_quantiser_write(px_buffer *out, const px_quantiser *q);

/* False where it is damaged; q->type is set already. */
bool px_quantiser_read(px_quantiser *q, px_reader *in);

#endif
