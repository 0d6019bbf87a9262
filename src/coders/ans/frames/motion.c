/*
 * Blocks are looked for at all distances up to a limit in pictures of half the size, and from
 * there, and from where their neighbours are found, in the frames: what counts is the sum of
 * absolute differences, and what the vector costs. Vectors are coded as what they are more than the
 * median of those left, above, and above to the right, as in video coders since H.263.
 */
#include "coders/ans/frames/motion.h"

#include <stdlib.h>

#include "base/sizes.h"
#include "base/status.h"

enum { REACH = 32, REFINED = 2, PADS = 48 };

/* A bit is worth as much as that share of what an average sample differs by. */
static const double BIT_SHARE = 1;
/* A block moves, and vectors of a frame are looked at further, where they leave less than that of
 * the differences. */
static const double MOVES = 0.8, WORTH = 0.98;

prism_status px_motion_make(px_motion *motion, size_t height, size_t width, prism_error *error) {
    const px_bit even = PX_BIT_INIT;
    *motion = (px_motion){.rows = (height + PX_MOTION_BLOCK - 1) / PX_MOTION_BLOCK,
                          .columns = (width + PX_MOTION_BLOCK - 1) / PX_MOTION_BLOCK,
                          .any = even};
    px_integer_init(&motion->steps[0]);
    px_integer_init(&motion->steps[1]);
    for (size_t r = 0; r < PX_REFERENCES; r++)
        motion->vectors[r] = px_pool_take_zeroed(
            &motion->pool, px_product(motion->rows, motion->columns, sizeof *motion->vectors[r]));
    motion->costs = px_pool_take(
        &motion->pool, px_product(2, motion->rows, motion->columns, sizeof *motion->costs));
    return px_pool_status(&motion->pool, error);
}

uint64_t px_motion_memory(size_t height, size_t width) {
    const uint64_t rows = (height + PX_MOTION_BLOCK - 1) / PX_MOTION_BLOCK;
    const uint64_t columns = (width + PX_MOTION_BLOCK - 1) / PX_MOTION_BLOCK;
    return rows * columns * (PX_REFERENCES * sizeof(px_vector) + 2 * sizeof(double));
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

static void code_step(px_field_coder *side, px_integer *model, int *value, int last) {
    if (side->out)
        px_encode_integer(side->out, model, *value - last);
    else
        *value = px_wrap(last + px_decode_integer(side->in, model), 8);
}

static void code_vectors(px_motion *motion, px_field_coder *side, px_vector *at) {
    for (size_t row = 0; row < motion->rows; row++)
        for (size_t column = 0; column < motion->columns; column++, at++) {
            const px_vector last = expected(motion, at, row, column);
            code_step(side, &motion->steps[0], &at->y, last.y);
            code_step(side, &motion->steps[1], &at->x, last.x);
        }
}

void px_motion_code(px_motion *motion, px_field_coder *side, size_t references) {
    for (size_t r = 0; r < references; r++) {
        int moves = motion->moves[r];
        px_field_bit(side, &motion->any, &moves);
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

/* A frame and a reference with pads on all sides; pointers are to row 0, column 0. */
typedef struct pictures {
    const int16_t *samples, *reference;
    size_t stride;
    int unit; /* of differences */
} pictures;

typedef struct search {
    px_motion *motion;
    pictures whole, half;
    double per_bit, cost, cost_at_rest;
} search;

typedef struct block {
    size_t row, column;
    px_vector expected;
} block;

static size_t nearest(ptrdiff_t at, size_t size) {
    return at < 0 ? 0 : (size_t)at < size ? (size_t)at : size - 1;
}

/* Rows and columns of blocks, and the pads. */
static size_t padded_height(const px_motion *motion) {
    return motion->rows * PX_MOTION_BLOCK + 2 * PADS;
}

static size_t padded_width(const px_motion *motion) {
    return motion->columns * PX_MOTION_BLOCK + 2 * PADS;
}

/* The plane with its nearest samples around it; to the corner of the pads. */
static int16_t *padded(px_pool *pool, const px_motion *motion, const int16_t *plane, size_t height,
                       size_t width) {
    const size_t rows = padded_height(motion), columns = padded_width(motion);
    int16_t *copy = px_pool_take(pool, px_product(rows, columns, sizeof *copy));
    for (size_t y = 0; y < rows && copy; y++)
        for (size_t x = 0; x < columns; x++)
            copy[y * columns + x] = plane[nearest((ptrdiff_t)y - PADS, height) * width +
                                          nearest((ptrdiff_t)x - PADS, width)];
    return copy;
}

/* Sums of 2 x 2 samples, or their means. */
static int16_t *halved(px_pool *pool, const px_motion *motion, const int16_t *from, int shift) {
    const size_t rows = padded_height(motion) / 2, columns = padded_width(motion) / 2;
    int16_t *copy = px_pool_take(pool, px_product(rows, columns, sizeof *copy));
    for (size_t y = 0; y < rows && copy; y++)
        for (size_t x = 0; x < columns; x++) {
            const int16_t *at = from + 4 * y * columns + 2 * x;
            copy[y * columns + x] =
                (int16_t)((at[0] + at[1] + at[2 * columns] + at[2 * columns + 1]) >> shift);
        }
    return copy;
}

static double cost_of_vector(const search *s, const block *b, px_vector v) {
    return s->per_bit * (bits_of(v.y - b->expected.y) + bits_of(v.x - b->expected.x));
}

/* Of a block at a vector in the unit of the pictures; not all of it, if more than `limit`. */
static inline int64_t difference(const pictures *p, const block *b, px_vector v, int64_t limit,
                                 int size) {
    const ptrdiff_t stride = (ptrdiff_t)p->stride;
    const ptrdiff_t at = (ptrdiff_t)b->row * size * stride + (ptrdiff_t)b->column * size;
    const int16_t *samples = p->samples + at, *reference = p->reference + at + v.y * stride + v.x;
    int64_t sum = 0;
    for (int y = 0; y < size && sum < limit; y++, samples += stride, reference += stride) {
        int32_t row = 0;
        for (int x = 0; x < size; x++)
            row += abs(samples[x] - reference[x]);
        sum += (int64_t)row * p->unit;
    }
    return sum;
}

static double cost_at(const search *s, const block *b, px_vector v, double limit) {
    return cost_of_vector(s, b, v) +
           (double)difference(&s->whole, b, v, (int64_t)limit + 1, PX_MOTION_BLOCK);
}

static void try_vector(const search *s, const block *b, px_vector v, px_vector *best,
                       double *least) {
    if (abs(v.y) > PADS || abs(v.x) > PADS)
        return;
    const double cost = cost_at(s, b, v, *least);
    if (cost < *least) {
        *least = cost;
        *best = v;
    }
}

/* Vectors of neighbours lead beyond REACH. */
static void try_around(const search *s, const block *b, px_vector about, int reach, px_vector *best,
                       double *least) {
    for (int y = -reach; y <= reach; y++)
        for (int x = -reach; x <= reach; x++)
            try_vector(s, b, (px_vector){about.y + y, about.x + x}, best, least);
}

/* In pictures of half the size. */
static px_vector search_half(const search *s, const block *b) {
    px_vector best = {0, 0};
    double least = (double)INT64_MAX;
    for (int y = -REACH / 2; y <= REACH / 2; y++)
        for (int x = -REACH / 2; x <= REACH / 2; x++) {
            const px_vector v = {y, x}, whole = {2 * y, 2 * x};
            const int64_t limit = least < (double)INT32_MAX ? (int64_t)least + 1 : INT64_MAX;
            const double cost = cost_of_vector(s, b, whole) +
                                (double)difference(&s->half, b, v, limit, PX_MOTION_BLOCK / 2);
            if (cost < least) {
                least = cost;
                best = whole;
            }
        }
    return best;
}

static void search_block(search *s, const block *b, px_vector *best) {
    const px_vector rest = {0, 0}, about = search_half(s, b);
    const double at_rest = cost_at(s, b, rest, (double)INT32_MAX);
    double least = MOVES * at_rest;
    *best = rest;
    try_around(s, b, b->expected, 1, best, &least);
    if (b->column)
        try_around(s, b, best[-1], 1, best, &least);
    if (b->row)
        try_around(s, b, best[-(ptrdiff_t)s->motion->columns], 1, best, &least);
    try_around(s, b, about, REFINED, best, &least);
    s->cost += best->y || best->x ? least : at_rest;
}

static void measure_rest(search *s) {
    const size_t blocks = s->motion->rows * s->motion->columns;
    for (size_t i = 0; i < blocks; i++) {
        const block b = {.row = i / s->motion->columns, .column = i % s->motion->columns};
        s->cost_at_rest +=
            (double)difference(&s->whole, &b, (px_vector){0, 0}, INT64_MAX, PX_MOTION_BLOCK);
    }
    s->per_bit = BIT_SHARE * s->cost_at_rest / (double)(blocks * PX_MOTION_BLOCK * PX_MOTION_BLOCK);
}

static void search_blocks(search *s, px_vector *at) {
    measure_rest(s);
    for (size_t row = 0; row < s->motion->rows; row++)
        for (size_t column = 0; column < s->motion->columns; column++, at++) {
            const block b = {row, column, expected(s->motion, at, row, column)};
            search_block(s, &b, at);
        }
}

static prism_status pictures_make(search *s, px_pool *pool, const px_planes *planes, size_t frame,
                                  size_t reference, prism_error *error) {
    const size_t height = planes->height, width = planes->width, stride = padded_width(s->motion);
    const int shift = planes->depth > 8 ? 2 : 0;
    int16_t *samples = padded(pool, s->motion, px_plane(planes, frame), height, width);
    int16_t *others = padded(pool, s->motion, px_plane(planes, reference), height, width);
    if (px_pool_status(pool, error) != PRISM_OK)
        return PRISM_E_MEMORY;
    const int16_t *half = halved(pool, s->motion, samples, shift);
    const int16_t *half_others = halved(pool, s->motion, others, shift);
    const size_t corner = PADS * stride + PADS, half_corner = PADS / 2 * (stride / 2) + PADS / 2;
    if (px_pool_status(pool, error) != PRISM_OK)
        return PRISM_E_MEMORY;
    s->whole = (pictures){samples + corner, others + corner, stride, 1};
    s->half = (pictures){half + half_corner, half_others + half_corner, stride / 2, 1 << shift};
    return PRISM_OK;
}

prism_status px_motion_find(px_motion *motion, const px_planes *planes, size_t frame,
                            size_t reference, size_t r, prism_error *error) {
    px_pool pool = {0};
    search s = {.motion = motion};
    motion->moves[r] = false;
    if (planes->height < PX_MOTION_BLOCK || planes->width < PX_MOTION_BLOCK)
        return PRISM_OK; /* pads would need more than the frame */
    const prism_status status = pictures_make(&s, &pool, planes, frame, reference, error);
    if (status == PRISM_OK) {
        search_blocks(&s, motion->vectors[r]);
        motion->moves[r] = s.cost < WORTH * s.cost_at_rest;
    }
    px_pool_free(&pool);
    return status;
}
