#include "choose/axes.h"

#include "base/effort.h"
#include "linear/weights.h"

enum {
    LEAST_EDGE = 4,       /* of a frame */
    LEAST_POSITIONS = 32, /* of a plane */
    MOST_DIMENSIONS = 5   /* with more, the last axis and the first are tried only */
};

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

static uint64_t positions_of(const px_survey *s, int axis) {
    uint64_t positions = 1;
    for (unsigned i = 0; i < s->part.array.rank; i++)
        positions *= (int)i == axis ? 1 : s->dims[i];
    return positions;
}

/* The axes of `count` that leave planes of more than a few samples, each of which takes the time of
 * hundreds, or all. */
static size_t without_specks(int axes[PX_MOST_AXES], size_t count, const px_survey *s) {
    size_t left = 0;
    for (size_t i = 0; i < count; i++)
        if (positions_of(s, axes[i]) >= LEAST_POSITIONS)
            axes[left++] = axes[i];
    return left ? left : count;
}

/* Whether rows may be planes: as many as a picture has take many times as long as it does. */
static bool may_be_rows(const px_survey *s, const prism_options *options) {
    const bool quick = s->noisy || s->sparing || px_efforts.brisk[options->effort];
    return !quick || px_may_be_lifted(s, 0);
}

size_t px_possible_axes(int axes[PX_MOST_AXES], const px_survey *s, const prism_options *options) {
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
    for (int axis = 0; axis < rank - 1 && count < PX_MOST_AXES; axis++)
        if ((axis == 0 || rank <= MOST_DIMENSIONS) && (rank > 2 || may_be_rows(s, options)))
            axes[count++] = axis;
    count = without_specks(axes, count, s);
    return s->noisy ? without_slim(axes, count, array) : count;
}

bool px_may_be_frames(const prism_array *array, int axis, const prism_options *options) {
    const px_layout layout = px_layout_make(array, axis);
    return options->transform == PRISM_TRANSFORM_AUTO &&
           (options->axis == PRISM_AXIS_AUTO || px_asked_axis(options) == axis) &&
           array->rank >= 2 && layout.height >= LEAST_EDGE && layout.width >= LEAST_EDGE &&
           (array->rank >= 3 || layout.count == 1) && !px_efforts.brisk[options->effort];
}

bool px_may_be_lifted(const px_survey *s, int axis) {
    enum { MOST_PLANES = 8 }; /* for each position */
    if (axis == PRISM_AXIS_AUTO || s->dims[axis] == 1)
        return false;
    const bool rows = axis == 0 && s->part.array.rank == 2;
    const uint64_t positions = positions_of(s, axis), planes = s->dims[axis];
    const uint64_t least = s->noisy ? 8 : s->sparing || rows ? 2 : 0; /* positions for each plane */
    return least * planes <= positions &&
           (planes < PX_GROUP ? planes : PX_GROUP) <= MOST_PLANES * positions;
}
