/*
 * What kernels take: a line for each kernel of each instruction set that this CPU has, for
 * scripts/bench --kernels. Inputs are those of the checks (kernels_support.h, kernels_inputs.h)
 * with the parameters of an ordinary plane, where a check has extreme ones. Times are of the
 * processor.
 *
 *     bench_kernels RUNS [WORD...]    only kernels with one of the words in their names
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "coders/ans/adaptive/adaptive_kernels.h"
#include "coders/ans/blocks/bench.h"
#include "coders/ans/blocks/block_kernels.h"
#include "coders/ans/blocks/cell_kernels.h"
#include "coders/ans/frames/blend_kernels.h"
#include "coders/ans/frames/frame_mixer_kernels.h"
#include "coders/ans/lsq/quick_kernels.h"
#include "coders/ans/lsq/wave_kernels.h"
#include "coders/ans/palette/palette_kernels.h"
#include "kernels_inputs.h"
#include "linear/geometry.h"
#include "linear/product_kernels.h"
#include "lossy/component_kernels.h"
#include "planes/element_kernels.h"
#include "planes/estimate_kernels.h"
#include "similarity/conditional_kernels.h"

/* Runs the kernel once and returns how many samples that were. */
typedef size_t (*bench_run)(px_simd set);

enum { POSITIONS_16 = 8192, GUARD = 1024, MOST = 1 << 15 };

static int16_t rows_16[8][POSITIONS_16 + GUARD];
static int32_t couples[8 * POSITIONS_16 + GUARD], weights[PX_PANEL * 8 * PX_SQUARE_TAPS];
static int32_t sums[PX_PANEL * POSITIONS_16 + GUARD];
static float floats[16 * 1024 + GUARD] __attribute__((aligned(64)));

static void make_numbers(void) {
    numbers n = {.random = 7, .bits = 12};
    fill_16(rows_16[0], 8 * (POSITIONS_16 + GUARD), &n);
    fill_couples(couples, 8 * POSITIONS_16 + GUARD, &n);
    fill_couples(weights, PX_PANEL * 8 * PX_SQUARE_TAPS, &n);
    for (size_t i = 0; i < 16 * 1024 + GUARD; i++)
        floats[i] = (float)number_next(&n) / 7;
}

/* ---- Elements ---- */

static const px_element_format bytes_of_two = {.size = 2};

static size_t element_load_block(px_simd set) {
    px_element_kernels_of(set)->load_block(rows_16[0], PX_BLOCK_POSITIONS, (const uint8_t *)couples,
                                           2 * PX_BLOCK_PLANES, &bytes_of_two);
    return PX_BLOCK_PLANES * PX_BLOCK_POSITIONS;
}

static size_t element_store_block(px_simd set) {
    px_element_kernels_of(set)->store_block((uint8_t *)sums, 2 * PX_BLOCK_PLANES, rows_16[0],
                                            PX_BLOCK_POSITIONS, &bytes_of_two);
    return PX_BLOCK_PLANES * PX_BLOCK_POSITIONS;
}

static size_t estimate_edge_symbols(px_simd set) {
    px_estimate_kernels_of(set)->edge_symbols((uint8_t *)sums, rows_16[0] + 1, rows_16[1] + 1,
                                              POSITIONS_16, 16);
    return POSITIONS_16;
}

/* ---- Components: sums of 32 of them, a line of a wavelet, a row of a filter, products of inputs
 * ---- */

enum { COMPONENTS = 32, LINE = 1024 };

static double component_scores[COMPONENTS * PX_SUM_TILE], line[3][LINE];
static double component_sums[PX_SUM_PLANES * PX_SUM_TILE];

static size_t component_sum(px_simd set) {
    static double shares[PX_SUM_PLANES * COMPONENTS];
    px_component_kernels_of(set)->sum(component_sums, component_scores, shares, COMPONENTS);
    return PX_SUM_PLANES * PX_SUM_TILE;
}

static size_t component_sum_floats(px_simd set) {
    static float shares[PX_SUM_PLANES * COMPONENTS], to[PX_SUM_PLANES * PX_SUM_TILE];
    px_component_kernels_of(set)->sum_floats(to, floats, shares, COMPONENTS);
    return PX_SUM_PLANES * PX_SUM_TILE;
}

static size_t component_lift(px_simd set) {
    px_component_kernels_of(set)->lift(line[0], line[1], line[2], 0.5, LINE);
    return LINE;
}

static size_t component_lift_free(px_simd set) {
    px_component_kernels_of(set)->lift_free(line[0], line[1], line[2], 0.5, LINE);
    return LINE;
}

static size_t component_scale(px_simd set) {
    px_component_kernels_of(set)->scale(line[0], line[1], 0.5, LINE);
    return LINE;
}

static size_t component_moments(px_simd set) {
    enum { INPUTS = 25 };
    static int64_t products[INPUTS * INPUTS];
    px_component_kernels_of(set)->moments(products, INPUTS, sums, sums, INPUTS);
    return 1;
}

static size_t component_filter(px_simd set) {
    enum { SPAN = LINE + 4 };
    px_component_kernels_of(set)->filter(sums, couples + 2 * SPAN + 2, SPAN, weights, 8, LINE);
    return LINE;
}

/* ---- Products: of four pairs of planes, for one plane or a panel of them ---- */

enum { PAIRS = 4, TILES = 32, SPAN = PAIRS * PX_TILE, COUNT = 16, LENGTH = 1024 };

static px_panel_sums panel(void) {
    return (px_panel_sums){sums, PX_PANEL * PX_TILE, PX_TILE, PX_PANEL};
}

static size_t product_mix_pairs(px_simd set) {
    px_product_kernels_of(set)->mix_pairs(sums, (const int16_t *)couples, LENGTH, rows_16[0], PAIRS,
                                          LENGTH);
    return LENGTH;
}

static size_t product_mix_panel(px_simd set) {
    const px_panel_sums to = panel();
    px_product_kernels_of(set)->mix_panel(&to, couples, TILES, SPAN, weights, PAIRS);
    return TILES * PX_TILE * PX_PANEL;
}

static size_t product_mix_squares(px_simd set) {
    enum { STRIDE = 64, ROOM = 128 };
    const px_panel_sums to = panel();
    px_product_kernels_of(set)->mix_squares(&to, couples + ROOM, TILES * PX_TILE + ROOM, STRIDE,
                                            TILES, weights, PAIRS, false);
    return TILES * PX_TILE * PX_PANEL;
}

static size_t product_mix_finish(px_simd set) {
    static int32_t mixed[TILES * PX_TILE];
    px_product_kernels_of(set)->mix_finish(mixed, false, sums, PX_PANEL * PX_TILE, couples, TILES,
                                           SPAN, weights, PAIRS, 12);
    return TILES * PX_TILE;
}

static size_t product_tile_store(px_simd set) {
    px_product_kernels_of(set)->tile_store(couples, TILES, SPAN, true, rows_16[1]);
    return TILES * PX_TILE;
}

static size_t product_gram(px_simd set) {
    static double matrix[COUNT * COUNT];
    px_product_kernels_of(set)->gram(matrix, floats, COUNT, LENGTH, 0, COUNT);
    return COUNT * LENGTH;
}

static size_t product_tile_floats(px_simd set) {
    static float to[2 * PAIRS * PX_TILE];
    px_product_kernels_of(set)->tile_floats(to, PX_TILE, couples, PAIRS, floats);
    return 2 * PAIRS * PX_TILE;
}

static size_t product_energies(px_simd set) {
    static float energy[PX_TILE];
    px_product_kernels_of(set)->energies(energy, floats, floats + LENGTH, COUNT);
    return COUNT * PX_TILE;
}

/* ---- Rows of frames ---- */

static const int16_t *const rows[] = {rows_16[0], rows_16[1], rows_16[2], rows_16[3]};

static size_t conditional_products(px_simd set) {
    double matrix[16];
    px_conditional_kernels_of(set)->products(matrix, rows, 4, POSITIONS_16);
    return 4 * POSITIONS_16;
}

static size_t conditional_linear_symbols(px_simd set) {
    static const float shares[] = {0.5f, -1, 0.25f};
    px_conditional_kernels_of(set)->linear_symbols((uint8_t *)sums, rows, shares, 3, rows[3],
                                                   POSITIONS_16);
    return POSITIONS_16;
}

static size_t conditional_edge_symbols(px_simd set) {
    enum { WIDTH = POSITIONS_16 / 2 };
    px_conditional_kernels_of(set)->edge_symbols((uint8_t *)sums, rows[0] + 1, rows[1] + 1, WIDTH,
                                                 WIDTH);
    return WIDTH;
}

/* ---- Planes ---- */

enum { HEIGHT = 48, WIDTH = 300 };

static wave_case plane;
static coders tables;
static int32_t means[MOST], near[MOST], symbols[2][MOST + GUARD];
static int16_t around[MOST], blur[MOST], innovations[MOST];

/* Half of what is west and north of a sample; scales around the middle of those with tables. */
static void make_plane(void) {
    wave_case_sized(&plane, HEIGHT, WIDTH, (numbers){.random = 5, .bits = 8});
    tables = coders_make();
    add_coders(&plane.wave, &tables);
    add_blend(&plane, 2);
    px_wave *w = &plane.wave;
    memset(w->taps_own, 0, sizeof w->taps_own);
    memset(w->taps_mixed, 0, sizeof w->taps_mixed);
    w->taps_own[0] = w->taps_own[1] = 1 << (PX_TAP_BITS - 1);
    w->scale_running = w->scale_blur = 0;
    w->scale_offset = PX_SHAPE_CLASSES / 3 * 64;
    uint32_t random = 9;
    for (size_t i = 0; i < MOST; i++) {
        const uint32_t class = 4 + random_below(&random, 6), digit = random_below(&random, 5) - 2u;
        symbols[false][i] = (int32_t)(class << 25 | (digit & 0x1fffff));
        symbols[true][i] = (int32_t)(class << 24 | (digit & 0xffffff));
    }
}

static size_t wave_innovations(px_simd set) {
    px_wave_kernels_of(set)->innovations(innovations, &plane.wave);
    return HEIGHT * WIDTH;
}

static size_t wave_means(px_simd set) {
    px_wave_kernels_of(set)->means(means, &plane.wave);
    return HEIGHT * WIDTH;
}

static size_t wave_errors(px_simd set) {
    px_wave_kernels_of(set)->errors(&plane.wave, means);
    return HEIGHT * WIDTH;
}

static size_t wave_contexts(px_simd set) {
    px_wave_kernels_of(set)->contexts(around, blur, &plane.wave, 1);
    return WIDTH;
}

static size_t wave_scale_moments(px_simd set) {
    int64_t moments[PX_SCALE_MOMENTS] = {0};
    px_wave_kernels_of(set)->scale_moments(moments, rows_16[0], rows_16[1], rows_16[2], rows_16[3],
                                           LENGTH);
    return LENGTH;
}

static size_t wave_symbols(px_simd set) {
    px_wave_kernels_of(set)->symbols(sums, &plane.wave, means, around, blur, 1);
    return WIDTH;
}

static size_t wave_run(px_simd set) {
    px_wave_kernels_of(set)->run(blur, around, LENGTH, 1536, 5000);
    return LENGTH;
}

static size_t wave_tap_rows(px_simd set) {
    static float to[(2 * PX_SQUARE_TAPS + PX_OWN_TAPS + 1) * WIDTH];
    const px_tap_rows taps = {to, WIDTH, 2, PX_OWN_TAPS};
    px_wave_kernels_of(set)->tap_rows(&taps, &plane.wave, floats, 1, 0, WIDTH);
    return WIDTH;
}

/* The stream begins anew with every call: the words are made once. */
static px_rans_stream stream_of(bool quick) {
    static px_rans_stream made[2];
    if (!made[quick].count)
        made[quick] = decoding(WORDS, quick, 3);
    return made[quick];
}

static size_t wave_decode(px_simd set) {
    px_rans_stream stream = stream_of(false);
    px_wave_kernels_of(set)->decode(&plane.wave, &stream);
    return HEIGHT * WIDTH;
}

static uint16_t encoded[WORDS];

static size_t wave_encode(px_simd set) {
    px_rans_stream stream = encoding(encoded, WORDS, false);
    px_wave_kernels_of(set)->encode(&plane.wave, symbols[false], false, &stream);
    return HEIGHT * WIDTH;
}

static size_t block_decode(px_simd set) {
    px_rans_stream stream = stream_of(false);
    px_wave block = plane.wave;
    block.height = block.width = 16;
    px_block_kernels_of(set)->decode(&block, &stream);
    return block.height * block.width;
}

/* Blocks of 16 x 16, side by side: rows of the plane hold a lane in place of a column. */
static px_wave lanes_of_blocks(void) {
    px_wave block = plane.wave;
    block.height = block.width = 16;
    block.stride = block.logs_stride = block.mixed_stride = block.running_stride =
        (block.width + PX_PAD_LEFT + PX_PAD_RIGHT) * PX_BLOCK_LANES;
    block.mixed = couples + GUARD;
    block.running = rows_16[0] + GUARD;
    block.samples = rows_16[1] + GUARD;
    block.logs = rows_16[3] + GUARD;
    block.errors = (uint16_t *)rows_16[5] + GUARD;
    return block;
}

static size_t block_decode_lanes(px_simd set) {
    const px_wave block = lanes_of_blocks();
    px_block_streams streams = {.words = stream_of(false).words, .count = PX_SMALL_STATES};
    for (int i = 0; i < PX_BLOCK_LANES; i++) {
        streams.end[i] = WORDS;
        streams.states[0][i] = streams.states[1][i] = 1 << 20;
    }
    px_block_kernels_of(set)->decode_lanes(&block, &streams);
    return block.height * block.width * PX_BLOCK_LANES;
}

static size_t block_innovate_lanes(px_simd set) {
    const px_wave block = lanes_of_blocks();
    px_block_kernels_of(set)->innovate_lanes(rows_16[7] + GUARD, &block);
    return block.height * block.width * PX_BLOCK_LANES;
}

enum { CELL_PLANES = 128 };

/* Planes that mix, and say something of each other. */
static void model_of_cells(px_lsq_model *model) {
    const px_planes planes = {.count = CELL_PLANES, .height = 64, .width = 64, .depth = 8};
    px_model_alloc(model, &planes, CELL_PLANES, false, true, NULL);
    model->blocks = true;
    for (size_t k = 0; k < CELL_PLANES; k++) {
        px_weights *both[] = {&model->samples, &model->innovations};
        model->order[k] = (uint16_t)k;
        model->planes[k].kind = PX_PLANE_FULL;
        for (size_t i = 0; i < 2; i++) {
            px_weight_row_alloc(&both[i]->rows[k], k, NULL);
            both[i]->rows[k].used = true;
            both[i]->rows[k].shift = PX_MAX_SHIFT_16;
            for (size_t j = 0; j < k; j++)
                both[i]->rows[k].levels[j] = (int16_t)((int)(j % 3) - 1);
        }
    }
}

static px_cell *cell_of_planes(void) {
    static const px_bench_size size = {
        .block = {PX_CELL_SIDE, PX_CELL_SIDE, PX_CELL_SIDE}, .lanes = 1, .planes = CELL_PLANES};
    static px_block_bench made;
    static px_lsq_model model;
    static px_pool pool;
    if (!made.cell) {
        model_of_cells(&model);
        px_block_bench_make(&made, &model, px_shapes_make(&pool, model.shapes, NULL), &size, NULL);
    }
    return made.cell;
}

/* All planes but the last, after which random words would have to end well. */
static size_t cell_decode(px_simd set) {
    px_cell *cell = cell_of_planes();
    px_rans_stream stream = stream_of(false);
    px_cell_kernels_of(set)->decode(cell, CELL_PLANES - 1, &stream);
    return (CELL_PLANES - 1) * PX_CELL_SIZE;
}

static size_t block_encode(px_simd set) {
    px_rans_stream stream = encoding(encoded, WORDS, false);
    px_wave block = plane.wave;
    block.height = block.width = 16;
    px_block_kernels_of(set)->encode(&block, symbols[false], &stream);
    return block.height * block.width;
}

static size_t quick_means(px_simd set) {
    px_quick_kernels_of(set)->means(means, &plane.wave);
    return HEIGHT * WIDTH;
}

static size_t quick_contexts(px_simd set) {
    px_quick_kernels_of(set)->contexts(around, &plane.wave, 1);
    return WIDTH;
}

static size_t quick_symbols(px_simd set) {
    px_quick_kernels_of(set)->symbols(sums, &plane.wave, means);
    return HEIGHT * WIDTH;
}

static size_t quick_decode(px_simd set) {
    px_rans_stream stream = stream_of(true);
    px_quick_kernels_of(set)->decode(&plane.wave, &stream);
    return HEIGHT * WIDTH;
}

static size_t quick_encode(px_simd set) {
    px_rans_stream stream = encoding(encoded, WORDS, true);
    px_quick_kernels_of(set)->encode(&plane.wave, symbols[true], &stream);
    return HEIGHT * WIDTH;
}

static size_t blend_decode(px_simd set) {
    px_rans_stream stream = stream_of(false);
    px_blend_kernels_of(set)->decode(&plane.wave, &stream);
    return HEIGHT * WIDTH;
}

static size_t blend_analyse(px_simd set) {
    px_blend_kernels_of(set)->analyse(&plane.wave, means, near, NULL);
    return HEIGHT * WIDTH;
}

static size_t blend_slopes(px_simd set) {
    enum { STEPS = 32, ROW = STEPS * PX_WAVE_LANES };
    static int32_t dump[STEPS * PX_BLEND_DUMP * PX_WAVE_LANES];
    static float to[(PX_BLEND_EXPERTS + 2) * ROW];
    const px_blend_scores scores = {
        .experts = PX_BLEND_EXPERTS, .power = 6, .floor = 17, .unit = 1.0f / 9, .outliers = 0.5f};
    if (!dump[(PX_BLEND_DUMP - 1) * PX_WAVE_LANES])
        fill_dump(dump, STEPS);
    px_blend_kernels_of(set)->slopes(to, ROW, dump, STEPS, &scores);
    return ROW;
}

/* ---- Coders that learn: rows of a plane that is decoded ---- */

static double processor_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double row_seconds; /* in code_row, since the program began */

/* The linker puts a table of our own in the place of each (--wrap). */
#define TIMED_TABLE(table, set, parameters, arguments)                                             \
    extern const px_##table##_kernels __real_px_##table##_kernels_##set;                           \
    px_##table##_kernels __wrap_px_##table##_kernels_##set;                                        \
    static void table##_##set##_row parameters {                                                   \
        const double start = processor_seconds();                                                  \
        __real_px_##table##_kernels_##set.code_row arguments;                                      \
        row_seconds += processor_seconds() - start;                                                \
    }                                                                                              \
    __attribute__((constructor)) static void table##_##set##_place(void) {                         \
        __wrap_px_##table##_kernels_##set = __real_px_##table##_kernels_##set;                     \
        __wrap_px_##table##_kernels_##set.code_row = table##_##set##_row;                          \
    }
#define TIMED_TABLES(set)                                                                          \
    TIMED_TABLE(adaptive, set, (struct px_adaptive_model * model, size_t y), (model, y))           \
    TIMED_TABLE(frame_mixer, set, (struct px_frame_mixer * mixer, size_t y), (mixer, y))           \
    TIMED_TABLE(palette, set, (struct px_palette_model * model, size_t k, size_t y), (model, k, y))
TIMED_TABLES(scalar)
#if defined(__x86_64__)
TIMED_TABLES(avx2)
TIMED_TABLES(avx512)
#endif

static size_t decode_planes(px_simd set, const px_coder_stage *method, prism_transform transform,
                            content kind, px_coded *c, px_planes *planes) {
    if (!planes->samples) {
        *planes = planes_make(kind, 8);
        *c = encode_by(method, planes, transform, 9, SIZE_MAX / 4);
    }
    px_simd_force(set);
    assert_int_equal(
        decode_by(method, c, c->sections.parameters.size, c->sections.payload.size, planes),
        PRISM_OK);
    px_simd_force(PX_SIMD_SETS);
    return PLANES * POSITIONS;
}

static size_t adaptive_code_row(px_simd set) {
    static px_coded c;
    static px_planes planes;
    return decode_planes(set, &px_adaptive, PRISM_TRANSFORM_CHANNELS, RELATED, &c, &planes);
}

static size_t frame_mixer_code_row(px_simd set) {
    static px_coded c;
    static px_planes planes;
    return decode_planes(set, &px_mixed, PRISM_TRANSFORM_STACK, RELATED, &c, &planes);
}

static size_t palette_code_row(px_simd set) {
    static px_coded c;
    static px_planes planes;
    return decode_planes(set, &px_palette, PRISM_TRANSFORM_NONE, FEW, &c, &planes);
}

static size_t adaptive_cholesky_rows(px_simd set) {
    enum { SIZE = 48 };
    static int64_t correlations[SIZE * SIZE];
    static int32_t factor[(SIZE + 3) * SIZE];
    for (size_t i = 0; i < SIZE; i++)
        correlations[i * SIZE + i] = 1ll << 60;
    px_adaptive_kernels_of(set)->cholesky_rows(factor, SIZE, correlations, 0, SIZE);
    return SIZE * SIZE;
}

/* ---- Lines ---- */

typedef struct bench {
    const char *name;
    bench_run run;
} bench;

#define BENCH(kernel)                                                                              \
    { #kernel, kernel }

static const bench benches[] = {
    BENCH(element_load_block),
    BENCH(element_store_block),
    BENCH(estimate_edge_symbols),
    BENCH(product_mix_pairs),
    BENCH(product_mix_panel),
    BENCH(product_mix_squares),
    BENCH(product_mix_finish),
    BENCH(product_tile_store),
    BENCH(product_gram),
    BENCH(product_tile_floats),
    BENCH(product_energies),
    BENCH(component_sum),
    BENCH(component_sum_floats),
    BENCH(component_lift),
    BENCH(component_lift_free),
    BENCH(component_scale),
    BENCH(component_filter),
    BENCH(component_moments),
    BENCH(conditional_products),
    BENCH(conditional_linear_symbols),
    BENCH(conditional_edge_symbols),
    BENCH(wave_innovations),
    BENCH(wave_means),
    BENCH(wave_errors),
    BENCH(wave_contexts),
    BENCH(wave_scale_moments),
    BENCH(wave_symbols),
    BENCH(wave_run),
    BENCH(wave_tap_rows),
    BENCH(wave_decode),
    BENCH(wave_encode),
    BENCH(block_decode),
    BENCH(block_decode_lanes),
    BENCH(block_innovate_lanes),
    BENCH(block_encode),
    BENCH(cell_decode),
    BENCH(quick_means),
    BENCH(quick_contexts),
    BENCH(quick_symbols),
    BENCH(quick_decode),
    BENCH(quick_encode),
    BENCH(blend_decode),
    BENCH(blend_analyse),
    BENCH(blend_slopes),
    BENCH(adaptive_code_row),
    BENCH(adaptive_cholesky_rows),
    BENCH(frame_mixer_code_row),
    BENCH(palette_code_row),
};
enum { BENCHES = sizeof benches / sizeof *benches, MOST_RUNS = 99 };

/* Nanoseconds a sample; the clock is read seldom. */
static double time_once(const bench *b, px_simd set, size_t calls) {
    size_t samples = 0;
    const double start = processor_seconds(), rows_before = row_seconds;
    for (size_t i = 0; i < calls; i++)
        samples += b->run(set);
    const double in_rows = row_seconds - rows_before;
    return 1e9 * (in_rows > 0 ? in_rows : processor_seconds() - start) / (double)samples;
}

/* So many that they take a millisecond or more. */
static size_t calls_of(const bench *b) {
    size_t calls = 1, samples = b->run(PX_SIMD_SCALAR);
    while (time_once(b, PX_SIMD_SCALAR, calls) * (double)(samples * calls) < 1e6)
        calls *= 2;
    return calls;
}

static int compare_numbers(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The sets take turns, so that what disturbs one run disturbs all sets. */
static void print_lines(const bench *b, size_t runs) {
    double times[PX_SIMD_SETS][MOST_RUNS], scalar = 0;
    const size_t calls = calls_of(b);
    for (size_t r = 0; r < runs; r++)
        for (px_simd set = 0; set < PX_SIMD_SETS && px_simd_runs(set); set++)
            times[set][r] = time_once(b, set, calls);
    for (px_simd set = 0; set < PX_SIMD_SETS && px_simd_runs(set); set++) {
        qsort(times[set], runs, sizeof times[set][0], compare_numbers);
        const double median = times[set][runs / 2];
        scalar = set == PX_SIMD_SCALAR ? median : scalar;
        printf("%-24s %-8s %10.3f %8.2f\n", b->name, px_simd_name(set), median, scalar / median);
    }
    fflush(stdout);
}

static bool chosen(const char *name, char **words, int count) {
    for (int i = 0; i < count; i++)
        if (strstr(name, words[i]))
            return true;
    return count == 0;
}

int main(int argc, char **argv) {
    const long runs = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
    if (runs < 1 || runs > MOST_RUNS) {
        fprintf(stderr, "usage: bench_kernels RUNS (1 to %d) [WORD...]\n", MOST_RUNS);
        return 2;
    }
    make_numbers();
    make_plane();
    size_t lines = 0;
    printf("%-24s %-8s %10s %8s\n", "kernel", "set", "ns/sample", "speed-up");
    for (size_t i = 0; i < BENCHES; i++)
        if (chosen(benches[i].name, argv + 2, argc - 2)) {
            print_lines(&benches[i], (size_t)runs);
            lines++;
        }
    if (!lines)
        fprintf(stderr, "no kernel has one of these words in its name\n");
    return lines ? 0 : 1;
}
