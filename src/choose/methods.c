/*
 * Which of the project's own methods codes a chunk: those that the effort names, one for few values
 * and labels, and one for noise, each tried on all planes where a quick look gives it a chance.
 * docs/FORMAT.md, "The native coder".
 */
#include "choose/methods.h"

#include <math.h>
#include <string.h>

#include "base/effort.h"
#include "choose/candidates.h"
#include "coders/ans/blocks/blocks.h"
#include "coders/ans/order0/order0.h"
#include "coders/ans/palette/model.h"
#include "planes/fold.h"
#include "planes/sample.h"
#include "planes/values.h"

/* By how much a fitted method at the default effort may miss what the learning one needs and still
 * deserve all of its own time: about twice of what that time ever gained where it won. */
static const double FITTED_CHANCE = 1.02;

/*
 * With that many different values or fewer, px_palette is smaller even for pictures of coarse grey
 * levels. With more, a part of the planes is coded by it and by px_lsq at the default effort; only
 * where neither is that much smaller, the whole is coded by both. Where there are many, what is no
 * copy of a neighbour costs the logarithm of their number, which a residual never does.
 */
enum {
    SURELY_INDICES = 8,
    PART_PLANES = 4,
    PART_LEAST = 1 << 14,
    PART_SAMPLES = 1 << 16,
    PART_OF_ALL = 2
};
static const double CLEARLY_INDICES = 0.7, CLEARLY_NOT = 1.25, COPIES_OF_MANY = 0.5,
                    COPIES_WITHOUT_STEPS = 0.45, FEW_STEPS = 0.2;

/* Of small planes, what lsq sends beside samples may outweigh what that saves. */
enum { FEW_POSITIONS = 1 << 10 };

/* ---- Candidates ---- */

enum { MOST_CANDIDATES = 8 }; /* with those that take the place of others */

typedef struct candidates {
    px_candidate items[MOST_CANDIDATES];
    size_t count;
} candidates;

/* Where it is only possible, has_chance decides. */
static px_candidate *add(candidates *list, const px_task *task, prism_method method,
                         px_verdict verdict) {
    px_candidate *item = &list->items[list->count++];
    *item = (px_candidate){.pipeline = task->pipeline,
                           .method = method,
                           .selective = task->selective,
                           .swift = task->swift,
                           .no_palette = task->no_palette,
                           .verdict = verdict};
    return item;
}

static bool is_lifted(const px_task *task) {
    return task->selective && task->pipeline.transform == PRISM_TRANSFORM_CHANNELS;
}

/* Frames, by automatic options: one matrix for whole frames may be worse than none where a part of
 * them moves, and the middle, which decides, does not. Nothing of a line moves. */
static bool may_do_without_lift(const px_planes *planes, const px_task *task) {
    enum { MOST_FRAMES = 64 };
    return is_lifted(task) && !task->trial && planes->count <= MOST_FRAMES &&
           !px_is_folded_by_lift(planes);
}

/* Learning from the samples themselves may come too late in a small chunk, or find too little: then
 * a method whose fits are sent is better. */
static void add_by_effort(candidates *list, const px_planes *planes, const px_task *task) {
    const bool stack = task->pipeline.transform == PRISM_TRANSFORM_STACK;
    const prism_method usual = (stack ? px_efforts.frames : px_efforts.planes)[task->effort];
    const prism_method fitted = stack ? PRISM_METHOD_FRAMES : px_efforts.fitted[task->effort];
    add(list, task, usual, PX_SURE);
    if (usual == PRISM_METHOD_LSQ && px_plane_size(planes) < FEW_POSITIONS)
        add(list, task, PRISM_METHOD_QUICK, PX_SURE);
    if (fitted != usual)
        add(list, task, fitted, PX_POSSIBLE);
    else if (fitted == PRISM_METHOD_QUICK && may_do_without_lift(planes, task))
        add(list, task, fitted, PX_SURE)->pipeline.transform = PRISM_TRANSFORM_NONE;
}

/* ---- Looks ---- */

/* What the methods are tried on. */
typedef struct subject {
    const prism_array *array;
    const px_planes *planes;
    const px_task *task;
} subject;

static prism_status measure(size_t *size, const px_planes *planes, const px_task *task,
                            prism_method method, int effort, size_t limit, prism_error *error) {
    px_task tried = *task;
    px_coded coded = {.is_mapped = false};
    tried.method = method;
    tried.effort = effort;
    tried.limit = limit;
    prism_status status = px_try(&coded, planes, &tried, error);
    *size = px_coded_size(&coded);
    px_coded_free(&coded);
    return status;
}

/* What is kept beside samples may outweigh planes of a few long rows: docs/testing.md, "Memory". */
static bool is_too_large(const px_coded *coded, const subject *s) {
    const size_t bytes = px_product(s->planes->count, px_plane_bytes(s->planes));
    return px_coded_memory(coded, s->array, px_gaps_for(s->task->mask, s->array)) >
           px_decoding_limit(s->task->effort, bytes);
}

/* A fitted method takes a third of the time of one that learns; how far it comes in a tenth of that
 * shows whether it may win. Where that much is smaller already, it is kept. */
static prism_status fitted_has_chance(bool *chance, px_coded *best, const subject *s,
                                      const px_task *task, prism_error *error) {
    const size_t enough = (size_t)((double)px_coded_size(best) * FITTED_CHANCE);
    px_task brief = *task;
    px_coded coded = {.is_mapped = false};
    brief.effort = PX_EFFORT_DEFAULT;
    brief.limit = enough;
    prism_status status = px_try(&coded, s->planes, &brief, error);
    *chance = status == PRISM_OK && px_coded_size(&coded) <= enough;
    if (*chance && !is_too_large(&coded, s))
        px_coded_keep_smaller(best, &coded);
    else
        px_coded_free(&coded);
    return status;
}

static prism_status has_chance(bool *chance, px_coded *best, const subject *s, const px_task *task,
                               prism_error *error) {
    *chance = true;
    if (task->method == PRISM_METHOD_PALETTE) /* which stops as soon as it has none */
        return PRISM_OK;
    if (task->method != PRISM_METHOD_ORDER0)
        return fitted_has_chance(chance, best, s, task, error);
    size_t size = 0;
    prism_status status = px_order0_bytes(&size, s->planes, error);
    *chance = size < px_coded_size(best);
    return status;
}

/* One plane. */
static prism_array as_array(const px_planes *planes) {
    return (prism_array){.type = PRISM_INT16, .rank = 2, .dims = {planes->height, planes->width}};
}

/* Typical rows of planes in the middle. */
static px_planes part_of(const px_planes *planes) {
    px_planes part = *planes;
    part.holes = NULL;
    const size_t most = PART_LEAST / px_plane_size(planes) + PART_PLANES;
    part.count = planes->count < most ? planes->count : most;
    part.height = PART_SAMPLES / (part.count * planes->width) + 1;
    part.height = planes->height < part.height ? planes->height : part.height;
    part.samples = px_plane(planes, (planes->count - part.count) / 2);
    const prism_array whole = as_array(planes), cut = as_array(&part);
    const size_t place = px_sample_place(&whole, part.samples, &cut);
    part.samples += (planes->height - part.height) * place / PX_PLACES * planes->width;
    return part;
}

static bool is_step(int difference) {
    enum { SMALL = 2 };
    return difference >= -SMALL && difference <= SMALL;
}

/* Whether indices may be smallest where there are many values: most samples are copies of a
 * neighbour, or many are, and the others no small steps away, as they are in photographs. */
static bool are_copies(const px_planes *planes) {
    const size_t width = planes->width, size = px_plane_size(planes);
    size_t copies = 0, steps = 0;
    for (size_t k = 0; k < planes->count; k++) {
        const int16_t *samples = px_plane(planes, k);
        for (size_t p = 1; p < size; p++) {
            const int west = samples[p] - samples[p - 1],
                      north = p >= width ? samples[p] - samples[p - width] : west;
            copies += !west || !north;
            steps += is_step(west) || is_step(north);
        }
    }
    const double all = (double)(planes->count * size);
    return (double)copies > COPIES_OF_MANY * all ||
           ((double)copies > COPIES_WITHOUT_STEPS * all &&
            (double)(steps - copies) < FEW_STEPS * (double)(planes->count * size - copies));
}

/* *ratio: what px_palette needs of what px_lsq needs; HUGE_VAL where it has no chance. How
 * large the ratio is above CLEARLY_NOT does not matter. */
static prism_status compare(double *ratio, size_t values, const px_planes *planes,
                            const px_task *task, prism_error *error) {
    const px_planes part = part_of(planes);
    size_t lsq = part.count * px_plane_size(&part) * sizeof *part.samples, indices = 0;
    *ratio = HUGE_VAL;
    if (!px_palette_has_room(&part) || (values > PX_PALETTE_FEW && !are_copies(&part)))
        return PRISM_OK;
    if (PART_OF_ALL * part.count * px_plane_size(&part) > planes->count * px_plane_size(planes)) {
        *ratio = 1;
        return PRISM_OK;
    }
    prism_status status =
        measure(&lsq, &part, task, PRISM_METHOD_LSQ, PX_EFFORT_DEFAULT, lsq, error);
    const size_t enough = (size_t)((double)lsq * CLEARLY_NOT) + 1;
    if (status == PRISM_OK)
        status =
            measure(&indices, &part, task, PRISM_METHOD_PALETTE, PX_EFFORT_FITTED, enough, error);
    if (status == PRISM_OK)
        *ratio = (double)indices / (double)lsq;
    return status;
}

/* Whether indices are smallest. They take ten times as long for a sample as others do. Where a lift
 * is automatic, surely indices are another layout's. */
static prism_status judge_palette(px_verdict *palette, size_t values, const px_planes *planes,
                                  const px_task *task, prism_error *error) {
    enum { MOST_SWIFT = 512 }; /* samples */
    const size_t samples = planes->count * px_plane_size(planes);
    *palette = PX_UNLIKELY;
    if (!px_efforts.palette[task->effort] || task->no_palette || !px_palette_has_room(planes) ||
        (task->swift && samples > MOST_SWIFT))
        return PRISM_OK;
    const bool surely = values <= SURELY_INDICES;
    *palette = surely && !is_lifted(task) ? PX_SURE : PX_UNLIKELY;
    if (task->swift || surely)
        return PRISM_OK;
    double ratio;
    prism_status status = compare(&ratio, values, planes, task, error);
    *palette = ratio > CLEARLY_NOT ? PX_UNLIKELY : ratio < CLEARLY_INDICES ? PX_SURE : PX_POSSIBLE;
    return status;
}

/* Whether it is quick enough to see what a histogram would do: to count values as far as they reach
 * takes long where each comes but once or twice. */
static bool may_be_noise(size_t values, const px_planes *planes, const px_task *task) {
    enum { SAMPLES_PER_VALUE = 2 };
    const size_t samples = planes->count * px_plane_size(planes);
    return px_efforts.order0[task->effort] &&
           (!task->swift || values * SAMPLES_PER_VALUE <= samples);
}

/* How many values there are; more than PX_PALETTE_FEW need not be counted in large chunks. */
static size_t count_values(const px_planes *planes, const px_task *task) {
    px_values values;
    if (!px_efforts.palette[task->effort] && !px_efforts.order0[task->effort])
        return SIZE_MAX;
    px_values_of_planes(&values, planes, task->swift ? SIZE_MAX : PX_PALETTE_FEW);
    return values.count;
}

static prism_status list_candidates(candidates *list, const px_planes *planes, const px_task *task,
                                    prism_error *error) {
    const size_t values = count_values(planes, task);
    px_verdict palette;
    prism_status status = judge_palette(&palette, values, planes, task, error);
    if (palette != PX_SURE)
        add_by_effort(list, planes, task);
    if (palette != PX_UNLIKELY)
        add(list, task, PRISM_METHOD_PALETTE, palette);
    if (may_be_noise(values, planes, task))
        add(list, task, PRISM_METHOD_ORDER0, PX_POSSIBLE);
    return status;
}

/* ---- Trials ---- */

/* What takes the place of a method whose decoding takes too much; NONE: nothing does. */
static prism_method instead_of(prism_method method) {
    switch (method) {
    case PRISM_METHOD_MIXED:
        return PRISM_METHOD_FRAMES;
    case PRISM_METHOD_ADAPTIVE:
    case PRISM_METHOD_FRAMES:
        return PRISM_METHOD_LSQ;
    case PRISM_METHOD_LSQ:
        return PRISM_METHOD_QUICK;
    default:
        return PRISM_METHOD_NONE;
    }
}

/* Candidate i makes way for another one, which may be the next one anyway. Planes of a few rows
 * take less as the lines that lifted ones are. */
static void replace(candidates *list, size_t i, const px_planes *planes) {
    px_candidate *next = &list->items[i + 1], other = list->items[i];
    const bool folds = px_is_folded_by_lift(planes);
    prism_transform *transform = &other.pipeline.transform;
    other.method = instead_of(other.method);
    other.verdict = PX_SURE;
    if (other.method == PRISM_METHOD_LSQ && *transform == PRISM_TRANSFORM_STACK)
        *transform = PRISM_TRANSFORM_CHANNELS;
    if (!other.method && *transform == PRISM_TRANSFORM_NONE && folds) {
        *transform = PRISM_TRANSFORM_CHANNELS;
        other.method = PRISM_METHOD_QUICK;
    }
    if (!other.method)
        return;
    if (i + 1 == list->count || next->method != other.method)
        memmove(next + 1, next, (list->count++ - i - 1) * sizeof *next);
    *next = other;
}

static void keep_or_replace(px_coded *best, px_coded *tried, candidates *list, size_t i,
                            const subject *s) {
    if (is_too_large(tried, s)) {
        px_coded_free(tried);
        replace(list, i, s->planes);
    } else {
        px_coded_keep_smaller(best, tried);
    }
}

static prism_status try_methods(px_coded *best, const subject *s, prism_error *error) {
    candidates list = {.count = 0};
    prism_status status = PRISM_OK;
    if (px_blocks_suit(s->planes, s->task->pipeline.block, s->task->pipeline.stored))
        add(&list, s->task, PRISM_METHOD_BLOCKS, PX_SURE);
    else
        status = list_candidates(&list, s->planes, s->task, error);
    for (size_t i = 0; i < list.count && status == PRISM_OK; i++) {
        px_candidate *item = &list.items[i];
        px_coded tried = {.pipeline = best->pipeline};
        px_task next = px_task_of(item, s->task->effort, s->task->limit);
        bool chance = true;
        if (item->verdict == PX_POSSIBLE)
            status = has_chance(&chance, best, s, &next, error);
        if (status != PRISM_OK || !chance)
            continue;
        next.doubtful = item->verdict == PX_POSSIBLE;
        if (px_coded_size(best))
            next.limit = px_coded_size(best);
        status = px_try(&tried, s->planes, &next, error);
        if (status == PRISM_OK)
            keep_or_replace(best, &tried, &list, i, s);
        else
            px_coded_free(&tried);
    }
    if (status == PRISM_OK && !px_coded_size(best))
        px_buffer_exceed(&best->sections.payload, s->task->limit);
    return status;
}

prism_status px_encode(px_coded *coded, const prism_array *array, const void *elements,
                       const px_task *task, prism_error *error) {
    const bool native = task->pipeline.coder == PRISM_CODER_ANS;
    px_prepared prepared;
    *coded = (px_coded){.pipeline = task->pipeline};
    prism_status status = px_prepare(&prepared, array, elements, task, error);
    if (status != PRISM_OK)
        return status;
    const subject whole = {array, &prepared.planes, &prepared.task};
    status = native ? try_methods(coded, &whole, error)
                    : px_try(coded, &prepared.planes, &prepared.task, error);
    if (status == PRISM_OK)
        status = px_prepared_finish(coded, &prepared, error);
    px_prepared_free(&prepared);
    if (status != PRISM_OK)
        px_coded_free(coded);
    return status;
}
