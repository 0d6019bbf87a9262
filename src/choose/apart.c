/*
 * Columns of a table have units of their own: one has decimals, the next one counts, others share a
 * scale. Some elements of each plane show whether planes differ so much that one rule for all may
 * cost more than the planes say of each other; a sample shows whether it does.
 */
#include "choose/apart.h"

#include <math.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/effort.h"
#include "base/low_discrepancy.h"
#include "base/sizes.h"
#include "base/sort.h"
#include "base/status.h"
#include "choose/part_trial.h"
#include "mapping/repeat_find.h"
#include "mapping/split.h"
#include "planes/planes.h"
#include "planes/sample.h"

enum {
    MOST_PLANES = 1 << 10,
    MOST_LOOKED_AT = 64,   /* of more, which lie evenly among them, */
    MOST_COMPARED = 4,     /* and side by side in a sample */
    LEAST_PLANE = 1 << 11, /* bytes */
    MOST_PICKS = 256,      /* elements of each plane that are looked at, */
    LEAST_PICKS = 64,
    ALL_PICKS = 1 << 11 /* of all planes, unless that is less of each */
};

/* Planes differ where so many low bits more are never set, or one has a range so many bits wider.
 */
enum { CLEAR_BITS = 3 };

/* Values repeat in planes where so few of what is looked at differ, and are of one plane only where
 * so many of these do among all planes. */
static const double REPEATED = 0.9, OF_ITS_OWN = 0.9;

/* What a sample must come to, of what it takes as a whole: to be tried, and to be all that is. */
static const double CLEARLY = 0.97, SURELY = 0.85;

/* Many planes, whose chunks take their time: to be tried, and all that is. */
static const double SURELY_MANY = 0.7, LITTLE_LEFT = 0.4;

/* A part of the elements is enough for trials. */
enum { SAMPLE = 1 << 14 /* elements */, SAMPLE_OF_MANY = 1 << 12, SHARE = 4 };

/* Of a chunk, however small. */
enum { HEADER = 32 };

typedef struct traits {
    uint64_t set;         /* bits that are */
    uint64_t least, most; /* ranks */
} traits;

static size_t looked_at(const px_layout *layout) {
    return layout->count < MOST_LOOKED_AT ? layout->count : MOST_LOOKED_AT;
}

/* How many elements of a plane. */
static size_t picks_of(const px_layout *layout) {
    const size_t picks = ALL_PICKS / looked_at(layout);
    return picks < LEAST_PICKS ? LEAST_PICKS : picks < MOST_PICKS ? picks : MOST_PICKS;
}

/* Ranks of so many elements of plane k. */
static traits pick(uint64_t *ranks, size_t picks, const prism_array *array, const px_layout *layout,
                   size_t k, const void *elements) {
    const px_number *number = px_number_of(array->type);
    const bool swapped = px_is_swapped(array);
    const size_t step = layout->outer * layout->inner / picks;
    traits t = {.set = 0, .least = UINT64_MAX, .most = 0};
    for (size_t i = 0; i < picks; i++) {
        const size_t at = px_low_discrepancy(i, step);
        const size_t place = (at / layout->inner * layout->count + k) * layout->inner;
        const uint64_t word =
            px_word_at(elements, place + at % layout->inner, number->size, swapped);
        ranks[i] = px_word_rank(word, number);
        t.set |= word;
        t.least = ranks[i] < t.least ? ranks[i] : t.least;
        t.most = ranks[i] > t.most ? ranks[i] : t.most;
    }
    return t;
}

static int difference(unsigned a, unsigned b) {
    return abs((int)a - (int)b);
}

/* Planes that are constant differ from none. */
static bool differ(const traits *a, const traits *b) {
    if (a->least == a->most || b->least == b->most)
        return false;
    const unsigned zeros[2] = {a->set ? (unsigned)__builtin_ctzll(a->set) : 0,
                               b->set ? (unsigned)__builtin_ctzll(b->set) : 0};
    return difference(zeros[0], zeros[1]) >= CLEAR_BITS || a->least > b->most ||
           b->least > a->most ||
           difference(px_bit_length(a->most - a->least), px_bit_length(b->most - b->least)) >=
               CLEAR_BITS;
}

/* `columns`: each may have a unit of its own; frames have one range here and another one there. */
static bool look_at_planes(uint64_t *ranks, const prism_array *array, const px_layout *layout,
                           const void *elements, bool columns) {
    traits found[MOST_LOOKED_AT];
    size_t own = 0;
    bool differing = false;
    const size_t looked = looked_at(layout), picks = picks_of(layout), all = looked * picks;
    for (size_t k = 0; k < looked; k++) {
        const size_t plane = k * layout->count / looked;
        found[k] = pick(ranks + k * picks, picks, array, layout, plane, elements);
        own += px_count_different(ranks + k * picks, picks);
        differing |= columns && k && differ(&found[k - 1], &found[k]);
    }
    return differing || ((double)own < REPEATED * (double)all &&
                         (double)px_count_different(ranks, all) > OF_ITS_OWN * (double)own);
}

static bool may_lie_along(const prism_array *array, int axis) {
    const px_layout layout = px_layout_make(array, axis);
    const size_t plane = layout.outer * layout.inner;
    return layout.count > 1 && layout.count <= MOST_PLANES && plane >= MOST_PICKS &&
           plane * prism_type_size(array->type) >= LEAST_PLANE;
}

/* The axis along which planes differ in kind: the last one, as of tables, or the first. */
static prism_status look(int *axis, const px_mapping_request *request, prism_error *error) {
    const int axes[] = {(int)request->array->rank - 1, 0};
    const bool brisk = px_efforts.brisk[request->options->effort];
    uint64_t *ranks = px_alloc(MOST_LOOKED_AT * MOST_PICKS, sizeof *ranks);
    *axis = PRISM_AXIS_AUTO;
    if (!ranks)
        return px_out_of_memory(error, MOST_LOOKED_AT * MOST_PICKS * sizeof *ranks);
    for (size_t i = 0; i < 2 && *axis < 0; i++) {
        const px_layout layout = px_layout_make(request->array, axes[i]);
        const bool columns = i == 0 || request->array->rank == 2;
        if (may_lie_along(request->array, axes[i]) && (columns || !brisk) &&
            (look_at_planes(ranks, request->array, &layout, request->elements, columns) ||
             px_planes_repeat_apart(request->array, axes[i], request->elements)))
            *axis = axes[i];
    }
    free(ranks);
    return PRISM_OK;
}

/* ---- A sample ---- */

/* At most half of it are such. */
static double without_headers(size_t size, double headers) {
    return fmax((double)size - headers * HEADER, (double)size / 2);
}

/* Of all planes, or of the first ones that take `enough`. */
static prism_status bytes_apart(double *bytes, const px_mapping_request *request,
                                const px_sample *sample, int axis, double enough,
                                prism_error *error) {
    const px_layout layout = px_layout_make(&sample->array, axis);
    const double headers = (1 - sample->share) * (double)layout.count;
    size_t size = 0;
    prism_array array = sample->array;
    void *plane = px_alloc(sample->size / layout.count);
    array.dims[axis] = 1;
    *bytes = 0;
    prism_status status = plane ? PRISM_OK : px_out_of_memory(error, sample->size / layout.count);
    for (size_t k = 0; k < layout.count && *bytes < enough && status == PRISM_OK; k++) {
        size_t of_plane;
        px_split_plane(plane, &layout, k, sample->elements, prism_type_size(array.type));
        status = px_part_size(&of_plane, request, &array, plane, error);
        size += of_plane;
        *bytes = without_headers(size, headers);
    }
    free(plane);
    return status;
}

static prism_status compare(double *ratio, const px_mapping_request *request, int axis,
                            prism_error *error) {
    prism_array some = *request->array;
    const bool many = some.dims[axis] > MOST_LOOKED_AT;
    if (many)
        some.dims[axis] = MOST_COMPARED;
    const size_t most =
        px_smaller((size_t)px_array_count(&some) / SHARE, many ? SAMPLE_OF_MANY : SAMPLE);
    const prism_array cut = px_part_shape(&some, axis, most);
    px_sample sample;
    size_t size = 0;
    double whole = 1, apart = 0;
    prism_status status = px_sample_cut(&sample, request->array, request->elements, &cut, error);
    if (status == PRISM_OK)
        status = px_part_size(&size, request, &sample.array, sample.elements, error);
    if (status == PRISM_OK) {
        whole = without_headers(size, 1 - sample.share);
        status = bytes_apart(&apart, request, &sample, axis, whole, error);
    }
    *ratio = apart / whole;
    px_sample_free(&sample);
    return status;
}

/* Narrow integers need no rule. */
static bool suits(const px_mapping_request *request) {
    return request->depth == 0 && !request->mask && request->array->rank > 1 &&
           !px_type_is_narrow(request->array->type) && request->options->axis == PRISM_AXIS_AUTO &&
           px_options_are_open(request->options);
}

/* Whether a match finder has so little left that rules of many planes are not worth their time. */
static bool is_repetitive(const px_mapping_request *request) {
    const px_byte_look *l = &request->survey->look;
    const double size =
        (double)px_array_count(request->array) * (double)prism_type_size(request->array->type);
    return l->entropy * (1 - fmax(l->nearby, l->far)) < LITTLE_LEFT * size;
}

prism_status px_apart_find(int *axis, bool *sure, const px_mapping_request *request,
                           prism_error *error) {
    double ratio = 1;
    *axis = PRISM_AXIS_AUTO;
    *sure = false;
    prism_status status = suits(request) ? look(axis, request, error) : PRISM_OK;
    const bool many = *axis >= 0 && request->array->dims[*axis] > MOST_LOOKED_AT;
    if (many && is_repetitive(request))
        *axis = PRISM_AXIS_AUTO;
    if (status != PRISM_OK || *axis < 0)
        return status;
    status = compare(&ratio, request, *axis, error);
    *sure = ratio < (many ? SURELY_MANY : SURELY);
    *axis = *sure || (!many && ratio < CLEARLY) ? *axis : PRISM_AXIS_AUTO;
    return status;
}
