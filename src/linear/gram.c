/*
 * Covariances in single precision by blocks of positions, summed up in double precision. The order
 * of all additions is fixed (product_kernels.c), so that every machine fits the same weights.
 */
#include "linear/gram.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/low_discrepancy.h"
#include "base/sizes.h"
#include "base/status.h"
#include "base/threads.h"
#include "linear/mixer.h"
#include "linear/product_kernels.h"

enum { RUN = 256, ROW_BLOCK = 4, TILES = 16 };

void px_gram_free(px_gram *gram) {
    free(gram->mean);
    free(gram->moments);
    *gram = (px_gram){0};
}

/* Samples are taken relative to one of them: the mean of a plane can be far larger than its
 * deviation, which single precision would not survive. */
static int16_t origin_of(const px_planes *planes, size_t k) {
    return px_plane(planes, k)[px_plane_size(planes) / 2];
}

/* Copies `count` samples at p of each plane to rows of RUN floats; pads them with zeros. */
static void load_rows(const px_gram *gram, const px_planes *planes, size_t p, size_t count,
                      float *rows, double *sums) {
    for (size_t k = 0; k < gram->count; k++, rows += RUN) {
        const int16_t *samples = px_plane(planes, gram->first + k) + p;
        const int32_t origin = origin_of(planes, gram->first + k);
        int64_t sum = 0;
        for (size_t i = 0; i < count; i++) {
            int32_t value = samples[i] - origin;
            rows[i] = (float)value;
            sum += value;
        }
        memset(rows + count, 0, (RUN - count) * sizeof *rows);
        sums[k] += (double)sum;
    }
}

/* Sums of products about the origins to covariances about the mean. */
static void centre(px_gram *gram, const px_planes *planes) {
    const double n = (double)gram->positions;
    for (size_t k = 0; k < gram->count; k++)
        gram->mean[k] /= n;
    for (size_t k = 0; k < gram->count; k++)
        for (size_t j = 0; j <= k; j++) {
            double *moment = &gram->moments[k * gram->stride + j];
            *moment = *moment / n - gram->mean[k] * gram->mean[j];
        }
    for (size_t k = 0; k < gram->count; k++)
        gram->mean[k] += origin_of(planes, gram->first + k);
}

static prism_status gram_alloc(px_gram *gram, size_t first, size_t count, prism_error *error) {
    const size_t stride = (count + ROW_BLOCK - 1) / ROW_BLOCK * ROW_BLOCK;
    *gram = (px_gram){.first = first,
                      .count = count,
                      .stride = stride,
                      .mean = calloc(count, sizeof *gram->mean),
                      .moments = px_alloc_zeroed(stride, stride, sizeof *gram->moments)};
    if (gram->mean && gram->moments)
        return PRISM_OK;
    px_gram_free(gram);
    return px_out_of_memory(error, px_product(stride, stride, sizeof *gram->moments));
}

/* Threads share the moments row by row, and each of them loads all samples: so sums are the same
 * for any number of them. */
typedef struct sum_task {
    px_gram *gram;
    size_t skip, workers, run; /* `run`: floats of a row */
    const px_planes *planes;   /* either these */
    const px_tiles *tiles;     /* or these */
    const float *importance;
    double total; /* of the squares of importance */
} sum_task;

/* Where the rows of a worker begin, which take about as long as those of any other one. */
static size_t first_row(const sum_task *task, size_t worker) {
    const size_t blocks = task->gram->stride / ROW_BLOCK;
    const double share = sqrt((double)worker / (double)task->workers);
    return (size_t)(share * (double)blocks) * ROW_BLOCK;
}

/* Positions for the moments from row `first` to before row `end`; who has the first row sees to
 * all else. */
static void sum_planes(const sum_task *task, float *rows, double *sums, size_t first, size_t end) {
    px_gram *gram = task->gram;
    const size_t size = px_plane_size(task->planes);
    size_t positions = 0;
    for (size_t i = 0, p; (p = RUN * px_low_discrepancy(i, task->skip)) < size; i++) {
        const size_t count = px_smaller(size - p, RUN);
        load_rows(gram, task->planes, p, count, rows, sums);
        px_product_kernels_best()->gram(gram->moments, rows, gram->stride, RUN, first, end);
        positions += count;
    }
    if (!first)
        gram->positions = positions;
}
/* Tiles t.. as rows of TILES * PX_TILE floats; returns the sum of the squares of importance. */
static double load_tiles(const px_product_kernels *kernels, const px_tiles *tiles, size_t t,
                         float *rows, const float *importance) {
    double sum = 0;
    const size_t left = tiles->count - t, count = left < TILES ? left : TILES;
    for (size_t i = 0; i < count; i++, importance += PX_TILE) {
        kernels->tile_floats(rows + i * PX_TILE, TILES * PX_TILE,
                             tiles->elements + (t + i) * tiles->span, tiles->pairs, importance);
        for (size_t p = 0; p < PX_TILE; p++)
            sum += (double)importance[p] * (double)importance[p];
    }
    for (size_t k = 0; count < TILES && k < 2 * tiles->pairs; k++)
        memset(rows + (k * TILES + count) * PX_TILE, 0, (TILES - count) * PX_TILE * sizeof *rows);
    return sum;
}

static void sum_tiles(sum_task *task, float *rows, size_t first, size_t end) {
    const px_product_kernels *kernels = px_product_kernels_best();
    const px_gram *gram = task->gram;
    double total = 0;
    for (size_t i = 0, t; (t = TILES * px_low_discrepancy(i, task->skip)) < task->tiles->count;
         i++) {
        total += load_tiles(kernels, task->tiles, t, rows, task->importance + t * PX_TILE);
        kernels->gram(gram->moments, rows, gram->stride, TILES * PX_TILE, first, end);
    }
    if (!first)
        task->total = total;
}

static prism_status sum_rows(void *context, size_t index, size_t worker, prism_error *error) {
    sum_task *task = context;
    const size_t first = first_row(task, index), end = first_row(task, index + 1);
    const size_t count = task->gram->stride;
    px_pool pool = {.count = 0};
    float *rows = px_pool_take_zeroed(&pool, px_product(count, task->run, sizeof *rows));
    double *spare = px_pool_take_zeroed(&pool, px_product(count, sizeof *spare));
    (void)worker;
    const prism_status status = px_pool_status(&pool, error);
    if (status == PRISM_OK && task->planes)
        sum_planes(task, rows, first ? spare : task->gram->mean, first, end);
    else if (status == PRISM_OK)
        sum_tiles(task, rows, first, end);
    px_pool_free(&pool);
    return status;
}

static prism_status sum(sum_task *task, int threads, prism_error *error) {
    task->workers = px_workers(task->gram->stride / ROW_BLOCK, threads);
    const prism_status status = px_run(task->workers, threads, sum_rows, task, error);
    if (status != PRISM_OK)
        px_gram_free(task->gram);
    return status;
}

prism_status px_gram_make(px_gram *gram, const px_planes *planes, size_t first, size_t count,
                          size_t positions, int threads, prism_error *error) {
    prism_status status = gram_alloc(gram, first, count, error);
    sum_task task = {.gram = gram,
                     .skip = 1 + (px_plane_size(planes) - 1) / positions,
                     .run = RUN,
                     .planes = planes};
    if (status == PRISM_OK)
        status = sum(&task, threads, error);
    if (status == PRISM_OK)
        centre(gram, planes);
    return status;
}

prism_status px_gram_of_tiles(px_gram *gram, const px_tiles *tiles, size_t count,
                              const float *importance, size_t positions, int threads,
                              prism_error *error) {
    prism_status status = gram_alloc(gram, 0, count, error);
    sum_task task = {.gram = gram,
                     .skip = 1 + (tiles->count * PX_TILE - 1) / positions,
                     .run = TILES * PX_TILE,
                     .tiles = tiles,
                     .importance = importance};
    if (status == PRISM_OK)
        status = sum(&task, threads, error);
    for (size_t i = 0; i < gram->stride * gram->stride && status == PRISM_OK; i++)
        gram->moments[i] /= task.total > 0 ? task.total : 1;
    return status;
}

/* `count` positions p.. of all variables, times what they count, as rows of RUN floats. */
static void load_squares(float *rows, const px_couples *couples, const px_geometry *geometry,
                         size_t p, size_t count, const float *counts) {
    for (size_t m = 0; m < couples->pairs; m++)
        for (size_t v = 0; v < PX_SQUARE_TAPS; v++) {
            const int tap = px_square_order[v];
            const int32_t *from = couples->elements + m * couples->span + p +
                                  px_square_rows[tap] * (ptrdiff_t)geometry->stride +
                                  px_square_columns[tap];
            float *low = rows + (2 * m * PX_SQUARE_TAPS + v) * RUN;
            float *high = low + PX_SQUARE_TAPS * RUN;
            for (size_t i = 0; i < count; i++) {
                low[i] = (float)px_couple_low(from[i]) * counts[i];
                high[i] = (float)px_couple_high(from[i]) * counts[i];
            }
            memset(low + count, 0, (RUN - count) * sizeof *low);
            memset(high + count, 0, (RUN - count) * sizeof *high);
        }
}

/* Importance without the first row and the edge columns, whose neighbours are copies. */
static double inner_importance(float *counts, const float *importance, const px_geometry *geometry,
                               size_t p, size_t end) {
    double sum = 0;
    for (size_t i = 0; i < RUN; i++) {
        size_t at = p + i, x = at % geometry->stride;
        bool inner = at < end && at >= geometry->origin + geometry->stride - PX_PAD_LEFT &&
                     x > PX_PAD_LEFT && x + 1 < PX_PAD_LEFT + geometry->width;
        counts[i] = inner ? importance[at] : 0;
        sum += (double)counts[i] * (double)counts[i];
    }
    return sum;
}

prism_status px_gram_of_squares(px_gram *gram, const px_couples *couples,
                                const px_geometry *geometry, size_t planes, const float *importance,
                                size_t positions, prism_error *error) {
    const px_product_kernels *kernels = px_product_kernels_best();
    const size_t end = geometry->tile_count * PX_TILE, skip = 1 + (end - 1) / positions;
    float counts[RUN];
    px_pool pool = {.count = 0};
    prism_status status = gram_alloc(gram, 0, 2 * couples->pairs * PX_SQUARE_TAPS, error);
    if (status != PRISM_OK)
        return status;
    float *rows = px_pool_take_zeroed(&pool, px_product(gram->stride, RUN, sizeof *rows));
    status = px_pool_status(&pool, error);
    if (status != PRISM_OK) {
        px_gram_free(gram);
        return status;
    }
    gram->count = planes * PX_SQUARE_TAPS;
    double total = 0;
    for (size_t i = 0, p; (p = RUN * px_low_discrepancy(i, skip)) < end; i++) {
        double sum = inner_importance(counts, importance, geometry, p, end);
        total += sum;
        if (sum > 0) {
            load_squares(rows, couples, geometry, p, end - p < RUN ? end - p : RUN, counts);
            kernels->gram(gram->moments, rows, gram->stride, RUN, 0, gram->stride);
        }
    }
    px_pool_free(&pool);
    for (size_t i = 0; i < gram->stride * gram->stride; i++)
        gram->moments[i] /= total > 0 ? total : 1;
    return PRISM_OK;
}
