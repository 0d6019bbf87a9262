#include "choose/tiny.h"

#include <math.h>

#include "base/array.h"
#include "base/effort.h"
#include "choose/axes.h"
#include "planes/estimate.h"
#include "planes/fold.h"
#include "planes/stages.h"

/* Each plane of the native coder has fits of its own, and a chunk 64 bytes of states. */
enum { FEW_PLANES = 4, LEAST_NATIVE_BYTES = 1 << 8, MOST_NATIVE_STEPS = 384 };

/* Of bytes whose guess is so near to their number, no method makes much less. */
static const double NOISE = 0.98;

/* So much less than the guess of deflate is less than deflate, too. */
static const double SURELY_LESS = 0.9;

/* Where the planes of a candidate lie, unless an axis is asked for: a lift is tried along both. */
typedef enum place { BEST_AXIS, LAST_AXIS, FIRST_AXIS } place;

typedef struct candidate {
    prism_transform transform; /* where it is automatic */
    prism_predictor predictor;
    prism_coder coder;
    place place;
} candidate;

static const candidate candidates[] = {
    {PRISM_TRANSFORM_NONE, PRISM_PREDICTOR_PAETH, PRISM_CODER_DEFLATE, BEST_AXIS},
    {PRISM_TRANSFORM_CHANNELS, PRISM_PREDICTOR_PAETH, PRISM_CODER_DEFLATE, LAST_AXIS},
    {PRISM_TRANSFORM_CHANNELS, PRISM_PREDICTOR_PAETH, PRISM_CODER_DEFLATE, FIRST_AXIS},
    {PRISM_TRANSFORM_NONE, PRISM_PREDICTOR_NONE, PRISM_CODER_DEFLATE, BEST_AXIS},
    {PRISM_TRANSFORM_NONE, PRISM_PREDICTOR_LSQ, PRISM_CODER_ANS, BEST_AXIS}};
enum { CANDIDATES = sizeof candidates / sizeof *candidates };

bool px_tiny_suits(const prism_array *array, const prism_options *options) {
    const bool complete = options->transform != PRISM_TRANSFORM_AUTO &&
                          options->predictor != PRISM_PREDICTOR_AUTO &&
                          options->coder != PRISM_CODER_AUTO;
    return px_is_tiny(array) && !complete && options->coder != PRISM_CODER_JXL &&
           options->transform != PRISM_TRANSFORM_STACK && options->axis < (int)array->rank;
}

/* A transform that is given goes with all others. A lift needs planes, and positions to fit it by.
 */
static bool may_transform(const candidate *c, const prism_options *options,
                          const px_layout *layout) {
    return c->transform == PRISM_TRANSFORM_NONE ||
           (options->transform == PRISM_TRANSFORM_AUTO && layout->count > 1 &&
            !(options->axis != PRISM_AXIS_AUTO && c->place == FIRST_AXIS) &&
            layout->count <= layout->height * layout->width);
}

/* In which the native coder goes through planes: rows are coded side by side, a sample of each in
 * one step, and each begins two steps after the one before. */
static size_t native_steps(const prism_array *array, const px_layout *layout) {
    enum { ROWS = 16, LAG = 2 };
    const px_planes planes = px_planes_shape(array, layout);
    const px_planes folded = px_fold_shape(&planes);
    size_t steps = 0;
    for (size_t y = 0; y < folded.height; y += ROWS) {
        const size_t left = folded.height - y, rows = left < ROWS ? left : ROWS;
        steps += folded.width + LAG * (rows - 1);
    }
    return layout->count * steps;
}

static bool may_use(const candidate *c, const prism_array *array, const prism_options *options,
                    const px_layout *layout, size_t size) {
    const bool asked = options->coder == c->coder || options->predictor == c->predictor ||
                       options->transform == PRISM_TRANSFORM_CHANNELS;
    const bool native = layout->count <= FEW_PLANES && size >= LEAST_NATIVE_BYTES &&
                        px_efforts.small_native[options->effort] &&
                        native_steps(array, layout) <= MOST_NATIVE_STEPS;
    return may_transform(c, options, layout) && (c->coder != PRISM_CODER_ANS || asked || native) &&
           (options->predictor == PRISM_PREDICTOR_AUTO || options->predictor == c->predictor) &&
           (options->coder == PRISM_CODER_AUTO || options->coder == c->coder);
}

/* `best` is the axis asked for, if there is one. */
static int axis_of(const candidate *c, const prism_array *array, const prism_options *options,
                   int best) {
    if (options->axis != PRISM_AXIS_AUTO || array->rank < 3 || c->place == BEST_AXIS)
        return best;
    return c->place == LAST_AXIS ? (int)array->rank - 1 : 0;
}

/* Higher efforts of the native coder take many times as long, and gain a few bytes. */
static int effort_of(const candidate *c, const prism_options *options) {
    return c->coder == PRISM_CODER_ANS ? px_efforts.trial[options->effort] : options->effort;
}

static prism_status estimate(double *bits, const prism_array *array, const void *elements, int axis,
                             prism_error *error) {
    const px_layout layout = px_layout_make(array, axis);
    px_planes planes;
    prism_status status = px_planes_alloc(&planes, array, &layout, error);
    if (status != PRISM_OK)
        return status;
    px_planes_load(&planes, array, &layout, elements);
    *bits = px_estimate_alike(&planes);
    px_planes_free(&planes);
    return PRISM_OK;
}

/* One picture, or planes along the last axis or the first. */
static prism_status choose_axis(int *axis, const prism_array *array, const void *elements,
                                const prism_options *options, prism_error *error) {
    const int axes[] = {PRISM_AXIS_AUTO, (int)array->rank - 1, 0};
    double least = HUGE_VAL;
    prism_status status = PRISM_OK;
    *axis = px_asked_axis(options);
    if (options->axis != PRISM_AXIS_AUTO || array->rank < 3)
        return PRISM_OK;
    for (size_t i = 0; i < sizeof axes / sizeof *axes && status == PRISM_OK; i++) {
        double bits = 0;
        status = estimate(&bits, array, elements, axes[i], error);
        if (bits < least) {
            least = bits;
            *axis = axes[i];
        }
    }
    return status;
}

static size_t coded_size(const px_coded *coded) {
    return px_sections_size(&coded->sections);
}

static bool predicts(const candidate *c) {
    return px_coder_stage_of(c->coder)->predicts;
}

/* What is left of the candidates: a pipeline for each. */
typedef struct trials {
    px_pipeline items[CANDIDATES];
    size_t count;
} trials;

/* Those whose coder predicts, or all others. */
static trials list_trials(const prism_array *array, const prism_options *options, int best,
                          bool predicting, size_t size) {
    trials list = {.count = 0};
    for (size_t i = 0; i < CANDIDATES; i++) {
        const candidate *c = &candidates[i];
        const bool open = options->transform == PRISM_TRANSFORM_AUTO;
        const px_pipeline pipeline = {.transform = open ? c->transform : options->transform,
                                      .predictor = c->predictor,
                                      .coder = c->coder,
                                      .effort = effort_of(c, options),
                                      .axis = axis_of(c, array, options, best),
                                      .swift = true};
        const px_layout layout = px_layout_make(array, pipeline.axis);
        if (predicts(c) == predicting && may_use(c, array, options, &layout, size))
            list.items[list.count++] = pipeline;
    }
    return list;
}

/* Residuals, and what they may come to. */
typedef struct guessed {
    px_coded coded;
    px_planes planes;
    double bytes;
} guessed;

static prism_status guess(guessed *g, const prism_array *array, const void *elements,
                          const px_pipeline *pipeline, prism_error *error) {
    prism_status status =
        px_pipeline_predict(&g->coded, &g->planes, array, elements, pipeline, error);
    if (status != PRISM_OK)
        return status;
    status = px_deflate_guess(&g->bytes, &g->planes, error);
    g->bytes += (double)g->coded.sections.parameters.size;
    return status;
}

static void guessed_free(guessed *g) {
    px_planes_free(&g->planes);
    px_coded_free(&g->coded);
}

/* The residuals that promise most. */
static prism_status guess_best(guessed *best, const prism_array *array, const void *elements,
                               const trials *list, prism_error *error) {
    prism_status status = PRISM_OK;
    *best = (guessed){.bytes = HUGE_VAL};
    for (size_t i = 0; i < list->count && status == PRISM_OK; i++) {
        guessed other = {.bytes = HUGE_VAL};
        status = guess(&other, array, elements, &list->items[i], error);
        const bool better = other.bytes < best->bytes;
        guessed_free(better ? best : &other);
        if (better)
            *best = other;
    }
    return status;
}

/* *coded becomes what is smaller. */
static void keep_smaller(px_coded *coded, px_coded *tried) {
    const bool smaller = !coded->sections.payload.size || coded_size(tried) < coded_size(coded);
    px_coded_free(smaller ? coded : tried);
    if (smaller)
        *coded = *tried;
}

static prism_status try_samples(px_coded *coded, const prism_array *array, const void *elements,
                                const trials *list, size_t limit, prism_error *error) {
    prism_status status = PRISM_OK;
    for (size_t i = 0; i < list->count && status == PRISM_OK; i++) {
        px_coded tried;
        status = px_pipeline_encode(&tried, array, elements, &list->items[i], limit, error);
        if (status == PRISM_OK)
            keep_smaller(coded, &tried);
    }
    return status;
}

static prism_status try_residuals(px_coded *coded, guessed *g, size_t limit, prism_error *error) {
    prism_status status = px_pipeline_code(&g->coded, &g->planes, limit, error);
    if (status == PRISM_OK)
        keep_smaller(coded, &g->coded);
    g->coded = (px_coded){.pipeline = {0}};
    return status;
}

prism_status px_tiny_encode(px_coded *coded, const prism_array *array, const void *elements,
                            const prism_options *options, size_t limit, prism_error *error) {
    int axis = PRISM_AXIS_AUTO;
    guessed best;
    *coded = (px_coded){.pipeline = {0}};
    prism_status status =
        px_stages_check(options->transform, options->predictor, options->coder, error);
    if (status == PRISM_OK)
        status = choose_axis(&axis, array, elements, options, error);
    if (status != PRISM_OK)
        return status;
    const trials residuals = list_trials(array, options, axis, false, limit);
    const trials samples = list_trials(array, options, axis, true, limit);
    status = guess_best(&best, array, elements, &residuals, error);
    const bool noise = residuals.count && best.bytes > NOISE * (double)limit;
    if (status == PRISM_OK && !noise)
        status = try_samples(coded, array, elements, &samples, limit, error);
    const bool sure =
        coded->sections.payload.size && (double)coded_size(coded) < SURELY_LESS * best.bytes;
    if (status == PRISM_OK && residuals.count && !sure)
        status = try_residuals(coded, &best, limit, error);
    guessed_free(&best);
    if (status != PRISM_OK)
        px_coded_free(coded);
    return status;
}
