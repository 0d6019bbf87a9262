#include "planes/roles.h"

#include <string.h>

#include "base/threads.h"

px_roles px_roles_along(int axis, unsigned rank) {
    px_roles roles = {.planes = axis >= 0};
    if (axis >= 0)
        roles.axes[roles.rank++] = (uint8_t)axis;
    for (unsigned i = 0; i < rank; i++)
        if ((int)i != axis)
            roles.axes[roles.rank++] = (uint8_t)i;
    return roles;
}

bool px_roles_are_valid(const px_roles *roles, const prism_array *array) {
    bool taken[PRISM_MAX_RANK] = {false};
    unsigned longer = 0;
    for (unsigned i = 0; i < array->rank; i++)
        longer += array->dims[i] > 1;
    if (roles->rank != longer || roles->planes > roles->rank)
        return false;
    for (unsigned i = 0; i < roles->rank; i++) {
        const unsigned axis = roles->axes[i];
        if (axis >= array->rank || array->dims[axis] == 1 || taken[axis])
            return false;
        taken[axis] = true;
    }
    return true;
}

prism_array px_arranged_array(const prism_array *array, const px_roles *roles) {
    prism_array arranged = {.type = array->type, .order = array->order};
    if (!roles->rank)
        return *array;
    if (roles->planes)
        arranged.dims[arranged.rank++] = 1;
    for (unsigned i = 0; i < roles->rank; i++)
        if (i < roles->planes)
            arranged.dims[0] *= array->dims[roles->axes[i]];
        else
            arranged.dims[arranged.rank++] = array->dims[roles->axes[i]];
    return arranged;
}

bool px_roles_keep_order(const px_roles *roles) {
    bool ascending = true;
    for (unsigned i = 1; i < roles->rank; i++)
        ascending &= roles->axes[i] > roles->axes[i - 1];
    return ascending;
}

int px_roles_axis(const px_roles *roles) {
    return roles->planes == 1 ? roles->axes[0] : PRISM_AXIS_AUTO;
}

px_roles px_roles_of_pictures(const px_roles *roles) {
    px_roles pictures = {.rank = (uint8_t)(roles->rank - roles->planes)};
    memcpy(pictures.axes, roles->axes + roles->planes, pictures.rank);
    return pictures;
}

px_roles px_roles_of_axes(const px_roles *roles, const int *axes) {
    px_roles of = *roles;
    for (unsigned i = 0; i < roles->rank; i++)
        of.axes[i] = (uint8_t)axes[roles->axes[i]];
    return of;
}

/* ---- Moving elements ---- */

/* An axis of the loop over all elements: its length, and how far one step goes in the array and in
 * the arranged one, in elements. */
typedef struct walk {
    size_t count, here, there;
} walk;

typedef struct mover {
    size_t size; /* of an element */
    uint8_t *array, *arranged;
    bool back; /* to the array */
    walk axes[PRISM_MAX_RANK];
    unsigned rank;
} mover;

/* Axes that follow each other in both become one. */
static void add_axis(mover *m, walk axis) {
    walk *last = m->rank ? &m->axes[m->rank - 1] : NULL;
    if (last && last->here == axis.here * axis.count && last->there == axis.there * axis.count) {
        axis.count *= last->count;
        *last = axis;
    } else {
        m->axes[m->rank++] = axis;
    }
}

/* From the slowest of the arranged array to the fastest. */
static void find_axes(mover *m, const prism_array *array, const px_roles *roles) {
    size_t steps[PRISM_MAX_RANK], step = 1, there = 1;
    for (unsigned i = array->rank; i-- > 0; step *= (size_t)array->dims[i])
        steps[i] = step;
    for (unsigned i = 0; i < roles->rank; i++)
        there *= (size_t)array->dims[roles->axes[i]];
    for (unsigned i = 0; i < roles->rank; i++) {
        const size_t count = (size_t)array->dims[roles->axes[i]];
        there /= count;
        add_axis(m, (walk){count, steps[roles->axes[i]], there});
    }
}

/* Rows of the array are columns of the arranged one; blocks keep both in the cache. */
#define DEFINE_MOVE(type)                                                                          \
    static void move_##type(type *to, const type *from, walk column, walk row) {                   \
        enum { BLOCK = 32 };                                                                       \
        for (size_t y = 0; y < row.count; y += BLOCK)                                              \
            for (size_t x = 0; x < column.count; x += BLOCK) {                                     \
                const size_t last = y + BLOCK < row.count ? y + BLOCK : row.count;                 \
                const size_t end = x + BLOCK < column.count ? x + BLOCK : column.count;            \
                for (size_t j = y; j < last; j++)                                                  \
                    for (size_t i = x; i < end; i++)                                               \
                        to[j * row.there + i * column.there] =                                     \
                            from[j * row.here + i * column.here];                                  \
            }                                                                                      \
    }
DEFINE_MOVE(uint8_t)
DEFINE_MOVE(uint16_t)
DEFINE_MOVE(uint32_t)
DEFINE_MOVE(uint64_t)
#undef DEFINE_MOVE

static walk turned(walk axis, bool back) {
    return back ? (walk){axis.count, axis.there, axis.here} : axis;
}

static void move_block(const mover *m, size_t here, size_t there, walk column, walk row) {
    const void *from = m->back ? m->arranged + there * m->size : m->array + here * m->size;
    void *to = m->back ? m->array + here * m->size : m->arranged + there * m->size;
    const walk c = turned(column, m->back), r = turned(row, m->back);
    if (m->size == 1)
        move_uint8_t(to, from, c, r);
    else if (m->size == 2)
        move_uint16_t(to, from, c, r);
    else if (m->size == 4)
        move_uint32_t(to, from, c, r);
    else
        move_uint64_t(to, from, c, r);
}

static void move_runs(const mover *m, size_t here, size_t there, size_t run) {
    if (m->back)
        memcpy(m->array + here * m->size, m->arranged + there * m->size, run * m->size);
    else
        memcpy(m->arranged + there * m->size, m->array + here * m->size, run * m->size);
}

/* Takes an axis out of the loop. */
static walk take_axis(mover *m, unsigned i) {
    const walk axis = m->axes[i];
    m->rank--;
    memmove(&m->axes[i], &m->axes[i + 1], (m->rank - i) * sizeof axis);
    return axis;
}

/* To the next place of the loop; false after the last. */
static bool step(const mover *m, size_t at[PRISM_MAX_RANK], size_t *here, size_t *there) {
    for (unsigned i = m->rank; i-- > 0;) {
        const walk *axis = &m->axes[i];
        *here += axis->here;
        *there += axis->there;
        if (++at[i] < axis->count)
            return true;
        *here -= axis->count * axis->here;
        *there -= axis->count * axis->there;
        at[i] = 0;
    }
    return false;
}

/* Threads have parts of the axis that is fastest where elements are arranged. */
typedef struct arrangement {
    const mover *mover;
    size_t parts;
} arrangement;

/* The fastest axis of both is a run; else those two that are fastest in one of them are blocks, and
 * the others are looped over. */
static prism_status move_part(void *context, size_t index, size_t worker, prism_error *error) {
    const arrangement *all = context;
    mover m = *all->mover;
    size_t at[PRISM_MAX_RANK] = {0};
    unsigned fastest = 0;
    (void)worker;
    (void)error;
    for (unsigned i = 0; i < m.rank; i++)
        fastest = m.axes[i].here < m.axes[fastest].here ? i : fastest;
    const bool runs = fastest == m.rank - 1;
    walk column = take_axis(&m, m.rank - 1);
    const walk row = runs ? (walk){1, 0, 0} : take_axis(&m, fastest);
    const size_t first = column.count * index / all->parts;
    size_t here = first * column.here, there = first * column.there;
    column.count = column.count * (index + 1) / all->parts - first;
    do {
        if (runs)
            move_runs(&m, here, there, column.count);
        else
            move_block(&m, here, there, column, row);
    } while (step(&m, at, &here, &there));
    return PRISM_OK;
}

static void move_all(const mover *m, int threads) {
    enum { LEAST_COLUMNS = 16 }; /* of a part: rows of fewer are no work for a thread */
    const size_t columns = m->axes[m->rank - 1].count;
    arrangement all = {m, px_workers(columns / LEAST_COLUMNS, threads)};
    px_run(all.parts, threads, move_part, &all, NULL);
}

void px_arrange(void *arranged, const prism_array *array, const px_roles *roles,
                const void *elements, int threads) {
    mover m = {.size = prism_type_size(array->type),
               .array = (uint8_t *)(uintptr_t)elements,
               .arranged = arranged};
    find_axes(&m, array, roles);
    move_all(&m, threads);
}

void px_rearrange(void *elements, const prism_array *array, const px_roles *roles,
                  const void *arranged, int threads) {
    mover m = {.size = prism_type_size(array->type),
               .array = elements,
               .arranged = (uint8_t *)(uintptr_t)arranged,
               .back = true};
    find_axes(&m, array, roles);
    move_all(&m, threads);
}
