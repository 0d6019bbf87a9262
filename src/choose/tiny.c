#include "choose/tiny.h"

#include <math.h>

#include "base/array.h"
#include "base/effort.h"
#include "choose/axes.h"
#include "choose/methods.h"
#include "planes/estimate.h"
#include "planes/fold.h"

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
    const px_planes folded = px_fold_shape(&planes, false); /* too short otherwise */
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
    px_planes planes;
    prism_status status = px_planes_make(&planes, array, axis, elements, error);
    if (status != PRISM_OK)
        return status;
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

/* What is left of the candidates. */
typedef struct trials {
    px_task items[CANDIDATES];
    size_t count;
} trials;

/* Those whose coder predicts, or all others. */
static trials list_trials(const prism_array *array, const prism_options *options, int best,
                          bool predicting, size_t limit) {
    trials list = {.count = 0};
    for (size_t i = 0; i < CANDIDATES; i++) {
        const candidate *c = &candidates[i];
        const bool open = options->transform == PRISM_TRANSFORM_AUTO;
        const px_pipeline pipeline = {.transform = open ? c->transform : options->transform,
                                      .predictor = c->predictor,
                                      .coder = c->coder,
                                      .effort = effort_of(c, options),
                                      .axis = axis_of(c, array, options, best)};
        const px_layout layout = px_layout_make(array, pipeline.axis);
        if (px_coder_predicts(c->coder) == predicting && may_use(c, array, options, &layout, limit))
            list.items[list.count++] = (px_task){
                .pipeline = pipeline, .effort = pipeline.effort, .swift = true, .limit = limit};
    }
    return list;
}

/* Residuals, and what they may come to. */
typedef struct guessed {
    px_prepared prepared;
    double bytes;
} guessed;

static prism_status guess(guessed *g, const prism_array *array, const void *elements,
                          const px_task *task, prism_error *error) {
    prism_status status = px_prepare(&g->prepared, array, elements, task, error);
    if (status != PRISM_OK)
        return status;
    status = px_deflate_guess(&g->bytes, &g->prepared.planes, error);
    g->bytes += (double)g->prepared.parameters.size;
    return status;
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
        px_prepared_free(better ? &best->prepared : &other.prepared);
        if (better)
            *best = other;
    }
    return status;
}

static prism_status try_samples(px_coded *coded, const prism_array *array, const void *elements,
                                const trials *list, prism_error *error) {
    prism_status status = PRISM_OK;
    for (size_t i = 0; i < list->count && status == PRISM_OK; i++) {
        px_coded tried;
        status = px_encode(&tried, array, elements, &list->items[i], error);
        if (status == PRISM_OK)
            px_coded_keep_smaller(coded, &tried);
    }
    return status;
}

static prism_status try_residuals(px_coded *coded, const px_prepared *prepared,
                                  prism_error *error) {
    px_coded tried = {.is_mapped = false};
    prism_status status = px_try(&tried, &prepared->planes, &prepared->task, error);
    if (status == PRISM_OK)
        status = px_prepared_finish(&tried, prepared, error);
    if (status == PRISM_OK)
        px_coded_keep_smaller(coded, &tried);
    else
        px_coded_free(&tried);
    return status;
}

prism_status px_tiny_encode(px_coded *coded, const prism_array *array, const void *elements,
                            const prism_options *options, size_t limit, prism_error *error) {
    int axis = PRISM_AXIS_AUTO;
    guessed best;
    *coded = (px_coded){.is_mapped = false};
    prism_status status = choose_axis(&axis, array, elements, options, error);
    if (status != PRISM_OK)
        return status;
    const trials residuals = list_trials(array, options, axis, false, limit);
    const trials samples = list_trials(array, options, axis, true, limit);
    status = guess_best(&best, array, elements, &residuals, error);
    const bool noise = residuals.count && best.bytes > NOISE * (double)limit;
    if (status == PRISM_OK && !noise)
        status = try_samples(coded, array, elements, &samples, error);
    const size_t size = px_coded_size(coded);
    const bool sure = size && (double)size < SURELY_LESS * best.bytes;
    if (status == PRISM_OK && residuals.count && !sure)
        status = try_residuals(coded, &best.prepared, error);
    px_prepared_free(&best.prepared);
    if (status != PRISM_OK)
        px_coded_free(coded);
    return status;
}
