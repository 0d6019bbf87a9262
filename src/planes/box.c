#include "planes/box.h"

#include <string.h>

#include "base/status.h"
#include "planes/element_kernels.h"

px_box px_boxes_get(const px_boxes *boxes, size_t index) {
    px_box box;
    memcpy(box.start, boxes->starts + index * boxes->rank, boxes->rank * sizeof *box.start);
    memcpy(box.count, boxes->count + index * boxes->count_step, boxes->rank * sizeof *box.count);
    return box;
}

prism_status px_box_check(const px_box *box, const prism_array *array, prism_error *error) {
    for (unsigned i = 0; i < array->rank; i++)
        if (!box->count[i] || box->start[i] >= array->dims[i] ||
            box->count[i] > array->dims[i] - box->start[i])
            return px_fail(error, PRISM_E_ARGUMENT,
                           "axis %u: %llu elements from %llu on, of an array with %llu", i,
                           (unsigned long long)box->count[i], (unsigned long long)box->start[i],
                           (unsigned long long)array->dims[i]);
    return PRISM_OK;
}

/* The last axis that is longer than 1 and not that of the planes has the columns. */
static void number_axes(px_places_of_axes *places, const prism_array *array, int axis) {
    size_t row = 1;
    bool has_columns = false;
    for (unsigned i = array->rank; i-- > 0;) {
        px_axis_step *step = &places->steps[i];
        if ((int)i == axis) {
            step->plane = 1;
        } else if (array->dims[i] > 1 && !has_columns) {
            step->column = 1;
            has_columns = true;
        } else if (array->dims[i] > 1) {
            step->row = row;
            row *= (size_t)array->dims[i];
        }
    }
}

/* The last axis of the list has the columns, unless it counts planes. */
static void number_roles(px_places_of_axes *places, const prism_array *array,
                         const px_roles *roles) {
    size_t row = 1, plane = 1;
    for (unsigned n = roles->rank; n-- > 0;) {
        px_axis_step *step = &places->steps[roles->axes[n]];
        const size_t dim = (size_t)array->dims[roles->axes[n]];
        if (n < roles->planes) {
            step->plane = plane;
            plane *= dim;
        } else if (n + 1u == roles->rank) {
            step->column = 1;
        } else {
            step->row = row;
            row *= dim;
        }
    }
}

px_places_of_axes px_places_of_axes_make(const prism_array *array, const px_pipeline *pipeline) {
    px_places_of_axes places = {.rank = array->rank};
    if (pipeline->roles.rank)
        number_roles(&places, array, &pipeline->roles);
    else
        number_axes(&places, array, pipeline->axis);
    return places;
}

px_rectangle px_box_rectangle(const px_box *box, const px_places_of_axes *places) {
    px_rectangle r = {.height = 1, .width = 1};
    for (unsigned i = 0; i < places->rank; i++) {
        const px_axis_step *step = &places->steps[i];
        r.y += (size_t)box->start[i] * step->row;
        r.x += (size_t)box->start[i] * step->column;
        r.height += (size_t)(box->count[i] - 1) * step->row;
        r.width += (size_t)(box->count[i] - 1) * step->column;
    }
    return r;
}

size_t px_box_last_plane(const px_box *box, const px_places_of_axes *places) {
    size_t plane = 0;
    for (unsigned i = 0; i < places->rank; i++)
        plane += (size_t)(box->start[i] + box->count[i] - 1) * places->steps[i].plane;
    return plane;
}

/* ---- Element by element ---------------------------------------------------------------------- */

typedef struct walk {
    const px_box *box;
    const px_places_of_axes *places;
    const px_planes *planes;
    const px_rectangle *window;
    px_element_format format;
    uint8_t *elements;
    size_t strides[PRISM_MAX_RANK]; /* among the elements of the box */
    unsigned order[PRISM_MAX_RANK]; /* of axes: slow ones of rows come before the fastest */
} walk;

typedef struct range {
    size_t first, end; /* of indices along an axis */
} range;

/* What of first..end - 1 leads to places `begin` + index x step in from..from + length - 1. Steps
 * are those of the fastest axis of rows or columns: others are cut by these. */
static range cut(range r, size_t begin, size_t from, size_t length) {
    const size_t least = from > begin ? from - begin : 0;
    const size_t end = from + length > begin ? from + length - begin : 0;
    r.first = r.first > least ? r.first : least;
    r.end = r.end < end ? r.end : end;
    return r;
}

static range range_of(const walk *w, unsigned axis, size_t row) {
    const px_axis_step *step = &w->places->steps[axis];
    range r = {(size_t)w->box->start[axis], (size_t)(w->box->start[axis] + w->box->count[axis])};
    if (step->column == 1)
        return cut(r, 0, w->window->x, w->window->width);
    return step->row == 1 ? cut(r, row, w->window->y, w->window->height) : r;
}

static void put(uint8_t *to, int16_t sample, px_element_format format) {
    const uint16_t bits = (uint16_t)((uint16_t)sample ^ format.flip);
    if (format.size == 1) {
        *to = (uint8_t)bits;
        return;
    }
    const uint16_t ordered = format.swapped ? __builtin_bswap16(bits) : bits;
    memcpy(to, &ordered, sizeof ordered);
}

/* How far an element lies from the one before along an axis, among samples of the window. */
static size_t sample_step(const walk *w, const px_axis_step *step) {
    return step->plane * w->planes->stride + step->row * w->planes->width + step->column;
}

/* `sample` and `place` are those of index 0 along this axis and all after it; `row` is that of the
 * sample among all rows. Samples may lie before the window until all axes have their part. */
static void walk_axis(const walk *w, unsigned turn, ptrdiff_t sample, size_t row, size_t place) {
    const unsigned axis = w->order[turn];
    const px_axis_step *step = &w->places->steps[axis];
    const range r = range_of(w, axis, row);
    const ptrdiff_t next = (ptrdiff_t)sample_step(w, step);
    const size_t stride = w->strides[axis];
    place += (r.first - (size_t)w->box->start[axis]) * stride;
    sample += (ptrdiff_t)r.first * next;
    if (turn + 1 == w->places->rank) {
        for (size_t i = r.first; i < r.end; i++, sample += next, place += stride)
            put(w->elements + place, w->planes->samples[sample], w->format);
        return;
    }
    for (size_t i = r.first; i < r.end; i++, sample += next, place += stride)
        walk_axis(w, turn + 1, sample, row + i * step->row, place);
}

static void find_strides(size_t strides[PRISM_MAX_RANK], const uint64_t *count, unsigned rank,
                         size_t element) {
    for (unsigned i = rank; i-- > 0;) {
        strides[i] = element;
        element *= (size_t)count[i];
    }
}

static void find_order(unsigned order[PRISM_MAX_RANK], const px_places_of_axes *places) {
    unsigned count = 0;
    for (int slow = 1; slow >= 0; slow--)
        for (unsigned i = 0; i < places->rank; i++)
            if ((places->steps[i].row > 1) == (slow == 1))
                order[count++] = i;
}

void px_box_store(const px_box *box, const px_places_of_axes *places, const prism_array *array,
                  const px_planes *planes, const px_rectangle *window, void *elements) {
    walk w = {.box = box,
              .places = places,
              .planes = planes,
              .window = window,
              .format = px_element_format_of(array),
              .elements = elements};
    find_strides(w.strides, box->count, places->rank, w.format.size);
    find_order(w.order, places);
    walk_axis(&w, 0, -(ptrdiff_t)(window->y * planes->width + window->x), 0, 0);
}

bool px_box_next_line(const px_box *box, unsigned rank, uint64_t *index) {
    for (unsigned i = rank - 1; i-- > 0;) {
        if (++index[i] < box->count[i])
            return true;
        index[i] = 0;
    }
    return false;
}

void px_box_copy(const px_box *box, const prism_array *array, const void *from, void *elements) {
    const size_t element = prism_type_size(array->type);
    const unsigned last = array->rank - 1;
    size_t strides[PRISM_MAX_RANK];
    uint64_t index[PRISM_MAX_RANK] = {0};
    const size_t run = (size_t)box->count[last] * element;
    uint8_t *to = elements;
    find_strides(strides, array->dims, array->rank, element);
    for (bool more = true; more; to += run) {
        const uint8_t *first = (const uint8_t *)from + box->start[last] * element;
        for (unsigned i = 0; i < last; i++)
            first += (box->start[i] + index[i]) * strides[i];
        memcpy(to, first, run);
        more = px_box_next_line(box, array->rank, index);
    }
}
