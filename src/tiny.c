#include "tiny.h"

#include <math.h>

#include "array.h"
#include "estimate.h"
#include "layouts.h"
#include "stages.h"

/* Each plane of the native coder has fits of its own, and a chunk 64 bytes of states. Sixteen rows
 * are coded side by side, one sample in a step each, and one begins after another. */
enum {
    FEW_PLANES = 4,
    LEAST_NATIVE_WIDTH = 16,
    LEAST_NATIVE_BYTES = 1 << 8,
    LEAST_NATIVE_EFFORT = 4
};

/* Higher efforts take many times as long, and gain a few bytes. */
enum { MOST_NATIVE_EFFORT = 5 };

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

bool px_is_tiny(const prism_array *array) {
    size_t size;
    return prism_array_size(array, &size, NULL) == PRISM_OK && size < PX_TINY_BYTES;
}

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

static bool may_use(const candidate *c, const prism_options *options, const px_layout *layout,
                    size_t size) {
    const bool asked = options->coder == c->coder || options->predictor == c->predictor ||
                       options->transform == PRISM_TRANSFORM_CHANNELS;
    const bool native = layout->count <= FEW_PLANES && size >= LEAST_NATIVE_BYTES &&
                        (layout->width >= LEAST_NATIVE_WIDTH || layout->width == 1) &&
                        options->effort >= LEAST_NATIVE_EFFORT;
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

static int effort_of(const candidate *c, const prism_options *options) {
    const bool learns = c->coder == PRISM_CODER_ANS && options->effort > MOST_NATIVE_EFFORT;
    return learns ? MOST_NATIVE_EFFORT : options->effort;
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
    return coded->parameters.size + coded->payload.size;
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
        if (predicts(c) == predicting && may_use(c, options, &layout, size))
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
    g->bytes += (double)g->coded.parameters.size;
    return status;
}

static void guessed_free(guessed *g) {
    px_planes_free(&g->planes);
    px_coded_free(&g->coded);
}

/* Deflate codes the residuals that promise most. */
static prism_status encode_residuals(px_coded *coded, const prism_array *array,
                                     const void *elements, const trials *list, size_t limit,
                                     prism_error *error) {
    guessed best = {.bytes = HUGE_VAL}, other;
    prism_status status = PRISM_OK;
    for (size_t i = 0; i < list->count && status == PRISM_OK; i++) {
        other = (guessed){.bytes = HUGE_VAL};
        status = guess(&other, array, elements, &list->items[i], error);
        const bool better = other.bytes < best.bytes;
        guessed_free(better ? &best : &other);
        if (better)
            best = other;
    }
    if (status == PRISM_OK && list->count) {
        status = px_pipeline_code(&best.coded, &best.planes, limit, error);
        *coded = best.coded;
        best.coded = (px_coded){.pipeline = {0}};
    }
    guessed_free(&best);
    return status;
}

/* *coded becomes what is smaller. */
static prism_status consider(px_coded *coded, const prism_array *array, const void *elements,
                             const px_pipeline *pipeline, size_t limit, prism_error *error) {
    px_coded tried;
    prism_status status = px_pipeline_encode(&tried, array, elements, pipeline, limit, error);
    if (status != PRISM_OK)
        return status;
    const bool smaller = !coded->payload.size || coded_size(&tried) < coded_size(coded);
    px_coded_free(smaller ? coded : &tried);
    if (smaller)
        *coded = tried;
    return PRISM_OK;
}

prism_status px_tiny_encode(px_coded *coded, const prism_array *array, const void *elements,
                            const prism_options *options, size_t limit, prism_error *error) {
    int best = PRISM_AXIS_AUTO;
    *coded = (px_coded){.pipeline = {0}};
    prism_status status =
        px_stages_check(options->transform, options->predictor, options->coder, error);
    if (status == PRISM_OK)
        status = choose_axis(&best, array, elements, options, error);
    if (status != PRISM_OK)
        return status;
    const trials residuals = list_trials(array, options, best, false, limit);
    const trials samples = list_trials(array, options, best, true, limit);
    status = encode_residuals(coded, array, elements, &residuals, limit, error);
    for (size_t i = 0; i < samples.count && status == PRISM_OK; i++)
        status = consider(coded, array, elements, &samples.items[i], limit, error);
    if (status != PRISM_OK)
        px_coded_free(coded);
    return status;
}
