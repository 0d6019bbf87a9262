/*
 * Growing a plan frame by frame. Along links this is Prim's algorithm ("Shortest connection
 * networks and some generalizations", 1957) for the tree of the largest gains, in which frames that
 * few others have to be decoded for are preferred as references.
 */
#include "similarity/candidate_plan.h"

#include <stdlib.h>

#include "base/heap.h"
#include "base/sizes.h"
#include "base/status.h"
#include "similarity/dependencies.h"

enum {
    SECONDS = 3,     /* links that are tried for the second reference */
    KEY_CLOSURE = 8, /* where all links are at the end of their chains, a new one begins at one of
                        the frames that so many have to be decoded for at most, ... */
    KEYS = 4,        /* the best of so many, ... */
    MOST_KEYS = 256  /* of the last ones, so that time grows with the number of frames only */
};
static const uint32_t WAITING = UINT32_MAX;

/* Of the bits that a frame takes alone: what a reference must gain, which is little, since coders
 * that weigh references sample by sample gain more than this says, ... */
static const double WORTH = 0.0005, CHANCE_BITS = 60; /* what strangers gain by chance */
/* ... and how much less it is worth when its own chain is at its end. */
static const double CHAIN_COST = 0.05;

typedef struct grower {
    const px_scene *scene;
    px_candidate_plan *candidate;
    uint32_t *turns;      /* [count] of frames, or WAITING */
    px_dependencies *all; /* [count], by turn */
    uint32_t *keys;       /* [count] turns of frames at the beginning of chains */
    size_t key_count;
} grower;

static void grower_free(grower *g) {
    free(g->turns);
    free(g->all);
    free(g->keys);
}

static prism_status grower_make(grower *g, px_candidate_plan *candidate, const px_scene *scene,
                                prism_error *error) {
    const size_t count = px_scene_count(scene);
    *candidate =
        (px_candidate_plan){.plan = {.frames = calloc(count, sizeof *candidate->plan.frames)}};
    *g = (grower){.scene = scene,
                  .candidate = candidate,
                  .turns = px_alloc(count, sizeof *g->turns),
                  .all = px_alloc(count, sizeof *g->all),
                  .keys = px_alloc(count, sizeof *g->keys)};
    if (!candidate->plan.frames || !g->turns || !g->all || !g->keys) {
        grower_free(g);
        px_candidate_plan_free(candidate);
        return px_out_of_memory(error, count * sizeof *g->all);
    }
    for (size_t f = 0; f < count; f++)
        g->turns[f] = WAITING;
    return PRISM_OK;
}

/* Whether the frame of the next turn may have these references; leaves its dependencies. */
static bool may_refer(grower *g, uint32_t frame, const uint32_t *references, size_t count) {
    const uint32_t turn = (uint32_t)g->candidate->plan.count;
    const uint32_t limit = PX_CHAIN - g->scene->repeated[frame];
    return px_dependencies_make(&g->all[turn], g->all, turn, references, count, limit);
}

/* Takes `frame` for references[0] if that is cheaper than what is there. */
static void try_first(grower *g, px_frame *next, double *bits, uint32_t frame) {
    double given = px_bits_given(g->scene->cost, next->plane, &frame, 1);
    if (given >= *bits)
        return;
    *bits = given;
    next->references[0] = g->turns[frame];
    next->count = 1;
}

/* The best link to a frame that is in the plan. */
static void refer_to_links(grower *g, px_frame *next, double *bits) {
    const px_similarity_graph *graph = g->scene->graph;
    for (size_t l = graph->first[next->plane]; l < graph->first[next->plane + 1]; l++) {
        const uint32_t frame = graph->links[l].frame;
        if (g->turns[frame] == WAITING || !may_refer(g, next->plane, &g->turns[frame], 1))
            continue;
        try_first(g, next, bits, frame);
        return;
    }
}

/* The frames that look most alike among the last ones at the beginning of chains. */
static void refer_to_keys(grower *g, px_frame *next, double *bits) {
    uint32_t frames[KEYS], distances[KEYS], count = 0;
    const size_t least = g->key_count > MOST_KEYS ? g->key_count - MOST_KEYS : 0;
    for (size_t k = g->key_count; k-- > least;) {
        const uint32_t frame = g->candidate->plan.frames[g->keys[k]].plane;
        const uint32_t enough = count < KEYS ? UINT32_MAX : distances[KEYS - 1];
        const uint32_t distance =
            px_thumbnail_distance(g->scene->cost->s, next->plane, frame, enough);
        uint32_t at = count < KEYS ? count++ : KEYS;
        for (; at && distance < distances[at - 1]; at--)
            if (at < KEYS) {
                frames[at] = frames[at - 1];
                distances[at] = distances[at - 1];
            }
        if (at < KEYS) {
            frames[at] = frame;
            distances[at] = distance;
        }
    }
    for (uint32_t i = 0; i < count; i++)
        try_first(g, next, bits, frames[i]);
}

static void add_second(grower *g, px_frame *next, double *bits) {
    const px_similarity_graph *graph = g->scene->graph;
    const uint32_t first = g->candidate->plan.frames[next->references[0]].plane;
    int tries = 0;
    for (size_t l = graph->first[next->plane]; l < graph->first[next->plane + 1] && tries < SECONDS;
         l++) {
        const uint32_t frame = graph->links[l].frame;
        const uint32_t references[] = {next->references[0], g->turns[frame]};
        if (frame == first || g->turns[frame] == WAITING ||
            !may_refer(g, next->plane, references, 2))
            continue;
        tries++;
        double given = px_bits_given(g->scene->cost, next->plane, (uint32_t[]){first, frame}, 2);
        if (given >= *bits)
            continue;
        *bits = given;
        next->references[1] = g->turns[frame];
        next->count = 2;
    }
}

static void grow(grower *g, uint32_t frame) {
    px_stack_plan *plan = &g->candidate->plan;
    px_frame *next = &plan->frames[plan->count];
    const double alone = g->scene->cost->alone[frame];
    double bits = alone * (1 - WORTH) - CHANCE_BITS;
    *next = (px_frame){.plane = frame};
    refer_to_links(g, next, &bits);
    if (!next->count)
        refer_to_keys(g, next, &bits);
    if (next->count)
        add_second(g, next, &bits);
    may_refer(g, frame, next->references, next->count);
    g->candidate->bits += next->count ? bits : alone;
    g->turns[frame] = (uint32_t)plan->count++;
    if (g->all[g->turns[frame]].count <= KEY_CLOSURE)
        g->keys[g->key_count++] = g->turns[frame];
}

prism_status px_candidate_plan_in_order(px_candidate_plan *candidate, const px_scene *scene,
                                        const uint32_t *order, prism_error *error) {
    grower g;
    prism_status status = grower_make(&g, candidate, scene, error);
    if (status != PRISM_OK)
        return status;
    for (size_t i = 0; i < px_scene_count(scene); i++)
        grow(&g, order[i]);
    grower_free(&g);
    return PRISM_OK;
}

/* Offers the frames that `frame`, now in the plan, is linked to. */
static void offer_links(const grower *g, px_heap *heap, uint32_t frame) {
    const px_similarity_graph *graph = g->scene->graph;
    const uint32_t dependencies = g->all[g->turns[frame]].count;
    for (size_t l = graph->first[frame]; l < graph->first[frame + 1]; l++) {
        const px_link *link = &graph->links[l];
        const double alone = g->scene->cost->alone[link->frame];
        if (g->turns[link->frame] == WAITING && dependencies < PX_CHAIN)
            px_heap_push(heap, link->gain - CHAIN_COST * alone * dependencies / PX_CHAIN,
                         link->frame);
    }
}

static void grow_along_links(grower *g, px_heap *heap, uint32_t root) {
    const size_t count = px_scene_count(g->scene);
    for (uint32_t seed = 0; g->candidate->plan.count < count; seed++) {
        uint32_t frame = g->candidate->plan.count ? seed - 1 : root;
        for (bool found = true; found; found = px_heap_pop(heap, &frame)) {
            if (g->turns[frame] != WAITING)
                continue;
            grow(g, frame);
            offer_links(g, heap, frame);
        }
    }
}

prism_status px_candidate_plan_along_links(px_candidate_plan *candidate, const px_scene *scene,
                                           uint32_t root, prism_error *error) {
    const size_t links = scene->graph->first[px_scene_count(scene)];
    grower g;
    px_heap heap;
    prism_status status = px_heap_alloc(&heap, links, error);
    if (status != PRISM_OK)
        return status;
    status = grower_make(&g, candidate, scene, error);
    if (status == PRISM_OK) {
        grow_along_links(&g, &heap, root);
        grower_free(&g);
    }
    px_heap_free(&heap);
    return status;
}

void px_candidate_plan_free(px_candidate_plan *candidate) {
    px_stack_plan_free(&candidate->plan);
}
