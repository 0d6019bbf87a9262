#include "choose/screen.h"
#include "base/array.h"
#include "base/effort.h"

#include <math.h>

enum { FEW_FRAMES = 16 };

/* In large arrays whose planes say much of each other, no other coder comes near the project's own:
 * they are not worth the time of a trial. */
static const double STRONG_TIES = 0.97;

/* Layouts whose estimates are that far above the best one are not tried by other coders. */
static const double CLOSE_ESTIMATE = 1.15;

/* Sizes relative to estimates differ by so much between the layouts of an array; at low efforts,
 * where neighbours count less; and in small arrays there, where trials take little time, along the
 * axes of the best one and along others. */
static const double SURE_ESTIMATE = 0.95, SURE_BRISK = 0.87, SURE_SMALL = 0.7, SURE_TURNED = 0.8;

/* At low efforts, estimates so far above the best one are not tried even where the best repeats. */
static const double CLOSE_BRISK = 1.3;

/* Frames are looked at whose estimates come so close to the best along axes where they are likely;
 * along other axes, they have to be better. */
static const double CLOSE_FRAMES = 1.25, CLEARLY_BETTER_FRAMES = 0.96;

/* Of samples, such that a picture may be coded by indices. */
static const double MANY_COPIES = 0.45;

/* What ties bring the native coder beyond estimates, as long as nothing has been tried, and beyond
 * other layouts. */
static const double LIFT_GAIN = 0.85, STACK_GAIN = 0.87, OTHER_GAIN = 0.97;

/* Estimates miss so much more of what learning gains: where only size counts, that is tried, too.
 * Frames learn from all that came before at once, and estimates see one. */
static const double MISSED = 0.9, MISSED_FRAMES = 0.8, SMOOTH = 0.6;

/* Estimates that are so near to the bytes of the elements. */
static const double NOISE = 0.98;

/* Of what estimates say, that much at least is left of planes that are tied together; by indices,
 * the same planes take what they do without. */
static const double LEAST_OF_TIES = 0.5, LEAST_OF_SAME = 0.7;

/* Sizes of small arrays that are so near to them: planes say next to nothing of each other, and
 * other coders are for them, if any. */
static const double HARDLY_SMALLER = 0.8;

/* Layouts of drawings that come so close in a part of the sample are tried. */
static const double CLOSE_DRAWING = 1.25;

static double gain_of(prism_transform transform) {
    return transform == PRISM_TRANSFORM_CHANNELS ? LIFT_GAIN
           : transform == PRISM_TRANSFORM_STACK  ? STACK_GAIN
                                                 : 1;
}

/* The least size relative to an estimate of all that were tried, or HUGE_VAL. */
static double least_relative(const px_choice *c) {
    double least = HUGE_VAL;
    for (size_t i = 0; i <= PRISM_TRANSFORM_STACK; i++)
        if (c->relative[i] > 0)
            least = fmin(least, c->relative[i]);
    return least;
}

static bool is_lifted(const px_candidate *layout) {
    return layout->pipeline.transform == PRISM_TRANSFORM_CHANNELS;
}

/* Whether the best so far are frames, and these the same planes with a lift. */
static bool are_lifted_frames(const px_choice *c, const px_candidate *layout) {
    return is_lifted(layout) && c->best.bytes > 0 &&
           c->best.pipeline.transform == PRISM_TRANSFORM_STACK &&
           px_same_roles(&c->best.pipeline.roles, &layout->pipeline.roles);
}

/* Where time is spared, frames, whose trials take ten times as long as others, have to be worth it
 * by their estimates; what they come to says nothing of other layouts but a lift of theirs. */
static double relative_sparing(const px_choice *c, const px_candidate *layout) {
    const prism_transform transform = layout->pipeline.transform;
    const double least = least_relative(c);
    const prism_transform kin =
        transform == PRISM_TRANSFORM_CHANNELS ? PRISM_TRANSFORM_NONE : PRISM_TRANSFORM_CHANNELS;
    if (transform == PRISM_TRANSFORM_STACK && least < HUGE_VAL)
        return fmin(least, 1) / SURE_ESTIMATE;
    if (transform != PRISM_TRANSFORM_STACK && c->relative[kin] > 0)
        return OTHER_GAIN * fmin(c->relative[kin], 1);
    if (are_lifted_frames(c, layout))
        return fmin(OTHER_GAIN * c->relative[PRISM_TRANSFORM_STACK], gain_of(transform));
    return gain_of(transform);
}

static bool is_low(const px_choice *c) {
    return px_efforts.brisk[c->options->effort];
}

/* At low efforts, only trials of small arrays take so little time that doubts are worth one. */
static bool is_quick(const px_choice *c) {
    return is_low(c) && (c->sample->part.share < 1 || c->sample->noisy);
}

/* Frames of what is left of wider elements, once some did worse than estimated: their trials take
 * several times as long as others, and those along other axes do no better. */
static bool are_dismissed(const px_choice *c, prism_transform transform) {
    return transform == PRISM_TRANSFORM_STACK && c->relative[transform] > 1 && c->sample->noisy &&
           c->sample->part.share == 1 && !px_efforts.only_size[c->options->effort];
}

/* Where others did worse than estimated, the next may do better, but for quick choices; what is
 * left of wider elements may be so little that estimates miss most of it. */
static double relative_of(const px_choice *c, const px_candidate *layout) {
    const prism_transform transform = layout->pipeline.transform;
    if (are_dismissed(c, transform))
        return c->relative[transform] / SURE_ESTIMATE;
    const double most = is_quick(c) && !c->sample->noisy ? HUGE_VAL : 1;
    const double same = c->relative[transform], least = least_relative(c);
    return same > 0             ? fmin(same, most)
           : c->sample->sparing ? relative_sparing(c, layout)
           : least == HUGE_VAL  ? gain_of(transform)
                                : OTHER_GAIN * fmin(least, most);
}

/* Whether planes lie along other axes than those of the best layout so far. */
static bool is_turned(const px_choice *c, const px_candidate *layout) {
    return c->best.bytes > 0 && layout->pipeline.roles.planes &&
           !px_same_roles(&layout->pipeline.roles, &c->best.pipeline.roles);
}

static double sure_of(const px_choice *c, const px_candidate *layout) {
    if (!is_low(c))
        return SURE_ESTIMATE;
    return is_quick(c) ? SURE_BRISK : is_turned(c, layout) ? SURE_TURNED : SURE_SMALL;
}

/* What layout i may come to, by its estimate and how the native coder did on others. */
double px_promise(const px_choice *c, const px_layouts *list, size_t i) {
    const px_candidate *layout = &list->items[i];
    return sure_of(c, layout) * relative_of(c, layout) * layout->bytes;
}

/* Whether estimates rank layouts. */
static bool has_estimates(const px_choice *c) {
    const px_survey *s = c->sample;
    return px_may_be_native(c->options) && (s->noisy || s->values > PX_FEW_VALUES);
}

/* Of what is smooth, the native coder leaves much less than estimates say. */
static bool is_smooth(const px_choice *c) {
    const double plain = c->relative[PRISM_TRANSFORM_NONE];
    return c->sample->noisy && plain > 0 && plain < SMOOTH;
}

/* Whether these are the planes of the best layout as they are, which other coders are for, too, and
 * time is short. */
static bool is_without_lift(const px_choice *c, const px_candidate *layout) {
    return is_low(c) && !c->sample->noisy && c->options->predictor == PRISM_PREDICTOR_AUTO &&
           c->options->coder == PRISM_CODER_AUTO && c->best.bytes > 0 &&
           px_same_roles(&layout->pipeline.roles, &c->best.pipeline.roles);
}

/* Where one layout did not make anything smaller, none does whose estimate promises next to
 * nothing; in small arrays, none does along other axes, nor as frames, nor without a lift. */
static bool is_noise(const px_choice *c, const px_candidate *layout) {
    const prism_array *whole = &c->sample->whole;
    const double plain = (double)px_array_count(whole) * (double)prism_type_size(whole->type);
    const bool frames = layout->pipeline.transform == PRISM_TRANSFORM_STACK;
    if (px_efforts.only_size[c->options->effort])
        return false;
    if (c->sample->part.share == 1 &&
        (frames || is_turned(c, layout) || is_without_lift(c, layout)))
        return c->best.bytes > HARDLY_SMALLER * plain;
    return c->best.bytes >= plain && layout->bytes > NOISE * plain;
}

static double missed(const px_choice *c, prism_transform transform) {
    const bool only_size = px_efforts.only_size[c->options->effort];
    if (transform == PRISM_TRANSFORM_STACK)
        return only_size || is_smooth(c) ? MISSED_FRAMES : 1;
    return only_size ? MISSED : 1;
}

/* Of a smooth table, estimates miss most of what the native coder gains without a lift. */
static bool is_other_way(const px_choice *c, const px_candidate *layout) {
    const prism_transform transform = layout->pipeline.transform;
    return c->sample->noisy && c->sample->whole.rank == 2 &&
           transform != PRISM_TRANSFORM_CHANNELS && c->relative[PRISM_TRANSFORM_NONE] == 0 &&
           c->relative[PRISM_TRANSFORM_STACK] == 0;
}

/* Estimates know nothing of experts that follow a line. */
static bool is_line_of_frames(const px_choice *c, const px_candidate *layout) {
    return c->sample->whole.rank == 1 && layout->pipeline.transform == PRISM_TRANSFORM_STACK &&
           !is_noise(c, layout);
}

/* Estimates know nothing of holes, which planes of frames have none of. */
static bool is_doubtful(const px_choice *c, prism_transform transform) {
    return c->sample->part.mask.missing && c->best.pipeline.transform == PRISM_TRANSFORM_STACK &&
           transform != PRISM_TRANSFORM_STACK && c->relative[transform] == 0;
}

/* Estimates miss what copies of neighbours spare a picture that is coded by indices. */
static bool is_copied(const px_choice *c, const px_layouts *list, size_t i) {
    const px_pipeline *pipeline = &list->items[i].pipeline;
    return list->copies >= MANY_COPIES && px_efforts.palette[c->options->effort] &&
           pipeline->transform == PRISM_TRANSFORM_NONE && !pipeline->roles.planes;
}

/* Whether indices are so small that planes which predict each other come nowhere near. */
static bool is_beaten_by_indices(const px_choice *c, const px_candidate *layout) {
    const bool same = px_same_roles(&c->best.pipeline.roles, &layout->pipeline.roles);
    const double least = same ? LEAST_OF_SAME : LEAST_OF_TIES;
    return c->by_indices && (same || layout->pipeline.transform != PRISM_TRANSFORM_NONE) &&
           least * layout->bytes > c->best.bytes && !px_efforts.only_size[c->options->effort];
}

bool px_is_tried(const px_choice *c, const px_layouts *list, size_t i, size_t best) {
    const bool drawing = px_is_drawing(c->sample, c->options);
    if (is_beaten_by_indices(c, &list->items[i]))
        return false;
    if (drawing && is_lifted(&list->items[i]) && c->best.bytes > 0)
        return LIFT_GAIN * list->items[i].bytes < c->best.bytes;
    if (c->best.bytes == 0 || drawing || list->items[i].likely ||
        is_other_way(c, &list->items[i]) || is_line_of_frames(c, &list->items[i]) ||
        is_doubtful(c, list->items[i].pipeline.transform) || is_copied(c, list, i))
        return true;
    if (c->best.pipeline.coder == PRISM_CODER_DEFLATE && !c->sample->sparing &&
        list->items[i].pipeline.transform == PRISM_TRANSFORM_NONE &&
        (!is_low(c) || list->items[i].bytes <= CLOSE_BRISK * list->items[best].bytes))
        return true;
    if (has_estimates(c))
        return !is_noise(c, &list->items[i]) &&
               missed(c, list->items[i].pipeline.transform) * px_promise(c, list, i) <
                   PX_CLEARLY * c->best.bytes;
    return (c->sample->part.share == 1 && !px_is_brisk(c->sample, c->options->effort)) ||
           list->items[i].bytes <= CLOSE_ESTIMATE * list->items[best].bytes;
}

/* Whether no other layout of these may come near the one at `best`. At low efforts, a lift that is
 * worth it says enough. */
static bool is_alone(const px_choice *c, const px_layouts *list, size_t best) {
    bool alone = true;
    for (size_t i = 0; i < list->count; i++)
        alone &= i == best || px_promise(c, list, i) > LIFT_GAIN * list->items[best].bytes;
    return alone || is_low(c);
}

/* The estimate of the planes of `layout` as they are. */
static double plain_estimate(const px_layouts *list, const px_candidate *layout) {
    for (size_t i = 0; i < list->count; i++)
        if (px_same_roles(&list->items[i].pipeline.roles, &layout->pipeline.roles) &&
            list->items[i].pipeline.transform == PRISM_TRANSFORM_NONE)
            return list->items[i].bytes;
    return HUGE_VAL;
}

bool px_is_clear(const px_choice *c, const px_layouts *list, size_t best) {
    px_candidate layout = list->items[best];
    return c->sample->large && c->sample->values > PX_FEW_VALUES && layout.selective &&
           is_alone(c, list, best) &&
           (is_low(c) || list->items[best].bytes < STRONG_TIES * plain_estimate(list, &layout)) &&
           px_may_use(c, &layout, PRISM_PREDICTOR_LSQ, PRISM_CODER_ANS);
}

/* What the native coder makes of a part of the sample at its quickest. */
static prism_status quick_size(double *bytes, const px_survey *part, px_candidate layout,
                               prism_error *error) {
    layout.pipeline.predictor = PRISM_PREDICTOR_LSQ;
    layout.pipeline.coder = PRISM_CODER_ANS;
    return px_trial(bytes, part, &layout, PX_EFFORT_FITTED, error);
}

/* What layouts come to in a part of the sample, of those that are `compared`. */
static prism_status compare_parts(double bytes[PX_MAX_LAYOUTS], const px_choice *c,
                                  const px_layouts *list, const bool compared[PX_MAX_LAYOUTS],
                                  prism_error *error) {
    px_survey part;
    prism_status status = px_part_of(&part, c->sample, error);
    for (size_t i = 0; i < list->count && status == PRISM_OK; i++) {
        bytes[i] = HUGE_VAL;
        if (compared[i])
            status = quick_size(&bytes[i], &part, list->items[i], error);
    }
    px_survey_free(&part);
    return status;
}

/* Estimates say nothing of indices: those layouts stay on the list that come close to the best in a
 * part of the sample, and lifted ones, which are not coded by indices. */
static prism_status screen_drawings(const px_choice *c, px_layouts *list, prism_error *error) {
    bool indices[PX_MAX_LAYOUTS];
    double bytes[PX_MAX_LAYOUTS], least = HUGE_VAL;
    if (list->count < 2)
        return PRISM_OK;
    for (size_t i = 0; i < list->count; i++)
        indices[i] = !is_lifted(&list->items[i]);
    prism_status status = compare_parts(bytes, c, list, indices, error);
    for (size_t i = 0; i < list->count && status == PRISM_OK; i++)
        least = fmin(least, bytes[i]);
    for (size_t i = list->count; i-- > 0 && status == PRISM_OK;)
        if (indices[i] && bytes[i] > CLOSE_DRAWING * least)
            px_leave_out(list, i);
    return status;
}

/* Of what may be indices, the layout that is smallest in a part of the sample is likely. */
static prism_status screen_indices(const px_choice *c, px_layouts *list, prism_error *error) {
    bool plain[PX_MAX_LAYOUTS];
    double bytes[PX_MAX_LAYOUTS];
    size_t count = 0, least = 0;
    for (size_t i = 0; i < list->count; i++)
        count += plain[i] = list->items[i].pipeline.transform == PRISM_TRANSFORM_NONE;
    if (count < 2)
        return PRISM_OK;
    prism_status status = compare_parts(bytes, c, list, plain, error);
    for (size_t i = 1; i < list->count && status == PRISM_OK; i++)
        least = bytes[i] < bytes[least] ? i : least;
    list->items[least].likely = status == PRISM_OK;
    return status;
}

/* Frames are few, or fewer than they have rows and columns, or lie along the roughest axis. */
static bool is_likely(const px_survey *s, const px_roles *roles) {
    const px_layout layout = px_layout_by(roles, &s->whole);
    return !roles->planes || roles->axes[0] == 0 || layout.count <= FEW_FRAMES ||
           (layout.count <= layout.height && layout.count <= layout.width);
}

/* The best estimate of frames along axes where these are likely. */
static double least_likely(const px_choice *c, const px_layouts *list) {
    double least = HUGE_VAL;
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].pipeline.transform == PRISM_TRANSFORM_STACK &&
            is_likely(c->sample, &list->items[i].pipeline.roles))
            least = fmin(least, list->items[i].bytes);
    return least;
}

/* Whether layout i is frames that may be the best of these. */
static bool is_rival(const px_choice *c, const px_layouts *list, const bool done[PX_MAX_LAYOUTS],
                     size_t i) {
    const double likely = least_likely(c, list);
    return list->items[i].pipeline.transform == PRISM_TRANSFORM_STACK && !done[i] &&
           (c->best.bytes == 0 || px_promise(c, list, i) < PX_CLEARLY * c->best.bytes) &&
           list->items[i].bytes < (is_likely(c->sample, &list->items[i].pipeline.roles)
                                       ? CLOSE_FRAMES
                                       : CLEARLY_BETTER_FRAMES) *
                                      likely;
}

prism_status px_pick_frames(const px_choice *c, const px_layouts *list, bool done[PX_MAX_LAYOUTS],
                            size_t *i, prism_error *error) {
    bool rivals[PX_MAX_LAYOUTS] = {false};
    double bytes[PX_MAX_LAYOUTS];
    size_t count = 0;
    prism_status status = PRISM_OK;
    for (size_t k = 0; k < list->count; k++)
        count += rivals[k] = c->sample->sparing && is_rival(c, list, done, k);
    if (count > 1)
        status = compare_parts(bytes, c, list, rivals, error);
    size_t best = *i;
    for (size_t k = 0; k < list->count && count && status == PRISM_OK; k++) {
        done[k] |= list->items[k].pipeline.transform == PRISM_TRANSFORM_STACK;
        if (rivals[k] && (!rivals[best] || (count > 1 && bytes[k] < bytes[best])))
            best = k;
    }
    *i = best;
    return status;
}

prism_status px_surprises(bool *tried, const px_choice *c, const px_layouts *list, size_t i,
                          prism_error *error) {
    const px_candidate *layout = &list->items[i];
    px_survey part;
    double bytes = HUGE_VAL, best = 0;
    *tried = false;
    if (c->options->effort <= PX_EFFORT_DEFAULT || px_efforts.only_size[c->options->effort] ||
        layout->pipeline.transform != PRISM_TRANSFORM_STACK || layout->pipeline.roles.planes ||
        c->best.pipeline.coder != PRISM_CODER_ANS)
        return PRISM_OK;
    prism_status status = px_part_of(&part, c->sample, error);
    if (status == PRISM_OK)
        status = quick_size(&bytes, &part, *layout, error);
    if (status == PRISM_OK)
        status = quick_size(&best, &part, c->best, error);
    *tried = bytes < PX_CLEARLY * best;
    px_survey_free(&part);
    return status;
}

/* The same planes with a lift; the number of layouts, if there are none. */
static size_t lifted_of(const px_layouts *list, const px_candidate *layout) {
    size_t i = 0;
    while (i < list->count &&
           !(is_lifted(&list->items[i]) &&
             px_same_roles(&list->items[i].pipeline.roles, &layout->pipeline.roles)))
        i++;
    return i;
}

/* A part of the sample tells whether frames are smaller than a lift that is more likely; what they
 * save is left of its estimate. */
static prism_status compare_with_lift(bool *smaller, const px_choice *c, const px_layouts *list,
                                      px_candidate *frames, prism_error *error) {
    enum { LEAST_BYTES = 1 << 16 }; /* below, nothing else takes as long */
    const size_t lifted = lifted_of(list, frames);
    bool compared[PX_MAX_LAYOUTS] = {false};
    double bytes[PX_MAX_LAYOUTS];
    const size_t i = (size_t)(frames - list->items);
    *smaller = false;
    if (lifted == list->count || is_low(c) || c->sample->noisy ||
        c->sample->part.size < LEAST_BYTES || !is_likely(c->sample, &frames->pipeline.roles))
        return PRISM_OK;
    compared[i] = compared[lifted] = true;
    prism_status status = compare_parts(bytes, c, list, compared, error);
    *smaller = status == PRISM_OK && bytes[i] < bytes[lifted];
    if (*smaller)
        frames->bytes = list->items[lifted].bytes * bytes[i] / bytes[lifted];
    return status;
}

static prism_status screen_frames(const px_choice *c, px_layouts *list, prism_error *error) {
    prism_status status = PRISM_OK;
    for (size_t i = list->count; i-- > 0 && status == PRISM_OK;) {
        bool kept = !list->items[i].rather_lifted;
        if (!kept)
            status = compare_with_lift(&kept, c, list, &list->items[i], error);
        if (!kept)
            px_leave_out(list, i);
    }
    return status;
}

/* Whether there is a choice of planes, none of which are colours. */
static bool is_stack(const prism_array *array) {
    enum { MOST_COLOURS = 4 };
    unsigned sides = 0, colours = 0;
    for (unsigned i = 0; i < array->rank; i++) {
        sides += array->dims[i] > 1;
        colours += array->dims[i] > 1 && array->dims[i] <= MOST_COLOURS;
    }
    return sides > 2 && !colours;
}

/* Whether samples are more likely names than numbers, of which estimates say little, and too many
 * for trials of all layouts. */
static bool may_be_indices(const px_choice *c, const px_layouts *list) {
    const px_survey *s = c->sample;
    const bool few = s->values <= PX_FEW_VALUES;
    return px_may_be_native(c->options) && px_efforts.palette[c->options->effort] &&
           is_stack(&s->whole) && (few ? s->part.share < 1 : list->copies >= MANY_COPIES);
}

prism_status px_screen(const px_choice *c, px_layouts *list, prism_error *error) {
    if (px_is_drawing(c->sample, c->options))
        return screen_drawings(c, list, error);
    prism_status status = PRISM_OK;
    if (may_be_indices(c, list))
        status = screen_indices(c, list, error);
    return status == PRISM_OK ? screen_frames(c, list, error) : status;
}
