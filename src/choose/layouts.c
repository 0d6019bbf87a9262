#include "choose/layouts.h"

#include <math.h>
#include <string.h>

#include "planes/estimate.h"

enum { FRAMES_ARRAY = 1 << 14 /* elements; from it on, frames are looked for along any axis */ };

/* Many planes are channels, not frames, where a lift makes them so much smaller, or where they
 * differ so much more from each other than samples side by side do. */
static const double STRONG_LIFT = 0.85, LARGE_STEP = 1.6;

/* Fills in the estimates of a candidate. *flat is raised to the share of flat samples of planes
 * that are not lifted. */
static prism_status estimate(px_candidate *candidate, double *flat, const px_choice_sample *s,
                             prism_error *error) {
    const px_pipeline *pipeline = &candidate->pipeline;
    px_layout layout = px_layout_make(&s->part.array, pipeline->axis);
    px_planes planes;
    px_buffer parameters = {0};
    prism_status status = px_planes_alloc(&planes, &s->part.array, &layout, error);
    if (status != PRISM_OK)
        return status;
    px_planes_load(&planes, &s->part.array, &layout, s->part.elements);
    const px_transform_stage *transform = px_transform_stage_of(pipeline->transform);
    if (transform) {
        status = transform->forward(&planes, pipeline, &parameters, error);
    } else {
        *flat = fmax(*flat, px_flat_share(&planes));
        candidate->step = px_step_ratio(&planes);
    }
    double bits = 0;
    for (size_t k = 0; k < planes.count && status == PRISM_OK; k++)
        bits += px_estimate_plane(&planes, k);
    candidate->bytes =
        bits / 8 / s->part.share + (double)parameters.size * px_side_growth(s, pipeline);
    if (status == PRISM_OK)
        status = px_buffer_status(&parameters, error);
    px_buffer_free(&parameters);
    px_planes_free(&planes);
    return status;
}

static prism_status add_layout(px_layouts *list, const px_choice_sample *s, const px_pipeline *base,
                               prism_transform transform, int axis, bool unusual,
                               prism_error *error) {
    px_candidate *item = &list->items[list->count++];
    *item = (px_candidate){.pipeline = *base, .bytes = HUGE_VAL, .unusual = unusual};
    item->pipeline.transform = transform;
    item->pipeline.axis = axis;
    item->pipeline.selective = base->selective && transform == PRISM_TRANSFORM_CHANNELS;
    return transform == PRISM_TRANSFORM_STACK ? PRISM_OK : estimate(item, &list->flat, s, error);
}

/* Whether the planes along an axis are so many and so different that they must be channels. */
static bool are_channels(const px_layouts *list, const px_choice_sample *s, int axis) {
    bool found = false;
    for (size_t i = 0; i < list->count; i++) {
        const px_candidate *item = &list->items[i];
        if (item->pipeline.axis != axis)
            continue;
        if (item->pipeline.transform == PRISM_TRANSFORM_CHANNELS)
            found |= item->bytes < STRONG_LIFT * list->items[i + 1].bytes;
        else
            found |= item->step > LARGE_STEP;
    }
    return found && s->part.array.dims[axis] > PX_FEW_CHANNELS;
}

/* Layouts as frames, of which those along usual axes come before the estimates of others. */
static prism_status list_stacks(px_layouts *list, const px_choice_sample *s,
                                const px_pipeline *base, const prism_options *options, bool usual,
                                prism_error *error) {
    const int rank = (int)s->part.array.rank;
    const int first = rank <= 2 ? PRISM_AXIS_AUTO : 0, end = rank <= 2 ? 0 : rank;
    prism_status status = PRISM_OK;
    for (int axis = first; axis < end && axis < PX_MOST_AXES && status == PRISM_OK; axis++)
        if (px_is_usual_stack(s, axis, options) == usual &&
            px_may_be_frames(&s->part.array, axis, options) &&
            (usual || !are_channels(list, s, axis)))
            status = add_layout(list, s, base, PRISM_TRANSFORM_STACK, axis, !usual, error);
    return status;
}

/* A table of channels first is worth a look for the lift alone. `unusual`: there is a choice, and
 * planes rarely lie along this axis. */
static prism_status list_planes(px_layouts *list, const px_choice_sample *s,
                                const px_pipeline *base, const prism_options *options, int axis,
                                bool unusual, prism_error *error) {
    const bool open = options->transform == PRISM_TRANSFORM_AUTO;
    const bool lifted = open && px_may_be_lifted(s, axis) && !px_is_drawing(s, options);
    prism_status status = PRISM_OK;
    if (unusual && !lifted && s->part.array.rank == 2)
        return PRISM_OK;
    if (lifted)
        status = add_layout(list, s, base, PRISM_TRANSFORM_CHANNELS, axis, unusual, error);
    if (status == PRISM_OK)
        status = add_layout(list, s, base, open ? PRISM_TRANSFORM_NONE : options->transform, axis,
                            unusual, error);
    return status;
}

prism_status px_layouts_list(px_layouts *list, const px_choice_sample *s, const px_pipeline *base,
                             const prism_options *options, prism_error *error) {
    int axes[PX_MOST_AXES];
    const size_t count = px_possible_axes(axes, s, options);
    const bool frames = !px_is_drawing(s, options);
    const bool anywhere = frames && px_may_be_native(options) && s->part.size >= FRAMES_ARRAY;
    prism_status status = frames ? list_stacks(list, s, base, options, true, error) : PRISM_OK;
    for (size_t i = 0; i < count && status == PRISM_OK; i++)
        status = list_planes(list, s, base, options, axes[i],
                             count > 1 && !px_is_usual(&s->part.array, axes[i]), error);
    if (status == PRISM_OK && anywhere)
        status = list_stacks(list, s, base, options, false, error);
    return status;
}

size_t px_least_estimate(const px_layouts *list) {
    size_t least = 0;
    for (size_t i = 1; i < list->count; i++)
        if (list->items[i].bytes < list->items[least].bytes)
            least = i;
    return least;
}

double px_least_of_planes(const px_layouts *list, int axis) {
    double least = HUGE_VAL;
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].pipeline.axis == axis)
            least = fmin(least, list->items[i].bytes);
    return least;
}

double px_least_usual(const px_layouts *list) {
    double least = HUGE_VAL;
    for (size_t i = 0; i < list->count; i++)
        if (!list->items[i].unusual)
            least = fmin(least, list->items[i].bytes);
    return least;
}

void px_leave_out(px_layouts *list, size_t i) {
    list->count--;
    memmove(&list->items[i], &list->items[i + 1], (list->count - i) * sizeof *list->items);
}
