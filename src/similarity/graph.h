/* Which frames of a stack are alike, and how much they tell of each other. Internal. */
#ifndef PX_SIMILARITY_GRAPH_H
#define PX_SIMILARITY_GRAPH_H

#include "similarity/conditional_cost.h"

typedef struct px_link {
    uint32_t frame;
    float gain; /* bits saved if one of the two frames is known when the other is coded */
} px_link;

/* The links of frame f are links[first[f]] .. links[first[f + 1] - 1], the best one first. Every
 * link is there from both of its ends. */
typedef struct px_similarity_graph {
    size_t *first;  /* [count + 1] */
    px_link *links; /* owned, like `first` */
} px_similarity_graph;

/* Finds the frames that may be alike by hash and thumbnail and measures those pairs. */
prism_status px_similarity_graph_make(px_similarity_graph *graph, px_conditional_cost *cost,
                                      int effort, prism_error *error);
void px_similarity_graph_free(px_similarity_graph *graph);

#endif
