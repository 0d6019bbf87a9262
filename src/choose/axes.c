/*
 * Two axes are the picture, and all combinations of the others count planes: bands predict bands,
 * and times predict times. Or the planes lie along a single axis, and each of them is a tall
 * picture: then a prediction along that axis holds for all that is above each other in it.
 */
#include "choose/axes.h"

#include <string.h>

#include "base/effort.h"
#include "coders/ans/blocks/blocks.h"
#include "linear/weights.h"
#include "planes/planes.h"

enum {
    LEAST_EDGE = 4,       /* of a frame */
    LEAST_POSITIONS = 32, /* of a plane */
    MOST_SINGLE = 5,      /* axes that may count planes alone */
    MOST_AXES = 8,        /* of arrays of which several are tried: no more make a difference */
    SMOOTHEST = 3,        /* axes of which two are a picture */
    MOST_CHANNELS = 16    /* of a single picture */
};

/* Of two axes, one is longer that is so many times as long. */
static const double LONGER = 1.12;

bool px_same_roles(const px_roles *a, const px_roles *b) {
    return memcmp(a, b, sizeof *a) == 0;
}

px_layout px_layout_by(const px_roles *roles, const prism_array *array) {
    const px_pipeline pipeline = {.axis = roles->planes ? 0 : PRISM_AXIS_AUTO, .roles = *roles};
    return px_pipeline_layout(&pipeline, array);
}

static bool is_longer(const px_survey *s, unsigned a, unsigned b) {
    return (double)s->whole.dims[a] > LONGER * (double)s->whole.dims[b];
}

/* Whether rows follow each other along axis a and not along b: of a picture, neighbours above say
 * more than one to the left, so that the smoother axis is upright. Of few values, differences say
 * nothing, and long rows are usual, but where some of them have no data. */
static bool is_upright(const px_survey *s, unsigned a, unsigned b) {
    const bool few = s->values <= PX_FEW_VALUES;
    if (!few && (px_is_smoother(&s->roughness, a, b) || px_is_smoother(&s->roughness, b, a)))
        return px_is_smoother(&s->roughness, a, b);
    if (!s->part.mask.missing && (is_longer(s, a, b) || is_longer(s, b, a)))
        return is_longer(s, b, a);
    return s->roughness.axes[a] < s->roughness.axes[b];
}

static void swap(uint8_t *a, uint8_t *b) {
    const uint8_t first = *a;
    *a = *b;
    *b = first;
}

/* The axes of the set `planes` count these, the smoothest of others span pictures. */
static px_roles roles_of(const px_survey *s, uint32_t planes) {
    const unsigned rank = s->whole.rank;
    px_roles roles = {.rank = 0};
    if (rank == 1)
        return roles;
    for (unsigned i = 0; i < rank; i++)
        if (planes >> i & 1)
            roles.axes[roles.planes++] = (uint8_t)i;
    roles.rank = roles.planes;
    for (unsigned i = 0; i < rank; i++)
        if (!(planes >> i & 1))
            roles.axes[roles.rank++] = (uint8_t)i;
    uint8_t *last = roles.axes + rank - 1;
    if (roles.rank - roles.planes >= 2 && is_upright(s, last[0], last[-1]))
        swap(last, last - 1);
    return roles;
}

static uint32_t set_of(unsigned axis) {
    return UINT32_C(1) << axis;
}

/* An axis of the array among those of the survey. */
static unsigned place_of(const px_survey *s, int axis) {
    unsigned place = 0;
    while (s->roughness.axes[place] != axis)
        place++;
    return place;
}

/* ---- Lists ---- */

typedef struct list {
    px_roles *items;
    size_t count;
} list;

static void add_roles(list *l, const px_roles *roles) {
    if (l->count < PX_MOST_ROLES)
        l->items[l->count++] = *roles;
}

static void add(list *l, const px_survey *s, uint32_t planes) {
    const px_roles roles = roles_of(s, planes);
    add_roles(l, &roles);
}

/* What planes may be, where others are not. */
typedef enum fault {
    SPECKS,   /* of so few samples that each takes the time of hundreds */
    NO_PARTS, /* without blocks: who asks for these wants to read parts */
    SLIM      /* hardly pictures: coding them takes the time of larger ones */
} fault;

static bool has_fault(const px_survey *s, const px_roles *roles, fault f,
                      const prism_options *options) {
    const px_layout whole = px_layout_by(roles, &s->whole);
    const px_layout part = px_layout_by(roles, &s->part.array);
    const px_planes planes = px_planes_shape(&s->whole, &whole);
    if (f == SPECKS)
        return whole.height * whole.width < LEAST_POSITIONS;
    if (f == NO_PARTS)
        return px_blocks_asked(options) &&
               !px_blocks_suit(&planes, options->block, options->order == PRISM_PLANES_STORED);
    return s->whole.rank >= 3 && (part.height < LEAST_EDGE || part.width < LEAST_EDGE);
}

/* Those of a list that have a fault, unless all have it. */
static void leave_out(list *l, const px_survey *s, fault f, const prism_options *options) {
    size_t left = 0;
    for (size_t i = 0; i < l->count; i++)
        left += !has_fault(s, &l->items[i], f, options);
    if (!left)
        return;
    left = 0;
    for (size_t i = 0; i < l->count; i++)
        if (!has_fault(s, &l->items[i], f, options))
            l->items[left++] = l->items[i];
    l->count = left;
}

/* As many planes as a picture has rows take many times as long as it does. */
static bool may_be_rows(const px_survey *s, unsigned axis, const prism_options *options) {
    const px_roles roles = roles_of(s, set_of(axis));
    const bool quick = s->noisy || s->sparing || (px_efforts.brisk[options->effort] && !s->small);
    return !quick || px_may_be_lifted(s, &roles);
}

/* Coders that look for repetitions are asked for: of few values, these may lie in rows of either
 * direction. */
static bool are_repetitions(const px_survey *s, const prism_options *options) {
    return s->values <= PX_FEW_VALUES && !px_may_be_native(options);
}

static void add_both_ways(list *l, const px_roles *picture) {
    px_roles turned = *picture;
    swap(&turned.axes[turned.rank - 2], &turned.axes[turned.rank - 1]);
    add_roles(l, picture);
    add_roles(l, &turned);
}

static void add_of_matrix(list *l, const px_survey *s, const prism_options *options) {
    const unsigned shorter = s->whole.dims[1] < s->whole.dims[0];
    const px_roles picture = roles_of(s, 0);
    add(l, s, set_of(shorter));
    if (are_repetitions(s, options))
        add_both_ways(l, &picture);
    else
        add(l, s, 0);
    if (may_be_rows(s, !shorter, options))
        add(l, s, set_of(!shorter));
}

static void add_single(list *l, const px_survey *s) {
    for (unsigned i = 0; i < s->whole.rank && i < MOST_SINGLE; i++)
        add(l, s, set_of(i));
}

/* Planes by all combinations but those of two of the smoothest axes. */
static void add_joined(list *l, const px_survey *s) {
    const unsigned rank = s->whole.rank;
    const uint32_t all = (uint32_t)((UINT64_C(1) << rank) - 1);
    for (unsigned i = rank - 1; i > rank - SMOOTHEST; i--)
        for (unsigned k = i; k-- > rank - SMOOTHEST;)
            add(l, s, all & ~(set_of(i) | set_of(k)));
}

/* Of few values, samples of a short axis may say most of each other, side by side or above each
 * other in a single picture. */
static void add_pictures(list *l, const px_survey *s, const prism_options *options) {
    unsigned shortest = 0;
    for (unsigned i = 1; i < s->whole.rank; i++)
        if (s->whole.dims[i] < s->whole.dims[shortest])
            shortest = i;
    if (s->whole.dims[shortest] > MOST_CHANNELS)
        return;
    const px_roles planes = roles_of(s, set_of(shortest));
    px_roles picture = {.rank = planes.rank};
    memcpy(picture.axes, planes.axes + 1, planes.rank - 1u);
    picture.axes[planes.rank - 1] = (uint8_t)shortest;
    if (!are_repetitions(s, options)) {
        add_roles(l, &picture);
        return;
    }
    add_both_ways(l, &picture);
    swap(&picture.axes[planes.rank - 3], &picture.axes[planes.rank - 2]);
    add_both_ways(l, &picture);
}

static double slenderness(uint64_t a, uint64_t b) {
    return a > b ? (double)a / (double)b : (double)b / (double)a;
}

/* Who asks for parts reads positions of pictures, with all of their channels: these are along the
 * last one of three axes, or along the first, if pictures are nearer to squares then. */
static int axis_of_channels(const px_survey *s, const prism_options *options) {
    if (!px_blocks_asked(options) || options->axis != PRISM_AXIS_AUTO || s->whole.rank != 3)
        return PRISM_AXIS_AUTO;
    uint64_t dims[3];
    for (int i = 0; i < 3; i++)
        dims[i] = s->whole.dims[place_of(s, i)];
    const int axis = slenderness(dims[1], dims[2]) < slenderness(dims[0], dims[1]) ? 0 : 2;
    const px_roles roles = roles_of(s, set_of(place_of(s, axis)));
    return has_fault(s, &roles, NO_PARTS, options) ? PRISM_AXIS_AUTO : axis;
}

/* The set of planes where there is nothing to choose. */
static bool is_given(uint32_t *planes, const px_survey *s, const prism_options *options) {
    const int rank = (int)s->whole.rank;
    int axis = px_asked_axis(options);
    const bool open = options->axis == PRISM_AXIS_AUTO;
    if (open && options->transform == PRISM_TRANSFORM_STACK)
        axis = 0;
    else if (open && options->transform == PRISM_TRANSFORM_CHANNELS && rank > 1)
        axis = rank - 1;
    else if (open)
        axis = axis_of_channels(s, options);
    *planes = axis >= 0 ? set_of(place_of(s, axis)) : 0;
    return axis >= 0 || !open || rank == 1;
}

size_t px_possible_roles(px_roles roles[PX_MOST_ROLES], const px_survey *s,
                         const prism_options *options) {
    list l = {roles, 0};
    uint32_t planes;
    if (is_given(&planes, s, options)) {
        add(&l, s, planes);
        return l.count;
    }
    if (s->whole.rank == 2)
        add_of_matrix(&l, s, options);
    else if (s->whole.rank > MOST_AXES)
        add(&l, s, set_of(0));
    else
        add_single(&l, s);
    if (s->whole.rank > 3 && s->whole.rank <= MOST_AXES)
        add_joined(&l, s);
    if (s->whole.rank > 2 && s->whole.rank <= MOST_AXES &&
        (px_is_drawing(s, options) || are_repetitions(s, options)))
        add_pictures(&l, s, options);
    leave_out(&l, s, SPECKS, options);
    leave_out(&l, s, NO_PARTS, options);
    if (s->noisy)
        leave_out(&l, s, SLIM, options);
    return l.count;
}

/* ---- What planes may be ---- */

/* What frames of so few samples send beside these outweighs what they share, and takes the time of
 * hundreds of samples each. */
static bool are_specks(const px_layout *whole) {
    enum { LEAST_SAMPLES = 256, FEW = 256 };
    return whole->count > FEW && whole->height * whole->width < LEAST_SAMPLES;
}

/* A line is one frame, whose experts follow it, in ten times the time that fits take. */
static bool is_line_at_leisure(const px_survey *s, const prism_options *options) {
    return s->whole.rank == 1 && options->effort > PX_EFFORT_DEFAULT && !s->small;
}

bool px_may_be_frames(const px_survey *s, const px_roles *roles, const prism_options *options) {
    const px_layout layout = px_layout_by(roles, &s->part.array);
    const px_layout whole = px_layout_by(roles, &s->whole);
    if (options->transform == PRISM_TRANSFORM_AUTO && is_line_at_leisure(s, options))
        return true;
    return options->transform == PRISM_TRANSFORM_AUTO && s->whole.rank >= 2 &&
           layout.height >= LEAST_EDGE && layout.width >= LEAST_EDGE &&
           (s->whole.rank >= 3 || layout.count == 1) && !are_specks(&whole) &&
           !px_efforts.brisk[options->effort];
}

bool px_may_be_lifted(const px_survey *s, const px_roles *roles) {
    enum { MOST_PLANES = 8 }; /* for each position */
    const px_layout layout = px_layout_by(roles, &s->whole);
    const size_t planes = layout.count, positions = layout.height * layout.width;
    const bool matrix = s->whole.rank == 2;
    /* For two planes. */
    const size_t least = s->noisy && !s->small ? (matrix ? 2 : 16) : s->sparing && !matrix ? 4 : 0;
    return planes > 1 && least * planes <= 2 * positions &&
           (planes < PX_GROUP ? planes : PX_GROUP) <= MOST_PLANES * positions;
}
