/*
 * How large a slab should be. Along one axis, slabs of length L meet chunks of length s in
 * (L + s - gcd(L, s)) / s chunks each on average, so that a chunk is read 1 + (s - gcd(L, s)) / L
 * times; the product over the axes counts. Slabs begin as one new chunk and grow where that saves
 * most for the memory it takes: to twice their length, to a common multiple of both lengths, or to
 * the whole axis.
 */
#include "slab.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/sizes.h"
#include "command.h"
#include "library.h"

/* ---- Shape ---- */

static hsize_t common_divisor(hsize_t a, hsize_t b) {
    while (b) {
        const hsize_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* How often a stored chunk is read along an axis. */
static double visits(const tool_chunked *s, int axis, hsize_t length) {
    const hsize_t stored = s->chunk[axis];
    if (length >= s->dims[axis])
        return 1;
    return 1 + (double)(stored - common_divisor(length, stored)) / (double)length;
}

static hsize_t rounded_up(hsize_t length, hsize_t unit) {
    return (length / unit + (length % unit != 0)) * unit;
}

typedef struct growth {
    int axis;
    hsize_t length;
    double gain; /* of reads for memory, in logarithms of both */
} growth;

static void consider(const tool_slab *slab, int axis, hsize_t length, double room, growth *best) {
    const hsize_t now = slab->shape[axis];
    const double more = (double)length / (double)now;
    if (length <= now || more > room)
        return;
    const double saved = visits(slab->source, axis, now) / visits(slab->source, axis, length);
    const double gain = log(saved) / log(more);
    if (gain > best->gain)
        *best = (growth){axis, length, gain};
}

static double bytes_of(const tool_slab *slab) {
    double bytes = (double)slab->source->element_bytes;
    for (int i = 0; i < slab->source->rank; i++)
        bytes *= (double)slab->shape[i];
    return bytes;
}

static bool grow(tool_slab *slab) {
    const tool_chunked *s = slab->source;
    const double room = (double)TOOL_SLAB_BYTES / bytes_of(slab);
    growth best = {.gain = 0};
    for (int i = 0; i < s->rank; i++) {
        const hsize_t unit = slab->chunk[i], whole = rounded_up(s->dims[i], unit);
        const hsize_t twice = 2 * slab->shape[i];
        const hsize_t common = unit / common_divisor(unit, s->chunk[i]) * s->chunk[i];
        consider(slab, i, twice < whole ? twice : whole, room, &best);
        consider(slab, i, common < whole ? common : whole, room, &best);
        consider(slab, i, whole, room, &best);
    }
    if (best.gain > 0)
        slab->shape[best.axis] = best.length;
    return best.gain > 0;
}

/* Where chunks lie far apart, a large slab would be nearly empty. */
static bool is_dense(const tool_chunked *s) {
    hsize_t stored, all;
    return s->layout == H5D_CHUNKED && tool_chunked_count(s, &stored, &all) && stored > all / 16;
}

bool tool_slab_open(tool_slab *slab, const tool_chunked *source, const hsize_t *chunk) {
    *slab = (tool_slab){.source = source, .chunk = chunk};
    memcpy(slab->shape, chunk, sizeof slab->shape);
    const bool dense = is_dense(source);
    while (dense && grow(slab))
        ;
    slab->bytes = source->element_bytes;
    for (int i = 0; i < source->rank; i++)
        slab->bytes = px_product(slab->bytes, slab->shape[i]);
    slab->elements = px_alloc(slab->bytes);
    return slab->elements || tool_fail("out of memory: %zu bytes of %s", slab->bytes, source->path);
}

void tool_slab_close(tool_slab *slab) {
    free(slab->elements);
    slab->elements = NULL;
}

/* ---- Elements ---- */

static void limit_to_dataset(const tool_slab *slab, const hsize_t *start, const hsize_t *shape,
                             hsize_t *count) {
    const tool_chunked *s = slab->source;
    for (int i = 0; i < s->rank; i++)
        count[i] = shape[i] < s->dims[i] - start[i] ? shape[i] : s->dims[i] - start[i];
}

bool tool_slab_holds(const tool_slab *slab, const hsize_t *offset) {
    const tool_chunked *s = slab->source;
    hsize_t first[H5S_MAX_RANK], at[H5S_MAX_RANK], count[H5S_MAX_RANK];
    int axis;
    if (s->layout != H5D_CHUNKED)
        return true;
    limit_to_dataset(slab, offset, slab->chunk, count);
    for (int i = 0; i < s->rank; i++)
        at[i] = first[i] = offset[i] / s->chunk[i] * s->chunk[i];
    do {
        if (tool_chunked_holds(s, at))
            return true;
        for (axis = s->rank - 1; axis >= 0; axis--) {
            at[axis] += s->chunk[axis];
            if (at[axis] < offset[axis] + count[axis])
                break;
            at[axis] = first[axis];
        }
    } while (axis >= 0);
    return false;
}

/* Elements that are nowhere, and have no fill value, are what they were before reading: zero. */
bool tool_slab_read(tool_slab *slab, const hsize_t *start) {
    const tool_chunked *s = slab->source;
    char place[TOOL_SHAPE_TEXT];
    memcpy(slab->start, start, sizeof slab->start);
    limit_to_dataset(slab, start, slab->shape, slab->count);
    memset(slab->elements, 0, slab->bytes);
    hid_t memory = H5Screate_simple(s->rank, slab->count, NULL);
    bool done =
        H5Sselect_hyperslab(s->space, H5S_SELECT_SET, start, NULL, slab->count, NULL) >= 0 &&
        H5Dread(s->dataset, s->type, memory, s->space, H5P_DEFAULT, slab->elements) >= 0;
    H5Sclose(memory);
    return done || tool_fail_library("%s cannot be read at %s", s->path,
                                     tool_shape_text(place, s->rank, start, ","));
}

/* ---- All slabs ---- */

/* Numbers of slabs in C order, that chunks are stored in. */
typedef struct slabs {
    const tool_slab *slab;
    uint64_t *numbers;
    size_t count, room;
} slabs;

static hsize_t places_along(const tool_slab *slab, int axis) {
    return rounded_up(slab->source->dims[axis], slab->shape[axis]) / slab->shape[axis];
}

static bool add_slab(slabs *all, uint64_t number) {
    if (all->count && all->numbers[all->count - 1] == number)
        return true;
    if (!tool_make_room(&all->numbers, &all->room, all->count, sizeof *all->numbers))
        return false;
    all->numbers[all->count++] = number;
    return true;
}

/* Those that the chunk at `offset` reaches into, along `axis` and the axes behind it. */
static bool add_slabs(slabs *all, const hsize_t *offset, int axis, uint64_t number) {
    const tool_slab *slab = all->slab;
    const tool_chunked *s = slab->source;
    if (axis == s->rank)
        return add_slab(all, number);
    const hsize_t left = s->dims[axis] - offset[axis];
    const hsize_t size = s->chunk[axis] < left ? s->chunk[axis] : left;
    const hsize_t last = (offset[axis] + size - 1) / slab->shape[axis];
    bool done = true;
    for (hsize_t at = offset[axis] / slab->shape[axis]; at <= last && done; at++)
        done = add_slabs(all, offset, axis + 1, number * places_along(slab, axis) + at);
    return done;
}

static bool add_chunk(void *data, const hsize_t *offset) {
    return add_slabs(data, offset, 0, 0);
}

static int compare_numbers(const void *left, const void *right) {
    const uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static void start_of(const tool_slab *slab, uint64_t number, hsize_t *start) {
    for (int i = slab->source->rank - 1; i >= 0; i--) {
        start[i] = number % places_along(slab, i) * slab->shape[i];
        number /= places_along(slab, i);
    }
}

static bool visit_slabs(const slabs *all, tool_chunk_visit visit, void *request) {
    hsize_t start[H5S_MAX_RANK] = {0};
    bool done = true;
    for (size_t i = 0; i < all->count && done; i++) {
        start_of(all->slab, all->numbers[i], start);
        done = (i && all->numbers[i] == all->numbers[i - 1]) || visit(request, start);
    }
    return done;
}

/* As many as there are chunks, however wide the space is. */
static bool visit_stored(const tool_slab *slab, tool_chunk_visit visit, void *request) {
    slabs all = {.slab = slab};
    bool done = tool_chunked_each(slab->source, add_chunk, &all);
    if (done && all.count)
        qsort(all.numbers, all.count, sizeof *all.numbers, compare_numbers);
    done = done && visit_slabs(&all, visit, request);
    free(all.numbers);
    return done;
}

static bool visit_all(const tool_slab *slab, tool_chunk_visit visit, void *request) {
    hsize_t start[H5S_MAX_RANK] = {0};
    bool done = true;
    do
        done = visit(request, start);
    while (done && tool_chunked_next(slab->source, slab->shape, start));
    return done;
}

bool tool_slabs_each(const tool_slab *slab, tool_chunk_visit visit, void *request) {
    return slab->source->layout == H5D_CHUNKED ? visit_stored(slab, visit, request)
                                               : visit_all(slab, visit, request);
}

/* ---- Chunks of a slab ---- */

bool tool_slab_each(const tool_slab *slab, tool_chunk_visit visit, void *request) {
    hsize_t offset[H5S_MAX_RANK];
    int axis;
    memcpy(offset, slab->start, sizeof offset);
    do {
        if (!visit(request, offset))
            return false;
        for (axis = slab->source->rank - 1; axis >= 0; axis--) {
            offset[axis] += slab->chunk[axis];
            if (offset[axis] < slab->start[axis] + slab->count[axis])
                break;
            offset[axis] = slab->start[axis];
        }
    } while (axis >= 0);
    return true;
}

/* The box `count` of an axis and those behind it; steps are in bytes. */
static void copy_box(int axes, const hsize_t *count, const size_t *from_step, const size_t *to_step,
                     const uint8_t *from, uint8_t *to) {
    if (axes == 1) {
        memcpy(to, from, count[0] * to_step[0]); /* elements of both lie side by side */
        return;
    }
    for (hsize_t i = 0; i < count[0]; i++)
        copy_box(axes - 1, count + 1, from_step + 1, to_step + 1, from + i * from_step[0],
                 to + i * to_step[0]);
}

void tool_slab_cut(const tool_slab *slab, const hsize_t *offset, uint8_t *elements) {
    const tool_chunked *s = slab->source;
    hsize_t count[H5S_MAX_RANK];
    size_t from_step[H5S_MAX_RANK], to_step[H5S_MAX_RANK], begin = 0;
    limit_to_dataset(slab, offset, slab->chunk, count);
    for (int i = s->rank - 1; i >= 0; i--) {
        const bool last = i == s->rank - 1;
        from_step[i] = last ? s->element_bytes : from_step[i + 1] * slab->count[i + 1];
        to_step[i] = last ? s->element_bytes : to_step[i + 1] * slab->chunk[i + 1];
        begin += (offset[i] - slab->start[i]) * from_step[i];
    }
    copy_box(s->rank, count, from_step, to_step, slab->elements + begin, elements);
}
