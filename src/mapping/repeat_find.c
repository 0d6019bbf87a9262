#include "mapping/repeat_find.h"

#include <math.h>
#include <stdlib.h>

#include "base/low_discrepancy.h"
#include "base/sizes.h"
#include "base/status.h"
#include "planes/planes.h"

/* ---- Slices ---- */

enum {
    LEAST_SLICE = 16, /* elements; what is shorter is left to coders */
    FEW = 1 << 10     /* slices, of which all are looked at */
};

/* So many of the indices may be kept, with those whose slices are of one value: coders get these
 * for next to nothing. */
static const double MOST_KEPT = 0.75;

static uint64_t mixed(uint64_t hash, uint64_t word) {
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 32;
}

/* Of so many elements of a slice. One of one value is like no other. */
static uint64_t probe(const prism_array *array, const px_layout *layout, const uint8_t *elements,
                      size_t slice, size_t picks) {
    const size_t size = prism_type_size(array->type);
    const size_t step = layout->outer * layout->inner / picks;
    uint64_t hash = 0, first = 0;
    bool constant = true;
    for (size_t i = 0; i < picks; i++) {
        const size_t at = px_low_discrepancy(i, step);
        const size_t place = (at / layout->inner * layout->count + slice) * layout->inner;
        const uint64_t word = px_word_at(elements, place + at % layout->inner, size, false);
        first = i ? first : word;
        constant &= word == first;
        hash = mixed(hash, word);
    }
    return constant ? mixed(slice, UINT64_MAX) : hash;
}

static uint64_t hash_run(uint64_t hash, const uint8_t *bytes, size_t size) {
    uint64_t word = 0;
    for (; size >= sizeof word; size -= sizeof word, bytes += sizeof word) {
        memcpy(&word, bytes, sizeof word);
        hash = mixed(hash, word);
    }
    word = 0;
    memcpy(&word, bytes, size);
    return mixed(hash, word);
}

/* Of all slices. */
static void hash_slices(uint64_t *hashes, const prism_array *array, const px_layout *layout,
                        const uint8_t *elements) {
    const size_t size = prism_type_size(array->type), run = layout->inner * size;
    memset(hashes, 0, layout->count * sizeof *hashes);
    for (size_t o = 0; o < layout->outer; o++, elements += layout->count * run)
        for (size_t i = 0; i < layout->count; i++)
            hashes[i] = layout->inner == 1 ? mixed(hashes[i], px_word_at(elements, i, size, false))
                                           : hash_run(hashes[i], elements + i * run, run);
}

static bool is_of_one_value(const prism_array *array, const px_layout *layout,
                            const uint8_t *elements, size_t slice) {
    const size_t size = prism_type_size(array->type), run = layout->inner * size;
    const uint8_t *first = elements + slice * run;
    for (size_t o = 0; o < layout->outer; o++) {
        const uint8_t *at = elements + (o * layout->count + slice) * run;
        if (memcmp(at, first, size) != 0 || memcmp(at, at + size, run - size) != 0)
            return false;
    }
    return true;
}

/* Equal hashes as places among those that are different: how many these are. `slots`: 2 ^ bits. */
static size_t number_slices(uint32_t *places, const uint64_t *hashes, size_t count, uint32_t *slots,
                            int bits) {
    const size_t mask = ((size_t)1 << bits) - 1;
    size_t different = 0;
    memset(slots, 0, (mask + 1) * sizeof *slots);
    for (size_t i = 0; i < count; i++) {
        size_t slot = (size_t)(hashes[i] * 0x9e3779b97f4a7c15u >> (64 - bits));
        while (slots[slot] && hashes[slots[slot] - 1] != hashes[i])
            slot = (slot + 1) & mask;
        if (!slots[slot]) {
            slots[slot] = (uint32_t)i + 1;
            places[i] = (uint32_t)different++;
        } else {
            places[i] = places[slots[slot] - 1];
        }
    }
    return different;
}

typedef struct numbering {
    uint64_t *hashes;
    uint32_t *places, *slots;
    int bits;
} numbering;

static void numbering_free(numbering *n) {
    free(n->hashes);
    free(n->places);
    free(n->slots);
}

static prism_status numbering_make(numbering *n, size_t count, prism_error *error) {
    n->bits = (int)px_bit_length(2 * count);
    n->hashes = px_alloc(count, sizeof *n->hashes);
    n->places = px_alloc(count, sizeof *n->places);
    n->slots = px_alloc((size_t)1 << n->bits, sizeof *n->slots);
    if (n->hashes && n->places && n->slots)
        return PRISM_OK;
    numbering_free(n);
    *n = (numbering){.bits = 0};
    return px_out_of_memory(error, count * sizeof *n->hashes);
}

/* How many slices to look at: where each has a copy among all, some of these have theirs. */
static size_t picked_slices(size_t count) {
    enum { PAIRS = 32 };
    return count <= FEW ? count : px_smaller(count, FEW + PAIRS * (size_t)sqrt((double)count));
}

/* Whether some slices, by some elements of each, have copies as often as they must. */
static prism_status seem_equal(bool *seem, const prism_array *array, const px_layout *layout,
                               const uint8_t *elements, size_t elements_of_each,
                               prism_error *error) {
    const size_t picks = picked_slices(layout->count), step = layout->count / picks;
    const double share = (double)picks / (double)layout->count;
    numbering n;
    prism_status status = numbering_make(&n, picks, error);
    if (status != PRISM_OK)
        return status;
    for (size_t i = 0; i < picks; i++)
        n.hashes[i] = probe(array, layout, elements, px_low_discrepancy(i, step), elements_of_each);
    const size_t different = number_slices(n.places, n.hashes, picks, n.slots, n.bits);
    *seem = (double)different <= (double)picks * (1 - (1 - MOST_KEPT) * share / 2);
    numbering_free(&n);
    return PRISM_OK;
}

/* Slices of one value that are like one before. */
static size_t count_idle(const numbering *n, const prism_array *array, const px_layout *layout,
                         const void *elements) {
    size_t idle = 0;
    for (size_t i = 0, different = 0; i < layout->count; i++)
        if (n->places[i] == different)
            different++;
        else
            idle += is_of_one_value(array, layout, elements, i);
    return idle;
}

static prism_status number_all(px_repeat *step, const prism_array *array, const px_layout *layout,
                               const void *elements, prism_error *error) {
    numbering n;
    prism_status status = numbering_make(&n, layout->count, error);
    if (status != PRISM_OK)
        return status;
    hash_slices(n.hashes, array, layout, elements);
    step->kept = number_slices(n.places, n.hashes, layout->count, n.slots, n.bits);
    const size_t idle = count_idle(&n, array, layout, elements);
    if ((double)(step->kept + idle) <= MOST_KEPT * (double)layout->count) {
        step->kind = PX_REPEAT_SLICES;
        step->places = n.places;
        n.places = NULL;
    }
    numbering_free(&n);
    return PRISM_OK;
}

static prism_status find_slices(px_repeat *step, const prism_array *array, int axis,
                                const void *elements, prism_error *error) {
    enum { LOOKS = 3, SHARE = 8 /* of a slice */ };
    static const size_t picks[LOOKS] = {4, 32, 1 << 10},
                        least[LOOKS] = {4, LEAST_SLICE, LEAST_SLICE};
    const px_layout layout = px_layout_make(array, axis);
    const size_t slice = layout.outer * layout.inner;
    bool seem = layout.count > 1 && slice >= LEAST_SLICE;
    prism_status status = PRISM_OK;
    *step = (px_repeat){.axis = (uint8_t)axis, .other = (uint8_t)axis};
    for (size_t i = 0; i < LOOKS && seem && status == PRISM_OK; i++) {
        const size_t some = px_smaller(picks[i], (size_t)px_larger(slice / SHARE, least[i]));
        status = seem_equal(&seem, array, &layout, elements, some, error);
    }
    return status == PRISM_OK && seem ? number_all(step, array, &layout, elements, error) : status;
}

/* ---- Partners ---- */

enum { LEAST_SIDE = 8, MOST_PROBES = 1 << 10, ENOUGH = 1 << 8, LEAST_TOLD = 1 << 4 };

/* Whether elements all over the array are what their partners say, by some sign, which the step
 * gets. Only those that differ from the one before tell anything. */
static bool partners_agree(px_repeat *step, const prism_array *array, const void *elements) {
    enum { ALL = (1 << PX_REPEAT_SIGNS) - 1 };
    const px_number *number = px_number_of(array->type);
    const bool swapped = px_is_swapped(array);
    const size_t count = (size_t)px_array_count(array), stride = count / MOST_PROBES + 1;
    unsigned possible[2] = {ALL, ALL}, told = 0;
    uint64_t before = px_word_at(elements, 0, number->size, swapped);
    for (size_t i = 0; i < count / stride && told < ENOUGH; i++) {
        const size_t at = px_low_discrepancy(i, stride);
        const size_t partner = px_repeat_partner(step, array, at);
        const uint64_t word = px_word_at(elements, at, number->size, swapped);
        const uint64_t other = px_word_at(elements, partner, number->size, swapped);
        unsigned *of = &possible[px_repeat_sign_of(step, array, at)];
        for (unsigned sign = 0; sign < PX_REPEAT_SIGNS && at != partner; sign++)
            if (px_repeat_signed(other, sign, number) != word)
                *of &= ~(1u << sign);
        if (!*of)
            return false;
        told += word != before && at != partner;
        before = word;
    }
    for (int k = 0; k < 2; k++)
        step->signs[k] = (uint8_t)__builtin_ctz(possible[k]);
    return told >= LEAST_TOLD;
}

/* Diagonals of one word. */
static void look_at_diagonal(px_repeat *step, const prism_array *array, const void *elements) {
    const px_number *number = px_number_of(array->type);
    const bool swapped = px_is_swapped(array);
    const size_t count = (size_t)px_array_count(array);
    step->diagonal = px_word_at(elements, 0, number->size, swapped);
    for (size_t i = 0; i < count; i++)
        if (px_word_at(elements, i, number->size, swapped) != step->diagonal &&
            px_repeat_partner(step, array, i) == i)
            return;
    step->strict = true;
}

static bool find_symmetry(px_repeat *step, const prism_array *array, const void *elements) {
    const int rank = (int)array->rank;
    for (int a = 0; a < rank; a++)
        for (int b = a + 1; b < rank; b++) {
            *step = (px_repeat){.axis = (uint8_t)a, .other = (uint8_t)b};
            step->kind = PX_REPEAT_SYMMETRY;
            if (array->dims[a] < LEAST_SIDE || array->dims[a] != array->dims[b] ||
                !partners_agree(step, array, elements))
                continue;
            look_at_diagonal(step, array, elements);
            return true;
        }
    return false;
}

/* As transforms of real numbers are, with the origin first or in the middle, and what is symmetric
 * about a point. */
static bool reflects(px_repeat *step, const prism_array *array, const void *elements,
                     uint32_t axes) {
    uint32_t odd = 0;
    for (unsigned axis = 0; axis < array->rank; axis++)
        odd |= (uint32_t)(array->dims[axis] & 1) << axis;
    const uint32_t from_end[] = {0, axes, axes & odd};
    for (size_t i = 0; i < sizeof from_end / sizeof *from_end; i++) {
        *step = (px_repeat){.kind = PX_REPEAT_REFLECTION, .axes = axes, .from_end = from_end[i]};
        step->axis = step->other = (uint8_t)(31 - __builtin_clz(axes));
        if (array->dims[step->axis] >= LEAST_SIDE && partners_agree(step, array, elements))
            return true;
    }
    return false;
}

/* All axes, the last two, the last one, and the first one; parts of complex numbers are none. */
static bool find_reflection(px_repeat *step, const prism_array *array, const void *elements) {
    const unsigned paired = array->dims[array->rank - 1] == 2;
    const unsigned rank = array->rank - paired;
    if (!rank)
        return false;
    const uint32_t all = (uint32_t)((1ull << rank) - 1), last = 1u << (rank - 1);
    const uint32_t sets[] = {all, last | last >> 1, last, 1};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        if ((i == 0 || sets[i] != sets[i - 1]) && reflects(step, array, elements, sets[i]))
            return true;
    return false;
}

prism_status px_repeat_find(px_repeat *step, const prism_array *array, const void *elements,
                            prism_error *error) {
    prism_status status = PRISM_OK;
    *step = (px_repeat){.kind = 0};
    for (int axis = 0; axis < (int)array->rank && !step->kind && status == PRISM_OK; axis++)
        status = find_slices(step, array, axis, elements, error);
    if (status == PRISM_OK && !step->kind && !find_symmetry(step, array, elements) &&
        !find_reflection(step, array, elements))
        *step = (px_repeat){.kind = 0};
    return status;
}

/* ---- Planes ---- */

/* Whether all elements of a plane are what they are at index 0 along that axis. */
static bool is_constant_along(const prism_array *array, int planes, size_t k, int axis,
                              const uint8_t *elements) {
    const px_layout of_plane = px_layout_make(array, planes), along = px_layout_make(array, axis);
    const size_t size = prism_type_size(array->type);
    for (size_t i = 0; i < of_plane.outer * of_plane.inner; i++) {
        const size_t at =
            (i / of_plane.inner * of_plane.count + k) * of_plane.inner + i % of_plane.inner;
        const size_t index = at / along.inner % along.count;
        if (memcmp(elements + at * size, elements + (at - index * along.inner) * size, size) != 0)
            return false;
    }
    return true;
}

bool px_planes_repeat_apart(const prism_array *array, int axis, const void *elements) {
    const uint32_t all = (uint32_t)((1ull << array->rank) - 1) & ~(1u << axis);
    uint32_t before = all;
    size_t plain = 0;
    bool differ = false;
    for (size_t k = 0; k < array->dims[axis] && plain < 2; k++) {
        uint32_t axes = 0;
        for (int a = 0; a < (int)array->rank; a++)
            if (a != axis && is_constant_along(array, axis, k, a, elements))
                axes |= 1u << a;
        if (axes == all)
            continue;
        differ |= before != all && axes != before;
        before = axes;
        plain += axes == 0;
    }
    return differ && plain < 2;
}
