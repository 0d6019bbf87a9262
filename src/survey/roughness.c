#include "survey/roughness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/low_discrepancy.h"

enum {
    MOST_PLACES = 1 << 14,
    SHARE = 16 /* of the elements are looked at in small arrays */
};

enum { LEAST_SIDE = 16 }; /* shorter ones may be channels, which differ even where nothing is */

/* Of standard deviations. */
static const double CLEAR = 4;

/* Some indices along each axis; their combinations are the places. How many there are depends on
 * the lengths of axes only, not on their order. */
typedef struct grid {
    size_t counts[PRISM_MAX_RANK], steps[PRISM_MAX_RANK]; /* bytes from an index to the next */
    const prism_array *array;
    const uint8_t *elements;
    const px_gaps *mask; /* NULL: there are data everywhere */
    const px_number *number;
    bool swapped;       /* in the other byte order */
    uint32_t long_axes; /* a bit for each that is no shorter than LEAST_SIDE */
} grid;

static double places_of(const grid *g, size_t most) {
    double places = 1;
    for (unsigned i = 0; i < g->array->rank; i++)
        places *= (double)(g->counts[i] < most ? g->counts[i] : most);
    return places;
}

static void grid_make(grid *g, const prism_array *array, const void *elements) {
    const px_number *number = px_number_of(array->type);
    size_t step = number->size, most = 2;
    const double all = (double)px_array_count(array);
    const double limit = all / SHARE < MOST_PLACES ? all / SHARE : MOST_PLACES;
    *g = (grid){
        .array = array, .elements = elements, .number = number, .swapped = px_is_swapped(array)};
    for (unsigned i = array->rank; i-- > 0; step *= (size_t)array->dims[i]) {
        g->steps[i] = step;
        g->counts[i] = (size_t)array->dims[i];
        g->long_axes |= (uint32_t)(array->dims[i] >= LEAST_SIDE) << i;
    }
    while (most < MOST_PLACES && places_of(g, most * 5 / 4 + 1) <= limit)
        most = most * 5 / 4 + 1;
    for (unsigned i = 0; i < array->rank; i++)
        g->counts[i] = g->counts[i] < most ? g->counts[i] : most;
}

/* Not the first, which has no neighbour before it. */
static size_t index_of(const grid *g, unsigned axis, size_t i) {
    const size_t length = (size_t)g->array->dims[axis], step = length / g->counts[axis];
    const size_t index = px_low_discrepancy(i, step ? step : 1);
    return index ? index : length > 1;
}

static int32_t value_at(const grid *g, const uint8_t *at) {
    if (g->number->size == 1)
        return g->number->is_signed ? (int8_t)*at : *at;
    uint16_t bits;
    memcpy(&bits, at, sizeof bits);
    bits = g->swapped ? __builtin_bswap16(bits) : bits;
    return g->number->is_signed ? (int16_t)bits : bits;
}

static unsigned bits_of(int32_t difference) {
    return difference ? 32 - (unsigned)__builtin_clz((uint32_t)abs(difference)) : 0;
}

/* The first axis along which the next place has another index; the rank after the last place. */
static unsigned next_place(size_t at[PRISM_MAX_RANK], const grid *g) {
    for (unsigned i = g->array->rank; i-- > 0; at[i] = 0)
        if (++at[i] < g->counts[i])
            return i;
    return g->array->rank;
}

typedef struct sums {
    uint64_t bits[PRISM_MAX_RANK], squares[PRISM_MAX_RANK];
    uint64_t places[PRISM_MAX_RANK]; /* that differ from one before them along another long axis, */
    uint64_t moved[PRISM_MAX_RANK];  /* and along this one, too */
} sums;

/* Whether both elements have data: what stands elsewhere depends on the order of axes. */
static bool has_data(const grid *g, const uint8_t *place, const uint8_t *before) {
    const size_t size = g->number->size;
    return !g->mask || (!px_gaps_at(g->mask, g->array, (size_t)(place - g->elements) / size) &&
                        !px_gaps_at(g->mask, g->array, (size_t)(before - g->elements) / size));
}

/* `differs`: the axes along which a place differs from the one before it. */
static void add_movement(sums *all, const grid *g, uint32_t differs) {
    const uint32_t along = differs & g->long_axes;
    if (!along)
        return;
    for (unsigned i = 0; i < g->array->rank; i++) {
        const uint32_t axis = UINT32_C(1) << i;
        all->places[i] += (along & ~axis) != 0;
        all->moved[i] += (along & ~axis) && (differs & axis);
    }
}

/* Sums over all places, which do not depend on the order in which these come. */
static void add_places(sums *all, const grid *g) {
    const unsigned rank = g->array->rank;
    const uint8_t *places[PRISM_MAX_RANK + 1] = {g->elements}; /* by the axes before each */
    size_t at[PRISM_MAX_RANK] = {0};
    for (unsigned changed = 0; changed < rank; changed = next_place(at, g)) {
        for (unsigned i = changed; i < rank; i++)
            places[i + 1] = places[i] + index_of(g, i, at[i]) * g->steps[i];
        const uint8_t *place = places[rank];
        const int32_t value = value_at(g, place);
        uint32_t differs = 0;
        for (unsigned i = 0; i < rank; i++)
            if (g->array->dims[i] > 1 && has_data(g, place, place - g->steps[i])) {
                const unsigned bits = bits_of(value - value_at(g, place - g->steps[i]));
                all->bits[i] += bits;
                all->squares[i] += bits * bits;
                differs |= (uint32_t)(bits > 0) << i;
            }
        add_movement(all, g, differs);
    }
}

px_roughness px_roughness_of(const prism_array *array, const void *elements, const px_gaps *mask) {
    sums all = {.bits = {0}};
    px_roughness r = {.axes = {0}};
    grid g;
    grid_make(&g, array, elements);
    g.mask = mask;
    add_places(&all, &g);
    for (unsigned i = 0; i < array->rank; i++) {
        unsigned k = i;
        for (; k > 0; k--) {
            const int before = r.axes[k - 1];
            if (all.bits[before] > all.bits[i] ||
                (all.bits[before] == all.bits[i] && array->dims[before] <= array->dims[i]))
                break;
            r.axes[k] = before;
        }
        r.axes[k] = (int)i;
    }
    for (unsigned i = 0; i < array->rank; i++) {
        r.bits[i] = (double)all.bits[r.axes[i]];
        r.variance[i] = (double)all.squares[r.axes[i]];
        r.moved[i] = (double)(all.moved[r.axes[i]] + 1) / (double)(all.places[r.axes[i]] + 1);
    }
    return r;
}

bool px_is_smoother(const px_roughness *roughness, unsigned a, unsigned b) {
    const double difference = roughness->bits[b] - roughness->bits[a];
    return difference > 0 && difference * difference >
                                 CLEAR * CLEAR * (roughness->variance[a] + roughness->variance[b]);
}
