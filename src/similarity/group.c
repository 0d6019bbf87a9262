/*
 * Groups grow along the strongest links, like the tree of Prim's algorithm, until they are full.
 * The next one begins where the last ones had their strongest link outside.
 */
#include "similarity/group.h"

#include <stdlib.h>

#include "base/heap.h"
#include "base/sizes.h"
#include "base/status.h"
#include "similarity/graph.h"

/* Frames stay in order unless others save clearly more: neighbours are read together. */
static const double CLEARLY = 1.02;

typedef struct grouper {
    const px_similarity_graph *graph;
    size_t count, size;
    uint32_t *groups; /* [count] of frames, or NO_GROUP */
    px_heap inside;   /* links of the group that grows, ... */
    px_heap outside;  /* ... and of all that are full */
} grouper;

static const uint32_t NO_GROUP = UINT32_MAX;

static void offer(grouper *g, px_heap *heap, uint32_t frame) {
    for (size_t l = g->graph->first[frame]; l < g->graph->first[frame + 1]; l++)
        if (g->groups[g->graph->links[l].frame] == NO_GROUP)
            px_heap_push(heap, g->graph->links[l].gain, g->graph->links[l].frame);
}

/* The strongest link of `frame` to another of its group. */
static double gain_in_group(const grouper *g, uint32_t frame) {
    for (size_t l = g->graph->first[frame]; l < g->graph->first[frame + 1]; l++)
        if (g->groups[g->graph->links[l].frame] == g->groups[frame])
            return g->graph->links[l].gain;
    return 0;
}

/* A frame for the group: along a link, or the first that is left. */
static uint32_t next_frame(grouper *g, uint32_t *first_left) {
    uint32_t frame;
    while (px_heap_pop(&g->inside, &frame) || px_heap_pop(&g->outside, &frame))
        if (g->groups[frame] == NO_GROUP)
            return frame;
    while (g->groups[*first_left] != NO_GROUP)
        ++*first_left;
    return *first_left;
}

static void grow_groups(grouper *g, uint32_t *members) {
    uint32_t first_left = 0;
    for (uint32_t n = 0, start = 0; n < g->count; n++) {
        const uint32_t frame = next_frame(g, &first_left);
        g->groups[frame] = (uint32_t)(n / g->size);
        members[n] = frame;
        offer(g, &g->inside, frame);
        if ((n + 1) % g->size)
            continue;
        g->inside.count = 0;
        for (; start <= n; start++)
            offer(g, &g->outside, members[start]);
    }
}

static double total_gain(const grouper *g) {
    double gain = 0;
    for (uint32_t frame = 0; frame < g->count; frame++)
        gain += gain_in_group(g, frame);
    return gain;
}

static int compare_frames(const void *a, const void *b) {
    const uint32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void group(grouper *g, uint32_t *order) {
    for (uint32_t frame = 0; frame < g->count; frame++)
        g->groups[frame] = NO_GROUP;
    grow_groups(g, order);
    const double grown = total_gain(g);
    for (uint32_t frame = 0; frame < g->count; frame++)
        g->groups[frame] = (uint32_t)(frame / g->size);
    if (grown > CLEARLY * total_gain(g)) {
        for (size_t start = 0; start < g->count; start += g->size) {
            const size_t left = g->count - start;
            qsort(order + start, left < g->size ? left : g->size, sizeof *order, compare_frames);
        }
    } else {
        for (uint32_t frame = 0; frame < g->count; frame++)
            order[frame] = frame;
    }
}

static prism_status find_graph(px_similarity_graph *graph, const px_signatures *s, int effort,
                               prism_error *error) {
    px_conditional_cost cost;
    prism_status status = px_conditional_make(&cost, s, error);
    if (status != PRISM_OK)
        return status;
    status = px_similarity_graph_make(graph, &cost, effort, error);
    px_conditional_free(&cost);
    return status;
}

prism_status px_stack_group(uint32_t *order, const px_signatures *s, size_t size, int effort,
                            prism_error *error) {
    px_similarity_graph graph;
    prism_status status = find_graph(&graph, s, effort, error);
    if (status != PRISM_OK)
        return status;
    grouper g = {.graph = &graph, .count = s->count, .size = size};
    g.groups = px_alloc(s->count, sizeof *g.groups);
    status = px_heap_alloc(&g.inside, graph.first[s->count], error);
    if (status == PRISM_OK)
        status = px_heap_alloc(&g.outside, graph.first[s->count], error);
    if (status == PRISM_OK && !g.groups)
        status = px_out_of_memory(error, s->count * sizeof *g.groups);
    if (status == PRISM_OK)
        group(&g, order);
    free(g.groups);
    px_heap_free(&g.inside);
    px_heap_free(&g.outside);
    px_similarity_graph_free(&graph);
    return status;
}
