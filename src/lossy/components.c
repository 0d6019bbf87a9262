#include "lossy/components.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "lossy/component_kernels.h"
#include "lossy/numbers.h"

prism_status px_components_alloc(px_components *c, const px_layout *layout, size_t count,
                                 prism_error *error) {
    *c = (px_components){
        .layout = *layout, .positions = layout->height * layout->width, .count = count};
    const size_t room = count ? count : 1;
    c->fineness = px_alloc_zeroed(room, sizeof *c->fineness);
    c->basis = px_alloc_zeroed(room, layout->count, sizeof *c->basis);
    c->means = px_alloc_zeroed(layout->count, sizeof *c->means);
    return c->fineness && c->basis && c->means
               ? PRISM_OK
               : px_out_of_memory(error, px_product(room, layout->count, sizeof *c->basis));
}

void px_components_free(px_components *c) {
    free(c->fineness);
    free(c->basis);
    free(c->means);
    *c = (px_components){.count = 0};
}

/* ---- Side information ---- */

enum { SIZES = 18, LAST_ENTRY = 1 << 16 };

/* Which model an entry takes: by the usual size of those before it, in quarters of an octave. */
typedef struct entry_models {
    px_integer by_size[2 * SIZES];
} entry_models;

static int size_class(uint32_t mean) { /* with 4 fraction bits */
    const int octave = 31 - __builtin_clz(mean + 4);
    const int class = 2 * (octave - 2) + (int)((mean + 4) >> (octave - 1) & 1);
    return class < 2 * SIZES ? class : 2 * SIZES - 1;
}

/* What an entry of a unit vector comes to, with 4 fraction bits. */
static uint32_t usual_size(size_t planes, int fineness) {
    uint32_t root = 1;
    while ((uint64_t)root * root < planes)
        root++;
    return (uint32_t)(((uint64_t)16 << (fineness / 2)) / root);
}

static void code_column(px_field_coder *side, entry_models *m, int32_t *column, size_t planes,
                        int fineness) {
    uint32_t mean = usual_size(planes, fineness);
    for (size_t p = 0; p < planes && !side->bad; p++) {
        int entry = column[p];
        px_field_integer(side, &m->by_size[size_class(mean)], &entry, 0, -LAST_ENTRY, LAST_ENTRY);
        column[p] = entry;
        const int32_t distance = 16 * abs(entry) - (int32_t)mean;
        mean = (uint32_t)((int32_t)mean + distance / 8);
    }
}

static void code_basis(px_components *c, px_field_coder *side) {
    entry_models m;
    px_integer fineness;
    px_integer_init(&fineness);
    for (int i = 0; i < 2 * SIZES; i++)
        px_integer_init(&m.by_size[i]);
    int last = PX_MOST_FINENESS;
    for (size_t k = 0; k < c->count && !side->bad; k++) {
        px_field_integer(side, &fineness, &c->fineness[k], last, 0, PX_MOST_FINENESS);
        last = c->fineness[k];
        code_column(side, &m, c->basis + k * c->layout.count, c->layout.count, last);
    }
}

static void code_means(px_components *c, px_field_coder *side) {
    px_integer fineness, length;
    px_bit sign = PX_BIT_INIT;
    px_integer_init(&fineness);
    px_integer_init(&length);
    px_field_integer(side, &fineness, &c->mean_fineness, 0, 0, PX_MOST_MEAN_FINENESS);
    for (size_t p = 0; p < c->layout.count && !side->bad; p++) {
        uint64_t magnitude = (uint64_t)(c->means[p] < 0 ? -c->means[p] : c->means[p]);
        int negative = c->means[p] < 0;
        px_field_number(side, &length, &magnitude);
        if (magnitude)
            px_field_bit(side, &sign, &negative);
        side->bad |= magnitude > (uint64_t)1 << 52;
        c->means[p] = negative ? -(int64_t)magnitude : (int64_t)magnitude;
    }
}

void px_components_code(px_components *c, px_field_coder *side) {
    code_basis(c, side);
    if (!side->bad)
        code_means(c, side);
}

/* ---- Sums ---- */

enum { ROOT_BITS = 7 };

/* 2^(half / 2) as an integer. */
static double half_octaves(int half) {
    return (double)((uint64_t)(half & 1 ? 181 : 1 << ROOT_BITS) << (half / 2));
}

/* Where sums go, and what is added. */
typedef struct summing {
    const px_components *c;
    double *weights;  /* [planes, rounded up][count] */
    double *constant; /* [planes, rounded up] */
    double *scores;   /* [count][PX_SUM_TILE] */
    double unit;      /* of the sums */
} summing;

static size_t whole_blocks(size_t planes) {
    return (planes + PX_SUM_PLANES - 1) / PX_SUM_PLANES * PX_SUM_PLANES;
}

/* An even number of half octaves, so that the unit is a power of two times the step. */
static int finest(const px_components *c) {
    int top = c->mean_fineness > ROOT_BITS + PX_SCORE_BITS
                  ? 2 * (c->mean_fineness - ROOT_BITS - PX_SCORE_BITS)
                  : 0;
    for (size_t k = 0; k < c->count; k++)
        top = c->fineness[k] > top ? c->fineness[k] : top;
    return top + (top & 1);
}

static void set_weights(summing *s) {
    const px_components *c = s->c;
    const int top = finest(c), bits = ROOT_BITS + PX_SCORE_BITS + top / 2;
    for (size_t p = 0; p < c->layout.count; p++) {
        for (size_t k = 0; k < c->count; k++)
            s->weights[p * c->count + k] =
                c->basis[k * c->layout.count + p] * half_octaves(top - c->fineness[k]);
        s->constant[p] = ldexp((double)c->means[p], bits - c->mean_fineness);
    }
    s->unit = ldexp((double)c->step, -bits);
}

static prism_status summing_make(summing *s, const px_components *c, prism_error *error) {
    const size_t planes = whole_blocks(c->layout.count), room = c->count ? c->count : 1;
    *s = (summing){.c = c};
    s->weights = px_alloc_zeroed(planes, room, sizeof *s->weights);
    s->constant = px_alloc_zeroed(planes, sizeof *s->constant);
    s->scores = px_alloc_zeroed(room, PX_SUM_TILE, sizeof *s->scores);
    if (!s->weights || !s->constant || !s->scores)
        return px_out_of_memory(error, px_product(planes, room, sizeof *s->weights));
    set_weights(s);
    return PRISM_OK;
}

static void summing_free(summing *s) {
    free(s->weights);
    free(s->constant);
    free(s->scores);
}

static void load_scores(summing *s, const int32_t *scores, size_t first, size_t count) {
    for (size_t k = 0; k < s->c->count; k++) {
        const int32_t *from = scores + k * s->c->positions + first;
        for (size_t i = 0; i < count; i++)
            s->scores[k * PX_SUM_TILE + i] = from[i];
    }
}

/* ---- Elements ---- */

/* Where the elements of a plane's tile go: `run` of them `stride` apart. */
typedef struct target {
    uint8_t *elements;
    const px_number *number;
    prism_type type;
    bool swapped;
} target;

static float float_of(double number) {
    return number > (double)FLT_MAX    ? FLT_MAX
           : number < -(double)FLT_MAX ? -FLT_MAX
                                       : (float)number;
}

/* Integers of up to 16 bits; the rounding is that of rint. */
static int32_t integer_of(double number, double least, double last) {
    const double inside = number < least ? least : number > last ? last : number;
    return (int32_t)((inside + 6755399441055744.0) - 6755399441055744.0);
}

static void store_narrow(const target *t, size_t at, size_t stride, const double *numbers,
                         size_t count, double unit) {
    const double half = t->number->size == 1 ? 128 : 32768;
    const double least = t->number->is_signed ? -half : 0;
    const double last = least + 2 * half - 1;
    if (t->number->size == 1) {
        for (size_t i = 0; i < count; i++)
            t->elements[at + i * stride] = (uint8_t)integer_of(numbers[i] * unit, least, last);
        return;
    }
    for (size_t i = 0; i < count; i++)
        px_word_put(t->elements, at + i * stride, 2, t->swapped,
                    (uint16_t)integer_of(numbers[i] * unit, least, last));
}

static void store(const target *t, size_t at, size_t stride, const double *numbers, size_t count,
                  double unit) {
    if (px_type_is_narrow(t->type)) {
        store_narrow(t, at, stride, numbers, count, unit);
    } else if (t->type == PRISM_FLOAT32) {
        for (size_t i = 0; i < count; i++) {
            const float number = float_of(numbers[i] * unit);
            uint32_t word;
            memcpy(&word, &number, sizeof word);
            px_word_put(t->elements, at + i * stride, 4, t->swapped, word);
        }
    } else {
        for (size_t i = 0; i < count; i++)
            px_word_put(t->elements, at + i * stride, t->number->size, t->swapped,
                        px_word_of_value(numbers[i] * unit, t->type));
    }
}

/* Positions first..first + count - 1 of a plane, in runs of the array. */
static void store_plane(const target *t, const px_layout *l, size_t plane, size_t first,
                        const double *numbers, size_t count, double unit) {
    if (l->inner == 1) {
        store(t, first * l->count + plane, l->count, numbers, count, unit);
        return;
    }
    for (size_t i = 0; i < count;) {
        const size_t outer = (first + i) / l->inner, inner = (first + i) % l->inner;
        const size_t run = l->inner - inner < count - i ? l->inner - inner : count - i;
        store(t, (outer * l->count + plane) * l->inner + inner, 1, numbers + i, run, unit);
        i += run;
    }
}

static void restore_tile(summing *s, const target *t, size_t first, size_t count) {
    const px_component_kernels *kernels = px_component_kernels_best();
    const px_layout *l = &s->c->layout;
    double sums[PX_SUM_PLANES][PX_SUM_TILE];
    for (size_t p = 0; p < l->count; p += PX_SUM_PLANES) {
        for (size_t q = 0; q < PX_SUM_PLANES; q++)
            for (size_t i = 0; i < PX_SUM_TILE; i++)
                sums[q][i] = s->constant[p + q];
        kernels->sum(sums[0], s->scores, s->weights + p * s->c->count, s->c->count);
        for (size_t q = 0; q < PX_SUM_PLANES && p + q < l->count; q++)
            store_plane(t, l, p + q, first, sums[q], count, s->unit);
    }
}

prism_status px_components_restore(const px_components *c, const int32_t *scores,
                                   const prism_array *array, void *elements, prism_error *error) {
    summing s;
    const target t = {.elements = elements,
                      .number = px_number_of(array->type),
                      .type = array->type,
                      .swapped = px_is_swapped(array)};
    prism_status status = summing_make(&s, c, error);
    for (size_t first = 0; first < c->positions && status == PRISM_OK; first += PX_SUM_TILE) {
        const size_t left = c->positions - first, count = left < PX_SUM_TILE ? left : PX_SUM_TILE;
        load_scores(&s, scores, first, count);
        restore_tile(&s, &t, first, count);
    }
    summing_free(&s);
    return status;
}
