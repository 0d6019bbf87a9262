/*
 * From planes to a plan: equal planes are found first, the others planned in the order in which
 * they come and along their graph; the cheaper plan is taken, and the duplicates are put in.
 */
#include "similarity/plan.h"

#include <stdlib.h>

#include "base/sizes.h"
#include "base/status.h"
#include "similarity/candidate_plan.h"
#include "similarity/deduplication.h"

/* Samples of a frame that are looked at: more of each where there are few. */
enum { LEAST_SAMPLES = 1 << 11, MOST_SAMPLES = 1 << 14, ALL_SAMPLES = 1 << 17 };

/* Bits of the whole frames and of the plan. */
static prism_status candidate_cost(double *bits, const px_candidate_plan *candidate, double scale,
                                   prism_error *error) {
    px_buffer bytes = {0};
    px_range_encoder coder = px_range_encoder_make(&bytes);
    px_stack_plan_write(&candidate->plan, &coder);
    *bits = candidate->bits * scale + 8 * (double)bytes.size;
    bool failed = bytes.failed;
    px_buffer_free(&bytes);
    return failed ? px_out_of_memory(error, bytes.size) : PRISM_OK;
}

typedef struct contest {
    const px_scene *scene;
    double scale; /* samples of a frame for each of its signature */
    px_candidate_plan best;
    double bits;
} contest;

/* Keeps the candidate if it is the best one, else frees it. */
static prism_status enter(contest *c, px_candidate_plan *candidate, prism_error *error) {
    double bits;
    prism_status status = candidate_cost(&bits, candidate, c->scale, error);
    if (status == PRISM_OK && (!c->best.plan.frames || bits < c->bits)) {
        px_candidate_plan last = c->best;
        c->best = *candidate;
        c->bits = bits;
        *candidate = last;
    }
    px_candidate_plan_free(candidate);
    return status;
}

static prism_status enter_in_order(contest *c, const uint32_t *order, prism_error *error) {
    px_candidate_plan candidate;
    prism_status status = px_candidate_plan_in_order(&candidate, c->scene, order, error);
    return status == PRISM_OK ? enter(c, &candidate, error) : status;
}

/* Leaves the order. Where nobody is left behind by the length of chains, any root is good. */
static prism_status enter_along_links(contest *c, uint32_t *order, prism_error *error) {
    const size_t count = px_scene_count(c->scene);
    uint32_t root = 0;
    px_candidate_plan candidate;
    prism_status status = PRISM_OK;
    if (count > PX_CHAIN)
        status = px_scene_centre(&root, c->scene, error);
    if (status == PRISM_OK)
        status = px_candidate_plan_along_links(&candidate, c->scene, root, error);
    if (status != PRISM_OK)
        return status;
    for (size_t i = 0; i < count; i++)
        order[i] = candidate.plan.frames[i].plane;
    return enter(c, &candidate, error);
}

static uint32_t mirrored(uint32_t value, uint32_t top) {
    uint32_t mirror = 0;
    for (uint32_t bit = 1; bit < top; bit *= 2, value /= 2)
        mirror = mirror * 2 + value % 2;
    return mirror;
}

/* From far apart to close together: frames get references on both sides, by short chains. */
static void spread_out(uint32_t *spread, const uint32_t *order, size_t count) {
    uint32_t top = 1;
    while (top < count)
        top *= 2;
    for (uint32_t i = 0; i < top; i++)
        if (mirrored(i, top) < count)
            *spread++ = order[mirrored(i, top)];
}

/* By how much another order must be cheaper than that of a time lapse, in which most frames are
 * most like the one before: coders learn from what comes before. */
static const double CLEARLY = 0.995;

static bool is_time_lapse(const px_candidate_plan *candidate) {
    size_t follow = 0;
    for (uint32_t turn = 1; turn < candidate->plan.count; turn++)
        follow += candidate->plan.frames[turn].count &&
                  candidate->plan.frames[turn].references[0] == turn - 1;
    return 2 * follow >= candidate->plan.count;
}

static prism_status find_best(contest *c, bool *in_order, uint32_t *orders, prism_error *error) {
    const size_t count = px_scene_count(c->scene);
    for (uint32_t i = 0; i < count; i++)
        orders[i] = i;
    prism_status status = enter_in_order(c, orders, error);
    if (status == PRISM_OK && is_time_lapse(&c->best))
        c->bits *= CLEARLY;
    const double bits_in_order = c->bits;
    if (status == PRISM_OK)
        status = enter_along_links(c, orders, error);
    if (status == PRISM_OK) {
        spread_out(orders + count, orders, count);
        status = enter_in_order(c, orders + count, error);
    }
    *in_order = c->bits == bits_in_order;
    return status;
}

/* ---- The plan of all planes ---- */

typedef struct expansion {
    px_stack_plan *plan;
    const px_deduplication *originals;
    const px_stack_plan *candidate;
    uint32_t *turns; /* [planes], of originals in the plan */
} expansion;

static void put_original(expansion *e, const px_frame *frame) {
    const px_deduplication *o = e->originals;
    px_frame *next = &e->plan->frames[e->plan->count];
    *next = *frame;
    next->plane = o->planes[frame->plane];
    for (int r = 0; r < frame->count; r++)
        next->references[r] = e->turns[e->candidate->frames[frame->references[r]].plane];
    e->turns[frame->plane] = (uint32_t)e->plan->count++;
}

static void put_duplicate(expansion *e, uint32_t plane) {
    const uint32_t reference = e->turns[e->originals->of_plane[plane]];
    e->plan->frames[e->plan->count++] =
        (px_frame){.plane = plane, .count = 1, .duplicates = true, .references = {reference}};
}

/* In order, duplicates stand where they come; else right after their originals. */
static void expand(expansion *e, size_t planes, bool in_order) {
    const px_deduplication *o = e->originals;
    if (in_order)
        for (uint32_t k = 0; k < planes; k++)
            if (o->planes[o->of_plane[k]] == k)
                put_original(e, &e->candidate->frames[o->of_plane[k]]);
            else
                put_duplicate(e, k);
    else
        for (uint32_t turn = 0; turn < o->count; turn++) {
            const px_frame *frame = &e->candidate->frames[turn];
            put_original(e, frame);
            for (uint32_t k = o->next[o->planes[frame->plane]]; k != PX_NO_PLANE; k = o->next[k])
                put_duplicate(e, k);
        }
}

static prism_status plan_alike(px_stack_plan *plan, const px_scene *scene, size_t plane_size,
                               const px_deduplication *o, size_t planes, prism_error *error) {
    contest c = {.scene = scene, .scale = (double)plane_size / (double)scene->cost->s->samples};
    bool in_order = true; /* its memory serves as `turns`, too */
    uint32_t *orders = px_alloc_zeroed(2, o->count, sizeof *orders);
    prism_status status = orders ? find_best(&c, &in_order, orders, error)
                                 : px_out_of_memory(error, 2 * o->count * sizeof *orders);
    if (status == PRISM_OK)
        expand(&(expansion){plan, o, &c.best.plan, orders}, planes, in_order);
    free(orders);
    px_candidate_plan_free(&c.best);
    return status;
}

static prism_status plan_originals(px_stack_plan *plan, const px_planes *planes,
                                   const px_deduplication *o, const px_signatures *s, int effort,
                                   prism_error *error) {
    px_conditional_cost cost;
    px_similarity_graph graph;
    prism_status status = px_conditional_make(&cost, s, error);
    if (status != PRISM_OK)
        return status;
    status = px_similarity_graph_make(&graph, &cost, effort, error);
    if (status == PRISM_OK) {
        const px_scene scene = {&cost, &graph, o->repeated};
        status = plan_alike(plan, &scene, px_plane_size(planes), o, planes->count, error);
        px_similarity_graph_free(&graph);
    }
    px_conditional_free(&cost);
    return status;
}

static size_t samples_of_each(size_t count) {
    const size_t samples = ALL_SAMPLES / count;
    return samples < LEAST_SAMPLES  ? LEAST_SAMPLES
           : samples > MOST_SAMPLES ? MOST_SAMPLES
                                    : samples;
}

static prism_status plan_stack(px_stack_plan *plan, const px_planes *planes, int effort,
                               prism_error *error) {
    px_deduplication o;
    px_signatures s;
    prism_status status = px_deduplication_alloc(&o, planes->count, error);
    if (status != PRISM_OK)
        return status;
    status = px_signatures_alloc(&s, planes->count, planes, samples_of_each(planes->count), error);
    if (status == PRISM_OK) {
        px_deduplication_find(&o, &s, planes);
        status = plan_originals(plan, planes, &o, &s, effort, error);
        px_signatures_free(&s);
    }
    px_deduplication_free(&o);
    return status;
}

prism_status px_stack_plan_make(px_stack_plan *plan, const px_planes *planes, int effort,
                                prism_error *error) {
    *plan = (px_stack_plan){.frames = calloc(planes->count, sizeof *plan->frames)};
    if (!plan->frames)
        return px_out_of_memory(error, planes->count * sizeof *plan->frames);
    prism_status status = PRISM_OK;
    if (planes->count <= PX_PLAN_FRAMES)
        status = plan_stack(plan, planes, effort, error);
    else
        for (; plan->count < planes->count; plan->count++)
            plan->frames[plan->count].plane = (uint32_t)plan->count;
    if (status != PRISM_OK)
        px_stack_plan_free(plan);
    return status;
}
