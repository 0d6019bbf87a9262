#include "mapping/differences.h"

/* The array as outer x along x inner. */
typedef struct run {
    size_t outer, along, inner;
} run;

static run run_of(const prism_array *array, unsigned axis) {
    run r = {1, (size_t)array->dims[axis], 1};
    for (unsigned i = 0; i < array->rank; i++) {
        r.outer *= i < axis ? (size_t)array->dims[i] : 1;
        r.inner *= i > axis ? (size_t)array->dims[i] : 1;
    }
    return r;
}

static void subtract(uint64_t *numbers, const run *r, size_t first) {
    for (size_t o = 0; o < r->outer; o++)
        for (size_t i = r->along; i-- > first;) {
            uint64_t *at = numbers + (o * r->along + i) * r->inner;
            for (size_t k = 0; k < r->inner; k++)
                at[k] -= at[(ptrdiff_t)k - (ptrdiff_t)r->inner];
        }
}

static void add(uint64_t *numbers, const run *r, size_t first) {
    for (size_t o = 0; o < r->outer; o++)
        for (size_t i = first; i < r->along; i++) {
            uint64_t *at = numbers + (o * r->along + i) * r->inner;
            for (size_t k = 0; k < r->inner; k++)
                at[k] += at[(ptrdiff_t)k - (ptrdiff_t)r->inner];
        }
}

/* Steps along the same axis before step s. */
static size_t steps_before(const px_differences *d, unsigned s) {
    size_t count = 0;
    for (unsigned i = 0; i < s; i++)
        count += d->axes[i] == d->axes[s];
    return count;
}

/* ---- The corner: index 0 along all axes of the steps ---- */

static bool is_step_axis(const px_differences *d, unsigned axis) {
    for (unsigned s = 0; s < d->count; s++)
        if (d->axes[s] == axis)
            return true;
    return false;
}

/* The next place of the corner in C order; false after the last one. */
static bool next_of_corner(uint64_t *index, const prism_array *array, const px_differences *d) {
    for (unsigned i = array->rank; i-- > 0;) {
        if (is_step_axis(d, i))
            continue;
        if (++index[i] < array->dims[i])
            return true;
        index[i] = 0;
    }
    return false;
}

static size_t place_of(const uint64_t *index, const prism_array *array) {
    size_t place = 0;
    for (unsigned i = 0; i < array->rank; i++)
        place = place * (size_t)array->dims[i] + (size_t)index[i];
    return place;
}

static void chain_corner(uint64_t *numbers, const prism_array *array, const px_differences *d,
                         bool adds) {
    uint64_t index[PRISM_MAX_RANK] = {0}, before = d->base;
    do {
        uint64_t *number = numbers + place_of(index, array);
        const uint64_t given = *number;
        *number = adds ? given + before : given - before;
        before = adds ? *number : given;
    } while (next_of_corner(index, array, d));
}

void px_differences_apply(uint64_t *numbers, const prism_array *array, const px_differences *d) {
    for (unsigned s = 0; s < d->count; s++) {
        const run r = run_of(array, d->axes[s]);
        subtract(numbers, &r, steps_before(d, s) + 1);
    }
    if (d->count)
        chain_corner(numbers, array, d, false);
}

void px_differences_undo(uint64_t *numbers, const prism_array *array, const px_differences *d) {
    if (d->count)
        chain_corner(numbers, array, d, true);
    for (unsigned s = d->count; s-- > 0;) {
        const run r = run_of(array, d->axes[s]);
        add(numbers, &r, steps_before(d, s) + 1);
    }
}

/* ---- Which ---- */

size_t px_differences_candidates(px_differences *list, size_t room, const prism_array *array) {
    const uint8_t last = (uint8_t)(array->rank - 1), second = (uint8_t)(last - 1);
    size_t count = 0;
    const px_differences one[] = {
        {1, {0}, 0}, {2, {0, 0}, 0}, {3, {0, 0, 0}, 0}, {4, {0, 0, 0, 0}, 0}};
    const px_differences images[] = {{2, {last, second}, 0},
                                     {4, {last, last, second, second}, 0},
                                     {4, {last, last, last, last}, 0},
                                     {2, {0, 1}, 0},
                                     {4, {0, 0, 1, 1}, 0}};
    const bool line = array->rank == 1;
    const size_t all = line ? 4 : array->rank == 2 ? 3 : 5;
    for (size_t i = 0; i < all && count < room; i++)
        list[count++] = line ? one[i] : images[i];
    return count;
}

/* ---- Side information ---- */

void px_differences_write(px_buffer *out, const px_differences *d) {
    px_put_u8(out, (uint8_t)d->count);
    for (unsigned s = 0; s < d->count; s++)
        px_put_u8(out, d->axes[s]);
    if (d->count)
        px_put_wide(out, d->base);
}

void px_differences_read(px_differences *d, px_reader *in, const prism_array *array) {
    *d = (px_differences){.count = px_get_u8(in)};
    in->failed |= d->count > PX_MOST_DIFFERENCES;
    for (unsigned s = 0; s < d->count && !in->failed; s++) {
        d->axes[s] = px_get_u8(in);
        in->failed |= d->axes[s] >= array->rank;
    }
    d->base = d->count ? px_get_wide(in) : 0;
}
