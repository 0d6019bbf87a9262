/* Plans of the different frames of a stack, in one order or another. Internal. */
#ifndef PX_SIMILARITY_CANDIDATE_PLAN_H
#define PX_SIMILARITY_CANDIDATE_PLAN_H

#include "similarity/graph.h"
#include "similarity/plan.h"

/* What candidate plans are made from. */
typedef struct px_scene {
    px_conditional_cost *cost;
    const px_similarity_graph *graph;
    const bool *repeated; /* [count]: a duplicate will need the frame, too */
} px_scene;

static inline size_t px_scene_count(const px_scene *scene) {
    return scene->cost->s->count;
}

/* `planes` of the plan are frames of the scene; none are duplicates. */
typedef struct px_candidate_plan {
    px_stack_plan plan;
    double bits; /* for the samples of the signatures */
} px_candidate_plan;

/* In a given order. */
prism_status px_candidate_plan_in_order(px_candidate_plan *candidate, const px_scene *scene,
                                        const uint32_t *order, prism_error *error);

/* From `root` along the strongest links. */
prism_status px_candidate_plan_along_links(px_candidate_plan *candidate, const px_scene *scene,
                                           uint32_t root, prism_error *error);

void px_candidate_plan_free(px_candidate_plan *candidate);

/* The frame in the middle of the tree of strongest links: chains from it are short. */
prism_status px_scene_centre(uint32_t *centre, const px_scene *scene, prism_error *error);

#endif
