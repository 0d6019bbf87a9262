/*
 * From samples to symbols: the distribution of every sample, whose mean the taps give, whose scale
 * is regressed on errors around and on the running mean, and whose shape is chosen for each class
 * of scales in the end.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fast_math.h"
#include "base/low_discrepancy.h"
#include "base/rounding.h"
#include "base/sizes.h"
#include "base/status.h"
#include "base/threads.h"
#include "coders/ans/lsq/bands.h"
#include "coders/ans/lsq/encoder.h"
#include "coders/ans/lsq/wave_kernels.h"
#include "entropy/shapes.h"
#include "linear/cholesky.h"

/* Classes begin at 2^-4.5 and errors are in sixteenths; the deviation is 0.62 octaves more than the
 * mean log. */
static const double LOG_TO_CLASS = 0.62 + 4.5 - PX_MEAN_BITS;

enum {
    VARIABLES = 4,                 /* 1, errors around, running mean, its blur */
    HISTOGRAM_POSITIONS = 1 << 14, /* of a plane, about */
    BLOCK = 64                     /* of a histogram; divides PX_SYMBOL_RANGE */
};

/* Where threads are allowed, some planes are at work together: what errors are does not depend on
 * the running mean, which depends on nothing but errors, and goes from plane to plane. */
typedef struct symbol_task {
    px_lsq_encoder *encoder;
    const px_symbol_method *method;
    const size_t *coded; /* planes that are */
    size_t workers;
    px_symbol_plane *planes;          /* [workers] */
    px_symbol_histograms *histograms; /* [workers] */
    px_progress progress;             /* of the running mean */
} symbol_task;

/* Least squares of log errors on contexts: 4 x 4, from moments as scale_moments has them. */
static bool regress(double coefficients[VARIABLES], const int64_t moments[PX_SCALE_MOMENTS]) {
    static const double RIDGE = 1000;
    double matrix[VARIABLES * VARIABLES] = {0};
    for (int i = 0, m = 0; i < VARIABLES; i++)
        for (int j = 0; j <= i; j++)
            matrix[i * VARIABLES + j] = (double)moments[m++] + (i == j && i ? RIDGE : 0);
    for (int i = 0; i < VARIABLES; i++)
        coefficients[i] = (double)moments[PX_SCALE_MOMENTS - VARIABLES + i];
    return px_solve_definite(matrix, VARIABLES, coefficients);
}

/* The weights of the scale's contexts, and an offset that makes its mean right. */
void px_lsq_set_scale(px_lsq_plane *plane, const int64_t moments[PX_SCALE_MOMENTS],
                      double octaves) {
    double c[VARIABLES] = {0};
    if (!regress(c, moments))
        memset(c, 0, sizeof c);
    plane->scale_error = 8 * px_round_between(32 * c[1], -64, 128);
    plane->scale_running = px_round_between(32 * c[2], -64, 64);
    plane->scale_blur = px_round_between(32 * c[3], -64, 64);
    double n = (double)moments[0];
    /* scale_moments cuts four and seven bits off. */
    double running = 16 * (double)moments[3] / n + 7.5, blur = 128 * (double)moments[6] / n + 63.5;
    double explained = plane->scale_error / 16.0 * (double)moments[1] / n +
                       (8 * plane->scale_running * running + plane->scale_blur * blur) / 256;
    double scale = 16 * (double)moments[10] / n + 256 * octaves - explained;
    plane->scale_offset = px_round_between(scale / 16, -PX_MAX_SCALE_OFFSET, PX_MAX_SCALE_OFFSET);
}

px_symbol_histograms px_symbol_histograms_take(px_pool *pool, size_t count) {
    return (px_symbol_histograms){
        .classes = px_pool_take(pool, px_product(count, sizeof(px_symbol_histogram)))};
}

void px_add_symbols(px_symbol_histograms *histograms, const int32_t *symbols, size_t count) {
    for (size_t x = 0; x < count; x++) {
        uint32_t symbol = (uint32_t)symbols[x];
        uint32_t class = symbol >> 25;
        if (symbols[x] == PX_NO_SYMBOL)
            continue;
        class = class < PX_SHAPE_CLASSES ? class : PX_SHAPE_CLASSES - 4 + (class & 3);
        int32_t z = 16 * ((int32_t)(symbol << 11) >> 11) - (int32_t)(symbol >> 21 & 15);
        z = z < -PX_SYMBOL_RANGE   ? -PX_SYMBOL_RANGE
            : z >= PX_SYMBOL_RANGE ? PX_SYMBOL_RANGE - 1
                                   : z;
        px_histogram_count(histograms, class, z);
    }
}

/* Of row y; *largest: the largest class. */
static void make_row(px_symbol_plane *at, int32_t *symbols, const px_wave *wave, size_t y,
                     int32_t *largest) {
    const px_wave_kernels *kernels = px_wave_kernels_best();
    for (size_t i = 0; i < px_lsq_across(&at->encoder.task); i++) {
        px_wave row;
        const size_t begin = px_lsq_row(&row, &at->encoder.task, wave, y, i);
        if (!row.height)
            continue;
        kernels->contexts(at->around, at->blur, &row, 0);
        const int32_t class =
            kernels->symbols(symbols + begin, &row, at->means + begin, at->around, at->blur, 0);
        *largest = class > *largest ? class : *largest;
    }
}

static void add_row(px_symbol_plane *at, px_symbol_histograms *histograms, const px_wave *wave,
                    const int32_t *symbols, size_t y) {
    for (size_t i = 0; i < px_lsq_across(&at->encoder.task); i++) {
        px_wave row;
        const size_t begin = px_lsq_row(&row, &at->encoder.task, wave, y, i);
        px_add_symbols(histograms, symbols + begin, row.height ? row.width : 0);
    }
}

/* Symbols of a plane whose means and errors are known. */
static void make_symbols(px_symbol_plane *at, px_symbol_histograms *histograms,
                         const px_wave *wave) {
    /* Rows of blocks differ in what is known of them: none stands for the others. */
    const size_t step =
        at->encoder.task.blocks ? 1 : 1 + wave->height * wave->width / HISTOGRAM_POSITIONS;
    int32_t *symbols = px_lsq_mixed(&at->encoder, &at->view.geometry, at->k);
    int32_t largest = 0;
    size_t picked = 0;
    for (size_t y = 0; y < wave->height; y++) {
        make_row(at, symbols, wave, y, &largest);
        if (y == px_low_discrepancy(picked, step)) {
            add_row(at, histograms, wave, symbols, y);
            picked++;
        }
    }
    at->encoder.low_bits[at->k] = largest >= PX_SHAPE_CLASSES;
}

void px_lsq_add_moments(int64_t moments[PX_SCALE_MOMENTS], const px_wave *row,
                        const int16_t *around, const int16_t *blur) {
    for (size_t x = 0, count; (count = px_data_run(row->holes, row->width, &x)) > 0; x += count)
        px_wave_kernels_best()->scale_moments(moments, around + x, row->running + x, blur + x,
                                              row->logs + x, count);
}

/* Of part of a row. */
static int64_t sum_of_run(const int16_t *logs, size_t count) {
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += logs[i];
    return sum;
}

/* Of the logs of samples with data alone. */
static int64_t sum_of_data(const px_wave *wave) {
    int64_t sum = 0;
    for (size_t y = 0; y < wave->height; y++)
        for (size_t x = 0, count;
             (count = px_data_run(wave->holes + y * wave->width, wave->width, &x)) > 0; x += count)
            sum += sum_of_run(wave->logs + y * wave->logs_stride + x, count);
    return sum;
}

int32_t px_lsq_average(const px_lsq_encoder *encoder, const px_wave *wave, size_t k,
                       int64_t log_sum) {
    const px_group_task *task = &encoder->task;
    if (!task->block_width)
        return px_log_average(log_sum, wave->height * wave->width);
    return px_log_average(task->bands ? log_sum : sum_of_data(wave), px_lsq_samples(encoder, k));
}

static prism_status find_errors(px_symbol_plane *at, prism_error *error) {
    px_lsq_encoder *encoder = &at->encoder;
    const px_group_task *task = &encoder->task;
    const px_wave_kernels *kernels = px_wave_kernels_best();
    px_lsq_plane *plane = &encoder->model.planes[at->k];
    px_wave wave, part;
    int64_t sum = 0, log_sum = 0;
    (void)error;
    px_sample_wave(&wave, &at->view, &encoder->model, at->k);
    px_causal_pads(&wave);
    px_lsq_pad_samples(task, &wave);
    const size_t count = px_lsq_samples(encoder, at->k), parts = px_lsq_parts(task, &wave);
    for (size_t i = 0; i < parts; i++) {
        const size_t begin = px_lsq_part(&part, task, &wave, i);
        sum += kernels->means(at->means + begin, &part);
    }
    wave.bias = plane->bias =
        px_round_between((double)sum / (double)count, -PX_MAX_BIAS, PX_MAX_BIAS);
    for (size_t i = 0; i < parts; i++) {
        const size_t begin = px_lsq_part(&part, task, &wave, i);
        log_sum += kernels->errors(&part, at->means + begin);
    }
    px_causal_error_pads(&wave);
    px_lsq_pad_errors(task, &wave);
    plane->average = px_lsq_average(encoder, &wave, at->k, log_sum);
    return PRISM_OK;
}

/* The moments of row y. */
static void add_moments(px_symbol_plane *at, int64_t moments[PX_SCALE_MOMENTS], const px_wave *wave,
                        size_t y) {
    for (size_t i = 0; i < px_lsq_across(&at->encoder.task); i++) {
        px_wave row;
        px_lsq_row(&row, &at->encoder.task, wave, y, i);
        if (!row.height)
            continue;
        px_wave_kernels_best()->contexts(at->around, at->blur, &row, 0);
        px_lsq_add_moments(moments, &row, at->around, at->blur);
    }
}

static void find_symbols(px_symbol_plane *at, px_symbol_histograms *histograms) {
    px_lsq_encoder *encoder = &at->encoder;
    int64_t moments[PX_SCALE_MOMENTS] = {0};
    px_wave wave;
    px_sample_wave(&wave, &at->view, &encoder->model, at->k);
    for (size_t y = 0; y < wave.height; y++)
        add_moments(at, moments, &wave, y);
    px_lsq_set_scale(&encoder->model.planes[at->k], moments, LOG_TO_CLASS);
    px_sample_wave(&wave, &at->view, &encoder->model, at->k);
    make_symbols(at, histograms, &wave);
}

/* The running mean as it is before a plane. */
static void copy_running(px_symbol_plane *at, const px_view *full) {
    const size_t origin = full->geometry.origin;
    if (full->running_stride)
        memcpy(at->encoder.group.full.running - origin, full->running - origin,
               full->geometry.tile_count * PX_TILE * sizeof *full->running);
}

static void take_into_running(px_lsq_encoder *encoder, px_symbol_plane *at) {
    px_view_close(&at->view, &at->encoder.group, at->k);
    px_lsq_pad_blocks(&encoder->task, &at->view.geometry, at->view.logs, sizeof *at->view.logs);
    px_running_update(&encoder->group, at->encoder.group.full.logs,
                      encoder->model.planes[at->k].average);
}

/* One worker has the group's own running mean, as it is before the plane; each of several has a
 * copy of it. */
static prism_status code_plane(symbol_task *task, px_symbol_plane *at, size_t index,
                               px_symbol_histograms *histograms, prism_error *error) {
    px_lsq_encoder *encoder = task->encoder;
    const bool many = task->workers > 1;
    prism_status status = px_lsq_open(&at->view, &at->view_pool, &at->encoder, at->k, error);
    if (status == PRISM_OK)
        status = task->method->find_errors(at, error);
    if (status == PRISM_OK && !px_progress_wait(&task->progress, index))
        status = px_fail(error, PRISM_E_MEMORY, "another plane could not be coded");
    if (status != PRISM_OK)
        return status;
    if (many) {
        copy_running(at, &encoder->group.full);
        take_into_running(encoder, at);
        px_progress_reach(&task->progress, index + 1);
    }
    task->method->find_symbols(at, histograms);
    if (!many) {
        take_into_running(encoder, at);
        px_progress_reach(&task->progress, index + 1);
    }
    return PRISM_OK;
}

static prism_status work_on_plane(void *context, size_t index, size_t worker, prism_error *error) {
    symbol_task *task = context;
    px_symbol_plane *at = &task->planes[worker];
    at->k = task->coded[index];
    const prism_status status = code_plane(task, at, index, &task->histograms[worker], error);
    if (status != PRISM_OK)
        px_progress_end(&task->progress);
    px_pool_free(&at->view_pool);
    return status;
}

/* They are sums, whatever the order. */
void px_symbol_histograms_merge(px_symbol_histograms *all, const px_symbol_histograms *more,
                                int count) {
    for (int class = 0; class < count; class ++) {
        if (!more->used[class])
            continue;
        if (!all->used[class])
            memset(all->classes[class], 0, sizeof *all->classes);
        all->used[class] = true;
        for (int z = 0; z < 2 * PX_SYMBOL_RANGE; z++)
            all->classes[class][z] += more->classes[class][z];
    }
}

static void merge_histograms(const symbol_task *task) {
    for (size_t w = 1; w < task->workers; w++)
        px_symbol_histograms_merge(&task->histograms[0], &task->histograms[w],
                                   task->method->classes);
}

/* ---- Shapes ---------------------------------------------------------------------------------- */

/* Symbols of a class: of each magnitude that occurs, how many. */
typedef struct magnitudes {
    int values[PX_SYMBOL_RANGE + 1];
    uint32_t counts[PX_SYMBOL_RANGE + 1];
    size_t count;
} magnitudes;

/* Most blocks of histograms are empty. */
static bool has_symbols(const uint32_t symbols[BLOCK]) {
    uint32_t all = 0;
    for (int i = 0; i < BLOCK; i++)
        all |= symbols[i];
    return all > 0;
}

static void add_magnitude(magnitudes *m, int magnitude, uint32_t count) {
    m->values[m->count] = magnitude;
    m->counts[m->count] = count;
    m->count += count > 0;
}

/* Magnitudes within a quarter become one, in the middle of where they lie. */
static void merge(magnitudes *m) {
    enum { PART = 4 };
    size_t merged = 0;
    for (size_t i = 0; i < m->count; merged++) {
        const int first = m->values[i];
        uint32_t count = 0;
        int last = first;
        for (; i < m->count && m->values[i] - first <= first / PART; i++) {
            last = m->values[i];
            count += m->counts[i];
        }
        m->values[merged] = (first + last) / 2;
        m->counts[merged] = count;
    }
    m->count = merged;
}

static void find_magnitudes(magnitudes *m, const uint32_t *symbols) {
    const uint32_t *zero = symbols + PX_SYMBOL_RANGE;
    m->count = 0;
    for (int z = 0; z < PX_SYMBOL_RANGE; z += BLOCK)
        if (has_symbols(zero + z) || has_symbols(zero - z - BLOCK + 1))
            for (int i = z; i < z + BLOCK; i++)
                add_magnitude(m, i, zero[i] + (i ? zero[-i] : 0));
    add_magnitude(m, PX_SYMBOL_RANGE, *symbols);
}

/* Bits for the symbols by a shape, which has the same share for both signs; stops where they are
 * more than `most`. */
static double cost_of(const magnitudes *m, int shape, int scale, double most) {
    static const double UNIT = 1 << 24;
    const px_shape_curve curve = px_shape_curve_of(shape, scale);
    double bits = 0;
    for (size_t i = 0; i < m->count && bits < most; i++) {
        const int low = m->values[i] - 8, high = m->values[i] + 8;
        const double below = px_shape_curve_at(&curve, abs(low)) / UNIT;
        const double above = px_shape_curve_at(&curve, high) / UNIT;
        const double share = above - (low < 0 ? 1 - below : below);
        bits -= (double)m->counts[i] * (double)px_fast_log2((float)(share * (1 - 1e-3) + 4e-5));
    }
    return bits;
}

int px_class_scale(int class) {
    return class;
}

/* The best shape for the symbols of a class so far. */
typedef struct shape_search {
    magnitudes symbols;
    int scale;
    bool tried[PX_SHAPE_COUNT];
    int shape;
    double bits;
} shape_search;

static void try_shape(shape_search *s, int shape) {
    if (shape < 0 || shape >= PX_SHAPE_COUNT || s->tried[shape])
        return;
    s->tried[shape] = true;
    const double bits = cost_of(&s->symbols, shape, s->scale, s->bits);
    if (bits < s->bits) {
        s->shape = shape;
        s->bits = bits;
    }
}

/* The widths around, then all families of the best. */
static void search_swiftly(shape_search *s) {
    try_shape(s, s->shape);
    for (int more = -PX_SHAPE_FAMILIES; more <= PX_SHAPE_FAMILIES; more += 2 * PX_SHAPE_FAMILIES)
        try_shape(s, s->shape + more);
    const int first = s->shape - s->shape % PX_SHAPE_FAMILIES;
    for (int family = 0; family < PX_SHAPE_FAMILIES; family++)
        try_shape(s, first + family);
}

/* All families of the widths around. */
static void search_shapes(shape_search *s) {
    const int middle = s->shape / PX_SHAPE_FAMILIES;
    for (int width = middle - 1; width <= middle + 1; width++)
        for (int family = 0; family < PX_SHAPE_FAMILIES; family++)
            try_shape(s, PX_SHAPE_FAMILIES * width + family);
}

void px_lsq_choose_shapes(uint8_t *shapes, const px_symbol_histograms *histograms, int count,
                          int (*scale_of)(int), bool swift) {
    int chosen = PX_SHAPE_PLAIN;
    shape_search s;
    for (int class = 0; class < count; class ++) {
        s.scale = scale_of(class);
        s.shape = chosen;
        s.bits = HUGE_VAL;
        s.symbols.count = 0;
        memset(s.tried, 0, sizeof s.tried);
        if (histograms->used[class])
            find_magnitudes(&s.symbols, histograms->classes[class]);
        if (swift)
            merge(&s.symbols);
        for (int before = -1; s.symbols.count && s.shape != before;) {
            before = s.shape;
            (swift ? search_swiftly : search_shapes)(&s);
        }
        chosen = s.shape;
        shapes[class] = (uint8_t)chosen;
    }
}

static prism_status take_plane(px_symbol_plane *at, px_lsq_encoder *encoder, bool apart,
                               prism_error *error) {
    const px_geometry *geometry = &encoder->group.full.geometry;
    px_pool *pool = &at->pool;
    *at = (px_symbol_plane){.encoder = *encoder};
    at->means = px_padded_take(pool, geometry, sizeof *at->means);
    at->around = px_zero_row_take(pool, geometry, sizeof *at->around);
    at->blur = px_zero_row_take(pool, geometry, sizeof *at->blur);
    px_view *full = &at->encoder.group.full;
    if (apart) {
        full->samples = px_padded_take(pool, geometry, sizeof *full->samples);
        full->logs = px_padded_take(pool, geometry, sizeof *full->logs);
        full->errors = px_padded_take(pool, geometry, sizeof *full->errors);
    }
    if (apart && full->running_stride)
        full->running = px_padded_take(pool, geometry, sizeof *full->running);
    return px_pool_status(pool, error);
}

/* Planes that are halved shrink the running mean with all else: there is one at work then. */
static size_t workers_of(const px_lsq_encoder *encoder) {
    for (size_t k = 0; k < encoder->model.count; k++)
        if (encoder->model.planes[k].kind == PX_PLANE_HALVED)
            return 1;
    return px_workers(encoder->model.count, encoder->task.threads);
}

static prism_status take_task(symbol_task *task, px_pool *pool, prism_error *error) {
    task->workers = workers_of(task->encoder);
    task->planes = px_pool_take_zeroed(pool, px_product(task->workers, sizeof *task->planes));
    task->histograms = px_pool_take(pool, px_product(task->workers, sizeof *task->histograms));
    const size_t count = (size_t)task->method->classes;
    px_symbol_histogram *classes =
        px_pool_take(pool, px_product(task->workers, count, sizeof *task->histograms->classes));
    prism_status status = px_pool_status(pool, error);
    for (size_t w = 0; w < task->workers && status == PRISM_OK; w++) {
        task->histograms[w] = (px_symbol_histograms){.classes = classes + w * count};
        status = take_plane(&task->planes[w], task->encoder, task->workers > 1, error);
    }
    return status;
}

static prism_status code_planes(symbol_task *task, prism_error *error) {
    const px_lsq_model *model = &task->encoder->model;
    size_t coded[PX_GROUP], count = 0;
    prism_status status = px_progress_make(&task->progress, error);
    if (status != PRISM_OK)
        return status;
    for (size_t k = 0; k < model->count; k++)
        if (model->planes[k].kind != PX_PLANE_CONSTANT)
            coded[count++] = k;
    task->coded = coded;
    status = px_run(count, (int)task->workers, work_on_plane, task, error);
    px_progress_free(&task->progress);
    return status;
}

prism_status px_symbols_make(px_lsq_encoder *encoder, const px_symbol_method *method,
                             bool used[PX_SHAPE_CLASSES], prism_error *error) {
    px_pool pool = {.count = 0};
    symbol_task task = {.encoder = encoder, .method = method};
    prism_status status = take_task(&task, &pool, error);
    if (status == PRISM_OK)
        status = code_planes(&task, error);
    if (status == PRISM_OK) {
        merge_histograms(&task);
        px_lsq_choose_shapes(encoder->model.shapes, task.histograms, method->classes,
                             method->scale_of, encoder->settings.swift);
        memcpy(used, task.histograms->used, sizeof task.histograms->used);
    }
    for (size_t i = 0; task.planes && i < task.workers; i++)
        px_pool_free(&task.planes[i].pool);
    px_pool_free(&pool);
    return status;
}

prism_status px_lsq_symbols(px_lsq_encoder *encoder, prism_error *error) {
    static const px_symbol_method lsq = {PX_SHAPE_CLASSES, px_class_scale, find_errors,
                                         find_symbols};
    const px_geometry *geometry = &encoder->group.full.geometry;
    bool used[PX_SHAPE_CLASSES];
    const prism_status status = px_symbols_make(encoder, &lsq, used, error);
    if (status == PRISM_OK && geometry->height * geometry->width < HISTOGRAM_POSITIONS)
        memcpy(encoder->classes, used, sizeof used);
    return status;
}
