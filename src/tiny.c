#include "tiny.h"

#include <math.h>

#include "array.h"
#include "choose/axes.h"
#include "estimate.h"
#include "stages.h"

/* Each plane of the native coder has fits of its own, and a chunk 64 bytes of states. */
enum { FEW_PLANES = 4, LEAST_NATIVE_BYTES = 1 << 8, LEAST_NATIVE_EFFORT = 4 };

/* The methods that learn, from effort 8 on, take a hundred times as long as the others do here. */
enum { MOST_NATIVE_EFFORT = 7 };

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
    *bits = 0;
    for (size_t k = 0; k < planes.count; k++)
        *bits += px_estimate_plane(&planes, k);
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
    px_pipeline pipeline = {.transform = options->transform, .effort = options->effort};
    int best = PRISM_AXIS_AUTO;
    *coded = (px_coded){.pipeline = pipeline};
    prism_status status =
        px_stages_check(options->transform, options->predictor, options->coder, error);
    if (status == PRISM_OK)
        status = choose_axis(&best, array, elements, options, error);
    for (size_t i = 0; i < CANDIDATES && status == PRISM_OK; i++) {
        if (options->transform == PRISM_TRANSFORM_AUTO)
            pipeline.transform = candidates[i].transform;
        pipeline.axis = axis_of(&candidates[i], array, options, best);
        const px_layout layout = px_layout_make(array, pipeline.axis);
        pipeline.predictor = candidates[i].predictor;
        pipeline.coder = candidates[i].coder;
        pipeline.effort = effort_of(&candidates[i], options);
        if (may_use(&candidates[i], options, &layout, limit))
            status = consider(coded, array, elements, &pipeline, limit, error);
    }
    if (status != PRISM_OK)
        px_coded_free(coded);
    return status;
}
