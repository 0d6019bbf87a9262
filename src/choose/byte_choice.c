/*
 * Which byte transform: all get estimates from some places all over the array, by libzstd at its
 * fastest; the best few are tried with all elements. Places say nothing of what repeats far away,
 * so that the trials decide.
 */
#include "choose/byte_choice.h"

#include <math.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/effort.h"
#include "choose/axes.h"
#include "planes/planes.h"

enum { PLACES = 4, MOST_PLANE_AXES = 3 };

/* Of a frame by itself; of the planes of bytes, which are one in the end, each is coded alone. */
enum { FRAME_BYTES = 9 };

/* Candidates whose estimates are so far above the best one are not tried. */
static const double CLOSE = 1.25;

/* Estimates, trials, and trials with a gain of more effort that are so far above what other coders
 * take may still come to less. */
static const double CHANCE_OF_ESTIMATE = 1.5, CHANCE_OF_TRIAL = 3, CHANCE_OF_GAIN = 1.05;

typedef struct recipe {
    px_difference differences[PX_MOST_DIFFERENCES];
    bool zigzag;
    px_shuffle shuffle;
    bool along_planes; /* also with planes along other axes */
} recipe;

static const recipe recipes[] = {{{0}, false, PX_SHUFFLE_NONE, true},
                                 {{0}, false, PX_SHUFFLE_BYTES, true},
                                 {{0}, false, PX_SHUFFLE_BITS, false},
                                 {{PX_NEXT}, false, PX_SHUFFLE_NONE, false},
                                 {{PX_NEXT}, false, PX_SHUFFLE_BYTES, true},
                                 {{PX_NEXT}, true, PX_SHUFFLE_BYTES, true},
                                 {{PX_NEXT}, true, PX_SHUFFLE_BITS, false},
                                 {{PX_NEXT, PX_NEXT}, false, PX_SHUFFLE_NONE, false},
                                 {{PX_NEXT, PX_NEXT}, false, PX_SHUFFLE_BYTES, false},
                                 {{PX_NEXT, PX_NEXT}, true, PX_SHUFFLE_BYTES, false},
                                 {{PX_ROW}, false, PX_SHUFFLE_NONE, false},
                                 {{PX_ROW}, false, PX_SHUFFLE_BYTES, false},
                                 {{PX_ROW}, true, PX_SHUFFLE_BYTES, false},
                                 {{PX_ROW, PX_NEXT}, true, PX_SHUFFLE_BYTES, false},
                                 {{PX_PLANE}, true, PX_SHUFFLE_BYTES, false}};
enum { RECIPES = sizeof recipes / sizeof *recipes };

bool px_may_be_zstd(const prism_options *options) {
    return options->transform <= PRISM_TRANSFORM_NONE &&
           options->predictor <= PRISM_PREDICTOR_NONE &&
           (options->coder == PRISM_CODER_AUTO || options->coder == PRISM_CODER_ZSTD);
}

/* ---- Candidates ---- */

/* Elements of a row, or of a picture. */
static size_t distance_of(px_difference difference, const prism_array *array, int axis) {
    const px_layout layout = px_layout_make(array, axis);
    if (difference == PX_NEXT)
        return 1;
    if (difference == PX_ROW)
        return layout.width;
    if (axis >= 0)
        return layout.height * layout.width;
    const unsigned rank = array->rank;
    return rank < 3 ? 0 : (size_t)(array->dims[rank - 1] * array->dims[rank - 2]);
}

/* False where the array has no such distance. */
static bool transform_of(px_byte_transform *t, const px_byte_candidate *c,
                         const prism_array *array) {
    *t = (px_byte_transform){.axis = c->axis, .zigzag = c->zigzag, .shuffle = c->shuffle};
    for (size_t i = 0; i < PX_MOST_DIFFERENCES && c->differences[i]; i++) {
        const size_t distance = distance_of(c->differences[i], array, c->axis);
        if (distance == 0 || distance >= px_array_count(array) ||
            (distance == 1 && c->differences[i] != PX_NEXT))
            return false;
        t->distances[t->differences++] = distance;
    }
    return true;
}

/* Elements of one byte are their own planes of bytes, and folding only renames them. */
static bool is_new(const recipe *r, const prism_array *array) {
    return prism_type_size(array->type) > 1 || (r->shuffle == PX_SHUFFLE_NONE && !r->zigzag) ||
           r->shuffle == PX_SHUFFLE_BITS || (r->zigzag && r->differences[0] > PX_NEXT) ||
           r->differences[1] == PX_ROW;
}

static void add_candidates(px_byte_choice *c, int axis, bool all) {
    px_byte_transform t;
    for (size_t i = 0; i < RECIPES && c->count < PX_MOST_BYTE_CANDIDATES; i++) {
        const recipe *r = &recipes[i];
        const px_byte_candidate added = {.axis = axis,
                                         .differences = {r->differences[0], r->differences[1]},
                                         .zigzag = r->zigzag,
                                         .shuffle = r->shuffle};
        if ((all || r->along_planes) && is_new(r, c->array) && transform_of(&t, &added, c->array))
            c->items[c->count++] = added;
    }
}

/* Planes along the first axis are the elements in their own order. */
static void list_candidates(px_byte_choice *c, const prism_options *options) {
    const int asked = px_asked_axis(options), last = (int)c->array->rank - 1;
    c->count = 0;
    add_candidates(c, asked, true);
    for (int k = 0; k < MOST_PLANE_AXES && asked < 0 && last - k > 0; k++)
        if (c->array->dims[last - k] > 1)
            add_candidates(c, last - k, false);
}

/* ---- Estimates ---- */

/* Elements from some places, one after the other, in z->words; how many. */
static size_t gather_words(px_byte_choice *c, const px_byte_transform *t) {
    enum { GROUP = 8 };
    const size_t width = prism_type_size(c->array->type), all = (size_t)px_array_count(c->array);
    const size_t most = px_efforts.zstd_sample[c->effort] / width;
    if (all <= most) {
        px_byte_transform_words(c->z.words, c->array, c->elements, t, 0, all);
        return all;
    }
    const size_t some = most / PLACES / GROUP * GROUP;
    for (size_t i = 0; i < PLACES; i++)
        px_byte_transform_words((uint8_t *)c->z.words + i * some * width, c->array, c->elements, t,
                                (all - some) / (PLACES - 1) * i, some);
    return PLACES * some;
}

/* Bytes of each element lie far from each other in the end, so that they are coded by
 * themselves. */
static prism_status estimate(double *bytes, px_byte_choice *c, const px_byte_transform *t,
                             prism_error *error) {
    const size_t width = prism_type_size(c->array->type), count = gather_words(c, t);
    const size_t all = px_transformed_size(t->shuffle, count, width);
    const size_t parts = t->shuffle == PX_SHUFFLE_NONE ? 1 : width;
    double sum = 0;
    prism_status status = PRISM_OK;
    px_byte_transform_shuffle(c->z.bytes, c->z.words, count, width, t->shuffle);
    for (size_t k = 0; k < parts && status == PRISM_OK; k++) {
        size_t size;
        status = px_zstd_frame(&size, &c->z, c->z.bytes + all / parts * k, all / parts, c->z.room,
                               PX_ZSTD_QUICK, error);
        sum += size < all / parts ? (double)size : (double)(all / parts);
        sum -= size > FRAME_BYTES ? FRAME_BYTES : 0;
    }
    *bytes = fmax(sum, 1) * (double)px_array_count(c->array) / (double)count;
    return status;
}

static int compare_candidates(const void *a, const void *b) {
    const double first = ((const px_byte_candidate *)a)->bytes;
    const double second = ((const px_byte_candidate *)b)->bytes;
    return (first > second) - (first < second);
}

static void sort(px_byte_choice *c) {
    qsort(c->items, c->count, sizeof *c->items, compare_candidates);
}

prism_status px_byte_choice_make(px_byte_choice *c, const prism_array *array, const void *elements,
                                 const prism_options *options, prism_error *error) {
    size_t size = 0;
    *c = (px_byte_choice){.array = array, .elements = elements, .effort = options->effort};
    prism_status status = prism_array_size(array, &size, error);
    if (status == PRISM_OK)
        status = px_zstd_make(&c->z, size, error);
    if (status != PRISM_OK)
        return status;
    list_candidates(c, options);
    for (size_t i = 0; i < c->count && status == PRISM_OK; i++) {
        px_byte_transform t;
        transform_of(&t, &c->items[i], array);
        status = estimate(&c->items[i].bytes, c, &t, error);
    }
    sort(c);
    return status;
}

void px_byte_choice_free(px_byte_choice *c) {
    px_zstd_free(&c->z);
}

/* ---- Trials ---- */

prism_status px_byte_choice_size(size_t *size, px_byte_choice *c, const prism_array *array,
                                 const void *elements, int effort, prism_error *error) {
    px_byte_transform t;
    *size = SIZE_MAX;
    return transform_of(&t, &c->items[0], array)
               ? px_zstd_encode(size, &c->z, array, elements, &t, effort, error)
               : PRISM_OK;
}

prism_status px_byte_choice_try(px_byte_choice *c, prism_error *error) {
    const size_t most = (size_t)px_efforts.zstd_trials[c->effort];
    size_t tried = 0;
    prism_status status = PRISM_OK;
    if (c->tried)
        return PRISM_OK;
    c->tried = true;
    while (tried < c->count && tried < most && c->items[tried].bytes <= CLOSE * c->items[0].bytes)
        tried++;
    for (size_t i = 0; i < tried && status == PRISM_OK; i++) {
        px_byte_transform t;
        size_t size;
        transform_of(&t, &c->items[i], c->array);
        status = px_zstd_encode(&size, &c->z, c->array, c->elements, &t, PX_ZSTD_QUICK, error);
        c->items[i].bytes = (double)size;
    }
    c->count = tried;
    sort(c);
    return status;
}

/* What the effort asked for makes of some of the bytes, of what a quick trial makes of them. */
static prism_status gain_of_effort(double *gain, px_byte_choice *c, prism_error *error) {
    enum { PART_BYTES = 1 << 16, PARTS = 4 };
    const size_t width = prism_type_size(c->array->type), count = (size_t)px_array_count(c->array);
    px_byte_transform t;
    double sums[2] = {0};
    prism_status status = PRISM_OK;
    transform_of(&t, &c->items[0], c->array);
    const size_t all = px_transformed_size(t.shuffle, count, width);
    const size_t part = all < PARTS * PART_BYTES ? all / PARTS : PART_BYTES;
    px_byte_transform_words(c->z.words, c->array, c->elements, &t, 0, count);
    px_byte_transform_shuffle(c->z.bytes, c->z.words, count, width, t.shuffle);
    for (size_t i = 0; i < 2 * PARTS && status == PRISM_OK; i++) {
        const uint8_t *bytes = c->z.bytes + (all - part) / (PARTS - 1) * (i / 2);
        size_t size = part;
        status = px_zstd_frame(&size, &c->z, bytes, part, c->z.room,
                               i % 2 ? c->effort : PX_ZSTD_QUICK, error);
        sums[i % 2] += (double)size;
    }
    *gain = sums[1] / sums[0];
    return status;
}

prism_status px_byte_choice_may_win(bool *may, px_byte_choice *c, size_t other,
                                    prism_error *error) {
    double gain = 1;
    *may = c->tried || c->items[0].bytes < CHANCE_OF_ESTIMATE * (double)other;
    prism_status status = *may ? px_byte_choice_try(c, error) : PRISM_OK;
    if (status != PRISM_OK || !*may || c->items[0].bytes < (double)other)
        return status;
    *may = c->items[0].bytes < CHANCE_OF_TRIAL * (double)other;
    if (*may)
        status = gain_of_effort(&gain, c, error);
    *may = *may && c->items[0].bytes * gain < CHANCE_OF_GAIN * (double)other;
    return status;
}

prism_status px_byte_choice_encode(px_coded *coded, px_byte_choice *c, prism_error *error) {
    px_byte_transform t;
    size_t size = SIZE_MAX;
    transform_of(&t, &c->items[0], c->array);
    *coded = (px_coded){.pipeline = {.transform = PRISM_TRANSFORM_NONE,
                                     .predictor = PRISM_PREDICTOR_NONE,
                                     .coder = PRISM_CODER_ZSTD,
                                     .effort = c->effort,
                                     .axis = t.axis}};
    prism_status status = px_zstd_encode(&size, &c->z, c->array, c->elements, &t, c->effort, error);
    if (status != PRISM_OK || size == SIZE_MAX)
        return status;
    px_byte_transform_write(&coded->sections.parameters, &t);
    px_put_bytes(&coded->sections.payload, c->z.coded, size);
    return px_sections_status(&coded->sections, error);
}
