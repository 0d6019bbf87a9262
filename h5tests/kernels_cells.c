/* Blocks of 4 x 4 one at a time, against the same blocks plane by plane. */
#include <string.h>

#include "coders/ans/blocks/bench.h"
#include "coders/ans/blocks/cell_kernels.h"
#include "kernels_inputs.h"

enum { MOST_PLANES = 23, SAMPLES = MOST_PLANES * PX_CELL_SIZE };

static int between(numbers *n, int low, int high) {
    return low + (int)random_below(&n->random, (uint32_t)(high - low + 1));
}

static void fill_taps(px_taps *taps, int count, numbers *n) {
    taps->scale = between(n, 0, 20);
    for (int t = 0; t < count; t++)
        taps->levels[t] = n->extreme ? between(n, -7, 7) : between(n, -2, 2);
}

static void fill_plane(px_lsq_plane *plane, size_t k, numbers *n) {
    plane->kind = k % 5 == 3 ? PX_PLANE_CONSTANT : PX_PLANE_FULL;
    plane->mean = between(n, -100, 100);
    plane->fraction = between(n, 0, PX_MAX_FRACTION);
    plane->start_error = between(n, 0, n->extreme ? 31 : 9);
    plane->bias = between(n, -20, 20) * (n->extreme ? 1000 : 1);
    plane->scale_offset = between(n, -100, 500);
    plane->scale_error = 8 * between(n, -20, 128);
    plane->scale_running = between(n, -127, 127);
    plane->scale_blur = between(n, -127, 127);
    plane->average = between(n, 0, n->extreme ? INT16_MAX : 900);
    fill_taps(&plane->innovation, PX_INNOVATION_TAPS, n);
    fill_taps(&plane->sample, PX_MEAN_TAPS, n);
}

/* All weights fit 16 bits: levels are in units of 2^shift at most. */
static void fill_row(px_weights *weights, size_t k, numbers *n) {
    px_weight_row *row = &weights->rows[k];
    assert_int_equal(px_weight_row_alloc(row, k, NULL), PRISM_OK);
    row->used = k % 7 != 2;
    row->shift = between(n, PX_MAX_FRACTION, PX_MAX_SHIFT_16);
    for (size_t j = 0; j < k; j++)
        row->levels[j] = (int16_t)between(n, -1, 1);
}

static void model_make(px_lsq_model *model, size_t count, bool mixes, unsigned depth, numbers *n) {
    const px_planes planes = {.count = count, .height = 99, .width = 99, .depth = depth};
    assert_int_equal(px_model_alloc(model, &planes, count, false, mixes, NULL), PRISM_OK);
    model->blocks = true;
    for (size_t k = 0; k < count; k++) {
        model->order[k] = (uint16_t)(count - 1 - k);
        fill_plane(&model->planes[k], k, n);
        fill_row(&model->samples, k, n);
        fill_row(&model->innovations, k, n);
    }
    for (int c = 0; c < PX_SHAPE_CLASSES; c++)
        model->shapes[c] = (uint8_t)random_below(&n->random, PX_SHAPE_COUNT);
}

/* What a bench makes of random words; one for encoding has no cell. */
static prism_status decode(int16_t *samples, px_block_streams *streams, const px_lsq_model *model,
                           const px_shapes *shapes, size_t planes, bool cell) {
    static const px_rectangle all = {.height = PX_CELL_SIDE, .width = PX_CELL_SIDE};
    px_planes to = {.count = model->count,
                    .height = PX_CELL_SIDE,
                    .width = PX_CELL_SIDE,
                    .stride = PX_CELL_SIZE,
                    .depth = model->depth,
                    .samples = samples};
    const px_block_places places = {&to, 0, 1, &all};
    const px_bench_size size = {.block = {PX_CELL_SIDE, PX_CELL_SIDE, PX_CELL_SIDE},
                                .lanes = 1,
                                .planes = planes,
                                .words = !cell};
    px_block_bench bench;
    memset(samples, 0, SAMPLES * sizeof *samples);
    assert_int_equal(px_block_bench_make(&bench, model, shapes, &size, NULL), PRISM_OK);
    assert_int_equal(bench.cell != NULL, cell);
    const prism_status status = px_block_decode(&bench, streams, planes, &places, NULL);
    px_block_bench_free(&bench);
    return status;
}

static void compare_cell(const px_lsq_model *model, size_t planes, size_t words, uint32_t seed) {
    static int16_t samples[2][SAMPLES];
    px_pool pool = {.count = 0};
    px_block_streams streams[2] = {{.words = stream_words, .end = {(int32_t)words}}};
    prism_status status[2];
    decoding(words, false, seed);
    streams[1] = streams[0];
    const px_shapes *shapes = px_shapes_make(&pool, model->shapes, NULL);
    assert_non_null(shapes);
    for (int cell = 0; cell < 2; cell++)
        status[cell] = decode(samples[cell], &streams[cell], model, shapes, planes, cell);
    px_pool_free(&pool);
    assert_int_equal(status[0], status[1]);
    if (status[0] != PRISM_OK)
        return;
    assert_memory_equal(samples[0], samples[1], sizeof *samples);
    assert_int_equal(streams[0].next[0], streams[1].next[0]);
    for (size_t s = 0; s < PX_SMALL_STATES; s++)
        assert_int_equal(streams[0].states[s][0], streams[1].states[s][0]);
}

/* All planes but the last: with it, random words would have to end well. */
static void check_cell_decode(px_simd set) {
    px_simd_force(set);
    for (uint32_t turn = 0; turn < 48; turn++) {
        numbers n = {.random = 1 + turn, .extreme = turn % 3 == 2};
        const size_t count = turn % 8 ? 2 + turn % (MOST_PLANES - 1) : MOST_PLANES;
        px_lsq_model model;
        model_make(&model, count, turn % 4 != 3, turn % 2 ? 8 : 16, &n);
        compare_cell(&model, count - 1, WORDS, turn);
        compare_cell(&model, (count + 1) / 2, WORDS, turn);
        compare_cell(&model, count - 1, 20 + turn, turn);
        px_model_free(&model);
    }
    px_simd_force(PX_SIMD_SETS);
}

const kernel_check cell_checks[] = {KERNEL(cell, decode), LAST_KERNEL};
