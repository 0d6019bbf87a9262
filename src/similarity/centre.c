/* The middle of the tree of strongest links. */
#include <stdlib.h>

#include "base/heap.h"
#include "base/status.h"
#include "similarity/candidate_plan.h"

typedef struct node {
    uint32_t parent;
    bool reached;
    float gain;                  /* of the best link to a reached frame */
    uint32_t deepest, runner_up; /* longest ways down through different children */
    uint32_t up;                 /* longest way by the parent */
} node;

typedef struct tree {
    node *nodes;     /* [count] */
    uint32_t *order; /* [count], parents before children */
} tree;

static void reach(tree *t, const px_scene *scene, px_heap *heap, uint32_t frame) {
    const px_similarity_graph *graph = scene->graph;
    t->nodes[frame].reached = true;
    for (size_t l = graph->first[frame]; l < graph->first[frame + 1]; l++) {
        const px_link *link = &graph->links[l];
        node *other = &t->nodes[link->frame];
        if (other->reached || link->gain <= other->gain)
            continue;
        other->gain = link->gain;
        other->parent = frame;
        px_heap_push(heap, link->gain, link->frame);
    }
}

/* Frames that no gain ties to others become children of the first one. */
static void grow_tree(tree *t, const px_scene *scene, px_heap *heap) {
    const size_t count = px_scene_count(scene);
    size_t reached = 0;
    for (uint32_t seed = 0; reached < count; seed++) {
        uint32_t frame = seed;
        for (bool found = true; found; found = px_heap_pop(heap, &frame)) {
            if (t->nodes[frame].reached)
                continue;
            t->order[reached++] = frame;
            reach(t, scene, heap, frame);
        }
    }
}

static uint32_t larger(uint32_t a, uint32_t b) {
    return a > b ? a : b;
}

/* The root is its own parent. */
static uint32_t centre_of(tree *t, size_t count) {
    for (size_t i = count; i-- > 1;) {
        const node *child = &t->nodes[t->order[i]];
        node *parent = &t->nodes[child->parent];
        uint32_t depth = child->deepest + 1;
        parent->runner_up =
            larger(parent->runner_up, depth < parent->deepest ? depth : parent->deepest);
        parent->deepest = larger(parent->deepest, depth);
    }
    uint32_t centre = t->order[0], least = t->nodes[centre].deepest;
    for (size_t i = 1; i < count; i++) {
        node *child = &t->nodes[t->order[i]];
        const node *parent = &t->nodes[child->parent];
        bool on_deepest = parent->deepest == child->deepest + 1;
        child->up = 1 + larger(parent->up, on_deepest ? parent->runner_up : parent->deepest);
        if (larger(child->up, child->deepest) < least) {
            least = larger(child->up, child->deepest);
            centre = t->order[i];
        }
    }
    return centre;
}

prism_status px_scene_centre(uint32_t *centre, const px_scene *scene, prism_error *error) {
    const size_t count = px_scene_count(scene);
    tree t = {.nodes = calloc(count, sizeof *t.nodes), .order = calloc(count, sizeof *t.order)};
    px_heap heap;
    prism_status status = px_heap_alloc(&heap, scene->graph->first[count], error);
    if (status == PRISM_OK && t.nodes && t.order) {
        grow_tree(&t, scene, &heap);
        *centre = centre_of(&t, count);
    } else if (status == PRISM_OK) {
        status = px_out_of_memory(error, count * sizeof *t.nodes);
    }
    px_heap_free(&heap);
    free(t.nodes);
    free(t.order);
    return status;
}
