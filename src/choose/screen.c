#include "choose/screen.h"
#include "base/effort.h"

#include <math.h>

enum { QUICK_EFFORT = 4 /* the least that codes frames from each other */ };

/* In large arrays whose planes say much of each other, no other coder comes near the project's own:
 * they are not worth the time of a trial. */
static const double STRONG_TIES = 0.97;

/* Layouts whose estimates are that far above the best one are not tried. */
static const double CLOSE_ESTIMATE = 1.15;

/* Sizes relative to estimates differ by so much between the layouts of an array. */
static const double SURE_ESTIMATE = 0.95;

/* What the lift brings the native coder beyond estimates, as long as it has not been tried; and
 * what coding frames from each other brings against other layouts of the same planes. */
static const double LIFT_GAIN = 0.85, STACK_GAIN = 0.87;

/* Planes along an axis where they rarely lie are tried where their estimate is so much below that
 * of others, and looked at as frames where it is so much below that of other frames. */
static const double CLEARLY_BETTER = 0.99, CLEARLY_BETTER_FRAMES = 0.96;

/* Layouts of drawings that come so close in a part of the sample are tried. */
static const double CLOSE_DRAWING = 1.25;

/* Stacks are tried where the best estimate of other layouts of the same planes is so close. */
static const double CLOSE_PLANES = 1.07, CLOSE_PLANES_SPARING = 1.05;

static bool may_be_stack(const px_choice *c, const px_layouts *list, size_t stack, size_t best) {
    const double close = list->items[stack].unusual ? CLOSE_ESTIMATE
                         : c->sample->sparing       ? CLOSE_PLANES_SPARING
                                                    : CLOSE_PLANES;
    const double planes = px_least_of_planes(list, list->items[stack].pipeline.axis);
    const double others =
        list->items[stack].unusual ? list->items[best].bytes : px_least_usual(list);
    return planes == HUGE_VAL || planes <= close * others;
}

/* What layout i may come to, by its estimate and how the native coder did on others. */
static double promise(const px_choice *c, const px_layouts *list, size_t i) {
    const bool lifted = list->items[i].pipeline.transform == PRISM_TRANSFORM_CHANNELS;
    const double same = c->relative[lifted], other = c->relative[!lifted];
    const double relative = fmin(same > 0 ? same : lifted ? LIFT_GAIN * fmin(other, 1) : other, 1);
    return SURE_ESTIMATE * relative * list->items[i].bytes;
}

/* The same of a stack, by the best of the other layouts of its planes. */
static double promise_of_stack(const px_choice *c, const px_layouts *list, size_t stack) {
    double least = HUGE_VAL;
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].pipeline.axis == list->items[stack].pipeline.axis &&
            list->items[i].bytes < HUGE_VAL)
            least = fmin(least, promise(c, list, i) / SURE_ESTIMATE);
    return least == HUGE_VAL ? 0 : STACK_GAIN * least;
}

bool px_is_tried(const px_choice *c, const px_layouts *list, size_t i, size_t best) {
    const bool whole = c->sample->part.share == 1, sparing = c->sample->sparing;
    if (px_is_drawing(c->sample, c->options))
        return true;
    if (list->items[i].pipeline.transform == PRISM_TRANSFORM_STACK)
        return may_be_stack(c, list, i, best) &&
               (!sparing || promise_of_stack(c, list, i) < c->bytes);
    if (list->items[i].unusual && list->items[i].bytes > CLEARLY_BETTER * px_least_usual(list))
        return false;
    if (c->sample->noisy || sparing)
        return promise(c, list, i) < PX_CLEARLY * c->bytes;
    const bool repeats = c->best.coder == PRISM_CODER_DEFLATE && !list->items[i].unusual;
    return (whole && !px_is_brisk(c->sample, c->options->effort)) || repeats ||
           list->items[i].bytes <= CLOSE_ESTIMATE * list->items[best].bytes;
}

bool px_is_clear(const px_choice *c, const px_layouts *list, size_t best) {
    px_pipeline layout = list->items[best].pipeline;
    bool rival = false;
    for (size_t i = 0; i < list->count; i++)
        rival |= list->items[i].pipeline.transform == PRISM_TRANSFORM_STACK &&
                 may_be_stack(c, list, i, best);
    return c->sample->large && c->sample->values > PX_FEW_VALUES && layout.selective && !rival &&
           layout.axis != 0 &&
           (px_efforts.brisk[layout.effort] ||
            list->items[best].bytes < STRONG_TIES * list->items[best + 1].bytes) &&
           px_may_use(c, &layout, PRISM_PREDICTOR_LSQ, PRISM_CODER_ANS);
}

/* What the native coder makes of a part of the sample at its quickest. */
static prism_status quick_size(double *bytes, const px_choice_sample *part, px_pipeline layout,
                               prism_error *error) {
    layout.predictor = PRISM_PREDICTOR_LSQ;
    layout.coder = PRISM_CODER_ANS;
    return px_trial(bytes, part, &layout, QUICK_EFFORT, error);
}

/* Whether the axis is far shorter than all others, as that of frames often is. */
static bool is_short(const px_choice_sample *s, int axis) {
    enum { SHORTER = 4 };
    for (unsigned i = 0; i < s->part.array.rank; i++)
        if ((int)i != axis && s->dims[i] < SHORTER * s->dims[axis])
            return false;
    return true;
}

/* Frames along an axis where they rarely lie deserve a look if it is short, if their planes have
 * the best estimate, or if they promise more than those of stacks along usual axes do. */
static bool deserves_look(const px_choice *c, const px_layouts *list, size_t stack, size_t best) {
    double usual = HUGE_VAL;
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].pipeline.transform == PRISM_TRANSFORM_STACK && !list->items[i].unusual)
            usual = fmin(usual, px_least_of_planes(list, list->items[i].pipeline.axis));
    const int axis = list->items[stack].pipeline.axis;
    return may_be_stack(c, list, stack, best) &&
           (axis == list->items[best].pipeline.axis || is_short(c->sample, axis) ||
            px_least_of_planes(list, axis) < CLEARLY_BETTER_FRAMES * usual);
}

/* They stay on the list if they make a part of the sample smaller than the best estimate of other
 * layouts does. */
static prism_status screen_stacks(const px_choice *c, px_layouts *list, prism_error *error) {
    const size_t best = px_least_estimate(list);
    px_choice_sample part = {.values = 0};
    double least = 0, bytes;
    prism_status status = PRISM_OK;
    for (size_t i = list->count; i-- > 0 && status == PRISM_OK;) {
        if (!list->items[i].unusual || list->items[i].pipeline.transform != PRISM_TRANSFORM_STACK)
            continue;
        bool worth = deserves_look(c, list, i, best);
        if (worth && least == 0) {
            status = px_part_of(&part, c->sample, error);
            if (status == PRISM_OK)
                status = quick_size(&least, &part, list->items[best].pipeline, error);
        }
        if (worth && status == PRISM_OK) {
            status = quick_size(&bytes, &part, list->items[i].pipeline, error);
            worth = bytes < least;
        }
        if (!worth)
            px_leave_out(list, i);
    }
    px_sample_free(&part.part);
    return status;
}

/* Estimates say nothing of drawings: those layouts stay on the list that come close to the best in
 * a part of the sample. */
static prism_status screen_drawings(const px_choice *c, px_layouts *list, prism_error *error) {
    double bytes[PX_MAX_LAYOUTS], least = HUGE_VAL;
    px_choice_sample part;
    prism_status status = px_part_of(&part, c->sample, error);
    for (size_t i = 0; i < list->count && status == PRISM_OK; i++) {
        status = quick_size(&bytes[i], &part, list->items[i].pipeline, error);
        least = fmin(least, bytes[i]);
    }
    for (size_t i = list->count; i-- > 0 && status == PRISM_OK;)
        if (bytes[i] > CLOSE_DRAWING * least)
            px_leave_out(list, i);
    px_sample_free(&part.part);
    return status;
}

prism_status px_screen(const px_choice *c, px_layouts *list, prism_error *error) {
    if (!px_is_drawing(c->sample, c->options))
        return screen_stacks(c, list, error);
    return list->count > 1 ? screen_drawings(c, list, error) : PRISM_OK;
}
