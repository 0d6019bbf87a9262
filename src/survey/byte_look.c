/*
 * What a match finder and an entropy coder have to work with: the entropy of bytes in a few places
 * all over the array, and the share of elements whose differences come again, there or far away.
 */
#include "survey/byte_look.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/byte_counts.h"
#include "base/fast_math.h"
#include "base/status.h"
#include "coders/byte_transform.h"
#include "planes/planes.h"

/* Of the elements: bytes in that many places, and elements from the first on. */
enum { PLACES = 64, PLACES_BYTES = 1 << 14, FIRST_ELEMENTS = 1 << 16 };

enum { WINDOWS = 1 << 9, SLOT_BITS = 12, SLOTS = 1 << SLOT_BITS };

/* Less than this, of what others took, is a promise: less of a gain is within the error. */
static const double PROMISE = 0.97;

/* A small array takes so little time that trials are worth it wherever anything comes again. */
enum { SMALL = 1 << 17 /* bytes */ };
static const double ANYTHING = 0.05;

typedef struct view {
    const prism_array *array;
    const void *elements;
    uint8_t *words, *bytes; /* room for all that is looked at */
    size_t width, count;    /* of an element, of them */
} view;

/* Bits of a byte that comes so often among `all`, with its share of what few bytes miss. */
static double bits_of_byte(float all, uint32_t times) {
    return times * (double)px_fast_log2(all / (float)times) + M_LOG2E / 2;
}

/* Of a few bytes, most come a few times. Sums are in the same order everywhere. */
double px_entropy_of_bytes(const uint8_t *bytes, size_t count) {
    enum { FEW = 16, SUMS = 4 };
    px_byte_counts found = {{{0}}};
    double few[FEW] = {0}, sums[SUMS] = {0};
    px_byte_counts_add(&found, bytes, count);
    for (uint32_t times = 1; times < FEW; times++)
        few[times] = bits_of_byte((float)count, times);
    for (size_t i = 0; i < PX_BYTES; i++) {
        const uint32_t times = px_byte_count(&found, i);
        sums[i % SUMS] += times < FEW ? few[times] : bits_of_byte((float)count, times);
    }
    return (sums[0] + sums[1] + sums[2] + sums[3]) / 8;
}

/* Words from some places, one after the other; how many. */
static size_t gather(view *v, const px_byte_transform *t) {
    const size_t most = PLACES_BYTES / v->width, some = most / PLACES;
    if (v->count <= most) {
        px_byte_transform_words(v->words, v->array, v->elements, t, 0, v->count);
        return v->count;
    }
    for (size_t i = 0; i < PLACES; i++)
        px_byte_transform_words(v->words + i * some * v->width, v->array, v->elements, t,
                                (v->count - some) / (PLACES - 1) * i, some);
    return PLACES * some;
}

static double entropy_of(view *v, const px_byte_transform *t, size_t *count) {
    double bytes = 0;
    *count = gather(v, t);
    px_byte_transform_shuffle(v->bytes, v->words, *count, v->width, PX_SHUFFLE_BYTES);
    for (size_t k = 0; k < v->width; k++)
        bytes += px_entropy_of_bytes(v->bytes + k * *count, *count);
    return bytes * (double)v->count / (double)*count;
}

/* ---- Repetitions ---- */

static uint64_t window_at(const uint8_t *words, size_t byte, size_t size) {
    uint64_t window = 0;
    memcpy(&window, words + byte, size);
    return window;
}

static size_t slot_of(uint64_t window) {
    return (size_t)(window * 0x9e3779b97f4a7c15u >> (64 - SLOT_BITS));
}

/* The share of windows of so many bytes that were there before. */
static double share_nearby(const uint8_t *words, size_t bytes, size_t width, size_t window_size) {
    uint64_t windows[SLOTS];
    bool seen[SLOTS] = {false};
    size_t looked = 0, again = 0;
    for (size_t at = 0; at + sizeof(uint64_t) <= bytes; at += width, looked++) {
        const uint64_t window = window_at(words, at, window_size);
        const size_t slot = slot_of(window);
        again += seen[slot] && windows[slot] == window;
        windows[slot] = window;
        seen[slot] = true;
    }
    return looked ? (double)again / (double)looked : 0;
}

double px_share_far(const uint8_t *words, size_t bytes, size_t width) {
    uint64_t windows[SLOTS];
    uint8_t seen[SLOTS] = {0};
    size_t taken = 0, again = 0;
    if (bytes < sizeof(uint64_t))
        return 0;
    const size_t end = bytes - sizeof(uint64_t);
    for (size_t i = 1; i < WINDOWS; i++) {
        const size_t at = (size_t)((double)end / WINDOWS * (double)i) / width * width;
        const uint64_t window = window_at(words, at, sizeof(uint64_t));
        if (at < width || window == window_at(words, at - width, sizeof(uint64_t)) ||
            seen[slot_of(window)])
            continue;
        windows[slot_of(window)] = window;
        seen[slot_of(window)] = 1;
        taken++;
    }
    for (size_t at = 0; at <= end; at += width) {
        const uint64_t window = window_at(words, at, sizeof(uint64_t));
        const size_t slot = slot_of(window);
        if (seen[slot] && windows[slot] == window) {
            again += seen[slot] == 2;
            seen[slot] = seen[slot] < 3 ? (uint8_t)(seen[slot] + 1) : 3;
        }
    }
    return taken ? (double)again / (double)taken : 0;
}

/* ---- All of it ---- */

/* The last axis where wide elements of few kinds take turns along it, and no other one is asked
 * for. */
static int interleaved_axis(const prism_array *array, int axis) {
    enum { FEW = 4 };
    const int last = (int)array->rank - 1;
    return axis < 0 && last > 0 && array->dims[last] <= FEW && !px_type_is_narrow(array->type)
               ? last
               : axis;
}

/* The beginnings of as many parts, one after the other, `most` elements in all; how many. */
static size_t gather_beginnings(view *v, const px_byte_transform *t, size_t parts, size_t most) {
    const size_t some = most / parts;
    for (size_t k = 0; k < parts; k++)
        px_byte_transform_words(v->words + k * some * v->width, v->array, v->elements, t,
                                v->count / parts * k, some);
    return parts * some;
}

/* *far: within the beginnings of as many parts. */
static void take_differences(px_byte_look *look, double *far, view *v, const px_byte_transform *t,
                             size_t parts) {
    const size_t most = v->count < FIRST_ELEMENTS ? v->count : FIRST_ELEMENTS;
    size_t count;
    look->entropy = fmin(look->entropy, entropy_of(v, t, &count));
    look->nearby =
        fmax(look->nearby, share_nearby(v->words, count * v->width, v->width, sizeof(uint64_t)));
    count = gather_beginnings(v, t, parts, most);
    *far = px_share_far(v->words, count * v->width, v->width);
    look->far = fmax(look->far, *far);
}

/* Of what is smooth, differences of differences are smaller, up to some number of them. */
static void take_repeated_differences(px_byte_look *look, view *v, int axis) {
    px_byte_transform t = {.axis = axis, .distances = {1, 1, 1, 1}, .zigzag = true};
    size_t count;
    for (t.differences = 2; t.differences <= PX_MOST_DIFFERENCES; t.differences++) {
        const double entropy = entropy_of(v, &t, &count);
        if (entropy >= look->entropy)
            break;
        look->entropy = entropy;
    }
}

static void take(px_byte_look *look, view *v, int axis) {
    const int planes = interleaved_axis(v->array, axis);
    const px_byte_transform none = {.axis = axis};
    const px_byte_transform next = {
        .axis = axis, .differences = 1, .distances = {1}, .zigzag = true};
    const px_byte_transform apart = {
        .axis = planes, .differences = 1, .distances = {1}, .zigzag = true};
    const size_t row = px_layout_make(v->array, axis).width;
    const px_byte_transform above = {
        .axis = axis, .differences = 1, .distances = {row}, .zigzag = true};
    const size_t first = v->count < FIRST_ELEMENTS ? v->count : FIRST_ELEMENTS;
    size_t count;
    double far;
    look->entropy = entropy_of(v, &none, &count);
    if (v->width >= sizeof(float)) {
        look->wide = share_nearby(v->words, count * v->width, v->width, v->width);
        take_repeated_differences(look, v, axis);
    }
    if (row > 1 && row < v->count)
        look->entropy = fmin(look->entropy, entropy_of(v, &above, &count));
    take_differences(look, &far, v, &next, 1);
    if (planes != axis) {
        const double kinds = (double)v->array->dims[planes];
        take_differences(look, &far, v, &apart, (size_t)v->array->dims[planes]);
        look->turns = planes;
        look->new = fmax(1 - far, 1 / kinds);
    }
    look->is_small = v->count * v->width < SMALL;
    if (look->is_small) {
        px_byte_transform_words(v->words, v->array, v->elements, &none, 0, first);
        look->far = fmax(look->far, px_share_far(v->words, first * v->width, v->width));
    }
}

prism_status px_byte_look_make(px_byte_look *look, const prism_array *array, const void *elements,
                               int axis, prism_error *error) {
    view v = {.array = array,
              .elements = elements,
              .width = prism_type_size(array->type),
              .count = (size_t)px_array_count(array)};
    const size_t first = (v.count < FIRST_ELEMENTS ? v.count : FIRST_ELEMENTS) * v.width;
    const size_t room = first < PLACES_BYTES ? PLACES_BYTES : first;
    *look = (px_byte_look){.turns = PRISM_AXIS_AUTO, .new = 1};
    v.words = malloc(room + PLACES_BYTES);
    if (!v.words)
        return px_out_of_memory(error, room + PLACES_BYTES);
    v.bytes = v.words + room;
    take(look, &v, axis);
    free(v.words);
    return PRISM_OK;
}

bool px_byte_look_promises(const px_byte_look *look, double bytes) {
    const double share = fmax(look->nearby, look->far);
    return (look->is_small && fmax(share, look->wide) > ANYTHING) ||
           look->entropy * (1 - share) < PROMISE * bytes;
}
