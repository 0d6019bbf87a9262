#include "lossy/wavelet_trellis.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/sizes.h"
#include "base/status.h"
#include "lossy/wavelet_coder.h"
#include "lossy/wavelet_fit.h"

enum {
    STATES = 4,
    CANDIDATES = 3,
    NEAR = 4 /* 0 is tried instead of so many steps */
};

/* How a path came to a state. */
typedef struct arrival {
    int32_t steps;
    px_quantiser_state from;
} arrival;

/* The best one that ends in a state. */
typedef struct path {
    float cost;
    px_trellis_west west;
} path;

struct px_trellis {
    px_trellis_place *places;    /* [width] */
    arrival (*arrivals)[STATES]; /* [width] */
    int32_t *steps;              /* [width] */
    path paths[STATES], next[STATES];
};

prism_status px_trellis_make(px_trellis **trellis, size_t width, prism_error *error) {
    px_trellis *t = *trellis = px_alloc_zeroed(sizeof *t);
    if (!t)
        return px_out_of_memory(error, sizeof *t);
    t->places = px_alloc(width, sizeof *t->places);
    t->arrivals = px_alloc(width, sizeof *t->arrivals);
    t->steps = px_alloc(width, sizeof *t->steps);
    return t->places && t->arrivals && t->steps
               ? PRISM_OK
               : px_out_of_memory(error, px_product(width, sizeof *t->places));
}

void px_trellis_free(px_trellis *t) {
    if (!t)
        return;
    free(t->places);
    free(t->arrivals);
    free(t->steps);
    free(t);
}

px_trellis_place *px_trellis_places(px_trellis *t) {
    return t->places;
}

void px_trellis_look_west(px_wavelet_site *s, const px_trellis_west *west) {
    s->features[0] = west->halves * PX_MAGNITUDE_HALF;
    s->features[3] += west->far * PX_MAGNITUDE_HALF;
    s->features[12] = west->average >> 8;
}

/* The two numbers around it, and 0: of each parity there is one. */
static int find_candidates(int32_t *steps, float size, int quantiser) {
    const int32_t below = (int32_t)(size + (quantiser ? 0.5f : 0));
    int count = 0;
    if (below > 0 && below <= NEAR)
        steps[count++] = 0;
    steps[count++] = below;
    steps[count++] = below + 1;
    return count;
}

static px_trellis_west west_after(const px_trellis_west *west, int32_t coefficient,
                                  int32_t halves) {
    const int32_t kept = halves < PX_LAST_HALVES ? halves : PX_LAST_HALVES;
    return (px_trellis_west){.coefficient = coefficient < -PX_FIT_LIMIT  ? -PX_FIT_LIMIT
                                            : coefficient > PX_FIT_LIMIT ? PX_FIT_LIMIT
                                                                         : coefficient,
                             .halves = kept,
                             .far = west->halves,
                             .average = px_wavelet_average(west->average, west->seen, kept),
                             .seen = west->seen + 1};
}

/* All ways on from the best path to `state`. */
static void go_on(px_trellis *t, px_wavelet_models *models, size_t at, px_quantiser_state state,
                  int32_t weight, float bit) {
    const px_trellis_place *place = &t->places[at];
    const path *from = &t->paths[state];
    const int32_t predicted =
        px_wavelet_fit_rounded(place->predicted + (int64_t)weight * from->west.coefficient);
    const float rest = place->number - (float)predicted * (1.0f / PX_COEFFICIENT_ONE);
    const float size = fabsf(rest);
    int32_t steps[CANDIDATES];
    float bits[CANDIDATES];
    px_wavelet_site site = place->site;
    site.quantiser = px_quantiser_of(state);
    px_trellis_look_west(&site, &from->west);
    px_wavelet_expect(models, &site);
    const int count = find_candidates(steps, size, site.quantiser);
    px_wavelet_costs(models, &site, steps, count, bits);
    for (int i = 0; i < count; i++) {
        const int32_t halves = px_halves_of(site.quantiser, steps[i]);
        const float error = size - (float)halves / 2;
        const float cost = from->cost + error * error + bit * bits[i];
        const px_quantiser_state to = px_quantiser_next(state, steps[i]);
        if (!(cost < t->next[to].cost))
            continue;
        const int32_t value = halves * (PX_COEFFICIENT_ONE / 2);
        t->arrivals[at][to] = (arrival){rest < 0 ? -steps[i] : steps[i], state};
        t->next[to] =
            (path){cost, west_after(&from->west, predicted + (rest < 0 ? -value : value), halves)};
    }
}

static void trace_back(px_trellis *t, size_t count) {
    px_quantiser_state state = 0;
    for (int i = 1; i < STATES; i++)
        if (t->paths[i].cost < t->paths[state].cost)
            state = (px_quantiser_state)i;
    for (size_t at = count; at-- > 0;) {
        t->steps[at] = t->arrivals[at][state].steps;
        state = t->arrivals[at][state].from;
    }
}

const int32_t *px_trellis_run(px_trellis *t, px_wavelet_models *models, size_t count,
                              px_quantiser_state state, const px_trellis_west *west, int32_t weight,
                              float bit) {
    for (int i = 0; i < STATES; i++)
        t->paths[i] = (path){i == state ? 0 : HUGE_VALF, *west};
    for (size_t at = 0; at < count; at++) {
        for (int i = 0; i < STATES; i++)
            t->next[i].cost = HUGE_VALF;
        for (int i = 0; i < STATES; i++)
            if (t->paths[i].cost < HUGE_VALF)
                go_on(t, models, at, (px_quantiser_state)i, weight, bit);
        memcpy(t->paths, t->next, sizeof t->paths);
    }
    trace_back(t, count);
    return t->steps;
}
