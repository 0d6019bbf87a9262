/*
 * Which byte transform: all get estimates from some places all over the array, by libzstd at its
 * fastest; the best few are tried with all elements. Places say nothing of what repeats far away,
 * so that the trials decide.
 */
#include "choose/byte_choice.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/effort.h"
#include "choose/axes.h"
#include "planes/planes.h"

enum { PLACES = 8, MOST_PLANE_AXES = 3 };

/* Of large arrays, before trials, for as many candidates. */
enum { CLOSER_PLACES = 64, CLOSER_BYTES = 1 << 17, CLOSER_CANDIDATES = 3 };

/* Arrays from that size on that promise to become that small get a look at a sample first. */
enum { MUCH = 1 << 18 /* bytes */ };
static const double PROMISING = 0.5;

/* Of a frame by itself; of the planes of bytes, which are one in the end, each is coded alone. */
enum { FRAME_BYTES = 9 };

/* Candidates whose estimates are so far above the best one are not tried; but estimates say nothing
 * of what repeats far away, which the first ones with planes along some axis, shuffled or not, may
 * show. */
static const double CLOSE = 1.25, NOT_FAR = 2;

/* Of the entropy of differences: less is due to repetitions. So it is where more than a share of
 * the elements comes again nearby, of which estimates by short parts see too little. */
static const double REPETITIVE = 0.75, MANY_NEARBY = 0.75;

/* What more effort may make of estimates: of noise, where repetitions are nearby, where next to
 * nothing is left, and of what is so short that a closer look takes no time. */
static const double LEAST_OF_NOISE = 0.97, LEAST_OF_REPETITIONS = 0.6, LEAST_OF_LITTLE = 0.5,
                    LEAST_OF_LITTLE_AND_SMALL = 0.25, LITTLE = 0.05, LITTLE_OF_SMALL = 0.15,
                    LEAST_OF_SHORT = 0.75;

/* A trial's bytes, times what more effort gains in parts, may be so many times what other coders
 * take: parts show little of what repeats far away. */
static const double CHANCE_OF_GAIN = 1, CHANCE_OF_REPETITIONS = 1.1;

/* Of windows, the share from which on they count as repetitions. */
static const double COME_AGAIN = 0.1, NEARLY_ALL = 0.9;

/* Of smaller arrays, trials are slower, and so is coding where little is left. */
enum { SHORT_ARRAY = 1 << 19, SHORT_BRISK = 1 << 17, SMALL_ARRAY = 1 << 20 /* bytes */ };
static const double FEW_LEFT = 0.15;

/* Where so much is left, hardly anything repeats, and the optimal parser gains nothing. */
static const double MOST_LEFT = 0.7;

/* Trials at another level rank what is nearer than that wrongly. */
static const double NEARLY = 1.1, ALIKE = 1.01;

/* What more effort gains at least where it is worth its time. */
static const double WORTH_EFFORT = 0.985;

typedef struct recipe {
    px_difference differences[PX_MOST_DIFFERENCES];
    bool zigzag;
    px_shuffle shuffle;
    bool along_planes; /* also with planes along other axes */
} recipe;

static const recipe recipes[] = {
    {{0}, false, PX_SHUFFLE_NONE, true},
    {{0}, false, PX_SHUFFLE_BYTES, true},
    {{0}, false, PX_SHUFFLE_BITS, false},
    {{PX_NEXT}, false, PX_SHUFFLE_NONE, false},
    {{PX_NEXT}, false, PX_SHUFFLE_BYTES, true},
    {{PX_NEXT}, true, PX_SHUFFLE_BYTES, true},
    {{PX_NEXT}, true, PX_SHUFFLE_BITS, false},
    {{PX_NEXT, PX_NEXT}, false, PX_SHUFFLE_NONE, false},
    {{PX_NEXT, PX_NEXT}, false, PX_SHUFFLE_BYTES, false},
    {{PX_NEXT, PX_NEXT}, true, PX_SHUFFLE_BYTES, false},
    {{PX_NEXT, PX_NEXT, PX_NEXT}, true, PX_SHUFFLE_BYTES, false},
    {{PX_NEXT, PX_NEXT, PX_NEXT, PX_NEXT}, true, PX_SHUFFLE_BYTES, false},
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

static double array_bytes(const px_byte_choice *c) {
    return (double)px_array_count(c->array) * (double)prism_type_size(c->array->type);
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
    if (r->differences[2])
        return !px_type_is_narrow(array->type);
    return prism_type_size(array->type) > 1 || (r->shuffle == PX_SHUFFLE_NONE && !r->zigzag) ||
           r->shuffle == PX_SHUFFLE_BITS || (r->zigzag && r->differences[0] > PX_NEXT) ||
           r->differences[1] == PX_ROW;
}

static void add_candidates(px_byte_choice *c, int axis, bool all) {
    px_byte_transform t;
    for (size_t i = 0; i < RECIPES && c->count < PX_MOST_BYTE_CANDIDATES; i++) {
        const recipe *r = &recipes[i];
        px_byte_candidate added = {.axis = axis, .zigzag = r->zigzag, .shuffle = r->shuffle};
        memcpy(added.differences, r->differences, sizeof added.differences);
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
    const size_t places = c->looks_closer ? CLOSER_PLACES : PLACES;
    const size_t most =
        (c->looks_closer ? CLOSER_BYTES : px_efforts.zstd_sample[c->effort]) / width;
    if (all <= most) {
        px_byte_transform_words(c->z.words, c->array, c->elements, t, 0, all);
        return all;
    }
    const size_t some = most / places / GROUP * GROUP;
    for (size_t i = 0; i < places; i++)
        px_byte_transform_words((uint8_t *)c->z.words + i * some * width, c->array, c->elements, t,
                                (all - some) / (places - 1) * i, some);
    return places * some;
}

/* By the entropies of eight planes of bits, which a small part of them hides from libzstd. */
static double entropy_of_planes(const uint8_t *planes, size_t bytes) {
    double sum = 0;
    for (size_t b = 0; b < 8; b++)
        sum += px_entropy_of_bytes(planes + bytes / 8 * b, bytes / 8);
    return sum;
}

/* What places leave out: matches in other planes. */
static double share_new(const px_byte_choice *c, int axis) {
    return axis >= 0 && c->look->turns == axis ? c->look->new : 1;
}

/* Bytes of each element lie far from each other in the end, so that they are coded by
 * themselves. */
static prism_status estimate(double *bytes, px_byte_choice *c, const px_byte_transform *t,
                             prism_error *error) {
    const size_t width = prism_type_size(c->array->type), count = gather_words(c, t);
    const size_t all = px_transformed_size(t->shuffle, count, width);
    const size_t parts = t->shuffle == PX_SHUFFLE_NONE ? 1 : width, part = all / parts;
    double sum = 0;
    prism_status status = PRISM_OK;
    px_byte_transform_shuffle(c->z.bytes, c->z.words, count, width, t->shuffle);
    for (size_t k = 0; k < parts && status == PRISM_OK; k++) {
        const uint8_t *plane = c->z.bytes + part * k;
        size_t size;
        status = px_zstd_frame(&size, &c->z, plane, part, c->z.room, PX_ZSTD_QUICK, error);
        const double coded = fmax((double)(size < part ? size : part) - FRAME_BYTES, 1);
        sum += t->shuffle == PX_SHUFFLE_BITS ? fmin(coded, entropy_of_planes(plane, part)) : coded;
    }
    *bytes = share_new(c, t->axis) * sum * (double)px_array_count(c->array) / (double)count;
    return status;
}

/* Bytes by the entropy of what is left of elements at the same places. */
static double entropy_of(px_byte_choice *c, px_difference difference) {
    const size_t width = prism_type_size(c->array->type);
    const px_byte_candidate plain = {.axis = c->items[0].axis,
                                     .differences = {difference},
                                     .zigzag = true,
                                     .shuffle = PX_SHUFFLE_BYTES};
    px_byte_transform t;
    double bytes = 0;
    if (!transform_of(&t, &plain, c->array))
        return HUGE_VAL;
    const size_t count = gather_words(c, &t);
    px_byte_transform_shuffle(c->z.bytes, c->z.words, count, width, t.shuffle);
    for (size_t k = 0; k < width; k++)
        bytes += px_entropy_of_bytes(c->z.bytes + k * count, count);
    return bytes * (double)px_array_count(c->array) / (double)count;
}

/* Elements repeat so often that matches take less than the entropy of differences. */
static bool repeats_nearby(px_byte_choice *c) {
    return c->items[0].bytes < REPETITIVE * fmin(entropy_of(c, PX_NEXT), entropy_of(c, PX_ROW));
}

/* Candidates that promise the same stay in their order: qsort of each library has one of its own.
 */
static void sort(px_byte_choice *c) {
    for (size_t i = 1; i < c->count; i++) {
        const px_byte_candidate moved = c->items[i];
        size_t at = i;
        for (; at && moved.bytes < c->items[at - 1].bytes; at--)
            c->items[at] = c->items[at - 1];
        c->items[at] = moved;
    }
}

prism_status px_byte_choice_make(px_byte_choice *c, const prism_array *array, const void *elements,
                                 const prism_options *options, const px_byte_look *look,
                                 prism_error *error) {
    size_t size = 0;
    *c = (px_byte_choice){.array = array,
                          .elements = elements,
                          .effort = options->effort,
                          .look = look,
                          .kept_size = SIZE_MAX};
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
                                 const void *elements, prism_error *error) {
    px_byte_transform t;
    *size = SIZE_MAX;
    return transform_of(&t, &c->items[0], array)
               ? px_zstd_encode(size, &c->z, array, elements, &t, c->effort, error)
               : PRISM_OK;
}

/* Whether candidate i is the first of its kind, whose repetitions differ from those of others. */
static bool is_first(const px_byte_choice *c, size_t i) {
    for (size_t k = 0; k < i; k++)
        if (c->items[k].axis == c->items[i].axis &&
            !c->items[k].differences[0] == !c->items[i].differences[0] &&
            c->items[k].shuffle == c->items[i].shuffle)
            return false;
    return true;
}

/* Takes those off the list that are not to be tried. */
static void keep_promising(px_byte_choice *c) {
    const size_t sure = (size_t)px_efforts.zstd_trials[c->effort];
    const double least = c->items[0].bytes, close = CLOSE * least;
    const double far = fmax(LITTLE_OF_SMALL * array_bytes(c), NOT_FAR * least);
    size_t kept = 0;
    for (size_t i = 0; i < c->count; i++)
        if ((i < sure && c->items[i].bytes <= close) ||
            (sure > 1 && is_first(c, i) && c->items[i].bytes <= far))
            c->items[kept++] = c->items[i];
    c->count = kept;
}

/* Keeps what is smallest. */
static prism_status code(size_t *size, px_byte_choice *c, const px_byte_candidate *item, int effort,
                         prism_error *error) {
    px_byte_transform t;
    transform_of(&t, item, c->array);
    prism_status status = px_zstd_encode(size, &c->z, c->array, c->elements, &t, effort, error);
    if (status == PRISM_OK && *size < c->kept_size) {
        px_zstd_keep(&c->z);
        c->kept = *item;
        c->kept_size = *size;
    }
    return status;
}

static prism_status try_all(px_byte_choice *c, int effort, prism_error *error) {
    prism_status status = PRISM_OK;
    for (size_t i = 0; i < c->count && status == PRISM_OK; i++) {
        size_t size;
        status = code(&size, c, &c->items[i], effort, error);
        c->items[i].bytes = (double)size;
    }
    sort(c);
    return status;
}

prism_status px_byte_choice_try(px_byte_choice *c, prism_error *error) {
    if (c->tried)
        return PRISM_OK;
    c->tried = true;
    keep_promising(c);
    return try_all(c, PX_ZSTD_QUICK, error);
}

static double short_array(const px_byte_choice *c) {
    return px_efforts.brisk[c->effort] ? SHORT_BRISK : SHORT_ARRAY;
}

/* The quick level finds short matches badly: of short arrays, the best are tried once more. */
static prism_status try_again(px_byte_choice *c, prism_error *error) {
    enum { BEST = 8 };
    if (c->count == 1 || array_bytes(c) > short_array(c) || c->in_brief)
        return PRISM_OK;
    c->count = c->count < BEST ? c->count : BEST;
    return try_all(c, PX_EFFORT_QUICK, error);
}

/* Takes what is smaller by that effort. */
static prism_status try_once_more(px_byte_choice *c, px_byte_candidate *item, int effort,
                                  prism_error *error) {
    size_t size;
    prism_status status = code(&size, c, item, effort, error);
    item->bytes = fmin(item->bytes, (double)size);
    return status;
}

/* The best ones at an effort, if they are near the first one. */
static prism_status try_best(px_byte_choice *c, size_t most, double near, int effort,
                             prism_error *error) {
    const double nearly = near * c->items[0].bytes;
    prism_status status = PRISM_OK;
    for (size_t i = c->count < most ? c->count : most; i-- > 0 && status == PRISM_OK;)
        if (c->items[i].bytes <= nearly)
            status = try_once_more(c, &c->items[i], effort, error);
    sort(c);
    return status;
}

/* The best one is coded at the effort itself, and those that come near it: of longer arrays, which
 * take time, at most two, if a lazy parser finds them alike. Efforts are not always ordered: what
 * repeats at a distance, that parser may find where an optimal one looks at few places, and of text
 * and records an optimal one that looks at few places may make less than at the highest levels. */
static prism_status try_in_earnest(px_byte_choice *c, int effort, prism_error *error) {
    enum { MOST_LONG = 2 };
    const bool is_long = array_bytes(c) >= SHORT_BRISK;
    const size_t trials = c->in_brief ? 1 : (size_t)px_efforts.zstd_trials[c->effort];
    const size_t most = is_long && trials > MOST_LONG ? MOST_LONG : trials;
    const bool lazily = px_efforts.zstd_search[effort] && !c->in_brief;
    const bool noise = effort < c->effort; /* trials rank that well */
    prism_status status = PRISM_OK;
    if (lazily)
        status = try_best(c, most, NEARLY, PX_EFFORT_QUICK, error);
    if (status == PRISM_OK)
        status = try_best(c, most, (lazily || noise) && is_long ? ALIKE : NEARLY, effort, error);
    if (status == PRISM_OK && effort > PX_EFFORT_DEFAULT && !c->in_brief)
        status = try_once_more(c, &c->items[0], PX_EFFORT_DEFAULT, error);
    return status;
}

/* ---- Is it worth it? ---- */

/* Slow levels take little time for a small array, above all where little is left. */
static int usual_effort(const px_byte_choice *c) {
    enum { SLOW = 7, SLOWEST = 9 };
    const double size = array_bytes(c), left = c->items[0].bytes / size;
    const bool brisk = px_efforts.brisk[c->effort], is_short = size < short_array(c);
    if (size >= SMALL_ARRAY || c->effort >= SLOW || c->in_brief)
        return c->effort;
    if (left < LITTLE && (is_short || !brisk))
        return size < SHORT_BRISK ? SLOWEST : SLOW;
    if (!brisk && size < SHORT_BRISK)
        return SLOW;
    if (is_short && left > MOST_LEFT && px_efforts.zstd_trials[c->effort] == 1)
        return PX_EFFORT_QUICK;
    return is_short && (brisk || left < FEW_LEFT) ? PX_EFFORT_DEFAULT : c->effort;
}

/* What the usual effort makes of some of the bytes, or the one asked for where time is short, of
 * what a quick trial makes of them. All of them, transformed, are in z->bytes then. */
static prism_status gain_of_effort(double *gain, px_byte_choice *c, prism_error *error) {
    enum { LOOKED_AT = 1 << 17, FEW_PARTS = 2, PARTS = 8 };
    const size_t width = prism_type_size(c->array->type), count = (size_t)px_array_count(c->array);
    const int effort = px_efforts.brisk[c->effort] ? c->effort : usual_effort(c);
    px_byte_transform t;
    double sums[2] = {0};
    prism_status status = PRISM_OK;
    transform_of(&t, &c->items[0], c->array);
    const size_t all = px_transformed_size(t.shuffle, count, width);
    const size_t parts = t.shuffle == PX_SHUFFLE_NONE ? FEW_PARTS : PARTS;
    const size_t part = (all < LOOKED_AT ? all : LOOKED_AT) / parts;
    px_byte_transform_words(c->z.words, c->array, c->elements, &t, 0, count);
    px_byte_transform_shuffle(c->z.bytes, c->z.words, count, width, t.shuffle);
    for (size_t i = 0; i < 2 * parts && status == PRISM_OK; i++) {
        const uint8_t *bytes = c->z.bytes + (all - part) / (parts - 1) * (i / 2);
        size_t size = part;
        status = px_zstd_frame(&size, &c->z, bytes, part, c->z.room, i % 2 ? effort : PX_ZSTD_QUICK,
                               error);
        sums[i % 2] += (double)size;
    }
    *gain = sums[1] / sums[0];
    return status;
}

bool px_byte_choice_may_be_clear(px_byte_choice *c) {
    const double size = array_bytes(c);
    return size >= MUCH && c->items[0].bytes < PROMISING * size && repeats_nearby(c);
}

/* Only what is clear may take time. */
static bool is_hasty(const px_byte_choice *c) {
    return px_efforts.brisk[c->effort] && array_bytes(c) >= SHORT_BRISK;
}

/* The least that coder zstd may come to, by an estimate, of what places do not show of
 * repetitions. */
static double promise(const px_byte_choice *c, double bytes, bool nearby) {
    const double far = c->tried ? 0 : c->look->far, size = array_bytes(c);
    if (is_hasty(c))
        return bytes;
    if (bytes < (size < MUCH || far >= NEARLY_ALL ? LITTLE_OF_SMALL : LITTLE) * size &&
        size < SMALL_ARRAY)
        return LEAST_OF_LITTLE_AND_SMALL * bytes;
    return bytes * (bytes < LITTLE * size ? LEAST_OF_LITTLE
                    : nearby              ? LEAST_OF_REPETITIONS
                    : size < SHORT_BRISK  ? LEAST_OF_SHORT
                                          : LEAST_OF_NOISE);
}

/* The best estimate by more places of a large array, where there is time; else that of few. */
static prism_status closer_estimate(double *best, px_byte_choice *c, prism_error *error) {
    prism_status status = PRISM_OK;
    *best = c->items[0].bytes;
    if (c->tried || px_efforts.brisk[c->effort] || array_bytes(c) < SMALL_ARRAY)
        return PRISM_OK;
    *best = HUGE_VAL;
    c->looks_closer = true;
    for (size_t i = 0; i < c->count && i < CLOSER_CANDIDATES && status == PRISM_OK; i++) {
        px_byte_transform t;
        double bytes = HUGE_VAL;
        transform_of(&t, &c->items[i], c->array);
        status = estimate(&bytes, c, &t, error);
        *best = fmin(*best, bytes);
    }
    c->looks_closer = false;
    return status;
}

/* Of a large array in which next to nothing comes again far away, all elements by the candidate
 * that promises most say enough: others come near it. */
static prism_status first_may_win(bool *may, px_byte_choice *c, double left, double far,
                                  prism_error *error) {
    size_t size = 0;
    double gain = 1;
    if (c->tried || array_bytes(c) < SMALL_ARRAY || far > LITTLE)
        return PRISM_OK;
    prism_status status = code(&size, c, &c->items[0], PX_ZSTD_QUICK, error);
    if (status == PRISM_OK)
        status = gain_of_effort(&gain, c, error);
    *may = gain * (double)size < NEARLY * CHANCE_OF_REPETITIONS * left;
    return status;
}

prism_status px_byte_choice_may_win(bool *may, px_byte_choice *c, size_t other, double far,
                                    prism_error *error) {
    const double left = (double)other - (double)c->besides;
    const bool nearby =
        (c->look->nearby > MANY_NEARBY && array_bytes(c) < SMALL_ARRAY) || repeats_nearby(c);
    const double least = promise(c, c->items[0].bytes, nearby);
    const double share = c->items[0].bytes < PROMISING * array_bytes(c) ? 0 : far;
    double gain = 1;
    double closer = HUGE_VAL;
    *may = least * (1 - share) < left;
    prism_status status = *may ? closer_estimate(&closer, c, error) : PRISM_OK;
    *may = *may && promise(c, closer, nearby) * (1 - share) < left;
    if (status == PRISM_OK && *may)
        status = first_may_win(may, c, left, far, error);
    if (status == PRISM_OK && *may)
        status = px_byte_choice_try(c, error);
    if (status != PRISM_OK || !*may || c->items[0].bytes < left)
        return status;
    *may = !is_hasty(c) && promise(c, c->items[0].bytes, nearby) * (1 - share) < left;
    if (!*may)
        return PRISM_OK;
    status = gain_of_effort(&gain, c, error);
    *may = c->items[0].bytes * gain <
           (nearby || share > COME_AGAIN ? CHANCE_OF_REPETITIONS : CHANCE_OF_GAIN) * left;
    return status;
}

/* Whether bytes come again so far away that parts do not show what effort gains. */
static bool repeats_far(const px_byte_choice *c) {
    px_byte_transform t;
    transform_of(&t, &c->items[0], c->array);
    const size_t all = px_transformed_size(t.shuffle, (size_t)px_array_count(c->array),
                                           prism_type_size(c->array->type));
    return px_share_far(c->z.bytes, all, 1) > COME_AGAIN;
}

/* Where more effort gains next to nothing in a large array, as with noise, a fast level does. */
static prism_status worthwhile_effort(int *effort, px_byte_choice *c, prism_error *error) {
    double gain = 0;
    *effort = usual_effort(c);
    if (array_bytes(c) < SMALL_ARRAY || c->effort < PX_EFFORT_DEFAULT ||
        px_efforts.only_size[c->effort])
        return PRISM_OK;
    prism_status status = gain_of_effort(&gain, c, error);
    if (gain > WORTH_EFFORT && !repeats_far(c))
        *effort = PX_EFFORT_QUICK;
    return status;
}

prism_status px_byte_choice_encode(px_coded *coded, px_byte_choice *c, prism_error *error) {
    px_byte_transform t;
    int effort = 0;
    *coded = (px_coded){.pipeline = {.transform = PRISM_TRANSFORM_NONE,
                                     .predictor = PRISM_PREDICTOR_NONE,
                                     .coder = PRISM_CODER_ZSTD,
                                     .effort = c->effort}};
    prism_status status = px_byte_choice_try(c, error);
    if (status == PRISM_OK)
        status = try_again(c, error);
    if (status == PRISM_OK)
        status = worthwhile_effort(&effort, c, error);
    if (status == PRISM_OK)
        status = try_in_earnest(c, effort, error);
    if (status != PRISM_OK || c->kept_size == SIZE_MAX)
        return status;
    transform_of(&t, &c->kept, c->array);
    coded->pipeline.axis = t.axis;
    px_byte_transform_write(&coded->sections.parameters, &t);
    px_put_bytes(&coded->sections.payload, c->z.kept, c->kept_size);
    return px_coded_finish(coded, status, error);
}
