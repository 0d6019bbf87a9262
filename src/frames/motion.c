/*
 * Blocks are looked for at all distances up to a limit: what counts is the sum of absolute
 * differences, and what the vector costs. Vectors are coded as what they are more than the median
 * of those left, above, and above to the right, as in video coders since H.263.
 */
#include "frames/motion.h"

#include <stdlib.h>
#include <string.h>

#include "status.h"

enum { REACH = 32, PADS = REACH };

/* A bit is worth as much as that share of what an average sample differs by. */
static const double BIT_SHARE = 1;
/* A block moves, and vectors are looked at further, where less than that of the differences is
 * left.
 */
static const double MOVES = 0.8, WORTH = 0.98;

prism_status px_motion_make(px_motion *motion, size_t height, size_t width, prism_error *error) {
    const px_bit even = PX_BIT_INIT;
    *motion = (px_motion){.rows = (height + PX_MOTION_BLOCK - 1) / PX_MOTION_BLOCK,
                          .columns = (width + PX_MOTION_BLOCK - 1) / PX_MOTION_BLOCK,
                          .any = even};
    px_integer_init(&motion->steps[0]);
    px_integer_init(&motion->steps[1]);
    for (size_t r = 0; r < PX_REFERENCES; r++)
        motion->vectors[r] = px_pool_take_zeroed(&motion->pool, motion->rows * motion->columns *
                                                                    sizeof *motion->vectors[r]);
    motion->costs =
        px_pool_take(&motion->pool, 2 * motion->rows * motion->columns * sizeof *motion->costs);
    return px_pool_status(&motion->pool, error);
}

void px_motion_free(px_motion *motion) {
    px_pool_free(&motion->pool);
}

/* ---- Code ------------------------------------------------------------------------------------ */

static int median(int a, int b, int c) {
    const int low = a < b ? a : b, high = a < b ? b : a;
    return c < low ? low : c > high ? high : c;
}

/* What the vector of a block probably is. */
static px_vector expected(const px_motion *motion, const px_vector *at, size_t row, size_t column) {
    const px_vector none = {0, 0};
    if (row == 0)
        return column ? at[-1] : none;
    const px_vector *above = at - motion->columns;
    if (column == 0)
        return *above;
    const px_vector corner = above[column + 1 < motion->columns ? 1 : -1];
    return (px_vector){median(at[-1].y, above->y, corner.y), median(at[-1].x, above->x, corner.x)};
}

static void code_step(px_side *side, px_integer *model, int *value, int last) {
    if (side->out)
        px_encode_integer(side->out, model, *value - last);
    else
        *value = px_wrap(last + px_decode_integer(side->in, model), 8);
}

static void code_vectors(px_motion *motion, px_side *side, px_vector *at) {
    for (size_t row = 0; row < motion->rows; row++)
        for (size_t column = 0; column < motion->columns; column++, at++) {
            const px_vector last = expected(motion, at, row, column);
            code_step(side, &motion->steps[0], &at->y, last.y);
            code_step(side, &motion->steps[1], &at->x, last.x);
        }
}

void px_motion_code(px_motion *motion, px_side *side, size_t references) {
    for (size_t r = 0; r < references; r++) {
        int moves = motion->moves[r];
        px_side_bit(side, &motion->any, &moves);
        motion->moves[r] = moves;
        if (moves)
            code_vectors(motion, side, motion->vectors[r]);
    }
}

static int bits_of(int step) {
    const unsigned size = (unsigned)abs(step);
    return size ? 2 * (32 - __builtin_clz(size)) + 1 : 1;
}

int px_motion_bits(const px_motion *motion, size_t r, size_t block, px_vector vector) {
    const px_vector last = expected(motion, motion->vectors[r] + block, block / motion->columns,
                                    block % motion->columns);
    return bits_of(vector.y - last.y) + bits_of(vector.x - last.x);
}

/* ---- Search ---------------------------------------------------------------------------------- */

typedef struct search {
    px_motion *motion;
    size_t height, width, stride;
    const int16_t *samples;   /* of the frame */
    const int16_t *reference; /* row 0, column 0 of a copy with pads all around */
    double per_bit, cost, cost_at_rest;
} search;

typedef struct block {
    size_t y, x, height, width;
    px_vector expected;
} block;

static size_t nearest(ptrdiff_t at, size_t size) {
    return at < 0 ? 0 : (size_t)at < size ? (size_t)at : size - 1;
}

/* The plane, with its nearest samples on PADS on all sides. */
static const int16_t *padded(px_pool *pool, const int16_t *plane, size_t height, size_t width,
                             size_t *stride) {
    *stride = width + 2 * PADS;
    int16_t *copy = px_pool_take(pool, (height + 2 * PADS) * *stride * sizeof *copy);
    if (!copy)
        return NULL;
    for (size_t y = 0; y < height + 2 * PADS; y++)
        for (size_t x = 0; x < *stride; x++)
            copy[y * *stride + x] = plane[nearest((ptrdiff_t)y - PADS, height) * width +
                                          nearest((ptrdiff_t)x - PADS, width)];
    return copy + PADS * *stride + PADS;
}

static double cost_of_vector(const search *s, const block *b, px_vector v) {
    return s->per_bit * (bits_of(v.y - b->expected.y) + bits_of(v.x - b->expected.x));
}

static inline int64_t rows_difference(const search *s, const block *b, const int16_t *reference,
                                      size_t width, int64_t limit) {
    const int16_t *samples = s->samples + b->y * s->width + b->x;
    int64_t sum = 0;
    for (size_t y = 0; y < b->height && sum < limit; y++) {
        int32_t row = 0;
        for (size_t x = 0; x < width; x++)
            row += abs(samples[x] - reference[x]);
        sum += row;
        samples += s->width;
        reference += s->stride;
    }
    return sum;
}

/* Not all of it, if more than `limit`. */
static int64_t difference(const search *s, const block *b, px_vector v, int64_t limit) {
    const int16_t *reference =
        s->reference + ((ptrdiff_t)b->y + v.y) * (ptrdiff_t)s->stride + ((ptrdiff_t)b->x + v.x);
    return b->width == PX_MOTION_BLOCK ? rows_difference(s, b, reference, PX_MOTION_BLOCK, limit)
                                       : rows_difference(s, b, reference, b->width, limit);
}

static void try_vector(const search *s, const block *b, px_vector v, px_vector *best,
                       double *least) {
    const double fixed = cost_of_vector(s, b, v);
    if (fixed >= *least)
        return;
    const double cost = fixed + (double)difference(s, b, v, (int64_t)(*least - fixed) + 1);
    if (cost < *least) {
        *least = cost;
        *best = v;
    }
}

static void search_block(search *s, const block *b, px_vector *best) {
    const px_vector rest = {0, 0};
    const double at_rest = cost_of_vector(s, b, rest) + (double)difference(s, b, rest, INT64_MAX);
    double least = MOVES * at_rest;
    *best = rest;
    try_vector(s, b, b->expected, best, &least);
    for (int y = -REACH; y <= REACH; y++)
        for (int x = -REACH; x <= REACH; x++)
            try_vector(s, b, (px_vector){y, x}, best, &least);
    s->cost += best->y || best->x ? least : at_rest;
}

static block block_at(const search *s, size_t row, size_t column) {
    block b = {.y = row * PX_MOTION_BLOCK, .x = column * PX_MOTION_BLOCK};
    b.height = s->height - b.y < PX_MOTION_BLOCK ? s->height - b.y : PX_MOTION_BLOCK;
    b.width = s->width - b.x < PX_MOTION_BLOCK ? s->width - b.x : PX_MOTION_BLOCK;
    return b;
}

static void measure_rest(search *s) {
    for (size_t row = 0; row < s->motion->rows; row++)
        for (size_t column = 0; column < s->motion->columns; column++) {
            const block b = block_at(s, row, column);
            s->cost_at_rest += (double)difference(s, &b, (px_vector){0, 0}, INT64_MAX);
        }
    s->per_bit = BIT_SHARE * s->cost_at_rest / (double)(s->height * s->width);
}

static void search_blocks(search *s, px_vector *at) {
    measure_rest(s);
    for (size_t row = 0; row < s->motion->rows; row++)
        for (size_t column = 0; column < s->motion->columns; column++, at++) {
            block b = block_at(s, row, column);
            b.expected = expected(s->motion, at, row, column);
            search_block(s, &b, at);
        }
}

prism_status px_motion_find(px_motion *motion, const px_planes *planes, size_t frame,
                            size_t reference, size_t r, prism_error *error) {
    px_pool pool = {0};
    search s = {.motion = motion,
                .height = planes->height,
                .width = planes->width,
                .samples = px_plane(planes, frame)};
    s.reference =
        padded(&pool, px_plane(planes, reference), planes->height, planes->width, &s.stride);
    const prism_status status = px_pool_status(&pool, error);
    if (status == PRISM_OK) {
        search_blocks(&s, motion->vectors[r]);
        motion->moves[r] = s.cost < WORTH * s.cost_at_rest;
    }
    px_pool_free(&pool);
    return status;
}
