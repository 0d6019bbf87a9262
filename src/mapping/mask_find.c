#include "mapping/mask_find.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/low_discrepancy.h"
#include "base/sizes.h"
#include "base/status.h"
#include "mapping/bit_patterns.h"
#include "planes/planes.h"

/* Places that are looked at, along each axis. */
enum { LOOKS = 1 << 10 };

/* Values that are told apart; of more, the first ones count. */
enum { MOST_SEEN = 64 };

/* Of the places: what a value must have, and what all values must. */
static const double LEAST_OF_VALUE = 0.01, LEAST_OF_ALL = 0.02;

/* Of elements that are alone: there the value may be one of the data. */
static const double LEAST_OF_OWN = 0.25, LEAST_OF_ISOLATED = 0.03;

/* Of elements that are scattered, where each place costs up to a bit, which only floats outweigh.
 */
static const double LEAST_SCATTERED = 0.1;

/* Masks along axes as long as that, whose runs are as long, need no trial. */
enum { SURE_PLANES = 8, SURE_RUN = 6 };

/* Elements that are the same by chance, along axes that short. */
enum { CHANCE_PLANES = 3 };

/* What must be left of the mask's places where it says the same along one more axis. */
static const double KEPT = 0.98;

typedef struct seen {
    uint64_t word;
    size_t count, repeated;
    size_t number; /* the first one that was seen is 0 */
} seen;

typedef struct look {
    seen values[MOST_SEEN];
    size_t count, places;
    bool many; /* more than there is room for */
} look;

static void add(look *l, uint64_t word, bool repeated) {
    size_t i = 0;
    while (i < l->count && l->values[i].word != word)
        i++;
    if (i == MOST_SEEN) {
        l->many = true;
        return;
    }
    if (i == l->count)
        l->values[l->count++] = (seen){.word = word, .number = i};
    l->values[i].count++;
    l->values[i].repeated += repeated;
}

/* ---- Along an axis ---- */

static bool is_same(const uint8_t *first, size_t count, size_t step, size_t size) {
    for (size_t k = 1; k < count; k++)
        if (memcmp(first, first + k * step, size) != 0)
            return false;
    return true;
}

static void look_along(look *l, const px_mapping_request *request, int axis) {
    const px_layout layout = px_layout_make(request->array, axis);
    const size_t size = prism_type_size(request->array->type), places = layout.outer * layout.inner;
    const size_t skip = 1 + places / LOOKS;
    *l = (look){.places = 0};
    for (size_t i = 0, p; (p = px_low_discrepancy(i, skip)) < places; i++, l->places++) {
        const size_t at = p / layout.inner * layout.count * layout.inner + p % layout.inner;
        const uint8_t *element = (const uint8_t *)request->elements + at * size;
        if (is_same(element, layout.count, layout.inner * size, size))
            add(l, px_word_at(element, 0, size, false), false);
    }
}

/* No two are alike: libraries sort what is in orders of their own. */
static int by_count(const void *a, const void *b) {
    const seen *x = a, *y = b;
    return x->count != y->count ? (x->count < y->count) - (x->count > y->count)
                                : (x->number > y->number) - (x->number < y->number);
}

/* Share of the places whose values are frequent; these come first then. */
static double frequent(look *l, size_t *values) {
    size_t sum = 0;
    qsort(l->values, l->count, sizeof *l->values, by_count);
    for (*values = 0; *values < l->count && *values < PX_MASK_VALUES; ++*values) {
        const size_t count = l->values[*values].count;
        if (count < 2 || (double)count < LEAST_OF_VALUE * (double)l->places)
            break;
        sum += count;
    }
    return l->places ? (double)sum / (double)l->places : 0;
}

/* ---- Of elements alone ---- */

/* And those that follow them along an axis. */
static void look_at_elements(look *l, const px_mapping_request *request, int axis) {
    const size_t count = (size_t)px_array_count(request->array);
    const size_t size = prism_type_size(request->array->type), skip = 1 + count / LOOKS;
    const size_t next = px_layout_make(request->array, axis).inner;
    *l = (look){.places = 0};
    for (size_t i = 0, p; (p = px_low_discrepancy(i, skip)) + next < count; i++, l->places++) {
        const uint64_t word = px_word_at(request->elements, p, size, false);
        add(l, word, word == px_word_at(request->elements, p + next, size, false));
    }
}

/* The word of an element that was read as it lies in memory. */
static uint64_t bits_of(uint64_t word, const prism_array *array) {
    uint8_t element[sizeof word];
    const size_t size = prism_type_size(array->type);
    px_word_put(element, 0, size, false, word);
    return px_word_at(element, 0, size, px_is_swapped(array));
}

static uint64_t rank_of(uint64_t word, const prism_array *array) {
    return px_word_rank(bits_of(word, array), px_number_of(array->type));
}

/* Not a finite number, or far from all others. */
static bool is_isolated(const look *l, size_t of, const prism_array *array) {
    const px_number *number = px_number_of(array->type);
    const uint64_t word = l->values[of].word, rank = rank_of(word, array);
    uint64_t low = UINT64_MAX, high = 0;
    if (number->fraction && !px_float_is_finite(bits_of(word, array), number))
        return true;
    for (size_t i = 0; i < l->count; i++)
        if (i != of) {
            const uint64_t other = rank_of(l->values[i].word, array);
            low = other < low ? other : low;
            high = other > high ? other : high;
        }
    if (low > high || (rank >= low && rank <= high))
        return false;
    const uint64_t gap = rank < low ? low - rank : rank - high;
    return gap > (high - low) / 2;
}

/* Values that may stand for missing data: they come in runs along an axis, and data have many
 * others. Of floats, they may be scattered. */
static void choose_along(px_found_mask *found, const px_mapping_request *request, int axis,
                         bool scattered) {
    enum { REPEATED = 4 }; /* of five */
    look l;
    look_at_elements(&l, request, axis);
    qsort(l.values, l.count, sizeof *l.values, by_count);
    for (size_t i = 0; l.many && i < l.count && found->value_count < PX_MASK_VALUES; i++) {
        const seen *v = &l.values[i];
        const double share = (double)v->count / (double)l.places;
        const bool isolated = is_isolated(&l, i, request->array);
        if (share < LEAST_OF_ISOLATED)
            break;
        if (scattered ? share >= LEAST_SCATTERED
                      : v->repeated * (REPEATED + 1) >= v->count * REPEATED &&
                            share >= (isolated ? LEAST_OF_ISOLATED : LEAST_OF_OWN))
            found->values[found->value_count++] = v->word;
    }
}

static void choose_own(px_found_mask *found, const px_mapping_request *request) {
    const px_number *number = px_number_of(request->array->type);
    const int last = (int)request->array->rank - 1;
    for (int axis = last; axis >= 0 && !found->value_count; axis--)
        choose_along(found, request, axis, false);
    if (found->value_count || !number->fraction || number->size < sizeof(float))
        return;
    choose_along(found, request, last, true);
    found->scattered = found->value_count > 0;
}

/* Of an axis along which that share of places has nothing but one value: of all elements, those
 * that a mask spares when each place costs one. A short axis tells less of a place than a long
 * one. */
static double spared(double share, uint64_t length) {
    return share * (1 - 1 / (double)length);
}

/* *axis: along which a mask spares most; AUTO: elements have masks of their own, if there are
 * values. */
static void choose_axis(px_found_mask *found, int *axis, const px_mapping_request *request) {
    double most = 0;
    look l;
    *axis = PRISM_AXIS_AUTO;
    for (int i = 0; i < (int)request->array->rank && request->array->rank > 1; i++) {
        size_t values;
        look_along(&l, request, i);
        const double share = frequent(&l, &values);
        const double gain = spared(share, request->array->dims[i]);
        if (share < LEAST_OF_ALL || gain < most)
            continue;
        most = gain;
        *axis = i;
        found->value_count = values;
        for (size_t v = 0; v < values; v++)
            found->values[v] = l.values[v].word;
    }
    if (*axis < 0)
        choose_own(found, request);
}

/* ---- Codes ---- */

static uint8_t code_of(const px_found_mask *found, const uint8_t *element, size_t size) {
    const uint64_t word = px_word_at(element, 0, size, false);
    for (size_t v = 0; v < found->value_count; v++)
        if (found->values[v] == word)
            return (uint8_t)(v + 1);
    return 0;
}

static bool has_codes(const uint8_t *codes, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (codes[i])
            return true;
    return false;
}

/* Codes of places all of whose elements along the layout's axis are the same value. */
static void code_places(px_found_mask *found, const px_layout *layout, const uint8_t *elements,
                        size_t size) {
    const size_t inner = layout->inner, row = inner * size;
    uint8_t *codes = found->codes;
    for (size_t o = 0; o < layout->outer; o++, codes += inner) {
        for (size_t i = 0; i < inner; i++)
            codes[i] = code_of(found, elements + i * size, size);
        for (size_t k = 1; k < layout->count && has_codes(codes, inner); k++)
            for (size_t i = 0; i < inner; i++)
                if (codes[i] && code_of(found, elements + k * row + i * size, size) != codes[i])
                    codes[i] = 0;
        elements += layout->count * row;
    }
}

static size_t count_missing(const uint8_t *codes, size_t count) {
    size_t missing = 0;
    for (size_t i = 0; i < count; i++)
        missing += codes[i] != 0;
    return missing;
}

/* Along an axis of the mask, where nearly all codes are the same there. */
static prism_status reduce(px_found_mask *found, int axis, prism_error *error) {
    const px_layout layout = px_layout_make(&found->array, axis);
    const size_t places = layout.outer * layout.inner;
    uint8_t *all = px_alloc(places);
    if (!all)
        return px_out_of_memory(error, places);
    for (size_t o = 0; o < layout.outer; o++)
        for (size_t i = 0; i < layout.inner; i++) {
            const uint8_t *from = found->codes + o * layout.count * layout.inner + i;
            all[o * layout.inner + i] = is_same(from, layout.count, layout.inner, 1) ? *from : 0;
        }
    const size_t missing = count_missing(all, places);
    if ((double)missing * (double)layout.count < KEPT * (double)found->missing) {
        free(all);
        return PRISM_OK;
    }
    free(found->codes);
    found->codes = all;
    found->array.dims[axis] = 1;
    found->missing = missing;
    return PRISM_OK;
}

static size_t count_changes(const uint8_t *codes, size_t count) {
    size_t changes = 0;
    for (size_t i = 1; i < count; i++)
        changes += codes[i] != codes[i - 1];
    return changes;
}

/* Whether runs of codes are long enough to cost next to nothing, and each spares many elements; and
 * whether to look on at all: where few elements are alike by chance, runs are short. */
static bool judge(px_found_mask *found, const px_mapping_request *request) {
    const size_t places = (size_t)px_array_count(&found->array);
    const size_t planes = (size_t)(px_array_count(request->array) / places);
    const size_t changes = count_changes(found->codes, places);
    found->sure = planes >= SURE_PLANES && found->missing >= SURE_RUN * changes;
    return planes == 1 || planes > CHANCE_PLANES || found->missing >= changes;
}

void px_found_mask_free(px_found_mask *found) {
    free(found->codes);
    found->codes = NULL;
}

prism_status px_mask_find(px_found_mask *found, const px_mapping_request *request,
                          prism_error *error) {
    int axis;
    prism_status status = PRISM_OK;
    *found = (px_found_mask){.array = *request->array};
    choose_axis(found, &axis, request);
    if (!found->value_count)
        return PRISM_OK;
    const size_t size = prism_type_size(request->array->type);
    px_layout layout = px_layout_make(request->array, axis);
    found->array.type = PRISM_UINT8;
    found->array.order = PRISM_LITTLE_ENDIAN;
    if (axis >= 0)
        found->array.dims[axis] = 1;
    const size_t places = layout.outer * layout.inner;
    found->codes = px_alloc(places);
    if (!found->codes)
        return px_out_of_memory(error, places);
    code_places(found, &layout, request->elements, size);
    found->missing = count_missing(found->codes, places);
    for (unsigned i = 0; axis >= 0 && i < found->array.rank && status == PRISM_OK; i++)
        if (found->array.dims[i] > 1 && found->missing)
            status = reduce(found, (int)i, error);
    const size_t all = (size_t)px_array_count(&found->array);
    if (status != PRISM_OK || found->missing == all ||
        (double)found->missing < LEAST_OF_VALUE * (double)all || !judge(found, request))
        px_found_mask_free(found);
    return status;
}
