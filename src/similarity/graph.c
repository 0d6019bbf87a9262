/*
 * Hashes and thumbnails of all frames are compared in small stacks, in large ones those of frames
 * that are near each other in the stack or when sorted by one of the hashes. The best few of each
 * frame are measured, with its neighbours in the stack.
 */
#include "similarity/graph.h"

#include <stdlib.h>

#include "base/effort.h"
#include "base/sizes.h"
#include "base/status.h"

enum {
    ALL_PAIRS = 4096, /* frames up to which all pairs are compared */
    WINDOW = 64,      /* else so many on either side */
    NEIGHBOURS = 3,   /* on either side in the stack that are measured in any case */
    MAX_BEST = 8
};

/* The frames that look most like one frame, the best first. */
typedef struct shortlist {
    uint32_t frames[MAX_BEST];
    uint32_t distances[MAX_BEST];
    uint32_t count;
} shortlist;

typedef struct search {
    const px_signatures *s;
    shortlist *by_thumbnail, *by_hash; /* [count] each */
    uint32_t thumbnails, hashes;       /* lengths of the lists */
} search;

static void shortlist_add(shortlist *list, uint32_t length, uint32_t frame, uint32_t distance) {
    uint32_t at = list->count;
    if (at == length && distance >= list->distances[at - 1])
        return;
    for (uint32_t i = 0; i < at; i++) /* sorted by several hashes, a frame is met more than once */
        if (list->frames[i] == frame)
            return;
    list->count += at < length;
    at -= at == length;
    for (; at && list->distances[at - 1] > distance; at--) {
        list->frames[at] = list->frames[at - 1];
        list->distances[at] = list->distances[at - 1];
    }
    list->frames[at] = frame;
    list->distances[at] = distance;
}

/* The least distance that is too large for the list. */
static uint32_t too_far(const shortlist *list, uint32_t length) {
    return list->count < length ? UINT32_MAX : list->distances[length - 1];
}

static void compare(search *q, uint32_t a, uint32_t b) {
    const uint32_t of_a = too_far(&q->by_thumbnail[a], q->thumbnails);
    const uint32_t of_b = too_far(&q->by_thumbnail[b], q->thumbnails);
    uint32_t distance = px_thumbnail_distance(q->s, a, b, of_a > of_b ? of_a : of_b);
    shortlist_add(&q->by_thumbnail[a], q->thumbnails, b, distance);
    shortlist_add(&q->by_thumbnail[b], q->thumbnails, a, distance);
    distance = px_hash_distance(&q->s->hashes[a], &q->s->hashes[b]);
    shortlist_add(&q->by_hash[a], q->hashes, b, distance);
    shortlist_add(&q->by_hash[b], q->hashes, a, distance);
}

/* A frame in an order; `hash` is what it is sorted by. */
typedef struct place {
    uint64_t hash;
    uint32_t frame;
} place;

static int compare_places(const void *a, const void *b) {
    const place *x = a, *y = b;
    return x->hash != y->hash ? (x->hash > y->hash) - (x->hash < y->hash)
                              : (x->frame > y->frame) - (x->frame < y->frame);
}

static void compare_near(search *q, place *places, size_t window) {
    const size_t count = q->s->count;
    qsort(places, count, sizeof *places, compare_places);
    for (size_t i = 0; i < count; i++)
        for (size_t j = i + 1; j < count && j <= i + window; j++)
            compare(q, places[i].frame, places[j].frame);
}

static void fill_shortlists(search *q, place *places) {
    const size_t count = q->s->count;
    const int orders = count <= ALL_PAIRS ? 1 : 4;
    for (int order = 0; order < orders; order++) {
        for (size_t i = 0; i < count; i++) {
            const px_hashes *h = &q->s->hashes[i];
            const uint64_t hashes[] = {i, h->average, h->difference, h->dct};
            places[i] = (place){hashes[order], (uint32_t)i};
        }
        compare_near(q, places, count <= ALL_PAIRS ? count : WINDOW);
    }
}

/* ---- Pairs and links ---- */

static uint64_t pair_of(uint32_t a, uint32_t b) {
    return a < b ? (uint64_t)a << 32 | b : (uint64_t)b << 32 | a;
}

static int compare_pairs(const void *a, const void *b) {
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

enum { MOST_PAIRS = 2 * MAX_BEST + NEIGHBOURS }; /* that a frame may add */

/* Sorted, each once; returns how many. */
static size_t list_pairs(const search *q, uint64_t *pairs) {
    const size_t count = q->s->count;
    size_t n = 0, kept = 0;
    for (uint32_t f = 0; f < count; f++) {
        for (uint32_t i = 0; i < q->by_thumbnail[f].count; i++)
            pairs[n++] = pair_of(f, q->by_thumbnail[f].frames[i]);
        for (uint32_t i = 0; i < q->by_hash[f].count; i++)
            pairs[n++] = pair_of(f, q->by_hash[f].frames[i]);
        for (uint32_t i = 1; i <= NEIGHBOURS && f + i < count; i++)
            pairs[n++] = pair_of(f, f + i);
    }
    qsort(pairs, n, sizeof *pairs, compare_pairs);
    for (size_t i = 0; i < n; i++)
        if (!kept || pairs[kept - 1] != pairs[i])
            pairs[kept++] = pairs[i];
    return kept;
}

static int compare_links(const void *a, const void *b) {
    const px_link *x = a, *y = b;
    return x->gain != y->gain ? (x->gain < y->gain) - (x->gain > y->gain)
                              : (x->frame > y->frame) - (x->frame < y->frame);
}

static prism_status measure(px_similarity_graph *graph, px_conditional_cost *cost,
                            const uint64_t *pairs, size_t n, prism_error *error) {
    const px_signatures *s = cost->s;
    graph->first = calloc(s->count + 2, sizeof *graph->first);
    graph->links = px_alloc(px_sum(px_product(2, n), 1), sizeof *graph->links);
    if (!graph->first || !graph->links)
        return px_out_of_memory(error, 2 * n * sizeof *graph->links);
    size_t *next = graph->first + 1; /* ends up as `first` of the frame after */
    for (size_t i = 0; i < n; i++) {
        next[(pairs[i] >> 32) + 1]++;
        next[(uint32_t)pairs[i] + 1]++;
    }
    for (size_t f = 1; f <= s->count; f++)
        next[f] += next[f - 1];
    for (size_t i = 0; i < n; i++) {
        uint32_t a = (uint32_t)(pairs[i] >> 32), b = (uint32_t)pairs[i];
        float gain = (float)(cost->alone[a] - px_bits_given(cost, a, &b, 1));
        graph->links[next[a]++] = (px_link){b, gain};
        graph->links[next[b]++] = (px_link){a, gain};
    }
    for (size_t f = 0; f < s->count; f++)
        qsort(graph->links + graph->first[f], graph->first[f + 1] - graph->first[f],
              sizeof *graph->links, compare_links);
    return PRISM_OK;
}

prism_status px_similarity_graph_make(px_similarity_graph *graph, px_conditional_cost *cost,
                                      int effort, prism_error *error) {
    const px_signatures *s = cost->s;
    const uint32_t best = px_efforts.candidates[effort];
    search q = {.s = s, .thumbnails = best, .hashes = best / 2};
    *graph = (px_similarity_graph){NULL, NULL};
    q.by_thumbnail = calloc(s->count, sizeof *q.by_thumbnail);
    q.by_hash = calloc(s->count, sizeof *q.by_hash);
    uint64_t *pairs = px_alloc(s->count, MOST_PAIRS, sizeof *pairs);
    place *places = px_alloc(s->count, sizeof *places);
    prism_status status = PRISM_OK;
    if (q.by_thumbnail && q.by_hash && pairs && places) {
        fill_shortlists(&q, places);
        status = measure(graph, cost, pairs, list_pairs(&q, pairs), error);
    } else {
        status = px_out_of_memory(error, s->count * MOST_PAIRS * sizeof *pairs);
    }
    free(q.by_thumbnail);
    free(q.by_hash);
    free(pairs);
    free(places);
    if (status != PRISM_OK)
        px_similarity_graph_free(graph);
    return status;
}

void px_similarity_graph_free(px_similarity_graph *graph) {
    free(graph->first);
    free(graph->links);
    *graph = (px_similarity_graph){NULL, NULL};
}
