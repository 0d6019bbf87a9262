#include "choose/tiny.h"

#include <math.h>

#include "base/array.h"
#include "base/effort.h"
#include "choose/candidates.h"
#include "choose/methods.h"
#include "planes/estimate.h"
#include "planes/fold.h"

/* Each plane of the native coder has fits of its own, and a chunk 64 bytes of states. */
enum { FEW_PLANES = 4, LEAST_NATIVE_BYTES = 1 << 8, MOST_NATIVE_STEPS = 384 };

/* Of bytes whose guess is so near to their number, no method makes much less. */
static const double NOISE = 0.98;

/* So much less than the guess of deflate is less than deflate, too. */
static const double SURELY_LESS = 0.9;

/* Where the planes of a way lie, unless an axis is asked for: a lift is tried along both. */
typedef enum place { BEST_AXIS, LAST_AXIS, FIRST_AXIS } place;

typedef struct way {
    prism_transform transform; /* where it is automatic */
    prism_predictor predictor;
    prism_coder coder;
    place place;
} way;

static const way ways[] = {
    {PRISM_TRANSFORM_NONE, PRISM_PREDICTOR_PAETH, PRISM_CODER_DEFLATE, BEST_AXIS},
    {PRISM_TRANSFORM_CHANNELS, PRISM_PREDICTOR_PAETH, PRISM_CODER_DEFLATE, LAST_AXIS},
    {PRISM_TRANSFORM_CHANNELS, PRISM_PREDICTOR_PAETH, PRISM_CODER_DEFLATE, FIRST_AXIS},
    {PRISM_TRANSFORM_NONE, PRISM_PREDICTOR_NONE, PRISM_CODER_DEFLATE, BEST_AXIS},
    {PRISM_TRANSFORM_NONE, PRISM_PREDICTOR_LSQ, PRISM_CODER_ANS, BEST_AXIS}};
enum { WAYS = sizeof ways / sizeof *ways };

bool px_tiny_suits(const prism_array *array, const prism_options *options) {
    const bool complete = options->transform != PRISM_TRANSFORM_AUTO &&
                          options->predictor != PRISM_PREDICTOR_AUTO &&
                          options->coder != PRISM_CODER_AUTO;
    return px_is_tiny(array) && !complete && options->coder != PRISM_CODER_JXL &&
           options->transform != PRISM_TRANSFORM_STACK && options->axis < (int)array->rank;
}

/* A transform that is given goes with all others. A lift needs planes, and positions to fit it by.
 */
static bool may_transform(const way *w, const prism_options *options, const px_layout *layout) {
    return w->transform == PRISM_TRANSFORM_NONE ||
           (options->transform == PRISM_TRANSFORM_AUTO && layout->count > 1 &&
            !(options->axis != PRISM_AXIS_AUTO && w->place == FIRST_AXIS) &&
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

static bool may_use(const way *w, const prism_array *array, const prism_options *options,
                    const px_layout *layout, size_t size) {
    const bool asked = options->coder == w->coder || options->predictor == w->predictor ||
                       options->transform == PRISM_TRANSFORM_CHANNELS;
    const bool native = layout->count <= FEW_PLANES && size >= LEAST_NATIVE_BYTES &&
                        px_efforts.small_native[options->effort] &&
                        native_steps(array, layout) <= MOST_NATIVE_STEPS;
    return may_transform(w, options, layout) && (w->coder != PRISM_CODER_ANS || asked || native) &&
           (options->predictor == PRISM_PREDICTOR_AUTO || options->predictor == w->predictor) &&
           (options->coder == PRISM_CODER_AUTO || options->coder == w->coder);
}

/* `best` is the axis asked for, if there is one. */
static int axis_of(const way *w, const prism_array *array, const prism_options *options, int best) {
    if (options->axis != PRISM_AXIS_AUTO || array->rank < 3 || w->place == BEST_AXIS)
        return best;
    return w->place == LAST_AXIS ? (int)array->rank - 1 : 0;
}

/* Higher efforts of the native coder take many times as long, and gain a few bytes. */
static int effort_of(const way *w, const prism_options *options) {
    return w->coder == PRISM_CODER_ANS ? px_efforts.trial[options->effort] : options->effort;
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

/* What the ways come to. */
typedef struct candidates {
    px_candidate items[WAYS];
    size_t count;
} candidates;

/* Those whose coder predicts, or all others. */
static candidates list_candidates(const prism_array *array, const prism_options *options, int best,
                                  bool predicting, size_t limit) {
    candidates list = {.count = 0};
    for (size_t i = 0; i < WAYS; i++) {
        const way *w = &ways[i];
        const bool open = options->transform == PRISM_TRANSFORM_AUTO;
        const px_pipeline pipeline = {.transform = open ? w->transform : options->transform,
                                      .predictor = w->predictor,
                                      .coder = w->coder,
                                      .effort = effort_of(w, options),
                                      .axis = axis_of(w, array, options, best)};
        const px_layout layout = px_layout_make(array, pipeline.axis);
        if (px_coder_predicts(w->coder) == predicting && may_use(w, array, options, &layout, limit))
            list.items[list.count++] = (px_candidate){.pipeline = pipeline, .swift = true};
    }
    return list;
}

static px_task task_of(const px_candidate *candidate, size_t limit) {
    return px_task_of(candidate, candidate->pipeline.effort, limit);
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
                               const candidates *list, size_t limit, prism_error *error) {
    prism_status status = PRISM_OK;
    *best = (guessed){.bytes = HUGE_VAL};
    for (size_t i = 0; i < list->count && status == PRISM_OK; i++) {
        guessed other = {.bytes = HUGE_VAL};
        const px_task task = task_of(&list->items[i], limit);
        status = guess(&other, array, elements, &task, error);
        const bool better = other.bytes < best->bytes;
        px_prepared_free(better ? &best->prepared : &other.prepared);
        if (better)
            *best = other;
    }
    return status;
}

static prism_status try_samples(px_coded *coded, const px_mapping_request *request,
                                const candidates *list, size_t limit, prism_error *error) {
    prism_status status = PRISM_OK;
    for (size_t i = 0; i < list->count && status == PRISM_OK; i++) {
        px_task task = task_of(&list->items[i], limit);
        px_coded tried;
        task.mask = request->mask;
        status = px_encode(&tried, request->array, request->elements, &task, error);
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

prism_status px_tiny_encode(px_coded *coded, const px_mapping_request *request, size_t limit,
                            prism_error *error) {
    const prism_array *array = request->array;
    const void *elements = request->elements;
    const prism_options *options = request->options;
    int axis = PRISM_AXIS_AUTO;
    guessed best;
    *coded = (px_coded){.is_mapped = false};
    prism_status status = choose_axis(&axis, array, elements, options, error);
    if (status != PRISM_OK)
        return status;
    const candidates residuals = list_candidates(array, options, axis, false, limit);
    const candidates samples = list_candidates(array, options, axis, true, limit);
    status = guess_best(&best, array, elements, &residuals, limit, error);
    const bool noise = residuals.count && best.bytes > NOISE * (double)limit;
    if (status == PRISM_OK && !noise)
        status = try_samples(coded, request, &samples, limit, error);
    const size_t size = px_coded_size(coded);
    const bool sure = size && (double)size < SURELY_LESS * best.bytes;
    if (status == PRISM_OK && residuals.count && !sure)
        status = try_residuals(coded, &best.prepared, error);
    px_prepared_free(&best.prepared);
    if (status != PRISM_OK)
        px_coded_free(coded);
    return status;
}
