#include "mapping/colour_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/low_discrepancy.h"
#include "base/sizes.h"
#include "base/status.h"
#include "mapping/bit_patterns.h"
#include "planes/planes.h"

/* ---- Colours as they come ---- */

/* How colours lie in an array. */
typedef struct view {
    px_layout layout;
    const uint8_t *elements;
    size_t size, positions; /* of an element; of the array */
} view;

static view view_of(const prism_array *array, int axis, const void *elements) {
    const px_layout layout = px_layout_make(array, axis);
    return (view){layout, elements, prism_type_size(array->type), layout.outer * layout.inner};
}

/* Bytes of the elements of a position, one after the other. */
static void take(uint8_t *colour, const view *v, size_t position) {
    const px_layout *l = &v->layout;
    const uint8_t *from =
        v->elements + (position / l->inner * l->count * l->inner + position % l->inner) * v->size;
    for (size_t k = 0; k < l->count; k++)
        for (size_t b = 0; b < v->size; b++)
            colour[k * v->size + b] = from[k * l->inner * v->size + b];
}

typedef struct collection {
    size_t bytes, count, most; /* of a colour; of colours */
    unsigned bits;             /* of the number of slots, of which at most half are taken */
    uint32_t *slots;           /* a colour's number + 1, or 0 */
    uint8_t *colours;          /* [most + 1]: the last one is being looked for */
} collection;

static void collection_free(collection *c) {
    free(c->slots);
    free(c->colours);
}

static prism_status collection_make(collection *c, size_t bytes, size_t most, prism_error *error) {
    *c = (collection){.bytes = bytes, .most = most, .bits = 4};
    while ((size_t)1 << c->bits < 2 * most)
        c->bits++;
    c->slots = px_alloc_zeroed((size_t)1 << c->bits, sizeof *c->slots);
    c->colours = px_alloc(most + 1, bytes);
    if (c->slots && c->colours)
        return PRISM_OK;
    collection_free(c);
    return px_out_of_memory(error, px_product(most + 1, bytes));
}

static size_t slot_of(const collection *c, const uint8_t *colour) {
    uint64_t hash = 0;
    for (size_t i = 0; i < c->bytes; i++)
        hash = (hash ^ colour[i]) * 0x9e3779b97f4a7c15u;
    return (size_t)(hash >> (64 - c->bits));
}

/* The number of a colour, which may be a new one: `most` where there is no room for it. */
static size_t number_of(collection *c, const uint8_t *colour) {
    const size_t mask = ((size_t)1 << c->bits) - 1;
    size_t slot = slot_of(c, colour);
    for (; c->slots[slot]; slot = (slot + 1) & mask)
        if (memcmp(c->colours + (c->slots[slot] - 1) * c->bytes, colour, c->bytes) == 0)
            return c->slots[slot] - 1;
    if (c->count == c->most)
        return c->most;
    memcpy(c->colours + c->count * c->bytes, colour, c->bytes);
    c->slots[slot] = (uint32_t)++c->count;
    return c->count - 1;
}

prism_status px_colours_seem_few(bool *few, const prism_array *array, int axis,
                                 const void *elements, prism_error *error) {
    enum { SHARE = 64, LEAST = 256, MOST = 4096 };
    const view v = view_of(array, axis, elements);
    const size_t wanted = (size_t)px_larger(px_smaller(v.positions / SHARE, MOST), LEAST);
    const size_t picks = px_smaller(v.positions, wanted), step = v.positions / picks;
    uint8_t colour[PX_MOST_COLOUR_PLANES * sizeof(uint64_t)];
    collection c;
    prism_status status = collection_make(&c, v.layout.count * v.size, picks * 3 / 4, error);
    *few = status == PRISM_OK;
    for (size_t i = 0; i < picks && *few; i++) {
        take(colour, &v, px_low_discrepancy(i, step));
        *few = number_of(&c, colour) < c.most;
    }
    if (status == PRISM_OK)
        collection_free(&c);
    return status;
}

/* Numbers of all positions, in the order in which colours come first: false if there are too many.
 */
static bool collect(collection *c, uint16_t *numbers, const view *v) {
    uint8_t *colour = c->colours + c->most * c->bytes;
    const uint8_t *last = NULL;
    for (size_t p = 0; p < v->positions; p++) {
        take(colour, v, p);
        if (last && memcmp(last, colour, c->bytes) == 0) {
            numbers[p] = numbers[p - 1];
            continue;
        }
        const size_t number = number_of(c, colour);
        if (number == c->most)
            return false;
        numbers[p] = (uint16_t)number;
        last = c->colours + number * c->bytes;
    }
    return true;
}

/* ---- In ascending order ---- */

typedef struct entry {
    const uint8_t *colour;
    const view *view;
    const px_number *type;
    bool swapped;
    uint32_t number;
} entry;

static uint64_t rank_of(const entry *e, size_t k) {
    return px_word_rank(px_word_at(e->colour, k, e->view->size, e->swapped), e->type);
}

static int compare_entries(const void *a, const void *b) {
    const entry *first = a, *second = b;
    for (size_t k = 0; k < first->view->layout.count; k++) {
        const uint64_t x = rank_of(first, k), y = rank_of(second, k);
        if (x != y)
            return x < y ? -1 : 1;
    }
    return 0;
}

/* The table, and order[number] = place in it. */
static prism_status sort_colours(px_colour_set *set, uint16_t *order, const collection *c,
                                 const view *v, prism_error *error) {
    entry *entries = px_alloc(c->count, sizeof *entries);
    set->colours = px_alloc(c->count, c->bytes);
    if (!entries || !set->colours) {
        free(entries);
        return px_out_of_memory(error, px_product(c->count, sizeof *entries));
    }
    for (size_t i = 0; i < c->count; i++)
        entries[i] = (entry){c->colours + i * c->bytes, v, px_number_of(set->table.type),
                             px_is_swapped(&set->table), (uint32_t)i};
    qsort(entries, c->count, sizeof *entries, compare_entries);
    for (size_t i = 0; i < c->count; i++) {
        order[entries[i].number] = (uint16_t)i;
        for (size_t k = 0; k < v->layout.count; k++)
            memcpy((uint8_t *)set->colours + (k * c->count + i) * v->size,
                   entries[i].colour + k * v->size, v->size);
    }
    free(entries);
    return PRISM_OK;
}

/* Chunks within chunks are little-endian on every machine. */
static prism_status put_places(px_colour_set *set, const uint16_t *numbers, const uint16_t *order,
                               size_t positions, prism_error *error) {
    const size_t size = prism_type_size(set->numbers.type);
    const bool swapped = px_native_order() != PRISM_LITTLE_ENDIAN;
    set->places = px_alloc(positions, size);
    if (!set->places)
        return px_out_of_memory(error, px_product(positions, size));
    for (size_t p = 0; p < positions; p++) {
        px_word_put(set->places, p, size, swapped, order[numbers[p]]);
        set->changes += p > 0 && numbers[p] != numbers[p - 1];
    }
    return PRISM_OK;
}

static prism_status set_fill(px_colour_set *set, const prism_array *array, const collection *c,
                             const uint16_t *numbers, const view *v, prism_error *error) {
    uint16_t *order = px_alloc(c->count, sizeof *order);
    if (!order)
        return px_out_of_memory(error, px_product(c->count, sizeof *order));
    set->table = (prism_array){
        .type = array->type, .order = array->order, .rank = 2, .dims = {v->layout.count, c->count}};
    set->numbers.type = c->count <= UINT8_MAX + 1 ? PRISM_UINT8 : PRISM_UINT16;
    set->numbers.order = PRISM_LITTLE_ENDIAN;
    prism_status status = sort_colours(set, order, c, v, error);
    if (status == PRISM_OK)
        status = put_places(set, numbers, order, v->positions, error);
    free(order);
    return status;
}

prism_status px_colour_set_make(px_colour_set *set, const prism_array *array, int axis,
                                const void *elements, size_t most, prism_error *error) {
    const view v = view_of(array, axis, elements);
    collection c;
    *set = (px_colour_set){.axis = axis, .numbers = *array};
    set->numbers.dims[axis] = 1;
    uint16_t *numbers = px_alloc(v.positions, sizeof *numbers);
    if (!numbers)
        return px_out_of_memory(error, px_product(v.positions, sizeof *numbers));
    prism_status status =
        collection_make(&c, v.layout.count * v.size, px_smaller(most, PX_MOST_COLOURS), error);
    if (status == PRISM_OK) {
        if (collect(&c, numbers, &v))
            status = set_fill(set, array, &c, numbers, &v, error);
        collection_free(&c);
    }
    free(numbers);
    if (status != PRISM_OK)
        px_colour_set_free(set);
    return status;
}

void px_colour_set_free(px_colour_set *set) {
    free(set->colours);
    free(set->places);
    set->colours = set->places = NULL;
}
