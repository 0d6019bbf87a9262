#include "layouts.h"

#include <math.h>

#include "estimate.h"
#include "squeeze.h"

enum {
    QUICK_EFFORT = 5,       /* up to it, choosing for integers of wider elements is quick */
    DRAWING_VALUES = 8,     /* so few that the project's own coder of indices is the smallest */
    DRAWING_EFFORT = 4,     /* from it on */
    FEW_CHANNELS = 16,      /* that a second axis may hold */
    FEW_COLOURS = 4,        /* that a last axis may hold */
    LEAST_EDGE = 4,         /* of a frame */
    SMALL_ARRAY = 1 << 12,  /* elements */
    FRAMES_ARRAY = 1 << 14, /* from it on, frames are looked for along any axis */
    LARGE_ARRAY = 1 << 22
};

/* Many planes that a lift makes so much smaller are channels, not frames. */
static const double STRONG_LIFT = 0.85;

/* Elements of two bytes count as their bits, whatever their order. */
static int count_values(const uint8_t *bytes, size_t size, size_t width) {
    bool seen[1 << 16] = {false};
    int count = 0;
    for (size_t i = 0; i < size && count <= PX_FEW_VALUES; i += width) {
        unsigned value = width == 1 ? bytes[i] : (unsigned)(bytes[i] | bytes[i + 1] << 8);
        count += !seen[value];
        seen[value] = true;
    }
    return count;
}

bool px_may_be_native(const prism_options *options) {
    return (options->predictor == PRISM_PREDICTOR_AUTO ||
            options->predictor == PRISM_PREDICTOR_LSQ) &&
           (options->coder == PRISM_CODER_AUTO || options->coder == PRISM_CODER_ANS);
}

prism_status px_choice_sample_make(px_choice_sample *s, const prism_array *array,
                                   const void *elements, const prism_options *options, bool of_wide,
                                   prism_error *error) {
    const bool quick = of_wide && options->effort <= QUICK_EFFORT;
    const int effort = quick ? PX_SAMPLE_BRISK_EFFORT : options->effort;
    const size_t width = prism_type_size(array->type);
    size_t whole;
    prism_status status = prism_array_size(array, &whole, error);
    if (status == PRISM_OK)
        status = px_sample_make(&s->part, array, elements, effort, error);
    if (status != PRISM_OK)
        return status;
    s->dims = array->dims;
    s->noisy =
        quick && options->predictor == PRISM_PREDICTOR_LSQ && options->coder == PRISM_CODER_ANS;
    s->values = count_values(elements, whole, width);
    s->sparing = !s->noisy && px_may_be_native(options) && s->values > PX_FEW_VALUES &&
                 whole / width >= SMALL_ARRAY && options->effort > PX_SAMPLE_BRISK_EFFORT &&
                 options->effort < PX_SMALLEST_EFFORT;
    s->large = whole / width >= LARGE_ARRAY;
    return PRISM_OK;
}

/* Estimated bytes of the whole array if its planes lie along pipeline->axis. *flat is raised to the
 * share of flat samples of planes that are not lifted. */
static prism_status estimate(double *bytes, double *flat, const px_choice_sample *s,
                             const px_pipeline *pipeline, prism_error *error) {
    px_layout layout = px_layout_make(&s->part.array, pipeline->axis);
    px_planes planes;
    px_buffer parameters = {0};
    prism_status status = px_planes_alloc(&planes, &s->part.array, &layout, error);
    if (status != PRISM_OK)
        return status;
    px_planes_load(&planes, &s->part.array, &layout, s->part.elements);
    const px_transform_stage *transform = px_transform_stage_of(pipeline->transform);
    if (transform)
        status = transform->forward(&planes, pipeline, &parameters, error);
    else
        *flat = fmax(*flat, px_flat_share(&planes));
    double bits = 0;
    for (size_t k = 0; k < planes.count && status == PRISM_OK; k++)
        bits += px_estimate_plane(&planes, k);
    *bytes = bits / 8 / s->part.share + (double)parameters.size;
    if (status == PRISM_OK)
        status = px_buffers_status(&parameters, &parameters, error);
    px_buffer_free(&parameters);
    px_planes_free(&planes);
    return status;
}

static prism_status add_layout(px_layouts *list, const px_choice_sample *s, const px_pipeline *base,
                               prism_transform transform, int axis, prism_error *error) {
    px_pipeline *item = &list->items[list->count];
    *item = *base;
    item->transform = transform;
    item->axis = axis;
    item->selective = base->selective && transform == PRISM_TRANSFORM_CHANNELS;
    double *bytes = &list->bytes[list->count++];
    *bytes = HUGE_VAL;
    return transform == PRISM_TRANSFORM_STACK ? PRISM_OK
                                              : estimate(bytes, &list->flat, s, item, error);
}

/* Planes that are hardly pictures, where others are: coding them takes the time of larger ones. */
static bool is_slim(const prism_array *array, int axis) {
    const px_layout layout = px_layout_make(array, axis);
    return array->rank >= 3 && (layout.height < LEAST_EDGE || layout.width < LEAST_EDGE);
}

/* The axes of `count` that leave proper pictures, or all. */
static size_t without_slim(int axes[PX_MOST_AXES], size_t count, const prism_array *array) {
    size_t left = 0;
    for (size_t i = 0; i < count; i++)
        if (!is_slim(array, axes[i]))
            axes[left++] = axes[i];
    return left ? left : count;
}

int px_asked_axis(const prism_options *options) {
    return options->axis == PX_AXIS_NONE ? PRISM_AXIS_AUTO : options->axis;
}

/* Where planes lie as a rule: along the last axis (channels), the first (frames), none (one image),
 * or a short second one (channels of several images). */
static bool is_usual(const prism_array *array, int axis) {
    return axis < 0 || axis == (int)array->rank - 1 || (axis == 0 && array->rank >= 3) ||
           (axis == 1 && array->dims[1] <= FEW_CHANNELS);
}

/* The axes that planes may lie along, usual ones first. */
static size_t possible_axes(int axes[PX_MOST_AXES], const px_choice_sample *s,
                            const prism_options *options) {
    const prism_array *array = &s->part.array;
    const int rank = (int)array->rank;
    const bool stack = options->transform == PRISM_TRANSFORM_STACK;
    const bool channels = options->transform == PRISM_TRANSFORM_CHANNELS;
    size_t count = 0;
    axes[count++] = options->axis != PRISM_AXIS_AUTO ? px_asked_axis(options)
                    : stack                          ? 0
                    : rank == 1                      ? PRISM_AXIS_AUTO
                                                     : rank - 1;
    if (options->axis != PRISM_AXIS_AUTO || rank == 1 || channels || stack)
        return count;
    if (rank == 2)
        axes[count++] = PRISM_AXIS_AUTO;
    for (int usual = 1; usual >= 0; usual--)
        for (int axis = 0; axis < rank - 1 && count < PX_MOST_AXES; axis++)
            if (is_usual(array, axis) == usual)
                axes[count++] = axis;
    return s->noisy ? without_slim(axes, count, array) : count;
}

/* Whether the planes along an axis may be frames: pictures that are coded from each other, or one.
 */
static bool may_be_frames(const prism_array *array, int axis, const prism_options *options) {
    const px_layout layout = px_layout_make(array, axis);
    return options->transform == PRISM_TRANSFORM_AUTO &&
           (options->axis == PRISM_AXIS_AUTO || px_asked_axis(options) == axis) &&
           array->rank >= 2 && layout.height >= LEAST_EDGE && layout.width >= LEAST_EDGE &&
           (array->rank >= 3 || layout.count == 1) && options->effort > PX_SAMPLE_BRISK_EFFORT;
}

bool px_is_drawing(const px_choice_sample *s, const prism_options *options) {
    return s->values <= DRAWING_VALUES && options->effort >= DRAWING_EFFORT &&
           options->transform != PRISM_TRANSFORM_CHANNELS && px_may_be_native(options);
}

/* Nearly as many planes as positions would take more weights than they are worth to the native
 * coder, and much time. */
static bool may_be_lifted(const px_choice_sample *s, int axis) {
    if (axis == PRISM_AXIS_AUTO || s->dims[axis] == 1)
        return false;
    uint64_t positions = 1;
    for (unsigned i = 0; i < s->part.array.rank; i++)
        positions *= (int)i == axis ? 1 : s->dims[i];
    const uint64_t least = s->noisy ? 8 : s->sparing ? 2 : 0; /* positions for each plane */
    return least * s->dims[axis] <= positions;
}

/* Frames lie along the first axis as a rule, the second or the last if it is short. A matrix is one
 * picture. */
static bool is_usual_stack(const px_choice_sample *s, int axis, const prism_options *options) {
    const int last = (int)s->part.array.rank - 1;
    const bool second = s->noisy || options->effort > QUICK_EFFORT;
    return axis <= 0 || (axis == 1 && second && s->dims[1] <= FEW_CHANNELS) ||
           (axis == last && s->dims[last] <= FEW_COLOURS);
}

/* Whether the lift of the planes along an axis does what it does to channels only. */
static bool is_strongly_lifted(const px_layouts *list, int axis) {
    for (size_t i = 0; i + 1 < list->count; i++)
        if (list->items[i].axis == axis && list->items[i].transform == PRISM_TRANSFORM_CHANNELS)
            return list->bytes[i] < STRONG_LIFT * list->bytes[i + 1];
    return false;
}

static bool is_worth_listing(const px_layouts *list, const px_choice_sample *s, int axis) {
    return s->part.array.dims[axis] <= FEW_CHANNELS || !is_strongly_lifted(list, axis);
}

/* Layouts as frames, of which those along usual axes come before the estimates of others. */
static prism_status list_stacks(px_layouts *list, const px_choice_sample *s,
                                const px_pipeline *base, const prism_options *options, bool usual,
                                prism_error *error) {
    const int rank = (int)s->part.array.rank;
    const int first = rank <= 2 ? PRISM_AXIS_AUTO : 0, end = rank <= 2 ? 0 : rank;
    prism_status status = PRISM_OK;
    for (int axis = first; axis < end && axis < PX_MOST_AXES && status == PRISM_OK; axis++)
        if (is_usual_stack(s, axis, options) == usual &&
            may_be_frames(&s->part.array, axis, options) &&
            (usual || is_worth_listing(list, s, axis))) {
            list->unusual[list->count] = !usual;
            status = add_layout(list, s, base, PRISM_TRANSFORM_STACK, axis, error);
        }
    return status;
}

static prism_status list_planes(px_layouts *list, const px_choice_sample *s,
                                const px_pipeline *base, const prism_options *options, int axis,
                                prism_error *error) {
    const bool open = options->transform == PRISM_TRANSFORM_AUTO;
    const bool unusual = options->axis == PRISM_AXIS_AUTO && !is_usual(&s->part.array, axis);
    prism_status status = PRISM_OK;
    if (open && may_be_lifted(s, axis) && !px_is_drawing(s, options)) {
        list->unusual[list->count] = unusual;
        status = add_layout(list, s, base, PRISM_TRANSFORM_CHANNELS, axis, error);
    }
    list->unusual[list->count] = unusual;
    return status == PRISM_OK
               ? add_layout(list, s, base, open ? PRISM_TRANSFORM_NONE : options->transform, axis,
                            error)
               : status;
}

prism_status px_layouts_list(px_layouts *list, const px_choice_sample *s, const px_pipeline *base,
                             const prism_options *options, prism_error *error) {
    int axes[PX_MOST_AXES];
    const size_t count = possible_axes(axes, s, options);
    const bool frames = !px_is_drawing(s, options);
    const bool anywhere = frames && px_may_be_native(options) && s->part.size >= FRAMES_ARRAY;
    prism_status status = frames ? list_stacks(list, s, base, options, true, error) : PRISM_OK;
    for (size_t i = 0; i < count && status == PRISM_OK; i++)
        status = list_planes(list, s, base, options, axes[i], error);
    if (status == PRISM_OK && anywhere)
        status = list_stacks(list, s, base, options, false, error);
    return status;
}
