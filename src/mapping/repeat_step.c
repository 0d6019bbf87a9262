#include "mapping/repeat_step.h"

#include <string.h>

#include "base/sizes.h"

/* ---- Signs ---- */

uint64_t px_repeat_signed(uint64_t word, px_repeat_sign sign, const px_number *number) {
    if (sign == PX_REPEAT_SAME || (sign == PX_REPEAT_ZEROS && !word))
        return word;
    return (number->fraction ? word ^ px_word_sign(number) : 0 - word) & px_word_last(number);
}

unsigned px_repeat_sign_of(const px_repeat *step, const prism_array *array, size_t element) {
    const unsigned last = array->rank - 1;
    return array->dims[last] == 2 && step->other != last ? element % 2 : 0;
}

/* ---- Shapes ---- */

static size_t length_of(const prism_array *array, int first, int end) {
    size_t length = 1;
    for (int i = first; i < end; i++)
        length *= (size_t)array->dims[i];
    return length;
}

/* An array as runs of elements: those behind the last axis of the step. */
typedef struct geometry {
    size_t outer, middle, inner; /* before, between and behind axes */
    size_t count, kept;          /* indices along the last axis; of the rest */
    size_t triangle;             /* symmetry: rows of it */
} geometry;

static geometry geometry_of(const px_repeat *step, const prism_array *array) {
    const int rank = (int)array->rank;
    const size_t n = (size_t)array->dims[step->other];
    geometry g = {.outer = length_of(array, 0, step->axis),
                  .middle = length_of(array, step->axis + 1, step->other),
                  .inner = length_of(array, step->other + 1, rank),
                  .count = n,
                  .kept = (size_t)step->kept,
                  .triangle = n - step->strict};
    if (step->kind == PX_REPEAT_REFLECTION)
        g.kept = step->from_end >> step->axis & 1 ? (n + 1) / 2 : n / 2 + 1;
    if (step->kind == PX_REPEAT_SYMMETRY)
        g.kept = g.triangle + 1 - g.triangle % 2;
    return g;
}

prism_array px_repeat_rest(const px_repeat *step, const prism_array *array) {
    const geometry g = geometry_of(step, array);
    prism_array rest = *array;
    if (step->kind == PX_REPEAT_SYMMETRY)
        rest.dims[step->axis] = (g.triangle + 1) / 2;
    rest.dims[step->other] = g.kept;
    return rest;
}

static bool signs_fit(const px_repeat *step) {
    return step->signs[0] < PX_REPEAT_SIGNS && step->signs[1] < PX_REPEAT_SIGNS;
}

bool px_repeat_fits(const px_repeat *step, const prism_array *array) {
    const unsigned rank = array->rank;
    switch (step->kind) {
    case PX_REPEAT_SLICES:
        return step->axis < rank && step->other == step->axis && step->kept > 0 &&
               step->kept <= array->dims[step->axis];
    case PX_REPEAT_SYMMETRY:
        return step->axis < step->other && step->other < rank && signs_fit(step) &&
               array->dims[step->axis] == array->dims[step->other] && array->dims[step->axis] > 1;
    case PX_REPEAT_REFLECTION:
        return step->axes && step->axes >> (rank - 1) <= 1 && signs_fit(step) &&
               !(step->from_end & ~step->axes) && step->axis == step->other &&
               step->axis == 31 - __builtin_clz(step->axes);
    default:
        return false;
    }
}

/* ---- Where runs are had from ---- */

typedef struct source {
    size_t run; /* of the rest */
    bool faces; /* it is the partner's */
    bool is_diagonal;
} source;

static source slice_source(const px_repeat *step, const geometry *g, size_t run) {
    const size_t o = run / g->count, i = run % g->count;
    return (source){.run = o * g->kept + step->places[i]};
}

/* Rows of the lower half of a triangle, the shorter ones of the upper half behind them, turned. */
static source triangle_source(const px_repeat *step, const geometry *g, size_t run) {
    const size_t j = run % g->count, above = run / g->count;
    const size_t m = above % g->middle, i = above / g->middle % g->count;
    const size_t o = above / g->middle / g->count;
    const size_t low = i < j ? i : j, high = i < j ? j : i;
    if (step->strict && i == j)
        return (source){.is_diagonal = true};
    const size_t row = high - step->strict, rows = (g->triangle + 1) / 2;
    const size_t half = g->triangle - rows;
    const size_t y = row >= half ? row - half : half - 1 - row;
    const size_t x = row >= half ? low : g->kept - 1 - low;
    return (source){.run = ((o * rows + y) * g->middle + m) * g->kept + x, .faces = i < j};
}

static size_t facing(const px_repeat *step, unsigned axis, size_t i, size_t n) {
    if (step->from_end >> axis & 1)
        return n - 1 - i;
    return i ? n - i : 0;
}

/* Of an index of all axes before that one. */
static size_t facing_outer(const px_repeat *step, const prism_array *array, size_t outer) {
    size_t partner = 0, unit = 1;
    for (unsigned axis = step->axis; axis-- > 0;) {
        const size_t n = (size_t)array->dims[axis], i = outer % n;
        partner += unit * (step->axes >> axis & 1 ? facing(step, axis, i, n) : i);
        unit *= n;
        outer /= n;
    }
    return partner;
}

static source half_source(const px_repeat *step, const prism_array *array, const geometry *g,
                          size_t run) {
    const size_t o = run / g->count, j = run % g->count;
    if (j < g->kept)
        return (source){.run = o * g->kept + j};
    return (source){.run = facing_outer(step, array, o) * g->kept +
                           facing(step, step->axis, j, g->count),
                    .faces = true};
}

static source source_of(const px_repeat *step, const prism_array *array, const geometry *g,
                        size_t run) {
    switch (step->kind) {
    case PX_REPEAT_SLICES:
        return slice_source(step, g, run);
    case PX_REPEAT_SYMMETRY:
        return triangle_source(step, g, run);
    default:
        return half_source(step, array, g, run);
    }
}

size_t px_repeat_partner(const px_repeat *step, const prism_array *array, size_t element) {
    const geometry g = geometry_of(step, array);
    const size_t run = element / g.inner, j = run % g.count, above = run / g.count;
    size_t partner;
    if (step->kind == PX_REPEAT_SYMMETRY) {
        const size_t m = above % g.middle, i = above / g.middle % g.count;
        const size_t o = above / g.middle / g.count;
        partner = ((o * g.count + j) * g.middle + m) * g.count + i;
    } else {
        partner = facing_outer(step, array, above) * g.count + facing(step, step->axis, j, g.count);
    }
    return partner * g.inner + element % g.inner;
}

/* ---- Elements ---- */

void px_repeat_take(void *rest, const px_repeat *step, const prism_array *array,
                    const void *elements) {
    const geometry g = geometry_of(step, array);
    const size_t bytes = g.inner * prism_type_size(array->type);
    const size_t runs = (size_t)px_array_count(array) / g.inner;
    for (size_t run = 0; run < runs; run++) {
        const source s = source_of(step, array, &g, run);
        if (!s.faces && !s.is_diagonal)
            memcpy((uint8_t *)rest + s.run * bytes, (const uint8_t *)elements + run * bytes, bytes);
    }
}

/* A run of elements, with a sign if they are those of partners. */
static void make_run(void *to, const px_repeat *step, const prism_array *array, size_t inner,
                     const source *s, const uint8_t *rest) {
    const px_number *number = px_number_of(array->type);
    const bool swapped = px_is_swapped(array), plain = !step->signs[0] && !step->signs[1];
    rest += s->run * inner * number->size;
    if (!s->is_diagonal && (!s->faces || plain)) {
        memcpy(to, rest, inner * number->size);
        return;
    }
    for (size_t k = 0; k < inner; k++) {
        const px_repeat_sign sign = step->signs[px_repeat_sign_of(step, array, k)];
        const uint64_t word =
            s->is_diagonal
                ? step->diagonal
                : px_repeat_signed(px_word_at(rest, k, number->size, swapped), sign, number);
        px_word_put(to, k, number->size, swapped, word);
    }
}

void px_repeat_put(void *elements, const px_repeat *step, const prism_array *array,
                   const void *rest) {
    const geometry g = geometry_of(step, array);
    const size_t bytes = g.inner * prism_type_size(array->type);
    const size_t runs = (size_t)px_array_count(array) / g.inner;
    for (size_t run = 0; run < runs; run++) {
        const source s = source_of(step, array, &g, run);
        make_run((uint8_t *)elements + run * bytes, step, array, g.inner, &s, rest);
    }
}
